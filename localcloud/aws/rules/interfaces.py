"""Network interfaces: those of programs, and those that AWS's services keep in a VPC's subnets.

An interface keeps its subnet and its security groups from being deleted, whoever made it; one with a public
address keeps the internet gateway. Texts and owners of requester-managed interfaces are those that
``ec2:DescribeNetworkInterfaces`` shows.
"""

import dataclasses
import ipaddress
import itertools
import secrets
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from localcloud.aws import names
from localcloud.aws.errors import AwsError
from localcloud.aws.rules.base import Call, Reference, Rule, rule, text, values_at
from localcloud.aws.rules.network import (
    INSTANCE,
    NAT_GATEWAY,
    NETWORK_INTERFACE,
    SECURITY_GROUP,
    SUBNET,
    SUBNET_REFERENCE,
)
from localcloud.aws.store import Record
from localcloud.providers.protocol import Properties

_GROUP_NOT_FOUND = ("InvalidGroup.NotFound", "The security group '{}' does not exist")


@rule(NETWORK_INTERFACE)
class NetworkInterfaceRule(Rule):
    """An interface; it cannot be deleted while it is attached."""

    id_prefix = "eni"
    references = (SUBNET_REFERENCE, Reference("securityGroups", (SECURITY_GROUP,), *_GROUP_NOT_FOUND))
    defaults: ClassVar[Properties] = {"sourceDestCheck": True}

    def admit(self, call: Call, inputs: Properties, record: Record | None) -> None:
        """Interface and security groups are of one VPC."""
        subnet = call.store.get(SUBNET, text(inputs.get("subnetId")))
        for id_ in values_at(inputs, "securityGroups"):
            group = call.store.get(SECURITY_GROUP, id_)
            if subnet and group and group.state.get("vpcId") != subnet.state.get("vpcId"):
                raise AwsError(
                    "InvalidParameterValue",
                    f"You have specified two resources that belong to different networks: {id_}, {subnet.id}",
                )

    def computed(self, call: Call, id_: str, inputs: Properties) -> Properties:
        """Address, VPC and hardware address."""
        subnet = call.store.get(SUBNET, text(inputs.get("subnetId")))
        assert subnet is not None
        wanted = values_at(inputs, "privateIps")
        state = _state(call, subnet, wanted[0] if wanted else free_address(call, subnet))
        groups = values_at(inputs, "securityGroups") or _default_group(call, subnet)
        return {
            **state,
            **({"privateIps": wanted} if wanted else {}),
            "arn": call.arn("ec2", f"network-interface/{id_}"),
            "interfaceType": inputs.get("interfaceType") or "interface",
            "securityGroups": groups,
            "status": "available",
            "attachments": [],
        }

    def release(self, call: Call, record: Record) -> None:
        """Attached interfaces stay."""
        del call
        if record.state.get("attachments"):
            raise AwsError("InvalidParameterValue", f"Network interface '{record.id}' is currently in use.")


def _default_group(call: Call, subnet: Record) -> list[str]:
    vpc = call.store.get("aws:ec2/vpc:Vpc", text(subnet.state.get("vpcId")))
    group = text(vpc.state.get("defaultSecurityGroupId")) if vpc else ""
    return [group] if group else []


def _state(call: Call, subnet: Record, address: str) -> Properties:
    dashed = address.replace(".", "-")
    suffix = "ec2.internal" if call.region == "us-east-1" else f"{call.region}.compute.internal"
    tail = ":".join(secrets.token_hex(1) for _ in range(5))
    return {
        "region": call.region,
        "ownerId": call.account.account_id,
        "subnetId": subnet.id,
        "vpcId": subnet.state.get("vpcId"),
        "availabilityZone": subnet.state.get("availabilityZone"),
        "privateIp": address,
        "privateIps": [address] if address else [],
        "privateIpLists": [address] if address else [],
        "privateDnsName": f"ip-{dashed}.{suffix}" if address else "",
        "macAddress": f"02:{tail}",
        "sourceDestCheck": True,
    }


def free_address(call: Call, subnet: Record) -> str:
    """An address of a subnet that nothing in it has yet; AWS keeps the first four and the last."""
    owners = call.store.all(NETWORK_INTERFACE, INSTANCE, NAT_GATEWAY)
    taken = {text(one.state.get("privateIp")) for one in owners}
    taken.update(address for one in owners for address in values_at(one.state, "privateIps"))
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


