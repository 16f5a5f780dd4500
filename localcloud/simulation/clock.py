"""The virtual clock that the providers of one local cloud share during one run of the engine.

A discrete-event simulation: an operation does its real work first and counts as *busy* meanwhile; then it waits
until virtual time has come to its beginning and its delay. Virtual time jumps to the next operation that is due
only when none is busy and the engine has come to rest, so that what the local cloud itself costs does not count.

Without a request (environment variable `SPEED_VARIABLE`) there is no clock: operations end when their work ends.
"""

import contextlib
import contextvars
import math
import os
import threading
import time
from collections.abc import Generator

import psutil

from localcloud.home import Home
from localcloud.providers.protocol import PartialFailureError
from localcloud.simulation.clock_log import ClockLog
from localcloud.simulation.clock_stillness import Still, Stillness
from localcloud.simulation.clock_ticker import Ticker
from localcloud.simulation.clock_workers import SPEED_VARIABLE as SPEED_VARIABLE
from localcloud.simulation.delays import Delay, delay_of
from localcloud.simulation.operations import Around, Operation, nothing_around

CLOCK_FILE = "clock.sqlite3"
"""Name of the clock's file in the folder of a local cloud."""

_REFUSED = Delay(1.0, "a refused request: the API answers within about a second")


class SpeedError(ValueError):
    """A speed that is neither ``max`` nor a number above zero."""


def parse_speed(text: str) -> float:
    """Virtual seconds per real second; ``max`` is infinity."""
    if text == "max":
        return math.inf
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not speed > 0 or math.isinf(speed):
        raise SpeedError(f"the speed is {text!r}; expected `max`, or virtual seconds per real second above 0")
    return speed


class Clock:
    """One process's view of the clock of one run."""

    def __init__(self, log: ClockLog, run: str, stillness: Still, speed: float = math.inf) -> None:
        self._log = log
        self._run = run
        self._ticker = Ticker(log, run, stillness, speed)

    def now(self) -> float:
        """Virtual seconds since the run began."""
        return self._log.moment(self._run).now

    def sleep(self, seconds: float) -> None:
        """Wait for virtual seconds. An operation that sleeps does not count as busy meanwhile."""
        entry, pause = _operation.get(), Delay(seconds, "a pause that was asked for")
        if entry is None:
            number = self._begin("", "sleep")
            self._wait(number, pause)
            self._end(number, "succeeded", time.time())
            return
        self._wait(entry, pause)
        with self._log.transaction() as connection:
            self._log.change(connection, entry, {"phase": "busy", "due": None})
            self._log.touch(connection, self._run)

    @contextlib.contextmanager
    def operation(self, operation: Operation) -> Generator[None]:
        """Do an operation's real work at once, and let its virtual time pass afterwards."""
        number = self._begin(operation.urn, operation.verb)
        token = _operation.set(number)
        outcome = "succeeded"
        try:
            yield
        except Exception as error:
            # What has been accepted and then failed takes its time; what is refused is refused at once.
            outcome = "failed" if isinstance(error, PartialFailureError) else "refused"
            raise
        finally:
            _operation.reset(token)
            worked = time.time()
            delay = _REFUSED if outcome == "refused" else delay_of(operation)
            delay = Delay(delay.seconds + operation.more_seconds, delay.source)
            self._wait(number, delay, since_begin=True)
            self._end(number, outcome, worked)

    @contextlib.contextmanager
    def call(self, method: str) -> Generator[None]:
        """Count another call as work while it lasts; it takes no virtual time and leaves no trace."""
        number = self._begin("", method)
        try:
            yield
        finally:
            with self._log.transaction() as connection:
                self._log.remove(connection, number)
                self._log.touch(connection, self._run)

    # -- entries -------------------------------------------------------------------------------------------

    def _begin(self, urn: str, verb: str) -> int:
        with self._log.transaction() as connection:
            number = self._log.insert(
                connection,
                self._run,
                {
                    "pid": self._ticker.pid,
                    "started": self._ticker.started,
                    "urn": urn,
                    "verb": verb,
                    "phase": "busy",
                    "virtual_begin": self.now(),
                    "real_begin": time.time(),
                },
            )
            self._log.touch(connection, self._run)
        return number

    def _wait(self, number: int, delay: Delay, *, since_begin: bool = False) -> None:
        with self._log.transaction() as connection:
            (begin,) = connection.execute(
                "SELECT virtual_begin FROM entries WHERE id = ?", (number,)
            ).fetchone()
            due = (begin if since_begin else self.now()) + delay.seconds
            values = {"phase": "waiting", "due": due, "seconds": delay.seconds, "source": delay.source}
            self._log.change(connection, number, values)
            self._log.touch(connection, self._run)
        self._ticker.wait_for(number)

    def _end(self, number: int, outcome: str, worked: float) -> None:
        with self._log.transaction() as connection:
            ended = {
                "phase": "done",
                "outcome": outcome,
                "virtual_end": self.now(),
                "real_end": worked,
            }
            self._log.change(connection, number, ended)
            self._log.touch(connection, self._run)


class NoClock:
    """Nobody asked for a clock: it is always the beginning, and no pause takes any time."""

    def now(self) -> float:
        """Always 0."""
        return 0.0

    def sleep(self, seconds: float) -> None:
        """Return at once."""
        del seconds


_operation: contextvars.ContextVar[int | None] = contextvars.ContextVar("operation", default=None)
_clocks: dict[Home, Clock] = {}
_making = threading.Lock()


def clock_of(home: Home) -> Clock | NoClock:
    """The clock of the run that this provider process belongs to; `NoClock` when none was asked for."""
    wanted = os.environ.get(SPEED_VARIABLE)
    if not wanted:
        return NoClock()
    with _making:
        if home not in _clocks:
            engine = os.getppid()
            run = f"{engine} {psutil.Process(engine).create_time():.2f}"
            _clocks[home] = Clock(
                ClockLog(home.root / CLOCK_FILE), run, Stillness(engine), parse_speed(wanted)
            )
        return _clocks[home]


def time_around(home: Home) -> Around:
    """What operations take on the simulated clock, when a run asks for one."""
    clock = clock_of(home)
    return nothing_around if isinstance(clock, NoClock) else clock.operation
