"""The stand-in controllers of a local cloud: ``python -m localcloud.controllers``.

One process in place of what would run in pods: device plugins (GPUs and EFA interfaces become allocatable where
a plugin's pod is ready) and the AWS Load Balancer Controller (load balancers, addresses and finalizers of
Ingresses, while its Deployment is available). It watches the API server and never polls it, and ends on SIGTERM.
"""

import threading
import time

from localcloud.background import end_with, own_cluster, say
from localcloud.home import Home
from localcloud.kube import load_balancers
from localcloud.kube.api import Api, ApiError, NoSuchKindError, UnreachableError, patch_if_there
from localcloud.kube.device_plugins import DEVICES, nodes_with_ready_pod, status_patch
from localcloud.kube.watching import Mirror
from localcloud.load_balancer_controller import LoadBalancerController

_SETTLE_SECONDS = 0.05
_RETRY_SECONDS = 2.0


class Controllers:
    """All stand-in controllers on one API server."""

    def __init__(self, api: Api, home: Home) -> None:
        self._api = api
        self._changed = threading.Event()
        self._stopping = False
        self.nodes = self._mirror("v1", "Node")
        self.plugins = {device.resource: self._mirror("v1", "Pod", device.pod_label) for device in DEVICES}
        self.controllers = self._mirror("apps/v1", "Deployment", load_balancers.DEPLOYMENT_LABEL)
        self.ingresses = self._mirror("networking.k8s.io/v1", "Ingress")
        self.classes = self._mirror("networking.k8s.io/v1", "IngressClass")
        self.params = self._mirror("elbv2.k8s.aws/v1beta1", "IngressClassParams")
        self.services = self._mirror("v1", "Service")
        self.namespaces = self._mirror("v1", "Namespace")
        self.load_balancer_controller = LoadBalancerController(
            api,
            home,
            ingresses=self.ingresses,
            classes=self.classes,
            params=self.params,
            services=self.services,
            namespaces=self.namespaces,
        )

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
            self.services,
            self.namespaces,
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
                done = step() and done
            except (ApiError, NoSuchKindError, UnreachableError) as error:
                # A conflict or a restart of the server: what it is about comes back as a change.
                say(f"will retry: {error}")
                done = False
        return done

    def _advertise_devices(self) -> bool:
        running = {resource: nodes_with_ready_pod(pods.all()) for resource, pods in self.plugins.items()}
        for node in self.nodes.all():
            patch = status_patch(node, running)
            if patch:
                name = node["metadata"]["name"]
                patch_if_there(self._api, f"{self._api.path('v1', 'Node', '', name)}/status", patch)
                say(f"node {name}: {patch['status']}")
        return True

    def _balance_load(self) -> bool:
        settings = load_balancers.running_settings(self.controllers.all())
        return settings is None or self.load_balancer_controller.reconcile(settings)


def main() -> None:
    """Run until SIGTERM or SIGINT."""
    home = Home.from_environment()
    cluster = own_cluster(home)
    controllers = Controllers(Api(cluster, connections=16), home)
    end_with(controllers.stop)
    say(f"stand-in controllers on {cluster.server}")
    controllers.run()


if __name__ == "__main__":
    main()
