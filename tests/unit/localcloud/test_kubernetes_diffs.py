"""What changed between two objects, what of it replaces, and what of a live object is ours."""

import base64
from pathlib import Path
from typing import Any, cast

import pytest

from localcloud.kube import objects
from localcloud.kube.typed import TypedObjects
from localcloud.providers.protocol import UNKNOWN
from tests.unit.localcloud.kubernetes_fakes import FakeSession


def config_map(name: str = "a", namespace: str | None = None, **data: Any) -> dict[str, Any]:
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def secret(**string_data: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, "stringData": string_data}


@pytest.fixture
def session(tmp_path: Path) -> FakeSession:
    return FakeSession(tmp_path)


def diff(session: FakeSession, type_: str, old: dict[str, Any], new: dict[str, Any]) -> Any:
    return TypedObjects(cast("Any", session)).diff(f"kubernetes:{type_}", "default/a", old, new)


def changes(found: Any) -> list[tuple[str, str, bool]]:
    return [(change.path, change.kind, change.replace) for change in found.changes]


def test_equal_inputs_have_no_difference(session: FakeSession) -> None:
    assert changes(diff(session, "core/v1:ConfigMap", config_map(a="b"), config_map(a="b"))) == []


def test_the_default_namespace_written_out_is_no_change(session: FakeSession) -> None:
    new = config_map(namespace="default", a="b")
    assert changes(diff(session, "core/v1:ConfigMap", config_map(a="b"), new)) == []


@pytest.mark.parametrize("new", [config_map(name="b"), config_map(namespace="models")])
def test_another_place_replaces_and_may_come_first(session: FakeSession, new: dict[str, Any]) -> None:
    found = diff(session, "core/v1:ConfigMap", config_map(), new)
    assert [change.replace for change in found.changes] == [True]
    assert not found.delete_before_replace


def test_data_replaces_a_fixed_name_old_object_first_unless_the_provider_says_mutable(
    session: FakeSession,
) -> None:
    old, new = config_map(a="b"), config_map(a="c")
    found = diff(session, "core/v1:ConfigMap", old, new)
    assert changes(found) == [("data.a", "update", True)]
    assert found.delete_before_replace
    session.mutable_config_maps = True
    found = diff(session, "core/v1:ConfigMap", old, new)
    assert changes(found) == [("data.a", "update", False)]
    assert not found.delete_before_replace


def test_an_autonamed_object_is_replaced_new_one_first(session: FakeSession) -> None:
    old, new = secret(key="old"), secret(key="new")
    for inputs in (old, new):
        inputs["metadata"]["annotations"] = {objects.AUTONAMED: "true"}
    found = diff(session, "core/v1:Secret", old, new)
    assert changes(found) == [("stringData.key", "update", True)]
    assert not found.delete_before_replace


def test_an_immutable_secret_is_replaced_even_where_secrets_are_mutable(session: FakeSession) -> None:
    session.mutable_secrets = True
    old, new = secret(key="old"), secret(key="new")
    assert changes(diff(session, "core/v1:Secret", old, new)) == [("stringData.key", "update", False)]
    old["immutable"] = new["immutable"] = True
    assert changes(diff(session, "core/v1:Secret", old, new)) == [("stringData.key", "update", True)]


def test_a_deployments_selector_replaces_and_its_image_does_not(session: FakeSession) -> None:
    def deployment(label: str, image: str) -> dict[str, Any]:
        spec: dict[str, Any] = {
            "selector": {"matchLabels": {"app": label}},
            "template": {"spec": {"containers": [{"name": "c", "image": image}]}},
        }
        return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"}, "spec": spec}

    found = diff(session, "apps/v1:Deployment", deployment("a", "1"), deployment("b", "2"))
    assert changes(found) == [
        ("spec.selector.matchLabels.app", "update", True),
        ("spec.template.spec.containers[0].image", "update", False),
    ]


def test_a_patch_is_replaced_for_its_target_only(session: FakeSession) -> None:
    old, new = config_map(a="b"), config_map(a="c")
    assert changes(diff(session, "core/v1:ConfigMapPatch", old, new)) == [("data.a", "update", False)]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({"a": 1}, {"a": 1.0}, []),
        ({"a": 1}, {"a": True}, [("a", "update")]),
        ({"a": None}, {}, []),
        ({}, {"a": {"b": 1}}, [("a", "add")]),
        ({"a": [1, 2]}, {"a": [1]}, [("a[1]", "delete")]),
        ({"a": [{"b": 1}]}, {"a": [{"b": 1}, {"b": 2}]}, [("a[1]", "add")]),
        ({"a": "x"}, {"a": UNKNOWN}, [("a", "update")]),
        ({"a": {"x.y/z": "1"}}, {"a": {"x.y/z": "2"}}, [('a["x.y/z"]', "update")]),
    ],
)
def test_differences_by_field(old: Any, new: Any, expected: list[tuple[str, str]]) -> None:
    assert [(change.path, change.kind) for change in objects.differences(old, new)] == expected


