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


def launch_of(template: Properties, instance_types: list[str], zones: list[str]) -> Launch:
    """What a node group with this launch template data asks EC2 for."""
    target = at(template, "capacityReservationSpecification", "capacityReservationTarget")
    return Launch(
        tuple(instance_types),
        tuple(zones),
        text(target.get("capacityReservationId")),
        text(target.get("capacityReservationResourceGroupArn")),
        text(at(template, "instanceMarketOptions").get("marketType")),
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
    options = [
        (name, zone)
        for name in launch.instance_types
        for zone in launch.zones[index % len(launch.zones) :] + launch.zones[: index % len(launch.zones)]
        if zone in call.account.zones_of(name)
    ]
    if not options:
        raise _failed(
            "InsufficientInstanceCapacity",
            f"We currently do not have sufficient {launch.instance_types[0]} capacity in the Availability Zone "
            f"you requested ({', '.join(launch.zones)}).",
        )
    return (*options[0], "")


def _place_reserved(call: Call, launch: Launch, placed: list[tuple[str, str, str]]) -> tuple[str, str, str]:
    check_reservation(call, launch)
    notes: list[str] = []
    for reservation in _reservations(call, launch):
        state = reservation.state
        taken = len(call.store.find(INSTANCE, capacityReservationId=reservation.id))
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
    quotas = call.account.quotas
    running = [text(one.state.get("instanceType")) for one in call.store.all(INSTANCE)]
    for accelerated, limit in ((True, quotas.gpu_vcpus), (False, quotas.standard_vcpus)):
        wanted = [name for name, _, _ in placed if bool(INSTANCE_TYPES[name].gpus) == accelerated]
        used = [
            name
            for name in running
            if name in INSTANCE_TYPES and bool(INSTANCE_TYPES[name].gpus) == accelerated
        ]
        if wanted and sum(INSTANCE_TYPES[name].vcpus for name in [*wanted, *used]) > limit:
            raise _failed(
                "VcpuLimitExceeded",
                f"You have requested more vCPU capacity than your current vCPU limit of {limit} allows for the "
                "instance bucket that the specified instance type belongs to. Please visit "
                "http://aws.amazon.com/contact-us/ec2-request to request an adjustment to this limit.",
            )


def _failed(code: str, message: str) -> AwsError:
    return AwsError("AsgInstanceLaunchFailures", f"Could not launch On-Demand Instances. {code} - {message}")
