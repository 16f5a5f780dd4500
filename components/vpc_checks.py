"""What must hold of the arguments of Vpc."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from components.arguments import ArgumentErrors, wire_name
from components.log_retention import RETENTION_DAYS
from components.subnets import DEFAULT_VPC_CIDR, vpc_network


def check_vpc(args: Mapping[str, Any]) -> None:
    """Raise ``pulumi.InputPropertiesError`` with every fault of ``VpcArgs``."""
    errors = ArgumentErrors("Vpc")
    errors.require(args, "region")
    region: str = args.get("region") or ""
    if args.get("existing") is None:
        _check_new(errors, args, region)
    else:
        _check_existing(errors, args["existing"], region)
        for key in ("cidr", "availability_zones", "nat", "flow_logs"):
            if args.get(key):
                errors.add(wire_name(key), "says how to create a VPC, but existing names one: remove either")
    errors.raise_if_any()


def _check_new(errors: ArgumentErrors, args: Mapping[str, Any], region: str) -> None:
    _check_zones(errors, "availabilityZones", args.get("availability_zones") or [], region)
    try:
        vpc_network(args.get("cidr") or DEFAULT_VPC_CIDR)
    except ValueError as fault:
        errors.add("cidr", str(fault))
    errors.one_of("nat", args.get("nat"), ("single", "per-zone", "none"))
    days = args.get("flow_log_retention_days")
    if days is not None and int(days) not in RETENTION_DAYS:
        choices = ", ".join(str(choice) for choice in RETENTION_DAYS)
        errors.add("flowLogRetentionDays", f"is {int(days)}; it must be one of {choices}")


def _check_existing(errors: ArgumentErrors, existing: Mapping[str, Any], region: str) -> None:
    for key in ("vpc_id", "cidr", "private_subnet_ids"):
        if not existing.get(key):
            errors.add(f"existing.{wire_name(key)}", "is required")
    errors.matches(
        "existing.vpcId", existing.get("vpc_id") or None, r"vpc-[0-9a-f]+", "such as vpc-0123456789abcdef0"
    )
    errors.matches(
        "existing.cidr", existing.get("cidr") or None, r"\d+(\.\d+){3}/\d+", "a network such as 10.0.0.0/16"
    )
    zones: list[str] = existing.get("availability_zones") or []
    _check_zones(errors, "existing.availabilityZones", zones, region)
    for key in ("private_subnet_ids", "public_subnet_ids"):
        subnets: list[Any] = existing.get(key) or []
        path = f"existing.{wire_name(key)}"
        if subnets and len(subnets) != len(zones):
            errors.add(path, f"has {len(subnets)} for {len(zones)} zones; give one per zone, in their order")
        for index, subnet in enumerate(subnets):
            errors.matches(
                f"{path}[{index}]", subnet, r"subnet-[0-9a-f]+", "such as subnet-0123456789abcdef0"
            )


def _check_zones(errors: ArgumentErrors, path: str, zones: Sequence[str], region: str) -> None:
    if len(set(zones)) < 2:
        errors.add(path, "needs two or more zones: Amazon EKS and load balancers both do")
    for index, zone in enumerate(zones):
        if region:
            expected = f"a zone of {region}, {region}a to {region}f"
            errors.matches(f"{path}[{index}]", zone, rf"{re.escape(region)}[a-f]", expected)
        if zone in zones[:index]:
            errors.add(f"{path}[{index}]", f"repeats {zone}; give each zone once")
