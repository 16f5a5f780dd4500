"""Networks seen through the AWS API are those of the account, with its ids."""

from typing import Any

from tests.unit.localcloud.api.served import Served, tags
from tests.unit.localcloud.aws.simulated import SUBNET, VPC

TABLE = "aws:ec2/routeTable:RouteTable"
ROUTE = "aws:ec2/route:Route"
ASSOCIATION = "aws:ec2/routeTableAssociation:RouteTableAssociation"
GATEWAY = "aws:ec2/internetGateway:InternetGateway"
NAT = "aws:ec2/natGateway:NatGateway"
EIP = "aws:ec2/eip:Eip"
ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"


def only(items: list[Any]) -> Any:
    assert len(items) == 1
    return items[0]


def test_a_new_account_has_no_network_not_even_a_default_one(served: Served) -> None:
    assert served.aws("ec2").describe_vpcs()["Vpcs"] == []
    assert served.aws("ec2").describe_subnets()["Subnets"] == []
    assert served.aws("ec2").describe_security_groups()["SecurityGroups"] == []


def test_a_vpc_keeps_its_ids_settings_and_tags(served: Served) -> None:
    id_, state = served.make(
        VPC, cidrBlock="10.0.0.0/16", enableDnsHostnames=True, tags={"Name": "main", "team": "ml"}
    )
    ec2 = served.aws("ec2")
    vpc = only(ec2.describe_vpcs()["Vpcs"])
    assert (vpc["VpcId"], vpc["CidrBlock"]) == (id_, "10.0.0.0/16")
    assert tags(vpc["Tags"]) == {"Name": "main", "team": "ml"}
    answer = ec2.describe_vpc_attribute(VpcId=id_, Attribute="enableDnsHostnames")
    assert answer["EnableDnsHostnames"] == {"Value": True}
    assert (
        only(ec2.describe_security_groups()["SecurityGroups"])["GroupId"] == state["defaultSecurityGroupId"]
    )
    assert only(ec2.describe_route_tables()["RouteTables"])["RouteTableId"] == state["mainRouteTableId"]
    assert only(ec2.describe_network_acls()["NetworkAcls"])["NetworkAclId"] == state["defaultNetworkAclId"]


def test_an_update_and_a_delete_are_seen_at_once(served: Served) -> None:
    id_, _ = served.make(VPC, cidrBlock="10.0.0.0/16", tags={"Name": "main"})
    ec2 = served.aws("ec2")
    served.change(VPC, id_, cidrBlock="10.0.0.0/16", enableDnsHostnames=True, tags={"Name": "other"})
    assert tags(only(ec2.describe_vpcs()["Vpcs"])["Tags"]) == {"Name": "other"}
    assert ec2.describe_vpc_attribute(VpcId=id_, Attribute="enableDnsHostnames")["EnableDnsHostnames"][
        "Value"
    ]
    served.delete(VPC, id_)
    assert ec2.describe_vpcs()["Vpcs"] == []
    assert served.problems == {}


def test_a_routed_network_is_whole(served: Served) -> None:
    vpc, subnets = served.network()
    ec2 = served.aws("ec2")
    found = {one["SubnetId"]: one for one in ec2.describe_subnets()["Subnets"]}
    assert set(subnets) < set(found)
    assert {one["VpcId"] for one in found.values()} == {vpc}
    assert found[subnets[1]]["AvailabilityZone"] == "us-east-2b"
    assert found[subnets[1]]["AvailabilityZoneId"] == "use2-az2"
    nat = only(ec2.describe_nat_gateways()["NatGateways"])
    address = only(ec2.describe_addresses()["Addresses"])
    gateway = only(ec2.describe_internet_gateways()["InternetGateways"])
    stored = {one.type: one for one in served.application.world.store.everything()}
    assert nat["NatGatewayId"] == stored[NAT].id
    assert (
        only(nat["NatGatewayAddresses"])["PublicIp"] == stored[EIP].state["publicIp"] == address["PublicIp"]
    )
    assert address["AssociationId"] == stored[NAT].state["associationId"]
    assert only(gateway["Attachments"])["VpcId"] == vpc
    table = only([one for one in ec2.describe_route_tables()["RouteTables"] if len(one["Routes"]) > 1])
    assert {one.get("NatGatewayId") or one["GatewayId"] for one in table["Routes"]} == {
        "local",
        nat["NatGatewayId"],
    }
    assert {one["SubnetId"] for one in table["Associations"]} == set(subnets)
    known = {one.id for one in served.application.world.store.all(ASSOCIATION)}
    assert {one["RouteTableAssociationId"] for one in table["Associations"]} == known
    assert served.problems == {}


