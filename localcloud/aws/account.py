"""What the simulated account holds before any stack: read from the account file, which users may edit."""

import re
from pathlib import Path
from typing import Any, Literal, cast

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic.alias_generators import to_camel

from components.instance_types import INSTANCE_TYPES
from components.partitions import partition_of


class AccountError(Exception):
    """The account file cannot be used; the text names every fault by its path."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=to_camel, populate_by_name=True)


class Zone(_Part):
    """An availability zone as this account sees it."""

    name: str
    """For example ``us-east-2a``."""
    id: str
    """Zone id, the same in every account: ``use2-az1``."""


class CapacityReservation(_Part):
    """EC2 capacity that the account has reserved."""

    id: str = Field(pattern=r"^cr-[0-9a-f]{8,17}$")
    kind: Literal["odcr", "capacity-block"] = "odcr"
    """On-demand capacity reservation, or Capacity Block for ML."""
    instance_type: str
    zone: str
    count: int = Field(ge=1)
    """Instances reserved."""
    state: Literal["active", "scheduled", "expired", "cancelled"] = "active"
    instance_match_criteria: Literal["open", "targeted"] = "targeted"


class ReservationGroup(_Part):
    """A resource group that pools capacity reservations."""

    name: str
    reservations: list[str]
    """Ids of capacity reservations of this file."""


class HostedZone(_Part):
    """A Route 53 hosted zone."""

    id: str = Field(pattern=r"^Z[A-Z0-9]{8,31}$")
    name: str
    """Domain, without a final dot."""
    private: bool = False


class Certificate(_Part):
    """An issued ACM certificate in the account's region."""

    arn: str = Field(pattern=r"^arn:aws[a-z-]*:acm:[a-z0-9-]+:\d{12}:certificate/[0-9a-f-]{36}$")
    names: list[str] = Field(min_length=1)
    """Domain name first, then alternative names; ``*.`` wildcards allowed."""


class ExistingSubnet(_Part):
    """A subnet of an existing VPC."""

    id: str = Field(pattern=r"^subnet-[0-9a-f]{8,17}$")
    zone: str
    cidr_block: str


class ExistingVpc(_Part):
    """A VPC that was there before the stack."""

    id: str = Field(pattern=r"^vpc-[0-9a-f]{8,17}$")
    cidr_block: str
    subnets: list[ExistingSubnet] = Field(default_factory=list[ExistingSubnet])


class Quotas(_Part):
    """Service quotas of the account; AWS's defaults, but for the vCPU ones that every GPU user raises."""

    vpcs: int = Field(default=5, ge=0)
    elastic_ips: int = Field(default=5, ge=0)
    rules_per_security_group: int = Field(default=60, ge=1)
    gpu_vcpus: int = Field(default=768, ge=0)
    """Running On-Demand P and G instances, in vCPUs."""
    standard_vcpus: int = Field(default=256, ge=0)
    """Running On-Demand standard (A, C, D, H, I, M, R, T, Z) instances, in vCPUs."""
    kms_keys: int = Field(default=100_000, ge=0)


