"""Inputs of Kubernetes objects: names, namespaces, shapes; all without a cluster."""

import re
from pathlib import Path
from typing import Any, cast

import pytest

from localcloud.kube.typed import TypedObjects
from localcloud.providers.protocol import UNKNOWN
from tests.unit.localcloud.kubernetes_fakes import FakeSession

CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
DEPLOYMENT = "kubernetes:apps/v1:Deployment"
PARAMS = "kubernetes:elbv2.k8s.aws/v1beta1:IngressClassParams"


@pytest.fixture
def session(tmp_path: Path) -> FakeSession:
    return FakeSession(tmp_path)


def check(session: FakeSession, type_: str, inputs: dict[str, Any], old: dict[str, Any] | None = None) -> Any:
    return TypedObjects(cast("Any", session)).check(type_, "settings", old or {}, inputs)


def faults(session: FakeSession, type_: str, inputs: dict[str, Any]) -> list[tuple[str, str]]:
    return [(failure.property, failure.reason) for failure in check(session, type_, inputs)[1]]


def test_kind_and_version_come_from_the_type_token(session: FakeSession) -> None:
    inputs, failures = check(session, DEPLOYMENT, deployment())
    assert (inputs["apiVersion"], inputs["kind"], failures) == ("apps/v1", "Deployment", [])
    inputs, _ = check(session, CONFIG_MAP, {"metadata": {"name": "a"}})
    assert (inputs["apiVersion"], inputs["kind"]) == ("v1", "ConfigMap")


def test_an_unnamed_object_gets_a_name_that_it_keeps(session: FakeSession) -> None:
    first, failures = check(session, CONFIG_MAP, {"data": {"a": "b"}})
    assert failures == []
    assert re.fullmatch(r"settings-[0-9a-f]{8}", first["metadata"]["name"])
    assert first["metadata"]["annotations"] == {"pulumi.com/autonamed": "true"}
    second, _ = check(session, CONFIG_MAP, {"data": {"a": "c"}}, first)
    assert second["metadata"] == first["metadata"]


def test_a_name_that_the_program_gave_up_is_not_kept(session: FakeSession) -> None:
    named, _ = check(session, CONFIG_MAP, {"metadata": {"name": "fixed"}})
    unnamed, _ = check(session, CONFIG_MAP, {}, named)
    assert unnamed["metadata"]["name"] != "fixed"


def test_no_managed_by_label_is_added(session: FakeSession) -> None:
    # The published provider labels client-side applied objects only; field managers tell the rest.
    assert "labels" not in check(session, CONFIG_MAP, {"metadata": {"name": "a"}})[0]["metadata"]


def test_the_providers_namespace_is_for_namespaced_objects_that_name_none(session: FakeSession) -> None:
    session.namespace = "models"
    assert check(session, CONFIG_MAP, {})[0]["metadata"]["namespace"] == "models"
    own = {"metadata": {"namespace": "own"}}
    assert check(session, CONFIG_MAP, own)[0]["metadata"]["namespace"] == "own"
    assert "namespace" not in check(session, "kubernetes:core/v1:Namespace", {})[0]["metadata"]


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        ({"metadata": {"name": "a"}, "dat": {}}, ("", "has unknown field 'dat'")),
        ({"metadata": {"name": "a"}, "data": {"a": 1}}, ("data.a", "is a number; expected string")),
        ({"metadata": {"name": "a", "label": {}}}, ("metadata", "has unknown field 'label'")),
        (
            {"metadata": {"name": "a"}, "data": {"a.b": True}},
            ('data["a.b"]', "is a boolean; expected string"),
        ),
        (
            {"metadata": {"name": "a"}, "kind": "Secret"},
            ("kind", "is 'Secret'; kubernetes:core/v1:ConfigMap is ConfigMap"),
        ),
        (
            {"metadata": {"generateName": "a-"}},
            ("metadata.generateName", "is not supported with server-side apply"),
        ),
    ],
)
def test_a_wrong_field_is_refused_with_its_path(
    session: FakeSession, inputs: dict[str, Any], expected: tuple[str, str]
) -> None:
    assert expected in faults(session, CONFIG_MAP, inputs)


def test_faults_deep_inside_a_pod_are_found(session: FakeSession) -> None:
    inputs = deployment(image=5, replicas="two")
    assert faults(session, DEPLOYMENT, inputs) == [
        ("spec.replicas", "is a string; expected integer"),
        ("spec.template.spec.containers[0].image", "is a number; expected string"),
    ]


def test_a_missing_required_field_is_refused(session: FakeSession) -> None:
    assert ("spec", "'selector' is a required property") in faults(
        session, DEPLOYMENT, {"metadata": {"name": "a"}, "spec": {"template": {}}}
    )


def test_unknown_values_pass_whatever_their_type(session: FakeSession) -> None:
    assert faults(session, DEPLOYMENT, deployment(image=UNKNOWN, replicas=UNKNOWN)) == []


def test_a_name_that_kubernetes_would_refuse_is_refused_at_preview(session: FakeSession) -> None:
    (fault,) = faults(session, CONFIG_MAP, {"metadata": {"name": "My_Map"}})
    assert fault[0] == "metadata.name"
    assert "lower case letters" in fault[1]
    role = "kubernetes:rbac.authorization.k8s.io/v1:ClusterRole"
    assert faults(session, role, {"metadata": {"name": "system:node"}}) == []


def test_metadata_of_custom_resources_is_checked_and_their_spec_is_left_to_the_server(
    session: FakeSession,
) -> None:
    inputs = {"metadata": {"name": "alb", "labels": {"a": 1}}, "spec": {"anything": [1]}}
    assert faults(session, PARAMS, inputs) == [("metadata.labels.a", "is a number; expected string")]


def test_a_patch_may_leave_required_fields_out_but_not_its_name(session: FakeSession) -> None:
    patch = "kubernetes:apps/v1:DeploymentPatch"
    inputs, failures = check(session, patch, {"metadata": {"name": "a"}, "spec": {"replicas": 2}})
    assert (inputs["kind"], failures) == ("Deployment", [])
    assert ("metadata.name", "is required in a Patch resource") in faults(session, patch, {})


@pytest.mark.parametrize(
    ("type_", "reason"),
    [
        ("kubernetes:helm.sh:Chart", "has no resource"),
        ("kubernetes:core/v1:ConfigMapList", "register its items one by one"),
    ],
)
def test_what_is_no_single_object_is_refused(session: FakeSession, type_: str, reason: str) -> None:
    ((_, told),) = faults(session, type_, {})
    assert reason in told


def test_a_refusal_never_quotes_a_secrets_value(session: FakeSession) -> None:
    inputs = {"metadata": {"name": "a"}, "stringData": {"key": ["very-secret"]}}
    (fault,) = faults(session, "kubernetes:core/v1:Secret", inputs)
    assert "very-secret" not in str(fault)


def deployment(image: Any = "vllm", replicas: Any = 1) -> dict[str, Any]:
    labels = {"app": "a"}
    container = {"name": "c", "image": image}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    spec = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template}
    return {"metadata": {"name": "a"}, "spec": spec}
