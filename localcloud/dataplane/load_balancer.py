"""The Application Load Balancers' side: listeners, rules, target groups and the answers that are their own.

Source: Elastic Load Balancing, Application Load Balancers' user guide (listener rules, target group health,
X-Forwarded headers, troubleshooting), and the controller's default actions.
"""

import itertools
import secrets
import time
from collections.abc import Callable, Sequence
from http import HTTPStatus

from localcloud.dataplane.exchange import (
    RefusedError,
    Request,
    Response,
    Silence,
    TargetSilentError,
)
from localcloud.dataplane.pods import Pod
from localcloud.dataplane.routing import Backend, LoadBalancer, choose
from localcloud.dataplane.targets import Target

_SERVER = {"server": "awselb/2.0"}
_HEALTH_SECONDS = 5.0

Resolve = Callable[[Backend], Sequence[Target] | None]
"""The targets of a backend; None when its Service or port does not exist."""


def page(status: int, headers: dict[str, str] | None = None) -> Response:
    """The page with which a load balancer itself answers."""
    phrase = {503: "Service Temporarily Unavailable", 504: "Gateway Time-out"}.get(status)
    title = f"{status} {phrase or HTTPStatus(status).phrase}"
    lines = (
        "<html>",
        f"<head><title>{title}</title></head>",
        "<body>",
        f"<center><h1>{title}</h1></center>",
        "</body>",
        "</html>",
    )
    body = "".join(f"{line}\r\n" for line in lines).encode()
    return Response(status, {**_SERVER, "content-type": "text/html", **(headers or {})}, body)


def fixed(status: int, text: str = "") -> Response:
    """A fixed response, as the controller configures them."""
    return Response(status, {**_SERVER, "content-type": "text/plain; charset=utf-8"}, text.encode())


class LoadBalancers:
    """All load balancers of a cluster behind one listener per protocol."""

    def __init__(
        self,
        balancers: Callable[[], Sequence[LoadBalancer]],
        resolve: Resolve,
        pod: Callable[[str], Pod | None],
    ) -> None:
        self._balancers = balancers
        self._resolve = resolve
        self._pod = pod
        self._turn = itertools.count()

    def answer(self, protocol: str, request: Request) -> Response:
        """Answer a request that came in over ``HTTP`` or ``HTTPS``; raises `RefusedError` without a listener."""
        balancer = choose(self._balancers(), protocol, request.host)
        if balancer is None:
            raise RefusedError("no load balancer listens")
        if not request.headers.get("host"):
            return page(400)
        if protocol == "HTTP" and balancer.redirect_port:
            where = f"https://{request.host}:{balancer.redirect_port}{request.target}"
            return page(301, {"location": where})
        backend = balancer.backend(protocol, request.host, request.path)
        if backend is None:
            return fixed(404)
        targets = self._resolve(backend)
        if targets is None:
            return fixed(503, "Backend service does not exist")
        port = min(balancer.ports(protocol))
        return self._forward(request, backend, targets, protocol, port, balancer.idle_seconds)

    def _forward(
        self,
        request: Request,
        backend: Backend,
        targets: Sequence[Target],
        protocol: str,
        port: int,
        idle_seconds: float,
    ) -> Response:
        registered = [(t, pod) for t in targets if (pod := self._pod(t.pod_uid)) and pod.deadline is None]
        healthy = [(t, pod) for t, pod in registered if _healthy(backend, t, pod)]
        # With no healthy target a load balancer tries the others: it fails open.
        chosen = self._pick(backend, healthy or registered)
        if chosen is None:
            return page(503)
        target, pod = chosen
        forwarded = Request(
            request.method,
            request.target,
            {**request.headers, **_forwarded(request, protocol, port)},
            request.body,
            request.client,
            Silence(idle_seconds),
        )
        try:
            response = pod.answer(target.port, forwarded)
        except RefusedError:
            return page(502)
        except TargetSilentError:
            return page(504)
        return Response(response.status, {"server": "uvicorn", **response.headers}, response.body)

    def _pick(self, backend: Backend, candidates: Sequence[tuple[Target, Pod]]) -> tuple[Target, Pod] | None:
        if not candidates:
            return None
        turn = next(self._turn) % len(candidates)
        rotated = [*candidates[turn:], *candidates[:turn]]
        return min(rotated, key=lambda c: c[1].under_way) if backend.least_outstanding else rotated[0]


def _healthy(backend: Backend, target: Target, pod: Pod) -> bool:
    probe = Request(
        "GET",
        backend.health_path,
        {"host": f"{target.address}:{target.port}", "user-agent": "ELB-HealthChecker/2.0"},
        silence=Silence(_HEALTH_SECONDS),
    )
    try:
        return _is_success(pod.answer(target.port, probe).status, backend.success_codes)
    except (RefusedError, TargetSilentError):
        return False


def _is_success(status: int, codes: str) -> bool:
    for part in codes.split(","):
        low, _, high = part.strip().partition("-")
        if low.isdigit() and int(low) <= status <= int(high or low):
            return True
    return False


def _forwarded(request: Request, protocol: str, port: int) -> dict[str, str]:
    before = request.headers.get("x-forwarded-for")
    return {
        "x-forwarded-for": f"{before}, {request.client}" if before else request.client,
        "x-forwarded-proto": protocol.lower(),
        "x-forwarded-port": str(port),
        "x-amzn-trace-id": request.headers.get("x-amzn-trace-id")
        or f"Root=1-{int(time.time()):08x}-{secrets.token_hex(12)}",
    }
