"""What the stand-in controllers do with nodes, and when they balance load."""

from pathlib import Path
from typing import Any, cast

import pytest

from localcloud.controllers import Controllers
from localcloud.home import Home
from localcloud.kube.device_plugins import nodes_with_ready_pod, status_patch
from localcloud.kube.load_balancer_settings import Settings
from tests.unit.localcloud.load_balancing import deployment

GPU = "nvidia.com/gpu"
EFA = "vpc.amazonaws.com/efa"


def node(**status: Any) -> dict[str, Any]:
    annotations = {"localcloud.inference-plane/gpus": "8", "localcloud.inference-plane/efa": "32"}
    return {"metadata": {"name": "n1", "annotations": annotations}, "status": status}


def pod(ready: str = "True", **metadata: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": "p", **metadata},
        "spec": {"nodeName": "n1"},
        "status": {"conditions": [{"type": "Ready", "status": ready}]},
    }


def test_devices_appear_with_a_ready_plugin() -> None:
    both = {GPU: "8"}
    assert status_patch(node(), {GPU: {"n1"}}) == {
        "status": {"capacity": both, "allocatable": both},
    }
    assert status_patch(node(capacity=both, allocatable=both), {GPU: {"n1"}}) is None


def test_each_plugin_brings_its_own_device() -> None:
    patch = status_patch(node(), {GPU: {"n1"}, EFA: {"n1"}})
    assert patch == {"status": {"capacity": {GPU: "8", EFA: "32"}, "allocatable": {GPU: "8", EFA: "32"}}}


def test_devices_go_with_the_plugin() -> None:
    both = {GPU: "8", "cpu": "4"}
    assert status_patch(node(capacity=both, allocatable=both), {GPU: {"n2"}}) == {
        "status": {"capacity": {GPU: None}, "allocatable": {GPU: None}}
    }
    assert status_patch(node(capacity={"cpu": "4"}), {}) is None


def test_nodes_that_are_not_ours_are_left_alone() -> None:
    real = {"metadata": {"name": "n1"}, "status": {"capacity": {GPU: "8"}}}
    assert status_patch(real, {}) is None


@pytest.mark.parametrize(
    ("item", "counts"), [(pod(), True), (pod("False"), False), (pod(deletionTimestamp="now"), False)]
)
def test_only_ready_pods_that_stay_advertise(item: dict[str, Any], counts: bool) -> None:
    assert nodes_with_ready_pod([item]) == ({"n1"} if counts else set())


class RecordingApi:
    """Takes patches."""

    def __init__(self) -> None:
        self.patches: list[tuple[str, dict[str, Any]]] = []

    def path(self, api_version: str, kind: str, namespace: str = "", name: str = "") -> str:
        del api_version
        return "/".join(filter(None, (kind, namespace, name)))

    def merge_patch(self, path: str, body: dict[str, Any]) -> None:
        self.patches.append((path, body))


class Fixed:
    """A mirror of what a test says."""

    def __init__(self, *items: dict[str, Any]) -> None:
        self.items = list(items)

    def all(self) -> list[dict[str, Any]]:
        return self.items


class Balancing:
    """Takes the place of the load balancer controller."""

    def __init__(self, *, done: bool) -> None:
        self.done = done
        self.asked: list[Settings] = []

    def reconcile(self, settings: Settings) -> bool:
        self.asked.append(settings)
        return self.done


def controllers(tmp_path: Path, *, available: int = 1, done: bool = True) -> Any:
    made = cast("Any", Controllers(cast("Any", RecordingApi()), Home(tmp_path)))
    made.nodes = Fixed(node())
    made.plugins = {GPU: Fixed(pod()), EFA: Fixed()}
    made.controllers = Fixed(deployment(available))
    made.load_balancer_controller = Balancing(done=done)
    return made


def test_one_pass_patches_nodes_and_balances_load(tmp_path: Path) -> None:
    made = controllers(tmp_path)
    assert made.reconcile()
    gpus = {GPU: "8"}
    assert made._api.patches == [("Node/n1/status", {"status": {"capacity": gpus, "allocatable": gpus}})]
    assert [settings.cluster_name for settings in made.load_balancer_controller.asked] == ["plane"]


def test_what_could_not_be_done_is_tried_again(tmp_path: Path) -> None:
    assert not controllers(tmp_path, done=False).reconcile()


def test_nothing_is_balanced_without_the_controller(tmp_path: Path) -> None:
    made = controllers(tmp_path, available=0)
    assert made.reconcile()
    assert made.load_balancer_controller.asked == []
