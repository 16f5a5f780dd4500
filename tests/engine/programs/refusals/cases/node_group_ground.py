"""What the cases about node groups rest on: launch templates, a node group, and inputs to change."""

import base64
from typing import Any

from tests.engine.programs.refusals.cases import account
from tests.engine.programs.refusals.cases.case import Case, Ref, Resource, create, merged
from tests.engine.programs.refusals.cases.documents import ACCOUNT

NODE_GROUP = "aws:eks/nodeGroup:NodeGroup"
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
PLACEMENT = "aws:ec2/placementGroup:PlacementGroup"
RESERVATION = "aws:ec2/capacityReservation:CapacityReservation"
RESOURCE_GROUP = "aws:resourcegroups/group:Group"
MEMBER = "aws:resourcegroups/resource:Resource"
SCHEDULE = "aws:autoscaling/schedule:Schedule"
GROUP = "aws:ec2/securityGroup:SecurityGroup"

INVALID = "InvalidParameterException"
REQUEST = "InvalidRequestException"
LAUNCH = "AsgInstanceLaunchFailures"
EXCEEDED = (
    "The requested reservation does not have sufficient compatible and available capacity for this request."
)


def sizes(desired: int, least: int = 0, most: int = 5) -> dict[str, Any]:
    return {"scalingConfig": {"desiredSize": desired, "minSize": least, "maxSize": most}}


def template(name: str, version: str = "1") -> dict[str, Any]:
    """A scaling configuration."""
    return {"launchTemplate": {"name": name, "version": version}}


def _data(name: str, **data: Any) -> Resource:
    """A launch template of the ground, and its version."""
    return Resource(f"template-{name}", TEMPLATE, {"name": name, **data})


def target(id_: Any) -> dict[str, Any]:
    return {"capacityReservationSpecification": {"capacityReservationTarget": {"capacityReservationId": id_}}}


def _pool(arn: str) -> dict[str, Any]:
    """Launch template data for a reservation."""
    target = {"capacityReservationResourceGroupArn": arn}
    return {"capacityReservationSpecification": {"capacityReservationTarget": target}}


def _script(text: str) -> dict[str, str]:
    return {"userData": base64.b64encode(text.encode()).decode()}


def _volume(key: str) -> dict[str, Any]:
    ebs = {"volumeSize": 100, "encrypted": "true", "kmsKeyId": key}
    return {"blockDeviceMappings": [{"deviceName": "/dev/xvda", "ebs": ebs}]}


def _interfaces(*kinds: str, **more: Any) -> dict[str, Any]:
    return {
        "networkInterfaces": [
            {"networkCardIndex": card, "deviceIndex": min(card, 1), "interfaceType": kind, **more}
            for card, kind in enumerate(kinds)
        ]
    }


_BLOCK_MARKET = {"instanceMarketOptions": {"marketType": "capacity-block"}}
_MIME = (
    "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=B\n\n"
    "--B\nContent-Type: text/x-shellscript\n\n#!/bin/sh\n--B--\n"
)

_TEMPLATES = (
    _data("plain"),
    _data("typed", instanceType="m7i.large"),
    _data("profiled", iamInstanceProfile={"name": "x"}),
    _data("imaged", imageId="ami-00000000000000001"),
    _data("spot", instanceMarketOptions={"marketType": "spot"}),
    _data("with-subnet", networkInterfaces=[{"deviceIndex": 0, "subnetId": Ref("subnet-a")}]),
    _data("with-group", vpcSecurityGroupIds=[Ref("group")]),
    _data("other-vpcs-group", vpcSecurityGroupIds=[Ref("other-group")]),
    _data("missing-group", vpcSecurityGroupIds=["sg-00000000000000000"]),
    _data("script", **_script("#!/bin/sh\n")),
    _data("mime", **_script(_MIME)),
    _data("toml", **_script('[settings.kubernetes]\nmax-pods = 29\n')),
    _data("encrypted", **_volume(account.KEY)),
    _data("encrypted-for-asg", **_volume(account.VOLUME_KEY)),
    _data("one-card", **_interfaces("interface")),
    _data("two-cards", **_interfaces("interface", "interface")),
    _data("one-public", **_interfaces("interface", associatePublicIpAddress="true")),
    _data("two-public", **_interfaces("interface", "interface", associatePublicIpAddress="true")),
    _data("efa", **_interfaces("efa")),
    _data("efa-only", **_interfaces("efa-only")),
    _data("block", instanceType="p5.4xlarge", **_BLOCK_MARKET, **target(account.BLOCK)),
    _data("later-block", instanceType="p5.4xlarge", **_BLOCK_MARKET, **target(account.LATER_BLOCK)),
    _data("block-untyped", **_BLOCK_MARKET, **target(account.BLOCK)),
    _data("block-on-odcr", instanceType="p5.4xlarge", **_BLOCK_MARKET, **target(account.RESERVED)),
    *(
        _data(f"on-{name}", **target(id_))
        for name, id_ in (
            ("reserved", account.RESERVED), ("exhausted", account.EXHAUSTED), ("expired", account.EXPIRED),
            ("scheduled", account.SCHEDULED), ("cancelled", account.CANCELLED), ("other-zone", account.OTHER_ZONE),
            ("other-type", account.OTHER_TYPE), ("block", account.BLOCK), ("none", "cr-00000000000000099"),
            ("full", account.FULL),
        )
    ),
    _data("on-pool", **_pool(account.POOL)),
    _data("on-empty-pool", **_pool(account.EMPTY_POOL)),
    _data("on-no-pool", **_pool(account.POOL.replace("pooled", "none"))),
)  # fmt: skip

CPU = {
    "clusterName": "plane",
    "nodeRoleArn": f"arn:aws:iam::{ACCOUNT}:role/nodes",
    "subnetIds": [Ref("subnet-a")],
    "instanceTypes": ["m7i.large"],
    **sizes(0),
}
GPU = {**CPU, "instanceTypes": ["p5.4xlarge"], "amiType": "AL2023_x86_64_NVIDIA", **sizes(1)}
BLOCK = merged(GPU, {"instanceTypes": None, "capacityType": "CAPACITY_BLOCK", **sizes(0)})
LAUNCHED = {**CPU, **sizes(1)}

_READY = (
    "plane",
    "node-role",
    "node-role-AmazonEKSWorkerNodePolicy",
    "node-role-AmazonEC2ContainerRegistryPullOnly",
)
_TAKEN = Resource("cpu-nodes", NODE_GROUP, {**CPU, "nodeGroupName": "taken"}, _READY)

GROUND = (
    *_TEMPLATES,
    _TAKEN,
    Resource("placement", PLACEMENT, {"name": "taken", "strategy": "cluster"}),
    Resource("resource-group", RESOURCE_GROUP, {"name": "taken"}),
)


def group(
    id_: str, what: str, wrong: Any, right: Any, code: str, says: str, *, base: Any = None, **more: str
) -> Case:
    """A node group that is refused with ``wrong`` and allowed with ``right``; a small one of CPU nodes by default."""
    return create(id_, what, NODE_GROUP, base or CPU, wrong, right, code, says, **more)
