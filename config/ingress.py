"""Settings of the entry: the load balancer that all models share, its certificate and DNS."""

from collections.abc import Iterator
from typing import Annotated, Literal, Optional

from pydantic import Field

from config.area import Area, Fault, rule
from config.formats import CertificateArn, CertificateName, Cidr, HostedZoneId, matching

GroupName = Annotated[
    str,
    matching(
        r"(?=.{1,63}$)[a-z0-9]([-.a-z0-9]*[a-z0-9])?",
        "a group name: up to 63 of a-z 0-9 and inner - and .",
    ),
]
SslPolicy = Annotated[
    str,
    matching(
        r"ELBSecurityPolicy-TLS13-[A-Za-z0-9-]+",
        "a TLS 1.3 policy of Elastic Load Balancing such as ELBSecurityPolicy-TLS13-1-2-2021-06",
    ),
]


class Certificate(Area):
    """The certificate that the load balancer terminates TLS with: an existing one, or a new one."""

    arn: Optional[CertificateArn] = None
    """Existing ACM certificate, in the stack's region. Default: a new one, validated in `hostedZoneId`."""
    domain_names: Annotated[tuple[CertificateName, ...], Field(min_length=1)]
    """Names that the certificate is valid for; a wildcard stands for one label. Together they cover every
    model's `hostname`."""
    hosted_zone_id: Optional[HostedZoneId] = None
    """Route 53 zone of the names: a new certificate is validated in it, and models get their records in it."""

    @rule("arn", "hosted_zone_id")
    def _can_be_had(self) -> Iterator[Fault]:
        if self.arn is None and self.hosted_zone_id is None:
            yield Fault(
                "",
                "has neither arn nor hostedZoneId; give the ARN of an existing certificate, or the zone in "
                "which a new one is validated",
            )

    @rule("domain_names")
    def _names_are_distinct(self) -> Iterator[Fault]:
        for index, name in enumerate(self.domain_names):
            if name in self.domain_names[:index]:
                yield Fault(f"domainNames[{index}]", f"names {name} a second time; give each name once")


class Ingress(Area):
    """One Application Load Balancer for all models, HTTPS with redirect from HTTP."""

    scheme: Literal["internal", "internet-facing"] = "internal"
    """Who reaches the load balancer: the VPC, or the internet. The latter needs an API key (`vllmApiKey`)."""
    group_name: GroupName = "poolside"
    """Group that makes the models' Ingresses share one load balancer."""
    certificate: Certificate
    """Certificate of the model hostnames."""
    idle_timeout_seconds: Annotated[int, Field(ge=1, le=4000)] = 600
    """Seconds that a connection may be silent. A long answer without streaming is silent until it is done."""
    ssl_policy: SslPolicy = "ELBSecurityPolicy-TLS13-1-2-2021-06"
    """TLS policy of the HTTPS listener."""
    allow_unauthenticated: bool = False
    """Write `true` to run an internet-facing load balancer without an API key: anybody may then use the models."""
    inbound_cidrs: tuple[Cidr, ...] = ()
    """Networks that may connect. Default: all that can reach the load balancer."""
    external_dns: Optional[bool] = None
    """Whether ExternalDNS keeps a record for each model hostname. Default: yes if `certificate.hostedZoneId`
    is given."""

    @property
    def keeps_dns(self) -> bool:
        """Whether ExternalDNS is installed."""
        return self.certificate.hosted_zone_id is not None if self.external_dns is None else self.external_dns

    @rule("external_dns", "certificate.hosted_zone_id")
    def _records_have_a_zone(self) -> Iterator[Fault]:
        if self.external_dns and self.certificate.hosted_zone_id is None:
            yield Fault(
                "externalDns", "is true, but there is no zone to write to; give certificate.hostedZoneId"
            )
