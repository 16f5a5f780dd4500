"""Load balancers answer as Application Load Balancers do, by rule, target group and health."""

from collections.abc import Callable
from typing import Any

import pytest

from localcloud.dataplane.exchange import RefusedError, Request, Response, TargetSilentError, text_response
from localcloud.dataplane.load_balancer import LoadBalancers
from localcloud.dataplane.model_server import ModelServer
from localcloud.dataplane.pod_spec import Pace
from localcloud.dataplane.pods import Pod
from localcloud.dataplane.routing import build
from localcloud.dataplane.targets import Target
from localcloud.dataplane.vllm_settings import VllmSettings
from tests.unit.localcloud.dataplane.asking import request, whole
from tests.unit.localcloud.dataplane.cluster import HOST, LISTEN, ingress

SETTINGS: dict[str, str] = {"listen_ports": LISTEN, "healthcheck_path": "/health"}


class Recorder:
    """A server that remembers what reached it, health checks apart."""

    def __init__(self, answer: Callable[[Request], Response] | None = None, health: int = 200) -> None:
        self.seen: list[Request] = []
        self.health = health
        self._answer = answer or (lambda _: text_response(200, "ok"))

    def answer(self, given: Request) -> Response:
        if given.headers.get("user-agent") == "ELB-HealthChecker/2.0":
            return text_response(self.health if given.path == "/health" else 404, "")
        self.seen.append(given)
        return self._answer(given)


def pod(uid: str, server: Any) -> Pod:
    return Pod(uid, uid, (f"10.0.0.{uid}",), frozenset([8000]), server, ready=True)


def balancers(*pods: Pod, targets: int | None = -1, port: int = 8000, **annotations: str) -> LoadBalancers:
    made = build([ingress(**{**SETTINGS, **annotations})], {}, {})
    found = None if targets is None else [Target(p.uid, p.addresses[0], port) for p in pods]
    by_uid = {p.uid: p for p in pods}
    return LoadBalancers(lambda: made, lambda _: found, by_uid.get)


def ask(
    on: LoadBalancers,
    path: str = "/v1/models",
    protocol: str = "HTTPS",
    *,
    host: str = HOST,
    x_forwarded_for: str = "",
) -> Response:
    return on.answer(protocol, request(path, host=host, x_forwarded_for=x_forwarded_for))


def test_a_request_reaches_the_pod_with_the_load_balancers_headers() -> None:
    server = Recorder()
    assert whole(ask(balancers(pod("1", server)), "/v1/models?a=b", host=f"{HOST}:46027")) == b"ok"
    [seen] = server.seen
    assert seen.target == "/v1/models?a=b"
    assert seen.headers["x-forwarded-for"] == "127.0.0.1"
    assert seen.headers["x-forwarded-proto"] == "https"
    assert seen.headers["x-forwarded-port"] == "443"
    assert seen.headers["x-amzn-trace-id"].startswith("Root=1-")
    assert seen.headers["host"] == f"{HOST}:46027"


def test_forwarded_addresses_are_added_to() -> None:
    server = Recorder()
    ask(balancers(pod("1", server)), x_forwarded_for="203.0.113.9")
    assert server.seen[0].headers["x-forwarded-for"] == "203.0.113.9, 127.0.0.1"


@pytest.mark.parametrize("path", ["/", "/health", "/metrics", "/invocations", "/v1x"])
def test_other_paths_get_the_fixed_404_and_reach_no_pod(path: str) -> None:
    server = Recorder()
    response = ask(balancers(pod("1", server)), path)
    assert (response.status, whole(response), server.seen) == (404, b"", [])
    assert response.headers["server"] == "awselb/2.0"


def test_another_host_gets_the_fixed_404() -> None:
    assert ask(balancers(pod("1", Recorder())), host="other.example.com").status == 404


