"""The account of the cases: full where a refusal is tried, with room where its neighbour is."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from tests.engine.programs.refusals.cases.documents import ACCOUNT, ADMIN, ROOT

_LINKED = "aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"


def _key(number: int, region: str = "us-east-2") -> str:
    return f"arn:aws:kms:{region}:{ACCOUNT}:key/00000000-0000-0000-0000-{number:012}"


KEY, DISABLED_KEY, PENDING_KEY, DENYING_KEY, LOGS_KEY, VOLUME_KEY = (_key(number) for number in range(1, 7))
ELSEWHERE_KEY = _key(7, "us-west-2")
"""A key of another region."""


def reservation(number: int) -> str:
    """Id of a capacity reservation of the account."""
    return f"cr-{number:017}"


(
    RESERVED,
    EXHAUSTED,
    EXPIRED,
    SCHEDULED,
    CANCELLED,
    OTHER_ZONE,
    OTHER_TYPE,
    BLOCK,
    LATER_BLOCK,
    POOLED,
    FULL,
) = (reservation(number) for number in range(1, 12))
POOL, EMPTY_POOL = (
    f"arn:aws:resource-groups:us-east-2:{ACCOUNT}:group/{name}" for name in ("pooled", "empty")
)

_RESERVATIONS: tuple[dict[str, Any], ...] = (
    {"id": RESERVED, "count": 2},
    {"id": EXHAUSTED, "count": 1, "inUse": 1},
    {"id": EXPIRED, "count": 1, "state": "expired"},
    {"id": SCHEDULED, "count": 1, "state": "scheduled"},
    {"id": CANCELLED, "count": 1, "state": "cancelled"},
    {"id": OTHER_ZONE, "count": 1, "zone": "us-east-2b"},
    {"id": OTHER_TYPE, "count": 1, "instanceType": "p5.48xlarge"},
    {"id": BLOCK, "count": 1, "kind": "capacity-block"},
    {"id": LATER_BLOCK, "count": 1, "kind": "capacity-block", "state": "scheduled"},
    {"id": POOLED, "count": 1},
    {"id": FULL, "count": 1},
)

_GROUP = "aws:ec2/securityGroup:SecurityGroup"
_COUNTED = {
    "vpcs": "aws:ec2/vpc:Vpc",
    "internetGateways": "aws:ec2/internetGateway:InternetGateway",
    "elasticIps": "aws:ec2/eip:Eip",
    "securityGroups": _GROUP,
    "roles": "aws:iam/role:Role",
    "oidcProviders": "aws:iam/openIdConnectProvider:OpenIdConnectProvider",
    "buckets": "aws:s3/bucket:Bucket",
    "kmsKeys": "aws:kms/key:Key",
    "nodeGroupsPerCluster": "aws:eks/nodeGroup:NodeGroup",
    "loadBalancers": "aws:lb/loadBalancer:LoadBalancer",
}
"""Quotas that the ground of the cases fills, and what they count."""

_ROLES = ["Admin", "PlatformEngineer", "Reader", "Operator", "Auditor"]
_ROOM = 1000


def account(ground: Iterable[str] | None) -> dict[str, Any]:
    """The account file; full as soon as resources of these types are there, or with room when it is None."""
    return {
        "accountId": ACCOUNT,
        "region": "us-east-2",
        "zones": [
            {"name": f"us-east-2{letter}", "id": f"use2-az{number}", "eks": letter != "d" or ground is None}
            for number, letter in enumerate("abcd", 1)
        ],
        "capacityReservations": [
            {"kind": "odcr", "instanceType": "p5.4xlarge", "zone": "us-east-2a", **one}
            for one in _RESERVATIONS
        ],
        "reservationGroups": [
            {"name": "pooled", "reservations": [POOLED]},
            {"name": "empty", "reservations": []},
        ],
        "hostedZones": [{"id": "Z0123456789ABCDEFGHIJ", "name": "example.com"}],
        "certificates": [
            {
                "arn": f"arn:aws:acm:us-east-2:{ACCOUNT}:certificate/01234567-89ab-cdef-0123-456789abcdef",
                "names": ["*.example.com"],
            }
        ],
        "roles": _ROLES,
        "keys": _keys(),
        "takenBucketNames": ["models"],
        "instanceOfferings": {"g6.2xlarge": ["us-east-2b"]},
        "freeCapacity": {"g6e.xlarge": {"us-east-2a": 0 if ground is not None else 1}},
        "quotas": _quotas(ground),
    }


def _quotas(ground: Iterable[str] | None) -> dict[str, int]:
    if ground is None:
        roomy = dict.fromkeys(
            (*_COUNTED, "subnetsPerVpc", "natGatewaysPerZone", "interfaceEndpointsPerVpc", "policiesPerRole"),
            _ROOM,
        )
        vcpus = dict.fromkeys(("pVcpus", "gVcpus", "standardVcpus", "gSpotVcpus"), _ROOM)
        return {**roomy, **vcpus, "rulesPerSecurityGroup": 4, "nodesPerNodeGroup": 20}
    types = Counter(ground)
    full = {quota: types[type_] for quota, type_ in _COUNTED.items()}
    return {
        **full,
        # Besides the ground's: EKS's own group, the account file's roles and its keys.
        "securityGroups": types[_GROUP] + 1,
        "roles": full["roles"] + len(_ROLES),
        "kmsKeys": full["kmsKeys"] + len(_keys()),
        "subnetsPerVpc": 7,
        "natGatewaysPerZone": 1,
        "interfaceEndpointsPerVpc": 1,
        "policiesPerRole": 2,
        "rulesPerSecurityGroup": 3,
        "pVcpus": 15,
        "gVcpus": 3,
        "standardVcpus": 1,
        "gSpotVcpus": 3,
        "nodesPerNodeGroup": 20,
    }


def _keys() -> list[Any]:
    def allowing(*principals: dict[str, Any]) -> dict[str, Any]:
        statements = [
            {"Effect": "Allow", "Action": "kms:*", "Resource": "*", "Principal": one} for one in principals
        ]
        return {"Version": "2012-10-17", "Statement": statements}

    root = {"AWS": ROOT}
    return [
        KEY,
        {"arn": DISABLED_KEY, "state": "disabled"},
        {"arn": PENDING_KEY, "state": "pending-deletion"},
        {"arn": DENYING_KEY, "policy": allowing({"AWS": ADMIN})},
        {"arn": LOGS_KEY, "policy": allowing(root, {"Service": "logs.us-east-2.amazonaws.com"})},
        {"arn": VOLUME_KEY, "policy": allowing(root, {"AWS": f"arn:aws:iam::{ACCOUNT}:role/{_LINKED}"})},
    ]
