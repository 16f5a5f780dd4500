"""Each input of each type, changed alone, is told, and replaces exactly where its class says so."""

import copy
import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

import pytest

from localcloud.aws import conditions, provider_schemas
from localcloud.aws.classification import Kind, classify
from localcloud.aws.diffs import changes
from localcloud.aws.shapes import shape_of
from localcloud.aws.types import Field, Type
from localcloud.providers.protocol import UNKNOWN

TYPES = sorted(provider_schemas.known_types())
Path_ = tuple[str, ...]


def sample(fields: Mapping[str, Field], mark: str) -> dict[str, Any]:
    """Every input of a type with a value; another mark gives other values."""
    return {name: value(field.type, mark) for name, field in fields.items()}


def value(type_: Type, mark: str) -> Any:
    match type_.kind:
        case "list":
            return [value(type_.item or Type("any"), mark)]
        case "map":
            return {"entry": value(type_.item or Type("any"), mark)}
        case "object":
            # A block without inputs is there or not.
            return sample(type_.fields, mark) if type_.fields else {} if mark == "a" else None
        case "boolean":
            return mark == "a"
        case "integer" | "number":
            return len(mark) + ord(mark[0])
        case _:
            return mark


def leaves(fields: Mapping[str, Field], before: Path_ = ()) -> Iterator[Path_]:
    """Paths of the inputs that hold no others."""
    for name, field in fields.items():
        type_ = field.type
        while type_.kind == "list" and type_.item is not None:
            type_ = type_.item
        if type_.fields:
            yield from leaves(type_.fields, (*before, name))
        else:
            yield (*before, name)


def put(target: Any, source: Any, path: Path_) -> None:
    """Take the value at a path over; a list on the way has one element."""
    for name in path[:-1]:
        target, source = _first(target[name]), _first(source[name])
    target[path[-1]] = source[path[-1]]


def _first(node: Any) -> Any:
    return cast("list[Any]", node)[0] if isinstance(node, list) else node


def plain(path: str) -> str:
    """A told path without indices and map keys."""
    return re.sub(r"\[\d+\]|\.entry$", "", path)


@pytest.mark.parametrize("token", TYPES)
def test_each_input_changed_alone_is_told_as_it_is_classified(token: str) -> None:
    shape, known = shape_of(token), classify(token)
    old, other = sample(shape.inputs, "a"), sample(shape.inputs, "b")
    for path in leaves(shape.inputs):
        new = copy.deepcopy(old)
        put(new, other, path)
        told = changes(shape, old, new, defaults={})
        dotted = ".".join(path)
        assert {plain(change.path) for change in told} == {dotted}, dotted
        expected = (
            conditions.replaces(token, dotted, old, new)
            if known[path].kind is Kind.CONDITIONAL
            else known[path].kind is Kind.REPLACE
        )
        assert {change.replace for change in told} == {expected}, dotted


@pytest.mark.parametrize("token", TYPES)
def test_each_input_that_becomes_unknown_is_told_as_a_change(token: str) -> None:
    shape = shape_of(token)
    old = sample(shape.inputs, "a")
    for name in shape.inputs:
        told = changes(shape, old, {**old, name: UNKNOWN}, defaults={})
        assert {change.path.split("[")[0].split(".")[0] for change in told} == {name}


@pytest.mark.parametrize("token", TYPES)
def test_an_input_that_is_no_longer_given_is_kept_or_told(token: str) -> None:
    shape = shape_of(token)
    old = sample(shape.inputs, "a")
    for name, field in shape.inputs.items():
        if field.type.kind == "object":
            continue
        without = {key: one for key, one in old.items() if key != name}
        told = changes(shape, old, without, defaults={}, state=old)
        kept = provider_schemas.keeps_its_value(shape, (name,))
        assert bool(told) is not kept, name


def test_a_list_with_an_order_tells_another_one_and_a_set_does_not() -> None:
    compared = 0
    for token in TYPES:
        shape = shape_of(token)
        for name, field in shape.inputs.items():
            if field.type.kind != "list" or field.type.item is None:
                continue
            two = [value(field.type.item, "a"), value(field.type.item, "b")]
            told = changes(shape, {name: two}, {name: two[::-1]}, defaults={})
            assert bool(told) is (name in provider_schemas.paths(token, "lists")), f"{token} {name}"
            compared += 1
    assert compared > 40
