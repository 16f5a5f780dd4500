"""Reads Helm's own records of releases: Secrets of type ``helm.sh/release.v1``, one per revision."""

import base64
import dataclasses
import gzip
import json
from typing import Any, cast

from localcloud.kube.api import Api
from localcloud.kube.fields import at


@dataclasses.dataclass(frozen=True)
class Release:
    """One revision of a release, as Helm 3 recorded it."""

    name: str
    namespace: str
    revision: int
    status: str
    """``deployed``, ``failed``, ``pending-install``, ``pending-upgrade``, ``uninstalling``, …"""
    description: str
    manifest: str
    values: dict[str, Any]
    chart: str
    version: str
    app_version: str


def read(api: Api, name: str, namespace: str) -> Release | None:
    """The latest revision of a release, or None when Helm has no record of it."""
    labels = f"owner=helm,name={name}"
    secrets = api.list("v1", "Secret", namespace, labelSelector=labels)
    if not secrets:
        return None
    latest = max(secrets, key=lambda secret: int(secret["metadata"]["labels"].get("version") or 0))
    return decode(str(latest["data"]["release"]))


def decode(data: str) -> Release:
    """The release in the ``release`` field of a record: JSON, gzipped, base64 by Helm and again by Kubernetes."""
    packed = base64.b64decode(base64.b64decode(data))
    found = cast("dict[str, Any]", json.loads(gzip.decompress(packed)))
    info = at(found, "info")
    metadata = at(found, "chart", "metadata")
    return Release(
        name=str(found["name"]),
        namespace=str(found["namespace"]),
        revision=int(found.get("version") or 0),
        status=str(info.get("status") or ""),
        description=str(info.get("description") or ""),
        manifest=str(found.get("manifest") or ""),
        values=at(found, "config"),
        chart=str(metadata.get("name") or ""),
        version=str(metadata.get("version") or ""),
        app_version=str(metadata.get("appVersion") or ""),
    )
