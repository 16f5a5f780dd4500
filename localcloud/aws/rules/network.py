"""VPCs, subnets, gateways, addresses and routes."""

import ipaddress
from typing import ClassVar

from localcloud.aws import names
from localcloud.aws.account import Account
from localcloud.aws.errors import AwsError
from localcloud.aws.rules.base import Call, Holder, Reference, Rule, rule, text
from localcloud.aws.store import Record
from localcloud.providers.protocol import UNKNOWN, CheckFailure, Properties

VPC = "aws:ec2/vpc:Vpc"
SUBNET = "aws:ec2/subnet:Subnet"
INTERNET_GATEWAY = "aws:ec2/internetGateway:InternetGateway"
NAT_GATEWAY = "aws:ec2/natGateway:NatGateway"
EIP = "aws:ec2/eip:Eip"
ROUTE_TABLE = "aws:ec2/routeTable:RouteTable"
ROUTE = "aws:ec2/route:Route"
ASSOCIATION = "aws:ec2/routeTableAssociation:RouteTableAssociation"
SECURITY_GROUP = "aws:ec2/securityGroup:SecurityGroup"
VPC_ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
NETWORK_ACL = "aws:ec2/networkAcl:NetworkAcl"
INSTANCE = "aws:ec2/instance:Instance"
NETWORK_INTERFACE = "aws:ec2/networkInterface:NetworkInterface"

VPC_REFERENCE = Reference("vpcId", (VPC,), "InvalidVpcID.NotFound", "The vpc ID '{}' does not exist")
_SUBNET_NOT_FOUND = ("InvalidSubnetID.NotFound", "The subnet ID '{}' does not exist")
SUBNET_REFERENCE = Reference("subnetId", (SUBNET,), *_SUBNET_NOT_FOUND)
SUBNETS_REFERENCE = Reference("subnetIds", (SUBNET,), *_SUBNET_NOT_FOUND)
ROUTE_TABLE_NOT_FOUND = ("InvalidRouteTableID.NotFound", "The routeTable ID '{}' does not exist")

_SIZES = range(16, 29)


def _cidr_faults(inputs: Properties) -> list[CheckFailure]:
    value = inputs.get("cidrBlock")
    if not isinstance(value, str) or value == UNKNOWN:
        return []
    try:
        ipaddress.IPv4Network(value)
    except ValueError as error:
        return [CheckFailure("cidrBlock", f'"{value}" is not a valid IPv4 CIDR block: {error}')]
    return []


@rule(VPC)
class VpcRule(Rule):
    """A VPC brings its default security group, route table and network ACL."""

    id_prefix = "vpc"
    defaults: ClassVar[Properties] = {
        "enableDnsSupport": True,
        "enableDnsHostnames": False,
        "instanceTenancy": "default",
        "enableNetworkAddressUsageMetrics": False,
    }
    held_by = tuple(
        Holder(
            type_, "vpcId", "DependencyViolation", "The vpc '{id}' has dependencies and cannot be deleted."
        )
        for type_ in (SUBNET, INTERNET_GATEWAY, ROUTE_TABLE, SECURITY_GROUP, VPC_ENDPOINT, NETWORK_ACL)
    )

    def faults(self, inputs: Properties, account: Account) -> list[CheckFailure]:
        """CIDR block or an address pool to take it from."""
        del account
        if not inputs.get("cidrBlock") and not inputs.get("ipv4IpamPoolId"):
            return [CheckFailure("cidrBlock", "a VPC needs cidrBlock or ipv4IpamPoolId")]
        return _cidr_faults(inputs)

    def admit(self, call: Call, inputs: Properties, record: Record | None) -> None:
        """Block size and the number of VPCs."""
        block = ipaddress.IPv4Network(inputs.get("cidrBlock", "10.0.0.0/16"))
        if block.prefixlen not in _SIZES:
            raise AwsError("InvalidVpc.Range", f"The CIDR '{block}' is invalid.")
        if record is None and len(call.store.all(VPC)) >= call.account.quotas.vpcs:
            raise AwsError("VpcLimitExceeded", "The maximum number of VPCs has been reached.")

    def computed(self, call: Call, id_: str, inputs: Properties) -> Properties:
        """Ids of what comes with a VPC."""
        table = names.ec2_id("rtb")
        return {
            "defaultNetworkAclId": names.ec2_id("acl"),
            "defaultRouteTableId": table,
            "defaultSecurityGroupId": names.ec2_id("sg"),
            "dhcpOptionsId": names.ec2_id("dopt"),
            "mainRouteTableId": table,
        }


