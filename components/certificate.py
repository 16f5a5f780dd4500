"""A TLS certificate for the model hosts: a new one, validated by DNS, or an existing one."""

from collections.abc import Sequence
from typing import NotRequired, Optional, TypedDict

import pulumi
import pulumi_aws as aws

from components.arguments import ArgumentErrors
from components.hostnames import is_certificate_name, validation_names


class CertificateArgs(TypedDict):
    """Inputs of Certificate: either ``arn``, or ``domain_names`` and ``hosted_zone_id``."""

    arn: NotRequired[pulumi.Input[str]]
    """ARN of an existing, issued certificate in the load balancer's region; nothing is created."""
    domain_names: NotRequired[list[str]]
    """Names of a new certificate, wildcards (``*.example.com``) included; a change replaces it."""
    hosted_zone_id: NotRequired[pulumi.Input[str]]
    """Public Route 53 zone that the names are in; the validation records go there."""
    tags: NotRequired[dict[str, str]]
    """Tags of the certificate. Default: none."""


class Certificate(pulumi.ComponentResource):
    """A certificate that a load balancer can use: its ARN is there once ACM has issued it."""

    arn: pulumi.Output[str]
    """ARN of the issued certificate."""
    domain_names: pulumi.Output[list[str]]
    """Names of the certificate; known at preview, empty for an existing one."""

    def __init__(
        self, name: str, args: CertificateArgs, opts: Optional[pulumi.ResourceOptions] = None
    ) -> None:
        super().__init__("inference-plane:index:Certificate", name, {}, opts)
        _check(args)
        names = list(args.get("domain_names") or [])
        arn = args.get("arn")
        if arn is None:
            self.arn = self._issue(name, names, args)
        else:
            self.arn = pulumi.Output.from_input(arn)
        self.domain_names = pulumi.Output.from_input(names)
        self.register_outputs({"arn": self.arn, "domainNames": self.domain_names})

    def _issue(self, name: str, names: list[str], args: CertificateArgs) -> pulumi.Output[str]:
        """Request the certificate, prove that the names are ours, and wait until ACM has issued it."""
        child = pulumi.ResourceOptions(parent=self)
        certificate = aws.acm.Certificate(
            f"{name}-certificate",
            domain_name=names[0],
            subject_alternative_names=sorted(names[1:]) or None,
            validation_method="DNS",
            tags={**(args.get("tags") or {}), "Name": name},
            opts=child,
        )
        records = [
            aws.route53.Record(
                f"{name}-validation-{host}",
                zone_id=args.get("hosted_zone_id") or "",
                name=_validation_of(certificate, host).apply(
                    lambda option: option.resource_record_name or ""
                ),
                type="CNAME",
                records=[
                    _validation_of(certificate, host).apply(lambda option: option.resource_record_value or "")
                ],
                ttl=60,
                # ACM gives every certificate of an account the same record for one name: another stack's
                # certificate may have made it already.
                allow_overwrite=True,
                opts=child,
            )
            # How many records there are follows from the names, not from ACM's answer: known at preview.
            for host in validation_names(names)
        ]
        validation = aws.acm.CertificateValidation(
            f"{name}-validation",
            certificate_arn=certificate.arn,
            validation_record_fqdns=[record.fqdn for record in records],
            opts=child,
        )
        return validation.certificate_arn


_Option = aws.acm.outputs.CertificateDomainValidationOption


def _validation_of(certificate: aws.acm.Certificate, host: str) -> pulumi.Output[_Option]:
    """What ACM wants to see for ``host`` or, which is the same, for the wildcard below it."""

    def pick(options: Sequence[_Option]) -> _Option:
        for option in options:
            if (option.domain_name or "").lower().removeprefix("*.") == host:
                return option
        raise ValueError(f"ACM asks for no validation record for {host}")

    return certificate.domain_validation_options.apply(pick)


def _check(args: CertificateArgs) -> None:
    errors = ArgumentErrors("Certificate")
    names = args.get("domain_names") or []
    if args.get("arn") is not None:
        errors.matches(
            "arn", args.get("arn"), r"arn:[\w-]+:acm:[\w-]+:\d{12}:certificate/.+", "the ARN of a certificate"
        )
        for path, value in (("domainNames", names), ("hostedZoneId", args.get("hosted_zone_id"))):
            if value:
                errors.add(path, "describes a new certificate, but arn names an existing one: remove either")
    else:
        if not names:
            errors.add("domainNames", "is required, or the arn of an existing certificate")
        if not args.get("hosted_zone_id"):
            errors.add("hostedZoneId", "is required to validate a new certificate by DNS")
        errors.matches(
            "hostedZoneId", args.get("hosted_zone_id") or None, r"Z[A-Z0-9]+", "such as Z0123456789"
        )
    for index, domain_name in enumerate(names):
        path = f"domainNames[{index}]"
        if not is_certificate_name(domain_name):
            errors.add(path, f"is {domain_name!r}; expected a host name in lower case, or *. and a host name")
        elif index == 0 and len(domain_name) > 64:
            errors.add(
                path, "has more than 64 characters, which the first name may not: put a shorter one first"
            )
        if domain_name in names[:index]:
            errors.add(path, f"repeats {domain_name}; give each name once")
    errors.raise_if_any()
