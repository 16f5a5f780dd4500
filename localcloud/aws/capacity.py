"""Whether EC2 has the instances that a node group asks for: offerings, reservations, blocks and quotas."""

import dataclasses
from typing import Any

from components.instance_types import INSTANCE_TYPES
from localcloud.aws.errors import AwsError
from localcloud.aws.rules.base import Call, text
from localcloud.aws.rules.launch import CAPACITY_RESERVATION, GROUP_MEMBER, RESOURCE_GROUP
from localcloud.aws.rules.network import INSTANCE
from localcloud.aws.store import Record
from localcloud.kube.fields import at
from localcloud.providers.protocol import Properties


@dataclasses.dataclass(frozen=True)
class Launch:
    """A launch of instances of one type."""

    instance_types: tuple[str, ...]
    zones: tuple[str, ...]
    """Zones of the subnets, in the order in which instances are placed."""
    reservation_id: str = ""
    reservation_group: str = ""
    market_type: str = ""
    capacity_type: str = "ON_DEMAND"
    """The node group's: ``ON_DEMAND``, ``SPOT`` or ``CAPACITY_BLOCK``."""


def launch_of(
    template: Properties, instance_types: list[str], zones: list[str], capacity_type: str = "ON_DEMAND"
) -> Launch:
    """What a node group with this launch template data asks EC2 for."""
    target = at(template, "capacityReservationSpecification", "capacityReservationTarget")
    return Launch(
        tuple(instance_types),
        tuple(zones),
        text(target.get("capacityReservationId")),
        text(target.get("capacityReservationResourceGroupArn")),
        text(at(template, "instanceMarketOptions").get("marketType")),
        capacity_type,
    )


def place(call: Call, launch: Launch, count: int) -> list[tuple[str, str, str]]:
    """Type, zone and reservation of each of ``count`` instances; raises EC2's refusal."""
    for name in launch.instance_types:
        if name not in INSTANCE_TYPES:
            raise AwsError(
                "InvalidParameterValue",
                f"Invalid value '{name}' for InstanceType: the local cloud's table of instance types "
                "(components/instance_types.py) does not have it.",
            )
    placed: list[tuple[str, str, str]] = []
    for index in range(count):
        placed.append(_place_one(call, launch, index, placed))
    _check_quotas(call, launch, placed)
    return placed


def check_reservation(call: Call, launch: Launch) -> None:
    """Raise EC2's refusal of a reservation, without launching: it exists and is of the launch's kind."""
    for reservation in _reservations(call, launch):
        if launch.capacity_type == "SPOT":
            raise _failed(
                "InvalidParameterCombination",
                f"Spot Instances cannot be launched into a capacity reservation: {reservation.id} is for On-Demand "
                "Instances.",
            )
        block = reservation.state.get("kind") == "capacity-block"
        if block and launch.market_type != "capacity-block":
            raise _failed(
                "InvalidParameterCombination",
                f"{reservation.id} is a Capacity Block: the launch template needs the market type capacity-block.",
            )
        if not block and launch.market_type == "capacity-block":
            raise _failed(
                "InvalidParameterCombination",
                f"{reservation.id} is no Capacity Block: the market type capacity-block does not go with it.",
            )


def _place_one(
    call: Call, launch: Launch, index: int, placed: list[tuple[str, str, str]]
) -> tuple[str, str, str]:
    if launch.reservation_id or launch.reservation_group:
        return _place_reserved(call, launch, placed)
    offered = [
        (name, zone)
        for name in launch.instance_types
        for zone in launch.zones[index % len(launch.zones) :] + launch.zones[: index % len(launch.zones)]
        if zone in call.account.zones_of(name)
    ]
    if not offered:
        name = launch.instance_types[0]
        raise _failed(
            "Unsupported",
            f"Your requested instance type ({name}) is not supported in your requested Availability Zone "
            f"({', '.join(dict.fromkeys(launch.zones))}). Please retry your request by not specifying an Availability "
            f"Zone or choosing {', '.join(call.account.zones_of(name)) or 'another region'}.",
        )
    for name, zone in offered:
        if free_capacity(call, name, zone, placed) > 0:
            return name, zone, ""
    name, zone = offered[0]
    raise _failed(
        "InsufficientInstanceCapacity",
        f"We currently do not have sufficient {name} capacity in the Availability Zone you requested ({zone}). "
        "Our system will be working on provisioning additional capacity.",
    )


