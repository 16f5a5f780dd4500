"""What is reachable inside the cluster only, through an HTTP forward proxy: pods, Services and their names."""

import ipaddress
import itertools
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from localcloud.dataplane.exchange import RefusedError, Request, Response, text_response
from localcloud.dataplane.pods import Pod
from localcloud.dataplane.targets import Target
from localcloud.kube.fields import at

Object = Mapping[str, Any]

_USAGE = "This is an HTTP proxy into the cluster: curl -x <this address> http://<service>.<namespace>.svc:<port>/\n"


class Inside:
    """Answers requests as from a pod of the cluster."""

    def __init__(
        self,
        services: Callable[[], Iterable[Object]],
        targets: Callable[[Object, int], list[Target] | None],
        pod_by_address: Callable[[str], Pod | None],
        pod_by_uid: Callable[[str], Pod | None],
    ) -> None:
        self._services = services
        self._targets = targets
        self._pod_by_address = pod_by_address
        self._pod_by_uid = pod_by_uid
        self._turn = itertools.count()

    def answer(self, request: Request) -> Response:
        """Answer a proxy request (absolute URI); what cannot be reached is a 502 that says why."""
        if request.method == "CONNECT" or not request.target.startswith("http://"):
            return text_response(400, _USAGE)
        parts = urlsplit(request.target)
        try:
            host, port = parts.hostname or "", parts.port or 80
            pod, port = self._find(host, port)
            query = f"?{parts.query}" if parts.query else ""
            target = f"{parts.path or '/'}{query}"
            plain = Request(request.method, target, request.headers, request.body, request.client)
            response = pod.answer(port, plain)
        except RefusedError as error:
            return text_response(502, f"{error}\n")
        except ValueError:
            return text_response(400, _USAGE)
        return Response(response.status, {"server": "uvicorn", **response.headers}, response.body)

    def _find(self, host: str, port: int) -> tuple[Pod, int]:
        """The pod and port behind an address; raises `RefusedError`."""
        if _is_address(host):
            pod = self._pod_by_address(host)
            if pod is not None:
                return pod, port
            service = next((s for s in self._services() if at(s, "spec").get("clusterIP") == host), None)
            if service is None:
                raise RefusedError(f"no route to host {host}: no pod and no Service has this address")
        else:
            service = self._named(host)
        return self._behind(service, host, port)

    def _named(self, host: str) -> Object:
        name, _, rest = host.partition(".")
        namespace, _, suffix = rest.partition(".")
        if namespace and suffix in ("", "svc", "svc.cluster.local"):
            for service in self._services():
                metadata = service["metadata"]
                if (metadata["name"], metadata["namespace"]) == (name, namespace):
                    return service
        raise RefusedError(f"could not resolve host {host}: cluster DNS has no such name")

    def _behind(self, service: Object, host: str, port: int) -> tuple[Pod, int]:
        targets = self._targets(service, port)
        found = [(pod, t.port) for t in targets or () if (pod := self._pod_by_uid(t.pod_uid))]
        if not found:
            why = "the Service has no such port" if targets is None else "the Service has no ready endpoint"
            raise RefusedError(f"{host}:{port}: connection refused: {why}")
        return found[next(self._turn) % len(found)]


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
