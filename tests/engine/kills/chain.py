"""One stack on one local cloud, driven by commands whose engine is killed at chosen operations."""

import dataclasses
import json
import re
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal

import yaml

from localcloud.cloud import Cloud
from localcloud.home import PROJECT
from localcloud.journal import Journal
from localcloud.simulation.faults_state import FaultState
from localcloud.simulation.operations import Verb
from localcloud.stack import Stack
from tests.engine.states import World, unbalanced, world

Moment = Literal["before", "after"]
Command = Literal["up", "destroy"]
STACK = "dev"
_SETTLE_SECONDS = 60
_FLAGS: dict[Command, tuple[str, ...]] = {
    "up": ("--yes", "--skip-preview", "--suppress-outputs"),
    "destroy": ("--yes", "--skip-preview", "--suppress-outputs", "--ignore-protect"),
}


class MatrixError(AssertionError):
    """A recovery that lost, doubled or left something."""


@dataclasses.dataclass(frozen=True, order=True)
class Point:
    """An operation and the moment at which the engine is killed there."""

    verb: Verb
    urn: str
    moment: Moment


@dataclasses.dataclass
class Chain:
    """Commands on one stack, one after another."""

    root: Path
    program: Path
    """Folder with the program and its ``Pulumi.dev.yaml``; see `program`."""

    @property
    def stack(self) -> Stack:
        """The stack on the local cloud."""
        return Stack(Cloud(self.root / "cloud"), STACK, self.program)

    def run(
        self, command: Command, faults: Sequence[dict[str, Any]] = (), parallel: int = 0
    ) -> tuple[int, str]:
        """Recover and run a command as `make` does; its exit code and output.

        Looks after the recovery whether everything that was made is in the state, once.
        """
        stack = self.stack
        home = stack.cloud.home
        stack.cloud.prepare()
        stack.prepare()
        home.faults_file.write_text(yaml.safe_dump(list(faults)))
        home.faults_state.unlink(missing_ok=True)
        stack.cloud.start()
        stack.recover()
        self.check_balance()
        limited = ("--parallel", str(parallel)) if parallel else ()
        done = stack.captured(command, *_FLAGS[command], *limited)
        return done.returncode, done.stdout

    def killed_at(self) -> Point | None:
        """Where the last command's engine was killed."""
        fired = FaultState(self.stack.cloud.home).fired()
        faults: list[dict[str, Any]] = yaml.safe_load(self.stack.cloud.home.faults_file.read_text())
        if not fired:
            return None
        first = fired[0]
        return Point(first.verb, first.urn, faults[first.place]["moment"])

    def fault_fired(self) -> int:
        """The place of the fault that killed the last command's engine."""
        return FaultState(self.stack.cloud.home).fired()[0].place

    def check_balance(self) -> None:
        """Raise `MatrixError` unless account and state agree and nothing is pending."""
        problems = unbalanced(self.stack)
        problems += [
            f"pending: {one['type']} {one['resource']['urn']}" for one in self.stack.pending_operations()
        ]
        if problems:
            raise MatrixError("\n".join(problems))

    def operations(self) -> list[tuple[Verb, str]]:
        """What the last command did, by the journal: verb and URN."""
        return [(one.verb, one.urn) for one in Journal(self.stack.cloud.home).entries(STACK)]  # pyright: ignore[reportReturnType]

    def check_equal(self, wanted: World, *, or_less: bool = False) -> None:
        """Raise `MatrixError` unless the deployment comes to equal another; what controllers do takes a moment.

        With ``or_less``, what the other has and this one has not does not count.
        """
        deadline = time.monotonic() + _SETTLE_SECONDS
        while True:
            self.check_balance()
            found = wanted.differences(world(self.stack), only_more=or_less)
            if not found:
                return
            if time.monotonic() > deadline:
                raise MatrixError("differs from an undisturbed run:\n" + "\n".join(found))
            time.sleep(1)

    def settled(self) -> World:
        """The deployment when the controllers have come to rest."""
        last = world(self.stack)
        while True:
            time.sleep(3)
            found = world(self.stack)
            if not found.differences(last):
                return found
            last = found

    def stop(self) -> None:
        """End the local cloud's processes."""
        self.stack.cloud.stop()


