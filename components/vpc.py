"""A VPC with public and private subnets over two or more zones, or an existing one by its ids."""

from typing import NotRequired, Optional, TypedDict

import pulumi
import pulumi_aws as aws

from components.subnets import DEFAULT_VPC_CIDR, subnet_layout, zone_letter
from components.vpc_checks import check_vpc
from components.vpc_flow_logs import log_vpc_traffic


class ExistingVpcArgs(TypedDict):
    """A VPC that somebody else owns; its subnets carry the role tags of the load balancer controller."""

    vpc_id: pulumi.Input[str]
    """Its id, ``vpc-…``."""
    cidr: str
    """Its primary IPv4 network, for example ``10.0.0.0/16``."""
    availability_zones: list[str]
    """Names of the zones to use, two or more of the region."""
    private_subnet_ids: list[pulumi.Input[str]]
    """One private subnet per zone, in the order of the zones, with a way out to the internet or endpoints."""
    public_subnet_ids: NotRequired[list[pulumi.Input[str]]]
    """One public subnet per zone, in the order of the zones. Default: none, which rules out a public entry."""


class VpcArgs(TypedDict):
    """Inputs of Vpc."""

    region: str
    """Region, for example ``us-east-2``."""
    cidr: NotRequired[str]
    """IPv4 network, /16 to /22. Default ``10.0.0.0/16``. Changing it replaces everything."""
    availability_zones: NotRequired[list[str]]
    """Names of two or more zones of the region; required unless ``existing`` is given."""
    nat: NotRequired[str]
    """``single`` (default: one gateway, in the first zone of the list), ``per-zone``, or ``none``."""
    cluster_name: NotRequired[str]
    """Tags the private subnets ``karpenter.sh/discovery=<name>``. Default: no such tag."""
    flow_logs: NotRequired[bool]
    """Whether accepted and rejected traffic is logged to CloudWatch Logs. Default false."""
    flow_log_retention_days: NotRequired[int]
    """Days to keep flow logs, one of CloudWatch's own choices. Default 30."""
    existing: NotRequired[ExistingVpcArgs]
    """Use this VPC and create nothing. Default: create one."""
    tags: NotRequired[dict[str, str]]
    """Tags of every created resource. Default: none."""