def free_capacity(call: Call, name: str, zone: str, placed: list[tuple[str, str, str]]) -> float:
    """Instances of a type that EC2 can still start in a zone without a reservation; infinite by default."""
    limit = call.account.free_capacity.get(name, {}).get(zone)
    if limit is None:
        return float("inf")
    running = call.store.find(INSTANCE, instanceType=name, availabilityZone=zone)
    taken = sum(1 for one in running if not one.state.get("capacityReservationId"))
    return limit - taken - sum(1 for one in placed if one == (name, zone, ""))


def _place_reserved(call: Call, launch: Launch, placed: list[tuple[str, str, str]]) -> tuple[str, str, str]:
    check_reservation(call, launch)
    notes: list[str] = []
    for reservation in _reservations(call, launch):
        state = reservation.state
        taken = int(state.get("inUse") or 0) + len(
            call.store.find(INSTANCE, capacityReservationId=reservation.id)
        )
        taken += sum(1 for _, _, id_ in placed if id_ == reservation.id)
        type_, zone = text(state.get("instanceType")), text(state.get("availabilityZone"))
        total = int(state.get("instanceCount") or 0)
        if (
            state.get("status") == "active"
            and type_ in launch.instance_types
            and zone in launch.zones
            and taken < total
        ):
            return type_, zone, reservation.id
        notes.append(
            f"{reservation.id} is {state.get('status')}: {type_} in {zone}, {total - taken} of {total} free"
        )
    raise _failed(
        "ReservationCapacityExceeded",
        "The requested reservation does not have sufficient compatible and available capacity for this request. "
        f"(asked for {' or '.join(launch.instance_types)} in {', '.join(launch.zones)}; {'; '.join(notes)})",
    )


def _reservations(call: Call, launch: Launch) -> list[Record]:
    if launch.reservation_id:
        found = call.store.get(CAPACITY_RESERVATION, launch.reservation_id)
        if found is None:
            raise _failed(
                "InvalidCapacityReservationId.NotFound",
                f"The capacity reservation ID '{launch.reservation_id}' does not exist",
            )
        return [found]
    if not launch.reservation_group:
        return []
    groups = call.store.find(RESOURCE_GROUP, arn=launch.reservation_group)
    if not groups:
        raise _failed(
            "InvalidParameterValue", f"The resource group '{launch.reservation_group}' does not exist"
        )
    members: list[Any] = list(groups[0].state.get("reservations") or [])
    members += [
        text(one.state.get("resourceArn")).rsplit("/", 1)[-1]
        for one in call.store.find(GROUP_MEMBER, groupArn=launch.reservation_group)
    ]
    found_all = [call.store.get(CAPACITY_RESERVATION, id_) for id_ in members]
    return [one for one in found_all if one]


def _check_quotas(call: Call, launch: Launch, placed: list[tuple[str, str, str]]) -> None:
    if launch.market_type == "capacity-block":
        return
    spot = launch.capacity_type == "SPOT"
    running = [
        text(one.state.get("instanceType"))
        for one in call.store.all(INSTANCE)
        if (text(one.state.get("capacityType")) == "SPOT") == spot
        and text(one.state.get("capacityType")) != "CAPACITY_BLOCK"
    ]
    for family in ("p", "g", "standard"):
        wanted = [name for name, _, _ in placed if family_of(name) == family]
        used = [name for name in running if name in INSTANCE_TYPES and family_of(name) == family]
        limit: int = getattr(call.account.quotas, f"{family}_{'spot_' if spot else ''}vcpus")
        if wanted and sum(INSTANCE_TYPES[name].vcpus for name in [*wanted, *used]) > limit:
            if spot:
                raise _failed("MaxSpotInstanceCountExceeded", "Max spot instance count exceeded")
            raise _failed(
                "VcpuLimitExceeded",
                f"You have requested more vCPU capacity than your current vCPU limit of {limit} allows for the "
                "instance bucket that the specified instance type belongs to. Please visit "
                "http://aws.amazon.com/contact-us/ec2-request to request an adjustment to this limit.",
            )


def family_of(name: str) -> str:
    """Which vCPU quota an instance type counts against: that of ``p``, ``g`` or ``standard`` instances."""
    return name[0] if name[0] in ("p", "g") else "standard"


def _failed(code: str, message: str) -> AwsError:
    return AwsError("AsgInstanceLaunchFailures", f"Could not launch On-Demand Instances. {code} - {message}")
