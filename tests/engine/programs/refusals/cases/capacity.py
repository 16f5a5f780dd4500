"""Capacity: reservations, Capacity Blocks, offerings, quotas, and instances that hold what they use."""

from tests.engine.programs.refusals.cases.case import Case, Ref, Resource, Topic, create, delete
from tests.engine.programs.refusals.cases.node_group_ground import (
    BLOCK,
    CPU,
    EXCEEDED,
    GPU,
    GROUP,
    INVALID,
    LAUNCH,
    LAUNCHED,
    NODE_GROUP,
    PLACEMENT,
    RESERVATION,
    TEMPLATE,
    group,
    sizes,
    target,
    template,
)

_CAPACITY = (
    group("block-template", "A Capacity Block without a launch template", {"capacityType": "CAPACITY_BLOCK"},
           {"capacityType": "ON_DEMAND"}, INVALID, "Capacity Blocks require a launch template."),
    group(
        "block-market", "A Capacity Block whose launch template has no market type", template("plain"),
        template("block"), INVALID, "Capacity type CAPACITY_BLOCK and the launch template's market type", base=BLOCK,
    ),
    group("block-capacity-type", "The market type of Capacity Blocks for an on-demand node group",
           {"capacityType": "ON_DEMAND"}, {"capacityType": "CAPACITY_BLOCK"}, INVALID,
           "capacity type is ON_DEMAND, market type is capacity-block", base={**BLOCK, **template("block")}),
    group("block-type", "A Capacity Block without an instance type in its launch template", template("block-untyped"),
           template("block"), INVALID, "needs the instance type in its launch template.", base=BLOCK),
    group(
        "block-subnets", "A Capacity Block with more than one subnet",
        {"subnetIds": [Ref("subnet-a"), Ref("subnet-b")]}, {"subnetIds": [Ref("subnet-a")]}, INVALID,
        "takes exactly one subnet", base={**BLOCK, **template("block")},
    ),
    group("block-later", "Nodes of a Capacity Block that has not begun", sizes(1), sizes(0), LAUNCH, "is scheduled",
           base={**BLOCK, **template("later-block")}, setting="capacityReservations.state"),
    group("reservation-kind", "A Capacity Block used as an on-demand reservation", template("on-block"),
           template("on-reserved"), LAUNCH, "is a Capacity Block: the launch template needs the market type",
           base={**GPU, **sizes(0)}),
    group(
        "block-kind", "An on-demand reservation used as a Capacity Block", template("block-on-odcr"),
        template("block"), LAUNCH, "is no Capacity Block", base=BLOCK,
    ),
    group(
        "reservation-missing", "A reservation that is not there", template("on-none"), template("on-reserved"),
        LAUNCH,
        "InvalidCapacityReservationId.NotFound - The capacity reservation ID 'cr-00000000000000099' does not exist",
        base={**GPU, **sizes(0)},
    ),
    group("reservation-spot", "Spot nodes on a reservation", {"capacityType": "SPOT"}, {"capacityType": "ON_DEMAND"},
           LAUNCH, "Spot Instances cannot be launched into a capacity reservation",
           base={**GPU, **sizes(0), **template("on-reserved")}),
    *(
        group(f"reservation-{name}", what, template(f"on-{name}"), {}, LAUNCH, says, base=GPU,
               neighbour="reserved-nodes", setting=setting)
        for name, what, says, setting in (
            ("exhausted", "A reservation whose instances are all in use", "p5.4xlarge in us-east-2a, 0 of 1 free",
             "capacityReservations.inUse"),
            ("expired", "A reservation that has expired", "is expired", "capacityReservations.state"),
            ("scheduled", "A reservation that has not begun", "is scheduled", "capacityReservations.state"),
            ("cancelled", "A reservation that was cancelled", "is cancelled", "capacityReservations.state"),
            ("other-zone", "A reservation in another zone than the subnet", "p5.4xlarge in us-east-2b, 1 of 1 free",
             "capacityReservations.zone"),
            ("other-type", "A reservation of another instance type", "p5.48xlarge in us-east-2a, 1 of 1 free",
             "capacityReservations.instanceType"),
        )
    ),
    group("pool-empty", "A resource group without reservations", template("on-empty-pool"), template("on-pool"), LAUNCH,
           EXCEEDED, base=GPU, setting="reservationGroups.reservations"),
    group("pool-missing", "A resource group that is not there", template("on-no-pool"), template("on-pool"), LAUNCH,
           "group/none' does not exist", base={**GPU, **sizes(0)}),
    group(
        "zone-offering", "An instance type that the zone does not offer", {"subnetIds": [Ref("subnet-a")]},
        {"subnetIds": [Ref("subnet-b")]}, LAUNCH,
        "Unsupported - Your requested instance type (g6.2xlarge) is not supported in your requested Availability Zone",
        base={**LAUNCHED, "instanceTypes": ["g6.2xlarge"]}, setting="instanceOfferings",
    ),
    group("insufficient-capacity", "On-demand instances that EC2 has run out of", {}, None, LAUNCH,
           "InsufficientInstanceCapacity - We currently do not have sufficient g6e.xlarge capacity",
           base={**LAUNCHED, "instanceTypes": ["g6e.xlarge"]}, setting="freeCapacity"),
    *(
        group(f"vcpu-{quota}", f"More vCPUs of {what} instances than the quota", {}, None, LAUNCH, says,
               base={**LAUNCHED, "instanceTypes": [type_], "capacityType": kind}, setting=f"quotas.{quota}",
               seen="" if kind == "SPOT" else "https://github.com/klothoplatform/klotho/pull/311")
        for quota, what, type_, kind, says in (
            ("standardVcpus", "standard", "m7i.large", "ON_DEMAND", "VcpuLimitExceeded"),
            ("gVcpus", "G", "g6.xlarge", "ON_DEMAND", "current vCPU limit of 3 allows"),
            ("pVcpus", "P", "p5.4xlarge", "ON_DEMAND", "current vCPU limit of 15 allows"),
            ("gSpotVcpus", "G Spot", "g6.xlarge", "SPOT", "MaxSpotInstanceCountExceeded"),
        )
    ),
    create("reservation-offering", "Reserving a type where it is not offered", RESERVATION,
           {"instancePlatform": "Linux/UNIX", "instanceType": "g6.2xlarge", "instanceCount": 1},
           {"availabilityZone": "us-east-2a"}, {"availabilityZone": "us-east-2b"}, "Unsupported",
           "instance type g6.2xlarge is not offered in us-east-2a.", setting="instanceOfferings"),
    create("reservation-capacity", "Reserving capacity that EC2 does not have", RESERVATION,
           {"instancePlatform": "Linux/UNIX", "instanceType": "g6e.xlarge", "availabilityZone": "us-east-2a"},
           {"instanceCount": 2}, {"instanceCount": 1}, "InsufficientInstanceCapacity",
           "We currently do not have sufficient g6e.xlarge capacity", setting="freeCapacity"),
)  # fmt: skip


