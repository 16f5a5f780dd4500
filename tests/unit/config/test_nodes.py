from pathlib import Path

import pytest

from tests.unit.config.dev_stack import GONE, GROUP, Case, Changes, dev, each, faults

_ZONE = {"availabilityZone": "us-east-2b"}
_ODCR = {"reservationId": "cr-0123456789abcdef0"}


@each(
    Case(
        "a system instance type is known",
        {"systemNodes.instanceTypes": ["m7i.xlarge", "m7i.metal"]},
        "systemNodes.instanceTypes[1]",
        ("'m7i.metal'", "m7i.xlarge"),
        {"systemNodes.instanceTypes": ["m7i.xlarge", "m6i.xlarge"]},
    ),
    Case(
        "a system node has no GPUs",
        {"systemNodes.instanceTypes": ["p5.48xlarge"]},
        "systemNodes.instanceTypes[0]",
        ("'p5.48xlarge'", "m7i.large"),
        {"systemNodes.instanceTypes": ["c7i.xlarge"]},
    ),
    Case(
        "there is a system instance type",
        {"systemNodes.instanceTypes": []},
        "systemNodes.instanceTypes",
        ("0 entries", "1 or more"),
        {"systemNodes.instanceTypes": ["t3.large"]},
    ),
    Case(
        "system nodes to run lie between fewest and most",
        {"systemNodes.desiredSize": 4},
        "systemNodes.desiredSize",
        ("is 4", "minSize (2)", "maxSize (3)"),
        {"systemNodes.desiredSize": 4, "systemNodes.maxSize": 4},
    ),
    Case(
        "fewest system nodes are not above the most",
        {"systemNodes": {"minSize": 4, "desiredSize": 4}},
        "systemNodes.desiredSize",
        ("is 4", "minSize (4)", "maxSize (3)"),
        {"systemNodes": {"minSize": 1, "desiredSize": 1}},
    ),
    Case(
        "a system node's volume has room for images",
        {"systemNodes.volumeSizeGib": 19},
        "systemNodes.volumeSizeGib",
        ("is 19", "20 or more"),
        {"systemNodes.volumeSizeGib": 20},
    ),
    Case(
        "a size is a whole number",
        {"systemNodes.maxSize": "3"},
        "systemNodes.maxSize",
        ("'3'", "whole number, without quotes"),
        {"systemNodes.maxSize": 3},
    ),
    Case(
        "a GPU instance type is known",
        {"gpuNodes.instanceType": "p9.48xlarge"},
        "gpuNodes.instanceType",
        ("'p9.48xlarge'", "p5e.48xlarge", "p5en.48xlarge"),
        {"gpuNodes.instanceType": "p5en.48xlarge"},
    ),
    Case(
        "a GPU instance type has GPUs",
        {"gpuNodes.instanceType": "m7i.xlarge"},
        "gpuNodes.instanceType",
        ("'m7i.xlarge'", "GPU instance type"),
        {"gpuNodes.instanceType": "p5.48xlarge"},
    ),
    Case(
        "no capacity source is too few",
        {"gpuNodes.capacity": _ZONE},
        "gpuNodes.capacity",
        ("0 sources (none)", "exactly one", "reservationId", "onDemand: true"),
        {"gpuNodes.capacity": {"onDemand": True}},
    ),
    Case(
        "two capacity sources are too many",
        {"gpuNodes.capacity": {**_ODCR, **_ZONE, "resourceGroupArn": GROUP}},
        "gpuNodes.capacity",
        ("2 sources (reservationId, resourceGroupArn)", "exactly one"),
        {"gpuNodes.capacity": {**_ZONE, "resourceGroupArn": GROUP}},
    ),
    Case(
        "a reservation rules out on demand",
        {"gpuNodes.capacity": {**_ODCR, **_ZONE, "onDemand": True}},
        "gpuNodes.capacity",
        ("2 sources (reservationId, onDemand)", "exactly one"),
        {"gpuNodes.capacity": {**_ODCR, **_ZONE, "onDemand": False}},
    ),
    Case(
        "capacity is required",
        {"gpuNodes.capacity": GONE},
        "gpuNodes.capacity",
        ("is required", "exactly one source"),
        {},
    ),
    Case(
        "a reservation needs its zone",
        {"gpuNodes.capacity": _ODCR},
        "gpuNodes.capacity.availabilityZone",
        ("is required", "zone of the reservation"),
        {"gpuNodes.capacity": {**_ODCR, **_ZONE}},
    ),
    Case(
        "a reservation lies in one of our zones",
        {"gpuNodes.capacity": {**_ODCR, "availabilityZone": "us-east-2c"}},
        "gpuNodes.capacity.availabilityZone",
        ("'us-east-2c'", "us-east-2a, us-east-2b", "add the zone"),
        {
            "gpuNodes.capacity": {**_ODCR, "availabilityZone": "us-east-2c"},
            "network.availabilityZones": ["us-east-2a", "us-east-2c"],
        },
    ),
    Case(
        "a reservation id is checked",
        {"gpuNodes.capacity.reservationId": "cr-reserved"},
        "gpuNodes.capacity.reservationId",
        ("'cr-reserved'", "cr- and 17 hex digits"),
        {"gpuNodes.capacity.reservationId": "cr-0fedcba9876543210"},
    ),
    Case(
        "a Capacity Block id is checked",
        {"gpuNodes.capacity": {**_ZONE, "capacityBlockId": "cb-0123456789abcdef0"}},
        "gpuNodes.capacity.capacityBlockId",
        ("'cb-0123456789abcdef0'", "cr- and 17 hex digits"),
        {"gpuNodes.capacity": {**_ZONE, "capacityBlockId": "cr-0123456789abcdef0"}},
    ),
    Case(
        "a resource group's ARN is checked",
        {"gpuNodes.capacity": {**_ZONE, "resourceGroupArn": "gpus"}},
        "gpuNodes.capacity.resourceGroupArn",
        ("'gpus'", "arn:aws:resource-groups:<region>:<account>:group/<name>"),
        {"gpuNodes.capacity": {**_ZONE, "resourceGroupArn": GROUP}},
    ),
    Case(
        "a resource group is of the region",
        {"gpuNodes.capacity": {**_ZONE, "resourceGroupArn": GROUP.replace("us-east-2", "us-east-1")}},
        "gpuNodes.capacity.resourceGroupArn",
        ("us-east-1", "the stack is in us-east-2"),
        {"gpuNodes.capacity": {**_ZONE, "resourceGroupArn": GROUP}},
    ),
    Case(
        "nodes to run are not more than the most",
        {"gpuNodes.count": 3, "gpuNodes.maxCount": 2},
        "gpuNodes.count",
        ("is 3", "minCount (0)", "maxCount (2)"),
        {"gpuNodes.count": 2, "gpuNodes.maxCount": 2},
    ),
    Case(
        "nodes to run are not fewer than the fewest",
        {"gpuNodes.minCount": 2},
        "gpuNodes.count",
        ("is 1", "minCount (2)"),
        {"gpuNodes.minCount": 1},
    ),
    Case(
        "an AL2023 release has a date",
        {"gpuNodes.amiRelease": "1.58.0-c5c37032"},
        "gpuNodes.amiRelease",
        ("'1.58.0-c5c37032'", "a release of al2023"),
        {"gpuNodes.amiRelease": "1.35.9-20261001"},
    ),
    Case(
        "a Bottlerocket release has a build",
        {"gpuNodes.ami": "bottlerocket", "gpuNodes.amiRelease": "1.35.9-202610011"},
        "gpuNodes.amiRelease",
        ("a release of bottlerocket",),
        {"gpuNodes.ami": "bottlerocket", "gpuNodes.amiRelease": "1.58.0-c5c37032"},
    ),
    Case(
        "an AL2023 release is of the Kubernetes version",
        {"gpuNodes.amiRelease": "1.34.9-20260714"},
        "gpuNodes.amiRelease",
        ("'1.34.9-20260714'", "kubernetesVersion is 1.35", "begins with 1.35."),
        {"gpuNodes.amiRelease": "1.34.9-20260714", "cluster.kubernetesVersion": "1.34"},
    ),
    Case(
        "throughput is bounded by the IOPS",
        {"gpuNodes.volume": {"iops": 3000, "throughput": 751}},
        "gpuNodes.volume.throughput",
        ("is 751", "750 MiB/s"),
        {"gpuNodes.volume": {"iops": 3000, "throughput": 750}},
    ),
    Case(
        "a volume is at least 50 GiB",
        {"gpuNodes.volume.sizeGib": 49},
        "gpuNodes.volume.sizeGib",
        ("is 49", "50 or more"),
        {"gpuNodes.volume.sizeGib": 50},
    ),
    Case(
        "a volume is at most gp3's largest",
        {"gpuNodes.volume.sizeGib": 16385},
        "gpuNodes.volume.sizeGib",
        ("is 16385", "16384 or less"),
        {"gpuNodes.volume.sizeGib": 16384},
    ),
    Case(
        "EFA needs adapters",
        {
            "gpuNodes.efa": True,
            "gpuNodes.instanceType": "g6e.4xlarge",
            "gpuNodes.count": 2,
            "models.laguna-m.gpus": 1,
            "models.point": GONE,
        },
        "gpuNodes.efa",
        ("g6e.4xlarge", "no Elastic Fabric Adapter"),
        {"gpuNodes.efa": True},
    ),
    Case(
        "EFA on demand needs one zone",
        {"gpuNodes.efa": True, "gpuNodes.capacity": {"onDemand": True}},
        "gpuNodes.capacity.availabilityZone",
        ("required with efa", "one zone"),
        {"gpuNodes.efa": True, "gpuNodes.capacity": {"onDemand": True, **_ZONE}},
    ),
)
def test_each_breach_is_told_at_its_path_and_its_neighbour_passes(case: Case, project: Path):
    case.check(project)


