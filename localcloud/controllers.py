"""The stand-in controllers of a local cloud: ``python -m localcloud.controllers``.

One process in place of what would run in pods: device plugins (GPUs and EFA interfaces become allocatable where
a plugin's pod is ready) and the AWS Load Balancer Controller (addresses and finalizers of Ingresses, while its
Deployment is available). It watches the API server and never polls it, and ends on SIGTERM.
"""

import datetime
import signal
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

from localcloud.aws.store import Store
from localcloud.home import Home
from localcloud.kube import connection, load_balancers
from localcloud.kube.api import Api, ApiError, NoSuchKindError, Object, UnreachableError
from localcloud.kube.device_plugins import DEVICES, nodes_with_ready_pod, status_patch
from localcloud.kube.fields import at, each
from localcloud.kube.watching import Mirror

_SETTLE_SECONDS = 0.05
_RETRY_SECONDS = 2.0


class Controllers:
    """All stand-in controllers on one API server."""

    def __init__(self, api: Api, home: Home) -> None:
        self._api = api
        self._home = home
        self._changed = threading.Event()
        self._stopping = False
        self._events: dict[str, str] = {}
        self.nodes = self._mirror("v1", "Node")
        self.plugins = {device.resource: self._mirror("v1", "Pod", device.pod_label) for device in DEVICES}
        self.controllers = self._mirror("apps/v1", "Deployment", load_balancers.DEPLOYMENT_LABEL)
        self.ingresses = self._mirror("networking.k8s.io/v1", "Ingress")
        self.classes = self._mirror("networking.k8s.io/v1", "IngressClass")
        self.params = self._mirror("elbv2.k8s.aws/v1beta1", "IngressClassParams")

    def _mirror(self, api_version: str, kind: str, label_selector: str = "") -> Mirror:
        return Mirror(self._api, api_version, kind, self._changed.set, label_selector)

    def stop(self) -> None:
        """Make `run` return."""
        self._stopping = True
        self._changed.set()

    def run(self) -> None:
        """Reconcile whenever something changed, until `stop` is called."""
        mirrors = [
            self.nodes,
            *self.plugins.values(),
            self.controllers,
            self.ingresses,
            self.classes,
            self.params,
        ]
        for mirror in mirrors:
            mirror.start()
        for mirror in mirrors:
            while not self._stopping and not mirror.wait_listed(1):
                continue
        self._changed.set()
        while True:
            self._changed.wait()
            if self._stopping:
                return
            # A change seldom comes alone: one pass for all of them.
            time.sleep(_SETTLE_SECONDS)
            self._changed.clear()
            if not self.reconcile():
                retry = threading.Timer(_RETRY_SECONDS, self._changed.set)
                retry.daemon = True
                retry.start()

    def reconcile(self) -> bool:
        """Bring nodes and Ingresses to where they should be; False when something must be tried again."""
        done = True
        for step in (self._advertise_devices, self._balance_load):
            try:
                step()
            except (ApiError, NoSuchKindError, UnreachableError) as error:
                # A conflict or a restart of the server: what it is about comes back as a change.
                _say(f"will retry: {error}")
                done = False
        return done

    def _advertise_devices(self) -> None:
        running = {resource: nodes_with_ready_pod(pods.all()) for resource, pods in self.plugins.items()}
        for node in self.nodes.all():
            patch = status_patch(node, running)
            if patch:
                name = node["metadata"]["name"]
                self._patch(f"{self._api.path('v1', 'Node', '', name)}/status", patch)
                _say(f"node {name}: {patch['status']}")

    def _balance_load(self) -> None:
        settings = load_balancers.running_settings(self.controllers.all())
        if settings is None:
            return
        world = load_balancers.World(
            classes={c["metadata"]["name"]: c for c in self.classes.all()},
            params={p["metadata"]["name"]: p for p in self.params.all()},
            namespace_labels=self._namespace_labels,
            service_type=self._service_type,
            certificate_names=self._certificate_names,
        )
        for outcome in load_balancers.reconcile(self.ingresses.all(), settings, world):
            self._settle(outcome)

    def _settle(self, outcome: load_balancers.Outcome) -> None:
        """Finalizer first, address last, as the real controller does."""
        metadata = outcome.ingress["metadata"]
        path = self._api.path("networking.k8s.io/v1", "Ingress", metadata["namespace"], metadata["name"])
        held = tuple(metadata.get("finalizers") or ())
        if set(outcome.finalizers) != set(held):
            # The version makes it fail, and come back, if somebody else changed the list meanwhile.
            version = metadata["resourceVersion"]
            body = {"metadata": {"finalizers": list(outcome.finalizers), "resourceVersion": version}}
            self._patch(path, body)
        if outcome.problem:
            self._event(outcome.ingress, "FailedBuildModel", f"Failed build model due to {outcome.problem}")
        if outcome.hostname:
            shown = each(outcome.ingress, "status", "loadBalancer", "ingress")
            if [entry.get("hostname") for entry in shown] != [outcome.hostname]:
                address = {"status": {"loadBalancer": {"ingress": [{"hostname": outcome.hostname}]}}}
                self._patch(f"{path}/status", address)
                _say(f"ingress {metadata['namespace']}/{metadata['name']}: {outcome.hostname}")
            self._event(outcome.ingress, "SuccessfullyReconciled", "Successfully reconciled")

    def _patch(self, path: str, body: Object) -> None:
        try:
            self._api.merge_patch(path, body)
        except ApiError as error:
            if error.status != 404:
                raise

    def _event(self, ingress: Mapping[str, Any], reason: str, message: str) -> None:
        """Record an event once per Ingress and message."""
        metadata = ingress["metadata"]
        if self._events.get(metadata["uid"]) == message:
            return
        now = datetime.datetime.now(datetime.UTC).isoformat().replace("+00:00", "Z")
        body: Object = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"generateName": f"{metadata['name']}.", "namespace": metadata["namespace"]},
            "involvedObject": {
                "apiVersion": "networking.k8s.io/v1",
                "kind": "Ingress",
                "namespace": metadata["namespace"],
                "name": metadata["name"],
                "uid": metadata["uid"],
            },
            "reason": reason,
            "message": message,
            "type": "Warning" if reason.startswith("Failed") else "Normal",
            "source": {"component": "ingress"},
            "firstTimestamp": now.partition(".")[0] + "Z",
            "lastTimestamp": now.partition(".")[0] + "Z",
            "count": 1,
        }
        self._api.request("POST", self._api.path("v1", "Event", metadata["namespace"]), None, body)
        self._events[metadata["uid"]] = message
        _say(f"ingress {metadata['namespace']}/{metadata['name']}: {reason}: {message}")

    def _namespace_labels(self, name: str) -> Mapping[str, str]:
        return at(self._api.get("v1", "Namespace", "", name), "metadata", "labels")

    def _service_type(self, namespace: str, name: str) -> str | None:
        found = self._api.get("v1", "Service", namespace, name)
        return None if found is None else str(at(found, "spec").get("type") or "ClusterIP")

    def _certificate_names(self) -> Sequence[str]:
        if not self._home.aws_state.exists():
            return []
        store = Store(self._home.aws_state)
        try:
            names: list[str] = []
            for record in store.all("aws:acm/certificate:Certificate"):
                names.append(str(record.state.get("domainName")))
                names += map(str, record.state.get("subjectAlternativeNames") or ())
            return names
        finally:
            store.close()


def _say(text: str) -> None:
    sys.stdout.write(f"{datetime.datetime.now(datetime.UTC):%H:%M:%S} {text}\n")
    sys.stdout.flush()


def main() -> None:
    """Run until SIGTERM or SIGINT."""
    home = Home.from_environment()
    cluster = connection.select(connection.parse(str(home.admin_kubeconfig)))
    connection.refuse_remote(cluster)
    controllers = Controllers(Api(cluster, connections=16), home)

    def stop(number: int, frame: object) -> None:
        del number, frame
        controllers.stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    _say(f"stand-in controllers on {cluster.server}")
    controllers.run()


if __name__ == "__main__":
    main()
