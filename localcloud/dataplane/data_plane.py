"""The cluster as the data plane sees it, kept up to date by watches, and the servers on top of it."""

import threading
from collections.abc import Mapping, Sequence
from typing import Any

from localcloud.aws.store import Store
from localcloud.background import say
from localcloud.dataplane.exchange import Request, Response
from localcloud.dataplane.http_server import Server
from localcloud.dataplane.inside import Inside
from localcloud.dataplane.load_balancer import LoadBalancers
from localcloud.dataplane.pods import Pods
from localcloud.dataplane.routing import Backend, LoadBalancer, build, choose
from localcloud.dataplane.targets import Target, ready_targets
from localcloud.dataplane.tls import Certificates, Names, listener_certificates
from localcloud.home import Home
from localcloud.kube.api import Api
from localcloud.kube.watching import Mirror

_FOREVER = 3600.0


class DataPlane:
    """The cluster as the data plane sees it, and the servers on it."""

    def __init__(self, api: Api, home: Home) -> None:
        self._api = api
        self._home = home
        self._stopping = False
        self._pods_changed = threading.Event()
        self._version = 0
        self._balancers: tuple[int, list[LoadBalancer]] = (-1, [])
        self._pods = self._mirror("v1", "Pod", self._pods_changed.set)
        self._services = self._mirror("v1", "Service")
        self._slices = self._mirror("discovery.k8s.io/v1", "EndpointSlice")
        self._ingresses = self._mirror("networking.k8s.io/v1", "Ingress", self._outdated)
        self._classes = self._mirror("networking.k8s.io/v1", "IngressClass", self._outdated)
        self._params = self._mirror("elbv2.k8s.aws/v1beta1", "IngressClassParams", self._outdated)
        home.data_plane.mkdir(parents=True, exist_ok=True)
        self.pods = Pods(api, home.data_plane / "keys.json", self._pods_changed.set, say)
        self.balancers = LoadBalancers(self.load_balancers, self._resolve, self.pods.by_uid)
        self.inside = Inside(
            self._services.all,
            lambda service, port: ready_targets(service, port, self._slices.all()),
            self.pods.by_address,
            self.pods.by_uid,
        )
        self.certificates = Certificates(home.kube, home.data_plane, self._offered)

    def _mirror(self, api_version: str, kind: str, changed: Any = lambda: None) -> Mirror:
        return Mirror(self._api, api_version, kind, changed)

    def _outdated(self) -> None:
        self._version += 1

    def stop(self) -> None:
        """Make `run` return."""
        self._stopping = True
        self._pods_changed.set()

    def run(self, ports: Mapping[str, int]) -> None:
        """Serve, and follow the pods, until `stop` is called."""
        mirrors = [self._pods, self._services, self._slices, self._ingresses, self._classes, self._params]
        for mirror in mirrors:
            mirror.start()
        for mirror in mirrors:
            while not self._stopping and not mirror.wait_listed(1):
                continue
        self.pods.sync(self._pods.all())
        for server in self._servers(ports):
            thread = threading.Thread(target=server.serve_forever, args=(_FOREVER,), daemon=True)
            thread.start()
        while not self._stopping:
            self._pods_changed.clear()
            self._pods_changed.wait(self.pods.sync(self._pods.all()))

    def _servers(self, ports: Mapping[str, int]) -> list[Server]:
        def answer(protocol: str) -> Any:
            def one(request: Request) -> Response:
                return self.balancers.answer(protocol, request)

            return one

        return [
            Server(ports["https"], "load-balancer", answer("HTTPS"), say, self.certificates.listener()),
            Server(ports["http"], "load-balancer", answer("HTTP"), say),
            Server(ports["proxy"], "cluster", self.inside.answer, say),
        ]

    def load_balancers(self) -> Sequence[LoadBalancer]:
        """The load balancers, made anew when an Ingress or a class changed."""
        version = self._version
        made, found = self._balancers
        if made != version:
            found = build(
                self._ingresses.all(),
                {one["metadata"]["name"]: one for one in self._classes.all()},
                {one["metadata"]["name"]: one for one in self._params.all()},
            )
            self._balancers = (version, found)
        return found

    def _resolve(self, backend: Backend) -> list[Target] | None:
        service = self._services.get(backend.service, backend.namespace)
        return None if service is None else ready_targets(service, backend.port, self._slices.all())

    def _offered(self, host: str) -> list[Names]:
        balancer = choose(self.load_balancers(), "HTTPS", host)
        if balancer is None or not self._home.aws_state.exists():
            return []
        store = Store(self._home.aws_state)
        try:
            states = [record.state for record in store.all("aws:acm/certificate:Certificate")]
        finally:
            store.close()
        return listener_certificates(balancer.certificates, balancer.discovered_hosts, states)