def test_a_network_comes_down_in_one_go(served: Served) -> None:
    served.network()
    ec2 = served.aws("ec2")
    assert ec2.describe_nat_gateways()["NatGateways"]
    for type_ in (ASSOCIATION, ROUTE, NAT, EIP, TABLE, SUBNET, GATEWAY, VPC):
        for record in served.application.world.store.all(type_):
            served.delete(type_, record.id)
    assert ec2.describe_vpcs()["Vpcs"] == []
    assert ec2.describe_nat_gateways()["NatGateways"] == []
    assert ec2.describe_addresses()["Addresses"] == []
    assert ec2.describe_network_interfaces()["NetworkInterfaces"] == []
    assert served.problems == {}


def test_a_route_follows_its_target(served: Served) -> None:
    vpc, _ = served.make(VPC, cidrBlock="10.0.0.0/16")
    gateway, _ = served.make(GATEWAY, vpcId=vpc)
    table, _ = served.make(TABLE, vpcId=vpc)
    route, _ = served.make(ROUTE, routeTableId=table, destinationCidrBlock="0.0.0.0/0", gatewayId=gateway)
    ec2 = served.aws("ec2")
    answer = ec2.describe_route_tables(RouteTableIds=[table])
    assert {one.get("GatewayId") for one in only(answer["RouteTables"])["Routes"]} == {"local", gateway}
    served.delete(ROUTE, route)
    answer = ec2.describe_route_tables(RouteTableIds=[table])
    assert {one.get("GatewayId") for one in only(answer["RouteTables"])["Routes"]} == {"local"}


def test_endpoints_have_their_interfaces_and_groups(served: Served) -> None:
    vpc, subnets = served.network()
    served.change(VPC, vpc, cidrBlock="10.0.0.0/16", enableDnsHostnames=True)
    group, _ = served.make("aws:ec2/securityGroup:SecurityGroup", vpcId=vpc, description="endpoints")
    ec2 = served.aws("ec2")
    id_, state = served.make(
        ENDPOINT,
        vpcId=vpc,
        serviceName="com.amazonaws.us-east-2.ecr.api",
        vpcEndpointType="Interface",
        subnetIds=subnets,
        securityGroupIds=[group],
        privateDnsEnabled=True,
    )
    endpoint = only(ec2.describe_vpc_endpoints()["VpcEndpoints"])
    assert endpoint["VpcEndpointId"] == id_
    assert sorted(endpoint["NetworkInterfaceIds"]) == sorted(state["networkInterfaceIds"])
    assert set(endpoint["SubnetIds"]) == set(subnets)
    assert [one["GroupId"] for one in endpoint["Groups"]] == [group]
    assert endpoint["PrivateDnsEnabled"] is True
    served.delete(ENDPOINT, id_)
    assert ec2.describe_vpc_endpoints()["VpcEndpoints"] == []
    assert served.problems == {}


def test_a_restarted_server_answers_the_same(served: Served) -> None:
    served.network()

    def answers() -> list[Any]:
        ec2 = served.aws("ec2")
        ids = [sorted(one["SubnetId"] for one in ec2.describe_subnets()["Subnets"])]
        ids.append(sorted(one["RouteTableId"] for one in ec2.describe_route_tables()["RouteTables"]))
        ids.append(sorted(one["NatGatewayId"] for one in ec2.describe_nat_gateways()["NatGateways"]))
        ids.append(sorted(one["PublicIp"] for one in ec2.describe_addresses()["Addresses"]))
        return ids

    before = answers()
    assert served.restarted().problems == {}
    assert answers() == before
