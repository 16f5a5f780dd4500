"""The EFA device plugin: one pinned release that reaches the tainted GPU nodes."""

import pytest

from components.efa_device_plugin import EfaDevicePlugin, EfaDevicePluginArgs, efa_device_plugin_values
from components.scheduling import GPU_TOLERATION, Taint
from components.versions import EFA_DEVICE_PLUGIN
from tests.unit.components.in_cluster import build, custom_resources, faults, unknowns

ARGS: EfaDevicePluginArgs = {"region": "us-east-2"}


def made(args: EfaDevicePluginArgs = ARGS):
    return lambda opts: EfaDevicePlugin("efa", args, opts)


def test_the_only_child_is_the_release():
    recording = build(made())
    assert recording.named("efa").type == "inference-plane:index:EfaDevicePlugin"
    assert recording.children("efa") == [("kubernetes:helm.sh/v3:Release", "efa-release")]
    assert len(custom_resources(recording)) == 1


def test_the_release_is_pinned_and_rolled_back_on_failure():
    inputs = build(made()).named("efa-release").inputs
    assert (inputs["chart"], inputs["version"]) == (EFA_DEVICE_PLUGIN.chart, EFA_DEVICE_PLUGIN.version)
    assert (inputs["namespace"], inputs["atomic"], inputs["cleanupOnFail"]) == ("kube-system", True, True)


def test_the_image_comes_from_the_clusters_own_region():
    values = build(made({"region": "eu-west-1"})).named("efa-release").inputs["values"]
    assert values["image"] == {
        "repository": "602401143452.dkr.ecr.eu-west-1.amazonaws.com/eks/aws-efa-k8s-device-plugin"
    }


def test_the_gpu_taint_is_tolerated_beside_the_charts_own_and_extra_ones():
    batch: Taint = {"key": "example.com/batch", "value": "yes", "effect": "NoExecute"}
    assert efa_device_plugin_values("registry", [batch])["tolerations"] == [
        {"key": "CriticalAddonsOnly", "operator": "Exists"},
        GPU_TOLERATION,
        {"key": "example.com/batch", "operator": "Exists", "effect": "NoExecute"},
    ]


def test_all_values_are_known_at_preview():
    assert unknowns(build(made(), preview=True).named("efa-release").inputs) == []


@pytest.mark.parametrize("region", ["cn-north-1", "us-gov-west-1"])
def test_another_partition_needs_its_registry(region: str):
    assert "imageRegistry" in faults(made({"region": region}))
    build(made({"region": region, "image_registry": "1.dkr.ecr.x"}))


def test_faults_are_told_with_their_paths():
    assert "timeoutSeconds" in faults(made({"region": "us-east-2", "timeout_seconds": 0}))
