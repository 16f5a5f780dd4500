"""Listeners and rules come out of Ingresses as the AWS Load Balancer Controller makes them."""

from typing import Any

import pytest

from localcloud.dataplane.routing import LoadBalancer, build, choose, listen_ports
from tests.unit.localcloud.dataplane.cluster import ADDRESS, HOST, LISTEN, ingress

CLASSES = {"alb": {"spec": {"parameters": {"name": "alb"}}}}


def one(*ingresses: dict[str, Any], **params: Any) -> LoadBalancer:
    [made] = build(ingresses, CLASSES, {"alb": {"spec": params}})
    return made


def service_for(balancer: LoadBalancer, path: str, host: str = HOST, protocol: str = "HTTPS") -> str | None:
    backend = balancer.backend(protocol, host, path)
    return backend.service if backend else None


@pytest.mark.parametrize(
    ("path_type", "path", "matching", "others"),
    [
        ("Exact", "/v1", ["/v1"], ["/v1/", "/v1/models", "/V1", "/"]),
        ("Prefix", "/v1", ["/v1", "/v1/", "/v1/models"], ["/v1x", "/V1", "/health", "/"]),
        ("Prefix", "/v1/", ["/v1", "/v1/models"], ["/v1x"]),
        ("Prefix", "/", ["/", "/health", "/v1/models"], []),
        ("ImplementationSpecific", "/v1/*", ["/v1/", "/v1/models"], ["/v1", "/v2/"]),
        ("ImplementationSpecific", "/v?", ["/v1", "/v2"], ["/v10", "/v"]),
        ("ImplementationSpecific", "/a.b", ["/a.b"], ["/axb"]),
        ("ImplementationSpecific", "", ["/", "/any"], []),
    ],
)
def test_a_path_matches_by_its_type(
    path_type: str, path: str, matching: list[str], others: list[str]
) -> None:
    made = one(ingress(path=path, path_type=path_type, listen_ports=LISTEN))
    assert {p for p in [*matching, *others] if service_for(made, p)} == set(matching)


@pytest.mark.parametrize(
    ("host", "matching", "others"),
    [
        ("m.example.com", ["m.example.com"], ["x.example.com", "mxexample.com", ""]),
        ("M.Example.com", ["m.example.com"], []),
        ("*.example.com", ["a.example.com", "a.b.example.com"], ["example.com"]),
        (None, ["m.example.com", "any"], []),
    ],
)
def test_a_host_matches_as_the_load_balancer_does_it(
    host: str | None, matching: list[str], others: list[str]
) -> None:
    made = one(ingress(host=host, listen_ports=LISTEN))
    assert {h for h in [*matching, *others] if service_for(made, "/v1", h)} == set(matching)


def test_what_no_rule_matches_goes_to_the_default_backend_if_there_is_one() -> None:
    without = ingress(listen_ports=LISTEN)
    assert service_for(one(without), "/none") is None
    default = {"service": {"name": "fallback", "port": {"number": 80}}}
    assert service_for(one({**without, "spec": {**without["spec"], "defaultBackend": default}}), "/none") == (
        "fallback"
    )


def test_exact_paths_go_first_then_the_longest_prefix() -> None:
    paths = [("Prefix", "/v1", "short"), ("Prefix", "/v1/chat", "long"), ("Exact", "/v1/chat", "exact")]
    rules = [
        ingress(path=path, path_type=kind, service=name)["spec"]["rules"][0]["http"]["paths"][0]
        for kind, path, name in paths
    ]
    base = ingress(listen_ports=LISTEN)
    base["spec"]["rules"][0]["http"]["paths"] = rules
    made = one(base)
    found = [service_for(made, path) for path in ("/v1/chat", "/v1/chat/x", "/v1/models")]
    assert found == ["exact", "long", "short"]


