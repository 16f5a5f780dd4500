"""Pure rules about Kubernetes objects: comparing inputs, restricting live state to them, masking secrets."""

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, cast

from localcloud.kube.fields import at
from localcloud.kube.shapes import path_text
from localcloud.providers.protocol import Change

AUTONAMED = "pulumi.com/autonamed"
"""Annotation on an object whose name the provider chose."""

_SUFFIXES = {
    "n": Decimal("1e-9"),
    "u": Decimal("1e-6"),
    "m": Decimal("1e-3"),
    "": Decimal(1),
    "k": Decimal(10) ** 3,
    "M": Decimal(10) ** 6,
    "G": Decimal(10) ** 9,
    "T": Decimal(10) ** 12,
    "P": Decimal(10) ** 15,
    "E": Decimal(10) ** 18,
    "Ki": Decimal(2) ** 10,
    "Mi": Decimal(2) ** 20,
    "Gi": Decimal(2) ** 30,
    "Ti": Decimal(2) ** 40,
    "Pi": Decimal(2) ** 50,
    "Ei": Decimal(2) ** 60,
}
_QUANTITY = re.compile(r"([+-]?[0-9]+(?:\.[0-9]*)?)(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?")
_QUANTITY_MAPS = frozenset({"limits", "requests", "capacity", "hard"})
_LIST_KEYS = ("name", "key", "containerPort", "mountPath", "ip", "topologyKey", "port")
_MASKED = "(sensitive value {})"


def differences(
    old: Mapping[str, Any], new: Mapping[str, Any], force_new: Sequence[str] = ()
) -> list[Change]:
    """Every changed field between two objects; those on or under a ``force_new`` path replace.

    An absent field equals a null one. ``force_new`` writes list positions as ``[*]``.
    """
    patterns = [tuple(re.findall(r"[^.\[\]]+", pattern)) for pattern in force_new]
    found: list[Change] = []
    for path, kind in _walk((), dict(old), dict(new)):
        general = tuple("*" if isinstance(part, int) else part for part in path)
        replace = any(
            general[: len(pattern)] == pattern or pattern[: len(general)] == general for pattern in patterns
        )
        found.append(Change(path_text(path), kind, replace))
    return found


def _walk(path: tuple[Any, ...], old: Any, new: Any) -> Iterable[tuple[tuple[Any, ...], str]]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        was, now = cast("Mapping[str, Any]", old), cast("Mapping[str, Any]", new)
        for key in sorted({*was, *now}):
            yield from _walk((*path, key), was.get(key), now.get(key))
    elif isinstance(old, list) and isinstance(new, list):
        before, after = cast("list[Any]", old), cast("list[Any]", new)
        for index in range(max(len(before), len(after))):
            yield from _walk(
                (*path, index),
                before[index] if index < len(before) else None,
                after[index] if index < len(after) else None,
            )
    elif old is None and new is not None:
        yield path, "add"
    elif old is not None and new is None:
        yield path, "delete"
    elif not same_scalar(old, new):
        yield path, "update"


def same_scalar(one: Any, other: Any) -> bool:
    """Equality that keeps ``true`` and ``1`` apart, and takes ``1`` and ``1.0`` for the same."""
    if isinstance(one, bool) != isinstance(other, bool):
        return False
    return bool(one == other)


def restrict(live: Any, inputs: Any) -> Any:
    """The part of a live value that ``inputs`` speak of, in the spelling of ``inputs`` where both mean the same.

    Fields that the API server or a controller added are left out; a field of ours that is gone from the live
    value is left out too, so that a comparison shows it.
    """
    return _restrict(live, inputs, quantity=False)


def _restrict(live: Any, inputs: Any, *, quantity: bool) -> Any:
    if isinstance(inputs, Mapping):
        return _restrict_mapping(live, cast("Mapping[str, Any]", inputs), quantity=quantity)
    if isinstance(inputs, list) and isinstance(live, list):
        return _restrict_list(cast("list[Any]", live), cast("list[Any]", inputs))
    return _restrict_leaf(live, cast("object", inputs), quantity=quantity)


def _restrict_leaf(live: Any, inputs: Any, *, quantity: bool) -> Any:
    if _blank(inputs) and _blank(live):
        return inputs
    if quantity and same_quantity(live, inputs):
        return inputs
    # Kubernetes keeps IntOrString and quantities as they are written, but not always their JSON type.
    if isinstance(live, str | int | float) and isinstance(inputs, str | int | float):
        plain = not isinstance(live, bool) and not isinstance(inputs, bool)
        return inputs if plain and str(live) == str(inputs) else live
    return live


def _restrict_mapping(live: Any, inputs: Mapping[str, Any], *, quantity: bool) -> Any:
    if not isinstance(live, Mapping):
        return dict(inputs) if not inputs and live is None else live
    found = cast("Mapping[str, Any]", live)
    kept: dict[str, Any] = {}
    for key, value in inputs.items():
        if key in found:
            numeric = quantity or key in _QUANTITY_MAPS or key == "sizeLimit"
            kept[key] = _restrict(found[key], value, quantity=numeric)
        elif _blank(value):
            kept[key] = value
    return kept


