"""One taint and one label: what keeps pods off the GPU nodes, and what lets models onto them."""

import json
from pathlib import Path

import yaml

from components.scheduling import (
    EKS_TAINT_EFFECTS,
    GPU_RESOURCE,
    GPU_TAINT,
    GPU_TOLERATION,
    NODE_ROLE_LABEL,
    SYSTEM_NODE_ROLE,
    SYSTEM_NODE_SELECTOR,
)

CHART = Path(__file__).resolve().parents[3] / "charts" / "inference"


def test_the_taint_is_the_reference_architectures_own() -> None:
    assert GPU_TAINT == {"key": "nvidia.com/gpu", "value": "true", "effect": "NoSchedule"}


def test_the_toleration_matches_the_taint_whatever_its_value() -> None:
    assert GPU_TOLERATION["key"] == GPU_TAINT["key"]
    assert GPU_TOLERATION["effect"] == GPU_TAINT["effect"]
    assert GPU_TOLERATION["operator"] == "Exists"
    assert "value" not in GPU_TOLERATION


def test_the_serving_chart_tolerates_the_taint_by_default() -> None:
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    assert GPU_TOLERATION in (values.get("tolerations") or [])


def test_every_taint_effect_has_a_spelling_of_the_eks_api() -> None:
    assert EKS_TAINT_EFFECTS[GPU_TAINT["effect"]] == "NO_SCHEDULE"
    assert set(EKS_TAINT_EFFECTS) == {"NoSchedule", "NoExecute", "PreferNoSchedule"}


def test_controllers_select_the_system_nodes() -> None:
    assert SYSTEM_NODE_SELECTOR == {NODE_ROLE_LABEL: SYSTEM_NODE_ROLE}


def test_the_resource_name_is_what_the_device_plugin_advertises() -> None:
    assert json.dumps(GPU_RESOURCE) == '"nvidia.com/gpu"'
