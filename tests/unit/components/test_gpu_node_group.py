"""GPU nodes on every kind of capacity and AMI family, with and without EFA and instance store."""

import base64

import pulumi
import pytest

from components.gpu_node_group import GpuNodeGroup, GpuNodeGroupArgs
from components.instance_types import GPU_INSTANCE_TYPES
from components.launch_templates import CAPACITY_KINDS, RESERVED_KINDS
from components.versions import AMI_RELEASES
from tests.golden_files import check_golden, pretty_json
from tests.unit.components.building import aws_resources, build, faults
from tests.unit.recording import ACCOUNT, REGION, UNKNOWN, Recording

RESERVATION = "cr-0a1b2c3d4e5f60718"
GROUP = f"arn:aws:resource-groups:{REGION}:{ACCOUNT}:group/gpus"
CAPACITY = {
    "odcr": {"kind": "odcr", "reservation_id": RESERVATION, "availability_zone": "us-east-2b"},
    "resource-group": {
        "kind": "resource-group",
        "resource_group_arn": GROUP,
        "availability_zone": "us-east-2b",
    },
    "capacity-block": {
        "kind": "capacity-block",
        "reservation_id": RESERVATION,
        "availability_zone": "us-east-2b",
    },
    "on-demand": {"kind": "on-demand"},
}
EFA = {"efa": True, "vpc_id": "vpc-1", "cluster_security_group_id": "sg-cluster"}
FAMILIES = ("al2023", "bottlerocket")
EVERY_SHAPE = [(kind, ami) for kind in CAPACITY_KINDS for ami in FAMILIES]


def arguments(kind: str = "odcr", **changes) -> GpuNodeGroupArgs:
    base = {
        "cluster_name": "dev",
        "kubernetes_version": "1.35",
        "region": REGION,
        "instance_type": "p5e.48xlarge",
        "capacity": CAPACITY[kind],
        "subnet_ids_by_zone": {"us-east-2b": "subnet-b", "us-east-2a": "subnet-a"},
        "tags": {"team": "serving"},
    }
    return {**base, **changes}  # pyright: ignore[reportReturnType] -- tests pass wrong values on purpose


def made(kind: str = "odcr", **changes):
    return lambda opts: GpuNodeGroup("gpu", arguments(kind, **changes), opts)


def template(recording: Recording) -> dict:
    return recording.named("gpu-template").inputs


def nodes(recording: Recording) -> dict:
    return recording.named("gpu-nodes").inputs


def named(type_: str, *_) -> dict[str, str]:
    """The names that the provider makes up."""
    match type_:
        case "aws:eks/nodeGroup:NodeGroup":
            return {"nodeGroupName": "gpu-nodes-1a2b"}
        case "aws:ec2/placementGroup:PlacementGroup":
            return {"name": "gpu-placement-1a2b"}
        case _:
            return {}


def reviewed(name: str, recording: Recording) -> None:
    shape = {"launchTemplate": template(recording), "nodeGroup": nodes(recording)}
    check_golden(f"node-groups/{name}.json", pretty_json(shape))


@pytest.mark.parametrize("preview", [False, True])
@pytest.mark.parametrize(("kind", "ami"), EVERY_SHAPE)
def test_children_are_a_role_its_policies_a_template_and_the_group(kind, ami, preview):
    recording = build(made(kind, ami=ami), preview=preview)
    assert recording.children("gpu") == [
        ("aws:ec2/launchTemplate:LaunchTemplate", "gpu-template"),
        ("aws:eks/nodeGroup:NodeGroup", "gpu-nodes"),
        ("aws:iam/role:Role", "gpu-role"),
        ("aws:iam/rolePolicyAttachment:RolePolicyAttachment", "gpu-AmazonEC2ContainerRegistryPullOnly"),
        ("aws:iam/rolePolicyAttachment:RolePolicyAttachment", "gpu-AmazonEKSWorkerNodePolicy"),
        ("aws:iam/rolePolicyAttachment:RolePolicyAttachment", "gpu-AmazonEKS_CNI_Policy"),
    ]
    assert len(aws_resources(recording)) == 6
    assert recording.named("gpu").type == "inference-plane:index:GpuNodeGroup"


@pytest.mark.parametrize(("kind", "ami"), EVERY_SHAPE)
def test_template_and_group_of_each_shape_are_the_reviewed_ones(kind, ami):
    reviewed(f"gpu-{kind}-{ami}", build(made(kind, ami=ami)))


