"""The inputs that a resource has in the account: those of an import, and those of a refresh that met a change.

A refresh compares three sides: what the stack knew, what is there now, and what the program asked for. Only what
changed in the account since the stack looked reaches the inputs, so that a refresh without a change is silent.
"""

from collections.abc import Mapping
from typing import Any, cast

from localcloud.aws.classification import Kind, Path_, classify
from localcloud.aws.types import Field, Shape, Type
from localcloud.providers.protocol import Properties


def imported_inputs(shape: Shape, state: Properties, defaults: Mapping[str, Any]) -> Properties:
    """Inputs that would make this resource: what AWS tells, without defaults and what only AWS decides."""
    return {
        **_Importer(shape, defaults).object(shape.inputs, state, ()),
        **_all_tags(state),
        "__defaults": [],
    }


def refreshed_inputs(shape: Shape, inputs: Properties, before: Properties, now: Properties) -> Properties:
    """The inputs of a stack's resource after the account changed from ``before`` to ``now``."""
    readable = _Readable(shape.token)
    fields = {**shape.inputs, "tagsAll": Field(Type("map", Type("string")), required=False)}
    result = dict(inputs)
    for name, field in fields.items():
        if readable((name,)):
            _merge(readable, field.type, result, name, before.get(name), now.get(name), (name,))
    return result


def tags_in_step(before: Properties, now: Properties) -> Properties:
    """A state whose ``tags`` and ``tagsAll`` say the same, whichever of the two was changed since ``before``."""
    if "tagsAll" not in now:
        return now
    every, own = _tags(now, "tagsAll"), _tags(now, "tags")
    if every == own:
        return now
    told = own if every == _tags(before, "tagsAll") and own != _tags(before, "tags") else every
    state: Properties = {**now, "tags": told, "tagsAll": told}
    return state if told else {key: value for key, value in state.items() if key != "tags"}


def _tags(state: Properties, name: str) -> dict[str, Any]:
    return cast("dict[str, Any]", state.get(name) or {})


def _all_tags(state: Properties) -> Properties:
    return {"tagsAll": state["tagsAll"]} if "tagsAll" in state else {}


class _Readable:
    """Which inputs AWS tells when it is asked for a resource of a type."""

    def __init__(self, token: str) -> None:
        self._known = classify(token)

    def __call__(self, path: Path_) -> bool:
        known = self._known.get(path)
        return known is None or (known.returned and known.kind is not Kind.READ_ONLY)


def _merge(
    readable: _Readable,
    type_: Type,
    target: dict[str, Any],
    name: str,
    before: Any,
    now: Any,
    path: Path_,
) -> None:
    """Take the change of one value from ``before`` to ``now`` over into ``target``."""
    if before == now or (not before and not now and before is not False and now is not False):
        return
    nested = type_.fields if type_.kind == "object" else None
    if isinstance(before, dict) and isinstance(now, dict) and (nested or type_.kind == "map"):
        old, new = cast("dict[str, Any]", before), cast("dict[str, Any]", now)
        known = target.get(name)
        inner: dict[str, Any] = dict(cast("dict[str, Any]", known)) if isinstance(known, dict) else {}
        for key in nested or {**old, **new}:
            below = (*path, key) if nested else path
            if nested is None or readable(below):
                item = nested[key].type if nested else type_.item or Type("any")
                _merge(readable, item, inner, key, old.get(key), new.get(key), below)
        now = inner
    if now is None or now == {}:
        target.pop(name, None)
    else:
        target[name] = now


class _Importer:
    def __init__(self, shape: Shape, defaults: Mapping[str, Any]) -> None:
        self._readable = _Readable(shape.token)
        self._defaults = defaults

    def object(self, fields: Mapping[str, Field], values: Mapping[str, Any], before: Path_) -> dict[str, Any]:
        """The told inputs among an object's values."""
        result: dict[str, Any] = {}
        for name, field in fields.items():
            path = (*before, name)
            if not self._readable(path):
                continue
            value = self._value(field.type, values.get(name), path)
            if not field.required and self._said_by_itself(value, path):
                continue
            if value is not None:
                result[name] = value
        return result

    def _value(self, type_: Type, value: Any, path: Path_) -> Any:
        if isinstance(value, dict) and type_.kind == "object" and type_.fields:
            return self.object(type_.fields, cast("dict[str, Any]", value), path)
        if isinstance(value, list) and type_.item is not None:
            return [self._value(type_.item, one, path) for one in cast("list[Any]", value)]
        return cast("Any", value)

    def _said_by_itself(self, value: Any, path: Path_) -> bool:
        """Whether leaving the value out means the same."""
        default = self._defaults.get(".".join(path))
        if default is not None:
            return value == default
        return not value