@rule(SUBNET)
class SubnetRule(Rule):
    """A subnet is a free part of its VPC's address range, in one zone."""

    id_prefix = "subnet"
    references = (VPC_REFERENCE,)
    defaults: ClassVar[Properties] = {
        "assignIpv6AddressOnCreation": False,
        "enableDns64": False,
        "enableResourceNameDnsARecordOnLaunch": False,
        "enableResourceNameDnsAaaaRecordOnLaunch": False,
        "ipv6Native": False,
        "mapPublicIpOnLaunch": False,
        "privateDnsHostnameTypeOnLaunch": "ip-name",
    }
    held_by = tuple(
        Holder(
            type_, path, "DependencyViolation", "The subnet '{id}' has dependencies and cannot be deleted."
        )
        for type_, path in (
            (NETWORK_INTERFACE, "subnetId"),  # of whatever is in it: gateways, endpoints, instances, clusters
            ("aws:efs/mountTarget:MountTarget", "subnetId"),
        )
    )

    def faults(self, inputs: Properties, account: Account) -> list[CheckFailure]:
        """A valid CIDR block."""
        del account
        return _cidr_faults(inputs)

    def admit(self, call: Call, inputs: Properties, record: Record | None) -> None:
        """Zone and address range."""
        if record is not None:
            return
        zones = call.account.zones
        zone = text(inputs.get("availabilityZone"))
        zone_id = text(inputs.get("availabilityZoneId"))
        for value, known in ((zone, [z.name for z in zones]), (zone_id, [z.id for z in zones])):
            if value and value not in known:
                raise AwsError(
                    "InvalidParameterValue",
                    f"Value ({value}) for parameter availabilityZone is invalid. Subnets can currently only "
                    f"be created in the following availability zones: {', '.join(known)}.",
                )
        vpc = call.store.get(VPC, inputs["vpcId"])
        block = ipaddress.IPv4Network(inputs["cidrBlock"])
        assert vpc is not None
        if block.prefixlen not in _SIZES or not any(
            block.subnet_of(ipaddress.IPv4Network(other)) for other in vpc_blocks(call, vpc)
        ):
            raise AwsError("InvalidSubnet.Range", f"The CIDR '{block}' is invalid.")
        for other in call.store.find(SUBNET, vpcId=vpc.id):
            if block.overlaps(ipaddress.IPv4Network(other.state["cidrBlock"])):
                raise AwsError("InvalidSubnet.Conflict", f"The CIDR '{block}' conflicts with another subnet")
        if len(call.store.find(SUBNET, vpcId=inputs["vpcId"])) >= call.account.quotas.subnets_per_vpc:
            raise AwsError("SubnetLimitExceeded", "The maximum number of subnets has been reached.")

    def computed(self, call: Call, id_: str, inputs: Properties) -> Properties:
        """The zone under both its names."""
        zones = call.account.zones
        zone = next(
            (
                one
                for one in zones
                if one.name == inputs.get("availabilityZone") or one.id == inputs.get("availabilityZoneId")
            ),
            zones[0],
        )
        return {"availabilityZone": zone.name, "availabilityZoneId": zone.id}


def vpc_blocks(call: Call, vpc: Record) -> list[str]:
    """Every IPv4 block of a VPC."""
    more = call.store.find("aws:ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation", vpcId=vpc.id)
    return [vpc.state["cidrBlock"], *(text(one.state.get("cidrBlock")) for one in more)]


@rule("aws:ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation")
class VpcBlockRule(Rule):
    """A further address range of a VPC."""

    id_prefix = "vpc-cidr-assoc"
    references = (VPC_REFERENCE,)

    def admit(self, call: Call, inputs: Properties, record: Record | None) -> None:
        """A range of the right size that the VPC does not have yet."""
        vpc = call.store.get(VPC, inputs["vpcId"])
        assert vpc is not None
        block = ipaddress.IPv4Network(inputs.get("cidrBlock", "10.0.0.0/16"))
        if record is None and (
            block.prefixlen not in _SIZES
            or any(block.overlaps(ipaddress.IPv4Network(other)) for other in vpc_blocks(call, vpc))
        ):
            raise AwsError("InvalidVpc.Range", f"The CIDR '{block}' is invalid.")

    def release(self, call: Call, record: Record) -> None:
        """Subnets in the range keep it."""
        block = ipaddress.IPv4Network(text(record.state.get("cidrBlock")) or "10.0.0.0/16")
        for subnet in call.store.find(SUBNET, vpcId=record.state.get("vpcId")):
            if ipaddress.IPv4Network(subnet.state["cidrBlock"]).subnet_of(block):
                raise AwsError(
                    "InvalidCidrBlock.InUse",
                    f"The vpc {record.state['vpcId']} currently has a subnet within CIDR block {block}",
                )


@rule(NETWORK_ACL)
class NetworkAclRule(Rule):
    """A network ACL."""

    id_prefix = "acl"
    references = (VPC_REFERENCE, SUBNETS_REFERENCE)