def test_template_and_group_with_efa_and_instance_store_are_the_reviewed_ones():
    reviewed("gpu-odcr-al2023-efa-raid0", build(made(instance_store="raid0", **EFA)))
    small = {**CAPACITY["on-demand"], "availability_zone": "us-east-2a"}
    reviewed(
        "gpu-on-demand-bottlerocket-efa-raid0",
        build(
            made(
                capacity=small,
                ami="bottlerocket",
                instance_type="g6e.24xlarge",
                instance_store="raid0",
                **EFA,
            ),
            state=named,
        ),
    )


@pytest.mark.parametrize("kind", RESERVED_KINDS)
def test_reserved_group_uses_one_subnet_in_the_reservation_zone(kind):
    assert nodes(build(made(kind)))["subnetIds"] == ["subnet-b"]


def test_on_demand_group_uses_every_subnet_or_the_one_of_its_zone():
    assert nodes(build(made("on-demand")))["subnetIds"] == ["subnet-a", "subnet-b"]
    narrowed = {"kind": "on-demand", "availability_zone": "us-east-2a"}
    assert nodes(build(made(capacity=narrowed)))["subnetIds"] == ["subnet-a"]


@pytest.mark.parametrize("kind", CAPACITY_KINDS)
def test_instance_type_is_in_exactly_one_place(kind):
    recording = build(made(kind))
    if kind == "capacity-block":
        assert template(recording)["instanceType"] == "p5e.48xlarge"
        assert "instanceTypes" not in nodes(recording)
        assert nodes(recording)["capacityType"] == "CAPACITY_BLOCK"
        assert template(recording)["instanceMarketOptions"] == {"marketType": "capacity-block"}
    else:
        assert "instanceType" not in template(recording)
        assert "instanceMarketOptions" not in template(recording)
        assert nodes(recording)["instanceTypes"] == ["p5e.48xlarge"]
        assert nodes(recording)["capacityType"] == "ON_DEMAND"


@pytest.mark.parametrize("kind", CAPACITY_KINDS)
def test_reservation_is_named_in_the_template(kind):
    target = {
        "odcr": {"capacityReservationId": RESERVATION},
        "capacity-block": {"capacityReservationId": RESERVATION},
        "resource-group": {"capacityReservationResourceGroupArn": GROUP},
    }
    specification = template(build(made(kind))).get("capacityReservationSpecification")
    assert specification == ({"capacityReservationTarget": target[kind]} if kind in target else None)


@pytest.mark.parametrize("kind", CAPACITY_KINDS)
def test_only_reserved_capacity_frees_a_node_before_it_takes_the_next(kind):
    registration = build(made(kind)).named("gpu-nodes")
    reserved = kind in RESERVED_KINDS
    strategy = {"updateStrategy": "MINIMAL"} if reserved else {}
    assert registration.inputs["updateConfig"] == {"maxUnavailable": 1, **strategy}
    assert registration.request.deleteBeforeReplace is reserved
    repair = registration.inputs["nodeRepairConfig"]
    assert repair["enabled"] is True
    actions = {o["repairAction"] for o in repair.get("nodeRepairConfigOverrides", [])}
    assert actions == ({"Reboot"} if reserved else set())


def test_nodes_have_the_gpu_taint_and_the_labels_that_operator_and_models_select():
    inputs = nodes(build(made()))
    assert inputs["taints"] == [{"key": "nvidia.com/gpu", "value": "true", "effect": "NO_SCHEDULE"}]
    assert inputs["labels"] == {"inference-plane/role": "gpu", "nvidia.com/gpu.present": "true"}


def test_bottlerocket_nodes_keep_the_operators_operands_off():
    assert nodes(build(made(ami="bottlerocket")))["labels"] == {
        "inference-plane/role": "gpu",
        "nvidia.com/gpu.present": "true",
        "nvidia.com/gpu.deploy.container-toolkit": "false",
        "nvidia.com/gpu.deploy.device-plugin": "false",
        "nvidia.com/gpu.deploy.driver": "false",
        "nvidia.com/gpu.deploy.mig-manager": "false",
    }


def test_extra_labels_and_taints_come_on_top():
    extra = {"key": "team", "value": "red", "effect": "NoExecute"}
    inputs = nodes(build(made(extra_labels={"pool": "large"}, extra_taints=[extra])))
    assert inputs["labels"]["pool"] == "large"
    assert inputs["taints"][1:] == [{"key": "team", "value": "red", "effect": "NO_EXECUTE"}]


