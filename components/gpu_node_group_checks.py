"""What a GPU node group can be: the rules that need no AWS call, and the defaults of its shape."""

from collections.abc import Mapping
from typing import Any, NamedTuple, cast

from components.arguments import ArgumentErrors
from components.instance_types import GPU_INSTANCE_TYPES, INSTANCE_TYPES
from components.launch_templates import CAPACITY_KINDS, RESERVED_KINDS
from components.node_groups import check_al2023_release
from components.scheduling import EKS_TAINT_EFFECTS, GPU_PRESENT_LABEL, GPU_TAINT, NODE_ROLE_LABEL
from components.versions import KUBERNETES_SUPPORTED

AMI_FAMILIES: tuple[str, ...] = ("al2023", "bottlerocket")
"""AMI families with NVIDIA's driver that EKS publishes."""

INSTANCE_STORES: tuple[str, ...] = ("none", "raid0")
"""What is done with a type's NVMe disks."""


class VolumeShape(NamedTuple):
    """A gp3 volume: GiB, IOPS, MiB per second."""

    size_gib: int
    iops: int
    throughput: int


class NodeSizes(NamedTuple):
    """Sizes of a node group."""

    desired: int
    least: int
    most: int


def volume_shape(args: Mapping[str, Any]) -> VolumeShape:
    """The volume of GpuNodeGroup's arguments, defaults filled in."""
    volume = cast("Mapping[str, Any]", args.get("volume") or {})
    return VolumeShape(
        int(volume.get("size_gib", 300)), int(volume.get("iops", 6000)), int(volume.get("throughput", 500))
    )


def node_sizes(args: Mapping[str, Any]) -> NodeSizes:
    """The sizes of GpuNodeGroup's arguments, defaults filled in."""
    desired = int(args.get("desired_size", 1))
    return NodeSizes(desired, int(args.get("min_size", 0)), int(args.get("max_size", max(desired, 1))))


def check_gpu_node_group(args: Mapping[str, Any]) -> None:
    """Raise ``pulumi.InputPropertiesError`` with every fault of GpuNodeGroup's arguments."""
    errors = ArgumentErrors("GpuNodeGroup")
    errors.require(
        args,
        "cluster_name",
        "kubernetes_version",
        "region",
        "instance_type",
        "capacity",
        "subnet_ids_by_zone",
    )
    errors.one_of("kubernetesVersion", args.get("kubernetes_version") or None, KUBERNETES_SUPPORTED)
    errors.one_of("instanceType", args.get("instance_type") or None, GPU_INSTANCE_TYPES)
    _check_capacity(args, errors)
    _check_sizes(args, errors)
    _check_ami(args, errors)
    _check_storage(args, errors)
    _check_efa(args, errors)
    _check_scheduling(args, errors)
    errors.raise_if_any()


def _check_capacity(args: Mapping[str, Any], errors: ArgumentErrors) -> None:
    capacity = cast("Mapping[str, Any]", args.get("capacity") or {})
    subnets = cast("Mapping[str, Any]", args.get("subnet_ids_by_zone") or {})
    if not capacity:
        return
    kind = capacity.get("kind", "")
    errors.one_of("capacity.kind", kind, CAPACITY_KINDS)
    wanted = {
        "odcr": "reservation_id",
        "capacity-block": "reservation_id",
        "resource-group": "resource_group_arn",
    }
    for key, path in (
        ("reservation_id", "capacity.reservationId"),
        ("resource_group_arn", "capacity.resourceGroupArn"),
    ):
        given = capacity.get(key) not in (None, "")
        if wanted.get(kind) == key and not given:
            errors.add(path, f"is required for the kind {kind!r}")
        elif given and kind in CAPACITY_KINDS and wanted.get(kind) != key:
            errors.add(path, f"does not belong to the kind {kind!r}; leave it out or change the kind")
    errors.matches(
        "capacity.reservationId",
        capacity.get("reservation_id") or None,
        r"cr-[0-9a-f]{8,17}",
        "cr-<hex digits>",
    )
    errors.matches(
        "capacity.resourceGroupArn",
        capacity.get("resource_group_arn") or None,
        r"arn:[\w-]+:resource-groups:[\w-]+:\d{12}:group/.+",
        "arn:<partition>:resource-groups:<region>:<account>:group/<name>",
    )
    zone = capacity.get("availability_zone")
    if zone and subnets and zone not in subnets:
        errors.add(
            "capacity.availabilityZone",
            f"is {zone!r}, where subnetIdsByZone has no subnet; it has {', '.join(sorted(subnets))}",
        )
    if not zone and kind in RESERVED_KINDS:
        errors.add(
            "capacity.availabilityZone", f"is required for the kind {kind!r}: the zone of the reservation"
        )


