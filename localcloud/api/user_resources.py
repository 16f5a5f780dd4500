"""What moto has of the types that users may make past any program, each in the form of an account record's state."""

import datetime
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from localcloud.api.mirrors.base import Properties
from localcloud.api.mirrors.security_groups import inline_rules
from localcloud.api.world import World
from localcloud.aws import names
from localcloud.aws.rules.instances_volumes import VOLUME
from localcloud.aws.rules.network import (
    INSTANCE,
    INTERNET_GATEWAY,
    NETWORK_INTERFACE,
    SECURITY_GROUP,
    SUBNET,
    VPC,
)

BUCKET = "aws:s3/bucket:Bucket"
KEY = "aws:kms/key:Key"
ROLE = "aws:iam/role:Role"


class Seen(NamedTuple):
    """A resource as moto has it."""

    id: str
    state: Properties
    inline: Properties | None = None
    """Inputs that its mirror writes from: the rules of a security group."""


class Kind(NamedTuple):
    """A type of resources that users may make."""

    service: str
    """boto3's name of the service."""
    listed: Callable[[World, Any], Iterator[Seen]]
    """Everything that moto's backend of the service has, whoever made it."""


def _tagged(state: Properties, tags: dict[str, str]) -> Properties:
    return {**state, "tags": dict(tags), "tagsAll": dict(tags)}


def _ec2(world: World, backend: Any, type_: str, id_: str, state: Properties) -> Seen:
    account = world.account
    given: Properties = {
        "region": account.region,
        "ownerId": account.account_id,
        **_tagged(state, backend.tags.get(id_, {})),
    }
    arn = names.arn(
        type_, id_, given, partition=account.partition, region=account.region, account=account.account_id
    )
    return Seen(id_, {**given, "arn": arn})


def _on(value: object) -> bool:
    return str(value).lower() == "true"


def _vpcs(world: World, backend: Any) -> Iterator[Seen]:
    for one in backend.vpcs.values():
        groups = [group.id for group in backend.groups.get(one.id, {}).values() if group.is_default]
        tables = [
            table.id
            for table in backend.route_tables.values()
            if table.vpc_id == one.id and table.main_association_id
        ]
        acls = [acl.id for acl in backend.network_acls.values() if acl.vpc_id == one.id and _on(acl.default)]
        state: Properties = {
            "cidrBlock": one.cidr_block,
            "instanceTenancy": one.instance_tenancy,
            "enableDnsSupport": _on(one.enable_dns_support),
            "enableDnsHostnames": _on(one.enable_dns_hostnames),
            "defaultSecurityGroupId": next(iter(groups), ""),
            "mainRouteTableId": next(iter(tables), ""),
            "defaultRouteTableId": next(iter(tables), ""),
            "defaultNetworkAclId": next(iter(acls), ""),
        }
        yield _ec2(world, backend, VPC, one.id, state)


def _subnets(world: World, backend: Any) -> Iterator[Seen]:
    zone_ids = {one.name: one.id for one in world.account.zones}
    for zone in backend.subnets.values():
        for one in zone.values():
            state: Properties = {
                "vpcId": one.vpc_id,
                "cidrBlock": one.cidr_block,
                "availabilityZone": one.availability_zone,
                "availabilityZoneId": zone_ids.get(one.availability_zone, ""),
                "mapPublicIpOnLaunch": _on(one.map_public_ip_on_launch),
            }
            yield _ec2(world, backend, SUBNET, one.id, state)


def _security_groups(world: World, backend: Any) -> Iterator[Seen]:
    for groups in backend.groups.values():
        for one in groups.values():
            if one.is_default or one.name == "default":
                continue  # comes and goes with its VPC
            rules = {"ingress": inline_rules(one.ingress_rules), "egress": inline_rules(one.egress_rules)}
            state = {"name": one.name, "description": one.description, "vpcId": one.vpc_id, **rules}
            seen = _ec2(world, backend, SECURITY_GROUP, one.id, state)
            yield seen._replace(inline=rules)


def _internet_gateways(world: World, backend: Any) -> Iterator[Seen]:
    for one in backend.internet_gateways.values():
        state = {"vpcId": one.vpc.id if one.vpc else ""}
        yield _ec2(world, backend, INTERNET_GATEWAY, one.id, state)


def _interfaces(world: World, backend: Any) -> Iterator[Seen]:
    services = {one._eni.id for one in backend.nat_gateways.values()}
    services |= {id_ for one in backend.vpc_end_points.values() for id_ in one.network_interface_ids}
    for one in backend.enis.values():
        if one.id in services:
            continue  # goes with a gateway or endpoint that the account does not know
        instance = one.instance.id if one.instance else ""
        attachment = {"attachmentId": one.attachment_id or "", "deviceIndex": int(one.device_index or 0)}
        owner = world.account.account_id
        addresses = [str(each["PrivateIpAddress"]) for each in one.private_ip_addresses]
        state: Properties = {
            "subnetId": one.subnet.id,
            "vpcId": one.subnet.vpc_id,
            "availabilityZone": one.subnet.availability_zone,
            "description": one.description,
            "interfaceType": one.interface_type,
            "privateIp": one.private_ip_address,
            "privateIps": addresses,
            "privateIpLists": addresses,
            "macAddress": one.mac_address,
            "publicIp": one.public_ip or "",
            "securityGroups": sorted({group.id for group in one.group_set}),
            "sourceDestCheck": bool(one.source_dest_check),
            "status": "in-use" if instance else "available",
            "attachments": [{**attachment, "instance": instance, "instanceOwnerId": owner}]
            if instance
            else [],
            "deleteOnTermination": _on(one.delete_on_termination),
        }
        yield _ec2(world, backend, NETWORK_INTERFACE, one.id, state)