class Vpc(pulumi.ComponentResource):
    """The network of a plane: subnets that never move when a zone is added, NAT, and a free way to S3."""

    vpc_id: pulumi.Output[str]
    """Id of the VPC."""
    cidr_block: pulumi.Output[str]
    """Its primary IPv4 network; known at preview."""
    availability_zones: pulumi.Output[list[str]]
    """Names of its zones, in the order given; known at preview."""
    public_subnet_ids: pulumi.Output[list[str]]
    """Public subnets in the order of the zones; empty if an existing VPC has none."""
    private_subnet_ids: pulumi.Output[list[str]]
    """Private subnets in the order of the zones."""
    private_subnet_ids_by_zone: pulumi.Output[dict[str, str]]
    """Private subnet of each zone."""
    private_route_table_ids: pulumi.Output[list[str]]
    """Route table of each zone's private subnet; empty for an existing VPC."""
    default_security_group_id: pulumi.Output[Optional[str]]
    """The default security group, which lets nothing through; none for an existing VPC."""
    nat_public_ips: pulumi.Output[list[str]]
    """Addresses that private subnets reach the internet from; empty without NAT and for an existing VPC."""

    def __init__(self, name: str, args: VpcArgs, opts: Optional[pulumi.ResourceOptions] = None) -> None:
        super().__init__("inference-plane:index:Vpc", name, {}, opts)
        check_vpc(args)
        self._prefix = name
        self._tags = dict(args.get("tags") or {})
        self._private: dict[str, pulumi.Output[str]] = {}
        # What must exist before a node in a private subnet reaches anything outside; for depends_on.
        self.routes: list[pulumi.Resource] = []
        existing = args.get("existing")
        if existing is not None:
            self._adopt(existing)
        else:
            self._create(args)
        self.private_subnet_ids = pulumi.Output.all(*self._private.values())
        self.private_subnet_ids_by_zone = pulumi.Output.all(**self._private)
        self.register_outputs(
            {
                "vpcId": self.vpc_id,
                "cidrBlock": self.cidr_block,
                "availabilityZones": self.availability_zones,
                "publicSubnetIds": self.public_subnet_ids,
                "privateSubnetIds": self.private_subnet_ids,
                "privateSubnetIdsByZone": self.private_subnet_ids_by_zone,
                "privateRouteTableIds": self.private_route_table_ids,
                "defaultSecurityGroupId": self.default_security_group_id,
                "natPublicIps": self.nat_public_ips,
            }
        )

    def private_subnet_in(self, zone: str) -> pulumi.Output[str]:
        """Id of the private subnet in ``zone``; raises ``ValueError`` if the VPC has none there."""
        if zone not in self._private:
            raise ValueError(
                f"{self._prefix} has no private subnet in {zone!r}, only in {', '.join(self._private)}"
            )
        return self._private[zone]

    def _adopt(self, existing: ExistingVpcArgs) -> None:
        zones = list(existing["availability_zones"])
        private = [pulumi.Output.from_input(subnet) for subnet in existing["private_subnet_ids"]]
        self._private = dict(zip(zones, private, strict=True))
        self.vpc_id = pulumi.Output.from_input(existing["vpc_id"])
        self.cidr_block = pulumi.Output.from_input(existing["cidr"])
        self.availability_zones = pulumi.Output.from_input(zones)
        self.public_subnet_ids = pulumi.Output.all(*(existing.get("public_subnet_ids") or []))
        self.private_route_table_ids = pulumi.Output.from_input(list[str]())
        self.default_security_group_id = pulumi.Output.from_input(None)
        self.nat_public_ips = pulumi.Output.from_input(list[str]())

    def _create(self, args: VpcArgs) -> None:
        name, region = self._prefix, args["region"]
        cidr = args.get("cidr") or DEFAULT_VPC_CIDR
        zones = list(args.get("availability_zones") or [])
        vpc = aws.ec2.Vpc(
            f"{name}-vpc",
            cidr_block=cidr,
            # Private DNS of interface endpoints, and node names, need both.
            enable_dns_support=True,
            enable_dns_hostnames=True,
            tags=self._named(name),
            opts=self._child(),
        )
        # Managing the default group with no rules takes away those that AWS puts in it.
        default_group = aws.ec2.DefaultSecurityGroup(
            f"{name}-default-security-group",
            vpc_id=vpc.id,
            ingress=[],
            egress=[],
            tags=self._named(f"{name}-default-locked"),
            opts=self._child(),
        )
        gateway = aws.ec2.InternetGateway(
            f"{name}-internet-gateway", vpc_id=vpc.id, tags=self._named(name), opts=self._child()
        )
        public, public_table = self._public_subnets(vpc, gateway, cidr, zones)
        gateways, addresses = self._nat(args.get("nat") or "single", zones, public, gateway)
        tables = self._private_subnets(vpc, cidr, zones, gateways, args.get("cluster_name"))
        s3 = aws.ec2.VpcEndpoint(
            f"{name}-s3",
            vpc_id=vpc.id,
            service_name=f"com.amazonaws.{region}.s3",
            vpc_endpoint_type="Gateway",
            route_table_ids=[public_table.id, *(table.id for table in tables)],
            tags=self._named(f"{name}-s3"),
            opts=self._child(),
        )
        self.routes.append(s3)
        if args.get("flow_logs"):
            days = int(args.get("flow_log_retention_days") or 30)
            log_vpc_traffic(f"{name}-flow-logs", vpc.id, days, self._tags, self)

        self.vpc_id = vpc.id
        self.cidr_block = pulumi.Output.from_input(cidr)
        self.availability_zones = pulumi.Output.from_input(zones)
        self.public_subnet_ids = pulumi.Output.all(*(subnet.id for subnet in public.values()))
        self.private_route_table_ids = pulumi.Output.all(*(table.id for table in tables))
        self.default_security_group_id = default_group.id
        self.nat_public_ips = pulumi.Output.all(*(address.public_ip for address in addresses))

    def _public_subnets(
        self, vpc: aws.ec2.Vpc, gateway: aws.ec2.InternetGateway, cidr: str, zones: list[str]
    ) -> tuple[dict[str, aws.ec2.Subnet], aws.ec2.RouteTable]:
        """Subnets for load balancers and NAT gateways; nothing in them gets a public address by itself."""
        table = aws.ec2.RouteTable(
            f"{self._prefix}-public-routes",
            vpc_id=vpc.id,
            tags=self._named(f"{self._prefix}-public"),
            opts=self._child(),
        )
        route = aws.ec2.Route(
            f"{self._prefix}-public-egress",
            route_table_id=table.id,
            destination_cidr_block="0.0.0.0/0",
            gateway_id=gateway.id,
            opts=self._child(),
        )
        self.routes.append(route)
        subnets: dict[str, aws.ec2.Subnet] = {}
        for zone, block in subnet_layout(cidr, zones).public.items():
            child = f"{self._prefix}-public-{zone_letter(zone)}"
            subnets[zone] = aws.ec2.Subnet(
                child,
                vpc_id=vpc.id,
                cidr_block=block,
                availability_zone=zone,
                map_public_ip_on_launch=False,
                tags={**self._named(child), "kubernetes.io/role/elb": "1"},
                opts=self._child(),
            )
            association = aws.ec2.RouteTableAssociation(
                f"{child}-association",
                subnet_id=subnets[zone].id,
                route_table_id=table.id,
                opts=self._child(),
            )
            self.routes.append(association)
        return subnets, table

    def _nat(
        self,
        nat: str,
        zones: list[str],
        public: dict[str, aws.ec2.Subnet],
        gateway: aws.ec2.InternetGateway,
    ) -> tuple[dict[str, aws.ec2.NatGateway], list[aws.ec2.Eip]]:
        """The NAT gateway that each zone goes out by, and the addresses."""
        hosts = {"none": [], "single": zones[:1], "per-zone": zones}[nat]
        gateways: dict[str, aws.ec2.NatGateway] = {}
        addresses: list[aws.ec2.Eip] = []
        for zone in hosts:
            child = f"{self._prefix}-nat-{zone_letter(zone)}"
            # An internet gateway cannot be detached while an address of the VPC is in use.
            after_gateway = self._child(depends_on=[gateway])
            address = aws.ec2.Eip(
                f"{child}-address", domain="vpc", tags=self._named(child), opts=after_gateway
            )
            gateways[zone] = aws.ec2.NatGateway(
                child,
                subnet_id=public[zone].id,
                allocation_id=address.id,
                tags=self._named(child),
                opts=after_gateway,
            )
            addresses.append(address)
        if nat == "single":
            return dict.fromkeys(zones, gateways[zones[0]]), addresses
        return gateways, addresses

    def _private_subnets(
        self,
        vpc: aws.ec2.Vpc,
        cidr: str,
        zones: list[str],
        gateways: dict[str, aws.ec2.NatGateway],
        cluster_name: Optional[str],
    ) -> list[aws.ec2.RouteTable]:
        """One private subnet and one route table per zone, so that NAT can change without touching a subnet."""
        role = {"kubernetes.io/role/internal-elb": "1"}
        if cluster_name:
            role["karpenter.sh/discovery"] = cluster_name
        tables: list[aws.ec2.RouteTable] = []
        for zone, block in subnet_layout(cidr, zones).private.items():
            child = f"{self._prefix}-private-{zone_letter(zone)}"
            subnet = aws.ec2.Subnet(
                child,
                vpc_id=vpc.id,
                cidr_block=block,
                availability_zone=zone,
                tags={**self._named(child), **role},
                opts=self._child(),
            )
            table = aws.ec2.RouteTable(
                f"{child}-routes", vpc_id=vpc.id, tags=self._named(child), opts=self._child()
            )
            association = aws.ec2.RouteTableAssociation(
                f"{child}-association", subnet_id=subnet.id, route_table_id=table.id, opts=self._child()
            )
            self.routes.append(association)
            if zone in gateways:
                route = aws.ec2.Route(
                    f"{child}-egress",
                    route_table_id=table.id,
                    destination_cidr_block="0.0.0.0/0",
                    nat_gateway_id=gateways[zone].id,
                    opts=self._child(),
                )
                self.routes.append(route)
            self._private[zone] = subnet.id
            tables.append(table)
        return tables

    def _child(self, depends_on: Optional[list[pulumi.Resource]] = None) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=depends_on)

    def _named(self, label: str) -> dict[str, str]:
        return {**self._tags, "Name": label}
