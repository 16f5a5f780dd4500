"""The instance table is consistent with itself and with what EKS and EC2 allow."""

import pytest

from components.instance_types import CPU_INSTANCE_TYPES, GPU_INSTANCE_TYPES, INSTANCE_TYPES

ROWS = list(INSTANCE_TYPES.values())


def test_every_type_is_either_for_gpus_or_for_system_nodes():
    assert set(GPU_INSTANCE_TYPES) | set(CPU_INSTANCE_TYPES) == set(INSTANCE_TYPES)
    assert not set(GPU_INSTANCE_TYPES) & set(CPU_INSTANCE_TYPES)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_pods_stay_within_the_cap_of_managed_node_groups(row):
    assert 0 < row.max_pods <= (110 if row.vcpus < 30 else 250)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_network_card_carries_at_most_one_efa_interface(row):
    assert row.efa_interfaces in (0, row.network_cards, row.network_cards - 1)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_allocatable_memory_is_most_of_the_memory(row):
    assert 0.7 < row.allocatable_memory_mib / (row.memory_gib * 1024) < 1


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_gpu_facts_are_there_exactly_on_gpu_types(row):
    assert bool(row.gpus) == bool(row.gpu_name) == bool(row.gpu_memory_mib)


@pytest.mark.parametrize(
    ("name", "efa", "pods"),
    [("p5.48xlarge", 32, 100), ("p5e.48xlarge", 32, 100), ("p5en.48xlarge", 16, 198), ("g6.12xlarge", 1, 234)],
)
def test_figures_of_ec2(name, efa, pods):
    assert (INSTANCE_TYPES[name].efa_interfaces, INSTANCE_TYPES[name].max_pods) == (efa, pods)
