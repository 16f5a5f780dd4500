"""The file ``faults.yaml`` of a local cloud: which operations are to fail, how, and how often."""

import fnmatch
import functools
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.alias_generators import to_camel

from localcloud.home import Home
from localcloud.simulation.operations import Operation, Verb

Moment = Literal["before", "after"]
"""Before or after the operation's effect has reached the account or the cluster."""


class FaultsFileError(Exception):
    """The faults file cannot be used; the text names every mistake by its path."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=to_camel, populate_by_name=True)


class Match(_Part):
    """Which operations a fault meets. Patterns are shell-style: ``*``, ``?`` and ``[…]``."""

    urn: str = "*"
    type: str = "*"
    """Pulumi type token, such as ``aws:iam/role:Role``."""
    name: str = "*"
    """Name in the Pulumi program, such as ``network-private-0``."""
    verb: Verb | None = None
    """``create``, ``update`` or ``delete``; any of them when it is left out."""
    nth: int = Field(default=1, ge=1)
    """The first matching operation that the fault meets, counted over all runs."""
    times: int = Field(default=1, ge=1)
    """How many matching operations in a row it meets."""

    def matches(self, operation: Operation) -> bool:
        """Whether an operation is one of those that are counted."""
        return (
            self.verb in (None, operation.verb)
            and fnmatch.fnmatchcase(operation.urn, self.urn)
            and fnmatch.fnmatchcase(operation.type, self.type)
            and fnmatch.fnmatchcase(operation.name, self.name)
        )


class Throttled(_Part):
    """The API answers that there are too many requests; the provider backs off and asks again."""

    kind: Literal["throttled"]
    match: Match
    throttles: int = Field(default=3, ge=1)
    """Requests that are refused before one goes through."""
    retries: int = Field(default=25, ge=0)
    """Retries until the provider gives up; the published AWS provider's default (``maxRetries``)."""


class Slow(_Part):
    """The operation takes longer than usual."""

    kind: Literal["slow"]
    match: Match
    seconds: float = Field(gt=0)
    """Simulated seconds on top."""


class Timeout(_Part):
    """The operation is accepted and done, but not within the provider's waiting time."""

    kind: Literal["timeout"]
    match: Match
    seconds: float = Field(default=1800, gt=0)
    """How long the provider waits, in simulated seconds."""


class FailsAfterMade(_Part):
    """The operation is done, but the answer is lost on its way to the provider."""

    kind: Literal["fails-after-made"]
    match: Match


class CreateFailed(_Part):
    """AWS accepts the create and then fails at it: the resource is kept, in state ``CREATE_FAILED``."""

    kind: Literal["create-failed"]
    match: Match
    message: str = "An internal error occurred"
    """AWS's reason."""


class NotYetVisible(_Part):
    """Eventual consistency: what a matching create made is not seen by others for a while."""

    kind: Literal["not-yet-visible"]
    match: Match
    seconds: float = Field(gt=0)
    """Simulated seconds after the create."""


class LateCapacity(_Part):
    """EC2 has no capacity for a matching node group at first; EKS goes on trying for 20 minutes."""

    kind: Literal["late-capacity"]
    match: Match
    seconds: float = Field(gt=0)
    """Simulated seconds until there is some."""


class ProviderKilled(_Part):
    """The provider's process is killed (SIGKILL)."""

    kind: Literal["provider-killed"]
    match: Match
    moment: Moment = "after"


class EngineKilled(_Part):
    """The engine's process is killed (SIGKILL)."""

    kind: Literal["engine-killed"]
    match: Match
    moment: Moment = "after"


Fault = (
    Throttled
    | Slow
    | Timeout
    | FailsAfterMade
    | CreateFailed
    | NotYetVisible
    | LateCapacity
    | ProviderKilled
    | EngineKilled
)

_LIST: TypeAdapter[list[Fault]] = TypeAdapter(list[Annotated[Fault, Field(discriminator="kind")]])
KINDS = tuple(
    kind.model_fields["kind"].annotation.__args__[0]  # pyright: ignore[reportOptionalMemberAccess]
    for kind in Fault.__args__
)
"""Every kind of fault, as the file names it."""


def read_faults(path: Path) -> Sequence[Fault]:
    """The faults of a file, none where there is no file; raises `FaultsFileError`."""
    try:
        stamp = path.stat()
    except FileNotFoundError:
        return ()
    return _read(path, stamp.st_mtime_ns, stamp.st_ino)


def take_in(path: Path, home: Home) -> None:
    """Make a file the faults of a local cloud, none of which has happened yet; raises `FaultsFileError`."""
    if not path.exists():
        raise FaultsFileError(f"there is no file {path}")
    read_faults(path)
    home.root.mkdir(parents=True, exist_ok=True)
    if path.resolve() != home.faults_file.resolve():
        shutil.copyfile(path, home.faults_file)
    home.faults_state.unlink(missing_ok=True)


@functools.lru_cache(maxsize=4)
def _read(path: Path, modified: int, inode: int) -> Sequence[Fault]:
    del modified, inode
    try:
        content: Any = yaml.safe_load(path.read_text())
    except yaml.YAMLError as error:
        raise FaultsFileError(f"{path} is not valid YAML: {error}") from None
    try:
        return tuple(_LIST.validate_python([] if content is None else content))
    except ValidationError as error:
        lines = [f"  {_place(one['loc'])}: {one['msg']}" for one in error.errors()]
        raise FaultsFileError(f"{path} has faults of its own:\n" + "\n".join(lines)) from None


def _place(location: tuple[int | str, ...]) -> str:
    """``0.match.nth``: pydantic also puts the kind that it chose into the path."""
    kept = [part for index, part in enumerate(location) if not (index == 1 and part in KINDS)]
    return ".".join(str(part) for part in kept) or "the file"
