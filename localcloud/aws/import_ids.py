"""The ids that ``pulumi import`` takes, where they are not the ids under which Pulumi keeps the resources.

The forms are those that the SDK's documentation of each type names under "Import".
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from localcloud.aws.rules.base import values_at
from localcloud.aws.store import Record, Store
from localcloud.providers.protocol import ProviderError

_DESTINATIONS = ("destinationCidrBlock", "destinationIpv6CidrBlock", "destinationPrefixListId")


class _Form(NamedTuple):
    expected: str
    """The form in words, for the error."""
    pattern: re.Pattern[str]
    matches: Callable[[Record, Mapping[str, str]], bool]
    """Whether a resource is the one with these parts."""


def find(store: Store, type_: str, id_: str) -> Record | None:
    """The resource that an id of either kind names; None when there is none. Raises when the id has no known form."""
    found = store.get(type_, id_)
    form = _FORMS.get(type_)
    if found is not None or form is None:
        return found
    parts = form.pattern.fullmatch(id_)
    if parts is None:
        raise ProviderError(f"unexpected format of ID ({id_}), expected {form.expected}")
    named = parts.groupdict(default="")
    return next((one for one in store.all(type_) if form.matches(one, named)), None)


def _form(expected: str, pattern: str, matches: Callable[[Record, Mapping[str, str]], bool]) -> _Form:
    return _Form(expected, re.compile(pattern), matches)


def _has(**properties: str) -> Callable[[Record, Mapping[str, str]], bool]:
    """The parts of the id are these properties."""
    return lambda record, parts: all(record.state.get(key) == parts[part] for part, key in properties.items())


def _route(record: Record, parts: Mapping[str, str]) -> bool:
    destinations = [record.state.get(key) for key in _DESTINATIONS]
    return record.state.get("routeTableId") == parts["table"] and parts["destination"] in destinations


def _association(record: Record, parts: Mapping[str, str]) -> bool:
    of = parts["of"]
    return record.state.get("routeTableId") == parts["table"] and of in (
        record.state.get("subnetId"),
        record.state.get("gatewayId"),
    )


def _old_rule(record: Record, parts: Mapping[str, str]) -> bool:
    state = record.state
    protocol = "-1" if parts["protocol"] == "all" else parts["protocol"]
    wanted = (parts["group"], parts["direction"], protocol, parts["from"], parts["to"])
    own = tuple(str(state.get(key)) for key in ("securityGroupId", "type", "protocol", "fromPort", "toPort"))
    return own == wanted and set(_peers(state)) == set(parts["peers"].split("_"))


def _peers(state: Mapping[str, Any]) -> list[str]:
    peers: list[str] = []
    for key in ("cidrBlocks", "ipv6CidrBlocks", "prefixListIds"):
        peers += values_at(dict(state), key)
    if state.get("sourceSecurityGroupId"):
        peers.append(str(state["sourceSecurityGroupId"]))
    return [*peers, "self"] if state.get("self") else peers


def _bucket_setting(record: Record, parts: Mapping[str, str]) -> bool:
    return record.id == parts["bucket"]


_BUCKET_AND_OWNER = _form(
    "BUCKET or BUCKET,OWNER", r"(?P<bucket>[^,]+)(,(?P<owner>\d{12}))?", _bucket_setting
)
_OBJECT = _form(
    "BUCKET/KEY or s3://BUCKET/KEY",
    r"(s3://)?(?P<bucket>[^/]+)/(?P<key>.+)",
    lambda record, parts: record.id == f"{parts['bucket']}/{parts['key']}",
)

_FORMS: dict[str, _Form] = {
    "aws:autoscaling/schedule:Schedule": _form(
        "ASG-NAME/ACTION-NAME",
        r"(?P<group>.+)/(?P<action>[^/]+)",
        _has(group="autoscalingGroupName", action="scheduledActionName"),
    ),
    "aws:ec2/route:Route": _form(
        "ROUTETABLEID_DESTINATION", r"(?P<table>rtb-[^_]+)_(?P<destination>[^_]+)", _route
    ),
    "aws:ec2/routeTableAssociation:RouteTableAssociation": _form(
        "SUBNETID/ROUTETABLEID or GATEWAYID/ROUTETABLEID",
        r"(?P<of>[^/]+)/(?P<table>rtb-[^/]+)",
        _association,
    ),
    "aws:ec2/securityGroupRule:SecurityGroupRule": _form(
        "SECURITYGROUPID_TYPE_PROTOCOL_FROMPORT_TOPORT_SOURCE[_SOURCE]*",
        r"(?P<group>sg-[^_]+)_(?P<direction>ingress|egress)_(?P<protocol>[^_]+)_(?P<from>-?\d+)_(?P<to>-?\d+)_(?P<peers>.+)",
        _old_rule,
    ),
    "aws:ec2/vpcEndpointRouteTableAssociation:VpcEndpointRouteTableAssociation": _form(
        "VPCENDPOINTID/ROUTETABLEID",
        r"(?P<endpoint>vpce-[^/]+)/(?P<table>rtb-[^/]+)",
        _has(endpoint="vpcEndpointId", table="routeTableId"),
    ),
    "aws:ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation": _form(
        "ASSOCIATIONID, ASSOCIATIONID,POOLID or ASSOCIATIONID,POOLID,NETMASKLENGTH",
        r"(?P<id>vpc-cidr-assoc-[^,]+)(,.*)?",
        lambda record, parts: record.id == parts["id"],
    ),
    "aws:eks/podIdentityAssociation:PodIdentityAssociation": _form(
        "CLUSTERNAME,ASSOCIATIONID",
        r"(?P<cluster>[^,]+),(?P<association>a-[^,]+)",
        _has(cluster="clusterName", association="associationId"),
    ),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": _BUCKET_AND_OWNER,
    "aws:s3/bucketLogging:BucketLogging": _BUCKET_AND_OWNER,
    "aws:s3/bucketObject:BucketObject": _OBJECT,
    "aws:s3/bucketObjectv2:BucketObjectv2": _OBJECT,
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": _BUCKET_AND_OWNER,
    "aws:s3/bucketVersioning:BucketVersioning": _BUCKET_AND_OWNER,
}

NOT_IMPORTABLE = frozenset({"aws:acm/certificateValidation:CertificateValidation"})
"""Types that the provider cannot import: there is no such thing in AWS."""
