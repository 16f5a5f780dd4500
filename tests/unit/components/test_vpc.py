"""The network: exact children, names that follow the zone's letter, NAT in three ways, an existing VPC untouched."""

import json

import pulumi
import pytest

from components.vpc import Vpc, VpcArgs
from tests.golden_files import check_golden, pretty_json
from tests.unit.components.building import aws_resources, build, faults
from tests.unit.recording import REGION

VPC = "aws:ec2/vpc:Vpc"
SUBNET = "aws:ec2/subnet:Subnet"
ROUTE = "aws:ec2/route:Route"
TABLE = "aws:ec2/routeTable:RouteTable"
ASSOCIATION = "aws:ec2/routeTableAssociation:RouteTableAssociation"
NAT = "aws:ec2/natGateway:NatGateway"
ADDRESS = "aws:ec2/eip:Eip"
ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"

EXISTING = {
    "vpc_id": "vpc-0a",
    "cidr": "10.16.0.0/12",
    "availability_zones": [f"{REGION}a", f"{REGION}c"],
    "private_subnet_ids": ["subnet-0a", "subnet-0c"],
    "public_subnet_ids": ["subnet-1a", "subnet-1c"],
}


def arguments(**changes) -> VpcArgs:
    base: VpcArgs = {
        "region": REGION,
        "availability_zones": [f"{REGION}a", f"{REGION}b"],
        "tags": {"team": "serving"},
    }
    return {**base, **changes}  # pyright: ignore[reportReturnType] -- tests pass wrong values on purpose


def made(**changes):
    return lambda opts: Vpc("net", arguments(**changes), opts)


def adopted(**changes):
    args: VpcArgs = {"region": REGION, "existing": {**EXISTING, **changes}}  # pyright: ignore[reportAssignmentType] -- as above
    return lambda opts: Vpc("net", args, opts)


def addresses(type_: str, name: str, inputs: dict) -> dict:
    del inputs
    return {"publicIp": f"203.0.113.{ord(name[-9])}"} if type_ == ADDRESS else {}


def test_children_of_two_zones_with_one_nat_gateway():
    recording = build(made())
    assert recording.children("net") == sorted(
        [
            (VPC, "net-vpc"),
            ("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup", "net-default-security-group"),
            ("aws:ec2/internetGateway:InternetGateway", "net-internet-gateway"),
            (TABLE, "net-public-routes"),
            (ROUTE, "net-public-egress"),
            (SUBNET, "net-public-a"),
            (ASSOCIATION, "net-public-a-association"),
            (SUBNET, "net-public-b"),
            (ASSOCIATION, "net-public-b-association"),
            (ADDRESS, "net-nat-a-address"),
            (NAT, "net-nat-a"),
            (SUBNET, "net-private-a"),
            (TABLE, "net-private-a-routes"),
            (ASSOCIATION, "net-private-a-association"),
            (ROUTE, "net-private-a-egress"),
            (SUBNET, "net-private-b"),
            (TABLE, "net-private-b-routes"),
            (ASSOCIATION, "net-private-b-association"),
            (ROUTE, "net-private-b-egress"),
            (ENDPOINT, "net-s3"),
        ]
    )
    assert len(aws_resources(recording)) == 20
    assert recording.named("net").type == "inference-plane:index:Vpc"


def test_inputs_of_every_child_are_the_reviewed_ones():
    recording = build(made(cluster_name="dev", flow_logs=True))
    check_golden(
        "vpc/two-zones.json", pretty_json({r.name: [r.type, r.inputs] for r in aws_resources(recording)})
    )


def test_default_security_group_lets_nothing_through():
    assert build(made()).named("net-default-security-group").inputs == {
        "vpcId": "net-vpc-id",
        "ingress": [],
        "egress": [],
        "tags": {"team": "serving", "Name": "net-default-locked"},
    }


def test_subnets_carry_the_role_tags_and_the_layout():
    recording = build(made(cidr="10.7.0.0/16"))
    assert recording.named("net-public-b").inputs == {
        "vpcId": "net-vpc-id",
        "cidrBlock": "10.7.228.0/22",
        "availabilityZone": f"{REGION}b",
        "mapPublicIpOnLaunch": False,
        "tags": {"team": "serving", "Name": "net-public-b", "kubernetes.io/role/elb": "1"},
    }
    assert recording.named("net-private-b").inputs == {
        "vpcId": "net-vpc-id",
        "cidrBlock": "10.7.32.0/19",
        "availabilityZone": f"{REGION}b",
        "tags": {"team": "serving", "Name": "net-private-b", "kubernetes.io/role/internal-elb": "1"},
    }


