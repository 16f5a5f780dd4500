"""VPCs, subnets, gateways, addresses and routes."""

import ipaddress
import secrets
from typing import ClassVar

from localcloud.aws import names
from localcloud.aws.account import Account
from localcloud.aws.errors import AwsError
from localcloud.aws.rules.base import Call, Holder, Reference, Rule, rule, text, values_at
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
            (NAT_GATEWAY, "subnetId"),
            (VPC_ENDPOINT, "subnetIds"),
            (INSTANCE, "subnetId"),
            ("aws:eks/cluster:Cluster", "vpcConfig.subnetIds"),
            ("aws:eks/nodeGroup:NodeGroup", "subnetIds"),
            ("aws:lb/loadBalancer:LoadBalancer", "subnets"),
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


@rule(INTERNET_GATEWAY)
class InternetGatewayRule(Rule):
    """A VPC has at most one internet gateway; it stays while public addresses are mapped."""

    id_prefix = "igw"
    references = (VPC_REFERENCE,)

    def admit(self, call: Call, inputs: Properties, record: Record | None) -> None:
        """One gateway per VPC."""
        vpc = text(inputs.get("vpcId"))
        others = [one for one in call.store.find(INTERNET_GATEWAY, vpcId=vpc) if one != record]
        if vpc and others and (record is None or record.id != others[0].id):
            raise AwsError("InvalidParameterValue", f"Network {vpc} already has an internet gateway attached")

    def release(self, call: Call, record: Record) -> None:
        """Public addresses in the VPC keep the gateway attached."""
        vpc = text(record.state.get("vpcId"))
        subnets = {one.id for one in call.store.find(SUBNET, vpcId=vpc)}
        nats = [one for one in call.store.all(NAT_GATEWAY) if one.state.get("subnetId") in subnets]
        if any(one.state.get("connectivityType") != "private" for one in nats):
            raise AwsError(
                "DependencyViolation",
                f"Network {vpc} has some mapped public address(es). Please unmap those public address(es) "
                "before detaching the gateway.",
            )


@rule(EIP)
class EipRule(Rule):
    """An Elastic IP address."""

    id_prefix = "eipalloc"
    defaults: ClassVar[Properties] = {"domain": "vpc"}
    held_by = (
        Holder(NAT_GATEWAY, "allocationId", "InvalidIPAddress.InUse", "Address {id} is in use by {by}."),
    )

    def admit(self, call: Call, inputs: Properties, record: Record | None) -> None:
        """The account's number of addresses."""
        if record is None and len(call.store.all(EIP)) >= call.account.quotas.elastic_ips:
            raise AwsError("AddressLimitExceeded", "The maximum number of addresses has been reached.")

    def computed(self, call: Call, id_: str, inputs: Properties) -> Properties:
        """An address of the range that is kept for documentation (RFC 5737)."""
        taken = {one.state.get("publicIp") for one in call.store.all(EIP)}
        address = next(
            f"203.0.113.{number}" for number in range(1, 255) if f"203.0.113.{number}" not in taken
        )
        dashed = address.replace(".", "-")
        return {
            "allocationId": id_,
            "publicIp": address,
            "publicDns": f"ec2-{dashed}.{call.region}.compute.amazonaws.com",
            "networkBorderGroup": call.region,
            "publicIpv4Pool": "amazon",
        }


