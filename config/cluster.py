"""Settings of the EKS cluster: version, endpoint, logs and who may use it."""

from collections.abc import Iterator
from typing import Annotated, Literal, Optional

from components.log_retention import RETENTION_DAYS
from components.versions import KUBERNETES_DEFAULT, KUBERNETES_SUPPORTED
from config.area import Area, Fault, rule
from config.formats import Cidr, DnsLabel, Expected, KmsKeyArn, PrincipalArn, matching

LogType = Literal["api", "audit", "authenticator", "controllerManager", "scheduler"]
AccessPolicy = Literal[
    "AmazonEKSClusterAdminPolicy",
    "AmazonEKSAdminPolicy",
    "AmazonEKSAdminViewPolicy",
    "AmazonEKSEditPolicy",
    "AmazonEKSViewPolicy",
]

KubernetesVersion = Annotated[
    str,
    Expected(
        lambda version: version in KUBERNETES_SUPPORTED,
        f"one of {', '.join(KUBERNETES_SUPPORTED)}, in quotes; others are out of standard support or not "
        "yet on EKS",
    ),
]
ClusterName = Annotated[
    str,
    matching(
        r"(?=.{1,32}$)[a-z]([a-z0-9-]*[a-z0-9])?",
        "up to 32 of a-z 0-9 and inner hyphens, a letter first: names of roles and of the bucket start with it",
    ),
]


RetentionDays = Annotated[
    int,
    Expected(
        lambda days: days in RETENTION_DAYS,
        f"what CloudWatch Logs takes: {', '.join(map(str, RETENTION_DAYS))}",
    ),
]


class AccessEntry(Area):
    """An IAM principal that may use the Kubernetes API."""

    name: DnsLabel
    """Short name of the entry, unique; its resources are named after it."""
    principal_arn: PrincipalArn
    """IAM role or user."""
    policy: AccessPolicy
    """EKS access policy to associate."""
    namespaces: tuple[DnsLabel, ...] = ()
    """Namespaces that the policy is limited to; empty for the whole cluster."""


class Cluster(Area):
    """The control plane. Only the EKS API decides who has access: there is no aws-auth ConfigMap."""

    name: ClusterName = "inference"
    """Name of the cluster; changing it replaces the cluster."""
    kubernetes_version: KubernetesVersion = KUBERNETES_DEFAULT
    """Kubernetes version, 1.33 to 1.36. Upgrade one minor version at a time."""
    endpoint_public_access: bool = True
    """Whether the API answers on the internet (to `publicAccessCidrs`) as well as in the VPC. If false, run
    Pulumi from inside the VPC."""
    public_access_cidrs: tuple[Cidr, ...] = ("0.0.0.0/0",)
    """Networks that reach the public API endpoint; every call is authenticated by IAM in any case."""
    log_types: tuple[LogType, ...] = ("api", "audit", "authenticator")
    """Control plane logs to send to CloudWatch Logs."""
    log_retention_days: RetentionDays = 90
    """Days to keep them."""
    access_entries: tuple[AccessEntry, ...] = ()
    """Who may use the Kubernetes API besides the identity that creates the cluster."""
    deletion_protection: bool = False
    """Whether EKS refuses to delete the cluster."""
    kms_key_arn: Optional[KmsKeyArn] = None
    """Existing KMS key that encrypts Kubernetes secrets. Default: a new one."""

    @rule("endpoint_public_access", "public_access_cidrs")
    def _cidrs_have_an_endpoint(self) -> Iterator[Fault]:
        if self.endpoint_public_access and not self.public_access_cidrs:
            yield Fault(
                "publicAccessCidrs",
                "is empty, which EKS reads as 0.0.0.0/0; name the networks, or set endpointPublicAccess: false",
            )
        if not self.endpoint_public_access and "public_access_cidrs" in self.model_fields_set:
            yield Fault(
                "publicAccessCidrs", "has no effect with endpointPublicAccess: false; leave one of them out"
            )

    @rule("access_entries")
    def _entries_are_distinct(self) -> Iterator[Fault]:
        names: set[str] = set()
        principals: set[str] = set()
        for index, entry in enumerate(self.access_entries):
            path = f"accessEntries[{index}]"
            if entry.name in names:
                yield Fault(f"{path}.name", f"{entry.name!r} is taken by an earlier entry; names are unique")
            if entry.principal_arn in principals:
                yield Fault(
                    f"{path}.principalArn",
                    f"{entry.principal_arn} has an entry already; EKS keeps one per principal",
                )
            names.add(entry.name)
            principals.add(entry.principal_arn)

    @rule("log_types")
    def _log_types_are_distinct(self) -> Iterator[Fault]:
        for index, kind in enumerate(self.log_types):
            if kind in self.log_types[:index]:
                yield Fault(f"logTypes[{index}]", f"names {kind!r} a second time; give each type once")
