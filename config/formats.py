"""Formats of the values that several areas share: AWS ids and ARNs, names, addresses."""

import dataclasses
import ipaddress
import re
from collections.abc import Callable
from typing import Annotated, Any, get_args

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from components.checkpoint_uris import is_bucket_name
from components.hostnames import is_certificate_name, is_host_name
from components.subnets import vpc_network, zone_letter


def refuse(reason: str) -> PydanticCustomError:
    """The error that a validator raises; its text reads on after the property path."""
    # The reason travels as a value: braces in it are not a template.
    return PydanticCustomError("refused", "{reason}", {"reason": reason})


@dataclasses.dataclass(frozen=True)
class Expected:
    """Metadata of a type: the values that ``accepts`` holds for, described for people."""

    accepts: Callable[[Any], bool]
    description: str
    """What is expected; read by error messages and by the configuration reference."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Check the value after its type was checked."""
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def _check(self, value: Any) -> Any:
        if not self.accepts(value):
            raise refuse(f"is {value!r}; expected {self.description}")
        return value


def expectation(annotation: Any) -> str:
    """The format that a type's values, or its elements, must have, in words; empty if there is none."""
    if isinstance(annotation, Expected):
        return annotation.description
    if isinstance(annotation, type):
        return ""
    return next((found for part in get_args(annotation) if (found := expectation(part))), "")


def matching(pattern: str, description: str) -> Expected:
    """A format given by a regular expression that the whole value matches."""
    compiled = re.compile(pattern)
    return Expected(lambda value: compiled.fullmatch(value) is not None, description)


def arn(service: str, resource: str, description: str, region: str = r"[a-z0-9-]+") -> Expected:
    """An ARN of one service and kind of resource; its partition and region are a matter for the settings."""
    return matching(rf"arn:aws[a-z-]*:{service}:{region}:\d{{12}}:{resource}", description)


def _is_network(value: str) -> bool:
    try:
        return str(ipaddress.IPv4Network(value)) == value
    except ValueError:
        return False


def _is_vpc_network(value: str) -> bool:
    try:
        vpc_network(value)
    except ValueError:
        return False
    return True


def _is_zone(value: str) -> bool:
    try:
        zone_letter(value)
    except ValueError:
        return False
    return True


_LABEL = r"[a-z0-9]([a-z0-9-]*[a-z0-9])?"

AccountId = Annotated[str, matching(r"\d{12}", "the 12 digits of an AWS account, in quotes")]
Region = Annotated[str, matching(r"[a-z]{2,4}(-[a-z]+)+-\d", "an AWS region such as us-east-2")]
AvailabilityZone = Annotated[str, Expected(_is_zone, "a zone's name such as us-east-2a, ending in a to f")]
Cidr = Annotated[
    str, Expected(_is_network, "an IPv4 network such as 10.0.0.0/16, with no bits set after the prefix")
]
VpcCidr = Annotated[
    str,
    Expected(_is_vpc_network, "an IPv4 network of /16 to /22 such as 10.0.0.0/16, or the subnets do not fit"),
]
VpcId = Annotated[str, matching(r"vpc-([0-9a-f]{8}|[0-9a-f]{17})", "a VPC id, vpc- and 17 hex digits")]
SubnetId = Annotated[
    str, matching(r"subnet-([0-9a-f]{8}|[0-9a-f]{17})", "a subnet id, subnet- and 17 hex digits")
]
ReservationId = Annotated[
    str, matching(r"cr-[0-9a-f]{17}", "a capacity reservation id, cr- and 17 hex digits")
]
HostedZoneId = Annotated[
    str, matching(r"Z[0-9A-Z]{5,31}", "a Route 53 hosted zone id such as Z0123456789ABC")
]

CertificateArn = Annotated[
    str,
    arn(
        "acm",
        "certificate/[0-9a-f-]+",
        "a certificate's ARN, arn:aws:acm:<region>:<account>:certificate/<id>",
    ),
]
KmsKeyArn = Annotated[
    str,
    arn(
        "kms", "key/(mrk-)?[0-9a-f-]+", "a key's ARN, arn:aws:kms:<region>:<account>:key/<id> (not an alias)"
    ),
]
ResourceGroupArn = Annotated[
    str,
    arn(
        "resource-groups",
        "group/[A-Za-z0-9._-]+",
        "a resource group's ARN, arn:aws:resource-groups:<region>:<account>:group/<name>",
    ),
]
PrincipalArn = Annotated[
    str,
    arn(
        "iam",
        r"(role|user)/[A-Za-z0-9+=,.@_/-]+",
        "the ARN of an IAM role or user, arn:aws:iam::<account>:role/<name>",
        region="",
    ),
]
PullThroughSecretArn = Annotated[
    str,
    arn(
        "secretsmanager",
        r"secret:ecr-pullthroughcache/[A-Za-z0-9/_+=.@-]+",
        "the ARN of a Secrets Manager secret whose name begins with ecr-pullthroughcache/",
    ),
]

BucketName = Annotated[
    str,
    Expected(
        is_bucket_name,
        "an S3 bucket name: 3 to 63 of a-z 0-9 and inner hyphens (TLS to the bucket rules out dots)",
    ),
]
HostName = Annotated[str, Expected(is_host_name, "a full host name in lower case such as chat.example.com")]
CertificateName = Annotated[
    str, Expected(is_certificate_name, "a full host name, or *. and one, such as *.models.example.com")
]
DnsLabel = Annotated[
    str,
    matching(rf"(?=.{{1,63}}$){_LABEL}", "a DNS label: up to 63 of a-z 0-9 and inner hyphens"),
]
KeyPrefix = Annotated[
    str,
    matching(
        r"[A-Za-z0-9!_.*'()-]+(/[A-Za-z0-9!_.*'()-]+)*",
        "a key prefix in the bucket such as checkpoints/laguna-m, with no s3:// and no slash at its ends",
    ),
]
RepositoryName = Annotated[
    str,
    matching(
        r"(?=.{2,256}$)[a-z0-9]+([._-][a-z0-9]+)*(/[a-z0-9]+([._-][a-z0-9]+)*)*",
        "an ECR repository name: 2 to 256 of a-z 0-9, parted by single . _ - or /",
    ),
]
RegistryHost = Annotated[
    str,
    matching(
        rf"{_LABEL}(\.{_LABEL})+(:\d+)?(/[a-z0-9._/-]*[a-z0-9])?",
        "a registry's host name, with no https:// before it",
    ),
]
ImageTag = Annotated[
    str, matching(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", "an image tag: up to 128 of A-Z a-z 0-9 _ . -")
]
NonEmpty = Annotated[
    str, Expected(lambda value: value.strip() == value != "", "text with no space around it")
]
