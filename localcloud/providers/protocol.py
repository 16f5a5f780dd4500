"""What a resource provider deals in: plain values, changes, faults, and the methods that it has.

A provider subclasses `Provider`; `localcloud.providers.server` starts it. Secrets arrive unwrapped (the engine re-wraps
outputs of the same name) and unknown values arrive as `UNKNOWN`. Nothing here needs gRPC, which takes more memory than
all else that the local cloud's other processes import.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any, cast

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""The engine's marker of a value that is not known before the update runs."""

Properties = dict[str, Any]
"""Resource properties: JSON-like values by camelCase name."""


class ProviderError(Exception):
    """An operation that failed; its text is shown to the user as it is."""


class AnswerLostError(ProviderError):
    """An operation that may well have been done, but whose answer never reached the provider."""


class PartialFailureError(ProviderError):
    """A create or update that left a resource behind: the engine keeps its id and state for the next run."""

    def __init__(self, message: str, id_: str, state: Properties, inputs: Properties) -> None:
        super().__init__(message)
        self.id = id_
        self.state = state
        self.inputs = inputs


@dataclasses.dataclass(frozen=True)
class CheckFailure:
    """One refused input."""

    property: str
    """Property path in camelCase, for example ``tags.Name`` or ``scalingConfig.minSize``."""
    reason: str


@dataclasses.dataclass(frozen=True)
class Change:
    """One changed property of a diff."""

    path: str
    kind: str = "update"
    """``add``, ``update`` or ``delete``."""
    replace: bool = False
    input_diff: bool = True


@dataclasses.dataclass(frozen=True)
class Diff:
    """How new inputs differ from a resource's old ones."""

    changes: tuple[Change, ...] = ()
    delete_before_replace: bool = False


class Provider:
    """A resource provider in terms of plain values. Every method may raise `ProviderError`."""

    name = ""
    version = "0.0.0"

    def check_config(self, inputs: Properties) -> list[CheckFailure]:
        """Faults of the provider's own configuration."""
        del inputs
        return []

    def diff_config(self, old: Properties, new: Properties) -> Diff:
        """Differences of the provider's own configuration."""
        return Diff(tuple(Change(key) for key in sorted({*old, *new}) if old.get(key) != new.get(key)))

    def configure(self, inputs: Properties) -> None:
        """Take the checked configuration; called once before any resource."""

    def check(
        self, type_: str, name: str, old: Properties, new: Properties
    ) -> tuple[Properties, list[CheckFailure]]:
        """The complete inputs of a resource (defaults and auto-names filled in), and what is wrong with them.

        ``old`` holds the inputs of the last update, empty for a new resource.
        """
        raise NotImplementedError

    def diff(self, type_: str, id_: str, old_inputs: Properties, state: Properties, new: Properties) -> Diff:
        """What changes between the last checked inputs and the new ones."""
        raise NotImplementedError

    def create(
        self, type_: str, name: str, inputs: Properties, *, preview: bool, timeout: float
    ) -> tuple[str, Properties]:
        """Make the resource: its id and its state (inputs and computed outputs)."""
        raise NotImplementedError

    def read(
        self, type_: str, id_: str, inputs: Properties, state: Properties
    ) -> tuple[str, Properties, Properties] | None:
        """The resource as it is: id, inputs and state; None when it is gone."""
        raise NotImplementedError

    def update(
        self,
        type_: str,
        id_: str,
        state: Properties,
        old_inputs: Properties,
        new: Properties,
        *,
        preview: bool,
        timeout: float,
    ) -> Properties:
        """Change the resource in place; returns its new state."""
        raise NotImplementedError

    def delete(self, type_: str, id_: str, state: Properties, *, timeout: float) -> None:
        """Remove the resource; a resource that is already gone is no error."""
        raise NotImplementedError

    def invoke(self, token: str, args: Properties) -> Properties:
        """Answer a function call."""
        raise ProviderError(f"{self.name} of the local cloud has no function {token}")

    def construct(self, request: Any) -> Any:
        """Build a remote component; takes and returns the protocol's own messages."""
        raise ProviderError(f"{self.name} of the local cloud has no component {request.type}")


class WithNulls(dict[str, Any]):
    """A mapping in which None is a value of its own, such as Helm values whose nulls remove a chart's defaults."""


def without_nulls(value: Any) -> Any:
    """A value without the None in its mappings; what is in a `WithNulls` stays as it is."""
    if isinstance(value, WithNulls):
        return dict(value)
    if isinstance(value, Mapping):
        items = cast("Mapping[str, Any]", value).items()
        return {key: without_nulls(item) for key, item in items if item is not None}
    if isinstance(value, list | tuple):
        return [without_nulls(item) for item in cast("list[Any]", value)]
    return value


def contains_unknown(value: Any) -> bool:
    """Whether a value is or holds the engine's unknown marker."""
    if isinstance(value, str):
        return value == UNKNOWN
    if isinstance(value, Mapping):
        return any(contains_unknown(item) for item in cast("Mapping[str, Any]", value).values())
    if isinstance(value, list):
        return any(contains_unknown(item) for item in cast("list[Any]", value))
    return False
