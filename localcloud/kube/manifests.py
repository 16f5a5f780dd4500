"""Rendered Helm manifests as mappings from object to fields, which diffs and states can show."""

from collections.abc import Iterable, Mapping
from typing import Any, cast

import yaml

from localcloud.kube.fields import at
from localcloud.kube.kinds import CLUSTER_SCOPED, is_builtin
from localcloud.kube.objects import masked, same_scalar

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

KEEP = "helm.sh/resource-policy"
"""Annotation of objects that an uninstall leaves behind."""


def parse(text: str, namespace: str) -> dict[str, dict[str, Any]]:
    """The objects of a manifest by key; Kubernetes' own namespaced kinds get the release's namespace."""
    found: dict[str, dict[str, Any]] = {}
    for document in yaml.load_all(text, Loader=_Loader):
        if not isinstance(document, dict):
            continue
        for manifest in _items(cast("dict[str, Any]", document)):
            metadata = at(manifest, "metadata")
            # Whether a custom resource has a namespace is known to its definition only, and so to the cluster.
            namespaced = is_builtin(manifest["apiVersion"]) and manifest["kind"] not in CLUSTER_SCOPED
            if namespaced and not metadata.get("namespace"):
                metadata["namespace"] = namespace
            placed = _plain({**manifest, "metadata": metadata})
            found[key(placed)] = placed
    return found


def _items(document: dict[str, Any]) -> Iterable[dict[str, Any]]:
    if str(document.get("kind", "")).endswith("List") and isinstance(document.get("items"), list):
        yield from document["items"]
    elif document.get("kind") and document.get("apiVersion"):
        yield document


def _plain(value: Any) -> Any:
    """Without nulls, which mean absent, and with dates back as the strings they were."""
    if isinstance(value, dict):
        items = cast("dict[Any, Any]", value).items()
        return {str(k): _plain(v) for k, v in items if v is not None}
    if isinstance(value, list):
        return [_plain(item) for item in cast("list[Any]", value)]
    return value if isinstance(value, str | int | float | bool) else str(value)


def key(manifest: Mapping[str, Any]) -> str:
    """The key of an object: ``Deployment.apps/v1 namespace/name``."""
    metadata = manifest["metadata"]
    namespace = metadata.get("namespace")
    name = f"{namespace}/{metadata['name']}" if namespace else metadata["name"]
    return f"{_group_kind(manifest)} {name}"


def placed(manifest: Mapping[str, Any], namespace: str) -> dict[str, Any]:
    """The object with the release's namespace if it has none, for asking an API server that knows its scope."""
    metadata = at(manifest, "metadata")
    return {**manifest, "metadata": {**metadata, "namespace": metadata.get("namespace") or namespace}}


def _group_kind(manifest: Mapping[str, Any]) -> str:
    group, _, version = str(manifest["apiVersion"]).rpartition("/")
    return f"{manifest['kind']}.{group}/{version}" if group else f"{manifest['kind']}/{version}"


def resource_names(objects: Mapping[str, Mapping[str, Any]]) -> dict[str, list[str]]:
    """Names of a release's objects grouped by ``Kind.group/version``."""
    grouped: dict[str, list[str]] = {}
    for manifest in objects.values():
        grouped.setdefault(_group_kind(manifest), []).append(key(manifest).partition(" ")[2])
    return {kind: sorted(names) for kind, names in sorted(grouped.items())}


def masked_all(objects: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The objects as they may be stored: the values of Secrets replaced by digests."""
    return {name: masked(manifest) for name, manifest in objects.items()}


def stable(first: Any, second: Any, old: Any) -> Any:
    """``first``, in which values that a second rendering gives differently are taken from ``old``.

    Charts that draw passwords or certificates at random would otherwise show a change in every preview.
    """
    if isinstance(first, dict) and isinstance(second, dict):
        one, two = cast("dict[str, Any]", first), cast("dict[str, Any]", second)
        was = cast("dict[str, Any]", old) if isinstance(old, dict) else {}
        return {k: stable(v, two.get(k), was.get(k)) for k, v in one.items()}
    if isinstance(first, list) and isinstance(second, list):
        ones, twos = cast("list[Any]", first), cast("list[Any]", second)
        if len(ones) == len(twos):
            olds = cast("list[Any]", old) if isinstance(old, list) else []
            return [
                stable(item, twos[index], olds[index] if index < len(olds) else None)
                for index, item in enumerate(ones)
            ]
    differs = not same_scalar(cast("object", first), cast("object", second))
    return old if differs and old is not None else cast("Any", first)
