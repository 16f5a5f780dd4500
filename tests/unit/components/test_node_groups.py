"""Updates, repairs and taints of managed node groups."""

import pytest

from components.node_groups import (
    REBOOT_FIRST_REASONS,
    node_group_taints,
    node_repair_config,
    update_config,
)
from components.scheduling import EKS_TAINT_EFFECTS, GPU_TAINT, Taint


def test_reserved_capacity_stops_a_node_before_it_starts_the_next():
    assert update_config(reserved=True) == {"max_unavailable": 1, "update_strategy": "MINIMAL"}
    assert update_config(reserved=False) == {"max_unavailable": 1}


def test_repair_is_on_and_reboots_only_on_reserved_capacity():
    assert node_repair_config(reserved=False) == {"enabled": True}
    reserved = node_repair_config(reserved=True)
    assert reserved.get("enabled") is True
    overrides = reserved.get("node_repair_config_overrides")
    assert overrides == [
        {
            "node_monitoring_condition": "AcceleratedHardwareReady",
            "node_unhealthy_reason": reason,
            "min_repair_wait_time_mins": 10,
            "repair_action": "Reboot",
        }
        for reason in REBOOT_FIRST_REASONS
    ]


@pytest.mark.parametrize(("kubernetes", "eks"), EKS_TAINT_EFFECTS.items())
def test_taint_effects_are_spelled_as_eks_spells_them(kubernetes, eks):
    taint: Taint = {"key": "k", "value": "v", "effect": kubernetes}
    assert node_group_taints([taint]) == [{"key": "k", "value": "v", "effect": eks}]


def test_gpu_taint():
    assert node_group_taints([GPU_TAINT]) == [
        {"key": "nvidia.com/gpu", "value": "true", "effect": "NO_SCHEDULE"}
    ]
