"""Internet and NAT gateways, and Elastic IP addresses."""

from typing import ClassVar

from localcloud.aws import names
from localcloud.aws.account import Account
from localcloud.aws.errors import AwsError
from localcloud.aws.rules.base import Call, Holder, Reference, Rule, rule, text
from localcloud.aws.rules.interfaces import Attachment, Interface, attach, drop_serving, free_address, serving
from localcloud.aws.rules.network import (
    EIP,
    INTERNET_GATEWAY,
    NAT_GATEWAY,
    NETWORK_INTERFACE,
    SUBNET,
    SUBNET_REFERENCE,
    VPC_REFERENCE,
)
from localcloud.aws.store import Record
from localcloud.providers.protocol import CheckFailure, Properties


@rule(INTERNET_GATEWAY)
class InternetGatewayRule(Rule):
    """A VPC has at most one internet gateway; it stays while public addresses are mapped."""

    id_prefix = "igw"
    references = (VPC_REFERENCE,)

    def admit(self, call: Call, inputs: Properties, record: Record | None) -> None:
        """One gateway per VPC, and a number of them."""
        vpc = text(inputs.get("vpcId"))
        others = [one for one in call.store.find(INTERNET_GATEWAY, vpcId=vpc) if one != record]
        if vpc and others and (record is None or record.id != others[0].id):
            raise AwsError("InvalidParameterValue", f"Network {vpc} already has an internet gateway attached")
        most = call.account.quotas.internet_gateways
        if record is None and len(call.store.all(INTERNET_GATEWAY)) >= most:
            raise AwsError(
                "InternetGatewayLimitExceeded", "The maximum number of internet gateways has been reached."
            )

    def release(self, call: Call, record: Record) -> None:
        """Public addresses in the VPC keep the gateway attached."""
        vpc = text(record.state.get("vpcId"))
        mapped = call.store.find(NETWORK_INTERFACE, vpcId=vpc) if vpc else []
        if any(one.state.get("publicIp") for one in mapped):
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
        """The address is free, the VPC has a way out, the zone has room."""
        if record is not None:
            return
        if inputs.get("connectivityType") != "private":
            self._check_way_out(call, inputs)
        zone = self._zone(call, inputs)
        others = [one for one in call.store.all(NAT_GATEWAY) if zone and self._zone(call, one.state) == zone]
        most = call.account.quotas.nat_gateways_per_zone
        if zone and len(others) >= most:
            raise AwsError(
                "NatGatewayLimitExceeded",
                f"Performing this operation would exceed the limit of {most} NAT gateways",
            )

    def _check_way_out(self, call: Call, inputs: Properties) -> None:
        allocation = text(inputs.get("allocationId"))
        if call.store.find(NAT_GATEWAY, allocationId=allocation):
            raise AwsError(
                "Resource.AlreadyAssociated", f"Elastic IP address [{allocation}] is already associated"
            )
        subnet = call.store.get(SUBNET, text(inputs.get("subnetId")))
        vpc = text(subnet.state.get("vpcId")) if subnet else ""
        if subnet and subnet.origin != "account" and not call.store.find(INTERNET_GATEWAY, vpcId=vpc):
            raise AwsError("Gateway.NotAttached", f"Network {vpc} has no Internet gateway attached")

    def _zone(self, call: Call, inputs: Properties) -> str:
        subnet = call.store.get(SUBNET, text(inputs.get("subnetId")))
        return text(subnet.state.get("availabilityZone")) if subnet else ""

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

    def created(self, call: Call, record: Record) -> Properties:
        """The gateway's interface in its subnet."""
        subnet = call.store.get(SUBNET, text(record.state.get("subnetId")))
        if subnet and not serving(call, record.id):
            attach(
                call,
                Interface(
                    subnet,
                    f"Interface for NAT Gateway {record.id}",
                    Attachment(owner="amazon-aws"),
                    kind="nat_gateway",
                    serves=record.id,
                    id=text(record.state.get("networkInterfaceId")),
                    address=text(record.state.get("privateIp")),
                    public_address=text(record.state.get("publicIp")),
                ),
            )
        return {}

    def deleted(self, call: Call, record: Record) -> None:
        """The interface goes with the gateway."""
        drop_serving(call, record.id)
