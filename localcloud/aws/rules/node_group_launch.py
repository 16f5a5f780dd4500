"""Launches a node group's instances: where they go, and whether they join the cluster."""

import base64
import hashlib
import time

from components.instance_types import INSTANCE_TYPES
from localcloud.aws import names
from localcloud.aws.capacity import launch_of, place
from localcloud.aws.node_objects import NodePlan, node_object, node_taints
from localcloud.aws.rules.base import Call, text, values_at
from localcloud.aws.rules.eks_cluster_checks import CLUSTER
from localcloud.aws.rules.iam import ATTACHMENT
from localcloud.aws.rules.instances_volumes import Launch, launch_parts
from localcloud.aws.rules.interfaces import free_address
from localcloud.aws.rules.network import INSTANCE, SUBNET
from localcloud.aws.rules.node_group_inputs import (
    generation,
    group_taints,
    instance_types,
    node_labels,
    template_data,
    zones_of,
)
from localcloud.aws.rules.routes import way_out
from localcloud.aws.store import Record
from localcloud.kube.fields import at, each
from localcloud.providers.protocol import Properties, ProviderError

_JOIN_SECONDS = 30.0
_DEFAULT_VOLUME_GIB = 20
_ROLE_POLICIES = (
    ("AmazonEKSWorkerNodePolicy", "AmazonEKSWorkerNodeMinimalPolicy"),
    ("AmazonEC2ContainerRegistryPullOnly", "AmazonEC2ContainerRegistryReadOnly"),
)


def wait_for_way_in(call: Call, record: Record) -> None:
    """Nodes join once their subnets reach the AWS APIs and their role has its policies."""
    deadline = time.monotonic() + min(call.remaining, _JOIN_SECONDS)
    while True:
        problem = _why_not_joined(call, record)
        if problem is None:
            return
        if time.monotonic() > deadline:
            raise ProviderError(
                f"NodeCreationFailure: Instances failed to join the kubernetes cluster: {problem}"
            )
        time.sleep(0.2)


def _why_not_joined(call: Call, record: Record) -> str | None:
    for id_ in record.state["subnetIds"]:
        subnet = call.store.get(SUBNET, id_)
        if subnet and not way_out(call, subnet):
            return (
                f"subnet {id_} has no route to a NAT or internet gateway, nor the interface endpoints ec2, ecr.api, "
                "ecr.dkr, sts and the s3 endpoint"
            )
    role = text(record.state.get("nodeRoleArn")).rsplit("/", 1)[-1]
    attached = {
        text(one.state.get("policyArn")).rsplit("/", 1)[-1]
        for one in call.store.all(ATTACHMENT)
        if text(one.state.get("role")).rsplit("/", 1)[-1] == role
    }
    own = call.store.get("aws:iam/role:Role", role)
    if own and own.origin != "account":
        for options in _ROLE_POLICIES:
            if not attached & set(options):
                return f"role {role} has none of the policies {', '.join(options)}"
    return None


def plan_instances(call: Call, record: Record, count: int) -> list[Record]:
    """Instances for a node group, placed where EC2 has room for them."""
    state = record.state
    template = template_data(call, state)
    subnets = [one for one in (call.store.get(SUBNET, id_) for id_ in state["subnetIds"]) if one]
    launch = launch_of(
        template, instance_types(state, template), zones_of(call, state), text(state.get("capacityType"))
    )
    placed = place(call, launch, count)
    cluster = call.store.get(CLUSTER, state["clusterName"])
    groups = [
        *values_at(template, "vpcSecurityGroupIds"),
        *values_at(template, "networkInterfaces.securityGroups"),
    ]
    if not groups and cluster:
        groups = [cluster.state["vpcConfig"]["clusterSecurityGroupId"]]
    instances: list[Record] = []
    for type_, zone, reservation in placed:
        subnet = next(one for one in subnets if one.state.get("availabilityZone") == zone)
        id_ = names.ec2_id("i")
        address = free_address(call, subnet)
        plan = _node_plan(call, record, template, subnet, type_, address, id_)
        assert cluster is not None
        groups_of_node = sorted(set(groups))
        root = int(state.get("diskSize") or _DEFAULT_VOLUME_GIB)
        parts = launch_parts(
            call, Launch(cluster, record, id_, subnet, address, template, groups_of_node, root)
        )
        one = Record(
            INSTANCE,
            id_,
            "",
            {},
            {
                "nodeGroupId": record.id,
                "generation": generation(state),
                "labels": node_labels(state),
                "taints": node_taints(group_taints(state)),
                "nodeName": plan.name,
                "node": node_object(plan),
                "subnetId": subnet.id,
                "availabilityZone": zone,
                "privateIp": address,
                "instanceType": type_,
                "vpcSecurityGroupIds": groups_of_node,
                "capacityReservationId": reservation,
                "capacityType": text(state.get("capacityType")),
                "placementGroup": at(template, "placement").get("groupName", ""),
                "ami": plan.image_id,
                **parts,
            },
            origin="eks",
        )
        call.store.put(one)
        instances.append(one)
    return instances


def _node_plan(
    call: Call, record: Record, template: Properties, subnet: Record, type_: str, address: str, id_: str
) -> NodePlan:
    state = record.state
    release = text(state.get("releaseVersion"))
    ami = text(state.get("amiType"))
    kubernetes = f"{state['version']}.0" if ami.startswith("BOTTLEROCKET") else release.split("-")[0]
    given = at(state, "launchTemplate")
    return NodePlan(
        cluster=state["clusterName"],
        group=state["nodeGroupName"],
        region=call.region,
        zone=text(subnet.state.get("availabilityZone")),
        zone_id=text(subnet.state.get("availabilityZoneId")),
        address=address,
        instance_id=id_,
        instance_type=type_,
        ami_type=ami,
        image_id=text(template.get("imageId")) or image_id(ami, release),
        capacity_type=text(state.get("capacityType")),
        kubernetes_version=kubernetes,
        storage_gib=_storage(template, ami, type_, int(state.get("diskSize") or 0)),
        labels=node_labels(state),
        taints=group_taints(state),
        launch_template={"id": text(given.get("id")), "version": text(given.get("version"))} if given else {},
    )


def image_id(ami_type: str, release: str) -> str:
    """Id of the machine image of an EKS AMI type and release: always the same for the same two."""
    return f"ami-0{_stable_hex(ami_type + release)}"


def _stable_hex(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()[:16]


def _storage(template: Properties, ami: str, type_: str, disk_size: int) -> int:
    """GiB for images and pods' local data: the instance store where user data claims it, else the volume."""
    data = text(template.get("userData"))
    script = base64.b64decode(data).decode(errors="replace") if data else ""
    if "RAID0" in script or "ephemeral-storage" in script:
        return int(INSTANCE_TYPES[type_].nvme_gb * 10**9 / 2**30)
    device = "/dev/xvdb" if ami.startswith("BOTTLEROCKET") else "/dev/xvda"
    for mapping in each(template, "blockDeviceMappings"):
        size = at(mapping, "ebs").get("volumeSize")
        if mapping.get("deviceName") == device and size:
            return int(size)
    return disk_size or _DEFAULT_VOLUME_GIB
