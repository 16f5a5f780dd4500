"""What comes with an EC2 instance of a node group, and what goes with it: volumes and network interfaces.

EKS puts its tags on instances and volumes; a launch template's ``tagSpecifications`` add to them. The VPC CNI
attaches one more interface than a node needs (``WARM_ENI_TARGET=1``), tags it with the instance and the
cluster, and has EC2 delete it with the instance.
"""

import dataclasses
from typing import Any, ClassVar

from localcloud.aws import names
from localcloud.aws.errors import AwsError
from localcloud.aws.rules.base import Call, Rule, rule, text, values_at
from localcloud.aws.rules.interfaces import (
    Attachment,
    Interface,
    attach,
    attached_to,
    free_public_addresses,
)
from localcloud.aws.rules.network import INSTANCE, NETWORK_INTERFACE
from localcloud.aws.store import Record
from localcloud.kube.fields import at, each
from localcloud.providers.protocol import Properties

VOLUME = "aws:ebs/volume:Volume"

_ADDON = "aws:eks/addon:Addon"
_ROOT_DEVICE = "/dev/xvda"
_BOTTLEROCKET_SYSTEM_GIB = 2
_DEFAULT_GIB = 20
_GP3_IOPS, _GP3_THROUGHPUT = 3000, 125


@rule(VOLUME)
class VolumeRule(Rule):
    """An EBS volume; it cannot be deleted while it is attached."""

    id_prefix = "vol"
    defaults: ClassVar[Properties] = {"type": "gp2", "encrypted": False}

    def release(self, call: Call, record: Record) -> None:
        """Attached volumes stay."""
        del call
        instance = text(at(record.state, "attachment").get("instanceId"))
        if instance:
            raise AwsError("VolumeInUse", f"Volume {record.id} is currently attached to {instance}")


@dataclasses.dataclass(frozen=True)
class Launch:
    """An instance that a node group launches, as far as its parts depend on it."""

    cluster: Record
    group: Record
    instance_id: str
    subnet: Record
    address: str
    template: Properties
    """Data of the launch template version; empty without one."""
    groups: list[str]
    """Security groups."""
    root_gib: int
    """Size of the root volume where the launch template says nothing."""


def launch_tags(launch: Launch) -> Properties:
    """Tags of the instance: EKS's own, those of its Auto Scaling group, then the launch template's."""
    state = launch.group.state
    cluster = launch.cluster.id
    scaling = each(state, "resources")
    groups = each(scaling[0], "autoscalingGroups") if scaling else []
    given = at(state, "launchTemplate")
    return {
        "aws:eks:cluster-name": cluster,
        **({"aws:autoscaling:groupName": groups[0]["name"]} if groups else {}),
        **({"aws:ec2launchtemplate:id": given["id"]} if given.get("id") else {}),
        "eks:cluster-name": cluster,
        "eks:nodegroup-name": state["nodeGroupName"],
        f"kubernetes.io/cluster/{cluster}": "owned",
        "k8s.io/cluster-autoscaler/enabled": "true",
        f"k8s.io/cluster-autoscaler/{cluster}": "owned",
        **_specified(launch.template, "instance"),
    }


def _specified(template: Properties, resource: str) -> dict[str, str]:
    """Tags that a launch template gives one kind of resource."""
    found: dict[str, str] = {}
    for one in each(template, "tagSpecifications"):
        if one.get("resourceType") == resource:
            found.update(at(one, "tags"))
    return found


def launch_parts(call: Call, launch: Launch) -> Properties:
    """Make volumes and interfaces; returns what the instance's own state says of them."""
    interfaces = [attach(call, one) for one in _interfaces(call, launch)]
    volumes = [_volume(call, launch, mapping) for mapping in _mappings(launch)]
    with call.store.transaction():
        for one in volumes:
            call.store.put(one)
    primary = interfaces[0].state
    return {
        "arn": call.arn("ec2", f"instance/{launch.instance_id}"),
        "instanceState": "running",
        "primaryNetworkInterfaceId": interfaces[0].id,
        "privateDns": primary["privateDnsName"],
        "publicIp": primary["publicIp"],
        "rootBlockDevice": _block_device(volumes[0]),
        "ebsBlockDevices": [_block_device(one) for one in volumes[1:]],
        "tags": launch_tags(launch),
        "tagsAll": launch_tags(launch),
    }


def terminate_parts(call: Call, instance: str) -> None:
    """What an instance leaves: nothing but what was told to outlive it, which stays behind, detached."""
    with call.store.transaction():
        # In EC2's order, which is that of the feed that others follow.
        call.store.delete(INSTANCE, instance)
        for one in attached_to(call, instance):
            if one.state.get("deleteOnTermination"):
                call.store.delete(NETWORK_INTERFACE, one.id)
            else:
                state: Properties = {**one.state, "status": "available", "attachments": []}
                call.store.put(dataclasses.replace(one, state=state))
        for one in call.store.all(VOLUME):
            attachment = at(one.state, "attachment")
            if attachment.get("instanceId") != instance:
                continue
            if attachment.get("deleteOnTermination"):
                call.store.delete(VOLUME, one.id)
            else:
                call.store.put(dataclasses.replace(one, state={**one.state, "attachment": {}}))


