"""VPCs, subnets, gateways, routes, security groups and endpoints."""

from tests.engine.programs.refusals.cases.case import Ref, Resource, Topic, create, delete

VPC = "aws:ec2/vpc:Vpc"
BLOCK = "aws:ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation"
SUBNET = "aws:ec2/subnet:Subnet"
GATEWAY = "aws:ec2/internetGateway:InternetGateway"
EIP = "aws:ec2/eip:Eip"
NAT = "aws:ec2/natGateway:NatGateway"
TABLE = "aws:ec2/routeTable:RouteTable"
ROUTE = "aws:ec2/route:Route"
ASSOCIATION = "aws:ec2/routeTableAssociation:RouteTableAssociation"
ACL = "aws:ec2/networkAcl:NetworkAcl"

_A, _B = "us-east-2a", "us-east-2b"
_SUBNET = {"vpcId": Ref("vpc"), "cidrBlock": "10.0.40.0/24"}
_ROUTE = {"routeTableId": Ref("spare-table"), "destinationCidrBlock": "0.0.0.0/0"}
_DEPENDENCIES = "DependencyViolation"

_GROUND = (
    Resource("vpc", VPC, {"cidrBlock": "10.0.0.0/16", "enableDnsHostnames": True}),
    Resource("other-vpc", VPC, {"cidrBlock": "10.1.0.0/16"}),
    Resource("gateway", GATEWAY, {"vpcId": Ref("vpc")}),
    Resource("subnet-a", SUBNET, {"vpcId": Ref("vpc"), "cidrBlock": "10.0.0.0/24", "availabilityZone": _A}),
    Resource("subnet-b", SUBNET, {"vpcId": Ref("vpc"), "cidrBlock": "10.0.1.0/24", "availabilityZone": _B}),
    Resource(
        "subnet-c",
        SUBNET,
        {"vpcId": Ref("vpc"), "cidrBlock": "10.0.2.0/24", "availabilityZone": "us-east-2c"},
    ),
    Resource(
        "second-subnet-a", SUBNET, {"vpcId": Ref("vpc"), "cidrBlock": "10.0.3.0/24", "availabilityZone": _A}
    ),
    Resource(
        "public-subnet", SUBNET, {"vpcId": Ref("vpc"), "cidrBlock": "10.0.4.0/24", "availabilityZone": _A}
    ),
    Resource(
        "mapping-subnet",
        SUBNET,
        {
            "vpcId": Ref("vpc"),
            "cidrBlock": "10.0.5.0/24",
            "availabilityZone": _A,
            "mapPublicIpOnLaunch": True,
        },
    ),
    Resource(
        "other-subnet",
        SUBNET,
        {"vpcId": Ref("other-vpc"), "cidrBlock": "10.1.0.0/24", "availabilityZone": _A},
    ),
    Resource(
        "other-subnet-b",
        SUBNET,
        {"vpcId": Ref("other-vpc"), "cidrBlock": "10.1.1.0/24", "availabilityZone": _B},
    ),
    Resource("address", EIP, {"domain": "vpc"}),
    Resource("free-address", EIP, {"domain": "vpc"}),
    Resource("spare-address", EIP, {"domain": "vpc"}),
    Resource(
        "nat", NAT, {"subnetId": Ref("public-subnet"), "allocationId": Ref("address")}, needs=("gateway",)
    ),
    Resource("public-table", TABLE, {"vpcId": Ref("vpc")}),
    Resource("private-table", TABLE, {"vpcId": Ref("vpc")}),
    Resource("spare-table", TABLE, {"vpcId": Ref("vpc")}),
    Resource("other-table", TABLE, {"vpcId": Ref("other-vpc")}),
    Resource(
        "public-route",
        ROUTE,
        {
            "routeTableId": Ref("public-table"),
            "destinationCidrBlock": "0.0.0.0/0",
            "gatewayId": Ref("gateway"),
        },
    ),
    Resource(
        "private-route",
        ROUTE,
        {
            "routeTableId": Ref("private-table"),
            "destinationCidrBlock": "0.0.0.0/0",
            "natGatewayId": Ref("nat"),
        },
    ),
    *(
        Resource(f"{subnet}-table", ASSOCIATION, {"routeTableId": Ref(table), "subnetId": Ref(subnet)})
        for subnet, table in (
            ("public-subnet", "public-table"),
            ("mapping-subnet", "public-table"),
            ("subnet-a", "private-table"),
            ("subnet-b", "private-table"),
            ("subnet-c", "private-table"),
        )
    ),
)