def test_ingresses_of_one_address_share_a_load_balancer_in_their_groups_order() -> None:
    early = ingress("z", service="early", group_order="-1", listen_ports=LISTEN)
    late = ingress("a", service="late", listen_ports=LISTEN)
    other = ingress("o", host="other.example.com", service="other", listen_ports=LISTEN)
    made = one(late, other, early)
    assert service_for(made, "/v1") == "early"
    assert service_for(made, "/v1", "other.example.com") == "other"


def test_an_ingress_without_an_address_or_on_its_way_out_is_not_served() -> None:
    leaving = ingress()
    leaving["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    assert build([ingress(address=""), leaving], CLASSES, {}) == []


def test_a_rule_is_on_its_own_ingresss_listeners_only() -> None:
    made = one(ingress(listen_ports='[{"HTTP":80}]'), ingress("x", host="x", listen_ports=LISTEN))
    assert service_for(made, "/v1", protocol="HTTP") == "m"
    assert service_for(made, "/v1") is None


def test_the_classs_parameters_go_before_annotations() -> None:
    attributes = [{"key": "idle_timeout.timeout_seconds", "value": "600"}]
    annotated = ingress(
        listen_ports=LISTEN,
        certificate_arn="arn:a, arn:b",
        load_balancer_attributes="idle_timeout.timeout_seconds=30",
    )
    plain = one(annotated)
    assert (plain.redirect_port, plain.certificates, plain.idle_seconds) == (None, ("arn:a", "arn:b"), 30)
    params = {"sslRedirectPort": "443", "certificateArn": ["arn:c"], "loadBalancerAttributes": attributes}
    classy = one(annotated, **params)
    assert (classy.redirect_port, classy.certificates, classy.idle_seconds) == (443, ("arn:c",), 600)


def test_settings_that_went_bad_after_the_admission_break_nothing() -> None:
    attributes = "idle_timeout.timeout_seconds=long,other"
    made = one(ingress(listen_ports=LISTEN, ssl_redirect="x", load_balancer_attributes=attributes))
    assert (made.redirect_port, made.idle_seconds) == (None, 60)


def test_without_a_certificate_the_hosts_are_looked_up() -> None:
    assert one(ingress(listen_ports=LISTEN)).discovered_hosts == (HOST,)
    assert one(ingress(listen_ports=LISTEN, certificate_arn="arn:a")).discovered_hosts == ()


def test_target_group_settings_come_from_the_ingress() -> None:
    made = one(
        ingress(
            listen_ports=LISTEN,
            healthcheck_path="/health",
            success_codes="200-299",
            target_group_attributes="load_balancing.algorithm.type=least_outstanding_requests",
        )
    )
    backend = made.backend("HTTPS", HOST, "/v1")
    assert backend is not None
    assert (backend.health_path, backend.success_codes) == ("/health", "200-299")
    assert backend.least_outstanding
    assert (backend.namespace, backend.port) == ("models", "http")


@pytest.mark.parametrize(
    ("text", "certificates", "expected"),
    [
        ("", False, {80: "HTTP"}),
        ("", True, {443: "HTTPS"}),
        (LISTEN, False, {80: "HTTP", 443: "HTTPS"}),
        ("[", True, {443: "HTTPS"}),
    ],
)
def test_listeners_default_by_certificate(text: str, certificates: bool, expected: dict[int, str]) -> None:
    assert listen_ports(text, certificates) == expected


def test_a_host_is_led_to_the_load_balancer_that_knows_it() -> None:
    first = ingress(listen_ports=LISTEN, address="a.elb.amazonaws.com")
    second = ingress("x", host="x.example.com", listen_ports=LISTEN, address=ADDRESS)
    balancers = build([first, second], CLASSES, {})
    for host, address in (
        ("x.example.com", ADDRESS),
        (ADDRESS, ADDRESS),
        (HOST, "a.elb.amazonaws.com"),
        ("unknown", "a.elb.amazonaws.com"),
    ):
        found = choose(balancers, "HTTPS", host)
        assert found is not None
        assert found.address == address
    assert choose([], "HTTPS", HOST) is None
