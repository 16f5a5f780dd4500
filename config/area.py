"""What every area of the settings shares: a strict model, and rules that look at sound values only."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import NoneType
from typing import Annotated, Any, NamedTuple, TypeVar, cast, get_args, get_origin

from pydantic import BaseModel, ConfigDict, TypeAdapter
from pydantic.alias_generators import to_camel
from pydantic.fields import FieldInfo

Location = tuple[int | str, ...]
"""Where a value lies in the YAML: keys and list indexes from the top."""


class Fault(NamedTuple):
    """One thing that is wrong with the settings."""

    path: str
    """Property path as in the stack file, ``gpuNodes.capacity.reservationId``; a rule's is below its area and
    may be empty for the area as a whole."""
    reason: str
    """What is wrong and what would be right; reads on after the path."""


A = TypeVar("A", bound="Area")
RuleCheck = Callable[[A], Iterable[Fault]]


def rule(*needs: str) -> Callable[[RuleCheck[A]], RuleCheck[A]]:
    """Mark a method as a rule: it yields a fault, with a path below its own area, for each breach.

    ``needs`` names the fields it reads, as dotted attribute paths. The rule is left out when one of them was
    refused already, so one mistake is told once and hides no other.
    """

    def mark(check: RuleCheck[A]) -> RuleCheck[A]:
        cast("Any", check).needs = needs
        return check

    return mark


class Area(BaseModel):
    """One area of the settings: immutable, camelCase in YAML, unknown keys and wrong types refused."""

    model_config = ConfigDict(
        strict=True,
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        use_attribute_docstrings=True,
    )

    def sound(self, *paths: str) -> bool:
        """Whether the fields at these dotted attribute paths passed their own checks.

        Always true of a validated area; rules ask for it because they also run on what `salvage` returns.
        """
        for path in paths:
            value: Any = self
            for name in path.split("."):
                if isinstance(value, Area) and name not in value.__dict__:
                    return False
                value = getattr(value, name, None)
        return True

    def faults(self) -> Iterator[Fault]:
        """Breaches of the rules of this area and of the areas inside it."""
        for check in self._rules():
            if self.sound(*cast("Any", check).needs):
                yield from check(self)
        for name, value in self.__dict__.items():
            alias = type(self).model_fields[name].alias or name
            for suffix, inner in _areas_in(value):
                for fault in inner.faults():
                    yield Fault(f"{alias}{suffix}.{fault.path}".rstrip("."), fault.reason)

    @classmethod
    def _rules(cls) -> list[RuleCheck["Area"]]:
        return [check for base in cls.__mro__ for check in vars(base).values() if hasattr(check, "needs")]


def salvage(model: type[A], raw: Mapping[str, Any], refused: Iterable[Location]) -> A:
    """A ``model`` with the sound values of ``raw``, for rules to run on; never handed to the program.

    Fields at a ``refused`` location are left out: they are not attributes of the result at all.
    """
    locations = list(refused)
    values: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        alias = field.alias or name
        inside = [location[1:] for location in locations if location and location[0] == alias]
        if inside:
            for value in _salvage_inside(field.annotation, raw.get(alias), inside):
                values[name] = value
        elif alias in raw:
            values[name] = TypeAdapter[Any](whole_type(field)).validate_json(
                json.dumps(raw[alias]), strict=True
            )
        else:
            values[name] = field.get_default(call_default_factory=True)
    given = {name for name in values if (model.model_fields[name].alias or name) in raw}
    partial = model.model_construct(given, **values)
    # A default must not stand in for a value that was refused: rules would judge what nobody wrote.
    for name in (model.model_fields.keys() - values.keys()) & vars(partial).keys():
        object.__delattr__(partial, name)
    return partial


def area_type(annotation: Any) -> type[Area] | None:
    """The area that a field holds, is a map of, or is a list of; none for a plain value."""
    if isinstance(annotation, type) and issubclass(annotation, Area):
        return annotation
    for argument in get_args(annotation):
        if argument is not NoneType and (found := area_type(argument)):
            return found
    return None


def whole_type(field: FieldInfo) -> Any:
    """A field's type with its constraints, which pydantic keeps apart."""
    whole: Any = Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation
    return whole


def is_map(annotation: Any) -> bool:
    """Whether a field is a map from keys to values."""
    return get_origin(annotation) is dict


def is_list(annotation: Any) -> bool:
    """Whether a field is a list."""
    return get_origin(annotation) is tuple


def _salvage_inside(annotation: Any, raw: Any, refused: list[Location]) -> list[Any]:
    """The sound rest of one field as a list of one value; empty when nothing of it can be used."""
    model = area_type(annotation)
    if model is None or is_list(annotation) or () in refused or not isinstance(raw, Mapping):
        return []
    mapping = cast("Mapping[str, Any]", raw)
    if not is_map(annotation):
        return [salvage(model, mapping, refused)]
    rest: dict[str, Area] = {}
    for key, entry in mapping.items():
        inside = [location[1:] for location in refused if location[0] == key]
        if () not in inside and isinstance(entry, Mapping):
            rest[key] = salvage(model, cast("Mapping[str, Any]", entry), inside)
    return [rest]


def _areas_in(value: Any) -> Iterator[tuple[str, Area]]:
    if isinstance(value, Area):
        yield "", value
    elif isinstance(value, dict):
        for key, item in cast("dict[str, Any]", value).items():
            if isinstance(item, Area):
                yield f".{key}", item
    elif isinstance(value, tuple):
        for index, item in enumerate(cast("tuple[Any, ...]", value)):
            if isinstance(item, Area):
                yield f"[{index}]", item
