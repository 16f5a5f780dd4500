"""The group of EFA traffic: everything between its members, nothing else."""

import pulumi

from components.efa_security_group import efa_security_group
from tests.unit.components.building import aws_resources, build


def recorded():
    def program(opts: pulumi.ResourceOptions) -> None:
        parent = pulumi.ComponentResource("test:index:Parent", "parent", opts=opts)
        efa_security_group("gpu", "vpc-1", {"team": "serving"}, parent)

    return build(program)


def test_group_lies_in_the_vpc_and_has_no_cluster_tag():
    group = recorded().named("gpu-efa").inputs
    assert group["vpcId"] == "vpc-1"
    # The ALB controller wants exactly one group with the cluster's tag on each interface.
    assert group["tags"] == {"team": "serving"}
    assert "ingress" not in group
    assert "egress" not in group


def test_all_traffic_of_members_is_allowed_in_both_directions_and_no_other():
    recording = recorded()
    assert len(aws_resources(recording)) == 3
    rules = [recording.named("gpu-efa-ingress"), recording.named("gpu-efa-egress")]
    assert [rule.type for rule in rules] == [
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
        "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
    ]
    for rule in rules:
        assert rule.inputs["securityGroupId"] == rule.inputs["referencedSecurityGroupId"] == "gpu-efa-id"
        assert rule.inputs["ipProtocol"] == "-1"
        assert not {"cidrIpv4", "cidrIpv6", "prefixListId", "fromPort", "toPort"} & set(rule.inputs)
