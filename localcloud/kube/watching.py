"""Local copies of API collections that are kept up to date by watches, not by polling."""

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from localcloud.kube.api import Api, ApiError, NoSuchKindError, Object, UnreachableError
from localcloud.kube.fields import each

_FIRST_PAUSE = 0.2
_LONGEST_PAUSE = 5.0
_KIND_PAUSE = 1.0


class Mirror:
    """The objects of one kind, listed once and then watched by a thread of its own, through restarts of the server."""

    def __init__(
        self, api: Api, api_version: str, kind: str, changed: Callable[[], None], label_selector: str = ""
    ) -> None:
        self._api = api
        self._api_version = api_version
        self._kind = kind
        self._changed = changed
        self._selector = label_selector
        self._objects: dict[tuple[str, str], Object] = {}
        self._lock = threading.Lock()
        self._listed = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"watch-{kind}", daemon=True)

    def start(self) -> None:
        """Begin to watch; returns at once."""
        self._thread.start()

    def wait_listed(self, seconds: float) -> bool:
        """Wait until the first list is in, or it is known that the kind does not exist."""
        return self._listed.wait(seconds)

    def all(self) -> list[Object]:
        """The objects as last seen."""
        with self._lock:
            return list(self._objects.values())

    def get(self, name: str, namespace: str = "") -> Object | None:
        """One object as last seen."""
        with self._lock:
            return self._objects.get((namespace, name))

    def _run(self) -> None:
        pause = _FIRST_PAUSE
        while True:
            try:
                path, version = self._list()
                pause = _FIRST_PAUSE
                while version:
                    version = self._watch(path, version)
            except NoSuchKindError:
                # Its definition comes with a chart, and goes with it.
                self._replace([])
                time.sleep(_KIND_PAUSE)
            except (ApiError, UnreachableError):
                time.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)

    def _list(self) -> tuple[str, str]:
        path = self._api.path(self._api_version, self._kind)
        listed = self._api.request("GET", path, {"labelSelector": self._selector} if self._selector else None)
        # The items of a list do not say what they are.
        kind = {"apiVersion": self._api_version, "kind": self._kind}
        self._replace([{**kind, **item} for item in each(listed, "items")])
        return path, str(listed["metadata"]["resourceVersion"])

    def _watch(self, path: str, version: str) -> str:
        """Follow one watch to its end; the version to go on from, empty when everything must be listed again."""
        for event in self._api.watch(path, version, label_selector=self._selector):
            changed: Object = event["object"]
            if event["type"] == "ERROR":
                return ""
            version = str(changed["metadata"]["resourceVersion"])
            if event["type"] == "BOOKMARK":
                continue
            key = _key(changed)
            with self._lock:
                if event["type"] == "DELETED":
                    self._objects.pop(key, None)
                else:
                    self._objects[key] = _slim(changed)
            self._changed()
        return version

    def _replace(self, items: list[Object]) -> None:
        fresh = {_key(item): _slim(item) for item in items}
        with self._lock:
            differs = fresh != self._objects
            self._objects = fresh
        self._listed.set()
        if differs:
            self._changed()


def _key(item: Mapping[str, Any]) -> tuple[str, str]:
    metadata = item["metadata"]
    return metadata.get("namespace") or "", metadata["name"]


def _slim(item: Object) -> Object:
    item["metadata"].pop("managedFields", None)
    return item
