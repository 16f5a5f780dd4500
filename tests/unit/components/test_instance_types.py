"""The instance table is consistent, and agrees with the figures that the architectures rest on."""

import pytest

from components.instance_types import CPU_INSTANCE_TYPES, GPU_INSTANCE_TYPES, INSTANCE_TYPES, InstanceType


@pytest.mark.parametrize("row", INSTANCE_TYPES.values(), ids=lambda row: row.name)
def test_each_row_is_plausible(row: InstanceType) -> None:
    assert (row.gpus > 0) == bool(row.gpu_name) == (row.gpu_memory_mib > 0)
    assert 0 < row.allocatable_memory_mib < row.memory_gib * 1024
    assert row.network_cards >= 1
    assert row.efa_interfaces in (0, row.network_cards, row.network_cards - 1)
    assert 0 < row.max_pods <= (110 if row.vcpus < 30 else 250), "the cap of managed node groups"


def test_names_are_unique_and_split_in_gpu_and_cpu_types() -> None:
    assert set(GPU_INSTANCE_TYPES) | set(CPU_INSTANCE_TYPES) == set(INSTANCE_TYPES)
    assert not set(GPU_INSTANCE_TYPES) & set(CPU_INSTANCE_TYPES)


def test_the_reference_architectures_type_has_eight_h200() -> None:
    row = INSTANCE_TYPES["p5e.48xlarge"]
    assert (row.gpus, row.gpu_name, row.gpu_memory_mib, row.nvme_gb) == (8, "h200", 144_384, 30_400)
    assert (row.vcpus, row.memory_gib, row.efa_interfaces, row.max_pods) == (192, 2_048, 32, 100)


@pytest.mark.parametrize(
    "name", ["p5.48xlarge", "p5e.48xlarge", "p5en.48xlarge", "g6e.xlarge", "p6-b200.48xlarge"]
)
def test_the_types_that_the_architectures_name_are_known(name: str) -> None:
    assert name in GPU_INSTANCE_TYPES
