"""Reaches into JSON-like objects whose fields may be absent or null."""

from collections.abc import Mapping
from typing import Any, cast


def at(value: object, *keys: str) -> dict[str, Any]:
    """The mapping under ``keys``; empty when a step is absent, null or no mapping."""
    for key in keys:
        value = cast("Mapping[str, Any]", value).get(key) if isinstance(value, Mapping) else None
    return dict(cast("Mapping[str, Any]", value)) if isinstance(value, Mapping) else {}


def each(value: object, *keys: str) -> list[dict[str, Any]]:
    """The mappings in the list under ``keys``; empty when it is absent, null or no list."""
    *steps, last = keys
    found = at(value, *steps).get(last)
    return [at(item) for item in cast("list[Any]", found)] if isinstance(found, list) else []


def annotation(value: object, key: str) -> str:
    """An annotation of an object, empty when it does not have it."""
    return str(at(value, "metadata", "annotations").get(key) or "")
