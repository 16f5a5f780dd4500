"""Security groups and the three ways to write their rules."""

from typing import Any

from tests.unit.localcloud.api.served import Served
from tests.unit.localcloud.aws.simulated import VPC

GROUP = "aws:ec2/securityGroup:SecurityGroup"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
EGRESS = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
RULE = "aws:ec2/securityGroupRule:SecurityGroupRule"
DEFAULT = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"


def rules(served: Served, group: str) -> dict[str, dict[str, Any]]:
    answer = served.aws("ec2").describe_security_group_rules(
        Filters=[{"Name": "group-id", "Values": [group]}]
    )
    return {one["SecurityGroupRuleId"]: one for one in answer["SecurityGroupRules"]}


def group(served: Served, **inputs: Any) -> str:
    vpc, _ = served.make(VPC, cidrBlock="10.0.0.0/16")
    return served.make(GROUP, vpcId=vpc, description="for tests", **inputs)[0]


def test_a_group_starts_without_rules_as_the_provider_leaves_it(served: Served) -> None:
    id_ = group(served, tags={"Name": "x"})
    found = served.aws("ec2").describe_security_groups(GroupIds=[id_])["SecurityGroups"][0]
    assert (found["IpPermissions"], found["IpPermissionsEgress"]) == ([], [])
    assert found["Description"] == "for tests"


def test_rules_have_their_ids_ports_and_sources(served: Served) -> None:
    id_ = group(served)
    https, _ = served.make(
        INGRESS, securityGroupId=id_, ipProtocol="tcp", fromPort=443, toPort=443, cidrIpv4="10.0.0.0/8"
    )
    out, _ = served.make(EGRESS, securityGroupId=id_, ipProtocol="-1", cidrIpv4="0.0.0.0/0")
    itself, _ = served.make(INGRESS, securityGroupId=id_, ipProtocol="-1", referencedSecurityGroupId=id_)
    found = rules(served, id_)
    assert set(found) == {https, out, itself}
    assert (found[https]["FromPort"], found[https]["CidrIpv4"], found[https]["IsEgress"]) == (
        443,
        "10.0.0.0/8",
        False,
    )
    assert found[out]["IsEgress"] is True
    assert found[itself]["ReferencedGroupInfo"]["GroupId"] == id_
    served.delete(INGRESS, https)
    assert set(rules(served, id_)) == {out, itself}
    assert served.problems == {}


def test_an_older_rule_resource_may_hold_several_sources(served: Served) -> None:
    id_ = group(served)
    given = {"type": "ingress", "protocol": "tcp", "fromPort": 80, "toPort": 81, "securityGroupId": id_}
    rule, _ = served.make(RULE, cidrBlocks=["10.0.0.0/16", "10.1.0.0/16"], **given)
    assert {one["CidrIpv4"] for one in rules(served, id_).values()} == {"10.0.0.0/16", "10.1.0.0/16"}
    served.delete(RULE, rule)
    assert rules(served, id_) == {}


def test_the_groups_and_rules_of_a_changed_record_follow(served: Served) -> None:
    id_ = group(served)
    given = {"securityGroupId": id_, "ipProtocol": "tcp", "fromPort": 443, "toPort": 443}
    rule, _ = served.make(INGRESS, cidrIpv4="10.0.0.0/8", description="old", **given)
    assert rules(served, id_)[rule]["Description"] == "old"
    served.change(INGRESS, rule, cidrIpv4="10.2.0.0/16", description="new", **given)
    found = rules(served, id_)
    assert list(found) == [rule]
    assert (found[rule]["CidrIpv4"], found[rule]["Description"]) == ("10.2.0.0/16", "new")


def test_a_locked_default_group_has_no_rules(served: Served) -> None:
    vpc, state = served.make(VPC, cidrBlock="10.0.0.0/16")
    served.make(DEFAULT, vpcId=vpc, ingress=[], egress=[])
    assert rules(served, state["defaultSecurityGroupId"]) == {}
    assert served.problems == {}


def test_a_rule_removed_by_hand_is_gone_for_a_refresh(served: Served) -> None:
    id_ = group(served)
    keep, _ = served.make(EGRESS, securityGroupId=id_, ipProtocol="-1", cidrIpv4="0.0.0.0/0")
    rule, _ = served.make(
        INGRESS, securityGroupId=id_, ipProtocol="tcp", fromPort=443, toPort=443, cidrIpv4="10.0.0.0/8"
    )
    served.aws("ec2").revoke_security_group_ingress(GroupId=id_, SecurityGroupRuleIds=[rule])
    assert served.read(INGRESS, rule) is None
    assert served.read(EGRESS, keep) is not None


def test_a_rule_added_by_hand_to_a_group_with_inline_rules_is_found(served: Served) -> None:
    vpc, state = served.make(VPC, cidrBlock="10.0.0.0/16")
    default = state["defaultSecurityGroupId"]
    id_, _ = served.make(DEFAULT, vpcId=vpc, ingress=[], egress=[])
    served.aws("ec2").authorize_security_group_ingress(
        GroupId=default,
        IpPermissions=[
            {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
        ],
    )
    found = served.read(DEFAULT, id_)
    assert found is not None
    inputs, _ = found
    assert inputs["ingress"] == [
        {"protocol": "tcp", "fromPort": 22, "toPort": 22, "cidrBlocks": ["0.0.0.0/0"]}
    ]
    assert served.diff(DEFAULT, id_, vpcId=vpc, ingress=[], egress=[]).changes