_CREATES = (
    create(
        "vpc-size", "A VPC larger than /16", VPC, {}, {"cidrBlock": "10.0.0.0/8"}, {"cidrBlock": "10.8.0.0/16"},
        "InvalidVpc.Range", "The CIDR '10.0.0.0/8' is invalid.",
    ),
    create(
        "vpc-quota", "One VPC more than the quota", VPC, {"cidrBlock": "10.9.0.0/16"}, {}, None,
        "VpcLimitExceeded", "The maximum number of VPCs has been reached.", setting="quotas.vpcs",
    ),
    create(
        "vpc-block-overlaps", "A further address block that overlaps the VPC's", BLOCK, {"vpcId": Ref("vpc")},
        {"cidrBlock": "10.0.128.0/20"}, {"cidrBlock": "10.2.0.0/16"}, "InvalidVpc.Range", "The CIDR '10.0.128.0/20'",
    ),
    create(
        "subnet-overlaps", "A subnet whose block overlaps another subnet's", SUBNET, {"vpcId": Ref("vpc")},
        {"cidrBlock": "10.0.0.128/25"}, {"cidrBlock": "10.0.20.128/25"},
        "InvalidSubnet.Conflict", "The CIDR '10.0.0.128/25' conflicts with another subnet",
    ),
    create(
        "subnet-outside", "A subnet outside its VPC's blocks", SUBNET, {"vpcId": Ref("vpc")},
        {"cidrBlock": "10.7.0.0/24"}, {"cidrBlock": "10.0.21.0/24"},
        "InvalidSubnet.Range", "The CIDR '10.7.0.0/24' is invalid.",
    ),
    create(
        "subnet-size", "A subnet smaller than /28", SUBNET, {"vpcId": Ref("vpc")},
        {"cidrBlock": "10.0.22.0/29"}, {"cidrBlock": "10.0.22.0/28"}, "InvalidSubnet.Range", "The CIDR '10.0.22.0/29'",
    ),
    create(
        "subnet-zone", "A subnet in a zone of another region", SUBNET, {**_SUBNET, "cidrBlock": "10.0.23.0/24"},
        {"availabilityZone": "us-west-2a"}, {"availabilityZone": _A}, "InvalidParameterValue",
        "Subnets can currently only be created in the following availability zones: us-east-2a, us-east-2b",
    ),
    create(
        "subnet-zone-id", "A subnet in a zone id of another region", SUBNET,
        {**_SUBNET, "cidrBlock": "10.0.24.0/24"}, {"availabilityZoneId": "usw2-az1"},
        {"availabilityZoneId": "use2-az1"}, "InvalidParameterValue",
        "Value (usw2-az1) for parameter availabilityZone is invalid",
    ),
    create(
        "subnet-vpc-missing", "A subnet of a VPC that is not there", SUBNET, {"cidrBlock": "10.0.25.0/24"},
        {"vpcId": "vpc-00000000000000000"}, {"vpcId": Ref("vpc")},
        "InvalidVpcID.NotFound", "The vpc ID 'vpc-00000000000000000' does not exist",
    ),
    create(
        "subnet-quota", "One subnet more than a VPC may have", SUBNET,
        {"vpcId": Ref("vpc"), "cidrBlock": "10.0.26.0/24"}, {}, None,
        "SubnetLimitExceeded", "The maximum number of subnets has been reached.", setting="quotas.subnetsPerVpc",
    ),
    create(
        "gateway-second", "A second internet gateway for a VPC", GATEWAY, {}, {"vpcId": Ref("vpc")},
        {"vpcId": Ref("other-vpc")}, "InvalidParameterValue", "already has an internet gateway attached",
    ),
    create(
        "gateway-quota", "One internet gateway more than the quota", GATEWAY, {"tags": {"for": "quota"}}, {}, None,
        "InternetGatewayLimitExceeded", "The maximum number of internet gateways", setting="quotas.internetGateways",
    ),
    create(
        "address-quota", "One Elastic IP address more than the quota", EIP, {"domain": "vpc"}, {}, None,
        "AddressLimitExceeded", "The maximum number of addresses has been reached.", setting="quotas.elasticIps",
    ),
    create(
        "nat-address-taken", "A NAT gateway with an address that another one has", NAT, {"subnetId": Ref("subnet-b")},
        {"allocationId": Ref("address")}, {"allocationId": Ref("free-address")},
        "Resource.AlreadyAssociated", "is already associated",
    ),
    create(
        "nat-address-missing", "A NAT gateway with an address that is not there", NAT, {"subnetId": Ref("subnet-b")},
        {"allocationId": "eipalloc-00000000000000000"}, {"allocationId": Ref("nat-address")},
        "InvalidAllocationID.NotFound", "The allocation ID 'eipalloc-00000000000000000' does not exist",
    ),
    create(
        "nat-no-way-out", "A public NAT gateway in a VPC without an internet gateway", NAT,
        {"allocationId": Ref("spare-address")}, {"subnetId": Ref("other-subnet-b")}, {"subnetId": Ref("subnet-b")},
        "Gateway.NotAttached", "has no Internet gateway attached",
    ),
    create(
        "nat-subnet-missing", "A NAT gateway in a subnet that is not there", NAT, {"connectivityType": "private"},
        {"subnetId": "subnet-00000000000000000"}, {"subnetId": Ref("subnet-c")},
        "InvalidSubnetID.NotFound", "The subnet ID 'subnet-00000000000000000' does not exist",
    ),
    create(
        "nat-quota", "One NAT gateway more than a zone may have", NAT,
        {"subnetId": Ref("subnet-a"), "connectivityType": "private"}, {}, None,
        "NatGatewayLimitExceeded", "would exceed the limit of 1 NAT gateways", setting="quotas.natGatewaysPerZone",
    ),
    create(
        "route-table-missing", "A route in a table that is not there", ROUTE,
        {"destinationCidrBlock": "0.0.0.0/0", "gatewayId": Ref("gateway")},
        {"routeTableId": "rtb-00000000000000000"}, {"routeTableId": Ref("spare-table")},
        "InvalidRouteTableID.NotFound", "The routeTable ID 'rtb-00000000000000000' does not exist",
    ),
    create(
        "route-gateway-missing", "A route to an internet gateway that is not there", ROUTE,
        {**_ROUTE, "destinationCidrBlock": "1.0.0.0/8"}, {"gatewayId": "igw-00000000000000000"},
        {"gatewayId": Ref("gateway")}, "InvalidGatewayID.NotFound", "The gateway ID 'igw-00000000000000000'",
    ),
    create(
        "route-nat-missing", "A route to a NAT gateway that is not there", ROUTE,
        {**_ROUTE, "destinationCidrBlock": "2.0.0.0/8"}, {"natGatewayId": "nat-00000000000000000"},
        {"natGatewayId": Ref("nat")}, "InvalidNatGatewayID.NotFound", "The natGateway ID 'nat-00000000000000000'",
    ),
    create(
        "route-second", "A second route to one destination", ROUTE, {"routeTableId": Ref("public-table")} |
        {"gatewayId": Ref("gateway")}, {"destinationCidrBlock": "0.0.0.0/0"}, {"destinationCidrBlock": "3.0.0.0/8"},
        "RouteAlreadyExists", "The route identified by 0.0.0.0/0 already exists.",
    ),
    create(
        "route-other-vpc", "A route to the gateway of another VPC", ROUTE,
        {"gatewayId": Ref("gateway"), "destinationCidrBlock": "4.0.0.0/8"},
        {"routeTableId": Ref("other-table")}, {"routeTableId": Ref("spare-table")},
        "InvalidParameterValue", "belong to different networks",
    ),
    create(
        "association-second", "A second route table for a subnet", ASSOCIATION, {"routeTableId": Ref("public-table")},
        {"subnetId": Ref("subnet-a")}, {"subnetId": Ref("second-subnet-a")},
        "Resource.AlreadyAssociated", "conflicts with an existing association",
    ),
    create(
        "association-other-vpc", "A route table for a subnet of another VPC", ASSOCIATION,
        {"routeTableId": Ref("other-table")}, {"subnetId": Ref("second-subnet-a")}, {"subnetId": Ref("other-subnet")},
        "InvalidParameterValue", "belong to different networks",
    ),
)  # fmt: skip


