"""Instances bring volumes and interfaces, and take them along when they go."""

from pathlib import Path
from typing import Any

import pytest

from localcloud.aws.store import Record, Store
from tests.unit.localcloud.aws.simulated import LAUNCH_TEMPLATE, NODE_GROUP, SUBNET, Simulated, sizes

INSTANCE = "aws:ec2/instance:Instance"
VOLUME = "aws:ebs/volume:Volume"
ENI = "aws:ec2/networkInterface:NetworkInterface"


@pytest.fixture
def aws(tmp_path: Path) -> Simulated:
    return Simulated(tmp_path)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("localcloud.aws.rules.node_group_launch._JOIN_SECONDS", 0.0)


def records(aws: Simulated, type_: str) -> list[Record]:
    return Store(aws.home.aws_state).all(type_)


def of_instances(aws: Simulated) -> list[Record]:
    return [one for one in records(aws, ENI) if one.state["attachments"][0]["instance"]]


def group(aws: Simulated, nodes: int = 1, template: dict[str, Any] | None = None, **cluster: Any) -> str:
    _, subnets = aws.network()
    inputs: dict[str, Any] = {
        "clusterName": aws.eks(subnets, **cluster),
        "nodeRoleArn": aws.node_role(),
        "nodeGroupName": "nodes",
        "subnetIds": subnets[:1],
        "instanceTypes": ["m7i.large"],
        "scalingConfig": sizes(nodes),
    }
    if template is not None:
        id_, _ = aws.make(LAUNCH_TEMPLATE, name="nodes", **template)
        inputs["launchTemplate"] = {"id": id_, "version": "1"}
    return aws.make(NODE_GROUP, **inputs)[0]


def test_an_instance_has_a_root_volume_and_two_interfaces(aws: Simulated) -> None:
    group(aws)
    (instance,) = records(aws, INSTANCE)
    (volume,) = records(aws, VOLUME)
    assert volume.state["attachment"] == {
        "instanceId": instance.id,
        "device": "/dev/xvda",
        "deleteOnTermination": True,
    }
    assert (volume.state["size"], volume.state["type"]) == (20, "gp3")
    primary, warm = of_instances(aws)
    assert primary.id == instance.state["primaryNetworkInterfaceId"]
    assert primary.state["privateIp"] == instance.state["privateIp"]
    assert primary.state["securityGroups"] == instance.state["vpcSecurityGroupIds"]
    assert warm.origin == "controller"
    assert warm.state["description"] == f"aws-K8S-{instance.id}"
    assert warm.state["tags"] == {
        "cluster.k8s.amazonaws.com/name": "plane",
        "node.k8s.amazonaws.com/instance_id": instance.id,
    }


def test_eks_tags_instances_and_volumes(aws: Simulated) -> None:
    group(aws)
    own = {"eks:cluster-name": "plane", "eks:nodegroup-name": "nodes"}
    (instance,) = records(aws, INSTANCE)
    (volume,) = records(aws, VOLUME)
    assert volume.state["tags"] == own
    scaling = Store(aws.home.aws_state).all(NODE_GROUP)[0].state["resources"][0]["autoscalingGroups"][0]
    assert instance.state["tags"] == {
        **own,
        "aws:eks:cluster-name": "plane",
        "aws:autoscaling:groupName": scaling["name"],
        "kubernetes.io/cluster/plane": "owned",
        "k8s.io/cluster-autoscaler/enabled": "true",
        "k8s.io/cluster-autoscaler/plane": "owned",
    }


def test_a_launch_templates_tags_reach_what_they_are_for(aws: Simulated) -> None:
    specifications = [
        {"resourceType": kind, "tags": {"project": kind}}
        for kind in ("instance", "volume", "network-interface")
    ]
    group(aws, template={"tagSpecifications": specifications})
    (instance,) = records(aws, INSTANCE)
    (volume,) = records(aws, VOLUME)
    primary, warm = of_instances(aws)
    assert instance.state["tags"]["project"] == "instance"
    assert volume.state["tags"]["project"] == "volume"
    assert primary.state["tags"] == {"project": "network-interface"}
    # The CNI makes this one, out of reach of the launch template.
    assert "project" not in warm.state["tags"]


def test_volumes_are_those_of_the_launch_template(aws: Simulated) -> None:
    devices = [
        {"deviceName": "/dev/xvdb", "ebs": {"volumeSize": 300, "volumeType": "gp3", "encrypted": "true"}},
        {"deviceName": "/dev/xvda", "ebs": {"volumeType": "gp3", "throughput": 250}},
    ]
    group(aws, template={"blockDeviceMappings": devices})
    found = [one.state for one in records(aws, VOLUME)]
    found.sort(key=lambda state: state["attachment"]["device"])
    assert [(one["size"], one["encrypted"], one["throughput"]) for one in found] == [
        (20, False, 250),
        (300, True, 125),
    ]


def test_nothing_of_an_instance_is_left_with_its_group(aws: Simulated) -> None:
    name = group(aws, 2)
    assert [len(records(aws, type_)) for type_ in (INSTANCE, VOLUME)] == [2, 2]
    assert len(of_instances(aws)) == 4
    aws.delete(NODE_GROUP, name)
    assert [records(aws, type_) for type_ in (INSTANCE, VOLUME)] == [[], []]
    assert of_instances(aws) == []


def test_an_interface_that_was_told_to_outlive_its_instance_does_and_keeps_the_subnet(aws: Simulated) -> None:
    interfaces = [
        {"deviceIndex": 0, "networkCardIndex": 0},
        {"deviceIndex": 1, "networkCardIndex": 0, "deleteOnTermination": "false"},
    ]
    name = group(aws, template={"networkInterfaces": interfaces})
    aws.delete(NODE_GROUP, name)
    left = [one for one in records(aws, ENI) if one.state["status"] == "available"]
    assert [one.state["attachments"] for one in left] == [[]]
    aws.delete("aws:eks/cluster:Cluster", "plane")
    assert "has dependencies" in aws.keeps("DependencyViolation", SUBNET, left[0].state["subnetId"])


def test_without_the_vpc_cni_there_is_no_second_interface(aws: Simulated) -> None:
    group(aws, bootstrapSelfManagedAddons=False)
    assert len(of_instances(aws)) == 1


def test_a_volume_that_is_attached_is_not_deleted(aws: Simulated) -> None:
    group(aws)
    (volume,) = records(aws, VOLUME)
    (instance,) = records(aws, INSTANCE)
    assert f"currently attached to {instance.id}" in aws.keeps("VolumeInUse", VOLUME, volume.id)


def test_nodes_in_a_public_subnet_get_a_public_address(aws: Simulated) -> None:
    vpc, subnets = aws.network()
    aws.change(
        SUBNET,
        subnets[0],
        vpcId=vpc,
        cidrBlock="10.0.0.0/24",
        availabilityZone="us-east-2a",
        mapPublicIpOnLaunch=True,
    )
    inputs = {
        "clusterName": aws.eks(subnets),
        "nodeRoleArn": aws.node_role(),
        "nodeGroupName": "nodes",
        "subnetIds": subnets[:1],
        "instanceTypes": ["m7i.large"],
        "scalingConfig": sizes(1),
    }
    aws.make(NODE_GROUP, **inputs)
    (instance,) = records(aws, INSTANCE)
    assert instance.state["publicIp"].startswith("198.51.100.")
