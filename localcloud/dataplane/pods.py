"""The pods whose servers are stood in for: from their containers' start to their end.

A server's environment is read once, when its container starts: as with a real process, a Secret that changes
afterwards changes nothing until the pod is replaced. Pods with a model server are taken down here and not by
KWOK: at once when nothing is under way, else when the last answer has gone out or the drain is over.
"""

import base64
import dataclasses
import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from localcloud.dataplane.exchange import RefusedError, Request, Response
from localcloud.dataplane.model_server import ModelServer, PlainServer, digest
from localcloud.dataplane.pod_spec import (
    MissingReferenceError,
    command_line,
    declared_ports,
    drain_seconds,
    environment,
    has_started,
    is_ready,
    model_container,
    pace,
)
from localcloud.dataplane.vllm_settings import parse
from localcloud.kube.api import Api, ApiError, UnreachableError
from localcloud.kube.fields import at

_RETRY_SECONDS = 2.0


@dataclasses.dataclass
class Pod:
    """A pod whose containers have started."""

    uid: str
    name: str
    addresses: tuple[str, ...]
    ports: frozenset[int]
    """Ports on which something listens."""
    server: ModelServer | PlainServer
    ready: bool = False
    """Whether it has ever been ready: before that its port refuses."""
    deadline: float | None = None
    """When its drain is over (monotonic seconds); None while nobody deletes it."""

    @property
    def under_way(self) -> int:
        """Requests that are being answered."""
        return self.server.under_way if isinstance(self.server, ModelServer) else 0

    def answer(self, port: int, request: Request) -> Response:
        """Send a request to a port; raises `RefusedError` where nothing listens."""
        if not self.ready or port not in self.ports:
            raise RefusedError(f"pod {self.name}: connection refused on port {port}")
        return self.server.answer(request)


