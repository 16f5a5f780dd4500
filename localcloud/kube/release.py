"""``helm.sh/v3:Release``: the real Helm, with the rendered manifest in the state so that diffs and drift show."""

import functools
import inspect
import json
import re
import secrets
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import jsonschema
import yaml

from localcloud.kube import awaiting, charts, manifests, objects, releases, shapes
from localcloud.kube.api import Api, ApiError, NoSuchKindError, UnreachableError
from localcloud.kube.fields import annotation, at
from localcloud.kube.helm import HelmError
from localcloud.kube.kinds import RELEASE
from localcloud.kube.session import Session, wire_names
from localcloud.providers.protocol import (
    UNKNOWN,
    CheckFailure,
    Diff,
    PartialFailureError,
    Properties,
    ProviderError,
    contains_unknown,
)

DEFAULT_TIMEOUT = 300
"""Seconds for installing, upgrading or uninstalling, as in the published provider."""

_REFUSED = ("keyring", "verify", "valueYamlFiles")
_IGNORED_IN_DIFF = ("compat", "resourceNames", "allowNullValues")
_FLAGS = {
    "atomic": "--atomic",
    "cleanupOnFail": "--cleanup-on-fail",
    "createNamespace": "--create-namespace",
    "dependencyUpdate": "--dependency-update",
    "disableOpenapiValidation": "--disable-openapi-validation",
    "disableWebhooks": "--no-hooks",
    "forceUpdate": "--force",
    "renderSubchartNotes": "--render-subchart-notes",
    "resetValues": "--reset-values",
    "reuseValues": "--reuse-values",
    "skipCrds": "--skip-crds",
    "takeOwnership": "--take-ownership",
}
_TYPES: dict[str, tuple[type, ...]] = {"bool": (bool,), "int": (int,), "str": (str,), "Mapping": (dict,)}
_LOOK_EVERY = 2.0
_MANAGED_BY = "app.kubernetes.io/managed-by"


@functools.cache
def _input_types() -> dict[str, str]:
    """Input names of the installed SDK's Release and the Python type each one wants."""
    from pulumi_kubernetes.helm.v3 import ReleaseArgs

    found: dict[str, str] = {}
    for name, parameter in inspect.signature(ReleaseArgs).parameters.items():
        if name == "__self__":
            continue
        wanted = re.search(r"\b(bool|int|str|Mapping|Sequence)\b", str(parameter.annotation))
        wire = re.sub(r"_([a-z])", lambda m: m.group(1).upper(), name)
        found[{"disableCrdHooks": "disableCRDHooks"}.get(wire, wire)] = wanted.group(1) if wanted else ""
    return found


