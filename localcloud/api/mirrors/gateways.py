"""Elastic IPs and NAT gateways."""

from localcloud.api.mirrors.base import Properties, given, mirror
from localcloud.api.mirrors.ec2 import Ec2Mirror
from localcloud.aws.store import Record


@mirror("aws:ec2/eip:Eip")
class EipMirror(Ec2Mirror):
    """An Elastic IP."""

    kind = "elastic-ip"

    def make(self, record: Record) -> None:
        """The address of the record."""
        with self.simulator.forced(record.id):
            self.client.allocate_address(
                Domain="vpc",
                TagSpecifications=self.tagged(record),
                **given(Address=record.state.get("publicIp")),
            )

    def remove(self, record: Record) -> None:
        """The address."""
        if self.exists(record.id):
            self.client.release_address(AllocationId=record.id)

    def exists(self, id_: str) -> bool:
        """Whether moto has it."""
        return any(one.allocation_id == id_ for one in self.backend.addresses)


@mirror("aws:ec2/natGateway:NatGateway")
class NatGatewayMirror(Ec2Mirror):
    """A NAT gateway with its network interface."""

    kind = "natgateway"

    def make(self, record: Record) -> None:
        """The gateway, its interface and the association of its address. moto draws a private address at random."""
        state = record.state
        with self.simulator.forced(
            record.id, state.get("networkInterfaceId", ""), state.get("associationId", "")
        ):
            self.client.create_nat_gateway(
                SubnetId=state["subnetId"],
                TagSpecifications=self.tagged(record),
                ConnectivityType=state.get("connectivityType") or "public",
                **given(AllocationId=state.get("allocationId")),
            )
        gateway = self.backend.nat_gateways[record.id]
        if address := state.get("privateIp"):
            gateway.private_ip = address
            gateway._eni.private_ip_addresses[0]["PrivateIpAddress"] = address
            for one in gateway.address_set:
                one["privateIp"] = address

    def remove(self, record: Record) -> None:
        """The gateway, its interface, and the association. moto keeps the latter two, as no API does."""
        gateway = self.backend.nat_gateways.pop(record.id, None)
        if gateway is None:
            return
        for address in self.backend.addresses:
            if address.allocation_id == record.state.get("allocationId"):
                address.association_id = address.eni = None
        self.backend.enis.pop(gateway._eni.id, None)

    def look(self, record: Record) -> Properties | None:
        """Tags; gone when deleted: AWS shows a deleted gateway for an hour, which is no gateway to the provider."""
        gateway = self.backend.nat_gateways.get(record.id)
        return super().look(record) if gateway is not None and gateway.state == "available" else None

    def exists(self, id_: str) -> bool:
        """Whether moto has it."""
        return id_ in self.backend.nat_gateways
