"""The proxy into the cluster knows pods, Services and their names, and says why something cannot be reached."""

import pytest

from localcloud.dataplane.exchange import Response
from localcloud.dataplane.inside import Inside
from localcloud.dataplane.model_server import ModelServer, digest
from localcloud.dataplane.pods import Pod
from localcloud.dataplane.targets import ready_targets
from localcloud.dataplane.vllm_settings import VllmSettings
from tests.unit.localcloud.dataplane.asking import request, whole
from tests.unit.localcloud.dataplane.cluster import endpoint, endpoints, service


def ask(url: str, *, ready: bool = True, method: str = "") -> Response:
    server = ModelServer(VllmSettings(("m",), "m"), [digest("right")])
    pod = Pod("u1", "m-1", ("10.0.0.1",), frozenset([8000]), server, ready=True)
    slices = [endpoints(endpoint("u1", "10.0.0.1", ready=ready))]
    inside = Inside(
        lambda: [service()],
        lambda one, port: ready_targets(one, port, slices),
        lambda address: pod if address == "10.0.0.1" else None,
        {"u1": pod}.get,
    )
    return inside.answer(request(url, method=method))


@pytest.mark.parametrize(
    "url",
    [
        "http://10.0.0.1:8000/health",
        "http://10.96.0.7/health",
        "http://m.models/health",
        "http://m.models.svc:80/health",
        "http://m.models.svc.cluster.local/metrics",
    ],
)
def test_health_and_metrics_are_open_inside(url: str) -> None:
    assert ask(url).status == 200


def test_the_key_is_needed_inside_too() -> None:
    assert ask("http://m.models.svc/v1/models").status == 401


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://n.models.svc/health", "no such name"),
        ("http://m.other.svc/health", "no such name"),
        ("http://m/health", "no such name"),
        ("http://m.models.example.com/health", "no such name"),
        ("http://10.9.9.9/health", "no pod and no Service"),
        ("http://10.0.0.1/health", "connection refused on port 80"),
        ("http://m.models.svc:8000/health", "no such port"),
    ],
)
def test_what_cannot_be_reached_says_why(url: str, why: str) -> None:
    response = ask(url)
    assert response.status == 502
    assert why in whole(response).decode()


def test_a_service_without_a_ready_endpoint_refuses_while_its_pod_answers() -> None:
    response = ask("http://m.models.svc/health", ready=False)
    assert response.status == 502
    assert b"no ready endpoint" in whole(response)
    assert ask("http://10.0.0.1:8000/health", ready=False).status == 200


@pytest.mark.parametrize(("url", "method"), [("/health", ""), ("https://m.models/", ""), ("m:80", "CONNECT")])
def test_anything_but_a_plain_proxy_request_gets_the_usage(url: str, method: str) -> None:
    response = ask(url, method=method)
    assert response.status == 400
    assert b"HTTP proxy" in whole(response)


def test_a_port_that_is_none_is_a_bad_request() -> None:
    assert ask("http://m.models:port/health").status == 400
