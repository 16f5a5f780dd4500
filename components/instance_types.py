"""The one table of instance facts that sizing, placement and launch templates rest on.

Figures are those of EC2's DescribeInstanceTypes, as Karpenter's instance-type reference and its generated
network limits list them (repository of 2026-08-21, read 2026-11-21); ``allocatable_memory_mib`` is what that
reference computes for a node of the type.
"""

from typing import NamedTuple


class InstanceType(NamedTuple):
    """What one EC2 instance type offers."""

    name: str
    """API name, for example ``p5e.48xlarge``."""
    vcpus: int
    """Virtual CPUs."""
    memory_gib: int
    """Memory in GiB."""
    gpus: int
    """NVIDIA GPUs; 0 on a CPU type."""
    gpu_name: str
    """GPU model in the spelling of the node label, empty on a CPU type."""
    gpu_memory_mib: int
    """Memory of one GPU in MiB, 0 on a CPU type."""
    nvme_gb: int
    """Local NVMe instance store in GB (total), 0 if it has none."""
    efa_interfaces: int
    """Elastic Fabric Adapter interfaces, 0 if it has none."""
    network_cards: int
    """Network cards (an EFA launch template names each)."""
    max_pods: int
    """Pods a node of a managed node group carries: what the VPC CNI's secondary addresses allow, but at most
    110 below 30 vCPUs and 250 above (EKS user guide, "How maxPods is determined")."""
    allocatable_memory_mib: int
    """Memory left for pods, in MiB."""


_ROWS: tuple[InstanceType, ...] = (
    # GPU: name, vCPU, GiB, GPUs, model, MiB each, NVMe GB, EFA, cards, pods, allocatable MiB
    InstanceType("g5.xlarge", 4, 16, 1, "a10g", 22_888, 250, 0, 1, 58, 14_162),
    InstanceType("g5.2xlarge", 8, 32, 1, "a10g", 22_888, 450, 0, 1, 58, 29_317),
    InstanceType("g5.12xlarge", 48, 192, 4, "a10g", 22_888, 3_800, 1, 1, 250, 173_400),
    InstanceType("g5.48xlarge", 192, 768, 8, "a10g", 22_888, 7_600, 1, 1, 250, 723_299),
    InstanceType("g6.xlarge", 4, 16, 1, "l4", 22_888, 250, 0, 1, 58, 14_162),
    InstanceType("g6.2xlarge", 8, 32, 1, "l4", 22_888, 450, 0, 1, 58, 29_317),
    InstanceType("g6.12xlarge", 48, 192, 4, "l4", 22_888, 3_760, 1, 1, 234, 178_933),
    InstanceType("g6.48xlarge", 192, 768, 8, "l4", 22_888, 7_520, 1, 1, 250, 718_987),
    InstanceType("g6e.xlarge", 4, 32, 1, "l40s", 45_776, 250, 0, 1, 58, 29_317),
    InstanceType("g6e.2xlarge", 8, 64, 1, "l40s", 45_776, 450, 0, 1, 58, 59_627),
    InstanceType("g6e.4xlarge", 16, 128, 1, "l40s", 45_776, 600, 0, 1, 110, 118_312),
    InstanceType("g6e.12xlarge", 48, 384, 4, "l40s", 45_776, 3_800, 1, 1, 250, 360_157),
    InstanceType("g6e.24xlarge", 96, 768, 4, "l40s", 45_776, 3_800, 2, 2, 250, 721_682),
    InstanceType("g6e.48xlarge", 192, 1_536, 8, "l40s", 45_776, 7_600, 4, 4, 250, 1_449_132),
    InstanceType("p4d.24xlarge", 96, 1_152, 8, "a100", 40_960, 8_000, 4, 4, 250, 1_082_712),
    InstanceType("p4de.24xlarge", 96, 1_152, 8, "a100", 81_920, 8_000, 4, 4, 250, 1_082_712),
    InstanceType("p5.4xlarge", 16, 256, 1, "h100", 81_920, 3_800, 1, 1, 110, 240_830),
    InstanceType("p5.48xlarge", 192, 2_048, 8, "h100", 81_920, 30_400, 32, 32, 100, 1_938_410),
    InstanceType("p5e.48xlarge", 192, 2_048, 8, "h200", 144_384, 30_400, 32, 32, 100, 1_938_410),
    InstanceType("p5en.48xlarge", 192, 2_048, 8, "h200", 144_384, 30_400, 16, 16, 198, 1_937_332),
    InstanceType("p6-b200.48xlarge", 192, 2_048, 8, "b200", 183_359, 30_400, 8, 8, 198, 1_937_332),
    InstanceType("p6-b300.48xlarge", 192, 4_096, 8, "b300", 275_040, 30_400, 16, 17, 198, 3_877_198),
    # CPU, for system nodes
    InstanceType("m6i.large", 2, 8, 0, "", 0, 0, 0, 1, 29, 6_903),
    InstanceType("m6i.xlarge", 4, 16, 0, "", 0, 0, 0, 1, 58, 14_162),
    InstanceType("m6i.2xlarge", 8, 32, 0, "", 0, 0, 0, 1, 58, 29_317),
    InstanceType("m7i.large", 2, 8, 0, "", 0, 0, 0, 1, 29, 6_903),
    InstanceType("m7i.xlarge", 4, 16, 0, "", 0, 0, 0, 1, 58, 14_162),
    InstanceType("m7i.2xlarge", 8, 32, 0, "", 0, 0, 0, 1, 58, 29_317),
    InstanceType("c7i.xlarge", 4, 8, 0, "", 0, 0, 0, 1, 58, 6_584),
    InstanceType("t3.large", 2, 8, 0, "", 0, 0, 0, 1, 35, 6_837),
)

INSTANCE_TYPES: dict[str, InstanceType] = {row.name: row for row in _ROWS}
"""Every instance type this project knows, by API name."""

GPU_INSTANCE_TYPES: tuple[str, ...] = tuple(row.name for row in _ROWS if row.gpus)
"""Names of the types with NVIDIA GPUs."""

CPU_INSTANCE_TYPES: tuple[str, ...] = tuple(row.name for row in _ROWS if not row.gpus)
"""Names of the types for system nodes."""
