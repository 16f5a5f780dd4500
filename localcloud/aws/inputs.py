"""Checks a resource's inputs against its shape: names, types, required ones and allowed values."""

from collections.abc import Mapping
from typing import Any, cast

from localcloud.aws.types import Field, Type
from localcloud.providers.protocol import UNKNOWN, CheckFailure, Properties


def check_inputs(fields: Mapping[str, Field], inputs: Properties) -> tuple[Properties, list[CheckFailure]]:
    """The inputs in the types of their shape, and what is wrong with them.

    As Pulumi's bridge does, a number or boolean is taken for a string and the other way round where the text
    allows it. Values that are not known yet pass.
    """
    checker = _Checker()
    checked = checker.object(fields, inputs, "")
    return checked, checker.failures


class _Checker:
    def __init__(self) -> None:
        self.failures: list[CheckFailure] = []

    def object(self, fields: Mapping[str, Field], values: Mapping[str, Any], path: str) -> Properties:
        """An object's values, checked."""
        result: Properties = {}
        for name, value in values.items():
            if name.startswith("__") or value is None:
                continue
            field = fields.get(name)
            if field is None:
                self._fail(_join(path, name), f"there is no such input; it has {', '.join(sorted(fields))}")
            else:
                result[name] = self._value(field.type, value, _join(path, name))
        for name, field in fields.items():
            if field.required and values.get(name) is None:
                self._fail(_join(path, name), "a value is required")
        return result

    def _value(self, type_: Type, value: Any, path: str) -> Any:
        if isinstance(value, str) and value == UNKNOWN:
            return value
        match type_.kind:
            case "list":
                return self._list(type_, value, path)
            case "map":
                return self._map(type_, value, path)
            case "object":
                if not isinstance(value, dict):
                    return self._mismatch(path, "an object", value)
                return self.object(type_.fields, cast("dict[str, Any]", value), path)
            case "any":
                return value
            case _:
                return self._scalar(type_, value, path)

    def _list(self, type_: Type, value: Any, path: str) -> Any:
        if not isinstance(value, list):
            return self._mismatch(path, "a list", value)
        item = type_.item or Type("any")
        return [
            self._value(item, element, f"{path}[{index}]")
            for index, element in enumerate(cast("list[Any]", value))
        ]

    def _map(self, type_: Type, value: Any, path: str) -> Any:
        if not isinstance(value, dict):
            return self._mismatch(path, "a map", value)
        item = type_.item or Type("any")
        entries = cast("dict[str, Any]", value).items()
        return {
            key: self._value(item, element, _join(path, key))
            for key, element in entries
            if element is not None
        }

    def _scalar(self, type_: Type, value: Any, path: str) -> Any:
        if isinstance(value, dict | list):
            return self._mismatch(path, f"a {type_.kind}", value)
        match type_.kind:
            case "string":
                text = str(value).lower() if isinstance(value, bool) else str(value)
                if type_.values and text not in type_.values:
                    wanted = ", ".join(repr(one) for one in type_.values)
                    self._fail(path, f"expected one of {wanted}; got {text!r}")
                return text
            case "boolean":
                if value in (True, False, "true", "false"):
                    return value in (True, "true")
                return self._mismatch(path, "a boolean", value)
            case "integer":
                return self._number(int, "an integer", value, path)
            case _:
                return self._number(float, "a number", value, path)

    def _number(self, kind: type[int] | type[float], wanted: str, value: Any, path: str) -> Any:
        if isinstance(value, bool) or (kind is int and isinstance(value, float)):
            return self._mismatch(path, wanted, value)
        if isinstance(value, int | float):
            return value
        try:
            return kind(value)
        except ValueError:
            return self._mismatch(path, wanted, value)

    def _mismatch(self, path: str, wanted: str, value: Any) -> Any:
        self._fail(path, f"expected {wanted}; got {value!r}")
        return value

    def _fail(self, path: str, reason: str) -> None:
        self.failures.append(CheckFailure(path, reason))


def _join(path: str, name: str) -> str:
    if not name.replace("_", "a").isalnum():
        return f'{path}["{name}"]'
    return f"{path}.{name}" if path else name
