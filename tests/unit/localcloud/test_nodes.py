"""What EKS does in the cluster, against an API server in a dictionary."""

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import pytest

from localcloud.home import Home
from localcloud.kube.api import Api, ApiError, UnreachableError
from localcloud.nodes import KubernetesCluster
from localcloud.providers.protocol import ProviderError

Object = dict[str, Any]
READY = {"conditions": [{"type": "Ready", "status": "True"}]}


class Server:
    """Nodes, pods and workloads; nodes become ready at once unless told otherwise."""

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str], Object] = {}
        self.down = False
        self.ready = True
        self.calls: list[str] = []

    def request(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: object = None,
        content_type: str = "",
    ) -> Object:
        del query, content_type
        if self.down:
            raise UnreachableError("connection refused")
        self.calls.append(f"{method} {path}")
        if method == "DELETE":
            self.objects.pop(("Pod", path.rsplit("/", 1)[-1]), None)
            return {}
        if body is None:
            raise ValueError("not JSON")  # as /readyz/ping answers
        node = copy.deepcopy(cast("Object", body))
        if (node["kind"], node["metadata"]["name"]) in self.objects:
            raise ApiError(409, "AlreadyExists", "exists")
        self._put({**node, "status": READY if self.ready else {}})
        return node

    def _put(self, item: Object) -> None:
        self.objects[item["kind"], item["metadata"]["name"]] = {
            **item,
            "metadata": {"uid": item["metadata"]["name"], **item["metadata"]},
        }

    def path(self, api_version: str, kind: str, namespace: str = "", name: str = "") -> str:
        del api_version
        return f"/{kind}/{namespace}/{name}"

    def merge_patch(self, path: str, body: Object) -> Object:
        name = path.rsplit("/", 1)[-1]
        node = self.objects.get(("Node", name))
        if node is None:
            raise ApiError(404, "NotFound", "no such node")
        for key, value in (body.get("metadata") or {}).get("labels", {}).items():
            labels = node["metadata"].setdefault("labels", {})
            labels.pop(key, None) if value is None else labels.update({key: value})
        node.setdefault("spec", {}).update(body.get("spec") or {})
        return node

    def list(self, api_version: str, kind: str, namespace: str = "", **selectors: str) -> list[Object]:
        del api_version, namespace
        node = selectors.get("fieldSelector", "").partition("spec.nodeName=")[2]
        return [
            {key: value for key, value in copy.deepcopy(item).items() if key not in ("apiVersion", "kind")}
            for (found, _), item in self.objects.items()
            if found == kind and (not node or item["spec"].get("nodeName") == node)
        ]

    def get(self, api_version: str, kind: str, namespace: str, name: str) -> Object | None:
        del api_version, namespace
        return copy.deepcopy(self.objects.get((kind, name)))

    def find(self, wanted: Mapping[str, Any]) -> Object | None:
        return self.get("", str(wanted["kind"]), "", wanted["metadata"]["name"])

    def apply(self, body: Object, manager: str, *, force: bool = False) -> Object:
        if self.down:
            raise UnreachableError("connection refused")
        self.calls.append(
            f"apply {body['metadata']['name']} as {manager} {'by force' if force else ''}".strip()
        )
        self._put(body)
        return body

    def delete(self, api_version: str, kind: str, namespace: str, name: str) -> None:
        del api_version, namespace
        self.calls.append(f"delete {kind} {name}")
        self.objects.pop((kind, name), None)


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def cluster(server: Server, tmp_path: Path) -> KubernetesCluster:
    return KubernetesCluster(Home(tmp_path), cast("Api", server))


def node(name: str) -> Object:
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": {"a": "1"}}, "spec": {}}


def pod(name: str, where: str, owner: str = "ReplicaSet") -> Object:
    metadata = {"name": name, "namespace": "x", "ownerReferences": [{"kind": owner}]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"nodeName": where}}


def test_nodes_are_registered_once_and_awaited(cluster: KubernetesCluster, server: Server) -> None:
    cluster.add_nodes([node("one"), node("two")], 1)
    cluster.add_nodes([node("one")], 1)
    assert sorted(name for kind, name in server.objects if kind == "Node") == ["one", "two"]


def test_nodes_that_do_not_become_ready_are_named_with_the_reason(
    cluster: KubernetesCluster, server: Server
) -> None:
    server.ready = False
    with pytest.raises(ProviderError, match=r"NodeCreationFailure: .*one is not Ready: it has no status yet"):
        cluster.add_nodes([node("one")], 0)


def test_labels_and_taints_of_nodes_change_and_missing_nodes_are_passed_over(
    cluster: KubernetesCluster, server: Server
) -> None:
    cluster.add_nodes([node("one")], 1)
    taint = {"key": "k", "effect": "NoSchedule"}
    cluster.change_nodes(["one", "gone"], {"a": None, "b": "2"}, [taint])
    live = server.objects["Node", "one"]
    assert live["metadata"]["labels"] == {"b": "2"}
    assert live["spec"]["taints"] == [taint]


def test_removing_a_node_drains_it_first(cluster: KubernetesCluster, server: Server) -> None:
    cluster.add_nodes([node("one"), node("two")], 1)
    for item in (pod("app", "one"), pod("agent", "one", "DaemonSet"), pod("other", "two")):
        server.objects["Pod", item["metadata"]["name"]] = item
    server.calls.clear()
    cluster.remove_nodes(["one"], 1)
    assert server.calls == ["delete Pod app", "delete Node one", "DELETE /Pod/x/agent"]
    assert set(server.objects) == {("Node", "two"), ("Pod", "other")}


def test_objects_are_applied_by_force_as_eks(cluster: KubernetesCluster, server: Server) -> None:
    workload = {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": "aws-node", "namespace": "kube-system"},
    }
    cluster.apply([workload])
    assert server.calls == ["apply aws-node as eks by force"]
    cluster.remove([workload], 1)
    assert not server.objects


def test_a_workload_that_is_not_available_is_told_with_its_reason(
    cluster: KubernetesCluster, server: Server
) -> None:
    deployment: Object = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "coredns", "namespace": "kube-system", "generation": 1},
        "spec": {"replicas": 2, "selector": {"matchLabels": {"a": "b"}}},
        "status": {"observedGeneration": 1, "replicas": 2, "updatedReplicas": 2, "availableReplicas": 2},
    }
    cluster.apply([deployment])
    assert cluster.wait_available([deployment], 0) is None
    server.objects["Deployment", "coredns"]["status"]["availableReplicas"] = 0
    problem = cluster.wait_available([deployment], 0)
    assert problem is not None
    assert "0 of 2 replicas are available" in problem


def test_without_a_control_plane_every_request_says_what_to_do(
    cluster: KubernetesCluster, server: Server, tmp_path: Path
) -> None:
    server.down = True
    for call in (
        cluster.check,
        lambda: cluster.add_nodes([node("one")], 1),
        lambda: cluster.apply([node("one")]),
    ):
        with pytest.raises(ProviderError, match=r"does not answer .*start it with `make up`"):
            call()
    with pytest.raises(ProviderError, match="is not running: start it with `make up`"):
        KubernetesCluster(Home(tmp_path)).check()


def test_what_was_in_a_control_plane_that_is_gone_is_gone(tmp_path: Path) -> None:
    gone = KubernetesCluster(Home(tmp_path))
    gone.remove([node("one")], 1)
    gone.remove_nodes([], 1)
