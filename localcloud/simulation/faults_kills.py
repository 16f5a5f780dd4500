"""Kills the processes that a fault asks for: by the id that was noted when the provider started, and no other."""

import contextlib
import os
import signal

import psutil

from localcloud.processes import Process

_NAME = "pulumi"


class Engine:
    """The engine that started this provider."""

    def __init__(self, process: Process | None = None, name: str = _NAME) -> None:
        # Asked for at once: after the engine's death the parent is another process.
        self._process = process or _parent()
        self._name = name

    def kill(self) -> None:
        """SIGKILL, unless the engine is gone already, its id is another process's by now, or it is no engine."""
        live = self._process.running()
        with contextlib.suppress(psutil.NoSuchProcess, psutil.TimeoutExpired):
            if live and self._name in live.name():
                live.kill()
                live.wait(10)


def _parent() -> Process:
    parent = os.getppid()
    return Process("engine", parent, psutil.Process(parent).create_time())


def kill_provider() -> None:
    """SIGKILL for this very process."""
    os.kill(os.getpid(), signal.SIGKILL)
