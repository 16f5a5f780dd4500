"""The node role: what nodes may do, in each partition."""

import json

import pulumi
import pytest

from components.node_role import node_role
from tests.unit.components.building import build


def recorded(partition: str = "aws"):
    def program(opts: pulumi.ResourceOptions) -> None:
        parent = pulumi.ComponentResource("test:index:Parent", "parent", opts=opts)
        node_role("nodes", partition, {"team": "serving"}, parent)

    return build(program)


def test_only_ec2_assumes_the_role():
    role = recorded().named("nodes-role").inputs
    assert json.loads(role.pop("assumeRolePolicy"))["Statement"] == [
        {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ]
    assert role == {"description": "Nodes of nodes", "tags": {"team": "serving", "Name": "nodes"}}


@pytest.mark.parametrize("partition", ["aws", "aws-us-gov"])
def test_role_has_exactly_the_three_policies_of_its_partition(partition):
    attachments = recorded(partition).of_type("aws:iam/rolePolicyAttachment:RolePolicyAttachment")
    assert sorted(a.inputs["policyArn"] for a in attachments) == [
        f"arn:{partition}:iam::aws:policy/AmazonEC2ContainerRegistryPullOnly",
        f"arn:{partition}:iam::aws:policy/AmazonEKSWorkerNodePolicy",
        f"arn:{partition}:iam::aws:policy/AmazonEKS_CNI_Policy",
    ]
    assert {a.inputs["role"] for a in attachments} == {"nodes-role"}
