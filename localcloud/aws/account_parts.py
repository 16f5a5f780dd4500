"""What an account file is made of: the models of its entries."""

from typing import Any, Literal, cast

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel


class Part(BaseModel):
    """A mapping of the file: its keys are camelCase, and unknown ones are faults."""

    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=to_camel, populate_by_name=True)


class Zone(Part):
    """An availability zone as this account sees it."""

    name: str
    """For example ``us-east-2a``."""
    id: str
    """Zone id, the same in every account: ``use2-az1``."""
    eks: bool = True
    """Whether EKS has room for control plane interfaces in the zone."""


class CapacityReservation(Part):
    """EC2 capacity that the account has reserved."""

    id: str = Field(pattern=r"^cr-[0-9a-f]{8,17}$")
    kind: Literal["odcr", "capacity-block"] = "odcr"
    """On-demand capacity reservation, or Capacity Block for ML."""
    instance_type: str
    zone: str
    count: int = Field(ge=1)
    """Instances reserved."""
    in_use: int = Field(default=0, ge=0)
    """Instances of them that run already, outside the stack."""
    state: Literal["active", "scheduled", "expired", "cancelled"] = "active"
    instance_match_criteria: Literal["open", "targeted"] = "targeted"


class ReservationGroup(Part):
    """A resource group that pools capacity reservations."""

    name: str
    reservations: list[str]
    """Ids of capacity reservations of this file."""


class HostedZone(Part):
    """A Route 53 hosted zone."""

    id: str = Field(pattern=r"^Z[A-Z0-9]{8,31}$")
    name: str
    """Domain, without a final dot."""
    private: bool = False


class Certificate(Part):
    """An issued ACM certificate in the account's region."""

    arn: str = Field(pattern=r"^arn:aws[a-z-]*:acm:[a-z0-9-]+:\d{12}:certificate/[0-9a-f-]{36}$")
    names: list[str] = Field(min_length=1)
    """Domain name first, then alternative names; ``*.`` wildcards allowed."""


class ExistingSubnet(Part):
    """A subnet of an existing VPC."""

    id: str = Field(pattern=r"^subnet-[0-9a-f]{8,17}$")
    zone: str
    cidr_block: str


class ExistingVpc(Part):
    """A VPC that was there before the stack."""

    id: str = Field(pattern=r"^vpc-[0-9a-f]{8,17}$")
    cidr_block: str
    subnets: list[ExistingSubnet] = Field(default_factory=list[ExistingSubnet])


class Key(Part):
    """A KMS key that was there before the stack; in the file, its ARN alone is short for an enabled one."""

    arn: str = Field(pattern=r"^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/[0-9a-z-]+$")
    state: Literal["enabled", "disabled", "pending-deletion"] = "enabled"
    policy: dict[str, Any] | None = None
    """Its key policy; by default KMS's own, which leaves the account's IAM policies to decide."""

    @model_validator(mode="before")
    @classmethod
    def _arn_alone(cls, given: Any) -> Any:
        return {"arn": given} if isinstance(given, str) else given


class Quotas(Part):
    """Service quotas of the account; AWS's defaults, but for the vCPU ones that every GPU user raises.

    Each counts what the account holds, the stack's resources and the account file's together.
    """

    vpcs: int = Field(default=5, ge=0)
    """VPCs per region (L-F678F1CE)."""
    internet_gateways: int = Field(default=5, ge=0)
    """Internet gateways per region (L-A4707A72)."""
    subnets_per_vpc: int = Field(default=200, ge=0)
    """Subnets per VPC (L-407747CB)."""
    elastic_ips: int = Field(default=5, ge=0)
    """EC2-VPC Elastic IPs (L-0263D0A3)."""
    nat_gateways_per_zone: int = Field(default=5, ge=0)
    """NAT gateways per Availability Zone (L-FE5A380F)."""
    security_groups: int = Field(default=2500, ge=0)
    """VPC security groups per region (L-E79EC296)."""
    rules_per_security_group: int = Field(default=60, ge=1)
    """Inbound or outbound rules per security group (L-0EA8095F)."""
    interface_endpoints_per_vpc: int = Field(default=50, ge=0)
    """Interface VPC endpoints per VPC (L-29B6F2EB)."""
    p_vcpus: int = Field(default=768, ge=0)
    """Running On-Demand P instances, in vCPUs (L-417A185B)."""
    g_vcpus: int = Field(default=768, ge=0)
    """Running On-Demand G and VT instances, in vCPUs (L-DB2E81BA)."""
    standard_vcpus: int = Field(default=256, ge=0)
    """Running On-Demand standard (A, C, D, H, I, M, R, T, Z) instances, in vCPUs (L-1216C47A)."""
    p_spot_vcpus: int = Field(default=768, ge=0)
    """All P Spot Instance Requests, in vCPUs (L-7212CCBC)."""
    g_spot_vcpus: int = Field(default=768, ge=0)
    """All G and VT Spot Instance Requests, in vCPUs (L-3819A6DF)."""
    standard_spot_vcpus: int = Field(default=256, ge=0)
    """All standard Spot Instance Requests, in vCPUs (L-34B43A08)."""
    node_groups_per_cluster: int = Field(default=30, ge=0)
    """Managed node groups per cluster (L-6D54EA21)."""
    nodes_per_node_group: int = Field(default=450, ge=1)
    """Nodes per managed node group (L-BD136A63)."""
    load_balancers: int = Field(default=50, ge=0)
    """Application Load Balancers per region (L-53DA6B97)."""
    roles: int = Field(default=1000, ge=0)
    """IAM roles per account (L-FE177D64)."""
    policies_per_role: int = Field(default=10, ge=0)
    """Managed policies attached to an IAM role (L-0DA4ABF3)."""
    oidc_providers: int = Field(default=100, ge=0)
    """OpenID Connect providers per account (L-858F3967)."""
    buckets: int = Field(default=10_000, ge=0)
    """General purpose buckets (L-DC2B2D3D)."""
    kms_keys: int = Field(default=100_000, ge=0)
    """Customer managed KMS keys (L-C2F1777E)."""

    @model_validator(mode="before")
    @classmethod
    def _one_name_for_both_gpu_families(cls, given: Any) -> Any:
        """Files of before the families had a quota each say ``gpuVcpus``."""
        if not isinstance(given, dict):
            return given
        quotas = dict(cast("dict[str, Any]", given))
        both = quotas.pop("gpuVcpus", None)
        return quotas if both is None else {"pVcpus": both, "gVcpus": both, **quotas}
