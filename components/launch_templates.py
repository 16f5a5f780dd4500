"""Parts of EC2 launch templates for EKS nodes, as plain values in the AWS SDK's shape."""

from collections.abc import Mapping, Sequence
from typing import Optional

import pulumi
import pulumi_aws as aws

from components.instance_types import InstanceType

RESERVED_KINDS: tuple[str, ...] = ("odcr", "resource-group", "capacity-block")
"""Kinds of capacity that are fixed in number and in place."""

CAPACITY_KINDS: tuple[str, ...] = (*RESERVED_KINDS, "on-demand")
"""Every kind of capacity that a GPU node group can run on."""


def block_devices(
    ami: str, size_gib: int, iops: Optional[int] = None, throughput: Optional[int] = None
) -> list[aws.ec2.LaunchTemplateBlockDeviceMappingArgsDict]:
    """Encrypted gp3 volumes; ``size_gib`` is the volume that holds images and pods' local data.

    That is AL2023's root, but Bottlerocket's second volume: its first holds the system only and keeps the
    image's own size. IOPS and throughput (MiB/s) are gp3's base of 3000 and 125 when not given.
    """
    ebs: aws.ec2.LaunchTemplateBlockDeviceMappingEbsArgsDict = {
        "volume_type": "gp3",
        "volume_size": size_gib,
        "encrypted": "true",
        "delete_on_termination": "true",
    }
    if iops is not None:
        ebs["iops"] = iops
    if throughput is not None:
        ebs["throughput"] = throughput
    if ami != "bottlerocket":
        return [{"device_name": "/dev/xvda", "ebs": ebs}]
    system: aws.ec2.LaunchTemplateBlockDeviceMappingEbsArgsDict = {
        "volume_type": "gp3",
        "encrypted": "true",
        "delete_on_termination": "true",
    }
    return [{"device_name": "/dev/xvda", "ebs": system}, {"device_name": "/dev/xvdb", "ebs": ebs}]


def metadata_options() -> aws.ec2.LaunchTemplateMetadataOptionsArgsDict:
    """IMDSv2 only, and one network hop: a pod cannot reach the node's role, only the node itself can."""
    return {"http_endpoint": "enabled", "http_tokens": "required", "http_put_response_hop_limit": 1}


def tag_specifications(
    tags: Mapping[str, str],
) -> list[aws.ec2.LaunchTemplateTagSpecificationArgsDict]:
    """The tags on what a launch creates: a node group's own tags do not reach instances, volumes, interfaces."""
    return [
        {"resource_type": resource, "tags": dict(tags)}
        for resource in ("instance", "volume", "network-interface")
    ]


def capacity_reservation_specification(
    kind: str,
    reservation_id: Optional[pulumi.Input[str]] = None,
    resource_group_arn: Optional[pulumi.Input[str]] = None,
) -> Optional[aws.ec2.LaunchTemplateCapacityReservationSpecificationArgsDict]:
    """The reservation that instances go into; None on demand, where EC2 matches open reservations by itself.

    EC2 refuses a preference beside a target, so none is set.
    """
    if kind in ("odcr", "capacity-block"):
        return {"capacity_reservation_target": {"capacity_reservation_id": reservation_id}}
    if kind == "resource-group":
        return {
            "capacity_reservation_target": {"capacity_reservation_resource_group_arn": resource_group_arn}
        }
    return None


def instance_market_options(
    kind: str,
) -> Optional[aws.ec2.LaunchTemplateInstanceMarketOptionsArgsDict]:
    """The market of a Capacity Block; None for every other kind, which is on-demand billing."""
    return {"market_type": "capacity-block"} if kind == "capacity-block" else None


def efa_network_interfaces(
    instance_type: InstanceType, security_group_ids: Sequence[pulumi.Input[str]]
) -> list[aws.ec2.LaunchTemplateNetworkInterfaceArgsDict]:
    """Every EFA interface of a type, in the layout of the EC2 user guide's "efa-acc-inst-types".

    Card 0, device 0 is the plain interface with the node's address (an EFA-only one cannot be primary); card 0,
    device 1 is EFA-only where card 0 has EFA; each further card carries one EFA-only interface as device 0.
    EFA-only interfaces take no addresses from the subnet. Not for public subnets: EC2 assigns no public
    address to a launch with several interfaces.
    """
    # A type with one card more than it has EFA interfaces keeps card 0 for plain traffic (p6-b300).
    first_card_has_efa = instance_type.efa_interfaces >= instance_type.network_cards
    places = [(0, 0, "interface")]
    if first_card_has_efa:
        places.append((0, 1, "efa-only"))
    places += [(card, 0, "efa-only") for card in range(1, instance_type.network_cards)]
    return [
        {
            "network_card_index": card,
            "device_index": device,
            "interface_type": interface,
            "security_groups": list(security_group_ids),
            # Interfaces beyond the first outlive their instance unless told otherwise.
            "delete_on_termination": "true",
        }
        for card, device, interface in places
    ]
