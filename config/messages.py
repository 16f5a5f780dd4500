"""Turns pydantic's errors into faults that say, in the words of the stack file, what would be right."""

import difflib
import json
from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from config.area import Area, Fault, Location, area_type, is_list, is_map, whole_type
from config.formats import expectation

KEY_MARK = "[key]"
"""How pydantic marks, at the end of a location, that a map's key was refused and not its value."""


def faults_of(error: ValidationError, model: type[Area]) -> Iterator[Fault]:
    """Each fault that validating ``model`` found, with its property path."""
    found = error.errors(include_url=False)
    for details in found:
        location = details["loc"]
        # Pydantic counts sound elements only: a list whose elements were refused is not too short as well.
        inside = any(len(other["loc"]) > len(location) and _begins(other["loc"], location) for other in found)
        if not (details["type"] == "too_short" and inside):
            yield Fault(path_of(location), _reason(details, model))


def _begins(location: Location, start: Location) -> bool:
    return location[: len(start)] == start


def path_of(location: Location) -> str:
    """A location as people write it: ``network.availabilityZones[1]``, ``models.laguna-m.gpus``."""
    path = ""
    for part in location:
        if isinstance(part, int):
            path += f"[{part}]"
        elif part != KEY_MARK:
            path += f".{part}" if path else part
    return path


def _reason(details: ErrorDetails, model: type[Area]) -> str:
    context = details.get("ctx") or {}
    value = _shown(details["input"])
    match details["type"]:
        case "refused":
            return details["msg"]
        case "missing":
            return f"is required: {_meaning(_field_at(model, details['loc']))}"
        case "extra_forbidden":
            return _unknown(str(details["loc"][-1]), _known_keys(model, details["loc"][:-1]))
        case "literal_error":
            return f"is {value}; it must be {context['expected']}"
        case "string_type":
            quotes = ", in quotes" if isinstance(details["input"], int | float) else ""
            field = _field_at(model, details["loc"])
            expected = expectation(whole_type(field)) if field else ""
            return f"is {value}; it must be a string{quotes}{': ' if expected else ''}{expected}"
        case "int_type" | "int_from_float":
            return f"is {value}; it must be a whole number, without quotes"
        case "bool_type":
            return f"is {value}; it must be true or false, without quotes"
        case "tuple_type":
            return f"is {value}; it must be a list"
        case "model_type" | "dict_type":
            return f"is {value}; it must be a map of keys to values"
        case "greater_than_equal":
            return f"is {value}; it must be {context['ge']} or more"
        case "less_than_equal":
            return f"is {value}; it must be {context['le']} or less"
        case "too_short":
            return f"has {context['actual_length']} entries; it needs {context['min_length']} or more"
        case "string_too_short":
            return "is empty; give it a value or leave the key out"
        case _:
            return f"is {value}: {details['msg']}"


def _shown(value: Any) -> str:
    text = repr(value) if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _unknown(key: str, known: list[str]) -> str:
    close = difflib.get_close_matches(key, known, n=1)
    hint = f"did you mean {close[0]}? " if close else ""
    return f"is not a setting; {hint}known here: {', '.join(known)}"


def _meaning(field: FieldInfo | None) -> str:
    text = (field.description if field else None) or "give it a value"
    first, *_ = " ".join(text.split()).split(". ")
    return first.rstrip(".")


def _known_keys(model: type[Area], location: Location) -> list[str]:
    found = _model_at(model, location)
    return sorted(field.alias or name for name, field in found.model_fields.items())


def _field_at(model: type[Area], location: Location) -> FieldInfo | None:
    inside = _model_at(model, location[:-1])
    return next((field for field in inside.model_fields.values() if field.alias == location[-1]), None)


def _model_at(model: type[Area], location: Location) -> type[Area]:
    parts = iter(location)
    for part in parts:
        field = next(field for field in model.model_fields.values() if field.alias == part)
        if is_map(field.annotation) or is_list(field.annotation):
            next(parts, None)
        model = area_type(field.annotation) or model
    return model
