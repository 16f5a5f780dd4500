"""Watches why a release's workloads are not ready while Helm waits for them."""

import time
from collections.abc import Mapping
from typing import Any

from localcloud.kube import awaiting, manifests, objects, readiness
from localcloud.kube.api import Api, ApiError, NoSuchKindError, UnreachableError

_LOOK_EVERY = 2.0


class WorkloadWatcher:
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
            reason = readiness.not_ready(live)
        except readiness.FailedError as error:
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
