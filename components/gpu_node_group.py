"""GPU nodes: a managed node group on reserved or on-demand capacity."""

from typing import NotRequired, Optional, TypedDict

import pulumi
import pulumi_aws as aws

from components.efa_security_group import efa_security_group
from components.gpu_node_group_checks import check_gpu_node_group, node_sizes, volume_shape
from components.instance_types import INSTANCE_TYPES
from components.launch_templates import (
    RESERVED_KINDS,
    block_devices,
    capacity_reservation_specification,
    efa_network_interfaces,
    instance_market_options,
    metadata_options,
    tag_specifications,
)
from components.node_groups import node_group_taints, node_repair_config, update_config
from components.node_role import node_role
from components.partitions import partition_of
from components.scheduling import (
    GPU_NODE_ROLE,
    GPU_PRESENT_LABEL,
    GPU_TAINT,
    NODE_ROLE_LABEL,
    Taint,
)
from components.user_data import node_user_data
from components.versions import AMI_RELEASES
from components.waiting import waiting_children

AMI_TYPES: dict[str, str] = {"al2023": "AL2023_x86_64_NVIDIA", "bottlerocket": "BOTTLEROCKET_x86_64_NVIDIA"}
"""EKS AMI type by family."""

BOTTLEROCKET_LABELS: dict[str, str] = {
    f"nvidia.com/gpu.deploy.{operand}": "false"
    for operand in ("container-toolkit", "device-plugin", "driver", "mig-manager")
}
"""Keep the GPU operator's operands off Bottlerocket, which ships its own: a second device plugin conflicts."""


class CapacityArgs(TypedDict):
    """Where the instances come from."""

    kind: str
    """``odcr`` (On-Demand Capacity Reservation), ``resource-group`` (a group of them), ``capacity-block``
    (Capacity Block for ML) or ``on-demand``."""
    reservation_id: NotRequired[pulumi.Input[str]]
    """``cr-…`` of the reservation or block; for the kinds ``odcr`` and ``capacity-block`` only."""
    resource_group_arn: NotRequired[pulumi.Input[str]]
    """ARN of the resource group of reservations; for the kind ``resource-group`` only."""
    availability_zone: NotRequired[str]
    """Zone of the capacity, by its name in this account: names differ between accounts, so compare zone ids
    when a reservation is shared with you. Required for reserved capacity and for EFA; on demand it limits
    the group to one zone, otherwise every subnet is used."""


class GpuVolumeArgs(TypedDict):
    """The encrypted gp3 volume that holds images and pods' local data."""

    size_gib: NotRequired[int]
    """GiB, 50 to 16384. Default: 300."""
    iops: NotRequired[int]
    """I/O operations per second, 3000 to 16000 and at most 500 per GiB. Default: 6000."""
    throughput: NotRequired[int]
    """MiB per second, 125 to 1000 and at most a quarter of the IOPS. Default: 500."""


class GpuNodeGroupArgs(TypedDict):
    """Inputs of GpuNodeGroup."""

    cluster_name: pulumi.Input[str]
    """Name of the cluster in EKS."""
    kubernetes_version: str
    """Minor version of the cluster, one of KUBERNETES_SUPPORTED."""
    region: str
    """Region of the cluster: the partition of the managed policies follows from it."""
    instance_type: str
    """One of GPU_INSTANCE_TYPES, for example ``p5e.48xlarge``."""
    capacity: CapacityArgs
    """Where the instances come from."""
    subnet_ids_by_zone: dict[str, pulumi.Input[str]]
    """Private subnets by the name of their zone. Reserved capacity uses only the one in its own zone."""
    desired_size: NotRequired[int]
    """Nodes to run. Start a Capacity Block that is not active yet with 0. Default: 1."""
    min_size: NotRequired[int]
    """Least nodes. Default: 0."""
    max_size: NotRequired[int]
    """Most nodes. Default: the desired size, 1 at least."""
    ignore_desired_size: NotRequired[bool]
    """Whether something else scales the group, so that an update leaves its size alone. Default: false."""
    ami: NotRequired[str]
    """``al2023`` or ``bottlerocket``, both with NVIDIA's driver. Default: al2023."""
    ami_release: NotRequired[str]
    """Release of that AMI. Default: AMI_RELEASES."""
    volume: NotRequired[GpuVolumeArgs]
    """The volume for images and local data. Default: 300 GiB, 6000 IOPS, 500 MiB/s."""
    instance_store: NotRequired[str]
    """``raid0`` moves images and pods' local data to one array of the type's NVMe disks. Default: none."""
    efa: NotRequired[bool]
    """Whether nodes get every EFA interface of their type; needed only by models that span nodes. Default: false."""
    vpc_id: NotRequired[pulumi.Input[str]]
    """The VPC; required with EFA."""
    cluster_security_group_id: NotRequired[pulumi.Input[str]]
    """EKS's own security group of the cluster; required with EFA, added by EKS otherwise."""
    placement_group_name: NotRequired[pulumi.Input[str]]
    """Existing cluster placement group; for EFA on a reservation that was made inside one. Default: with EFA
    on demand a group of its own, on reserved capacity none (its place is fixed already)."""
    extra_labels: NotRequired[dict[str, str]]
    """More node labels. Default: none."""
    extra_taints: NotRequired[list[Taint]]
    """More taints, beside the GPU taint. Default: none."""
    tags: NotRequired[dict[str, str]]
    """Tags of every resource, and of the instances, volumes and interfaces. Default: none."""


