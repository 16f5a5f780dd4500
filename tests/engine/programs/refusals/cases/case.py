"""What a case is: inputs that AWS refuses, and a neighbour that it takes."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple, cast

Properties = dict[str, Any]


class Ref(NamedTuple):
    """The id of another resource of the program, as an input."""

    name: str


@dataclasses.dataclass(frozen=True)
class Resource:
    """A resource that cases rest on, or that is there so that its deletion can be refused."""

    name: str
    type: str
    inputs: Properties
    needs: tuple[str, ...] = ()
    """Names of resources that must be there first, besides those that the inputs name."""
    freed: Properties = dataclasses.field(default_factory=dict[str, Any])
    """What has to change before the resource can be deleted at all."""


@dataclasses.dataclass(frozen=True)
class Case:
    """One refusal.

    A ``create`` is tried with ``refused``, and with ``allowed``, which differs from it in one point, or in
    nothing when ``setting`` is what makes the difference. An ``update`` is tried on the resource that ``start``
    made. A ``delete`` is tried on ``target`` while everything else is there, and again when the rest is gone.
    """

    id: str
    what: str
    """What is refused, as a sentence's subject."""
    type: str
    code: str
    """AWS's error code."""
    says: str
    """A part of AWS's message."""
    verb: Literal["create", "update", "delete"] = "create"
    refused: Properties = dataclasses.field(default_factory=dict[str, Any])
    allowed: Properties = dataclasses.field(default_factory=dict[str, Any])
    start: Properties = dataclasses.field(default_factory=dict[str, Any])
    setting: str = ""
    """Setting of the account file that decides."""
    neighbour: str = ""
    """Resource that is the allowed neighbour, made once for several cases."""
    target: str = ""
    """Resource whose update or deletion is refused."""
    beyond: str = ""
    """What the neighbour meets after AWS would have taken it, when the local cloud cannot go on: a part of the text."""
    seen: str = ""
    """Where the message was seen in AWS's own words; empty where it is ours for AWS's code."""


@dataclasses.dataclass(frozen=True)
class Topic:
    """The cases about one subject, what they rest on, and what holds what."""

    title: str
    cases: tuple[Case, ...]
    ground: tuple[Resource, ...] = ()
    """Made first, before anything is refused."""
    held: tuple[Resource, ...] = ()
    """Made beside the neighbours, for the refusals of deletes and as neighbours of several cases."""


def merged(base: Mapping[str, Any], change: Mapping[str, Any]) -> Properties:
    """Inputs with a change; a value of None takes an input out."""
    both = {**base, **change}
    return {key: value for key, value in both.items() if value is not None}


def create(
    id_: str, what: str, type_: str, base: Mapping[str, Any], wrong: Mapping[str, Any], right: Mapping[str, Any] | None,
    code: str, says: str, *, setting: str = "", neighbour: str = "", seen: str = "",
) -> Case:  # fmt: skip
    """A create that is refused with ``wrong`` and allowed with ``right`` in its place.

    Without ``right`` the neighbour is the same inputs under another setting, or the resource that ``neighbour``
    names.
    """
    refused = merged(base, wrong)
    allowed = refused if right is None and not neighbour else merged(base, right or {})
    return Case(
        id_, what, type_, code, says,
        refused=refused, allowed=allowed, setting=setting, neighbour=neighbour, seen=seen,
    )  # fmt: skip


def delete(id_: str, what: str, type_: str, target: str, code: str, says: str, *, seen: str = "") -> Case:
    """A delete that is refused while other resources use the target."""
    return Case(id_, what, type_, code, says, verb="delete", target=target, seen=seen)


def resolved(value: Any, id_of: Callable[[str], Any]) -> Any:
    """Inputs with every reference replaced."""
    if isinstance(value, Ref):
        return id_of(value.name)
    if isinstance(value, Mapping):
        items = cast("Mapping[str, Any]", value).items()
        return {key: resolved(item, id_of) for key, item in items}
    if isinstance(value, list):
        return [resolved(item, id_of) for item in cast("list[Any]", value)]
    return value


def references(value: Any) -> set[str]:
    """Names of the resources that inputs refer to."""
    found: set[str] = set()
    resolved(value, lambda name: found.add(name))
    return found


def differences(one: Any, other: Any, path: str = "") -> list[str]:
    """Paths at which two inputs differ."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        left, right = cast("Mapping[str, Any]", one), cast("Mapping[str, Any]", other)
        keys = sorted({*left, *right})
        return [
            found
            for key in keys
            for found in differences(left.get(key), right.get(key), f"{path}.{key}" if path else key)
        ]
    return [] if one == other else [path]
