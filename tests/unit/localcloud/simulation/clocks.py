"""Clocks for tests, and a process that joins one: ``python -m tests.unit.localcloud.simulation.clocks``."""

import sys
import time
from pathlib import Path

from localcloud.simulation.clock import Clock
from localcloud.simulation.clock_log import ClockLog
from localcloud.simulation.operations import Operation

NAT = "aws:ec2/natGateway:NatGateway"
ROLE = "aws:iam/role:Role"
RUN = "test"


class Rests:
    """A starter of operations that rests as soon as nothing has happened for a moment."""

    def __init__(self, seconds: float = 0.05) -> None:
        self.watchers: set[int] = set()
        self._seconds = seconds
        self._since = time.monotonic()

    def still(self) -> bool:
        return time.monotonic() - self._since >= self._seconds

    def disturbed(self) -> None:
        self._since = time.monotonic()


def clock(folder: Path, speed: float = float("inf"), rest: float = 0.05) -> Clock:
    return Clock(ClockLog(folder / "clock.sqlite3"), RUN, Rests(rest), speed)


def operation(type_: str, name: str, *, more: float = 0.0) -> Operation:
    urn = f"urn:pulumi:dev::inference-plane::{type_}::{name}"
    return Operation("create", urn, type_, name, more_seconds=more)


def main() -> None:
    """Begin an operation of the given type; its real work takes the given seconds."""
    folder, type_, name, work = sys.argv[1:]
    with clock(Path(folder)).operation(operation(type_, name)):
        sys.stdout.write("busy\n")
        sys.stdout.flush()
        time.sleep(float(work))
    sys.stdout.write("done\n")


if __name__ == "__main__":
    main()
