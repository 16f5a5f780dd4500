"""Create, read, update and delete of single objects against a fake API server."""

from pathlib import Path
from typing import Any, cast

import pytest

from localcloud.kube.api import ApiError
from localcloud.kube.typed import FIELD_MANAGER, TypedObjects
from localcloud.providers.protocol import PartialFailureError, ProviderError
from tests.unit.localcloud.kubernetes_fakes import FakeApi, FakeSession

CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
SECRET = "kubernetes:core/v1:Secret"
PATCH = "kubernetes:core/v1:ConfigMapPatch"
MARK = "4dabf18193072939515e22adb298388d"


def config_map(**data: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": data}


class Bench:
    def __init__(self, folder: Path, api: FakeApi | None = None) -> None:
        self.session = FakeSession(folder, api)
        self.api = self.session.fake_api
        self.objects = TypedObjects(cast("Any", self.session))

    def create(self, inputs: dict[str, Any], type_: str = CONFIG_MAP, name: str = "a", **options: Any) -> Any:
        options = {"preview": False, "timeout": 0.05, **options}
        return self.objects.create(type_, name, inputs, **options)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_create_applies_with_our_manager_and_returns_the_live_object(bench: Bench) -> None:
    id_, state = bench.create(config_map(a="b"))
    assert id_ == "default/a"
    assert bench.api.applied == [("a", FIELD_MANAGER, False)]
    assert state["metadata"]["uid"]
    assert "managedFields" not in state["metadata"]


def test_a_preview_touches_nothing(bench: Bench) -> None:
    bench.api.unreachable = True
    assert bench.create(config_map(a="b"), preview=True) == ("", config_map(a="b"))
    updated = bench.objects.update(CONFIG_MAP, "default/a", {}, config_map(a="c"), preview=True, timeout=0)
    assert updated == config_map(a="c")
    assert bench.api.applied == []


def test_an_object_that_exists_is_refused_unless_told_otherwise(bench: Bench) -> None:
    bench.api.add(config_map(a="theirs"))
    with pytest.raises(ProviderError, match="ConfigMap a already exists and is not managed by this stack"):
        bench.create(config_map(a="b"))
    assert bench.api.applied == []
    bench.session.upsert = True
    bench.create(config_map(a="b"))
    assert bench.api.applied == [("a", FIELD_MANAGER, False)]


def test_an_object_that_never_becomes_ready_stays_in_the_state(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "models"}}
    with pytest.raises(PartialFailureError, match="was not ready within") as caught:
        bench.create(namespace, "kubernetes:core/v1:Namespace")
    assert (caught.value.id, caught.value.inputs) == ("models", namespace)
    assert caught.value.state["metadata"]["uid"]


def test_skip_await_goes_on_at_once(bench: Bench) -> None:
    metadata = {"name": "models", "annotations": {"pulumi.com/skipAwait": "true"}}
    inputs = {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}
    assert bench.create(inputs, "kubernetes:core/v1:Namespace")[0] == "models"


def test_a_conflict_names_the_object_and_the_way_out(bench: Bench) -> None:
    bench.api.refuse = ApiError(
        409, "Conflict", 'Apply failed with 1 conflict: conflict with "kubectl": .data.a'
    )
    with pytest.raises(ProviderError) as caught:
        bench.create(config_map(a="b"))
    assert "ConfigMap default/a: Apply failed with 1 conflict" in str(caught.value)
    assert 'pulumi.com/patchForce: "true"' in str(caught.value)


def test_an_error_about_a_secret_does_not_show_it(bench: Bench) -> None:
    bench.api.refuse = ApiError(422, "Invalid", "Invalid value: hunter22")
    inputs = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "a"},
        "stringData": {"k": "hunter22"},
    }
    with pytest.raises(ProviderError) as caught:
        bench.create(inputs, SECRET)
    assert "hunter22" not in str(caught.value)


def test_a_secrets_contents_leave_the_provider_marked_secret(bench: Bench) -> None:
    inputs = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, "data": {"k": "eA=="}}
    id_, state = bench.create(inputs, SECRET)
    assert state["data"][MARK]
    found = bench.objects.read(SECRET, id_, inputs, {})
    assert found
    assert found[1]["data"] == {MARK: state["data"][MARK], "value": {"k": "eA=="}}
    assert found[2]["data"][MARK]


def test_read_is_silent_when_nothing_changed_and_shows_what_did(bench: Bench) -> None:
    inputs = config_map(a="b")
    id_, state = bench.create(inputs)
    found = bench.objects.read(CONFIG_MAP, id_, inputs, state)
    assert found
    assert found[1] == inputs
    bench.api.add(config_map(a="drifted", theirs="x"))
    found = bench.objects.read(CONFIG_MAP, id_, inputs, state)
    assert found
    assert found[1]["data"] == {"a": "drifted"}


def test_read_of_what_is_gone_says_so(bench: Bench) -> None:
    assert bench.objects.read(CONFIG_MAP, "default/a", config_map(), {}) is None


def test_an_import_leaves_out_what_the_server_added(bench: Bench) -> None:
    bench.create(config_map(a="b"))
    found = bench.objects.read(CONFIG_MAP, "default/a", {}, {})
    assert found
    assert found[1]["metadata"] == {"name": "a", "namespace": "default"}


def test_update_applies_the_whole_object_with_the_same_manager(bench: Bench) -> None:
    _, state = bench.create(config_map(a="b"))
    state = bench.objects.update(CONFIG_MAP, "default/a", state, config_map(a="c"), preview=False, timeout=1)
    assert state["data"] == {"a": "c"}
    assert [manager for _, manager, _ in bench.api.applied] == [FIELD_MANAGER] * 2


def test_patches_of_one_object_have_managers_of_their_own_and_give_their_fields_back(bench: Bench) -> None:
    bench.api.add(config_map(theirs="x"))
    id_, one = bench.create(config_map(a="b"), PATCH)
    _, other = bench.create(config_map(c="d"), PATCH, name="other")
    managers = [manager for _, manager, _ in bench.api.applied]
    assert len(set(managers)) == 2
    assert FIELD_MANAGER not in managers
    bench.objects.update(PATCH, id_, one, config_map(a="c"), preview=False, timeout=1)
    bench.objects.delete(PATCH, id_, one, timeout=1)
    assert [manager for _, manager, _ in bench.api.applied[2:]] == [managers[0]] * 2
    assert bench.api.deleted == []
    assert other["__fieldManager"] == managers[1]


def test_delete_waits_for_finalizers_and_names_them(bench: Bench) -> None:
    inputs = config_map(a="b")
    inputs["metadata"]["finalizers"] = ["example.com/hold"]
    id_, state = bench.create(inputs)
    with pytest.raises(
        ProviderError, match=r"ConfigMap default/a is held by its finalizers: example\.com/hold"
    ):
        bench.objects.delete(CONFIG_MAP, id_, state, timeout=0.05)


def test_delete_of_what_is_gone_is_no_error(bench: Bench) -> None:
    bench.objects.delete(CONFIG_MAP, "default/a", {}, timeout=1)
    assert bench.api.deleted == []


def test_an_unreachable_cluster_forgets_objects_only_when_told_to(bench: Bench) -> None:
    bench.api.unreachable = True
    with pytest.raises(Exception, match="does not answer"):
        bench.objects.delete(CONFIG_MAP, "default/a", {}, timeout=1)
    bench.session.delete_unreachable = True
    bench.objects.delete(CONFIG_MAP, "default/a", {}, timeout=1)
