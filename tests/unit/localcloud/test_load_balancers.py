"""Which Ingresses the load balancer controller takes on, in which groups, and when it lets go of them."""

import json
from typing import Any

import pytest

from localcloud.kube.load_balancer_settings import Settings, covers
from localcloud.kube.load_balancers import Group, reconcile, running_settings
from tests.unit.localcloud.load_balancing import CERTIFICATE, SETTINGS, Object, deployment, ingress, world

IMPLICIT = "ingress.k8s.aws/resources"


def group(item: Object, where: Any = None, settings: Settings = SETTINGS) -> Group:
    (found,) = reconcile([item], settings, where or world())
    return found


def finalizers(found: Group) -> list[tuple[str, ...]]:
    return [change.finalizers for change in found.members]


def test_an_ingress_of_its_own() -> None:
    found = group(ingress())
    assert finalizers(found) == [(IMPLICIT,)]
    assert found.stack == "models/a"
    assert found.model
    assert found.model.hostname.startswith("internal-k8s-models-a-")
    assert found.model.hostname.endswith(".us-east-2.elb.amazonaws.com")
    assert found.problem == ""


def test_a_group_shares_one_load_balancer_and_one_finalizer() -> None:
    params = {"group": {"name": "plane.models"}, "scheme": "internet-facing"}
    (found,) = reconcile([ingress("a"), ingress("b")], SETTINGS, world(params))
    assert finalizers(found) == [("group.ingress.k8s.aws/plane.models",)] * 2
    assert found.model
    assert found.model.name.startswith("k8s-planemodels-")
    assert len(found.model.name.rpartition("-")[2]) == 10


def test_the_class_wins_over_annotations() -> None:
    item = ingress(alb={"group.name": "own", "scheme": "internet-facing"})
    assert group(item).stack == "own"
    found = group(item, world({"group": {"name": "plane"}, "scheme": "internal"}))
    assert found.stack == "plane"
    assert found.model
    assert found.model.scheme == "internal"


def test_other_finalizers_stay() -> None:
    assert finalizers(group(ingress(finalizers=["x/y"]))) == [("x/y", IMPLICIT)]


def test_a_deleted_ingress_leaves_its_group_whatever_its_class_has_become() -> None:
    item = ingress(class_name="gone", finalizers=["x/y", "group.ingress.k8s.aws/g"], deletionTimestamp="now")
    found = group(item)
    assert (found.stack, found.members, found.model) == ("g", (), None)
    assert [change.finalizers for change in found.leaving] == [("x/y",)]


def test_a_group_that_cannot_be_built_holds_those_that_leave() -> None:
    params = {"group": {"name": "g"}}
    gone = ingress("a", finalizers=["group.ingress.k8s.aws/g"], deletionTimestamp="now")
    broken = ingress("b", alb={"listen_ports": "[]"})
    (found,) = reconcile([gone, broken], SETTINGS, world(params))
    assert found.problem == "empty listen-ports configuration: `[]`"
    assert [change.ingress for change in found.leaving] == [gone]


def test_the_load_balancer_of_those_that_stay_is_built_without_the_one_that_leaves() -> None:
    params = {"group": {"name": "g"}}
    gone = ingress("a", finalizers=["group.ingress.k8s.aws/g"], deletionTimestamp="now")
    (found,) = reconcile([gone, ingress("b")], SETTINGS, world(params))
    assert found.model
    assert [route.host for route in found.model.routes] == ["b.example.com"]


def test_an_ingress_that_changes_its_group_joins_one_and_leaves_the_other() -> None:
    item = ingress(finalizers=[IMPLICIT], alb={"group.name": "g"})
    new, old = reconcile([item], SETTINGS, world())
    assert (new.stack, finalizers(new)) == ("g", [(IMPLICIT, "group.ingress.k8s.aws/g")])
    assert (old.stack, [change.finalizers for change in old.leaving]) == ("models/a", [()])


def test_an_ingress_that_left_the_class_is_let_go() -> None:
    found = group(ingress(class_name="nginx", finalizers=[IMPLICIT]))
    assert [change.finalizers for change in found.leaving] == [()]


@pytest.mark.parametrize("class_name", ["nginx", "gone"])
def test_ingresses_of_others_are_left_alone(class_name: str) -> None:
    assert reconcile([ingress(class_name=class_name)], SETTINGS, world()) == []


def test_a_class_that_vanished_leaves_its_group_as_it_is() -> None:
    found = group(ingress(class_name="gone", finalizers=[IMPLICIT]))
    assert found.unknown
    assert (found.members, found.leaving, found.model) == ((), (), None)


