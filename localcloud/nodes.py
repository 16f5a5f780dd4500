"""The Kubernetes side of the simulated AWS: nodes and add-on workloads on the local cloud's API server."""

import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from localcloud.home import Home
from localcloud.kube.api import Api, ApiError, Object, UnreachableError, patch_if_there
from localcloud.kube.awaiting import TimedOutError, wait_gone, wait_ready
from localcloud.kube.connection import ConnectionSettingsError, parse, select
from localcloud.kube.fields import each
from localcloud.kube.readiness import FailedError
from localcloud.providers.protocol import ProviderError

FIELD_MANAGER = "eks"
"""Field manager of everything that EKS puts into a cluster."""

_POLL_SECONDS = 0.2


class Cluster(Protocol):
    """What EKS does in a cluster. Every method raises `ProviderError` if it cannot."""

    def check(self) -> None:
        """See that the API server answers."""
        ...

    def add_nodes(self, nodes: Sequence[Object], seconds: float) -> None:
        """Register nodes and wait until they are ready. Those that are there already stay as they are."""
        ...

    def change_nodes(
        self, names: Sequence[str], labels: Mapping[str, str | None], taints: Sequence[Mapping[str, str]]
    ) -> None:
        """Set labels (None removes one) and taints of nodes."""
        ...

    def remove_nodes(self, names: Sequence[str], seconds: float) -> None:
        """Drain nodes and wait until they and their pods are gone."""
        ...

    def apply(self, objects: Sequence[Object]) -> None:
        """Make or change objects."""
        ...

    def wait_available(self, objects: Sequence[Object], seconds: float) -> str | None:
        """Wait for workloads; None when all are available, else why one is not."""
        ...

    def remove(self, objects: Sequence[Object], seconds: float) -> None:
        """Delete objects and wait until they are gone."""
        ...


