"""What the simulated account holds before any stack: read from the account file, which users may edit."""

import re
from pathlib import Path
from typing import Any, cast

import yaml
from pydantic import Field, ValidationError, field_validator, model_validator

from components.instance_types import INSTANCE_TYPES
from components.partitions import partition_of
from localcloud.aws.account_default import DEFAULT
from localcloud.aws.account_parts import (
    CapacityReservation,
    Certificate,
    ExistingVpc,
    HostedZone,
    Key,
    Part,
    Quotas,
    ReservationGroup,
    Zone,
)


class AccountError(Exception):
    """The account file cannot be used; the text names every fault by its path."""


class Account(Part):
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
    keys: list[Key] = Field(default_factory=list[Key])
    """KMS keys."""
    taken_bucket_names: list[str] = Field(default_factory=list[str])
    """Bucket names that other accounts have: they are one namespace."""
    instance_offerings: dict[str, list[str]] = Field(default_factory=dict[str, list[str]])
    """Zones that offer an instance type; a type that is not listed is offered in every zone."""
    free_capacity: dict[str, dict[str, int]] = Field(default_factory=dict[str, dict[str, int]])
    """Instances of a type that EC2 can start in a zone without a reservation; what is not listed has no end."""
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

    @field_validator("instance_offerings", "free_capacity")
    @classmethod
    def _known_types(cls, offerings: dict[str, Any]) -> dict[str, Any]:
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
        used += [
            (f"free capacity of {name}", zone) for name, map_ in self.free_capacity.items() for zone in map_
        ]
        faults += [
            f"{what} is in {zone}, which is not one of the zones" for what, zone in used if zone not in zones
        ]
        faults += [
            f"capacity reservation {one.id} is for {one.instance_type}, an unknown instance type"
            for one in self.capacity_reservations
            if one.instance_type not in INSTANCE_TYPES
        ]
        faults += [
            f"capacity reservation {one.id} has {one.in_use} of {one.count} instances in use"
            for one in self.capacity_reservations
            if one.in_use > one.count
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


def default_account() -> Account:
    """The account that the dev stack as it is in the repository fits."""
    return Account.model_validate(yaml.safe_load(DEFAULT))


def write_default(path: Path) -> None:
    """Write the default account file with its comments, unless there is a file already."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(DEFAULT)


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