def kill(moment: Moment, verb: Verb | None = None, urn: str = "*", nth: int = 1) -> dict[str, Any]:
    """The fault that kills the engine at an operation."""
    match = {"urn": re.sub(r"([\[\]])", r"[\1]", urn), "nth": nth, **({"verb": verb} if verb else {})}
    return {"kind": "engine-killed", "moment": moment, "match": match}


@dataclasses.dataclass
class Walk:
    """One command, killed at every operation, before and after it, until it goes through; can be resumed."""

    chain: Chain
    command: Command
    left: set[Point]
    """Points that have not been tried."""
    tried: list[Point] = dataclasses.field(default_factory=list[Point])
    record: Path | None = None
    """File that keeps both."""

    @staticmethod
    def over(chain: Chain, command: Command, operations: Iterable[tuple[Verb, str]], record: Path) -> "Walk":
        """A walk over these operations; goes on where one of the same record stopped."""
        every = {Point(verb, urn, moment) for verb, urn in operations for moment in ("before", "after")}
        tried = [Point(*row) for row in json.loads(record.read_text())["tried"]] if record.exists() else []
        # Whoever ended the walk that is gone on with may have done so after a kill and before it was noted.
        last = chain.killed_at() if tried else None
        if last in every - set(tried):
            tried.append(last)
        return Walk(chain, command, every - set(tried), tried, record)

    def go(self, say: Any = None) -> int:
        """Walk to the end; the number of engines killed."""
        killed = 0
        while True:
            # An operation is killed before it happens first, then after it.
            operations: list[tuple[Verb, str]] = sorted({(point.verb, point.urn) for point in self.left})
            faults = [kill(self._next(verb, urn), verb, urn) for verb, urn in operations]
            code, output = self.chain.run(self.command, faults, parallel=1)
            point = self.chain.killed_at()
            if point is None:
                if code:
                    raise MatrixError(f"`{self.command}` failed, and nothing was killed:\n{output[-6000:]}")
                if self.left:
                    raise MatrixError(f"never reached: {sorted(self.left)}")
                return killed
            killed += 1
            self.left.discard(point)
            self.tried.append(point)
            if self.record:
                self.record.write_text(
                    json.dumps({"tried": [dataclasses.astuple(one) for one in self.tried]})
                )
            if say:
                where = point.urn.split("::", 2)[-1]
                say(f"{self.command}: killed {point.moment} {point.verb} of {where}; {len(self.left)} left")

    def _next(self, verb: Verb, urn: str) -> Moment:
        return "before" if Point(verb, urn, "before") in self.left else "after"


def program(folder: Path, changes: dict[str, Any] | None = None) -> Path:
    """A folder with the project's program and a ``Pulumi.dev.yaml`` with changes, by configuration key."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in PROJECT.iterdir():
        if (
            path.name not in (".git", "Pulumi.dev.yaml", ".localcloud", "tests")
            and not (folder / path.name).exists()
        ):
            (folder / path.name).symlink_to(path)
    settings = yaml.safe_load((PROJECT / "Pulumi.dev.yaml").read_text())
    for key, change in (changes or {}).items():
        name = f"inference-plane:{key}"
        settings["config"][name] = _merged(settings["config"].get(name), change)
    (folder / "Pulumi.dev.yaml").write_text(yaml.safe_dump(settings, sort_keys=False))
    return folder


def _merged(old: Any, new: Any) -> Any:
    if isinstance(old, dict) and isinstance(new, dict):
        return {**old, **{key: _merged(old.get(key), value) for key, value in new.items()}}
    return new
