"""One create, update or delete of a provider, and everything that happens around it: journal, faults, then time."""

import contextlib
import dataclasses
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager
from typing import Any, Literal

Verb = Literal["create", "update", "delete"]


@dataclasses.dataclass
class Operation:
    """An operation that the engine asked for; previews are none."""

    verb: Verb
    urn: str
    type: str
    """Pulumi type token."""
    name: str
    """Name in the Pulumi program."""
    id: str = ""
    """Id of the resource; empty until it has been created."""
    more_seconds: float = 0.0
    """Simulated seconds on top of what such an operation usually takes; faults add to it."""
    provider: str = ""
    """The provider's reference in the stack's state, ``<urn>::<id>``; empty when the engine did not say."""
    inputs: dict[str, Any] = dataclasses.field(default_factory=dict[str, Any])
    """Checked inputs: the new ones of an update; empty for a delete."""
    removed: dict[str, Any] = dataclasses.field(default_factory=dict[str, Any])
    """Inputs of what a delete removes; empty for a create and an update."""
    state: dict[str, Any] | None = None
    """What a create or update ended with; None until then."""


Around = Callable[[Operation], AbstractContextManager[None]]
"""Wraps an operation. May raise before or after it, and may take its time."""


def nothing_around(operation: Operation) -> AbstractContextManager[None]:
    """No faults, no time."""
    del operation
    return contextlib.nullcontext()


def both(outer: Around, inner: Around) -> Around:
    """One wrapper inside another."""

    @contextlib.contextmanager
    def around(operation: Operation) -> Generator[None]:
        with outer(operation), inner(operation):
            yield

    return around