def _instances(world: World, backend: Any) -> Iterator[Seen]:
    for reservation in backend.reservations.values():
        for one in reservation.instances:
            if one.state == "terminated" or not one.subnet_id:
                continue
            volumes = {path: device.volume_id for path, device in one.block_device_mapping.items()}
            interfaces = {int(index): nic.id for index, nic in one.nics.items()}
            state: Properties = {
                "ami": one.image_id,
                "instanceType": one.instance_type,
                "instanceState": one.state,
                "subnetId": one.subnet_id,
                "availabilityZone": one.placement.zone,
                "privateIp": one.private_ip,
                "publicIp": one.public_ip or "",
                "primaryNetworkInterfaceId": interfaces.get(0, ""),
                "vpcSecurityGroupIds": [group.id for group in one.security_groups],
                "rootBlockDevice": {"volumeId": volumes.get(one.root_device_name, "")},
            }
            yield _ec2(world, backend, INSTANCE, one.id, state)


def _volumes(world: World, backend: Any) -> Iterator[Seen]:
    for one in backend.volumes.values():
        held = one.attachment
        attachment: Properties = {}
        if held is not None:
            device = held.instance.block_device_mapping.get(held.device)
            attachment = {
                "instanceId": held.instance.id,
                "device": held.device,
                "deleteOnTermination": bool(device and device.delete_on_termination),
            }
        state: Properties = {
            "availabilityZone": one.zone.name,
            "size": int(one.size),
            "type": one.volume_type or "gp2",
            "iops": int(one.iops or 0),
            "throughput": int(one.throughput or 0),
            "encrypted": _on(one.encrypted),
            "kmsKeyId": one.kms_key_id or "",
            "snapshotId": one.snapshot_id or "",
            "attachment": attachment,
        }
        yield _ec2(world, backend, VOLUME, one.id, state)


def _buckets(world: World, backend: Any) -> Iterator[Seen]:
    account = world.account
    for name, one in backend.buckets.items():
        state: Properties = {
            "arn": f"arn:{account.partition}:s3:::{name}",
            "bucket": name,
            "region": account.region,
            "bucketDomainName": f"{name}.s3.amazonaws.com",
            "bucketRegionalDomainName": f"{name}.s3.{account.region}.amazonaws.com",
            "objectLockEnabled": bool(one.object_lock_enabled),
            "forceDestroy": False,
        }
        yield Seen(name, _tagged(state, backend.tagger.get_tag_dict_for_resource(one.arn)))


def _roles(world: World, backend: Any) -> Iterator[Seen]:
    del world
    for one in backend.roles.values():
        state: Properties = {
            "arn": one.arn,
            "name": one.name,
            "path": one.path,
            "uniqueId": one.id,
            "assumeRolePolicy": one.assume_role_policy_document,
            "description": one.description or "",
            "maxSessionDuration": int(one.max_session_duration or 3600),
            "permissionsBoundary": one.permissions_boundary_arn or "",
        }
        # moto has them as a list, or as a mapping by their keys in small letters.
        written: Any = one.tags or []
        pairs: list[dict[str, str]] = list(written.values() if hasattr(written, "values") else written)
        yield Seen(one.name, _tagged(state, {each["Key"]: each["Value"] for each in pairs}))


def _keys(world: World, backend: Any) -> Iterator[Seen]:
    for one in backend.keys.values():
        if one.key_manager != "CUSTOMER":
            continue
        state: Properties = {
            "arn": one.arn,
            "keyId": one.id,
            "region": world.account.region,
            "description": one.description,
            "policy": one.policy,
            "keyUsage": one.key_usage,
            "customerMasterKeySpec": one.key_spec,
            "multiRegion": bool(one.multi_region),
            "isEnabled": bool(one.enabled),
            "enableKeyRotation": bool(one.key_rotation_status),
        }
        if isinstance(one.deletion_date, datetime.datetime):
            date = one.deletion_date.strftime("%Y-%m-%dT%H:%M:%SZ")
            state |= {"isEnabled": False, "keyState": "pending-deletion", "deletionDate": date}
        yield Seen(one.id, _tagged(state, backend.tagger.get_tag_dict_for_resource(one.id)))


KINDS: dict[str, Kind] = {
    VPC: Kind("ec2", _vpcs),
    SUBNET: Kind("ec2", _subnets),
    SECURITY_GROUP: Kind("ec2", _security_groups),
    INTERNET_GATEWAY: Kind("ec2", _internet_gateways),
    INSTANCE: Kind("ec2", _instances),
    NETWORK_INTERFACE: Kind("ec2", _interfaces),
    VOLUME: Kind("ec2", _volumes),
    BUCKET: Kind("s3", _buckets),
    ROLE: Kind("iam", _roles),
    KEY: Kind("kms", _keys),
}
"""The types that become records when a user makes one."""
