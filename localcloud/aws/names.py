"""Names, ids and ARNs in the formats of AWS and of Pulumi's AWS provider."""

import re
import secrets
import uuid
from typing import NamedTuple

from localcloud.aws.types import Shape


class AutoName(NamedTuple):
    """How Pulumi names a resource that its program did not name."""

    property: str
    longest: int = 255
    lower: bool = False
    prefix: str = ""


# Where pulumi-aws does not simply fill an optional `name`.
_AUTO_NAMES: dict[str, AutoName] = {
    "aws:ec2/keyPair:KeyPair": AutoName("keyName"),
    "aws:ecr/repository:Repository": AutoName("name", 256, lower=True),
    "aws:ecr/repositoryCreationTemplate:RepositoryCreationTemplate": AutoName(""),
    "aws:eks/cluster:Cluster": AutoName("name", 100),
    "aws:eks/fargateProfile:FargateProfile": AutoName("fargateProfileName", 63),
    "aws:eks/nodeGroup:NodeGroup": AutoName("nodeGroupName", 63),
    "aws:iam/role:Role": AutoName("name", 64),
    "aws:iam/rolePolicy:RolePolicy": AutoName("name", 128),
    "aws:iam/policy:Policy": AutoName("name", 128),
    "aws:iam/instanceProfile:InstanceProfile": AutoName("name", 128),
    "aws:kms/alias:Alias": AutoName("name", 256, prefix="alias/"),
    "aws:lb/loadBalancer:LoadBalancer": AutoName("name", 32),
    "aws:lb/targetGroup:TargetGroup": AutoName("name", 32),
    "aws:route53/zone:Zone": AutoName(""),
    "aws:s3/bucket:Bucket": AutoName("bucket", 63, lower=True),
}

_SUFFIX_LENGTH = 7


def auto_name_rule(shape: Shape) -> AutoName | None:
    """How a resource of this shape is named when its program gives no name; None when it is not."""
    rule = _AUTO_NAMES.get(shape.token)
    if rule is None:
        field = shape.inputs.get("name")
        rule = AutoName("name") if field and not field.required and field.type.kind == "string" else None
    return rule if rule and rule.property else None


def auto_name(rule: AutoName, name: str) -> str:
    """A fresh physical name for the resource that a program calls ``name``."""
    suffix = secrets.token_hex(_SUFFIX_LENGTH)[:_SUFFIX_LENGTH]
    stem = name.lower() if rule.lower else name
    room = rule.longest - len(rule.prefix) - _SUFFIX_LENGTH - 1
    return f"{rule.prefix}{stem[:room]}-{suffix}"


def prefixed_name(prefix: str) -> str:
    """A name for a given ``namePrefix``: the prefix and 26 digits, as the Terraform provider makes them."""
    return prefix + "".join(secrets.choice("0123456789") for _ in range(26))


def ec2_id(prefix: str) -> str:
    """An EC2-style id, for example ``vpc-0a1b2c3d4e5f60718``."""
    return f"{prefix}-0{secrets.token_hex(8)}"


def unique_id(prefix: str) -> str:
    """An IAM-style unique id, for example ``AROA`` and 17 capitals and digits."""
    return prefix + "".join(secrets.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") for _ in range(17))


def new_uuid() -> str:
    """A random UUID, as KMS keys and certificates have."""
    return str(uuid.uuid4())


# Resource type -> (service, resource part of the ARN); `{…}` are properties of the state, `{id}` is the id.
# An empty region or account in the ARN is marked by `!global` and `!anonymous` after the service.
_ARNS: dict[str, tuple[str, str]] = {
    "aws:acm/certificate:Certificate": ("acm", "certificate/{uuid}"),
    "aws:cloudwatch/eventRule:EventRule": ("events", "rule/{name}"),
    "aws:cloudwatch/logGroup:LogGroup": ("logs", "log-group:{name}"),
    "aws:ec2/capacityReservation:CapacityReservation": ("ec2", "capacity-reservation/{id}"),
    "aws:ec2/eip:Eip": ("ec2", "elastic-ip/{id}"),
    "aws:ec2/flowLog:FlowLog": ("ec2", "vpc-flow-log/{id}"),
    "aws:ec2/internetGateway:InternetGateway": ("ec2", "internet-gateway/{id}"),
    "aws:ec2/launchTemplate:LaunchTemplate": ("ec2", "launch-template/{id}"),
    "aws:ec2/networkAcl:NetworkAcl": ("ec2", "network-acl/{id}"),
    "aws:ec2/placementGroup:PlacementGroup": ("ec2", "placement-group/{name}"),
    "aws:ec2/routeTable:RouteTable": ("ec2", "route-table/{id}"),
    "aws:ec2/securityGroup:SecurityGroup": ("ec2", "security-group/{id}"),
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": ("ec2", "security-group/{id}"),
    "aws:ec2/subnet:Subnet": ("ec2", "subnet/{id}"),
    "aws:ec2/vpc:Vpc": ("ec2", "vpc/{id}"),
    "aws:ec2/vpcEndpoint:VpcEndpoint": ("ec2", "vpc-endpoint/{id}"),
    "aws:ecr/repository:Repository": ("ecr", "repository/{name}"),
    "aws:eks/accessEntry:AccessEntry": ("eks", "access-entry/{clusterName}/{principalKind}/{uuid}"),
    "aws:eks/addon:Addon": ("eks", "addon/{clusterName}/{addonName}/{uuid}"),
    "aws:eks/cluster:Cluster": ("eks", "cluster/{name}"),
    "aws:eks/nodeGroup:NodeGroup": ("eks", "nodegroup/{clusterName}/{nodeGroupName}/{uuid}"),
    "aws:eks/podIdentityAssociation:PodIdentityAssociation": (
        "eks",
        "podidentityassociation/{clusterName}/{associationId}",
    ),
    "aws:iam/instanceProfile:InstanceProfile": ("iam!global", "instance-profile{path}{name}"),
    "aws:iam/policy:Policy": ("iam!global", "policy{path}{name}"),
    "aws:iam/role:Role": ("iam!global", "role{path}{name}"),
    "aws:kms/alias:Alias": ("kms", "{name}"),
    "aws:kms/key:Key": ("kms", "key/{id}"),
    "aws:resourcegroups/group:Group": ("resource-groups", "group/{name}"),
    "aws:route53/zone:Zone": ("route53!anonymous", "hostedzone/{id}"),
    "aws:s3/bucket:Bucket": ("s3!anonymous", "{bucket}"),
    "aws:sns/topic:Topic": ("sns", "{name}"),
    "aws:sqs/queue:Queue": ("sqs", "{name}"),
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": ("ec2", "security-group-rule/{id}"),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": ("ec2", "security-group-rule/{id}"),
}

_PLACEHOLDER = re.compile(r"\{(\w+)\}")


def arn(token: str, id_: str, state: dict[str, object], *, partition: str, region: str, account: str) -> str:
    """ARN of a resource, from its id and the properties of its state."""
    service, resource = _ARNS.get(token) or (token.split(":")[1].split("/")[0], "{kind}/{id}")
    service, _, scope = service.partition("!")
    kind = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", token.rsplit(":", 1)[-1]).lower()
    values = {"path": "/", **state, "id": id_, "uuid": new_uuid(), "kind": kind}
    named = _PLACEHOLDER.sub(lambda found: str(values.get(found.group(1), "")), resource)
    region = "" if scope else region
    owner = "" if scope == "anonymous" else account
    return f"arn:{partition}:{service}:{region}:{owner}:{named}"