def test_a_cluster_name_tags_private_subnets_only():
    recording = build(made(cluster_name="dev"))
    tagged = {
        r.name
        for r in aws_resources(recording)
        if r.inputs.get("tags", {}).get("karpenter.sh/discovery") == "dev"
    }
    assert tagged == {"net-private-a", "net-private-b"}


def test_a_third_zone_adds_its_own_children_and_changes_no_subnet():
    two = {r.name: r.inputs for r in aws_resources(build(made()))}
    zones = [f"{REGION}{letter}" for letter in "cab"]
    three = {r.name: r.inputs for r in aws_resources(build(made(availability_zones=zones, nat="per-zone")))}
    assert two.keys() < three.keys()
    for name, inputs in two.items():
        if name not in ("net-s3", "net-private-b-egress"):
            assert three[name] == inputs, name


def test_single_nat_is_in_the_first_zone_of_the_list_and_serves_all():
    recording = build(made(availability_zones=[f"{REGION}b", f"{REGION}a"]))
    assert [r.name for r in recording.of_type(NAT)] == ["net-nat-b"]
    assert recording.named("net-nat-b").inputs["subnetId"] == "net-public-b-id"
    for zone in "ab":
        assert recording.named(f"net-private-{zone}-egress").inputs == {
            "routeTableId": f"net-private-{zone}-routes-id",
            "destinationCidrBlock": "0.0.0.0/0",
            "natGatewayId": "net-nat-b-id",
        }


def test_nat_per_zone_sends_each_zone_through_its_own():
    recording = build(made(nat="per-zone"), state=addresses)
    for zone in "ab":
        assert recording.named(f"net-nat-{zone}").inputs["subnetId"] == f"net-public-{zone}-id"
        assert recording.named(f"net-nat-{zone}").inputs["allocationId"] == f"net-nat-{zone}-address-id"
        assert recording.named(f"net-private-{zone}-egress").inputs["natGatewayId"] == f"net-nat-{zone}-id"
    assert recording.outputs["net"]["natPublicIps"] == ["203.0.113.97", "203.0.113.98"]


def test_nat_none_leaves_private_subnets_with_the_s3_route_only():
    recording = build(made(nat="none"))
    assert recording.of_type(NAT) == recording.of_type(ADDRESS) == []
    assert [r.name for r in recording.of_type(ROUTE)] == ["net-public-egress"]
    assert recording.outputs["net"]["natPublicIps"] == []
    assert recording.one(ENDPOINT, "net-s3")


def test_nat_and_its_address_wait_for_the_internet_gateway():
    recording = build(made())
    gateway = recording.named("net-internet-gateway").urn
    assert gateway in recording.named("net-nat-a-address").depends_on
    assert gateway in recording.named("net-nat-a").depends_on


def test_s3_is_reached_by_a_gateway_endpoint_on_every_route_table():
    assert build(made()).named("net-s3").inputs == {
        "vpcId": "net-vpc-id",
        "serviceName": f"com.amazonaws.{REGION}.s3",
        "vpcEndpointType": "Gateway",
        "routeTableIds": ["net-public-routes-id", "net-private-a-routes-id", "net-private-b-routes-id"],
        "tags": {"team": "serving", "Name": "net-s3"},
    }


def test_outputs_are_in_the_order_of_the_zones():
    zones = [f"{REGION}b", f"{REGION}a"]
    outputs = build(made(availability_zones=zones), state=addresses).outputs["net"]
    assert outputs == {
        "vpcId": "net-vpc-id",
        "cidrBlock": "10.0.0.0/16",
        "availabilityZones": zones,
        "publicSubnetIds": ["net-public-b-id", "net-public-a-id"],
        "privateSubnetIds": ["net-private-b-id", "net-private-a-id"],
        "privateSubnetIdsByZone": {zones[0]: "net-private-b-id", zones[1]: "net-private-a-id"},
        "privateRouteTableIds": ["net-private-b-routes-id", "net-private-a-routes-id"],
        "defaultSecurityGroupId": "net-default-security-group-id",
        "natPublicIps": ["203.0.113.98"],
    }


def test_preview_knows_the_network_and_the_zones():
    recording = build(made(flow_logs=True), preview=True)
    assert recording.outputs["net"]["cidrBlock"] == "10.0.0.0/16"
    assert recording.outputs["net"]["availabilityZones"] == [f"{REGION}a", f"{REGION}b"]
    assert len(recording.of_type(SUBNET)) == 4


