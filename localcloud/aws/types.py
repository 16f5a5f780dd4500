"""What a resource type takes and gives, as plain data."""

import dataclasses
from collections.abc import Mapping


@dataclasses.dataclass(frozen=True)
class Type:
    """The type of a property."""

    kind: str
    """``string``, ``integer``, ``number``, ``boolean``, ``any``, ``list``, ``map`` or ``object``."""
    item: "Type | None" = None
    """Element type of a list or map."""
    fields: "Mapping[str, Field]" = dataclasses.field(default_factory=dict[str, "Field"])
    """Fields of an object by camelCase name."""
    values: tuple[str, ...] = ()
    """Allowed values of a string, where they are known."""


@dataclasses.dataclass(frozen=True)
class Field:
    """One property of a resource or nested object."""

    type: Type
    required: bool


@dataclasses.dataclass(frozen=True)
class Shape:
    """Inputs and outputs of one resource type."""

    token: str
    inputs: Mapping[str, Field]
    outputs: Mapping[str, Field]
    """Output properties; ``required`` says that the property always has a value once the resource exists."""
