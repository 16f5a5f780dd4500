"""Helm releases: where charts come from, what is checked, what a diff shows, what a failure says."""

import base64
import gzip
import json
import re
from pathlib import Path
from typing import Any, cast

import pytest

from localcloud.kube import charts, manifests, releases
from localcloud.kube.release import Releases
from localcloud.kube.release_inputs import check_values, merged
from localcloud.providers.protocol import UNKNOWN, PartialFailureError, ProviderError
from tests.unit.localcloud.kubernetes_fakes import FakeApi, FakeHelm, FakeSession

MANIFEST = """
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {key: "%s"}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: reader, labels: {app.kubernetes.io/managed-by: Helm}}
"""
SETTINGS = "ConfigMap/v1 models/settings"
READER = "ClusterRole.rbac.authorization.k8s.io/v1 reader"


class Bench:
    """A chart on disk, a fake Helm that records releases in a fake API server."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.api = FakeApi()
        self.helm = FakeHelm(MANIFEST % "a")
        self.session = FakeSession(folder, self.api, self.helm)
        self.releases = Releases(cast("Any", self.session), folder)
        write_chart(folder / "chart")

    def check(self, old: dict[str, Any] | None = None, **inputs: Any) -> tuple[dict[str, Any], list[Any]]:
        given = {"chart": "chart", "name": "r", "namespace": "models", **inputs}
        return self.releases.check("r", old or {}, {k: v for k, v in given.items() if v is not None})

    def faults(self, **inputs: Any) -> list[tuple[str, str]]:
        return [(failure.property, failure.reason) for failure in self.check(**inputs)[1]]

    def deployed(self, status: str = "deployed", revision: int = 1, key: str = "a", **values: Any) -> None:
        """Helm has this release, and its objects are there."""
        record_release(self.api, status, revision, MANIFEST % key, values)
        for item in manifests.parse(MANIFEST % key, "models").values():
            self.api.add(item)


def write_chart(folder: Path, **schema: Any) -> None:
    folder.mkdir()
    (folder / "Chart.yaml").write_text("apiVersion: v2\nname: mine\nversion: 1.2.3\nappVersion: '9'\n")
    (folder / "values.yaml").write_text("replicas: 1\nimage: {tag: x, name: y}\n")
    types = {"replicas": {"type": "integer"}, "image": {"type": "object"}, **schema}
    rules = {"type": "object", "additionalProperties": False, "required": ["replicas"], "properties": types}
    (folder / "values.schema.json").write_text(json.dumps(rules))


def record_release(api: FakeApi, status: str, revision: int, manifest: str, values: dict[str, Any]) -> None:
    release = {
        "name": "r",
        "namespace": "models",
        "version": revision,
        "info": {"status": status},
        "chart": {"metadata": {"name": "mine", "version": "1.2.3", "appVersion": "9"}},
        "config": values,
        "manifest": manifest,
    }
    packed = base64.b64encode(base64.b64encode(gzip.compress(json.dumps(release).encode()))).decode()
    labels = {"owner": "helm", "name": "r", "version": str(revision)}
    metadata = {"name": f"sh.helm.release.v1.r.v{revision}", "namespace": "models", "labels": labels}
    api.add({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": {"release": packed}})


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_check_fills_in_what_the_program_left_out(bench: Bench) -> None:
    inputs, failures = bench.check(name=None, namespace=None)
    assert failures == []
    assert re.fullmatch(r"r-[0-9a-f]{8}", inputs["name"])
    assert (inputs["namespace"], inputs["timeout"], inputs["version"]) == ("default", 300, "1.2.3")
    again, _ = bench.check(inputs, name=None, namespace=None)
    assert again["name"] == inputs["name"]


def test_the_rendered_manifest_is_an_input(bench: Bench) -> None:
    inputs, _ = bench.check()
    assert inputs["manifest"] == {
        SETTINGS: {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "settings", "namespace": "models"},
            "data": {"key": "a"},
        },
        READER: {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRole",
            "metadata": {"name": "reader", "labels": {"app.kubernetes.io/managed-by": "Helm"}},
        },
    }
    assert bench.helm.calls == [("template", "chart", "r", "models")]


def test_unknown_values_leave_the_manifest_unknown_and_are_checked_as_far_as_they_go(bench: Bench) -> None:
    inputs, failures = bench.check(values={"replicas": UNKNOWN, "image": {"tag": UNKNOWN}})
    assert (inputs["manifest"], failures) == (UNKNOWN, [])
    assert bench.faults(values={"replicas": UNKNOWN, "imag": {}}) == [("values", "has unknown field 'imag'")]
    assert bench.faults(values={"replicas": "two", "image": UNKNOWN}) == [
        ("values.replicas", "is a string; expected integer")
    ]
    assert bench.helm.calls == []


def test_what_helm_refuses_is_refused_at_preview_in_its_words(bench: Bench) -> None:
    bench.helm.fails = "values don't meet the specifications of the schema(s)"
    ((property_, reason),) = bench.faults()
    assert property_ == "values"
    assert "chart mine 1.2.3 refuses them: values don't meet the specifications" in reason


@pytest.mark.parametrize(
    ("inputs", "property_", "reason"),
    [
        ({"value": {}}, "value", "is no input of helm.sh/v3:Release"),
        ({"chart": None}, "chart", "is required"),
        ({"atomic": "yes"}, "atomic", "is 'yes'; expected bool"),
        ({"timeout": "5m"}, "timeout", "expected int"),
        ({"timeout": True}, "timeout", "expected int"),
        ({"verify": True}, "verify", "is not offered by the local cloud"),
        ({"chart": "nowhere"}, "chart", "there is no chart at 'nowhere'"),
        ({"version": "1.2.4"}, "version", "the chart at 'chart' has version 1.2.3"),
        ({"chart": "redis", "repositoryOpts": {"repo": "https://x"}}, "chart", "does not know chart 'redis'"),
        ({"chart": "oci://registry.example/charts/redis"}, "chart", "does not know chart 'redis'"),
        ({"repositoryOpts": {"url": "https://x"}}, "repositoryOpts.url", "is no field of repositoryOpts"),
    ],
)
def test_a_wrong_input_is_refused(bench: Bench, inputs: dict[str, Any], property_: str, reason: str) -> None:
    ((found, told),) = bench.faults(**inputs)
    assert found == property_
    assert reason in told


def test_a_published_chart_is_stood_in_for_at_known_versions_only() -> None:
    known = charts.stand_ins()[0]
    inputs = {
        "chart": known.name,
        "version": known.version,
        "repositoryOpts": {"repo": f"{known.repository}/"},
    }
    assert charts.locate(inputs, Path("/")) == known
    with pytest.raises(charts.ChartError, match=r"does not know version '0\.0\.1'") as caught:
        charts.locate({**inputs, "version": "0.0.1"}, Path("/"))
    assert caught.value.property == "version"
    assert f"{known.name} {known.version}" in str(caught.value)
    with pytest.raises(charts.ChartError, match="pin it to"):
        charts.locate({**inputs, "version": ""}, Path("/"))


def test_random_parts_of_a_chart_do_not_show_as_changes(bench: Bench) -> None:
    old, _ = bench.check()
    bench.helm.manifest = [MANIFEST % "random-1", MANIFEST % "random-2"]
    new, _ = bench.check(old)
    assert new["manifest"] == old["manifest"]


def test_a_changed_chart_shows_field_by_field(bench: Bench) -> None:
    old, _ = bench.check()
    bench.helm.manifest = MANIFEST % "b"
    new, _ = bench.check(old)
    found = bench.releases.diff("models/r", old, new)
    assert [(change.path, change.kind, change.replace) for change in found.changes] == [
        (f'manifest["{SETTINGS}"].data.key', "update", False)
    ]


@pytest.mark.parametrize("moved", [{"name": "other"}, {"namespace": "other"}])
def test_another_name_or_namespace_replaces_the_old_release_first(
    bench: Bench, moved: dict[str, str]
) -> None:
    old, _ = bench.check()
    found = bench.releases.diff("models/r", old, {**old, **moved})
    assert [change.replace for change in found.changes] == [True]
    assert found.delete_before_replace


def test_what_the_sdk_sends_along_is_no_change(bench: Bench) -> None:
    old, _ = bench.check()
    assert bench.releases.diff("models/r", old, {**old, "compat": "true"}).changes == ()


def create(bench: Bench, *, preview: bool = False, **inputs: Any) -> Any:
    checked, failures = bench.check(**inputs)
    assert failures == []
    return bench.releases.create("r", checked, preview=preview, timeout=0)


def test_create_runs_helm_and_keeps_what_it_recorded(bench: Bench) -> None:
    bench.helm.on_upgrade = bench.deployed
    id_, state = create(bench, atomic=True, cleanupOnFail=True, timeout=60, maxHistory=3)
    assert id_ == "models/r"
    call = bench.helm.calls[-1]
    assert call[:5] == ("upgrade", "chart", "r", "models", "60")
    assert set(call[5:]) == {"--atomic", "--cleanup-on-fail", "--wait", "--history-max", "3"}
    assert state["status"] == {
        "name": "r",
        "namespace": "models",
        "revision": 1,
        "status": "deployed",
        "chart": "mine",
        "version": "1.2.3",
        "appVersion": "9",
    }
    assert state["resourceNames"] == {
        "ConfigMap/v1": ["models/settings"],
        "ClusterRole.rbac.authorization.k8s.io/v1": ["reader"],
    }


def test_skip_await_does_not_wait(bench: Bench) -> None:
    bench.helm.on_upgrade = bench.deployed
    create(bench, skipAwait=True)
    assert "--wait" not in bench.helm.calls[-1]


def test_a_preview_needs_no_cluster(bench: Bench) -> None:
    bench.api.unreachable = True
    id_, state = create(bench, preview=True)
    assert (id_, state["status"]) == ("", UNKNOWN)
    assert state["resourceNames"]["ConfigMap/v1"] == ["models/settings"]
    assert [call[0] for call in bench.helm.calls] == ["template"]


def test_a_release_of_somebody_else_is_refused(bench: Bench) -> None:
    bench.deployed()
    with pytest.raises(ProviderError, match="cannot re-use a name that is still in use"):
        create(bench)


def test_an_install_that_was_killed_and_adopted_is_done_again(bench: Bench) -> None:
    inputs, _ = bench.check()
    bench.deployed("pending-install")
    bench.helm.on_uninstall = bench.api.objects.clear
    bench.helm.on_upgrade = bench.deployed
    bench.releases.update("models/r", {}, inputs, preview=False, timeout=0)
    assert [call[0] for call in bench.helm.calls[1:]] == ["uninstall", "upgrade"]
    assert bench.helm.orphans_ended == [("r", "models")]


def test_an_upgrade_that_was_killed_is_rolled_back_before_the_next(bench: Bench) -> None:
    inputs, _ = bench.check()
    bench.deployed("pending-upgrade", 2)
    bench.helm.on_upgrade = lambda: bench.deployed("deployed", 3)
    state = bench.releases.update("models/r", {}, inputs, preview=False, timeout=0)
    assert [call[0] for call in bench.helm.calls[1:]] == ["rollback", "upgrade"]
    assert state["status"]["revision"] == 3


def test_a_failure_that_helm_took_back_leaves_nothing_in_the_state(bench: Bench) -> None:
    def fail() -> None:
        bench.helm.fails = "context deadline exceeded"

    bench.helm.on_upgrade = fail
    with pytest.raises(
        ProviderError, match="helm release models/r failed: context deadline exceeded"
    ) as caught:
        create(bench)
    assert not isinstance(caught.value, PartialFailureError)


def test_a_failure_that_helm_left_behind_stays_in_the_state(bench: Bench) -> None:
    def fail() -> None:
        bench.deployed("failed")
        bench.helm.fails = "timed out"

    bench.helm.on_upgrade = fail
    with pytest.raises(PartialFailureError) as caught:
        create(bench)
    assert (caught.value.id, caught.value.state["status"]["status"]) == ("models/r", "failed")


def read(bench: Bench, inputs: dict[str, Any], revision: int = 1) -> dict[str, Any]:
    found = bench.releases.read("models/r", inputs, {"status": {"revision": revision}})
    assert found
    return found[1]


def test_an_unchanged_release_reads_back_as_it_was(bench: Bench) -> None:
    inputs, _ = bench.check()
    bench.deployed()
    assert read(bench, inputs) == inputs


def test_drift_of_a_live_object_shows(bench: Bench) -> None:
    inputs, _ = bench.check()
    bench.deployed()
    bench.api.add({**inputs["manifest"][SETTINGS], "data": {"key": "changed", "theirs": "x"}})
    assert read(bench, inputs)["manifest"][SETTINGS]["data"] == {"key": "changed"}
    bench.api.delete("v1", "ConfigMap", "models", "settings")
    assert SETTINGS not in read(bench, inputs)["manifest"]


def test_an_upgrade_by_hand_shows(bench: Bench) -> None:
    inputs, _ = bench.check(values={"replicas": 2})
    bench.deployed(revision=2, key="by hand", replicas=7)
    found = read(bench, inputs)
    assert found["values"] == {"replicas": 7}
    assert found["manifest"][SETTINGS]["data"] == {"key": "by hand"}


def test_values_that_nobody_gave_are_not_invented_after_a_rollback(bench: Bench) -> None:
    inputs, _ = bench.check()
    bench.deployed(revision=3)
    assert read(bench, inputs) == inputs


@pytest.mark.parametrize("status", ["pending-install", "pending-upgrade", "failed"])
def test_a_release_that_is_not_deployed_goes_through_helm_again(bench: Bench, status: str) -> None:
    inputs, _ = bench.check()
    bench.deployed(status)
    assert bench.releases.diff("models/r", read(bench, inputs), inputs).changes


def test_a_release_that_is_gone_is_gone(bench: Bench) -> None:
    assert bench.releases.read("models/r", {}, {}) is None


def test_delete_names_what_outlives_the_release(bench: Bench) -> None:
    inputs, _ = bench.check(timeout=1)
    bench.deployed()
    held = {**inputs["manifest"][SETTINGS]}
    held["metadata"] = {**held["metadata"], "finalizers": ["example.com/hold"]}
    bench.api.add(held)

    def uninstall() -> None:
        bench.api.delete("v1", "ConfigMap", "models", "settings")
        bench.api.delete("rbac.authorization.k8s.io/v1", "ClusterRole", "", "reader")
        bench.helm.fails = "context deadline exceeded"

    bench.helm.on_uninstall = uninstall
    with pytest.raises(ProviderError) as caught:
        bench.releases.delete("models/r", inputs, timeout=0.1)
    assert "ConfigMap models/settings is held by its finalizers: example.com/hold" in str(caught.value)
    assert "ClusterRole" not in str(caught.value)


def test_delete_of_a_clean_release(bench: Bench) -> None:
    inputs, _ = bench.check(timeout=9)
    bench.deployed()
    bench.helm.on_uninstall = bench.api.objects.clear
    bench.releases.delete("models/r", inputs, timeout=0)
    assert bench.helm.calls[-1] == ("uninstall", "r", "models", "True", "9")


def test_objects_that_the_chart_keeps_are_not_waited_for(bench: Bench) -> None:
    inputs, _ = bench.check(timeout=1)
    for manifest in inputs["manifest"].values():
        manifest["metadata"]["annotations"] = {"helm.sh/resource-policy": "keep"}
        bench.api.add(manifest)
    bench.releases.delete("models/r", inputs, timeout=0.1)


def test_helms_own_record_is_read() -> None:
    api = FakeApi()
    record_release(api, "superseded", 1, "old", {})
    record_release(api, "deployed", 12, MANIFEST % "a", {"replicas": 2})
    found = releases.read(cast("Any", api), "r", "models")
    assert found
    assert (found.revision, found.status, found.values) == (12, "deployed", {"replicas": 2})


def test_values_merge_as_helm_merges_them() -> None:
    defaults = {"a": {"b": 1, "c": [1, 2]}, "d": 1}
    assert merged(defaults, {"a": {"c": [3]}, "d": {"e": 1}}) == {"a": {"b": 1, "c": [3]}, "d": {"e": 1}}


def test_a_chart_without_schema_takes_any_values(tmp_path: Path) -> None:
    assert check_values(tmp_path, {"anything": 1}) == []


@pytest.mark.parametrize(
    ("first", "second", "old", "expected"),
    [
        ({"a": 1}, {"a": 1}, {"a": 0}, {"a": 1}),
        ({"a": 1}, {"a": 2}, {"a": 0}, {"a": 0}),
        ({"a": 1}, {"a": 2}, {}, {"a": 1}),
        ([{"a": 1}], [{"a": 2}], [{"a": 0}], [{"a": 0}]),
    ],
)
def test_values_that_two_renderings_give_differently_stay_as_they_were(
    first: Any, second: Any, old: Any, expected: Any
) -> None:
    assert manifests.stable(first, second, old) == expected


def test_lists_and_dates_of_a_manifest_are_taken_apart() -> None:
    item = "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {d: 2026-01-02}}"
    policy = "apiVersion: nvidia.com/v1\nkind: ClusterPolicy\nmetadata: {name: p, x: null}\n"
    text = f"kind: List\napiVersion: v1\nitems:\n- {item}\n---\n# nothing\n---\n{policy}"
    found = manifests.parse(text, "ns")
    assert list(found) == ["ConfigMap/v1 ns/a", "ClusterPolicy.nvidia.com/v1 p"]
    assert found["ConfigMap/v1 ns/a"]["data"] == {"d": "2026-01-02"}
    # Only the cluster knows whether a custom resource has a namespace.
    assert found["ClusterPolicy.nvidia.com/v1 p"]["metadata"] == {"name": "p"}
