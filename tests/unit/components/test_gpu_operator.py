"""The GPU operator: where its parts run, which taints they tolerate, and what the AMI already brings."""

import json

import pytest

from components.gpu_operator import GpuOperator, GpuOperatorArgs, gpu_operator_values
from components.scheduling import GPU_TAINT, SYSTEM_NODE_SELECTOR, Taint
from tests.golden_files import check_golden, pretty_json
from tests.unit.components.in_cluster import build, custom_resources, faults, leaf_keys, unknowns

BATCH: Taint = {"key": "example.com/batch", "value": "yes", "effect": "NoExecute"}

# Each exists in deployments/gpu-operator/values.yaml of v26.7.0, or below node-feature-discovery in the
# values.yaml of that chart (0.19.0).
CHART_KEYS = {
    "driver.enabled",
    "toolkit.enabled",
    "devicePlugin.enabled",
    "migManager.enabled",
    "dcgmExporter.serviceMonitor.enabled",
    "operator.nodeSelector.inference-plane/role",
    "daemonsets.tolerations",
    "node-feature-discovery.master.nodeSelector.inference-plane/role",
    "node-feature-discovery.gc.nodeSelector.inference-plane/role",
    "node-feature-discovery.worker.tolerations",
}


def made(args: GpuOperatorArgs | None = None):
    return lambda opts: GpuOperator("gpu", args or {}, opts)


def tolerated(tolerations: list[dict], taint: Taint) -> bool:
    """Kubernetes' rule: operator Exists matches every value, an absent effect every effect."""
    return any(
        t["key"] == taint["key"]
        and (t["operator"] == "Exists" or t.get("value") == taint["value"])
        and t.get("effect", taint["effect"]) == taint["effect"]
        for t in tolerations
    )


def test_children_are_the_namespace_and_the_release_in_it():
    recording = build(made())
    assert recording.named("gpu").type == "inference-plane:index:GpuOperator"
    assert recording.children("gpu") == [
        ("kubernetes:core/v1:Namespace", "gpu-namespace"),
        ("kubernetes:helm.sh/v3:Release", "gpu-release"),
    ]
    assert len(custom_resources(recording)) == 2
    assert recording.named("gpu-release").depends_on == {recording.named("gpu-namespace").urn}


def test_the_namespace_admits_the_privileged_pods():
    assert build(made()).named("gpu-namespace").inputs["metadata"] == {
        "name": "gpu-operator",
        "labels": {"pod-security.kubernetes.io/enforce": "privileged"},
    }


def test_the_release_is_pinned_and_rolls_back():
    inputs = build(made()).named("gpu-release").inputs
    assert inputs == {
        "name": "gpu-operator",
        "namespace": "gpu-operator",
        "chart": "gpu-operator",
        "repositoryOpts": {"repo": "https://helm.ngc.nvidia.com/nvidia"},
        "version": "v26.7.0",
        "values": gpu_operator_values("device-plugin-only"),
        "atomic": True,
        "cleanupOnFail": True,
        "timeout": 900,
        "maxHistory": 10,
        "disableOpenapiValidation": True,
        "compat": "true",
    }


def test_arguments_reach_the_release():
    recording = build(
        made(
            {
                "mode": "full",
                "namespace": "nvidia",
                "chart_version": "v26.3.3",
                "extra_taints": [BATCH],
                "values": {"driver": {"version": "595.91.07"}, "dcgmExporter": {"enabled": False}},
                "timeout_seconds": 60,
            }
        )
    )
    inputs = recording.named("gpu-release").inputs
    assert recording.named("gpu-namespace").inputs["metadata"]["name"] == "nvidia"
    assert (inputs["namespace"], inputs["version"], inputs["timeout"]) == ("nvidia", "v26.3.3", 60)
    assert inputs["values"]["driver"] == {"enabled": True, "version": "595.91.07"}
    assert inputs["values"]["dcgmExporter"] == {"enabled": False, "serviceMonitor": {"enabled": False}}
    assert tolerated(inputs["values"]["daemonsets"]["tolerations"], BATCH)


@pytest.mark.parametrize("preview", [False, True])
def test_values_and_outputs_are_known_in_preview_too(preview):
    recording = build(made(), preview=preview)
    assert unknowns(recording.named("gpu-release").inputs) == []
    assert recording.outputs["gpu"] == {"namespace": "gpu-operator", "releaseName": "gpu-operator"}


@pytest.mark.parametrize("mode", ["device-plugin-only", "full"])
def test_values_equal_the_reviewed_file(mode):
    check_golden(f"helm/gpu-operator-{mode}.json", pretty_json(gpu_operator_values(mode, [BATCH])))


@pytest.mark.parametrize(("mode", "installed"), [("device-plugin-only", False), ("full", True)])
def test_driver_and_toolkit_come_from_the_ami_or_from_the_operator(mode, installed):
    values = gpu_operator_values(mode)
    assert values["driver"]["enabled"] is installed
    assert values["toolkit"]["enabled"] is installed
    assert values["devicePlugin"]["enabled"] is True


@pytest.mark.parametrize("taint", [GPU_TAINT, {**GPU_TAINT, "value": "present"}, BATCH])
def test_everything_on_gpu_nodes_tolerates_every_taint_of_theirs(taint):
    values = gpu_operator_values("device-plugin-only", [BATCH])
    assert tolerated(values["daemonsets"]["tolerations"], taint)
    assert tolerated(values["node-feature-discovery"]["worker"]["tolerations"], taint)


def test_node_discovery_keeps_the_tolerations_that_helm_would_drop():
    worker = gpu_operator_values("device-plugin-only", [BATCH])["node-feature-discovery"]["worker"]
    assert worker["tolerations"] == [
        {
            "key": "node-role.kubernetes.io/control-plane",
            "operator": "Equal",
            "value": "",
            "effect": "NoSchedule",
        },
        {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"},
        {"key": "example.com/batch", "operator": "Exists", "effect": "NoExecute"},
    ]


def test_controllers_run_on_system_nodes_and_tolerate_no_gpu_taint():
    values = gpu_operator_values("device-plugin-only", [BATCH])
    discovery = values["node-feature-discovery"]
    for controller in (values["operator"], discovery["master"], discovery["gc"]):
        assert controller == {"nodeSelector": SYSTEM_NODE_SELECTOR}


def test_only_keys_that_the_chart_has_are_set():
    assert leaf_keys(gpu_operator_values("device-plugin-only")) == CHART_KEYS


def test_values_are_plain_json():
    values = gpu_operator_values("full", [BATCH])
    assert json.loads(json.dumps(values)) == values


def test_every_fault_is_reported_at_once_with_its_path():
    found = faults(
        made(
            {
                "mode": "driver",
                "namespace": "GPU",
                "extra_taints": [
                    {"key": "a b", "value": "", "effect": "NO_SCHEDULE"},
                    {"key": "", "value": "", "effect": ""},
                ],
                "timeout_seconds": 0,
            }
        )
    )
    assert sorted(found) == [
        "extraTaints[0].effect",
        "extraTaints[0].key",
        "extraTaints[1].effect",
        "extraTaints[1].key",
        "mode",
        "namespace",
        "timeoutSeconds",
    ]
    assert found["mode"] == "is 'driver'; it must be one of device-plugin-only, full"