class Releases:
    """Check, diff and life cycle of Helm releases."""

    def __init__(self, session: Session, working_directory: Path) -> None:
        self._session = session
        self._working_directory = working_directory

    def check(self, name: str, old: Properties, new: Properties) -> tuple[Properties, list[CheckFailure]]:
        """Fill in name, namespace, timeout, version and the rendered manifest; refuse what Helm would refuse."""
        inputs = {key: value for key, value in new.items() if key not in ("manifest", "resourceNames")}
        failures = _check_inputs(inputs)
        if not inputs.get("name"):
            inputs["name"] = old.get("name") or f"{name}-{secrets.token_hex(4)}"
        inputs["namespace"] = inputs.get("namespace") or self._session.namespace or "default"
        if not inputs.get("skipAwait"):
            inputs.setdefault("timeout", DEFAULT_TIMEOUT)
        if failures or contains_unknown(
            [inputs["chart"], inputs.get("version"), inputs.get("repositoryOpts")]
        ):
            return inputs, failures
        try:
            chart = charts.locate(inputs, self._working_directory)
        except charts.ChartError as error:
            return inputs, [CheckFailure(error.property, str(error))]
        inputs["version"] = chart.version
        if contains_unknown([inputs["name"], inputs["namespace"], inputs.get("values")]):
            failures = [
                CheckFailure(f"values.{failure.property}" if failure.property else "values", failure.reason)
                for failure in check_values(chart.path, at(inputs, "values"))
            ]
            inputs["manifest"] = UNKNOWN
            return inputs, failures
        try:
            inputs["manifest"] = self._rendered(chart, inputs, old.get("manifest"))
        except HelmError as error:
            failures = [CheckFailure("values", f"chart {chart.name} {chart.version} refuses them: {error}")]
        return inputs, failures

    def _rendered(self, chart: charts.Chart, inputs: Properties, old: Any) -> dict[str, Any]:
        def render() -> dict[str, Any]:
            namespace = str(inputs["namespace"])
            text = self._session.helm().template(
                chart.path, str(inputs["name"]), namespace, at(inputs, "values")
            )
            return manifests.masked_all(manifests.parse(text, namespace))

        first = render()
        if not isinstance(old, Mapping) or first == old:
            return first
        return cast("dict[str, Any]", manifests.stable(first, render(), old))

    def diff(self, id_: str, old_inputs: Properties, new: Properties) -> Diff:
        """Changed inputs, among them each changed field of the manifest; name and namespace replace."""
        self._session.journal.confirm(RELEASE, id_)
        old = {key: value for key, value in old_inputs.items() if key not in _IGNORED_IN_DIFF}
        wanted = {key: value for key, value in new.items() if key not in _IGNORED_IN_DIFF}
        changes = objects.differences(old, wanted, ("name", "namespace"))
        # The new release has the old one's cluster-wide objects: the old one must go first.
        return Diff(tuple(changes), delete_before_replace=any(change.replace for change in changes))

    def create(
        self, name: str, inputs: Properties, *, preview: bool, timeout: float
    ) -> tuple[str, Properties]:
        """``helm upgrade --install``; a release of that name that is not ours is refused."""
        if preview:
            return "", _previewed(inputs)
        api = self._session.api()
        release, namespace = str(inputs["name"]), str(inputs["namespace"])
        id_ = f"{namespace}/{release}"
        journal = self._session.journal
        found = releases.read(api, release, namespace)
        if found and not journal.begun(RELEASE, name, id_):
            raise ProviderError(
                f"cannot re-use a name that is still in use: a release {release!r} with status {found.status} "
                f"exists in namespace {namespace!r} and is not managed by this stack; uninstall it "
                f"(`helm uninstall {release} -n {namespace}`) or choose another name"
            )
        journal.begin(RELEASE, name, id_)
        try:
            state = self._install(api, inputs, found, timeout)
        except PartialFailureError:
            raise
        except BaseException:
            journal.confirm(RELEASE, id_)
            raise
        return id_, state

    def update(
        self, id_: str, state: Properties, new: Properties, *, preview: bool, timeout: float
    ) -> Properties:
        """``helm upgrade`` to the new chart and values."""
        self._session.journal.confirm(RELEASE, id_)
        if preview:
            return _previewed(new)
        api = self._session.api()
        found = releases.read(api, str(new["name"]), str(new["namespace"]))
        return self._install(api, new, found, timeout)

    def _install(
        self, api: Api, inputs: Properties, found: releases.Release | None, timeout: float
    ) -> Properties:
        helm = self._session.helm()
        release, namespace = str(inputs["name"]), str(inputs["namespace"])
        if found and found.status == "pending-install":
            # A Helm that was killed: it never finished, and nobody else works on our release.
            helm.uninstall(release, namespace, wait=True, timeout=DEFAULT_TIMEOUT)
        elif found and found.status.startswith("pending-"):
            helm.rollback(release, namespace)
        try:
            chart = charts.locate(inputs, self._working_directory)
        except charts.ChartError as error:
            raise ProviderError(f"{error.property}: {error}") from None
        wanted = at(inputs, "manifest")
        watcher = _Watcher(api, wanted, _seconds(inputs, timeout))
        try:
            helm.upgrade(
                chart.path,
                release,
                namespace,
                inputs.get("values") or {},
                _flags(inputs),
                timeout=_seconds(inputs, timeout),
                look=watcher.look,
            )
        except HelmError as error:
            raise self._failure(api, inputs, str(error), watcher.lines()) from None
        live = releases.read(api, release, namespace)
        if live is None:
            raise ProviderError(f"helm reported success, but has no record of release {namespace}/{release}")
        return _state(inputs, live)

    def _failure(self, api: Api, inputs: Properties, message: str, lines: list[str]) -> ProviderError:
        release, namespace = str(inputs["name"]), str(inputs["namespace"])
        id_ = f"{namespace}/{release}"
        text = "\n  ".join([f"helm release {id_} failed: {message}", *lines])
        left = releases.read(api, release, namespace)
        if left is None or left.status == "deployed":
            # `atomic` took it back: nothing is left, or the revision before is.
            return ProviderError(text)
        return PartialFailureError(text, id_, _state(inputs, left), inputs)

    def read(
        self, id_: str, inputs: Properties, state: Properties
    ) -> tuple[str, Properties, Properties] | None:
        """The release as it is: values and manifest that Helm has, and the live fields of each of its objects."""
        self._session.journal.confirm(RELEASE, id_)
        namespace, _, name = id_.rpartition("/")
        namespace = namespace or "default"
        try:
            api = self._session.api()
            live = releases.read(api, name, namespace)
            if live is None:
                return None
            kept = self._drifted(api, live, inputs, state)
        except UnreachableError:
            if self._session.skip_unreachable:
                return id_, inputs, state
            raise
        fresh = _state(kept, live)
        return id_, kept, {**fresh, "manifest": kept["manifest"]}

    def _drifted(self, api: Api, live: releases.Release, inputs: Properties, state: Properties) -> Properties:
        if not inputs:  # an import
            inputs = {
                "chart": live.chart,
                "name": live.name,
                "namespace": live.namespace,
                "values": live.values,
            }
        kept: Properties = {**inputs, "version": live.version}
        revision = at(state, "status").get("revision")
        base = inputs.get("manifest")
        if not isinstance(base, Mapping) or revision != live.revision:
            # Somebody else upgraded it: what Helm has now is what our inputs differ from.
            base = manifests.masked_all(manifests.parse(live.manifest, live.namespace))
            if live.values or "values" in kept:
                kept["values"] = live.values
        # A release that Helm was killed in, or that failed, is not there yet: the next update must go through Helm.
        deployed = live.status == "deployed"
        shown = cast("Mapping[str, Any]", base)
        kept["manifest"] = live_manifest(api, shown, live.namespace) if deployed else {}
        return kept

    def delete(self, id_: str, state: Properties, *, timeout: float) -> None:
        """``helm uninstall``, then wait until every object of the release is gone."""
        self._session.journal.confirm(RELEASE, id_)
        name, namespace = str(state["name"]), str(state["namespace"])
        wait = bool(state.get("atomic")) or not state.get("skipAwait")
        seconds = _seconds(state, timeout)
        deadline = time.monotonic() + seconds
        problem = ""
        try:
            api = self._session.api()
            try:
                self._session.helm().uninstall(name, namespace, wait=wait, timeout=seconds)
            except HelmError as error:
                problem = str(error)
            left = self._left(api, state, max(deadline - time.monotonic(), 0.1)) if wait or problem else []
        except UnreachableError:
            if self._session.delete_unreachable:
                return
            raise
        if left:
            lines = "".join(f"\n  {awaiting.why_still_there(live)}" for live in left)
            raise ProviderError(f"helm release {id_} is not gone within {seconds:.0f} s:{lines}")
        if problem and releases.read(api, name, namespace):
            raise ProviderError(f"helm cannot uninstall release {id_}: {problem}")

    def _left(self, api: Api, state: Properties, seconds: float) -> list[dict[str, Any]]:
        """Objects of the release that outlive it; Helm forgets a release before they are gone."""
        wanted = cast("Mapping[str, dict[str, Any]]", at(state, "manifest"))
        going = [
            manifests.placed(manifest, str(state["namespace"]))
            for manifest in wanted.values()
            if annotation(manifest, manifests.KEEP) != "keep"
        ]
        return awaiting.wait_gone(api, going, seconds)