@pytest.mark.parametrize("version", AMI_RELEASES)
@pytest.mark.parametrize(
    ("ami", "type_"), [("al2023", "AL2023_x86_64_NVIDIA"), ("bottlerocket", "BOTTLEROCKET_x86_64_NVIDIA")]
)
def test_release_is_pinned_for_each_version_and_family(version, ami, type_):
    inputs = nodes(build(made(kubernetes_version=version, ami=ami)))
    assert (inputs["version"], inputs["amiType"]) == (version, type_)
    assert inputs["releaseVersion"] == AMI_RELEASES[version][ami]


def test_release_can_be_chosen():
    assert nodes(build(made(ami_release="1.35.1-20260301")))["releaseVersion"] == "1.35.1-20260301"


def test_volume_is_300_gib_with_iops_and_throughput_unless_chosen():
    (device,) = template(build(made()))["blockDeviceMappings"]
    assert (device["ebs"]["volumeSize"], device["ebs"]["iops"], device["ebs"]["throughput"]) == (
        300,
        6000,
        500,
    )
    volume = {"size_gib": 1000.0, "iops": 16000.0, "throughput": 1000.0}
    (device,) = template(build(made(volume=volume)))["blockDeviceMappings"]
    assert (device["ebs"]["volumeSize"], device["ebs"]["iops"], device["ebs"]["throughput"]) == (
        1000,
        16000,
        1000,
    )
    assert device["ebs"]["encrypted"] == "true"


@pytest.mark.parametrize("ami", FAMILIES)
def test_user_data_is_there_only_for_the_instance_store(ami):
    assert "userData" not in template(build(made(ami=ami)))
    text = base64.b64decode(template(build(made(ami=ami, instance_store="raid0")))["userData"]).decode()
    assert ("RAID0" in text) == (ami == "al2023")
    assert ("ephemeral-storage" in text) == (ami == "bottlerocket")


def test_template_leaves_security_groups_image_and_subnets_to_eks():
    inputs = template(build(made()))
    absent = {"vpcSecurityGroupIds", "securityGroupNames", "networkInterfaces", "imageId", "placement"}
    assert not absent & set(inputs)


def test_imds_ends_at_the_node_and_tags_reach_what_a_launch_creates():
    inputs = template(build(made()))
    assert inputs["metadataOptions"] == {
        "httpEndpoint": "enabled",
        "httpTokens": "required",
        "httpPutResponseHopLimit": 1,
    }
    assert [s["resourceType"] for s in inputs["tagSpecifications"]] == [
        *("instance", "volume", "network-interface")
    ]
    assert all(s["tags"] == {"team": "serving", "Name": "gpu"} for s in inputs["tagSpecifications"])


def test_group_waits_for_its_policies():
    recording = build(made())
    attachments = recording.of_type("aws:iam/rolePolicyAttachment:RolePolicyAttachment")
    assert len(attachments) == 3
    assert {a.urn for a in attachments} <= recording.named("gpu-nodes").depends_on


def test_desired_size_is_ours_unless_something_else_scales():
    assert list(build(made()).named("gpu-nodes").request.ignoreChanges) == []
    ignoring = build(made(ignore_desired_size=True)).named("gpu-nodes")
    assert list(ignoring.request.ignoreChanges) == ["scalingConfig.desiredSize"]


def test_sizes_default_to_one_node_and_follow_the_desired_size():
    assert nodes(build(made()))["scalingConfig"] == {"desiredSize": 1, "minSize": 0, "maxSize": 1}
    assert nodes(build(made(desired_size=3.0)))["scalingConfig"] == {
        "desiredSize": 3,
        "minSize": 0,
        "maxSize": 3,
    }
    waiting = nodes(build(made("capacity-block", desired_size=0)))
    assert waiting["scalingConfig"] == {"desiredSize": 0, "minSize": 0, "maxSize": 1}


