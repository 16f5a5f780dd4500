"""Settings of the network: a new VPC, or an existing one by ids."""

import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Optional, cast

from pydantic import BeforeValidator

from config.area import Area, Fault, rule
from config.formats import AvailabilityZone, Cidr, SubnetId, VpcCidr, VpcId, refuse


def _endpoints(value: Any) -> Any:
    """Refuse what is neither a word nor a list of service names, in one message instead of one per choice."""
    listed: list[Any] = cast("list[Any]", value) if isinstance(value, list) else []
    if value not in ("auto", "none") and not _are_services(listed):
        raise refuse(
            f"is {value!r}; it must be auto, none, or a list of service names without com.amazonaws.<region>. "
            "before them, such as [ecr.api, ecr.dkr, sts]"
        )
    return tuple(listed) or cast("Any", value)


def _are_services(values: list[Any]) -> bool:
    return bool(values) and all(
        isinstance(value, str) and re.fullmatch(r"(?!com\.)[a-z0-9-]+(\.[a-z0-9-]+)*", value)
        for value in values
    )


class ExistingVpc(Area):
    """A VPC that somebody else owns; its subnets carry the role tags that the load balancer controller needs."""

    vpc_id: VpcId
    """Id of the VPC."""
    cidr: Cidr
    """Its primary IPv4 network."""
    availability_zones: tuple[AvailabilityZone, ...]
    """Zones to use, two or more."""
    private_subnet_ids: tuple[SubnetId, ...]
    """One private subnet per zone, in the order of the zones; nodes run here."""
    public_subnet_ids: tuple[SubnetId, ...] = ()
    """One public subnet per zone, in the order of the zones; an internet-facing load balancer needs them."""

    @rule("availability_zones")
    def _zones(self) -> Iterator[Fault]:
        yield from zone_faults(self.availability_zones)

    @rule("availability_zones", "private_subnet_ids")
    def _private_subnets(self) -> Iterator[Fault]:
        yield from self._per_zone("privateSubnetIds", self.private_subnet_ids)

    @rule("availability_zones", "public_subnet_ids")
    def _public_subnets(self) -> Iterator[Fault]:
        if self.public_subnet_ids:
            yield from self._per_zone("publicSubnetIds", self.public_subnet_ids)

    @rule("private_subnet_ids", "public_subnet_ids")
    def _subnets_are_distinct(self) -> Iterator[Fault]:
        seen: set[str] = set()
        for key, ids in (
            ("privateSubnetIds", self.private_subnet_ids),
            ("publicSubnetIds", self.public_subnet_ids),
        ):
            for index, subnet in enumerate(ids):
                if subnet in seen:
                    yield Fault(f"{key}[{index}]", f"names {subnet} a second time; each subnet has one place")
                seen.add(subnet)

    def _per_zone(self, key: str, ids: tuple[str, ...]) -> Iterator[Fault]:
        if len(ids) != len(self.availability_zones):
            yield Fault(
                key,
                f"has {len(ids)} subnets for {len(self.availability_zones)} zones; give one per entry of "
                "availabilityZones, in the same order",
            )


class Network(Area):
    """The VPC, its way out, and its endpoints. The S3 gateway endpoint is always made: it is free."""

    cidr: VpcCidr = "10.0.0.0/16"
    """IPv4 network of the new VPC. Changing it replaces everything."""
    availability_zones: tuple[AvailabilityZone, ...] = ()
    """Zones of the new VPC: two or more of the region, the reservation's among them. Required without
    `existing`. A zone can be added later without moving the others."""
    nat: Literal["single", "per-zone", "none"] = "single"
    """NAT gateways of the new VPC: one for all, one per zone, or no way to the internet at all. With `none`,
    every image must come from the registry of the account."""
    flow_logs: bool = False
    """Whether the new VPC's traffic is logged to CloudWatch Logs."""
    endpoints: Annotated[Literal["auto", "none"] | tuple[str, ...], BeforeValidator(_endpoints)] = "auto"
    """Interface endpoints: what the stack's shape needs (nothing where there is NAT), none, or exactly these
    services (`[ecr.api, ecr.dkr, sts]`). An existing VPC counts as one with NAT."""
    existing: Optional[ExistingVpc] = None
    """Use this VPC and create none."""

    @property
    def zones(self) -> tuple[str, ...]:
        """Names of the zones in use, in order."""
        return self.existing.availability_zones if self.existing else self.availability_zones

    @property
    def vpc_cidr(self) -> str:
        """IPv4 network of the VPC in use."""
        return self.existing.cidr if self.existing else self.cidr

    @property
    def has_nat(self) -> bool:
        """Whether nodes reach the internet; taken for granted in an existing VPC."""
        return self.existing is not None or self.nat != "none"

    @rule("existing", "availability_zones")
    def _zones(self) -> Iterator[Fault]:
        if self.existing is None:
            yield from zone_faults(self.availability_zones)

    @rule("existing")
    def _one_vpc(self) -> Iterator[Fault]:
        ours = {
            "cidr": "cidr",
            "availability_zones": "availabilityZones",
            "nat": "nat",
            "flow_logs": "flowLogs",
        }
        if self.existing is not None:
            for name in ours.keys() & self.model_fields_set:
                yield Fault(
                    ours[name], "describes a new VPC, but network.existing is given; leave one of them out"
                )

    @rule("nat", "endpoints", "existing")
    def _nodes_reach_aws(self) -> Iterator[Fault]:
        if self.existing is None and self.nat == "none" and self.endpoints == "none":
            yield Fault(
                "endpoints",
                "is none and network.nat is none as well, so nodes reach neither the cluster nor a registry; "
                "use auto, or give the VPC a NAT gateway",
            )


def zone_faults(zones: tuple[str, ...]) -> Iterator[Fault]:
    """What is wrong with the zones of one VPC, at the path ``availabilityZones``."""
    distinct = sorted(set(zones))
    if len(distinct) < 2:
        yield Fault(
            "availabilityZones",
            f"names {len(distinct)} distinct zones ({', '.join(distinct) or 'none'}); EKS and load balancers "
            "need two or more",
        )
    elif len(distinct) < len(zones):
        twice = next(zone for zone in zones if zones.count(zone) > 1)
        yield Fault("availabilityZones", f"names {twice} twice; give each zone once")
