"""EC2 instances, their network interfaces and volumes; also the interfaces that AWS's services keep."""

from typing import Any

from localcloud.api.libraries import module
from localcloud.api.mirrors.base import Properties, given, mirror
from localcloud.api.mirrors.ec2 import Ec2Mirror
from localcloud.aws.store import Record
from localcloud.kube.fields import at

_NO_IMAGE = "ami-00000000000000000"


@mirror("aws:ec2/instance:Instance")
class InstanceMirror(Ec2Mirror):
    """An instance of a node group. Its primary interface and root volume come with it, under their ids."""

    kind = "instance"

    def make(self, record: Record) -> None:
        """The instance. moto can start it from any image, and does not know the reservation it runs in."""
        state = record.state
        root = at(state, "rootBlockDevice")
        with self.simulator.forced(
            record.id, str(state.get("primaryNetworkInterfaceId") or ""), str(root.get("volumeId") or "")
        ):
            self.client.run_instances(
                MinCount=1,
                MaxCount=1,
                ImageId=_image(state),
                InstanceType=state["instanceType"],
                SubnetId=state["subnetId"],
                SecurityGroupIds=list(state.get("vpcSecurityGroupIds") or []),
                TagSpecifications=self.tagged(record),
                **given(PrivateIpAddress=state.get("privateIp")),
            )

    def settle(self, record: Record) -> None:
        """Tags and reservation."""
        super().settle(record)
        instance = self._instance(record.id)
        instance.capacity_reservation_id = record.state.get("capacityReservationId") or None

    def remove(self, record: Record) -> None:
        """Terminate it: it is still shown, as terminated, as long as the server runs."""
        instance = self._instance(record.id)
        if instance is not None and instance.state != "terminated":
            # Its volumes and interfaces may have gone before it; moto would refuse to terminate it then.
            for device, one in list(instance.block_device_mapping.items()):
                if one.volume_id not in self.backend.volumes:
                    del instance.block_device_mapping[device]
            for one in instance.nics.values():
                # It stays the instance's: moto reads the address of what is terminated from there.
                one.delete_on_termination &= one.id in self.backend.enis
            self.client.terminate_instances(InstanceIds=[record.id])

    def look(self, record: Record) -> Properties | None:
        """Nothing that a program manages: its node group replaces and repairs it."""
        return {}

    def exists(self, id_: str) -> bool:
        """Whether moto has it."""
        return self._instance(id_) is not None

    def _instance(self, id_: str) -> Any:
        reservations: list[Any] = list(self.backend.reservations.values())
        return next((one for each in reservations for one in each.instances if one.id == id_), None)


def _image(state: Properties) -> str:
    labels = at(state, "node", "metadata", "labels")
    return str(labels.get("eks.amazonaws.com/nodegroup-image") or state.get("ami") or _NO_IMAGE)


@mirror("aws:ec2/networkInterface:NetworkInterface")
class NetworkInterfaceMirror(Ec2Mirror):
    """An interface: one of a program, or one that an instance, a gateway, an endpoint or a service brought."""

    kind = "network-interface"

    def make(self, record: Record) -> None:
        """The interface, unless what brought it made it."""
        state = record.state
        if self.exists(record.id):
            return
        with self.simulator.forced(record.id):
            self.client.create_network_interface(
                SubnetId=state["subnetId"],
                TagSpecifications=self.tagged(record),
                **given(
                    PrivateIpAddress=state.get("privateIp"),
                    Description=state.get("description"),
                    Groups=list(state.get("securityGroups") or []),
                ),
            )

    def settle(self, record: Record) -> None:
        """Tags, description, address, owner and attachment. Past the API: most of this only services can set."""
        super().settle(record)
        state, interface = record.state, self.backend.enis[record.id]
        interface.description = state.get("description") or interface.description
        interface.interface_type = state.get("interfaceType") or "interface"
        interface.status = state.get("status") or "in-use"
        interface.delete_on_termination = bool(state.get("deleteOnTermination"))
        interface.requester_managed = bool(state.get("requesterManaged"))
        interface.requester_id = state.get("requesterId") or self.simulator.account.account_id
        if state.get("macAddress"):
            interface.mac_address = state["macAddress"]
        if state.get("privateIp"):
            interface.private_ip_address = state["privateIp"]
            interface.private_ip_addresses[0]["PrivateIpAddress"] = state["privateIp"]
        if state.get("securityGroups"):
            find = self.backend.get_security_group_from_id
            interface._group_set = [group for one in state["securityGroups"] if (group := find(one))]

    def remove(self, record: Record) -> None:
        """The interface."""
        self.backend.enis.pop(record.id, None)

    def exists(self, id_: str) -> bool:
        """Whether moto has it."""
        return id_ in self.backend.enis


@mirror("aws:ebs/volume:Volume")
class VolumeMirror(Ec2Mirror):
    """A volume, attached or not."""

    kind = "volume"

    def make(self, record: Record) -> None:
        """The volume, unless its instance brought it."""
        state = record.state
        if self.exists(record.id):
            return
        kind = str(state.get("type") or "gp2")
        with self.simulator.forced(record.id):
            self.client.create_volume(
                AvailabilityZone=state["availabilityZone"],
                Size=int(state.get("size") or 1),
                VolumeType=kind,
                TagSpecifications=self.tagged(record),
                **given(
                    Iops=int(state.get("iops") or 0) if kind in ("gp3", "io1", "io2") else None,
                    Encrypted=True if state.get("encrypted") else None,
                ),
            )

    def settle(self, record: Record) -> None:
        """Tags, size, type and attachment."""
        super().settle(record)
        state, volume = record.state, self.backend.volumes[record.id]
        volume.size, volume.volume_type = int(state.get("size") or 1), str(state.get("type") or "gp2")
        volume.encrypted, volume.kms_key_id = bool(state.get("encrypted")), state.get("kmsKeyId") or None
        volume.iops, volume.throughput = state.get("iops") or None, state.get("throughput") or None
        attachment = at(state, "attachment")
        wanted = attachment.get("instanceId")
        if not wanted:
            volume.attachment = None
        elif volume.attachment is None or volume.attachment.instance.id != wanted:
            instance = self.backend.get_instance(wanted)
            made = module("moto.ec2.models.elastic_block_store").VolumeAttachment
            volume.attachment = made(volume, instance, attachment.get("device"), "attached")
        if volume.attachment is not None:
            volume.attachment.delete_on_termination = bool(attachment.get("deleteOnTermination"))

    def remove(self, record: Record) -> None:
        """The volume."""
        self.backend.volumes.pop(record.id, None)

    def look(self, record: Record) -> Properties | None:
        """Tags, size and type."""
        seen = super().look(record)
        if seen is None:
            return None
        volume = self.backend.volumes[record.id]
        return {**seen, "size": int(volume.size), "type": volume.volume_type}

    def exists(self, id_: str) -> bool:
        """Whether moto has it."""
        return id_ in self.backend.volumes
