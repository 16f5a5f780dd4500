"""The thread that makes virtual time pass: one in each provider process, whatever the number of operations."""

import os
import sys
import threading
import time
import traceback

import psutil

from localcloud.simulation.clock_log import ClockLog
from localcloud.simulation.clock_stillness import Still

_TICK_SECONDS = 0.01
_CENSUS_SECONDS = 0.5
_START_TIME_TOLERANCE = 1.0


class Ticker:
    """Wakes this process's operations when they are due, and jumps to the next due time when nothing else is to do.

    Every process's ticker may jump; the file decides which one did.
    """

    def __init__(self, log: ClockLog, run: str, stillness: Still, speed: float) -> None:
        self._log = log
        self._run = run
        self._stillness = stillness
        self._speed = speed
        self.pid = os.getpid()
        self.started = psutil.Process(self.pid).create_time()
        self._waiting: dict[int, threading.Event] = {}
        self._changed = threading.Condition()
        self._seen = (-1.0, -1.0)
        self._counted = 0.0
        self._ready = threading.Event()
        threading.Thread(target=self._tick_for_ever, daemon=True, name="clock").start()
        self._ready.wait()

    def wait_for(self, number: int) -> None:
        """Block until the entry of that number is due."""
        woken = threading.Event()
        with self._changed:
            self._waiting[number] = woken
            self._changed.notify()
        woken.wait()

    def _tick_for_ever(self) -> None:
        self._log.open_run(self._run, threading.get_native_id(), time.time(), time.monotonic())
        self._ready.set()
        while True:
            with self._changed:
                while not self._waiting:
                    self._changed.wait()
            try:
                self._wake()
                self._advance()
            except Exception:
                # Without a ticker every operation would wait for ever.
                sys.stderr.write(f"the virtual clock has stopped:\n{traceback.format_exc()}")
                self._release_all()
                raise
            time.sleep(_TICK_SECONDS)

    def _release_all(self) -> None:
        with self._changed:
            for woken in self._waiting.values():
                woken.set()
            self._waiting.clear()

    def _wake(self) -> None:
        for number in self._log.due(self._run, self.pid):
            with self._changed:
                woken = self._waiting.pop(number, None)
            if woken:
                woken.set()

    def _advance(self) -> None:
        """Jump to the next due time, if nothing stands against it."""
        moment = self._log.moment(self._run)
        if (moment.moved, moment.now) != self._seen:
            self._seen = (moment.moved, moment.now)
            self._stillness.disturbed()
        if moment.busy or moment.released:
            self._drop_the_dead()
        if moment.busy or moment.released or moment.next_due is None:
            return
        real = time.monotonic()
        if real - moment.jumped < (moment.next_due - moment.now) / self._speed:
            return
        self._stillness.watchers = self._log.watchers(self._run)
        if not self._stillness.still():
            return
        with self._log.transaction() as connection:
            # Another process may have been faster, or something may have begun meanwhile.
            if self._log.moment(self._run) != moment:
                return
            connection.execute(
                "UPDATE runs SET now = ?, moved = ?, jumped = ? WHERE run = ?",
                (moment.next_due, real, real, self._run),
            )
        self._wake()

    def _drop_the_dead(self) -> None:
        """A killed provider's operations hold up nobody."""
        if time.monotonic() - self._counted < _CENSUS_SECONDS:
            return
        self._counted = time.monotonic()
        for pid, started in self._log.processes(self._run):
            if pid == self.pid or _lives(pid, started):
                continue
            with self._log.transaction() as connection:
                connection.execute(
                    "UPDATE entries SET phase = 'lost', outcome = 'lost', real_end = ?, "
                    "virtual_end = (SELECT now FROM runs WHERE runs.run = entries.run) "
                    "WHERE run = ? AND pid = ? AND started = ? AND phase IN ('busy', 'waiting')",
                    (time.time(), self._run, pid, started),
                )
                self._log.touch(connection, self._run)


def _lives(pid: int, started: float) -> bool:
    try:
        process = psutil.Process(pid)
        return (
            abs(process.create_time() - started) < _START_TIME_TOLERANCE
            and process.status() != psutil.STATUS_ZOMBIE
        )
    except psutil.Error:
        return False