class Consumer(pulumi.CustomResource):
    """Something that is placed in the network."""

    def __init__(
        self,
        subnet: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("test:index:Consumer", "consumer", {"subnet": subnet}, opts)


@pytest.mark.parametrize("preview", [False, True])
def test_the_subnet_of_a_zone_waits_for_that_subnet_alone(preview):
    recording = build(lambda opts: Consumer(made()(opts).private_subnet_in(f"{REGION}b")), preview=preview)
    waits = recording.named("consumer").depends_on
    assert recording.named("net-private-b").urn in waits
    assert recording.named("net-private-a").urn not in waits
    assert recording.named("net-nat-a").urn not in waits


def test_a_zone_without_subnet_is_named_with_the_zones_there_are():
    def program(opts: pulumi.ResourceOptions) -> None:
        with pytest.raises(
            ValueError, match=f"no private subnet in '{REGION}c', only in {REGION}a, {REGION}b"
        ):
            made()(opts).private_subnet_in(f"{REGION}c")

    build(program)


def test_whoever_needs_egress_can_wait_for_the_routes():
    def program(opts: pulumi.ResourceOptions) -> None:
        Consumer("s", pulumi.ResourceOptions(depends_on=made(flow_logs=True)(opts).routes))

    recording = build(program)
    expected = {r.urn for kind in (ROUTE, ASSOCIATION, ENDPOINT) for r in recording.of_type(kind)}
    assert recording.named("consumer").depends_on == expected
    assert len(expected) == 8


def test_flow_logs_are_off_unless_asked_for():
    recording = build(made(flow_log_retention_days=7))
    assert not [r.name for r in recording.registrations if "flow" in r.name]


def test_flow_logs_write_one_log_group_through_their_own_role():
    recording = build(made(flow_logs=True, flow_log_retention_days=90))
    assert {name for _, name in recording.children("net") if "flow" in name} == {
        "net-flow-logs",
        "net-flow-logs-group",
        "net-flow-logs-role",
        "net-flow-logs-policy",
    }
    group = recording.named("net-flow-logs-group")
    assert group.inputs["retentionInDays"] == 90
    log = recording.named("net-flow-logs")
    arn = "arn:aws:cloudwatch:us-east-2:111122223333:net-flow-logs-group"
    assert log.inputs == {
        "vpcId": "net-vpc-id",
        "trafficType": "ALL",
        "logDestinationType": "cloud-watch-logs",
        "logDestination": arn,
        "iamRoleArn": "arn:aws:iam::111122223333:role/net-flow-logs-role",
        "tags": {"team": "serving", "Name": "net-flow-logs"},
    }
    policy = recording.named("net-flow-logs-policy")
    assert policy.urn in log.depends_on
    statements = json.loads(policy.inputs["policy"])["Statement"]
    assert [(s["Sid"], s["Resource"]) for s in statements] == [
        ("WriteFlowLogs", f"{arn}:*"),
        ("FindLogGroup", "*"),
    ]
    trust = json.loads(recording.named("net-flow-logs-role").inputs["assumeRolePolicy"])
    assert trust["Statement"][0]["Principal"] == {"Service": "vpc-flow-logs.amazonaws.com"}


@pytest.mark.parametrize("preview", [False, True])
def test_an_existing_vpc_is_passed_through_and_nothing_is_created(preview):
    recording = build(adopted(), preview=preview)
    assert aws_resources(recording) == []
    assert recording.outputs["net"] == {
        "vpcId": "vpc-0a",
        "cidrBlock": "10.16.0.0/12",
        "availabilityZones": [f"{REGION}a", f"{REGION}c"],
        "publicSubnetIds": ["subnet-1a", "subnet-1c"],
        "privateSubnetIds": ["subnet-0a", "subnet-0c"],
        "privateSubnetIdsByZone": {f"{REGION}a": "subnet-0a", f"{REGION}c": "subnet-0c"},
        "privateRouteTableIds": [],
        "natPublicIps": [],
    }


def test_an_existing_vpc_may_have_no_public_subnets():
    assert build(adopted(public_subnet_ids=[])).outputs["net"]["publicSubnetIds"] == []


def test_ids_of_an_existing_vpc_may_be_outputs():
    ids = [pulumi.Output.from_input("subnet-a"), pulumi.Output.from_input("subnet-c")]
    recording = build(adopted(vpc_id=pulumi.Output.from_input("vpc-a"), private_subnet_ids=ids))
    assert recording.outputs["net"]["privateSubnetIds"] == ["subnet-a", "subnet-c"]


def test_faults_are_found_before_anything_is_registered():
    assert sorted(faults(made(cidr="10.0.0.0/24", nat="one"))) == ["cidr", "nat"]