class GpuNodeGroup(pulumi.ComponentResource):
    """A managed node group of GPU instances with the GPU taint and the labels that models and operator select.

    What it depends on, only its nodes wait for: role and launch template do not.
    """

    node_group_name: pulumi.Output[str]
    """Name in EKS; whoever takes it waits until the nodes have joined."""
    node_role_arn: pulumi.Output[str]
    """ARN of the nodes' role."""
    node_role_name: pulumi.Output[str]
    """Name of the nodes' role."""
    launch_template_id: pulumi.Output[str]
    """Id of the launch template."""
    security_group_id: pulumi.Output[Optional[str]]
    """The EFA security group; none without EFA."""
    labels: pulumi.Output[dict[str, str]]
    """Labels of each node, known at preview."""
    taints: pulumi.Output[list[Taint]]
    """Taints of each node in Kubernetes' spelling, known at preview."""

    def __init__(
        self, name: str, args: GpuNodeGroupArgs, opts: Optional[pulumi.ResourceOptions] = None
    ) -> None:
        own, needs = waiting_children(opts)
        super().__init__("inference-plane:index:GpuNodeGroup", name, {}, own)
        check_gpu_node_group(args)
        tags, version, capacity = args.get("tags") or {}, args["kubernetes_version"], args["capacity"]
        instance_type, kind, ami = args["instance_type"], capacity["kind"], args.get("ami") or "al2023"
        named, reserved = {**tags, "Name": name}, kind in RESERVED_KINDS
        volume, sizes = volume_shape(args), node_sizes(args)
        labels = _labels(args, ami)
        taints: list[Taint] = [GPU_TAINT, *(args.get("extra_taints") or [])]

        role, attachments = node_role(name, partition_of(args["region"]), tags, self)

        fabric = efa_security_group(name, args.get("vpc_id", ""), named, self) if args.get("efa") else None
        placement_group = args.get("placement_group_name")
        if fabric and placement_group is None and not reserved:
            placement_group = aws.ec2.PlacementGroup(
                f"{name}-placement",
                strategy="cluster",
                tags=named,
                opts=pulumi.ResourceOptions(parent=self),
            ).name

        # Without interfaces of ours EKS adds its own cluster security group; with them we must name it.
        interfaces = None
        if fabric:
            interfaces = efa_network_interfaces(
                INSTANCE_TYPES[instance_type], [args.get("cluster_security_group_id", ""), fabric.id]
            )
        template = aws.ec2.LaunchTemplate(
            f"{name}-template",
            description=f"GPU nodes of {name}",
            # A Capacity Block wants the type here, and EKS then refuses one on the node group.
            instance_type=instance_type if kind == "capacity-block" else None,
            instance_market_options=instance_market_options(kind),
            capacity_reservation_specification=capacity_reservation_specification(
                kind, capacity.get("reservation_id"), capacity.get("resource_group_arn")
            ),
            block_device_mappings=block_devices(ami, volume.size_gib, volume.iops, volume.throughput),
            metadata_options=metadata_options(),
            network_interfaces=interfaces,
            placement=None if placement_group is None else {"group_name": placement_group},
            user_data=node_user_data(ami, args.get("instance_store") or "none"),
            tag_specifications=tag_specifications(named),
            tags=named,
            opts=pulumi.ResourceOptions(parent=self),
        )
        nodes = aws.eks.NodeGroup(
            f"{name}-nodes",
            cluster_name=args["cluster_name"],
            node_role_arn=role.arn,
            subnet_ids=_subnet_ids(args),
            ami_type=AMI_TYPES[ami],
            version=version,
            release_version=args.get("ami_release") or AMI_RELEASES[version][ami],
            capacity_type="CAPACITY_BLOCK" if kind == "capacity-block" else "ON_DEMAND",
            instance_types=None if kind == "capacity-block" else [instance_type],
            launch_template={
                "id": template.id,
                "version": template.latest_version.apply(lambda latest: str(int(latest))),
            },
            scaling_config={
                "desired_size": sizes.desired,
                "min_size": sizes.least,
                "max_size": sizes.most,
            },
            update_config=update_config(reserved),
            node_repair_config=node_repair_config(reserved),
            labels=labels,
            taints=node_group_taints(taints),
            tags=named,
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[*needs, *attachments],
                # A reservation that is full has no room for a second group beside the first.
                delete_before_replace=True if reserved else None,
                ignore_changes=["scalingConfig.desiredSize"] if args.get("ignore_desired_size") else None,
            ),
        )

        self.node_group_name = nodes.node_group_name
        self.node_role_arn = role.arn
        self.node_role_name = role.name
        self.launch_template_id = template.id
        self.security_group_id = pulumi.Output.from_input(fabric.id if fabric else None)
        self.labels = pulumi.Output.from_input(labels)
        self.taints = pulumi.Output.from_input(taints)
        self.register_outputs(
            {
                "nodeGroupName": self.node_group_name,
                "nodeRoleArn": self.node_role_arn,
                "nodeRoleName": self.node_role_name,
                "launchTemplateId": self.launch_template_id,
                "securityGroupId": self.security_group_id,
                "labels": self.labels,
                "taints": self.taints,
            }
        )


def _labels(args: GpuNodeGroupArgs, ami: str) -> dict[str, str]:
    labels = {NODE_ROLE_LABEL: GPU_NODE_ROLE, GPU_PRESENT_LABEL: "true", **(args.get("extra_labels") or {})}
    return {**labels, **BOTTLEROCKET_LABELS} if ami == "bottlerocket" else labels


def _subnet_ids(args: GpuNodeGroupArgs) -> list[pulumi.Input[str]]:
    subnets, zone = args["subnet_ids_by_zone"], args["capacity"].get("availability_zone")
    return [subnets[zone]] if zone else [subnets[name] for name in sorted(subnets)]