def _interfaces(call: Call, launch: Launch) -> list[Interface]:
    described = each(launch.template, "networkInterfaces") or [{"deviceIndex": 0}]
    described.sort(key=lambda one: (int(one.get("networkCardIndex") or 0), int(one.get("deviceIndex") or 0)))
    # EC2 gives a public address to launches with one interface only.
    public = len(described) == 1 and _wants_public(launch, described[0])
    tags = _specified(launch.template, "network-interface")
    made: list[Interface] = []
    for index, one in enumerate(described):
        made.append(
            Interface(
                launch.subnet,
                text(one.get("description")),
                Attachment(
                    launch.instance_id,
                    device_index=int(one.get("deviceIndex") or 0),
                    network_card_index=int(one.get("networkCardIndex") or 0),
                    # The primary one goes by default, further ones stay by default.
                    delete_on_termination=_flag(one.get("deleteOnTermination"), default=index == 0),
                ),
                values_at(one, "securityGroups") or launch.groups,
                text(one.get("interfaceType")) or "interface",
                tags=tags,
                origin="eks",
                address=launch.address if index == 0 else "",
                public_address=free_public_addresses(call, 1)[0] if public and index == 0 else "",
            )
        )
    if _runs_vpc_cni(call, launch.cluster):
        made.append(_warm_interface(launch, made[0]))
    return made


def _wants_public(launch: Launch, described: Properties) -> bool:
    default = bool(launch.subnet.state.get("mapPublicIpOnLaunch"))
    return _flag(described.get("associatePublicIpAddress"), default=default)


def _runs_vpc_cni(call: Call, cluster: Record) -> bool:
    own = cluster.state.get("bootstrapSelfManagedAddons") is not False
    return own or bool(call.store.find(_ADDON, clusterName=cluster.id, addonName="vpc-cni"))


def _warm_interface(launch: Launch, primary: Interface) -> Interface:
    tags = {
        "cluster.k8s.amazonaws.com/name": launch.cluster.id,
        "node.k8s.amazonaws.com/instance_id": launch.instance_id,
    }
    attachment = Attachment(launch.instance_id, device_index=1)
    description = f"aws-K8S-{launch.instance_id}"
    return Interface(launch.subnet, description, attachment, primary.groups, tags=tags, origin="controller")


def _mappings(launch: Launch) -> list[Properties]:
    """Block devices of the launch, the root volume first."""
    given = [one for one in each(launch.template, "blockDeviceMappings") if at(one, "ebs")]
    given.sort(key=lambda one: one.get("deviceName") != _ROOT_DEVICE)
    if given and given[0].get("deviceName") == _ROOT_DEVICE:
        return given
    return [{"deviceName": _ROOT_DEVICE, "ebs": {"volumeSize": launch.root_gib, "volumeType": "gp3"}}, *given]


def _volume(call: Call, launch: Launch, mapping: Properties) -> Record:
    ebs = at(mapping, "ebs")
    id_ = names.ec2_id("vol")
    kind = text(ebs.get("volumeType")) or "gp3"
    bottlerocket = text(launch.group.state.get("amiType")).startswith("BOTTLEROCKET")
    system = bottlerocket and mapping["deviceName"] == _ROOT_DEVICE
    tags = {
        "eks:cluster-name": launch.cluster.id,
        "eks:nodegroup-name": launch.group.state["nodeGroupName"],
        **_specified(launch.template, "volume"),
    }
    state: Properties = {
        "arn": call.arn("ec2", f"volume/{id_}"),
        "region": call.region,
        "availabilityZone": launch.subnet.state.get("availabilityZone"),
        "size": int(ebs.get("volumeSize") or (_BOTTLEROCKET_SYSTEM_GIB if system else _DEFAULT_GIB)),
        "type": kind,
        "iops": int(ebs.get("iops") or (_GP3_IOPS if kind == "gp3" else 0)),
        "throughput": int(ebs.get("throughput") or (_GP3_THROUGHPUT if kind == "gp3" else 0)),
        "encrypted": _flag(ebs.get("encrypted"), default=False),
        "kmsKeyId": text(ebs.get("kmsKeyId")),
        "snapshotId": text(ebs.get("snapshotId")),
        "attachment": {
            "instanceId": launch.instance_id,
            "device": mapping["deviceName"],
            "deleteOnTermination": _flag(ebs.get("deleteOnTermination"), default=True),
        },
        "tags": tags,
        "tagsAll": tags,
    }
    return Record(VOLUME, id_, "", {}, state, origin="eks")


def _block_device(volume: Record) -> Properties:
    state = volume.state
    return {
        "deviceName": state["attachment"]["device"],
        "deleteOnTermination": state["attachment"]["deleteOnTermination"],
        "volumeId": volume.id,
        "volumeSize": state["size"],
        "volumeType": state["type"],
        "encrypted": state["encrypted"],
        "iops": state["iops"],
        "throughput": state["throughput"],
        "kmsKeyId": state["kmsKeyId"],
    }


def _flag(value: Any, *, default: bool) -> bool:
    """A launch template's switch, which is text there."""
    return default if value in (None, "") else str(value).lower() == "true"