def _vpc(name: str, number: int) -> Resource:
    return Resource(name, VPC, {"cidrBlock": f"10.{number}.0.0/16"})


_HELD = (
    Resource("nat-address", EIP, {"domain": "vpc"}),
    *(
        _vpc(f"vpc-of-{what}", 100 + number)
        for number, what in enumerate(
            ("subnet", "gateway", "table", "group", "endpoint", "acl", "nat", "block")
        )
    ),
    Resource("held-subnet", SUBNET, {"vpcId": Ref("vpc-of-subnet"), "cidrBlock": "10.100.0.0/24"}),
    Resource("held-gateway", GATEWAY, {"vpcId": Ref("vpc-of-gateway")}),
    Resource("held-table", TABLE, {"vpcId": Ref("vpc-of-table")}),
    Resource("held-group", "aws:ec2/securityGroup:SecurityGroup", {"vpcId": Ref("vpc-of-group")}),
    Resource(
        "held-endpoint",
        "aws:ec2/vpcEndpoint:VpcEndpoint",
        {"vpcId": Ref("vpc-of-endpoint"), "serviceName": "com.amazonaws.us-east-2.s3"},
    ),
    Resource("held-acl", ACL, {"vpcId": Ref("vpc-of-acl")}),
    Resource("block-of-held", BLOCK, {"vpcId": Ref("vpc-of-block"), "cidrBlock": "10.200.0.0/16"}),
    Resource(
        "subnet-in-block",
        SUBNET,
        {"vpcId": Ref("vpc-of-block"), "cidrBlock": "10.200.0.0/24"},
        needs=("block-of-held",),
    ),
    Resource("gateway-of-nat", GATEWAY, {"vpcId": Ref("vpc-of-nat")}),
    Resource("subnet-of-nat", SUBNET, {"vpcId": Ref("vpc-of-nat"), "cidrBlock": "10.106.0.0/24"}),
    Resource("address-of-nat", EIP, {"domain": "vpc"}),
    Resource(
        "held-nat",
        NAT,
        {"subnetId": Ref("subnet-of-nat"), "allocationId": Ref("address-of-nat")},
        needs=("gateway-of-nat",),
    ),
    Resource("table-of-association", TABLE, {"vpcId": Ref("vpc-of-nat")}),
    Resource(
        "held-association",
        ASSOCIATION,
        {"routeTableId": Ref("table-of-association"), "subnetId": Ref("subnet-of-nat")},
    ),
)

