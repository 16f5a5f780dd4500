"""The nodes: CPU nodes for controllers, GPU nodes for models."""

import dataclasses

from components.gpu_node_group import CapacityArgs, GpuNodeGroup, GpuNodeGroupArgs
from components.system_node_group import SystemNodeGroup
from components.vpc_endpoints import VpcEndpoints
from config.settings import Settings
from plane.foundation import Foundation


@dataclasses.dataclass(frozen=True)
class Compute:
    """The node groups of the plane."""

    system: SystemNodeGroup
    gpu: GpuNodeGroup


def build_compute(settings: Settings, foundation: Foundation) -> Compute:
    """Register the node groups; both start as soon as the cluster and the network's routes are there.

    They wait for the cluster, vpc-cni and kube-proxy by its name, which is an output of all of them.
    """
    cluster, vpc, nodes = foundation.cluster, foundation.vpc, settings.system_nodes
    after_network = foundation.in_aws(*vpc.routes, *_ways_to_aws(settings, foundation))
    system = SystemNodeGroup(
        "system-nodes",
        {
            "cluster_name": cluster.cluster_name,
            "kubernetes_version": settings.cluster.kubernetes_version,
            "region": settings.region,
            "subnet_ids": [vpc.private_subnet_in(zone) for zone in settings.network.zones],
            "instance_types": list(nodes.instance_types),
            "desired_size": nodes.desired_size,
            "min_size": nodes.min_size,
            "max_size": nodes.max_size,
            "volume_size_gib": nodes.volume_size_gib,
            "tags": settings.tags,
        },
        after_network,
    )
    gpu = GpuNodeGroup("gpu-nodes", _gpu_args(settings, foundation), after_network)
    return Compute(system=system, gpu=gpu)


def _ways_to_aws(settings: Settings, foundation: Foundation) -> list[VpcEndpoints]:
    """The interface endpoints, where nodes have no other way to EKS, ECR and STS."""
    closed = settings.network.existing is None and settings.network.nat == "none"
    return [foundation.endpoints] if closed and foundation.endpoints else []


def _gpu_args(settings: Settings, foundation: Foundation) -> GpuNodeGroupArgs:
    nodes, vpc = settings.gpu_nodes, foundation.vpc
    args: GpuNodeGroupArgs = {
        "cluster_name": foundation.cluster.cluster_name,
        "kubernetes_version": settings.cluster.kubernetes_version,
        "region": settings.region,
        "instance_type": nodes.instance_type,
        "capacity": _capacity(settings),
        "subnet_ids_by_zone": {zone: vpc.private_subnet_in(zone) for zone in settings.network.zones},
        "desired_size": nodes.count,
        "min_size": nodes.min_count,
        "max_size": nodes.most_count,
        "ami": nodes.ami,
        "volume": {
            "size_gib": nodes.volume.size_gib,
            "iops": nodes.volume.iops,
            "throughput": nodes.volume.throughput,
        },
        "efa": nodes.efa,
        "tags": settings.tags,
    }
    if nodes.ami_release:
        args["ami_release"] = nodes.ami_release
    if nodes.instance_store != "none":
        args["instance_store"] = nodes.instance_store
    if nodes.efa:
        args["vpc_id"] = vpc.vpc_id
        args["cluster_security_group_id"] = foundation.cluster.cluster_security_group_id
    return args


def _capacity(settings: Settings) -> CapacityArgs:
    capacity = settings.gpu_nodes.capacity
    kinds = {"reservation": "odcr"}
    args: CapacityArgs = {"kind": kinds.get(capacity.kind, capacity.kind)}
    reservation = capacity.reservation_id or capacity.capacity_block_id
    if reservation:
        args["reservation_id"] = reservation
    if capacity.resource_group_arn:
        args["resource_group_arn"] = capacity.resource_group_arn
    if capacity.availability_zone:
        args["availability_zone"] = capacity.availability_zone
    return args