@rule(NAT_GATEWAY)
class NatGatewayRule(Rule):
    """A NAT gateway needs a free address and a VPC with an internet gateway."""

    id_prefix = "nat"
    defaults: ClassVar[Properties] = {"connectivityType": "public", "availabilityMode": "zonal"}
    references = (
        SUBNET_REFERENCE,
        Reference(
            "allocationId",
            (EIP,),
            "InvalidAllocationID.NotFound",
            "The allocation ID '{}' does not exist",
        ),
    )

    def faults(self, inputs: Properties, account: Account) -> list[CheckFailure]:
        """Zonal gateways need a subnet, public ones an address."""
        del account
        if inputs.get("availabilityMode") == "regional":
            return []
        failures = [] if inputs.get("subnetId") else [CheckFailure("subnetId", "a value is required")]
        if inputs.get("connectivityType", "public") == "public" and not inputs.get("allocationId"):
            failures.append(CheckFailure("allocationId", "a public NAT gateway needs an Elastic IP address"))
        return failures

    def admit(self, call: Call, inputs: Properties, record: Record | None) -> None:
        """The address is free, the VPC has a way out."""
        if record is not None or inputs.get("connectivityType") == "private":
            return
        allocation = text(inputs.get("allocationId"))
        if call.store.find(NAT_GATEWAY, allocationId=allocation):
            raise AwsError(
                "Resource.AlreadyAssociated", f"Elastic IP address [{allocation}] is already associated"
            )
        subnet = call.store.get(SUBNET, text(inputs.get("subnetId")))
        vpc = text(subnet.state.get("vpcId")) if subnet else ""
        if subnet and subnet.origin != "account" and not call.store.find(INTERNET_GATEWAY, vpcId=vpc):
            raise AwsError("Gateway.NotAttached", f"Network {vpc} has no Internet gateway attached")

    def computed(self, call: Call, id_: str, inputs: Properties) -> Properties:
        """Addresses and interface."""
        eip = call.store.get(EIP, text(inputs.get("allocationId")))
        subnet = call.store.get(SUBNET, text(inputs.get("subnetId")))
        return {
            "associationId": names.ec2_id("eipassoc") if eip else "",
            "networkInterfaceId": names.ec2_id("eni"),
            "publicIp": eip.state["publicIp"] if eip else "",
            "privateIp": free_address(call, subnet) if subnet else "",
        }


def free_address(call: Call, subnet: Record) -> str:
    """An address of a subnet that no instance or NAT gateway of it has yet; AWS keeps the first four."""
    taken = {text(one.state.get("privateIp")) for one in call.store.all(INSTANCE, NAT_GATEWAY)}
    block = ipaddress.IPv4Network(subnet.state["cidrBlock"])
    room = block.num_addresses - 5
    start = secrets.randbelow(room)
    for step in range(room):
        address = str(block[4 + (start + step) % room])
        if address not in taken:
            return address
    raise AwsError(
        "InsufficientFreeAddressesInSubnet",
        f"There are not enough free addresses in subnet '{subnet.id}' to satisfy the requested number of "
        "instances.",
    )


@rule(ROUTE_TABLE)
class RouteTableRule(Rule):
    """A route table; associations keep it."""

    id_prefix = "rtb"
    references = (VPC_REFERENCE,)
    held_by = (
        Holder(
            ASSOCIATION,
            "routeTableId",
            "DependencyViolation",
            "The routeTable '{id}' has dependencies and cannot be deleted.",
        ),
    )


_DESTINATIONS = ("destinationCidrBlock", "destinationIpv6CidrBlock", "destinationPrefixListId")