def _restrict_list(live: list[Any], inputs: list[Any]) -> list[Any]:
    """Items are matched by the key that Kubernetes merges them by, else by position."""
    key = next((k for k in _LIST_KEYS if _unique_key(live, k) and _unique_key(inputs, k)), None)
    if key is None:
        return [
            _restrict(item, inputs[index], quantity=False) if index < len(inputs) else item
            for index, item in enumerate(live)
        ]
    ours = {item[key]: item for item in inputs}
    theirs = {item[key]: item for item in live}
    # Sidecars and volumes that admission adds belong to somebody else: they are not our drift.
    return [_restrict(theirs[name], item, quantity=False) for name, item in ours.items() if name in theirs]


def _unique_key(items: list[Any], key: str) -> bool:
    values = [cast("Mapping[str, Any]", item).get(key) for item in items if isinstance(item, Mapping)]
    return len(values) == len(items) and None not in values and len(set(map(str, values))) == len(values)


def _blank(value: Any) -> bool:
    return value is None or value is False or value in ("", [], {}) or value == 0


def same_quantity(one: Any, other: Any) -> bool:
    """Whether two resource quantities mean the same amount: ``1000m`` and ``1``, ``1Gi`` and ``1024Mi``."""
    first, second = quantity(one), quantity(other)
    return first is not None and first == second


def quantity(value: Any) -> Decimal | None:
    """A Kubernetes quantity as a number, or None when it is none."""
    found = _QUANTITY.fullmatch(str(value))
    if not found:
        return None
    try:
        return Decimal(found.group(1)) * _SUFFIXES[found.group(2) or ""]
    except InvalidOperation:
        return None


def live_inputs(live: Mapping[str, Any], inputs: Mapping[str, Any]) -> dict[str, Any]:
    """What the inputs of an object would have to be to describe its live state."""
    seen = dict(live)
    if (inputs.get("apiVersion"), inputs.get("kind")) == ("v1", "Secret") and "stringData" in inputs:
        # Write-only: the API server keeps it in `data`.
        data = cast("Mapping[str, Any]", at(live, "data"))
        wanted = cast("Mapping[str, Any]", inputs["stringData"] or {})
        seen["stringData"] = {key: _decoded(data[key]) for key in wanted if key in data}
    return cast("dict[str, Any]", restrict(seen, inputs))


def _decoded(value: Any) -> str:
    return base64.b64decode(str(value)).decode(errors="replace")


def without_bookkeeping(live: Mapping[str, Any]) -> dict[str, Any]:
    """A live object as it goes into the state: without the list of field managers."""
    metadata = {key: value for key, value in live.get("metadata", {}).items() if key != "managedFields"}
    return {**live, "metadata": metadata}


def masked(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """An object of a manifest with a Secret's values replaced by their digests."""
    if (manifest.get("apiVersion"), manifest.get("kind")) != ("v1", "Secret"):
        return dict(manifest)
    hidden = dict(manifest)
    data = {key: _mask(str(value)) for key, value in at(manifest, "data").items()}
    for key, value in at(manifest, "stringData").items():
        data[key] = _mask(base64.b64encode(str(value).encode()).decode())
    hidden.pop("stringData", None)
    if data:
        hidden["data"] = data
    return hidden


def _mask(encoded: str) -> str:
    return _MASKED.format(hashlib.sha256(encoded.encode()).hexdigest()[:16])


def secret_values(inputs: Mapping[str, Any]) -> list[str]:
    """The plain and encoded values of a Secret, for keeping them out of messages."""
    if (inputs.get("apiVersion"), inputs.get("kind")) != ("v1", "Secret"):
        return []
    values: list[str] = []
    for value in at(inputs, "stringData").values():
        values += [str(value), base64.b64encode(str(value).encode()).decode()]
    for value in at(inputs, "data").values():
        values.append(str(value))
        try:
            values.append(base64.b64decode(str(value), validate=True).decode())
        except ValueError:
            continue
    return [value for value in values if len(value) >= 4]


def scrubbed(message: str, inputs: Mapping[str, Any]) -> str:
    """A message without the values of the Secret it is about."""
    for value in sorted(secret_values(inputs), key=len, reverse=True):
        message = message.replace(value, "[secret]")
    return message


def to_api(value: Any) -> Any:
    """Inputs as the API spells them: the SDK writes ``x-kubernetes-…`` with underscores and ``$ref`` as ``_ref``."""
    if isinstance(value, Mapping):
        items = cast("Mapping[str, Any]", value).items()
        return {_api_key(key): to_api(item) for key, item in items if item is not None}
    if isinstance(value, list):
        return [to_api(item) for item in cast("list[Any]", value)]
    return value


def _api_key(key: str) -> str:
    if key.startswith("x_kubernetes_"):
        return key.replace("_", "-")
    return {"_ref": "$ref", "_schema": "$schema"}.get(key, key)


def identity(live: Mapping[str, Any]) -> str:
    """The provider's id of an object: ``namespace/name``, or ``name`` when it has no namespace."""
    metadata = live["metadata"]
    namespace = metadata.get("namespace")
    return f"{namespace}/{metadata['name']}" if namespace else str(metadata["name"])


def described(live: Mapping[str, Any]) -> str:
    """An object in words: ``Deployment poolside/inference-laguna-m``."""
    return f"{live.get('kind')} {identity(live)}"
