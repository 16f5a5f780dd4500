"""EC2's capacity reservations and Capacity Blocks, and its account attributes: moto has none, or fixed ones."""

import fnmatch
from collections.abc import Callable
from typing import Any

from localcloud.api.beside.registry import Arguments, answers, refused
from localcloud.api.mirrors.base import tags_of
from localcloud.api.world import World
from localcloud.aws.rules.launch import CAPACITY_RESERVATION
from localcloud.aws.rules.network import INSTANCE
from localcloud.aws.store import Record
from localcloud.kube.fields import each

_BLOCK = "capacity-block"
_STARTED = "2026-01-01T00:00:00Z"

_FILTERS: dict[str, Callable[[dict[str, Any]], str]] = {
    "availability-zone": lambda one: one["AvailabilityZone"],
    "availability-zone-id": lambda one: one["AvailabilityZoneId"],
    "capacity-reservation-id": lambda one: one["CapacityReservationId"],
    "instance-match-criteria": lambda one: one["InstanceMatchCriteria"],
    "instance-type": lambda one: one["InstanceType"],
    "owner-id": lambda one: one["OwnerId"],
    "reservation-type": lambda one: one["ReservationType"],
    "state": lambda one: one["State"],
    "tenancy": lambda one: one["Tenancy"],
}


@answers("ec2", "DescribeCapacityReservations")
def describe_capacity_reservations(world: World, given: Arguments) -> Arguments:
    """The reservations of the account, with what is free of each."""
    wanted: list[str] = given.get("CapacityReservationIds") or []
    found = {one.id: _described(world, one) for one in world.store.all(CAPACITY_RESERVATION)}
    for id_ in wanted:
        if id_ not in found:
            raise refused(
                "InvalidCapacityReservationId.NotFound", f"The capacity reservation ID '{id_}' does not exist"
            )
    rows = [one for id_, one in found.items() if not wanted or id_ in wanted]
    for condition in each(given, "Filters"):
        rows = [one for one in rows if _matches(one, condition)]
    return {"CapacityReservations": rows}


def _matches(row: Arguments, condition: Arguments) -> bool:
    name: str = condition["Name"]
    values: list[str] = condition.get("Values") or []
    if name.startswith("tag:"):
        texts = [tag["Value"] for tag in row["Tags"] if tag["Key"] == name.removeprefix("tag:")]
    elif name == "tag-key":
        texts = [tag["Key"] for tag in row["Tags"]]
    elif name in _FILTERS:
        texts = [_FILTERS[name](row)]
    else:
        raise refused("InvalidParameterValue", f"The filter '{name}' is invalid")
    return any(fnmatch.fnmatchcase(text, value) for text in texts for value in values)


def _described(world: World, record: Record) -> Arguments:
    state = record.state
    zone = state["availabilityZone"]
    block = state.get("kind") == _BLOCK
    total, status = int(state["instanceCount"]), state["status"]
    used = int(state.get("inUse") or 0) + len(world.store.find(INSTANCE, capacityReservationId=record.id))
    zone_ids = {one.name: one.id for one in world.account.zones}
    row: Arguments = {
        "CapacityReservationId": record.id,
        "CapacityReservationArn": state["arn"],
        "OwnerId": world.account.account_id,
        "AvailabilityZone": zone,
        "AvailabilityZoneId": zone_ids.get(zone, ""),
        "InstanceType": state["instanceType"],
        "InstancePlatform": "Linux/UNIX",
        "Tenancy": "default",
        "TotalInstanceCount": total,
        "AvailableInstanceCount": max(0, total - used) if status == "active" else 0,
        "EbsOptimized": False,
        "EphemeralStorage": False,
        "State": status,
        "StartDate": _STARTED,
        "CreateDate": _STARTED,
        "EndDateType": "limited" if block else "unlimited",
        "InstanceMatchCriteria": state["instanceMatchCriteria"],
        "ReservationType": _BLOCK if block else "default",
        "Tags": [{"Key": key, "Value": value} for key, value in tags_of(record).items()],
    }
    return row


@answers("ec2", "DescribeAccountAttributes")
def describe_account_attributes(world: World, given: Arguments) -> Arguments:
    """What the account's quotas and its lack of a default VPC come to."""
    quotas = world.account.quotas
    values = {
        "supported-platforms": "VPC",
        "default-vpc": "none",
        "max-instances": "20",
        "vpc-max-security-groups-per-interface": "5",
        "max-elastic-ips": str(quotas.elastic_ips),
        "vpc-max-elastic-ips": str(quotas.elastic_ips),
    }
    wanted: list[str] = given.get("AttributeNames") or list(values)
    return {
        "AccountAttributes": [
            {"AttributeName": name, "AttributeValues": [{"AttributeValue": values[name]}]}
            for name in wanted
            if name in values
        ]
    }