@pytest.mark.parametrize("preview", [False, True])
def test_efa_adds_a_security_group_open_to_itself_in_both_directions(preview):
    recording = build(made(**EFA), preview=preview)
    added = [child for child in recording.children("gpu") if "efa" in child[1]]
    assert added == [
        ("aws:ec2/securityGroup:SecurityGroup", "gpu-efa"),
        ("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule", "gpu-efa-egress"),
        ("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "gpu-efa-ingress"),
    ]
    group = UNKNOWN if preview else "gpu-efa-id"
    for rule in ("gpu-efa-ingress", "gpu-efa-egress"):
        inputs = recording.named(rule).inputs
        assert (inputs["securityGroupId"], inputs["referencedSecurityGroupId"]) == (group, group)
        assert inputs["ipProtocol"] == "-1"
        assert "cidrIpv4" not in inputs
    inputs = recording.named("gpu-efa").inputs
    assert inputs["vpcId"] == "vpc-1"
    assert not any(key.startswith("kubernetes.io/cluster/") for key in inputs["tags"])


def test_efa_interfaces_carry_the_cluster_group_as_well():
    interfaces = template(build(made(**EFA)))["networkInterfaces"]
    assert len(interfaces) == 33
    assert all(i["securityGroups"] == ["sg-cluster", "gpu-efa-id"] for i in interfaces)
    assert "vpcSecurityGroupIds" not in template(build(made(**EFA)))


@pytest.mark.parametrize("kind", RESERVED_KINDS)
def test_reserved_capacity_gets_no_placement_group_of_ours(kind):
    recording = build(made(kind, **EFA))
    assert not recording.of_type("aws:ec2/placementGroup:PlacementGroup")
    assert "placement" not in template(recording)


def test_efa_on_demand_gets_a_cluster_placement_group():
    capacity = {"kind": "on-demand", "availability_zone": "us-east-2a"}
    recording = build(made(capacity=capacity, **EFA), state=named)
    group = recording.one("aws:ec2/placementGroup:PlacementGroup")
    assert group.inputs == {"strategy": "cluster", "tags": {"team": "serving", "Name": "gpu"}}
    assert template(recording)["placement"] == {"groupName": "gpu-placement-1a2b"}


def test_a_given_placement_group_is_used():
    recording = build(made(placement_group_name="ours", **EFA))
    assert not recording.of_type("aws:ec2/placementGroup:PlacementGroup")
    assert template(recording)["placement"] == {"groupName": "ours"}


def test_outputs():
    outputs = build(made(**EFA), state=named).outputs["gpu"]
    assert outputs["nodeGroupName"] == "gpu-nodes-1a2b"
    assert outputs["nodeRoleArn"] == f"arn:aws:iam::{ACCOUNT}:role/gpu-role"
    assert outputs["nodeRoleName"] == "gpu-role"
    assert outputs["launchTemplateId"] == "gpu-template-id"
    assert outputs["securityGroupId"] == "gpu-efa-id"
    assert set(outputs) == {
        *("nodeGroupName", "nodeRoleArn", "nodeRoleName", "launchTemplateId"),
        *("securityGroupId", "labels", "taints"),
    }
    assert "securityGroupId" not in build(made(), state=named).outputs["gpu"]


def test_labels_and_taints_are_known_at_preview():
    outputs = build(made(), preview=True).outputs["gpu"]
    assert outputs["labels"] == {"inference-plane/role": "gpu", "nvidia.com/gpu.present": "true"}
    assert outputs["taints"] == [{"key": "nvidia.com/gpu", "value": "true", "effect": "NoSchedule"}]


def test_ids_may_be_outputs():
    def program(opts: pulumi.ResourceOptions) -> None:
        known = pulumi.Output.from_input
        capacity = {**CAPACITY["odcr"], "reservation_id": known(RESERVATION)}
        subnets = {"us-east-2b": known("subnet-9")}
        made(capacity=capacity, subnet_ids_by_zone=subnets, cluster_name=known("dev"))(opts)

    recording = build(program)
    assert nodes(recording)["subnetIds"] == ["subnet-9"]
    target = template(recording)["capacityReservationSpecification"]["capacityReservationTarget"]
    assert target == {"capacityReservationId": RESERVATION}


def test_wrong_arguments_are_refused_before_anything_is_registered():
    assert set(faults(made(ami="al2", desired_size=4, max_size=1))) == {"ami", "desiredSize"}


@pytest.mark.parametrize("instance_type", GPU_INSTANCE_TYPES)
def test_every_gpu_type_of_the_table_can_be_used_with_its_instance_store(instance_type):
    recording = build(made(instance_type=instance_type, instance_store="raid0"))
    assert nodes(recording)["instanceTypes"] == [instance_type]
