"""Resource groups: those that pool capacity reservations."""

from localcloud.api.beside.registry import Arguments, answers, prepares, refused
from localcloud.api.libraries import module
from localcloud.api.mirrors.base import tags_of
from localcloud.api.world import World
from localcloud.aws.rules.launch import CAPACITY_RESERVATION, GROUP_MEMBER, RESOURCE_GROUP
from localcloud.aws.store import Record

_RESERVATION_TYPE = "AWS::EC2::CapacityReservation"
_POOL = [
    {
        "Type": "AWS::ResourceGroups::Generic",
        "Parameters": [{"Name": "allowed-resource-types", "Values": [_RESERVATION_TYPE]}],
    },
    {"Type": "AWS::EC2::CapacityReservationPool"},
]


@prepares
def route(world: World) -> None:
    """moto lets no path of ListGroupResources in."""
    del world
    urls = module("moto.resourcegroups.urls")
    for path in ("/list-group-resources$",):
        urls.url_paths.setdefault(
            "{0}" + path, module("moto.resourcegroups.responses").ResourceGroupsResponse.dispatch
        )


@answers("resource-groups", "ListGroups")
def list_groups(world: World, given: Arguments) -> Arguments:
    """Every group of the account."""
    del given
    groups = [_short(one) for one in world.store.all(RESOURCE_GROUP)]
    identifiers = [{"GroupName": one["Name"], "GroupArn": one["GroupArn"]} for one in groups]
    return {"GroupIdentifiers": identifiers, "Groups": groups}


@answers("resource-groups", "GetGroup")
def get_group(world: World, given: Arguments) -> Arguments:
    """One group."""
    return {"Group": _short(_group(world, given))}


@answers("resource-groups", "GetTags")
def get_tags(world: World, given: Arguments) -> Arguments:
    """A group's tags."""
    group = _group(world, given)
    return {"Arn": group.state["arn"], "Tags": tags_of(group)}


@answers("resource-groups", "GetGroupConfiguration")
def get_group_configuration(world: World, given: Arguments) -> Arguments:
    """A group's configuration: a pool of capacity reservations."""
    _group(world, given)
    return {"GroupConfiguration": {"Configuration": _POOL, "Status": "UPDATE_COMPLETE"}}


@answers("resource-groups", "ListGroupResources")
def list_group_resources(world: World, given: Arguments) -> Arguments:
    """The reservations in a group."""
    group = _group(world, given)
    ids: list[str] = list(group.state.get("reservations") or [])
    records = [world.store.get(CAPACITY_RESERVATION, id_) for id_ in ids]
    arns = [str(one.state["arn"]) for one in records if one]
    arns += [
        str(one.state["resourceArn"])
        for one in world.store.find(GROUP_MEMBER, groupArn=group.state["arn"])
        if one.state.get("resourceArn") not in arns
    ]
    found = [{"ResourceArn": arn, "ResourceType": _RESERVATION_TYPE} for arn in arns]
    return {
        "Resources": [{"Identifier": one} for one in found],
        "ResourceIdentifiers": found,
        "QueryErrors": [],
    }


def _group(world: World, given: Arguments) -> Record:
    wanted = str(given.get("Group") or given.get("GroupName") or given.get("Arn") or "")
    for one in world.store.all(RESOURCE_GROUP):
        if wanted in (one.state.get("name"), one.state.get("arn")):
            return one
    raise refused("NotFoundException", f"Cannot find group: {wanted}")


def _short(record: Record) -> Arguments:
    return {
        "GroupArn": record.state["arn"],
        "Name": record.state["name"],
        "Description": record.state.get("description") or "",
    }
