"""``helm.sh/v3:Release``: the real Helm, with the rendered manifest in the state so that diffs and drift show."""

import secrets
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from localcloud.kube import awaiting, charts, manifests, objects, releases
from localcloud.kube.api import Api, UnreachableError
from localcloud.kube.fields import annotation, at
from localcloud.kube.helm import HelmError
from localcloud.kube.release_inputs import (
    DEFAULT_TIMEOUT,
    check_inputs,
    check_values,
    deadline_seconds,
    flags,
    with_meant_nulls,
)
from localcloud.kube.release_watcher import WorkloadWatcher
from localcloud.kube.session import Session
from localcloud.providers.protocol import (
    UNKNOWN,
    CheckFailure,
    Diff,
    PartialFailureError,
    Properties,
    ProviderError,
    contains_unknown,
)

_IGNORED_IN_DIFF = ("compat", "resourceNames", "allowNullValues")
_MANAGED_BY = "app.kubernetes.io/managed-by"


class Releases:
    """Check, diff and life cycle of Helm releases."""

    def __init__(self, session: Session, working_directory: Path) -> None:
        self._session = session
        self._working_directory = working_directory

    def check(self, name: str, old: Properties, new: Properties) -> tuple[Properties, list[CheckFailure]]:
        """Fill in name, namespace, timeout, version and the rendered manifest; refuse what Helm would refuse."""
        inputs = with_meant_nulls(
            {key: value for key, value in new.items() if key not in ("manifest", "resourceNames")}
        )
        failures = check_inputs(inputs)
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
        self._session.helm().end_orphan(release, namespace)
        found = releases.read(api, release, namespace)
        if found:
            raise ProviderError(
                f"cannot re-use a name that is still in use: a release {release!r} with status {found.status} "
                f"exists in namespace {namespace!r} and is not managed by this stack; uninstall it "
                f"(`helm uninstall {release} -n {namespace}`) or choose another name"
            )
        return id_, self._install(api, inputs, None, timeout)

    def update(
        self, id_: str, state: Properties, new: Properties, *, preview: bool, timeout: float
    ) -> Properties:
        """``helm upgrade`` to the new chart and values."""
        if preview:
            return _previewed(new)
        api = self._session.api()
        self._session.helm().end_orphan(str(new["name"]), str(new["namespace"]))
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
        watcher = WorkloadWatcher(api, wanted, deadline_seconds(inputs, timeout))
        try:
            helm.upgrade(
                chart.path,
                release,
                namespace,
                inputs.get("values") or {},
                flags(inputs),
                timeout=deadline_seconds(inputs, timeout),
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
        return PartialFailureError(text, id_, _state(inputs, left), with_meant_nulls(inputs))

    def read(
        self, id_: str, inputs: Properties, state: Properties
    ) -> tuple[str, Properties, Properties] | None:
        """The release as it is: values and manifest that Helm has, and the live fields of each of its objects."""
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
        return with_meant_nulls(kept)

    def delete(self, id_: str, state: Properties, *, timeout: float) -> None:
        """``helm uninstall``, then wait until every object of the release is gone."""
        name, namespace = str(state["name"]), str(state["namespace"])
        wait = bool(state.get("atomic")) or not state.get("skipAwait")
        seconds = deadline_seconds(state, timeout)
        deadline = time.monotonic() + seconds
        problem = ""
        try:
            api = self._session.api()
            self._session.helm().end_orphan(name, namespace)
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


def _previewed(inputs: Properties) -> Properties:
    manifest = inputs.get("manifest")
    names = (
        manifests.resource_names(cast("Mapping[str, Any]", manifest))
        if isinstance(manifest, Mapping)
        else UNKNOWN
    )
    return {**with_meant_nulls(inputs), "resourceNames": names, "status": UNKNOWN}


def _state(inputs: Properties, live: releases.Release) -> Properties:
    manifest = manifests.masked_all(manifests.parse(live.manifest, live.namespace))
    return {
        **with_meant_nulls(inputs),
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