def test_a_namespace_that_the_class_does_not_select_gets_nothing() -> None:
    selector = {"namespaceSelector": {"matchLabels": {"team": "models"}}}
    assert reconcile([ingress()], SETTINGS, world(selector)) == []
    allowed = world(selector, namespace_labels=lambda namespace: {"team": "models"})
    assert group(ingress(), allowed).model


BOTH = json.dumps([{"HTTP": 80}, {"HTTPS": 443}])


@pytest.mark.parametrize(
    ("annotations", "params", "problem"),
    [
        ({"listen_ports": BOTH, "ssl_redirect": "443"}, {}, ""),
        ({"listen_ports": BOTH}, {"sslRedirectPort": "443"}, ""),
        (
            {"listen_ports": '[{"HTTP":80}]', "ssl_redirect": "443"},
            {},
            "listener does not exist for SSLRedirect port: 443",
        ),
        (
            {"listen_ports": BOTH, "ssl_redirect": "80"},
            {},
            "listener protocol non-SSL for SSLRedirect port: 80",
        ),
        ({"listen_ports": "80"}, {}, "failed to parse listen-ports configuration: `80`"),
        ({"listen_ports": "[]"}, {}, "empty listen-ports configuration: `[]`"),
        ({"listen_ports": '[{"HTTP":0}]'}, {}, "listen port must be within [1, 65535]: 0"),
        ({"listen_ports": '[{"TCP":80}]'}, {}, "listen protocol must be within [HTTP, HTTPS]: TCP"),
        ({"scheme": "public"}, {}, "unknown scheme: public"),
        ({"target_type": "pod"}, {}, "unknown targetType: pod"),
        (
            {"target_type": "instance"},
            {},
            "service type must be either 'NodePort' or 'LoadBalancer': models/s",
        ),
        (
            {"load_balancer_attributes": "idle_timeout.timeout_seconds"},
            {},
            "failed to parse stringMap annotation, load-balancer-attributes: idle_timeout.timeout_seconds",
        ),
    ],
)
def test_settings_that_make_no_load_balancer(
    annotations: dict[str, str], params: dict[str, Any], problem: str
) -> None:
    found = group(ingress(alb=annotations), world(params))
    assert found.problem == problem
    assert (found.model is None) is bool(problem)
    # The real controller takes hold of an Ingress before it knows whether a model can be built.
    assert finalizers(found) == [(IMPLICIT,)]


def test_a_certificate_is_looked_for_when_none_is_named() -> None:
    without = world(certificate_names=list)
    item = ingress(alb={"listen_ports": BOTH})
    assert group(item, without).problem == "no certificate found for host: a.example.com"
    found = group(item)
    assert found.model
    assert [listener.certificates for listener in found.model.listeners] == [(), (CERTIFICATE,)]
    named = group(ingress(alb={"listen_ports": BOTH, "certificate_arn": "arn:own"}), without)
    assert named.model
    assert named.model.listeners[1].certificates == ("arn:own",)
    assert group(item, world({"certificateArn": ["arn:own"]}, certificate_names=list)).model


@pytest.mark.parametrize(
    ("name", "host", "covered"),
    [
        ("a.example.com", "a.example.com", True),
        ("*.example.com", "a.example.com", True),
        ("*.example.com", "a.b.example.com", False),
        ("*.example.com", "example.com", False),
    ],
)
def test_a_wildcard_stands_for_one_label(name: str, host: str, covered: bool) -> None:
    assert covers(name, host) is covered


@pytest.mark.parametrize(
    ("one", "other", "problem"),
    [
        ({"scheme": "internal"}, {"scheme": "internet-facing"}, "conflicting scheme"),
        (
            {"load_balancer_attributes": "idle_timeout.timeout_seconds=60"},
            {"load_balancer_attributes": "idle_timeout.timeout_seconds=600"},
            "conflicting loadBalancerAttribute idle_timeout.timeout_seconds: 60 | 600",
        ),
        (
            {"listen_ports": '[{"HTTP":443}]'},
            {"listen_ports": '[{"HTTPS":443}]'},
            "conflicting protocol for port 443",
        ),
    ],
)
def test_members_that_contradict_each_other_stop_the_whole_group(
    one: dict[str, str], other: dict[str, str], problem: str
) -> None:
    group = {"group.name": "g"}
    members = [ingress("a", alb={**group, **one}), ingress("b", alb={**group, **other})]
    (found,) = reconcile(members, SETTINGS, world())
    assert problem in found.problem
    assert found.model is None


def test_the_controllers_flags_count_while_it_is_available() -> None:
    assert running_settings([deployment(0)]) is None
    assert running_settings([]) is None
    tags = (("project", "plane"), ("team", "models"))
    assert running_settings([deployment(1)]) == Settings(
        "plane", "us-east-2", "ip", "internal", "vpc-1", tags
    )
