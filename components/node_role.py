"""The IAM role of EKS nodes: join the cluster, run the VPC CNI, pull images; nothing else."""

import json
from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

NODE_POLICIES: tuple[str, ...] = (
    "AmazonEKSWorkerNodePolicy",
    "AmazonEKS_CNI_Policy",
    "AmazonEC2ContainerRegistryPullOnly",
)
"""Managed policies of a node role. PullOnly is what AWS prefers to ...ReadOnly since late 2024."""

_TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}


def node_role(
    name: str, partition: str, tags: Mapping[str, str], parent: pulumi.Resource
) -> tuple[aws.iam.Role, list[aws.iam.RolePolicyAttachment]]:
    """Create ``<name>-role`` and its attachments under ``parent``.

    Nodes must wait for the attachments: without them they cannot join, and on the way down they could no
    longer detach their network interfaces.
    """
    role = aws.iam.Role(
        f"{name}-role",
        description=f"Nodes of {name}",
        assume_role_policy=json.dumps(_TRUST),
        tags={**tags, "Name": name},
        opts=pulumi.ResourceOptions(parent=parent),
    )
    attachments = [
        aws.iam.RolePolicyAttachment(
            f"{name}-{policy}",
            role=role.name,
            policy_arn=f"arn:{partition}:iam::aws:policy/{policy}",
            opts=pulumi.ResourceOptions(parent=parent),
        )
        for policy in NODE_POLICIES
    ]
    return role, attachments