def _check_sizes(args: Mapping[str, Any], errors: ArgumentErrors) -> None:
    desired, least, most = node_sizes(args)
    if least < 0:
        errors.add("minSize", f"is {least}; it must be 0 at least")
    if most < 1:
        errors.add("maxSize", f"is {most}; it must be 1 at least")
    if not least <= desired <= most:
        errors.add("desiredSize", f"is {desired}; it must lie between minSize {least} and maxSize {most}")


def _check_ami(args: Mapping[str, Any], errors: ArgumentErrors) -> None:
    ami, release = args.get("ami") or "al2023", args.get("ami_release")
    errors.one_of("ami", ami, AMI_FAMILIES)
    if ami == "al2023":
        check_al2023_release(args.get("kubernetes_version") or "", release, errors)
    elif ami == "bottlerocket":
        errors.matches("amiRelease", release, r"\d+\.\d+\.\d+-[0-9a-f]{8}", "a release like 1.58.0-c5c37032")


def _check_storage(args: Mapping[str, Any], errors: ArgumentErrors) -> None:
    size, iops, throughput = volume_shape(args)
    if not 50 <= size <= 16384:
        errors.add("volume.sizeGib", f"is {size}; it must lie between 50 and 16384")
    if not 3000 <= iops <= 16000 or iops > 500 * size:
        errors.add("volume.iops", f"is {iops}; gp3 takes 3000 to 16000, and 500 per GiB at most")
    if not 125 <= throughput <= 1000 or throughput * 4 > iops:
        errors.add(
            "volume.throughput",
            f"is {throughput}; gp3 takes 125 to 1000 MiB/s, and a quarter of the IOPS ({iops // 4}) at most",
        )
    store = args.get("instance_store") or "none"
    errors.one_of("instanceStore", store, INSTANCE_STORES)
    instance_type = INSTANCE_TYPES.get(args.get("instance_type") or "")
    if store == "raid0" and instance_type and not instance_type.nvme_gb:
        errors.add(
            "instanceStore", f"is 'raid0', but {instance_type.name} has no local NVMe disks; use 'none'"
        )


def _check_efa(args: Mapping[str, Any], errors: ArgumentErrors) -> None:
    if not args.get("efa"):
        if args.get("placement_group_name") is not None:
            errors.add("placementGroupName", "is for EFA; set efa to true or leave it out")
        return
    errors.require(args, "vpc_id", "cluster_security_group_id")
    instance_type = INSTANCE_TYPES.get(args.get("instance_type") or "")
    if instance_type and not instance_type.efa_interfaces:
        errors.add(
            "efa", f"is true, but {instance_type.name} has no EFA interface; use a larger type or false"
        )
    capacity = cast("Mapping[str, Any]", args.get("capacity") or {})
    if capacity.get("kind") == "on-demand" and not capacity.get("availability_zone"):
        errors.add(
            "capacity.availabilityZone", "is required with EFA: a cluster placement group lies in one zone"
        )


def _check_scheduling(args: Mapping[str, Any], errors: ArgumentErrors) -> None:
    for label in cast("Mapping[str, str]", args.get("extra_labels") or {}):
        if label in (NODE_ROLE_LABEL, GPU_PRESENT_LABEL) or label.startswith("nvidia.com/gpu.deploy."):
            errors.add(f"extraLabels.{label}", "is set by GpuNodeGroup itself; leave it out")
    for index, taint in enumerate(args.get("extra_taints") or []):
        path = f"extraTaints[{index}]"
        errors.one_of(f"{path}.effect", taint.get("effect", ""), EKS_TAINT_EFFECTS)
        if not taint.get("key"):
            errors.add(f"{path}.key", "is required")
        elif (taint.get("key"), taint.get("effect")) == (GPU_TAINT["key"], GPU_TAINT["effect"]):
            errors.add(
                f"{path}.key", f"is {taint['key']!r}, the GPU taint, which is set already; leave it out"
            )