def live_manifest(api: Api, base: Mapping[str, Any], namespace: str) -> dict[str, Any]:
    """The live state of a manifest's objects, restricted to its fields; objects that are gone are left out."""
    found: dict[str, Any] = {}
    for key, manifest in base.items():
        live = api.find(manifests.placed(manifest, namespace))
        if live is None:
            continue
        found[key] = objects.restrict(objects.masked(live), manifest)
        labels = at(manifest, "metadata", "labels")
        if _MANAGED_BY in labels and at(live, "metadata", "labels").get(_MANAGED_BY) == "Helm":
            # Helm writes its own name there whatever the chart says.
            found[key]["metadata"]["labels"][_MANAGED_BY] = labels[_MANAGED_BY]
    return found


def _check_inputs(inputs: Properties) -> list[CheckFailure]:
    types = _input_types()
    failures = [
        CheckFailure(key, "is no input of helm.sh/v3:Release") for key in sorted(set(inputs) - set(types))
    ]
    if not inputs.get("chart"):
        failures.append(CheckFailure("chart", "is required"))
    for key, value in inputs.items():
        wanted = _TYPES.get(types.get(key, ""))
        if wanted is None or value is None or value == UNKNOWN:
            continue
        if not isinstance(value, wanted) or (isinstance(value, bool) and bool not in wanted):
            failures.append(CheckFailure(key, f"is {value!r}; expected {types[key]}"))
    failures += [
        CheckFailure(key, "is not offered by the local cloud") for key in _REFUSED if inputs.get(key)
    ]
    repository = inputs.get("repositoryOpts")
    if isinstance(repository, Mapping):
        from pulumi_kubernetes.helm.v3 import RepositoryOptsArgs

        for key in sorted(set(cast("Mapping[str, Any]", repository)) - wire_names(RepositoryOptsArgs)):
            failures.append(CheckFailure(f"repositoryOpts.{key}", "is no field of repositoryOpts"))
    return failures


