"""One lane of the whole matrix: steps on one local cloud, each of which can be resumed where it stopped."""

import dataclasses
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from localcloud.simulation.operations import Verb
from tests.engine.kills.chain import Chain, Command, MatrixError, Moment, Point, Walk, kill, program
from tests.engine.states import World

CHANGES: dict[str, Any] = {
    "tags": {"environment": "staging", "owner": "platform"},
    "cluster": {"logTypes": ["api", "audit"], "logRetentionDays": 30},
    "systemNodes": {"instanceTypes": ["m7i.2xlarge"]},
    "gpuNodes": {"volume": {"iops": 7000}},
    "ingress": {"idleTimeoutSeconds": 700},
    "models": {"point": {"replicas": 2}},
}
"""Settings that change every tagged resource, both releases and an object, and that replace a node group."""

_EVERY: dict[Command, int] = {"up": 8, "destroy": 8}
"""At full parallelism, the operation of each run at which the engine is killed."""


@dataclasses.dataclass(frozen=True)
class Result:
    """What a lane tried."""

    one_by_one: tuple[tuple[str, Point], ...]
    """Points of the walks, one operation at a time, each with the walk's name."""
    at_once: tuple[Point, ...]
    """Points at full parallelism, with other operations under way."""
    destroyed: tuple[Point, ...] = ()
    """Points at which a first `up` was killed, and after which what it had made was destroyed."""

    @staticmethod
    def read(folder: Path) -> "Result":
        """What a lane's folder says."""
        tried: list[tuple[str, Point]] = []
        for path in sorted(folder.glob("walk-*.json")):
            name = path.stem.removeprefix("walk-")
            tried += [(name, Point(*row)) for row in json.loads(path.read_text())["tried"]]
        return Result(tuple(tried), _points(folder / "at-once.json"), _points(folder / "partial.json"))

    @staticmethod
    def operations(folder: Path) -> list[tuple[str, str, str]]:
        """Walk, verb and URN of everything that undisturbed runs did."""
        return [
            (name, verb, urn)
            for name in ("up", "change", "destroy")
            for verb, urn in json.loads((folder / f"reference-{name}.json").read_text())["operations"]
        ]


class Lane:
    """Steps on one local cloud in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._done = folder / "done.json"
        self._before = Chain(folder, program(folder / "program"))
        self._after = Chain(folder, program(folder / "changed-program", CHANGES))

    def run(self, names: list[str]) -> None:
        """Every step that has not been done; the local cloud's processes are ended in any case."""
        steps: dict[str, Callable[[], None]] = {
            "reference": self._reference,
            "up": lambda: self._undisturbed(self._before, "up", "up"),
            "walk-up": lambda: self._walk(self._before, "up", "up"),
            "walk-change": lambda: self._walk(self._after, "up", "change"),
            "walk-destroy-even": lambda: self._walk(self._after, "destroy", "destroy", part=0),
            "walk-destroy-odd": lambda: self._walk(self._after, "destroy", "destroy", part=1),
            "partial-even": lambda: self._partial(part=0),
            "partial-odd": lambda: self._partial(part=1),
            "at-once-up": lambda: self._at_once(self._before, "up", "up"),
            "at-once-change": lambda: self._at_once(self._after, "up", "change"),
            "at-once-destroy": lambda: self._at_once(self._after, "destroy", "destroy"),
        }
        try:
            for name in names[len(self._steps_done()) :]:
                self._say(f"step {name}")
                steps[name]()
                self._done.write_text(json.dumps([*self._steps_done(), name]))
        finally:
            self._before.stop()

    def _steps_done(self) -> list[str]:
        return json.loads(self._done.read_text()) if self._done.exists() else []

    def _say(self, text: str) -> None:
        sys.stderr.write(f"{self.folder.name}: {text}\n")

    def _reference(self) -> None:
        """What undisturbed runs do, and what they leave."""
        commands: list[tuple[Chain, Command, str]] = [
            (self._before, "up", "up"),
            (self._after, "up", "change"),
            (self._after, "destroy", "destroy"),
        ]
        for chain, command, name in commands:
            self._undisturbed(chain, command)
            operations = chain.operations()
            found = chain.settled()
            data = {"operations": operations, "world": found.to_json()}
            (self.folder / f"reference-{name}.json").write_text(json.dumps(data, indent=1))

    def _undisturbed(self, chain: Chain, command: Command, compare: str = "") -> None:
        code, output = chain.run(command)
        if code:
            raise MatrixError(output[-6000:])
        if compare:
            chain.check_equal(self._wanted(compare))

    def _wanted(self, name: str) -> World:
        return World.from_json(json.loads((self.folder / f"reference-{name}.json").read_text())["world"])

    def _walk(self, chain: Chain, command: Command, name: str, part: int | None = None) -> None:
        """Kill at every operation, or at every second one."""
        operations = self._operations(name)
        if part is not None:
            operations = operations[part::2]
        Walk.over(chain, command, operations, self.folder / f"walk-{name}.json").go(self._say)
        chain.check_equal(self._wanted(name))

    def _operations(self, name: str) -> list[tuple[Verb, str]]:
        """What the undisturbed run did."""
        rows: list[tuple[Verb, str]] = json.loads((self.folder / f"reference-{name}.json").read_text())[
            "operations"
        ]
        return sorted((row[0], row[1]) for row in rows)

    def _partial(self, part: int) -> None:
        """Kill a first `up` after every second operation, and destroy what it has made."""
        path = self.folder / "partial.json"
        chain = self._before
        if chain.stack.resources():
            self._undisturbed(chain, "destroy")
        for verb, urn in self._operations("up")[part::2]:
            wanted = Point(verb, urn, "after")
            if wanted in _points(path):
                continue
            code, output = chain.run("up", [kill("after", verb, urn)])
            if chain.killed_at() != wanted:
                raise MatrixError(f"not killed at {wanted}: {code}\n{output[-6000:]}")
            self._undisturbed(chain, "destroy")
            # Definitions of the charts that had been installed stay, and not all of them had been.
            chain.check_equal(self._wanted("destroy"), or_less=True)
            _add(path, wanted)
            self._say(f"destroyed what an up had made that was killed after {urn.split('::', 2)[-1]}")

    def _at_once(self, chain: Chain, command: Command, name: str) -> None:
        path = self.folder / "at-once.json"
        moment: Moment = "before"
        while True:
            code, output = chain.run(command, [kill(moment, nth=_EVERY[command])])
            point = chain.killed_at()
            if point is None:
                if code:
                    raise MatrixError(output[-6000:])
                break
            _add(path, point)
            self._say(
                f"{name} at full parallelism: killed {moment} {point.verb} of {point.urn.split('::', 2)[-1]}"
            )
            moment = "after" if moment == "before" else "before"
        chain.check_equal(self._wanted(name))


def _points(path: Path) -> tuple[Point, ...]:
    """The points that a file keeps; none when there is no file."""
    return tuple(Point(*row) for row in json.loads(path.read_text())) if path.exists() else ()


def _add(path: Path, point: Point) -> None:
    """Keep one more point in a file."""
    path.write_text(json.dumps([dataclasses.astuple(one) for one in (*_points(path), point)]))


def main() -> int:
    """``python -m tests.engine.kills.lane FOLDER STEP…``."""
    Lane(Path(sys.argv[1]).resolve()).run(sys.argv[2:])
    return 0


if __name__ == "__main__":
    sys.exit(main())
