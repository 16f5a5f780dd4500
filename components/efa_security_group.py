"""The security group inside which Elastic Fabric Adapter traffic flows."""

from collections.abc import Mapping

import pulumi
import pulumi_aws as aws


def efa_security_group(
    name: str, vpc_id: pulumi.Input[str], tags: Mapping[str, str], parent: pulumi.Resource
) -> aws.ec2.SecurityGroup:
    """Create ``<name>-efa`` and its two rules under ``parent``.

    EFA needs all traffic opened to the group itself in both directions; egress to everywhere does not do.
    """
    group = aws.ec2.SecurityGroup(
        f"{name}-efa",
        description=f"EFA traffic between the nodes of {name}",
        vpc_id=vpc_id,
        tags=tags,
        opts=pulumi.ResourceOptions(parent=parent),
    )
    aws.vpc.SecurityGroupIngressRule(
        f"{name}-efa-ingress",
        security_group_id=group.id,
        referenced_security_group_id=group.id,
        ip_protocol="-1",
        description="EFA from the nodes of this group",
        tags=tags,
        opts=pulumi.ResourceOptions(parent=parent),
    )
    aws.vpc.SecurityGroupEgressRule(
        f"{name}-efa-egress",
        security_group_id=group.id,
        referenced_security_group_id=group.id,
        ip_protocol="-1",
        description="EFA to the nodes of this group",
        tags=tags,
        opts=pulumi.ResourceOptions(parent=parent),
    )
    return group
