"""The load balancer that a group of Ingresses asks for."""

import json
from typing import Any

import pytest

from localcloud.kube.load_balancer_models import Model, build
from localcloud.kube.load_balancer_settings import Member, ModelError
from tests.unit.localcloud.load_balancing import CERTIFICATE, SETTINGS, Object, ingress, service, world

BOTH = json.dumps([{"HTTP": 80}, {"HTTPS": 443}])


def model(*items: Object, params: Object | None = None, **changes: Any) -> Model:
    members = [Member(one, {"spec": params or {}}) for one in items]
    return build(members, "plane", SETTINGS, world(**changes))


def test_plain_listeners_redirect_and_the_others_serve() -> None:
    found = model(ingress(alb={"listen_ports": BOTH, "ssl_redirect": "443"}))
    assert [(one.port, one.protocol, one.redirects_to) for one in found.listeners] == [
        (80, "HTTP", 443),
        (443, "HTTPS", 0),
    ]
    assert found.listeners[1].certificates == (CERTIFICATE,)


def test_each_service_port_of_an_ingress_has_one_target_group() -> None:
    found = model(ingress("a"), ingress("b"))
    assert {one.resource for one in found.targets} == {"models/a-s:http", "models/b-s:http"}
    assert {(one.kind, one.port) for one in found.targets} == {("ip", 8000)}
    assert [(one.host, one.path) for one in found.routes] == [
        ("a.example.com", "/v1"),
        ("b.example.com", "/v1"),
    ]


def test_an_ingress_whose_service_is_missing_has_no_target_group() -> None:
    found = model(ingress(), service=lambda namespace, name: None)
    assert (found.targets, found.routes) == ((), ())


def test_instances_need_a_node_port() -> None:
    item = ingress(alb={"target_type": "instance"})
    with pytest.raises(
        ModelError, match="service type must be either 'NodePort' or 'LoadBalancer': models/s"
    ):
        model(item)
    assert model(item, service=lambda namespace, name: service("NodePort")).targets[0].kind == "instance"


def test_tags_attributes_and_ranges_come_from_class_and_controller() -> None:
    params = {
        "tags": [{"key": "team", "value": "models"}],
        "loadBalancerAttributes": [{"key": "idle_timeout.timeout_seconds", "value": "600"}],
        "inboundCIDRs": ["10.0.0.0/8"],
    }
    found = model(ingress(), params=params)
    assert found.tags == (("team", "models"),)
    assert found.attributes == (("idle_timeout.timeout_seconds", "600"),)
    assert found.inbound_cidrs == ("10.0.0.0/8",)


def test_a_load_balancer_that_is_there_keeps_its_subnets() -> None:
    assert model(ingress()).subnets == ("subnet-1", "subnet-2")
    assert model(ingress(), present=lambda stack, scheme: ("subnet-8", "subnet-9")).subnets == (
        "subnet-8",
        "subnet-9",
    )


def test_named_subnets_win_and_missing_ones_are_told() -> None:
    assert model(ingress(alb={"subnets": "subnet-3, subnet-2"})).subnets == ("subnet-2", "subnet-3")
    by_class = model(ingress(), params={"subnets": {"ids": ["subnet-1", "subnet-4"]}})
    assert by_class.subnets == ("subnet-1", "subnet-4")
    with pytest.raises(ModelError, match=r"^couldn't auto-discover subnets: unable to resolve"):
        model(ingress(), subnets=list)


def test_names_are_stable_and_differ_by_group_and_scheme() -> None:
    one, again = model(ingress("a")), model(ingress("a"), ingress("b"))
    assert (one.name, one.security_group) == (again.name, again.security_group)
    public = model(ingress(), params={"scheme": "internet-facing"})
    assert public.name != one.name
    assert public.security_group == one.security_group