@rule(ROUTE)
class RouteRule(Rule):
    """One route: one destination, one target in the same VPC."""

    references = (
        Reference("routeTableId", (ROUTE_TABLE,), *ROUTE_TABLE_NOT_FOUND),
        Reference(
            "gatewayId",
            (INTERNET_GATEWAY, VPC_ENDPOINT),
            "InvalidGatewayID.NotFound",
            "The gateway ID '{}' does not exist",
        ),
        Reference(
            "natGatewayId",
            (NAT_GATEWAY,),
            "InvalidNatGatewayID.NotFound",
            "The natGateway ID '{}' does not exist",
        ),
    )

    def faults(self, inputs: Properties, account: Account) -> list[CheckFailure]:
        """Exactly one destination, and a target."""
        del account
        failures: list[CheckFailure] = []
        if sum(1 for key in _DESTINATIONS if inputs.get(key)) != 1:
            failures.append(
                CheckFailure("destinationCidrBlock", f"give exactly one of {', '.join(_DESTINATIONS)}")
            )
        targets = [
            key
            for key, value in inputs.items()
            if value and key not in (*_DESTINATIONS, "routeTableId", "region")
        ]
        if len(targets) != 1:
            failures.append(CheckFailure("gatewayId", "give exactly one target of the route"))
        return failures

    def identity(self, call: Call, inputs: Properties) -> str:
        """The provider's own format: table and a hash of the destination."""
        destination = next(text(inputs.get(key)) for key in _DESTINATIONS if inputs.get(key))
        number = sum(ord(letter) * 31**place for place, letter in enumerate(destination)) % 2**32
        return f"r-{inputs['routeTableId']}{number}"

    def admit(self, call: Call, inputs: Properties, record: Record | None) -> None:
        """The destination is new, table and gateway are of one VPC."""
        table = call.store.get(ROUTE_TABLE, inputs["routeTableId"])
        destination = next(text(inputs.get(key)) for key in _DESTINATIONS if inputs.get(key))
        if record is None:
            for other in call.store.find(ROUTE, routeTableId=inputs["routeTableId"]):
                if destination in [other.state.get(key) for key in _DESTINATIONS]:
                    raise AwsError(
                        "RouteAlreadyExists", f"The route identified by {destination} already exists."
                    )
        gateway = call.store.get(INTERNET_GATEWAY, text(inputs.get("gatewayId")))
        if gateway and table and gateway.state.get("vpcId") != table.state.get("vpcId"):
            raise AwsError(
                "InvalidParameterValue",
                f"route table {table.id} and network gateway {gateway.id} belong to different networks",
            )

    def computed(self, call: Call, id_: str, inputs: Properties) -> Properties:
        """Made by a request, and in use."""
        return {"origin": "CreateRoute", "state": "active"}


@rule(ASSOCIATION)
class AssociationRule(Rule):
    """A subnet has one route table."""

    id_prefix = "rtbassoc"
    references = (Reference("routeTableId", (ROUTE_TABLE,), *ROUTE_TABLE_NOT_FOUND), SUBNET_REFERENCE)

    def admit(self, call: Call, inputs: Properties, record: Record | None) -> None:
        """No second table for a subnet, none of another VPC."""
        subnet = call.store.get(SUBNET, text(inputs.get("subnetId")))
        table = call.store.get(ROUTE_TABLE, inputs["routeTableId"])
        if subnet and table and subnet.state.get("vpcId") != table.state.get("vpcId"):
            raise AwsError(
                "InvalidParameterValue",
                f"Route table {table.id} and subnet {subnet.id} belong to different networks",
            )
        if record is None and subnet and call.store.find(ASSOCIATION, subnetId=subnet.id):
            raise AwsError(
                "Resource.AlreadyAssociated",
                f"the specified association for route table {inputs['routeTableId']} conflicts with an "
                "existing association",
            )


@rule(NETWORK_ACL)
class NetworkAclRule(Rule):
    """A network ACL."""

    id_prefix = "acl"
    references = (VPC_REFERENCE, SUBNETS_REFERENCE)


def way_out(call: Call, subnet: Record) -> bool:
    """Whether instances in a subnet reach the AWS APIs: by a default route or by interface endpoints."""
    if subnet.origin == "account":
        return True
    tables = [text(one.state.get("routeTableId")) for one in call.store.find(ASSOCIATION, subnetId=subnet.id)]
    for table in tables:
        for route in call.store.find(ROUTE, routeTableId=table, destinationCidrBlock="0.0.0.0/0"):
            if route.state.get("gatewayId") or route.state.get("natGatewayId"):
                return True
        inline = call.store.get(ROUTE_TABLE, table)
        if inline and "0.0.0.0/0" in values_at(inline.state, "routes.cidrBlock"):
            return True
    services = {
        text(one.state.get("serviceName")).split(".", 3)[-1]
        for one in call.store.find(VPC_ENDPOINT, vpcId=subnet.state["vpcId"])
    }
    return {"ec2", "ecr.api", "ecr.dkr", "sts", "s3"} <= services