def test_removing_the_parent_of_an_immutable_field_replaces() -> None:
    (change,) = objects.differences({"spec": {"selector": 1}}, {}, ["spec.selector"])
    assert change.replace


@pytest.mark.parametrize(
    ("live", "inputs", "expected"),
    [
        # What the server or others added is not ours.
        ({"a": 1, "b": 2}, {"a": 1}, {"a": 1}),
        # What is gone shows.
        ({}, {"a": 1}, {}),
        # Empty and absent mean the same to Kubernetes.
        ({}, {"a": {}, "b": [], "c": "", "d": False}, {"a": {}, "b": [], "c": "", "d": False}),
        # The same amount in other words.
        (
            {"limits": {"cpu": "1", "memory": "1Gi"}},
            {"limits": {"cpu": "1000m", "memory": "1024Mi"}},
            {"limits": {"cpu": "1000m", "memory": "1024Mi"}},
        ),
        (
            {"limits": {"nvidia.com/gpu": "4"}},
            {"limits": {"nvidia.com/gpu": 4}},
            {"limits": {"nvidia.com/gpu": 4}},
        ),
        ({"limits": {"cpu": "2"}}, {"limits": {"cpu": "1"}}, {"limits": {"cpu": "2"}}),
        # 1 Gi is no quantity where names are meant.
        ({"name": "1Gi"}, {"name": "1024Mi"}, {"name": "1Gi"}),
        # Lists are matched by what Kubernetes merges them by; items of others are not ours.
        (
            {"env": [{"name": "X", "value": "1"}, {"name": "A", "value": "2"}]},
            {"env": [{"name": "A", "value": "1"}]},
            {"env": [{"name": "A", "value": "2"}]},
        ),
        # A list without such keys is compared as a whole.
        ({"args": ["a", "b"]}, {"args": ["a"]}, {"args": ["a", "b"]}),
        ({"replicas": 0}, {"replicas": 2}, {"replicas": 0}),
    ],
)
def test_the_live_state_is_restricted_to_what_the_inputs_speak_of(
    live: Any, inputs: Any, expected: Any
) -> None:
    assert objects.restrict(live, inputs) == expected


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("1", "1000m", True),
        ("1Gi", "1024Mi", True),
        ("1G", "1Gi", False),
        ("0.5", "500m", True),
        ("a", "a", False),
    ],
)
def test_quantities(one: str, other: str, same: bool) -> None:
    assert objects.same_quantity(one, other) is same


def test_string_data_is_read_back_from_data() -> None:
    live = {
        "apiVersion": "v1",
        "kind": "Secret",
        "data": {"key": base64.b64encode(b"changed").decode(), "other": "eA=="},
    }
    inputs = {"apiVersion": "v1", "kind": "Secret", "stringData": {"key": "ours", "gone": "x"}}
    assert objects.live_inputs(live, inputs)["stringData"] == {"key": "changed"}


def test_a_manifest_holds_digests_of_a_secrets_values() -> None:
    by_data = {**secret(), "data": {"key": base64.b64encode(b"topsecret").decode()}}
    by_string = secret(key="topsecret")
    assert objects.masked(by_data)["data"] == objects.masked(by_string)["data"]
    assert "topsecret" not in str(objects.masked(by_string))
    assert objects.masked(secret(key="other"))["data"] != objects.masked(by_string)["data"]
    assert objects.masked(config_map(a="b"))["data"] == {"a": "b"}


def test_messages_lose_the_values_of_the_secret_they_are_about() -> None:
    encoded = base64.b64encode(b"hunter22").decode()
    assert (
        objects.scrubbed(f"bad hunter22 and {encoded}", secret(key="hunter22")) == "bad [secret] and [secret]"
    )


def test_the_sdks_spelling_of_schema_extensions_is_undone() -> None:
    sent = {"x_kubernetes_preserve_unknown_fields": True, "_ref": "#/x", "x_other": 1, "gone": None}
    assert objects.to_api(sent) == {"x-kubernetes-preserve-unknown-fields": True, "$ref": "#/x", "x_other": 1}
