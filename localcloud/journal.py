"""Remembers which operations were begun, so that what a killed command made can be found and taken up.

A killed engine forgets what its providers were doing, and a killed provider cannot answer the engine. Both leave
the resource behind and the stack's state without it. The journal is written before an operation has any effect
and outlives every process; `localcloud.recovery` compares it with what there is.
"""

import contextlib
import dataclasses
import hashlib
import json
import os
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

from localcloud.home import Home
from localcloud.providers.protocol import AnswerLostError, PartialFailureError, ProviderError
from localcloud.simulation.operations import Around, Operation, Verb

_RELEASE = "kubernetes:helm.sh/v3:Release"


@dataclasses.dataclass(frozen=True)
class Begun:
    """An operation that was begun."""

    verb: Verb
    urn: str
    type: str
    name: str
    """Name in the Pulumi program."""
    provider: str
    """The provider's reference in the stack's state; empty when unknown."""
    identity: dict[str, Any]
    """The inputs that name a Kubernetes object or a release; empty for AWS."""
    at: float
    """When it was begun, in seconds since the epoch."""
    answered: bool = False
    """Whether the provider was about to answer: only the engine's record may be missing then."""
    id: str = ""
    """Id of the resource, once it is known."""


class Journal:
    """One small file per URN and verb, in the folder of a local cloud."""

    def __init__(self, home: Home) -> None:
        self._folder = home.journal

    def begin(self, operation: Operation) -> Begun:
        """Note an operation before it has any effect."""
        begun = Begun(
            operation.verb,
            operation.urn,
            operation.type,
            operation.name,
            operation.provider,
            identity_of(operation.type, operation.inputs),
            time.time(),
            id=operation.id,
        )
        self._folder.mkdir(parents=True, exist_ok=True)
        self._file(begun, answered=True).unlink(missing_ok=True)
        self._write(begun)
        return begun

    def answer(self, begun: Begun, id_: str) -> None:
        """Note that the operation is over and its answer on the way."""
        self._write(dataclasses.replace(begun, answered=True, id=id_))
        self._file(begun, answered=False).unlink(missing_ok=True)

    def forget(self, begun: Begun) -> None:
        """The operation was refused: it had no effect."""
        for answered in (False, True):
            self._file(begun, answered=answered).unlink(missing_ok=True)

    def entries(self, stack: str) -> list[Begun]:
        """What was begun for a stack, oldest first."""
        found = [Begun(**json.loads(path.read_text())) for path in self._folder.glob("*.json")]
        return sorted(
            (one for one in found if one.urn.startswith(f"urn:pulumi:{stack}::")), key=lambda one: one.at
        )

    def clear(self, stack: str) -> None:
        """Forget what was begun for a stack: its state is complete."""
        for one in self.entries(stack):
            self.forget(one)

    def _write(self, begun: Begun) -> None:
        path = self._file(begun, answered=begun.answered)
        draft = path.with_suffix(f".{os.getpid()}")
        draft.write_text(json.dumps(dataclasses.asdict(begun)))
        draft.replace(path)

    def _file(self, begun: Begun, *, answered: bool) -> Path:
        digest = hashlib.sha256(f"{begun.verb} {begun.urn}".encode()).hexdigest()[:32]
        return self._folder / f"{digest}.{'answered' if answered else 'begun'}.json"


def identity_of(type_: str, inputs: dict[str, Any]) -> dict[str, Any]:
    """The inputs that name a Kubernetes object or a release; nothing else, for they may hold secrets."""
    if type_ == _RELEASE:
        return {key: inputs[key] for key in ("name", "namespace", "chart") if key in inputs}
    if not type_.startswith("kubernetes:"):
        return {}
    metadata: dict[str, Any] = inputs.get("metadata") or {}
    kept = {key: metadata[key] for key in ("name", "namespace") if metadata.get(key)}
    return {**{key: inputs[key] for key in ("apiVersion", "kind") if key in inputs}, "metadata": kept}


def journal_around(home: Home) -> Around:
    """Keeps the journal: what is refused is forgotten, what ends without an answer stays begun."""
    journal = Journal(home)

    @contextlib.contextmanager
    def around(operation: Operation) -> Generator[None]:
        begun = journal.begin(operation)
        try:
            yield
        except AnswerLostError:
            raise
        except PartialFailureError as error:
            journal.answer(begun, error.id)
            raise
        except ProviderError:
            journal.forget(begun)
            raise
        journal.answer(begun, operation.id)

    return around
