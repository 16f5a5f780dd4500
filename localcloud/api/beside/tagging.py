"""The Resource Groups Tagging API over the whole account: moto knows the tags of some types only."""

from collections.abc import Iterator
from typing import Any

from localcloud.api.beside.registry import prepares
from localcloud.api.libraries import module
from localcloud.api.mirrors.base import tags_of
from localcloud.api.world import World
from localcloud.aws.store import Record

_NOT_LISTED = ("aws:iam/role:Role", "aws:iam/user:User", "aws:iam/group:Group")
"""Types whose tags the real API does not list either: ask IAM."""

# Types whose record has no ARN, and the resource part of the real one.
_ARNS = {
    "aws:ec2/natGateway:NatGateway": "natgateway/{}",
    "aws:ec2/instance:Instance": "instance/{}",
    "aws:ec2/networkInterface:NetworkInterface": "network-interface/{}",
    "aws:ebs/volume:Volume": "volume/{}",
}


def arn_of(world: World, record: Record) -> str:
    """A record's ARN; empty where its type has none."""
    state = record.state
    told = state.get("arn") or state.get("accessEntryArn") or state.get("associationArn")
    if told or record.type not in _ARNS:
        return str(told or "")
    account = world.account
    place = f"arn:{account.partition}:ec2:{account.region}:{account.account_id}"
    return f"{place}:{_ARNS[record.type].format(record.id)}"


@prepares
def list_everything(world: World) -> None:
    """GetResources, GetTagKeys and GetTagValues read these resources."""
    models = module("moto.resourcegroupstaggingapi.models")
    tagging = module("moto.core.resource_tagging")

    def resources(
        self: Any,
        tag_filters: Any = None,
        resource_type_filters: Any = None,
        resource_arn_list: Any = None,
    ) -> Iterator[Any]:
        del self
        matches = tagging.make_tag_matcher(tag_filters)
        for one in _tagged(world):
            if (
                tagging.match_resource_type(one.resource_type, resource_type_filters)
                and matches(one.tags)
                and (not resource_arn_list or one.arn in resource_arn_list)
            ):
                yield one

    def keys(self: Any) -> Iterator[str]:
        del self
        return iter(dict.fromkeys(key for one in _tagged(world) for key in one.tags))

    def values(self: Any, tag_key: str) -> Iterator[str]:
        del self
        return iter(dict.fromkeys(one.tags[tag_key] for one in _tagged(world) if tag_key in one.tags))

    backend = models.ResourceGroupsTaggingAPIBackend
    backend._get_resources_generator = resources
    backend._get_tag_keys_generator = keys
    backend._get_tag_values_generator = values


def _tagged(world: World) -> Iterator[Any]:
    """Every tagged resource: the account's records, then what users made past any program."""
    tagging = module("moto.core.resource_tagging")
    listed: set[str] = set()
    for record in world.store.everything():
        arn, tags = arn_of(world, record), tags_of(record)
        listed |= {arn, record.id}
        if arn and tags and record.type not in _NOT_LISTED:
            yield tagging.TaggedResource(arn=arn, tags=tags, resource_type=_kind(arn))
    account = world.account
    for backend in tagging.iter_taggable_backends(account.account_id, account.region):
        for one in backend.iter_tagged_resources():
            if one.tags and one.arn not in listed and one.arn.rsplit("/", 1)[-1] not in listed:
                yield one


def _kind(arn: str) -> str:
    """Resource type of an ARN, as filters name it: ``ec2:instance``, and ``s3`` where the ARN names none."""
    _, _, service, _, _, resource = arn.split(":", 5)
    kind = resource.replace(":", "/").partition("/")[0] if "/" in resource or ":" in resource else ""
    return f"{service}:{kind}" if kind else service
