"""Rules of a GPU node group's arguments: all faults at once, each at its property."""

import pulumi
import pytest

from components.gpu_node_group_checks import (
    NodeSizes,
    VolumeShape,
    check_gpu_node_group,
    node_sizes,
    volume_shape,
)
from tests.unit.recording import ACCOUNT, REGION

RESERVATION = "cr-0a1b2c3d4e5f60718"
GROUP = f"arn:aws:resource-groups:{REGION}:{ACCOUNT}:group/gpus"
ODCR = {"kind": "odcr", "reservation_id": RESERVATION, "availability_zone": "us-east-2b"}
IN_GROUP = {"kind": "resource-group", "resource_group_arn": GROUP, "availability_zone": "us-east-2b"}
EFA = {"efa": True, "vpc_id": "vpc-1", "cluster_security_group_id": "sg-cluster"}


def arguments(**changes) -> dict:
    base = {
        "cluster_name": "dev",
        "kubernetes_version": "1.35",
        "region": REGION,
        "instance_type": "p5e.48xlarge",
        "capacity": ODCR,
        "subnet_ids_by_zone": {"us-east-2b": "subnet-b", "us-east-2a": "subnet-a"},
    }
    return {**base, **changes}


def faults(args: dict) -> dict[str, str]:
    try:
        check_gpu_node_group(args)
    except pulumi.InputPropertiesError as refused:
        return {fault["property_path"]: fault["reason"] for fault in refused.errors or []}
    return {}


def test_complete_arguments_have_no_fault():
    assert faults(arguments()) == {}
    assert faults(arguments(capacity=IN_GROUP, instance_store="raid0", **EFA)) == {}


def test_defaults_of_the_volume_and_the_sizes():
    assert volume_shape({}) == VolumeShape(300, 6000, 500)
    assert volume_shape({"volume": {"size_gib": 500.0}}) == VolumeShape(500, 6000, 500)
    assert node_sizes({}) == NodeSizes(1, 0, 1)
    assert node_sizes({"desired_size": 0}) == NodeSizes(0, 0, 1)
    assert node_sizes({"desired_size": 3.0, "min_size": 2}) == NodeSizes(3, 2, 3)


def test_missing_arguments_are_named():
    found = faults({})
    assert found == dict.fromkeys(
        ("clusterName", "kubernetesVersion", "region", "instanceType", "capacity", "subnetIdsByZone"),
        "is required",
    )


def test_all_wrong_arguments_are_named_at_once():
    found = faults(
        arguments(
            kubernetes_version="1.29",
            instance_type="m7i.xlarge",
            capacity={
                "kind": "odcr",
                "reservation_id": "reservation-1",
                "resource_group_arn": GROUP,
                "availability_zone": "us-east-2c",
            },
            desired_size=4,
            min_size=-1,
            max_size=0,
            ami="al2",
            volume={"size_gib": 10, "iops": 100, "throughput": 5000},
            instance_store="raid5",
            efa=True,
            extra_labels={"nvidia.com/gpu.present": "false"},
            extra_taints=[{"key": "", "value": "", "effect": "Never"}],
        )
    )
    assert set(found) == {
        *("kubernetesVersion", "instanceType", "capacity.reservationId", "capacity.resourceGroupArn"),
        *("capacity.availabilityZone", "desiredSize", "minSize", "maxSize", "ami", "volume.sizeGib"),
        *("volume.iops", "volume.throughput", "instanceStore", "efa", "vpcId", "clusterSecurityGroupId"),
        *("extraLabels.nvidia.com/gpu.present", "extraTaints[0].key", "extraTaints[0].effect"),
    }
    assert found["ami"] == "is 'al2'; it must be one of al2023, bottlerocket"


CASES = [
    ({"capacity": {**ODCR, "kind": "spot"}}, {"capacity.kind"}),
    (
        {"capacity": {"kind": "odcr"}},
        {"capacity.reservationId", "capacity.availabilityZone"},
    ),
    (
        {"capacity": {"kind": "resource-group", "availability_zone": "us-east-2a"}},
        {"capacity.resourceGroupArn"},
    ),
    (
        {"capacity": {**IN_GROUP, "resource_group_arn": "arn:aws:s3:::x"}},
        {"capacity.resourceGroupArn"},
    ),
    ({"capacity": {"kind": "on-demand", "reservation_id": RESERVATION}}, {"capacity.reservationId"}),
    ({"capacity": {"kind": "on-demand"}, **EFA}, {"capacity.availabilityZone"}),
    ({"instance_type": "g6e.4xlarge", **EFA}, {"efa"}),
    ({"instance_type": "m7i.xlarge", "instance_store": "raid0"}, {"instanceType", "instanceStore"}),
    ({"placement_group_name": "ours"}, {"placementGroupName"}),
    ({"ami_release": "1.58.0-c5c37032"}, {"amiRelease"}),
    ({"ami_release": "1.34.9-20260714"}, {"amiRelease"}),
    ({"ami": "bottlerocket", "ami_release": "latest"}, {"amiRelease"}),
    ({"volume": {"iops": 3000, "throughput": 751}}, {"volume.throughput"}),
    ({"volume": {"size_gib": 50, "iops": 16000, "throughput": 500}}, set()),
    (
        {"extra_taints": [{"key": "nvidia.com/gpu", "value": "x", "effect": "NoSchedule"}]},
        {"extraTaints[0].key"},
    ),
]


@pytest.mark.parametrize(("changes", "expected"), CASES)
def test_each_rule_names_its_property(changes, expected):
    assert set(faults(arguments(**changes))) == expected


def test_unknown_zone_names_the_zones_there_are():
    found = faults(arguments(capacity={**ODCR, "availability_zone": "us-east-2z"}))
    assert found == {
        "capacity.availabilityZone": "is 'us-east-2z', where subnetIdsByZone has no subnet; "
        "it has us-east-2a, us-east-2b"
    }