def free_public_addresses(call: Call, count: int) -> list[str]:
    """Public addresses that are on no interface, of a range kept for documentation (RFC 5737)."""
    taken = {text(one.state.get("publicIp")) for one in call.store.all(NETWORK_INTERFACE)}
    hosts = (str(one) for one in ipaddress.IPv4Network("198.51.100.0/24").hosts())
    return list(itertools.islice((one for one in hosts if one not in taken), count))


@dataclasses.dataclass(frozen=True)
class Attachment:
    """What an interface is attached to."""

    instance: str = ""
    """Id of an instance of this account; empty for a service's own machines."""
    owner: str = ""
    """``InstanceOwnerId`` of a service's attachment, for example ``amazon-elb``."""
    device_index: int = 0
    network_card_index: int = 0
    delete_on_termination: bool = True


@dataclasses.dataclass(frozen=True)
class Interface:
    """An interface to be made."""

    subnet: Record
    description: str
    attachment: Attachment
    groups: Sequence[str] = ()
    kind: str = "interface"
    """``interface``, ``nat_gateway``, ``vpc_endpoint``, ``efa`` or ``efa-only``."""
    serves: str = ""
    """The resource that a requester-managed interface belongs to; empty when the account manages it."""
    tags: Mapping[str, str] = dataclasses.field(default_factory=dict[str, str])
    origin: str = "aws"
    id: str = ""
    """Empty for a new id."""
    address: str = ""
    """Empty for any free address."""
    public_address: str = ""


def attach(call: Call, wanted: Interface) -> Record:
    """Make an interface that is in use from the start, and return its record."""
    id_ = wanted.id or names.ec2_id("eni")
    addressed = wanted.kind != "efa-only"
    address = wanted.address or (free_address(call, wanted.subnet) if addressed else "")
    attachment = wanted.attachment
    state: Properties = {
        **_state(call, wanted.subnet, address),
        "arn": call.arn("ec2", f"network-interface/{id_}"),
        "description": wanted.description,
        "interfaceType": wanted.kind,
        "securityGroups": list(wanted.groups),
        "publicIp": wanted.public_address,
        "status": "in-use",
        "attachments": [
            {
                "attachmentId": names.ec2_id("eni-attach"),
                "deviceIndex": attachment.device_index,
                "networkCardIndex": attachment.network_card_index,
                "instance": attachment.instance,
                "instanceOwnerId": attachment.owner or call.account.account_id,
            }
        ],
        "deleteOnTermination": attachment.delete_on_termination,
        "requesterManaged": bool(wanted.serves),
        "serves": wanted.serves,
        "tags": dict(wanted.tags),
        "tagsAll": dict(wanted.tags),
    }
    record = Record(NETWORK_INTERFACE, id_, "", {}, state, origin=wanted.origin)
    with call.store.transaction():
        call.store.put(record)
    return record


def serving(call: Call, resource: str) -> list[Record]:
    """The requester-managed interfaces of a resource, by the order in which they were made."""
    return call.store.find(NETWORK_INTERFACE, serves=resource)


def keep_one_per_subnet(call: Call, wanted: Sequence[Interface]) -> list[Record]:
    """Bring a resource's requester-managed interfaces to these: one per subnet, all of one resource.

    Interfaces that are there already stay, with their addresses; their security groups become the new ones.
    """
    present = {text(one.state.get("subnetId")): one for one in serving(call, wanted[0].serves)}
    kept: list[Record] = []
    with call.store.transaction():
        for interface in wanted:
            found = present.pop(interface.subnet.id, None)
            if found is None:
                found = attach(call, interface)
            elif found.state.get("securityGroups") != list(interface.groups):
                state = {**found.state, "securityGroups": list(interface.groups)}
                found = dataclasses.replace(found, state=state)
                call.store.put(found)
            kept.append(found)
        for one in present.values():
            call.store.delete(NETWORK_INTERFACE, one.id)
    return kept


def drop_serving(call: Call, resource: str) -> None:
    """Take away a resource's requester-managed interfaces, as its service does when the resource goes."""
    with call.store.transaction():
        for one in serving(call, resource):
            call.store.delete(NETWORK_INTERFACE, one.id)


def attached_to(call: Call, instance: str) -> list[Record]:
    """The interfaces of an instance."""
    return [
        one
        for one in call.store.all(NETWORK_INTERFACE)
        if instance in values_at(one.state, "attachments.instance")
    ]


def subnet_records(call: Call, ids: Sequence[Any]) -> list[Record]:
    """The subnets of these ids that exist, in their order."""
    found = (call.store.get(SUBNET, str(id_)) for id_ in ids)
    return [one for one in found if one]
