"""Starts, finds again and ends the processes of one local cloud, always by id.

Every process is written down before anything waits for it, with its start time: a killed command leaves a
list from which the next one can go on or clean up, and a reused process id is never taken for ours.
"""

import dataclasses
import json
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

_START_TIME_TOLERANCE = 1.0
_STOP_SECONDS = 3
"""Grace before SIGKILL: an API server would drain its watches for longer, which nobody here needs."""


@dataclasses.dataclass(frozen=True)
class Process:
    """One recorded process."""

    name: str
    pid: int
    started: float
    """Start time as the operating system tells it, in seconds since the epoch."""

    def running(self) -> psutil.Process | None:
        """The live process, or None when it has ended or its id belongs to another one now."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.started) < _START_TIME_TOLERANCE
            return process if same and process.status() != psutil.STATUS_ZOMBIE else None
        except psutil.Error:
            return None


class Processes:
    """The recorded processes of one local cloud."""

    def __init__(self, record: Path, logs: Path) -> None:
        self._record = record
        self._logs = logs
        self._lock = threading.Lock()

    def recorded(self) -> list[Process]:
        """Every recorded process, running or not, in starting order."""
        if not self._record.exists():
            return []
        return [Process(**row) for row in json.loads(self._record.read_text())]

    def running(self, name: str) -> Process | None:
        """The running process of that name, if there is one."""
        return next((p for p in reversed(self.recorded()) if p.name == name and p.running()), None)

    def start(self, name: str, command: Sequence[str | Path], environment: Mapping[str, str]) -> Process:
        """Start a process that outlives this command, logging to ``logs/<name>.log``; reuse a running one."""
        existing = self.running(name)
        if existing:
            return existing
        self._logs.mkdir(parents=True, exist_ok=True)
        with (self._logs / f"{name}.log").open("ab") as log:
            child = subprocess.Popen(
                [str(part) for part in command],
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd=self._record.parent,
            )
        process = Process(name, child.pid, psutil.Process(child.pid).create_time())
        with self._lock:
            self._write([*(p for p in self.recorded() if p.running()), process])
        return process

    def log_tail(self, name: str, lines: int = 5) -> str:
        """The last lines of a process's log."""
        path = self._logs / f"{name}.log"
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:]) if path.exists() else ""

    def stop_all(self) -> list[str]:
        """End every recorded process that still runs, last started first; returns their names."""
        alive = [(p, live) for p in reversed(self.recorded()) if (live := p.running())]
        for _, live in alive:
            _signal(live, signal.SIGTERM)
        _, stubborn = psutil.wait_procs([live for _, live in alive], timeout=_STOP_SECONDS)
        for live in stubborn:
            _signal(live, signal.SIGKILL)
        psutil.wait_procs(stubborn, timeout=_STOP_SECONDS)
        self._write([])
        return [p.name for p, _ in alive]

    def memory_mb(self) -> dict[str, float]:
        """Resident memory of each running process in MB."""
        return {p.name: live.memory_info().rss / 1e6 for p in self.recorded() if (live := p.running())}

    def _write(self, processes: Sequence[Process]) -> None:
        draft = self._record.with_suffix(".new")
        draft.write_text(json.dumps([dataclasses.asdict(process) for process in processes], indent=1))
        draft.replace(self._record)


def _signal(process: psutil.Process, number: int) -> None:
    try:
        process.send_signal(number)
    except psutil.NoSuchProcess:
        return