class Account(_Part):
    """One simulated AWS account in one region."""

    account_id: str = Field(pattern=r"^\d{12}$")
    region: str = Field(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")
    caller: str = "user/local-cloud"
    """Who runs `pulumi`: the resource part of an IAM ARN."""
    zones: list[Zone] = Field(min_length=1)
    capacity_reservations: list[CapacityReservation] = Field(default_factory=list[CapacityReservation])
    reservation_groups: list[ReservationGroup] = Field(default_factory=list[ReservationGroup])
    hosted_zones: list[HostedZone] = Field(default_factory=list[HostedZone])
    certificates: list[Certificate] = Field(default_factory=list[Certificate])
    vpcs: list[ExistingVpc] = Field(default_factory=list[ExistingVpc])
    roles: list[str] = Field(default_factory=list[str])
    """Names of IAM roles, for example those that get cluster access."""
    users: list[str] = Field(default_factory=list[str])
    """Names of IAM users, besides the caller."""
    keys: list[str] = Field(default_factory=list[str])
    """ARNs of KMS keys."""
    instance_offerings: dict[str, list[str]] = Field(default_factory=dict[str, list[str]])
    """Zones that offer an instance type; a type that is not listed is offered in every zone."""
    quotas: Quotas = Quotas()

    @property
    def partition(self) -> str:
        """AWS partition of the region."""
        return partition_of(self.region)

    @property
    def caller_arn(self) -> str:
        """ARN of whoever runs `pulumi`."""
        return f"arn:{self.partition}:iam::{self.account_id}:{self.caller}"

    def group_arn(self, group: ReservationGroup) -> str:
        """ARN of a reservation group."""
        return f"arn:{self.partition}:resource-groups:{self.region}:{self.account_id}:group/{group.name}"

    def zones_of(self, instance_type: str) -> list[str]:
        """Names of the zones that offer an instance type."""
        return self.instance_offerings.get(instance_type, [zone.name for zone in self.zones])

    @field_validator("instance_offerings")
    @classmethod
    def _known_types(cls, offerings: dict[str, list[str]]) -> dict[str, list[str]]:
        unknown = sorted(set(offerings) - set(INSTANCE_TYPES))
        if unknown:
            raise ValueError(f"unknown instance types: {', '.join(unknown)}")
        return offerings

    @model_validator(mode="after")
    def _names_agree(self) -> "Account":
        zones = {zone.name for zone in self.zones}
        faults = [f"zone {zone.name} is not in region {self.region}" for zone in self.zones
                  if not re.fullmatch(re.escape(self.region) + "[a-z]", zone.name)]  # fmt: skip
        used = [(f"capacity reservation {one.id}", one.zone) for one in self.capacity_reservations]
        used += [(f"subnet {one.id}", one.zone) for vpc in self.vpcs for one in vpc.subnets]
        used += [
            (f"offering of {name}", zone) for name, list_ in self.instance_offerings.items() for zone in list_
        ]
        faults += [
            f"{what} is in {zone}, which is not one of the zones" for what, zone in used if zone not in zones
        ]
        faults += [
            f"capacity reservation {one.id} is for {one.instance_type}, an unknown instance type"
            for one in self.capacity_reservations
            if one.instance_type not in INSTANCE_TYPES
        ]
        known = {one.id for one in self.capacity_reservations}
        faults += [
            f"reservation group {group.name} holds {id_}, which is not one of the capacity reservations"
            for group in self.reservation_groups
            for id_ in group.reservations
            if id_ not in known
        ]
        if faults:
            raise ValueError("; ".join(faults))
        return self


_DEFAULT = """\
# What the simulated AWS account holds before the stack. Edit it freely; `make up` reads it each time.
accountId: "111122223333"
region: us-east-2
zones:
  - {name: us-east-2a, id: use2-az1}
  - {name: us-east-2b, id: use2-az2}
  - {name: us-east-2c, id: use2-az3}

# Reserved GPU capacity. kind: odcr (on-demand capacity reservation) or capacity-block;
# state: active, scheduled, expired or cancelled.
capacityReservations:
  - id: cr-0123456789abcdef0
    kind: odcr
    instanceType: p5e.48xlarge
    zone: us-east-2b
    count: 1
  - id: cr-0fedcba9876543210
    kind: capacity-block
    instanceType: p5en.48xlarge
    zone: us-east-2c
    count: 2

# Resource groups that pool reservations (capacityReservationResourceGroupArn).
reservationGroups:
  - name: inference-gpus
    reservations: [cr-0123456789abcdef0]

# DNS zones and issued certificates.
hostedZones:
  - {id: Z0123456789ABCDEFGHIJ, name: example.com}
certificates:
  - arn: arn:aws:acm:us-east-2:111122223333:certificate/01234567-89ab-cdef-0123-456789abcdef
    names: ["*.models.example.com"]

# IAM roles that cluster access can be granted to, KMS keys, and networks that a stack can be put into.
roles: [Admin, PlatformEngineer]
keys: []
vpcs: []
#  - id: vpc-0123456789abcdef0
#    cidrBlock: 10.0.0.0/16
#    subnets:
#      - {id: subnet-0123456789abcdef0, zone: us-east-2a, cidrBlock: 10.0.0.0/20}

# Zones that offer an instance type; a type that is not listed is offered in every zone.
instanceOfferings:
  p5e.48xlarge: [us-east-2b]
  p5en.48xlarge: [us-east-2c]

quotas:
  vpcs: 5
  elasticIps: 5
  rulesPerSecurityGroup: 60
  gpuVcpus: 768
  standardVcpus: 256
"""


def default_account() -> Account:
    """The account that the dev stack as it is in the repository fits."""
    return Account.model_validate(yaml.safe_load(_DEFAULT))


def write_default(path: Path) -> None:
    """Write the default account file with its comments, unless there is a file already."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_DEFAULT)


def read_account(path: Path) -> Account:
    """The account of a file; the default account where there is none."""
    if not path.exists():
        return default_account()
    try:
        content: Any = yaml.safe_load(path.read_text())
    except yaml.YAMLError as error:
        raise AccountError(f"{path} is not valid YAML: {error}") from None
    if not isinstance(content, dict):
        raise AccountError(f"{path} must be a YAML mapping; it holds {content!r}")
    try:
        return Account.model_validate(cast("dict[str, Any]", content))
    except ValidationError as error:
        faults = [
            f"  {'.'.join(str(part) for part in fault['loc']) or 'the file'}: {fault['msg']}"
            for fault in error.errors()
        ]
        raise AccountError(f"{path} has faults:\n" + "\n".join(faults)) from None
