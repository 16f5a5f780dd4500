"""Network interfaces: who makes them, and what they keep from being deleted."""

from pathlib import Path
from typing import Any

import pytest

from localcloud.aws.store import Record, Store
from localcloud.providers.protocol import ProviderError
from tests.unit.localcloud.aws.simulated import SUBNET, VPC, Simulated

ENI = "aws:ec2/networkInterface:NetworkInterface"
ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
GROUP = "aws:ec2/securityGroup:SecurityGroup"
GATEWAY = "aws:ec2/internetGateway:InternetGateway"
NAT = "aws:ec2/natGateway:NatGateway"


@pytest.fixture
def aws(tmp_path: Path) -> Simulated:
    return Simulated(tmp_path)


def interfaces(aws: Simulated) -> list[Record]:
    return Store(aws.home.aws_state).all(ENI)


def test_a_nat_gateway_has_an_interface_with_its_addresses(aws: Simulated) -> None:
    aws.network()
    (nat,) = Store(aws.home.aws_state).all(NAT)
    (found,) = interfaces(aws)
    assert found.id == nat.state["networkInterfaceId"]
    assert found.origin == "aws"
    state = found.state
    assert (state["privateIp"], state["publicIp"]) == (nat.state["privateIp"], nat.state["publicIp"])
    assert (state["interfaceType"], state["status"]) == ("nat_gateway", "in-use")
    assert state["description"] == f"Interface for NAT Gateway {nat.id}"


def test_a_nat_gateways_interface_goes_with_it(aws: Simulated) -> None:
    aws.network()
    (nat,) = Store(aws.home.aws_state).all(NAT)
    aws.delete("aws:ec2/route:Route", Store(aws.home.aws_state).all("aws:ec2/route:Route")[0].id)
    aws.delete(NAT, nat.id)
    assert interfaces(aws) == []


def test_a_public_address_keeps_the_internet_gateway(aws: Simulated) -> None:
    vpc, _ = aws.network()
    (gateway,) = Store(aws.home.aws_state).find(GATEWAY, vpcId=vpc)
    refusal = aws.keeps("DependencyViolation", GATEWAY, gateway.id)
    assert f"Network {vpc} has some mapped public address(es)" in refusal


def endpoint(aws: Simulated, vpc: str, subnets: list[str], groups: list[str]) -> tuple[str, dict[str, Any]]:
    return aws.make(
        ENDPOINT,
        vpcId=vpc,
        serviceName="com.amazonaws.us-east-2.sts",
        vpcEndpointType="Interface",
        subnetIds=subnets,
        securityGroupIds=groups,
    )


def test_an_interface_endpoint_has_one_interface_per_subnet(aws: Simulated) -> None:
    vpc, subnets = aws.network(routed=False)
    group, _ = aws.make(GROUP, name="endpoints", vpcId=vpc)
    id_, state = endpoint(aws, vpc, subnets, [group])
    found = interfaces(aws)
    assert [one.state["subnetId"] for one in found] == subnets
    assert sorted(state["networkInterfaceIds"]) == sorted(one.id for one in found)
    assert {tuple(one.state["securityGroups"]) for one in found} == {(group,)}
    aws.delete(ENDPOINT, id_)
    assert interfaces(aws) == []


def test_an_endpoints_interfaces_follow_its_subnets_and_groups(aws: Simulated) -> None:
    vpc, subnets = aws.network(routed=False)
    old, _ = aws.make(GROUP, name="old", vpcId=vpc)
    new, _ = aws.make(GROUP, name="new", vpcId=vpc)
    id_, before = endpoint(aws, vpc, subnets, [old])
    after = aws.change(
        ENDPOINT,
        id_,
        vpcId=vpc,
        serviceName="com.amazonaws.us-east-2.sts",
        vpcEndpointType="Interface",
        subnetIds=subnets[:1],
        securityGroupIds=[new],
    )
    assert after["networkInterfaceIds"] == before["networkInterfaceIds"][:1]
    (left,) = interfaces(aws)
    assert left.state["securityGroups"] == [new]
    aws.delete(GROUP, old)
    aws.delete(SUBNET, subnets[1])


def test_a_gateway_endpoint_has_no_interface(aws: Simulated) -> None:
    vpc, _ = aws.network(routed=False)
    _, state = aws.make(ENDPOINT, vpcId=vpc, serviceName="com.amazonaws.us-east-2.s3")
    assert state["networkInterfaceIds"] == []
    assert interfaces(aws) == []


def test_a_clusters_control_plane_has_an_interface_in_two_zones(aws: Simulated) -> None:
    _, subnets = aws.network("abc", routed=False)
    name = aws.eks(subnets)
    found = interfaces(aws)
    assert [one.state["subnetId"] for one in found] == subnets[:2]
    assert {one.state["description"] for one in found} == {f"Amazon EKS {name}"}
    cluster = Store(aws.home.aws_state).get("aws:eks/cluster:Cluster", name)
    assert cluster
    group = cluster.state["vpcConfig"]["clusterSecurityGroupId"]
    assert {tuple(one.state["securityGroups"]) for one in found} == {(group,)}
    aws.delete("aws:eks/cluster:Cluster", name)
    assert interfaces(aws) == []
    assert Store(aws.home.aws_state).get(GROUP, group) is None


def test_an_interface_keeps_its_subnet_and_its_security_group(aws: Simulated) -> None:
    vpc, subnets = aws.network(routed=False)
    group, _ = aws.make(GROUP, name="own", vpcId=vpc)
    id_, state = aws.make(ENI, subnetId=subnets[0], securityGroups=[group])
    assert state["privateIp"].startswith("10.0.0.")
    assert "has dependencies and cannot be deleted" in aws.keeps("DependencyViolation", SUBNET, subnets[0])
    assert f"resource {group} has a dependent object" in aws.keeps("DependencyViolation", GROUP, group)
    aws.delete(ENI, id_)
    aws.delete(SUBNET, subnets[0])
    aws.delete(GROUP, group)
    aws.delete(SUBNET, subnets[1])
    aws.delete(VPC, vpc)


def test_an_interface_that_is_attached_is_not_deleted(aws: Simulated) -> None:
    aws.network()
    (nat,) = interfaces(aws)
    assert f"Network interface '{nat.id}' is currently in use." in aws.keeps(
        "InvalidParameterValue", ENI, nat.id
    )


def test_interface_and_group_are_of_one_vpc(aws: Simulated) -> None:
    _, subnets = aws.network(routed=False)
    other, _ = aws.make(VPC, cidrBlock="10.9.0.0/16")
    group, _ = aws.make(GROUP, name="elsewhere", vpcId=other)
    aws.refuses("InvalidParameterValue", ENI, subnetId=subnets[0], securityGroups=[group])


def test_no_address_is_given_twice(aws: Simulated) -> None:
    vpc, _ = aws.make(VPC, cidrBlock="10.0.0.0/16")
    subnet, _ = aws.make(SUBNET, vpcId=vpc, cidrBlock="10.0.0.0/28")
    given = {aws.make(ENI, f"x{number}", subnetId=subnet)[1]["privateIp"] for number in range(11)}
    assert len(given) == 11
    assert not given & {f"10.0.0.{last}" for last in (0, 1, 2, 3, 15)}
    with pytest.raises(ProviderError, match="InsufficientFreeAddressesInSubnet"):
        aws.make(ENI, "one-more", subnetId=subnet)