@pytest.mark.parametrize(
    ("capacity", "kind"),
    [
        ({**_ODCR, **_ZONE}, "odcr"),
        ({"resourceGroupArn": GROUP, **_ZONE}, "resource-group"),
        ({"capacityBlockId": "cr-0123456789abcdef0", **_ZONE}, "capacity-block"),
        ({"onDemand": True}, "on-demand"),
    ],
)
def test_a_capacity_source_has_a_kind(capacity: Changes, kind: str, project: Path):
    assert dev(project, {"gpuNodes.capacity": capacity}).gpu_nodes.capacity.kind == kind


def test_nodes_scaled_to_zero_are_packed_as_they_will_be(project: Path):
    nodes = dev(project, {"gpuNodes.count": 0}).gpu_nodes

    assert (nodes.most_count, nodes.packing_count) == (1, 1)


def test_the_pinned_ami_release_stands_in_for_none(project: Path):
    assert dev(project, {"cluster.kubernetesVersion": "1.34"}).ami_release.startswith("1.34.")
    assert dev(project, {"gpuNodes.amiRelease": "1.35.1-20260101"}).ami_release == "1.35.1-20260101"


def test_raid0_needs_local_disks(project: Path, monkeypatch: pytest.MonkeyPatch):
    # Every GPU type of the table has local disks: take them from one.
    from config import gpu_nodes

    types = dict(gpu_nodes.INSTANCE_TYPES)
    types["p5e.48xlarge"] = types["p5e.48xlarge"]._replace(nvme_gb=0)
    monkeypatch.setattr(gpu_nodes, "INSTANCE_TYPES", types)

    assert faults(project, {"gpuNodes.instanceStore": "raid0"}) == (
        ("gpuNodes.instanceStore", "is raid0, but p5e.48xlarge has no local NVMe disks"),
    )
    assert dev(project, {"gpuNodes.instanceStore": "none"})


def test_raid0_passes_on_a_type_with_local_disks(project: Path):
    assert dev(project, {"gpuNodes.instanceStore": "raid0"}).gpu_nodes.instance_store == "raid0"
