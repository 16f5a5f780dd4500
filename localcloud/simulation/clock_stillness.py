"""Whether the engine and everything it started have nothing left to do but wait.

Virtual time may only jump when the engine has had the time to start what the last completion made possible. How
long that takes depends on the machine and on what else runs on it, so no fixed pause is right: a process that
wants the processor, or that has just used it, says so itself.
"""

import contextlib
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import psutil

_BUSY_STATES = frozenset("RD")
"""Runnable (it may be waiting for a processor on a loaded machine) and waiting for a disk."""

_WINDOW_SECONDS = 0.04
"""How long everything has to be still. The engine hands a step on in far less."""

_LOOKS = 4
"""How often everything must have been seen at rest within that time: a loaded machine looks less often."""

_WORK_NANOSECONDS = 2_000_000
"""Processor time within the window that timers and idle loops may use."""

_LIST_SECONDS = 0.5
"""Age at which the list of processes is made anew."""

_BLIND_SECONDS = 0.5
"""What stands for stillness on systems without ``/proc``: this long without an operation."""


class Still(Protocol):
    """Tells whether whoever starts operations has come to rest."""

    watchers: set[int]

    def still(self) -> bool:
        """Whether it has, for long enough."""
        ...

    def disturbed(self) -> None:
        """Something has begun or ended: begin anew."""
        ...


class Stillness:
    """Watches a process and its descendants.

    ``root`` is the engine's process id. Threads that add their native id to ``watchers`` are not counted: they
    only look at the clock.
    """

    def __init__(self, root: int, proc: Path = Path("/proc")) -> None:
        self._root = root
        self._proc = proc
        self._blind = not (proc / "self" / "task").exists()
        self._processes: list[int] = []
        self._listed = 0.0
        self._since: float | None = None
        self._looks = 0
        self._used: dict[tuple[int, str], int] = {}
        self.watchers: set[int] = {threading.get_native_id()}

    def still(self) -> bool:
        """Whether nothing has wanted the processor for the last moments; call it again and again."""
        moment = time.monotonic()
        if self._blind:
            self._since = self._since or moment
            return moment - self._since >= _BLIND_SECONDS
        used, wanted = self._look(moment)
        work = sum(spent - self._used.get(thread, 0) for thread, spent in used.items())
        if wanted or self._since is None or work > _WORK_NANOSECONDS:
            self._since, self._used, self._looks = moment, used, 0
            return False
        self._looks += 1
        if moment - self._since < _WINDOW_SECONDS or self._looks < _LOOKS:
            return False
        # A plugin that has just been started is working, and in no list yet.
        known, self._processes = set(self._processes), self._family()
        self._listed = moment
        if set(self._processes) - known:
            self.disturbed()
            return False
        return True

    def disturbed(self) -> None:
        """Begin anew: something has begun or ended."""
        self._since = None
        self._looks = 0

    def _look(self, moment: float) -> tuple[dict[tuple[int, str], int], bool]:
        """Processor time of each thread, and whether one of them wants more of it."""
        if moment - self._listed > _LIST_SECONDS:
            self._processes, self._listed = self._family(), moment
        used: dict[tuple[int, str], int] = {}
        wanted = False
        for process in self._processes:
            for thread in self._threads(process):
                if int(thread) in self.watchers:
                    continue
                folder = self._proc / str(process) / "task" / thread
                with contextlib.suppress(OSError, ValueError, IndexError):
                    used[process, thread] = int((folder / "schedstat").read_bytes().split()[0])
                    state = (folder / "stat").read_bytes().rpartition(b")")[2].split()[0].decode()
                    wanted = wanted or state in _BUSY_STATES
        return used, wanted

    def _family(self) -> list[int]:
        try:
            engine = psutil.Process(self._root)
            return [engine.pid, *(child.pid for child in engine.children(recursive=True))]
        except psutil.Error:
            return []

    def _threads(self, process: int) -> Iterator[str]:
        try:
            yield from [entry.name for entry in (self._proc / str(process) / "task").iterdir()]
        except OSError:
            return
