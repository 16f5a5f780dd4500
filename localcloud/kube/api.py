"""A small Kubernetes API client: discovery, reads, server-side apply, deletes and watches.

The published Python client costs 0.5 s and 70 MB in each process that imports it; the provider and the
stand-in controllers need six verbs on plain JSON.
"""

import json
import threading
import time
from collections.abc import Generator, Mapping
from typing import Any, cast
from urllib.parse import quote, urlencode

import urllib3

from localcloud.kube.connection import Cluster, TokenSource, ssl_context
from localcloud.kube.fields import each

Object = dict[str, Any]
"""A Kubernetes object as JSON."""

_BUSY = (429, 503)
_BUSY_RETRIES = 5


class ApiError(Exception):
    """An answer of the API server that is not a success."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason


class UnreachableError(Exception):
    """The API server does not answer at all."""


class NoSuchKindError(Exception):
    """The API server does not serve a kind: its CustomResourceDefinition is not installed."""


class Api:
    """The API server of one cluster; usable from many threads."""

    def __init__(self, cluster: Cluster, *, connections: int = 32) -> None:
        self.cluster = cluster
        self._tokens = TokenSource(cluster.user)
        self._pool = urllib3.PoolManager(
            maxsize=connections,
            ssl_context=ssl_context(cluster),
            timeout=urllib3.Timeout(connect=5, read=60),
            retries=urllib3.Retry(connect=2, read=0, redirect=0, status=0, backoff_factor=0.2),
        )
        self._kinds: dict[tuple[str, str], tuple[str, bool]] = {}
        self._kinds_lock = threading.Lock()

    def request(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: object = None,
        content_type: str = "application/json",
    ) -> Object:
        """Send one request and return the JSON answer; raises `ApiError` or `UnreachableError`."""
        attempt = 0
        while True:
            answer = self._send(method, path, query, body, content_type, renew=False)
            if answer.status == 401:
                answer = self._send(method, path, query, body, content_type, renew=True)
            attempt += 1
            if answer.status not in _BUSY or attempt > _BUSY_RETRIES:
                break
            time.sleep(min(float(answer.headers.get("Retry-After") or 1), 5))
        data = answer.data
        if answer.status >= 400:
            raise _error(answer.status, data)
        return cast("Object", json.loads(data)) if data else {}

    def _send(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None,
        body: object,
        content_type: str,
        *,
        renew: bool,
        stream: bool = False,
        timeout: urllib3.Timeout | None = None,
    ) -> urllib3.BaseHTTPResponse:
        url = self.cluster.server + path + (f"?{urlencode(query)}" if query else "")
        headers = {"Authorization": f"Bearer {self._tokens.token(renew=renew)}", "Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = content_type
        try:
            return self._pool.request(
                method,
                url,
                headers=headers,
                body=json.dumps(body).encode() if body is not None else None,
                preload_content=not stream,
                timeout=timeout or urllib3.Timeout(connect=5, read=60),
            )
        except urllib3.exceptions.HTTPError as error:
            cause = error.reason if isinstance(error, urllib3.exceptions.MaxRetryError) else error
            raise UnreachableError(
                f"the Kubernetes API server at {self.cluster.server} does not answer: {cause}"
            ) from None

    def resource(self, api_version: str, kind: str) -> tuple[str, bool]:
        """The plural name of a kind and whether it is namespaced; raises `NoSuchKindError`."""
        key = (api_version, kind)
        with self._kinds_lock:
            if key not in self._kinds:
                try:
                    listed = self.request("GET", _group_path(api_version))
                except ApiError as error:
                    if error.status != 404:
                        raise
                    listed = {}
                for entry in each(listed, "resources"):
                    if "/" not in entry["name"]:
                        self._kinds[api_version, entry["kind"]] = (entry["name"], entry["namespaced"])
            if key not in self._kinds:
                raise NoSuchKindError(
                    f'no matches for kind "{kind}" in version "{api_version}": '
                    "its CustomResourceDefinition is not installed"
                )
            return self._kinds[key]

    def path(self, api_version: str, kind: str, namespace: str = "", name: str = "") -> str:
        """URL path of an object, or of the collection when ``name`` is empty (all namespaces if none is given)."""
        plural, namespaced = self.resource(api_version, kind)
        path = _group_path(api_version)
        if namespaced and (namespace or name):
            path += f"/namespaces/{quote(namespace or 'default', safe='')}"
        return f"{path}/{plural}" + (f"/{quote(name, safe='')}" if name else "")

    def get(self, api_version: str, kind: str, namespace: str, name: str) -> Object | None:
        """An object, or None when it does not exist (or its kind does not)."""
        try:
            return self.request("GET", self.path(api_version, kind, namespace, name))
        except NoSuchKindError:
            return None
        except ApiError as error:
            if error.status == 404:
                return None
            raise

    def find(self, wanted: Mapping[str, Any]) -> Object | None:
        """The live object of the same kind, namespace and name, or None."""
        metadata = wanted["metadata"]
        return self.get(
            wanted["apiVersion"], wanted["kind"], metadata.get("namespace") or "", metadata["name"]
        )

    def list(self, api_version: str, kind: str, namespace: str = "", **selectors: str) -> list[Object]:
        """The objects of a kind; ``labelSelector`` and ``fieldSelector`` narrow them."""
        listed = self.request("GET", self.path(api_version, kind, namespace), selectors or None)
        return list(listed.get("items") or [])

    def apply(self, body: Object, manager: str, *, force: bool = False) -> Object:
        """Server-side apply with strict field validation; returns the live object."""
        metadata = body["metadata"]
        path = self.path(body["apiVersion"], body["kind"], metadata.get("namespace") or "", metadata["name"])
        query = {"fieldManager": manager, "fieldValidation": "Strict", "force": "true" if force else "false"}
        return self.request("PATCH", path, query, body, "application/apply-patch+yaml")

    def merge_patch(self, path: str, body: Object) -> Object:
        """JSON merge patch of an object or of one of its subresources."""
        return self.request("PATCH", path, None, body, "application/merge-patch+json")

    def delete(self, api_version: str, kind: str, namespace: str, name: str) -> None:
        """Ask for a foreground delete; an object that is gone already is no error."""
        options = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Foreground"}
        try:
            self.request("DELETE", self.path(api_version, kind, namespace, name), None, options)
        except NoSuchKindError:
            return
        except ApiError as error:
            if error.status != 404:
                raise

    def watch(
        self, path: str, resource_version: str, *, label_selector: str = "", seconds: int = 300
    ) -> Generator[Object]:
        """Watch events of a collection from ``resource_version`` on, until the server ends the watch."""
        query = {
            "watch": "1",
            "resourceVersion": resource_version,
            "allowWatchBookmarks": "true",
            "timeoutSeconds": str(seconds),
            **({"labelSelector": label_selector} if label_selector else {}),
        }
        answer = self._send(
            "GET",
            path,
            query,
            None,
            "",
            renew=False,
            stream=True,
            timeout=urllib3.Timeout(connect=5, read=seconds + 30),
        )
        try:
            if answer.status >= 400:
                raise _error(answer.status, answer.read())
            pending = b""
            for chunk in answer.stream(65536):
                *lines, pending = (pending + chunk).split(b"\n")
                for line in lines:
                    yield cast("Object", json.loads(line))
        except urllib3.exceptions.HTTPError as error:
            raise UnreachableError(f"the watch of {path} broke: {error}") from None
        finally:
            answer.close()


def patch_if_there(api: Api, path: str, body: Object) -> None:
    """JSON merge patch of an object that may be gone by now."""
    try:
        api.merge_patch(path, body)
    except ApiError as error:
        if error.status != 404:
            raise


def _group_path(api_version: str) -> str:
    return f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"


def _error(status: int, data: bytes) -> ApiError:
    try:
        answer = cast("Mapping[str, Any]", json.loads(data))
        return ApiError(status, str(answer.get("reason") or ""), str(answer.get("message") or data.decode()))
    except ValueError:
        return ApiError(status, "", data.decode(errors="replace").strip() or f"HTTP {status}")