_VPC_HELD = "has dependencies and cannot be deleted."
_DELETES = (
    *(
        delete(f"vpc-of-{what}-delete", f"Deleting a VPC that still has {text}", VPC, f"vpc-of-{what}",
               _DEPENDENCIES, _VPC_HELD)
        for what, text in (
            ("subnet", "a subnet"), ("gateway", "an internet gateway"), ("table", "a route table"),
            ("group", "a security group"), ("endpoint", "an endpoint"), ("acl", "a network ACL"),
        )
    ),
    delete("block-delete", "Taking an address block with a subnet from a VPC", BLOCK, "block-of-held",
           "InvalidCidrBlock.InUse", "currently has a subnet within CIDR block 10.200.0.0/16"),
    delete("subnet-of-nat-delete", "Deleting a subnet with a NAT gateway", SUBNET, "subnet-of-nat",
           _DEPENDENCIES, "The subnet '"),
    delete("gateway-delete", "Detaching the internet gateway of a VPC with public addresses", GATEWAY,
           "gateway-of-nat", _DEPENDENCIES, "has some mapped public address(es)"),
    delete("address-delete", "Releasing the address of a NAT gateway", EIP, "address-of-nat",
           "InvalidIPAddress.InUse", "is in use by nat-"),
    delete("table-delete", "Deleting the route table of a subnet", TABLE, "table-of-association",
           _DEPENDENCIES, "The routeTable '"),
)  # fmt: skip

NETWORK = Topic("Networks", (*_CREATES, *_DELETES), _GROUND, _HELD)
