"""CPU nodes: pinned, encrypted, in EKS's own security group, selected by one label."""

import pulumi
import pytest

from components.scheduling import SYSTEM_NODE_SELECTOR
from components.system_node_group import SystemNodeGroup, SystemNodeGroupArgs
from components.versions import AMI_RELEASES
from tests.golden_files import check_golden, pretty_json
from tests.unit.components.building import aws_resources, build, faults
from tests.unit.recording import ACCOUNT, REGION, UNKNOWN


def arguments(**changes) -> SystemNodeGroupArgs:
    base: SystemNodeGroupArgs = {
        "cluster_name": "dev",
        "kubernetes_version": "1.35",
        "region": REGION,
        "subnet_ids": ["subnet-1", "subnet-2"],
        "tags": {"team": "serving"},
    }
    return {**base, **changes}  # pyright: ignore[reportReturnType] -- tests pass wrong values on purpose


def made(**changes):
    return lambda opts: SystemNodeGroup("system", arguments(**changes), opts)


@pytest.mark.parametrize("preview", [False, True])
def test_children_are_a_role_its_policies_a_template_and_the_group(preview):
    recording = build(made(), preview=preview)
    assert recording.children("system") == [
        ("aws:ec2/launchTemplate:LaunchTemplate", "system-template"),
        ("aws:eks/nodeGroup:NodeGroup", "system-nodes"),
        ("aws:iam/role:Role", "system-role"),
        ("aws:iam/rolePolicyAttachment:RolePolicyAttachment", "system-AmazonEC2ContainerRegistryPullOnly"),
        ("aws:iam/rolePolicyAttachment:RolePolicyAttachment", "system-AmazonEKSWorkerNodePolicy"),
        ("aws:iam/rolePolicyAttachment:RolePolicyAttachment", "system-AmazonEKS_CNI_Policy"),
    ]
    assert len(aws_resources(recording)) == 6
    assert recording.named("system").type == "inference-plane:index:SystemNodeGroup"


def test_template_and_group_are_the_reviewed_ones():
    recording = build(made())
    check_golden(
        "node-groups/system.json",
        pretty_json(
            {
                "launchTemplate": recording.named("system-template").inputs,
                "nodeGroup": recording.named("system-nodes").inputs,
            }
        ),
    )


def test_template_leaves_security_groups_image_type_and_subnets_to_eks():
    inputs = build(made()).named("system-template").inputs
    absent = {"vpcSecurityGroupIds", "securityGroupNames", "networkInterfaces", "imageId", "instanceType"}
    assert not absent & set(inputs)


def test_group_waits_for_its_policies():
    recording = build(made())
    attachments = recording.of_type("aws:iam/rolePolicyAttachment:RolePolicyAttachment")
    assert len(attachments) == 3
    assert {a.urn for a in attachments} <= recording.named("system-nodes").depends_on


def test_nodes_carry_the_label_controllers_select_and_no_taint():
    inputs = build(made()).named("system-nodes").inputs
    assert inputs["labels"] == SYSTEM_NODE_SELECTOR == {"inference-plane/role": "system"}
    assert "taints" not in inputs


@pytest.mark.parametrize("version", AMI_RELEASES)
def test_release_is_pinned_for_each_kubernetes_version(version):
    inputs = build(made(kubernetes_version=version)).named("system-nodes").inputs
    assert (inputs["version"], inputs["releaseVersion"]) == (version, AMI_RELEASES[version]["al2023"])


def test_sizes_types_volume_and_release_can_be_chosen():
    recording = build(
        made(
            instance_types=["m6i.xlarge", "m7i.xlarge"],
            desired_size=3.0,  # a packaged component gets whole numbers as floats
            min_size=1.0,
            max_size=4.0,
            volume_size_gib=80.0,
            ami_release="1.35.1-20260301",
        )
    )
    nodes = recording.named("system-nodes").inputs
    assert nodes["scalingConfig"] == {"desiredSize": 3, "minSize": 1, "maxSize": 4}
    assert nodes["instanceTypes"] == ["m6i.xlarge", "m7i.xlarge"]
    assert nodes["releaseVersion"] == "1.35.1-20260301"
    (device,) = recording.named("system-template").inputs["blockDeviceMappings"]
    assert device["ebs"]["volumeSize"] == 80


def test_policies_follow_the_partition():
    recording = build(made(region="cn-north-1"))
    arns = [
        a.inputs["policyArn"] for a in recording.of_type("aws:iam/rolePolicyAttachment:RolePolicyAttachment")
    ]
    assert all(arn.startswith("arn:aws-cn:iam::aws:policy/") for arn in arns)


def test_template_version_is_unknown_at_preview_and_a_whole_number_after():
    assert build(made()).named("system-nodes").inputs["launchTemplate"]["version"] == "1"
    preview = build(made(), preview=True).named("system-nodes").inputs
    assert preview["launchTemplate"]["version"] == UNKNOWN


def test_outputs():
    outputs = build(made(), state=lambda type_, *_: _named(type_)).outputs["system"]
    assert outputs == {
        "nodeGroupName": "system-nodes-1a2b",
        "nodeRoleArn": f"arn:aws:iam::{ACCOUNT}:role/system-role",
        "nodeRoleName": "system-role",
        "launchTemplateId": "system-template-id",
    }


def _named(type_: str) -> dict[str, str]:
    return {"nodeGroupName": "system-nodes-1a2b"} if type_ == "aws:eks/nodeGroup:NodeGroup" else {}


def test_subnets_may_be_an_output():
    inputs = build(made(subnet_ids=pulumi.Output.from_input(["subnet-9"]))).named("system-nodes").inputs
    assert inputs["subnetIds"] == ["subnet-9"]


def test_all_wrong_arguments_are_named_at_once():
    found = faults(
        made(
            cluster_name="",
            kubernetes_version="1.29",
            region="",
            subnet_ids=[],
            instance_types=["m7i.xlarge", "p5e.48xlarge"],
            desired_size=9,
            volume_size_gib=8,
            ami_release="latest",
        )
    )
    assert set(found) == {
        *("clusterName", "kubernetesVersion", "region", "subnetIds", "instanceTypes[1]"),
        *("desiredSize", "volumeSizeGib", "amiRelease"),
    }
    assert found["desiredSize"] == "is 9; it must lie between minSize 2 and maxSize 3"


def test_sizes_below_zero_and_an_empty_list_of_types_are_named():
    found = faults(made(min_size=-1, desired_size=0, max_size=0, instance_types=[]))
    assert set(found) == {"minSize", "maxSize", "instanceTypes"}