def test_http_is_redirected_when_the_ingress_says_so() -> None:
    server = Recorder()
    response = ask(balancers(pod("1", server), ssl_redirect="443"), "/v1/models?a=b", "HTTP")
    assert (response.status, server.seen) == (301, [])
    assert response.headers["location"] == f"https://{HOST}:443/v1/models?a=b"
    assert ask(balancers(pod("1", server)), protocol="HTTP").status == 200
    assert server.seen[0].headers["x-forwarded-port"] == "80"


def test_without_a_target_it_is_503_with_the_load_balancers_page() -> None:
    response = ask(balancers())
    assert response.status == 503
    assert b"<center><h1>503 Service Temporarily Unavailable</h1></center>" in whole(response)


def test_a_missing_service_is_a_503_of_the_controller() -> None:
    response = ask(balancers(targets=None))
    assert (response.status, whole(response)) == (503, b"Backend service does not exist")


def test_a_pod_on_its_way_out_gets_no_new_request() -> None:
    staying, leaving = Recorder(), Recorder()
    gone = pod("2", leaving)
    gone.deadline = 0.0
    on = balancers(pod("1", staying), gone)
    assert [ask(on).status for _ in range(4)] == [200] * 4
    assert (len(staying.seen), len(leaving.seen)) == (4, 0)
    assert ask(balancers(gone)).status == 503


def test_an_unhealthy_target_is_passed_over_unless_all_are() -> None:
    well, ill = Recorder(), Recorder(health=503)
    on = balancers(pod("1", well), pod("2", ill))
    for _ in range(4):
        ask(on)
    assert (len(well.seen), len(ill.seen)) == (4, 0)
    assert ask(balancers(pod("2", ill))).status == 200
    assert ask(balancers(pod("1", well), pod("2", ill), success_codes="503")).status == 200
    assert len(ill.seen) == 2


def test_targets_take_turns() -> None:
    servers = [Recorder(), Recorder()]
    on = balancers(*(pod(str(i), server) for i, server in enumerate(servers)))
    for _ in range(6):
        ask(on)
    assert [len(server.seen) for server in servers] == [3, 3]


def test_the_target_with_the_least_under_way_is_taken_if_the_ingress_says_so() -> None:
    busy, free = (ModelServer(VllmSettings(("m",), "m")) for _ in range(2))
    on = balancers(
        pod("1", busy),
        pod("2", free),
        target_group_attributes="load_balancing.algorithm.type=least_outstanding_requests",
    )
    body = {"prompt": "a", "stream": True}
    held = iter(busy.answer(request("/v1/completions", body)).body)
    next(held)  # type: ignore[call-overload]
    for _ in range(4):
        on.answer("HTTPS", request("/v1/completions", {"prompt": "a", "max_tokens": 1}, host=HOST))
    assert 'prompt_tokens_total{engine="0",model_name="m"} 4.0' in free.metrics.text()


def refuse(_: Request) -> Response:
    raise RefusedError("broken")


def silent(_: Request) -> Response:
    raise TargetSilentError


@pytest.mark.parametrize(("answer", "status"), [(refuse, 502), (silent, 504)])
def test_a_target_that_does_not_answer_is_the_load_balancers_error(
    answer: Callable[[Request], Response], status: int
) -> None:
    assert ask(balancers(pod("1", Recorder(answer)))).status == status


def test_a_target_that_refuses_the_connection_is_a_502() -> None:
    assert ask(balancers(pod("1", Recorder()), port=8001)).status == 502


def test_an_answer_that_takes_longer_than_the_idle_timeout_is_a_504() -> None:
    slow = ModelServer(VllmSettings(("m",), "m"), pace=Pace(first_token=1))
    on = balancers(pod("1", slow), load_balancer_attributes="idle_timeout.timeout_seconds=0.1")
    assert on.answer("HTTPS", request("/v1/completions", {"prompt": "a"}, host=HOST)).status == 504


def test_without_a_load_balancer_nothing_listens() -> None:
    on = LoadBalancers(list, lambda _: [], lambda _: None)
    with pytest.raises(RefusedError):
        ask(on)


def test_a_request_without_a_host_is_a_bad_one() -> None:
    assert balancers(pod("1", Recorder())).answer("HTTPS", request("/v1/models")).status == 400
