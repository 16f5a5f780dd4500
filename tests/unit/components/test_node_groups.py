"""Updates, repairs and taints of managed node groups."""

import pulumi
import pytest

from components.arguments import ArgumentErrors
from components.node_groups import (
    REBOOT_FIRST_REASONS,
    check_al2023_release,
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


def test_release_of_another_kubernetes_version_is_refused():
    errors = ArgumentErrors("Group")
    check_al2023_release("1.35", "1.35.6-20260714", errors)
    check_al2023_release("1.35", None, errors)
    errors.raise_if_any()
    check_al2023_release("1.35", "1.34.9-20260714", errors)
    with pytest.raises(pulumi.InputPropertiesError, match=r"1\.35\.<patch>-<yyyymmdd>"):
        errors.raise_if_any()