_FULL = {**GPU, **template("on-full"), "releaseVersion": "1.34.8-20260601"}
_HELD = (
    Resource("reserved-nodes", NODE_GROUP, {**GPU, **template("on-reserved")}, needs=("plane",)),
    Resource("full-nodes", NODE_GROUP, _FULL),
    Resource(
        "odcr",
        RESERVATION,
        {
            "instancePlatform": "Linux/UNIX",
            "instanceType": "g6.xlarge",
            "availabilityZone": "us-east-2a",
            "instanceCount": 1,
        },
    ),
    Resource("packed", PLACEMENT, {"name": "packed", "strategy": "cluster"}),
    Resource("instance-group", GROUP, {"vpcId": Ref("vpc")}),
    Resource(
        "template-own",
        TEMPLATE,
        {
            "name": "own",
            **target(Ref("odcr")),
            "placement": {"groupName": "packed"},
            "vpcSecurityGroupIds": [Ref("instance-group")],
        },
        needs=("packed",),
    ),
    Resource(
        "own-nodes",
        NODE_GROUP,
        {**CPU, **sizes(1), "instanceTypes": ["g6.xlarge"], **template("own")},
        needs=("template-own",),
    ),
)

_DELETES = (
    delete("reservation-delete", "Cancelling a reservation that instances use", RESERVATION, "odcr", "InvalidState",
           "is used by instance i-"),
    delete("placement-delete", "Deleting a placement group with instances", PLACEMENT, "packed",
           "InvalidPlacementGroup.InUse", "The placement group 'packed' is in use and may not be deleted."),
    delete("instance-group-delete", "Deleting the security group of instances", GROUP, "instance-group",
           "DependencyViolation", "has a dependent object"),
)  # fmt: skip
_MINIMAL = {"updateStrategy": "MINIMAL", "maxUnavailable": 1}
_UPDATES = (
    Case(
        "nodes-spare", "A rolling update on a full reservation that starts new nodes first", NODE_GROUP, LAUNCH,
        "0 of 1 free", "update", target="full-nodes", setting="capacityReservations.count",
        refused={**_FULL, "releaseVersion": "1.34.9-20260714"},
        allowed={**_FULL, "releaseVersion": "1.34.9-20260714", "updateConfig": _MINIMAL},
    ),
)  # fmt: skip

CAPACITY = Topic("Capacity", (*_CAPACITY, *_UPDATES, *_DELETES), held=_HELD)