class Pods:
    """The pods of a cluster, brought up to date by `sync`."""

    def __init__(
        self, api: Api, keys_file: Path, changed: Callable[[], None], say: Callable[[str], None]
    ) -> None:
        self._api = api
        self._keys_file = keys_file
        self._changed = changed
        self._say = say
        self._lock = threading.Lock()
        self._pods: dict[str, Pod] = {}
        self._ended: set[str] = set()
        self._keys: dict[str, list[str]] = json.loads(keys_file.read_text()) if keys_file.exists() else {}

    def by_uid(self, uid: str) -> Pod | None:
        """The pod of that UID, if its containers have started."""
        with self._lock:
            return self._pods.get(uid)

    def by_address(self, address: str) -> Pod | None:
        """The pod with that IP, if its containers have started."""
        with self._lock:
            return next((pod for pod in self._pods.values() if address in pod.addresses), None)

    def sync(self, objects: Sequence[Mapping[str, Any]]) -> float | None:
        """Take note of every pod there is; returns in how many seconds to come back, None when all is settled."""
        waits = [wait for pod in objects if (wait := self._sync_one(pod)) is not None]
        self._forget({str(pod["metadata"]["uid"]) for pod in objects})
        return min(waits, default=None)

    def _sync_one(self, pod: Mapping[str, Any]) -> float | None:
        uid = str(pod["metadata"]["uid"])
        known = self.by_uid(uid)
        leaving = bool(pod["metadata"].get("deletionTimestamp"))
        if known is None and not leaving:
            if not has_started(pod):
                return None
            try:
                known = self._start(pod)
            except (MissingReferenceError, ValueError, ApiError, UnreachableError) as error:
                # As the kubelet does with a container whose configuration is not there yet.
                self._say(f"pod {pod['metadata']['name']}: CreateContainerConfigError: {error}")
                return _RETRY_SECONDS
        if known is not None:
            known.ready = known.ready or is_ready(pod)
        return self._drain(pod, known) if leaving else None

    def _start(self, pod: Mapping[str, Any]) -> Pod:
        metadata, container = pod["metadata"], model_container(pod)
        status = at(pod, "status")
        address = str(status.get("podIP") or "")
        made = Pod(
            uid=str(metadata["uid"]),
            name=str(metadata["name"]),
            addresses=(address,) if address else (),
            ports=frozenset(declared_ports(pod)),
            server=PlainServer(str(metadata["name"]), str(pod["spec"]["containers"][0].get("image"))),
        )
        if container is not None:
            server = self._model_server(pod, container)
            made = dataclasses.replace(made, server=server, ports=frozenset([server.settings.port]))
            self._say(f"pod {made.name}: serves {', '.join(server.settings.served_names)}")
        with self._lock:
            self._pods[made.uid] = made
        return made

    def _model_server(self, pod: Mapping[str, Any], container: Mapping[str, Any]) -> ModelServer:
        uid, namespace = str(pod["metadata"]["uid"]), str(pod["metadata"]["namespace"])
        kept = self._keys.get(uid)
        try:
            variables = environment(
                container,
                lambda name: self._data("Secret", namespace, name),
                lambda name: self._data("ConfigMap", namespace, name),
            )
        except MissingReferenceError:
            # The container runs already: what it was started with is what counts.
            if kept is None:
                raise
            variables = {}
        words = command_line(container, variables)
        settings = parse(words, str(container.get("image") or ""), variables.get("VLLM_API_KEY", ""))
        if kept is None:
            kept = [digest(key).hex() for key in settings.api_keys]
            self._keep_keys({**self._keys, uid: kept})
        settings = dataclasses.replace(settings, api_keys=())
        return ModelServer(settings, [bytes.fromhex(key) for key in kept], pace(pod), self._changed)

    def _data(self, kind: str, namespace: str, name: str) -> dict[str, str] | None:
        found = self._api.get("v1", kind, namespace, name)
        if found is None:
            return None
        if kind == "ConfigMap":
            return {key: str(value) for key, value in at(found, "data").items()}
        return {key: base64.b64decode(value).decode() for key, value in at(found, "data").items()}

    def _keep_keys(self, keys: dict[str, list[str]]) -> None:
        """Digests only, so that a restart of this process does not look like one of the pods."""
        self._keys = keys
        self._keys_file.touch(mode=0o600)
        self._keys_file.write_text(json.dumps(keys))

    def _drain(self, pod: Mapping[str, Any], known: Pod | None) -> float | None:
        container = model_container(pod)
        uid = str(pod["metadata"]["uid"])
        if container is None or uid in self._ended:
            return None
        now = time.monotonic()
        if known is not None:
            if known.deadline is None:
                shutdown = (
                    known.server.settings.shutdown_seconds if isinstance(known.server, ModelServer) else 0.0
                )
                known.deadline = now + drain_seconds(pod, container, shutdown)
            if known.under_way and now < known.deadline:
                return known.deadline - now
            if known.under_way and isinstance(known.server, ModelServer):
                self._say(f"pod {known.name}: its drain is over with {known.under_way} requests under way")
                known.server.abort()
        return self._end(pod)

    def _end(self, pod: Mapping[str, Any]) -> float | None:
        metadata = pod["metadata"]
        path = self._api.path("v1", "Pod", metadata["namespace"], metadata["name"])
        options = {"gracePeriodSeconds": 0, "preconditions": {"uid": metadata["uid"]}}
        body = {"apiVersion": "v1", "kind": "DeleteOptions", **options}
        try:
            self._api.request("DELETE", path, None, body)
        except UnreachableError:
            return _RETRY_SECONDS
        except ApiError as error:
            if error.status not in (404, 409):
                return _RETRY_SECONDS
        self._ended.add(str(metadata["uid"]))
        return None

    def _forget(self, there: set[str]) -> None:
        with self._lock:
            gone = [self._pods.pop(uid) for uid in set(self._pods) - there]
        for pod in gone:
            # What was not taken down here was killed, and its connections with it.
            if pod.uid not in self._ended and isinstance(pod.server, ModelServer):
                pod.server.abort()
        self._ended &= there
        if gone and set(self._keys) - there:
            self._keep_keys({uid: keys for uid, keys in self._keys.items() if uid in there})