def check_values(chart: Path, values: Mapping[str, Any]) -> list[CheckFailure]:
    """What the chart's values.schema.json says about values that are partly unknown."""
    schema_file, defaults_file = chart / "values.schema.json", chart / "values.yaml"
    if not schema_file.is_file():
        return []
    defaults: object = yaml.safe_load(defaults_file.read_text()) if defaults_file.is_file() else None
    schema = json.loads(schema_file.read_text())
    validator = jsonschema.Draft202012Validator(schema)
    return shapes.schema_failures(validator, merged(at(defaults), values))


def merged(defaults: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """A chart's defaults overlaid with values as Helm does it: mappings merge, everything else is replaced."""
    result = dict(defaults)
    for key, value in values.items():
        under = result.get(key)
        if isinstance(value, Mapping) and isinstance(under, Mapping):
            result[key] = merged(cast("Mapping[str, Any]", under), cast("Mapping[str, Any]", value))
        else:
            result[key] = value
    return result


def _flags(inputs: Mapping[str, Any]) -> list[str]:
    flags = [flag for key, flag in _FLAGS.items() if inputs.get(key) is True]
    if inputs.get("atomic") or not inputs.get("skipAwait"):
        flags.append("--wait")
        if inputs.get("waitForJobs"):
            flags.append("--wait-for-jobs")
    if inputs.get("maxHistory") is not None:
        flags += ["--history-max", str(inputs["maxHistory"])]
    if inputs.get("description"):
        flags += ["--description", str(inputs["description"])]
    if inputs.get("postrender"):
        flags += ["--post-renderer", str(inputs["postrender"])]
    return flags


def _seconds(inputs: Mapping[str, Any], timeout: float) -> float:
    return timeout if timeout > 0 else float(inputs.get("timeout") or DEFAULT_TIMEOUT)


def _previewed(inputs: Properties) -> Properties:
    manifest = inputs.get("manifest")
    names = (
        manifests.resource_names(cast("Mapping[str, Any]", manifest))
        if isinstance(manifest, Mapping)
        else UNKNOWN
    )
    return {**inputs, "resourceNames": names, "status": UNKNOWN}


def _state(inputs: Properties, live: releases.Release) -> Properties:
    manifest = manifests.masked_all(manifests.parse(live.manifest, live.namespace))
    return {
        **inputs,
        "manifest": manifest,
        "resourceNames": manifests.resource_names(manifest),
        "status": {
            "name": live.name,
            "namespace": live.namespace,
            "revision": live.revision,
            "status": live.status,
            "chart": live.chart,
            "version": live.version,
            "appVersion": live.app_version,
        },
    }


class _Watcher:
    """Remembers why a release's workloads are not ready: an atomic failure removes them before one can ask."""

    def __init__(self, api: Api, manifest: Mapping[str, Any], seconds: float) -> None:
        self._api = api
        # After its timeout an atomic Helm rolls back: what is ready then says nothing about what failed.
        self._end = time.monotonic() + seconds
        self._workloads = [m for m in manifest.values() if m["kind"] in awaiting.WORKLOADS]
        self._seen: dict[str, list[str]] = {}
        self._next = time.monotonic() + _LOOK_EVERY

    def look(self) -> None:
        """Ask for each workload's state, every few seconds at most."""
        if not self._next <= time.monotonic() <= self._end:
            return
        self._next = time.monotonic() + _LOOK_EVERY
        for manifest in self._workloads:
            key = manifests.key(manifest)
            with _ignoring_api_trouble():
                self._ask(key, manifest)

    def _ask(self, key: str, manifest: Mapping[str, Any]) -> None:
        live = self._api.find(manifest)
        if live is None or live["metadata"].get("deletionTimestamp"):
            return
        try:
            reason = awaiting.not_ready(live)
        except awaiting.FailedError as error:
            reason = str(error)
        if reason is None:
            self._seen.pop(key, None)
            return
        details = awaiting.explain(self._api, live)
        self._seen[key] = [f"{objects.described(live)}: {reason}", *(f"  {line}" for line in details)]

    def lines(self) -> list[str]:
        """What was last seen wrong."""
        return [line for lines in self._seen.values() for line in lines]


class _ignoring_api_trouble:  # noqa: N801 -- used as a with-statement's word
    """Looking is a courtesy: it must not fail the operation that it explains."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: object) -> bool:
        return kind is not None and issubclass(kind, ApiError | NoSuchKindError | UnreachableError)
