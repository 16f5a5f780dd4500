"""The load balancer's settings: what the class says, what an Ingress says, and that they agree."""

import json
from typing import Any

import pytest

from components.alb_ingress import ingress_annotations, ingress_class_params_spec
from tests.golden_files import check_golden, pretty_json

PREFIX = "alb.ingress.kubernetes.io/"
SETTINGS: dict[str, Any] = {"scheme": "internet-facing", "group_name": "poolside"}


def test_the_class_carries_everything_about_the_load_balancer_as_a_whole():
    spec = ingress_class_params_spec(
        **SETTINGS,
        certificate_arns=["arn:aws:acm:us-east-2:111122223333:certificate/a"],
        inbound_cidrs=["10.0.0.0/8"],
        namespace_labels={"kubernetes.io/metadata.name": "poolside-models"},
    )
    check_golden("alb/ingress-class-params.json", pretty_json(spec))


def test_what_is_not_given_is_left_out_of_the_class():
    assert ingress_class_params_spec(**SETTINGS) == {
        "scheme": "internet-facing",
        "group": {"name": "poolside"},
        "sslPolicy": "ELBSecurityPolicy-TLS13-1-2-2021-06",
        "sslRedirectPort": "443",
        "targetType": "ip",
        "loadBalancerAttributes": [{"key": "idle_timeout.timeout_seconds", "value": "600"}],
    }


def test_annotations_equal_the_reviewed_file():
    check_golden("alb/ingress-annotations.json", pretty_json(ingress_annotations(**SETTINGS)))


def test_http_has_a_listener_so_that_it_can_redirect():
    annotations = ingress_annotations(**SETTINGS)
    listeners = json.loads(annotations[f"{PREFIX}listen-ports"])
    assert listeners == [{"HTTP": 80}, {"HTTPS": 443}]
    assert {"HTTPS": int(annotations[f"{PREFIX}ssl-redirect"])} in listeners


@pytest.mark.parametrize("scheme", ["internal", "internet-facing"])
@pytest.mark.parametrize(
    "policy", ["ELBSecurityPolicy-TLS13-1-2-2021-06", "ELBSecurityPolicy-TLS13-1-3-2021-06"]
)
def test_class_and_ingress_never_contradict_each_other(scheme, policy):
    annotations = ingress_annotations(scheme=scheme, group_name="g", ssl_policy=policy)
    spec = ingress_class_params_spec(scheme=scheme, group_name="g", ssl_policy=policy)
    assert annotations[f"{PREFIX}scheme"] == spec["scheme"]
    assert annotations[f"{PREFIX}group.name"] == spec["group"]["name"]
    assert annotations[f"{PREFIX}ssl-policy"] == spec["sslPolicy"]
    assert annotations[f"{PREFIX}ssl-redirect"] == spec["sslRedirectPort"]
    assert annotations[f"{PREFIX}target-type"] == spec["targetType"]


def test_an_ingress_says_nothing_that_must_be_equal_in_the_group_or_is_unknown_at_preview():
    names = {name.removeprefix(PREFIX) for name in ingress_annotations(**SETTINGS)}
    assert not names & {"certificate-arn", "load-balancer-attributes", "inbound-cidrs"}


def test_every_annotation_is_text():
    assert all(isinstance(value, str) for value in ingress_annotations(**SETTINGS).values())


def test_the_health_check_can_be_chosen():
    assert (
        ingress_annotations(**SETTINGS, health_check_path="/ready")[f"{PREFIX}healthcheck-path"] == "/ready"
    )


def test_the_drain_of_a_target_is_the_charts_unless_given():
    name = f"{PREFIX}target-group-attributes"
    assert name not in ingress_annotations(**SETTINGS)
    assert ingress_annotations(**SETTINGS, deregistration_delay_seconds=30)[name] == (
        "deregistration_delay.timeout_seconds=30,load_balancing.algorithm.type=least_outstanding_requests"
    )