class KubernetesCluster:
    """The real API server of a local cloud."""

    def __init__(self, home: Home, api: Api | None = None) -> None:
        self._home = home
        self._api = api
        self._lock = threading.Lock()

    def check(self) -> None:
        """See that the API server answers."""
        try:
            self._connected().request("GET", "/readyz/ping")
        except ValueError:
            return  # the answer is text
        except (ApiError, UnreachableError) as error:
            raise self._unreachable(error) from None

    def add_nodes(self, nodes: Sequence[Object], seconds: float) -> None:
        """Register nodes and wait until they are ready."""
        api = self._connected()
        try:
            for node in nodes:
                try:
                    api.request("POST", "/api/v1/nodes", body=node)
                except ApiError as error:
                    if error.status != 409:
                        raise
            self._wait_nodes(api, [node["metadata"]["name"] for node in nodes], seconds)
        except UnreachableError as error:
            raise self._unreachable(error) from None
        except ApiError as error:
            raise ProviderError(f"the API server refused a node: {error}") from None

    def _wait_nodes(self, api: Api, names: Sequence[str], seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while True:
            live = {node["metadata"]["name"]: node for node in api.list("v1", "Node")}
            late = [name for name in names if not _is_ready(live.get(name))]
            if not late:
                return
            if time.monotonic() > deadline:
                raise ProviderError(
                    "NodeCreationFailure: Instances failed to join the kubernetes cluster: "
                    + "; ".join(f"{name} {_why(live.get(name))}" for name in late)
                    + f" (after {seconds:.0f} s; is KWOK running? see its log in {self._home.logs})"
                )
            time.sleep(_POLL_SECONDS)

    def change_nodes(
        self, names: Sequence[str], labels: Mapping[str, str | None], taints: Sequence[Mapping[str, str]]
    ) -> None:
        """Set labels and taints of nodes."""
        api = self._connected()
        body: Object = {"metadata": {"labels": dict(labels)}, "spec": {"taints": [dict(t) for t in taints]}}
        try:
            for name in names:
                try:
                    api.merge_patch(f"/api/v1/nodes/{name}", body)
                except ApiError as error:
                    if error.status != 404:
                        raise ProviderError(
                            f"the API server refused a change of node {name}: {error}"
                        ) from None
        except UnreachableError as error:
            raise self._unreachable(error) from None

    def remove_nodes(self, names: Sequence[str], seconds: float) -> None:
        """Drain nodes and wait until they and their pods are gone."""
        if not names:
            return
        try:
            api = self._connected()
            self._cordon(api, names)
            pods = [pod for name in names for pod in _pods_on(api, name)]
            own = [pod for pod in pods if not _of_daemon_set(pod)]
            for pod in own:
                api.delete("v1", "Pod", pod["metadata"]["namespace"], pod["metadata"]["name"])
            wait_gone(api, own, min(seconds, 60))
            nodes: list[Object] = [
                {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}} for name in names
            ]
            for name in names:
                api.delete("v1", "Node", "", name)
            left = wait_gone(api, nodes, seconds)
            for name in names:
                for pod in _pods_on(api, name):
                    _kill(api, pod)
        except UnreachableError:
            return  # the control plane is gone, and its nodes with it
        except ApiError as error:
            raise ProviderError(f"the API server refused to remove a node: {error}") from None
        if left:
            raise ProviderError(f"node {left[0]['metadata']['name']} is still there after {seconds:.0f} s")

    def _cordon(self, api: Api, names: Sequence[str]) -> None:
        for name in names:
            patch_if_there(api, f"/api/v1/nodes/{name}", {"spec": {"unschedulable": True}})

    def apply(self, objects: Sequence[Object]) -> None:
        """Make or change objects, whoever had them before."""
        api = self._connected()
        try:
            for one in objects:
                api.apply(one, FIELD_MANAGER, force=True)
        except UnreachableError as error:
            raise self._unreachable(error) from None
        except ApiError as error:
            raise ProviderError(f"the API server refused an add-on's object: {error}") from None

    def wait_available(self, objects: Sequence[Object], seconds: float) -> str | None:
        """Wait for workloads; None when all are available, else why one is not."""
        api = self._connected()
        deadline = time.monotonic() + seconds
        for one in objects:
            live = _live(api, one)
            if live is None:
                continue
            try:
                wait_ready(api, live, max(0.1, deadline - time.monotonic()))
            except (TimedOutError, FailedError) as error:
                return str(error)
        return None

    def remove(self, objects: Sequence[Object], seconds: float) -> None:
        """Delete objects and wait until they are gone."""
        try:
            api = self._connected()
            for one in objects:
                metadata = one["metadata"]
                api.delete(one["apiVersion"], one["kind"], metadata.get("namespace") or "", metadata["name"])
            left = wait_gone(api, objects, seconds)
        except (UnreachableError, ProviderError):
            return  # the control plane is gone, and everything in it
        if left:
            raise ProviderError(
                f"{left[0]['kind']} {left[0]['metadata']['name']} is still there after {seconds:.0f} s"
            )

    def _connected(self) -> Api:
        with self._lock:
            if self._api is None:
                path = self._home.admin_kubeconfig
                if not path.exists():
                    raise ProviderError(
                        "the local cloud's Kubernetes control plane is not running: start it with `make up`"
                    )
                try:
                    self._api = Api(select(parse(path.read_text())))
                except ConnectionSettingsError as error:
                    raise ProviderError(f"{path}: {error}") from None
            return self._api

    def _unreachable(self, error: Exception) -> ProviderError:
        return ProviderError(
            f"the local cloud's Kubernetes control plane does not answer ({error}); start it with `make up`"
        )


def _is_ready(node: Mapping[str, Any] | None) -> bool:
    return node is not None and _ready_condition(node).get("status") == "True"


def _ready_condition(node: Mapping[str, Any]) -> Mapping[str, Any]:
    conditions = each(node, "status", "conditions")
    return next((one for one in conditions if one.get("type") == "Ready"), dict[str, Any]())


def _why(node: Mapping[str, Any] | None) -> str:
    if node is None:
        return "is not registered"
    ready = _ready_condition(node)
    return f"is not Ready: {ready.get('message') or 'it has no status yet'}"


def _pods_on(api: Api, node: str) -> list[Object]:
    # The items of a list do not name their kind.
    found = api.list("v1", "Pod", fieldSelector=f"spec.nodeName={node}")
    return [{**pod, "apiVersion": "v1", "kind": "Pod"} for pod in found]


def _of_daemon_set(pod: Mapping[str, Any]) -> bool:
    return any(owner.get("kind") == "DaemonSet" for owner in each(pod, "metadata", "ownerReferences"))


def _kill(api: Api, pod: Object) -> None:
    metadata = pod["metadata"]
    path = api.path("v1", "Pod", metadata["namespace"], metadata["name"])
    try:
        api.request("DELETE", path, {"gracePeriodSeconds": "0"})
    except ApiError as error:
        if error.status != 404:
            raise


def _live(api: Api, wanted: Object) -> Object | None:
    metadata = wanted["metadata"]
    return api.get(wanted["apiVersion"], wanted["kind"], metadata.get("namespace") or "", metadata["name"])
