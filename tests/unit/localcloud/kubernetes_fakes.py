"""Fakes for the Kubernetes provider's tests: an API server in a dictionary, and a Helm that renders nothing."""

import copy
import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from localcloud.kube import kinds
from localcloud.kube.api import ApiError, NoSuchKindError, UnreachableError
from localcloud.kube.helm import HelmError


class FakeApi:
    """Objects by kind and place; `on_apply` may change what an apply stores (a controller's part)."""

    def __init__(self, on_apply: Callable[[dict[str, Any]], None] | None = None) -> None:
        self.objects: dict[tuple[str, str, str, str], dict[str, Any]] = {}
        self.applied: list[tuple[str, str, bool]] = []
        self.deleted: list[str] = []
        self.refuse: ApiError | None = None
        self.unreachable = False
        self.missing_kinds: set[str] = set()
        self._on_apply = on_apply

    def resource(self, api_version: str, kind: str) -> tuple[str, bool]:
        if kind in self.missing_kinds:
            raise NoSuchKindError(f'no matches for kind "{kind}" in version "{api_version}"')
        return f"{kind.lower()}s", kind not in kinds.CLUSTER_SCOPED

    def _key(self, api_version: str, kind: str, namespace: str, name: str) -> tuple[str, str, str, str]:
        place = (namespace or "default") if kind not in kinds.CLUSTER_SCOPED else ""
        return api_version, kind, place, name

    def get(self, api_version: str, kind: str, namespace: str, name: str) -> dict[str, Any] | None:
        if self.unreachable:
            raise UnreachableError("the Kubernetes API server does not answer")
        return copy.deepcopy(self.objects.get(self._key(api_version, kind, namespace, name)))

    def find(self, wanted: Mapping[str, Any]) -> dict[str, Any] | None:
        metadata = wanted["metadata"]
        return self.get(
            wanted["apiVersion"], wanted["kind"], metadata.get("namespace") or "", metadata["name"]
        )

    def list(
        self, api_version: str, kind: str, namespace: str = "", **selectors: str
    ) -> list[dict[str, Any]]:
        del selectors
        return [
            copy.deepcopy(item)
            for (version, found, place, _), item in self.objects.items()
            if (version, found) == (api_version, kind) and (not namespace or place == namespace)
        ]

    def add(self, item: dict[str, Any]) -> dict[str, Any]:
        metadata = item["metadata"]
        item = {**item, "metadata": {"uid": f"uid-{len(self.objects)}", **metadata}}
        key = self._key(item["apiVersion"], item["kind"], metadata.get("namespace") or "", metadata["name"])
        self.objects[key] = item
        return item

    def apply(self, body: dict[str, Any], manager: str, *, force: bool = False) -> dict[str, Any]:
        if self.refuse:
            raise self.refuse
        metadata = body["metadata"]
        self.applied.append((metadata["name"], manager, force))
        before = self.find(body) or {}
        live = {**before, **copy.deepcopy(body)}
        live["metadata"] = {
            **before.get("metadata", {}),
            **live["metadata"],
            "managedFields": [{"manager": manager}],
        }
        if self._on_apply:
            self._on_apply(live)
        return copy.deepcopy(self.add(live))

    def delete(self, api_version: str, kind: str, namespace: str, name: str) -> None:
        self.deleted.append(name)
        key = self._key(api_version, kind, namespace, name)
        live = self.objects.get(key)
        if live and live["metadata"].get("finalizers"):
            live["metadata"]["deletionTimestamp"] = "2026-11-21T00:00:00Z"
        else:
            self.objects.pop(key, None)


@dataclasses.dataclass
class FakeHelm:
    """Records calls; ``manifest`` is what `template` renders."""

    manifest: str | list[str] = ""
    fails: str = ""
    calls: list[tuple[str, ...]] = dataclasses.field(default_factory=list[tuple[str, ...]])
    orphans_ended: list[tuple[str, str]] = dataclasses.field(default_factory=list[tuple[str, str]])
    on_upgrade: Callable[[], None] | None = None
    on_uninstall: Callable[[], None] | None = None

    def template(self, chart: Path, name: str, namespace: str, values: Mapping[str, Any]) -> str:
        del values
        self.calls.append(("template", chart.name, name, namespace))
        if self.fails:
            raise HelmError(self.fails)
        return self.manifest.pop(0) if isinstance(self.manifest, list) else self.manifest

    def upgrade(
        self,
        chart: Path,
        name: str,
        namespace: str,
        values: Mapping[str, Any],
        flags: list[str],
        *,
        timeout: float,
        look: Callable[[], None],
    ) -> None:
        del values
        look()
        self.calls.append(("upgrade", chart.name, name, namespace, f"{timeout:.0f}", *flags))
        if self.on_upgrade:
            self.on_upgrade()
        if self.fails:
            raise HelmError(self.fails)

    def uninstall(self, name: str, namespace: str, *, wait: bool, timeout: float) -> bool:
        self.calls.append(("uninstall", name, namespace, str(wait), f"{timeout:.0f}"))
        if self.on_uninstall:
            self.on_uninstall()
        if self.fails:
            raise HelmError(self.fails)
        return True

    def end_orphan(self, name: str, namespace: str) -> None:
        self.orphans_ended.append((name, namespace))

    def rollback(self, name: str, namespace: str) -> None:
        self.calls.append(("rollback", name, namespace))


class FakeSession:
    """Stands in for a configured provider."""

    def __init__(self, folder: Path, api: FakeApi | None = None, helm: FakeHelm | None = None) -> None:
        self.fake_api = api or FakeApi()
        self.fake_helm = helm or FakeHelm()
        self.namespace = ""
        self.mutable_secrets = False
        self.mutable_config_maps = False
        self.patch_force = False
        self.upsert = False
        self.delete_unreachable = False
        self.skip_unreachable = False

    def api(self) -> FakeApi:
        return self.fake_api

    def helm(self) -> FakeHelm:
        return self.fake_helm
