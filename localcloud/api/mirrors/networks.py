"""VPCs, subnets, internet gateways, route tables."""

from localcloud.api.mirrors.base import Mirror, Properties, given, mirror
from localcloud.api.mirrors.ec2 import Ec2Mirror
from localcloud.aws.store import Record


@mirror("aws:ec2/vpc:Vpc")
class VpcMirror(Ec2Mirror):
    """A VPC, with the route table, network ACL and security group that EC2 makes for it."""

    kind = "vpc"

    def make(self, record: Record) -> None:
        """The VPC and its companions, under the ids of the record."""
        state = record.state
        with self.simulator.forced(
            record.id,
            state.get("mainRouteTableId", ""),
            state.get("defaultNetworkAclId", ""),
            state.get("defaultSecurityGroupId", ""),
        ):
            self.client.create_vpc(
                CidrBlock=state["cidrBlock"],
                TagSpecifications=self.tagged(record),
                **given(InstanceTenancy=state.get("instanceTenancy")),
            )

    def settle(self, record: Record) -> None:
        """DNS switches and tags."""
        super().settle(record)
        for key, name in (
            ("enableDnsSupport", "EnableDnsSupport"),
            ("enableDnsHostnames", "EnableDnsHostnames"),
        ):
            if key in record.state:
                value = {"Value": bool(record.state[key])}
                self.client.modify_vpc_attribute(VpcId=record.id, **{name: value})

    def remove(self, record: Record) -> None:
        """The VPC; its companions go with it."""
        if self.exists(record.id):
            self.client.delete_vpc(VpcId=record.id)

    def look(self, record: Record) -> Properties | None:
        """DNS switches and tags."""
        seen = super().look(record)
        if seen is None:
            return None
        vpc = self.backend.vpcs[record.id]
        return {
            **seen,
            "enableDnsSupport": _on(vpc.enable_dns_support),
            "enableDnsHostnames": _on(vpc.enable_dns_hostnames),
        }

    def exists(self, id_: str) -> bool:
        """Whether moto has it."""
        return id_ in self.backend.vpcs


def _on(value: object) -> bool:
    return str(value).lower() == "true"


@mirror("aws:ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation")
class CidrBlockMirror(Mirror):
    """A further address range of a VPC."""

    def make(self, record: Record) -> None:
        """The range, under the id of its association."""
        with self.simulator.forced(record.id):
            self.client.associate_vpc_cidr_block(
                VpcId=record.state["vpcId"], CidrBlock=record.state["cidrBlock"]
            )

    def remove(self, record: Record) -> None:
        """The range."""
        if self.look(record) is not None:
            self.client.disassociate_vpc_cidr_block(AssociationId=record.id)

    def look(self, record: Record) -> Properties | None:
        """Whether it is there."""
        vpc = self.backend.vpcs.get(record.state["vpcId"])
        found: Properties = vpc._cidr_block_association_set if vpc is not None else {}
        return {} if record.id in found else None


@mirror("aws:ec2/subnet:Subnet")
class SubnetMirror(Ec2Mirror):
    """A subnet."""

    kind = "subnet"

    def make(self, record: Record) -> None:
        """The subnet in its zone."""
        state = record.state
        with self.simulator.forced(record.id):
            self.client.create_subnet(
                VpcId=state["vpcId"],
                CidrBlock=state["cidrBlock"],
                AvailabilityZone=state["availabilityZone"],
                TagSpecifications=self.tagged(record),
            )

    def settle(self, record: Record) -> None:
        """Public addresses and tags."""
        super().settle(record)
        public = {"Value": bool(record.state.get("mapPublicIpOnLaunch"))}
        self.client.modify_subnet_attribute(SubnetId=record.id, MapPublicIpOnLaunch=public)

    def remove(self, record: Record) -> None:
        """The subnet."""
        if self.exists(record.id):
            self.client.delete_subnet(SubnetId=record.id)

    def look(self, record: Record) -> Properties | None:
        """Public addresses and tags."""
        seen = super().look(record)
        if seen is None:
            return None
        return {
            **seen,
            "mapPublicIpOnLaunch": _on(self.backend.get_subnet(record.id).map_public_ip_on_launch),
        }

    def exists(self, id_: str) -> bool:
        """Whether moto has it."""
        return any(id_ in zone for zone in self.backend.subnets.values())


@mirror("aws:ec2/internetGateway:InternetGateway")
class InternetGatewayMirror(Ec2Mirror):
    """An internet gateway, attached to at most one VPC."""

    kind = "internet-gateway"

    def make(self, record: Record) -> None:
        """The gateway, detached."""
        with self.simulator.forced(record.id):
            self.client.create_internet_gateway(TagSpecifications=self.tagged(record))

    def settle(self, record: Record) -> None:
        """Attachment and tags."""
        super().settle(record)
        wanted, now = record.state.get("vpcId") or "", self._vpc(record.id)
        if now and now != wanted:
            self.client.detach_internet_gateway(InternetGatewayId=record.id, VpcId=now)
        if wanted and now != wanted:
            self.client.attach_internet_gateway(InternetGatewayId=record.id, VpcId=wanted)

    def remove(self, record: Record) -> None:
        """The gateway, detached first."""
        if not self.exists(record.id):
            return
        if now := self._vpc(record.id):
            self.client.detach_internet_gateway(InternetGatewayId=record.id, VpcId=now)
        self.client.delete_internet_gateway(InternetGatewayId=record.id)

    def look(self, record: Record) -> Properties | None:
        """Attachment and tags."""
        seen = super().look(record)
        return None if seen is None else {**seen, "vpcId": self._vpc(record.id)}

    def exists(self, id_: str) -> bool:
        """Whether moto has it."""
        return id_ in self.backend.internet_gateways

    def _vpc(self, id_: str) -> str:
        vpc = self.backend.internet_gateways[id_].vpc
        return vpc.id if vpc else ""


@mirror("aws:ec2/routeTable:RouteTable")
class RouteTableMirror(Ec2Mirror):
    """A route table; its routes and associations are resources of their own."""

    kind = "route-table"

    def make(self, record: Record) -> None:
        """The table with its local route."""
        with self.simulator.forced(record.id):
            self.client.create_route_table(VpcId=record.state["vpcId"], TagSpecifications=self.tagged(record))

    def remove(self, record: Record) -> None:
        """The table."""
        if self.exists(record.id):
            self.client.delete_route_table(RouteTableId=record.id)

    def exists(self, id_: str) -> bool:
        """Whether moto has it."""
        return id_ in self.backend.route_tables
