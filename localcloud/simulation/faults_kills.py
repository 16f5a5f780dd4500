"""Kills the processes that a fault asks for: by the id that was noted when the provider started, and no other."""

import os
import signal

import psutil


class Engine:
    """The engine that started this provider."""

    def __init__(self, process: psutil.Process | None = None) -> None:
        # Asked for at once: after the engine's death the parent is another process.
        self._process = process or psutil.Process(os.getppid())

    def kill(self) -> None:
        """SIGKILL, unless the engine is gone already or its id belongs to another process by now."""
        try:
            if "pulumi" in self._process.name():
                self._process.kill()
                self._process.wait(10)
        except (psutil.NoSuchProcess, psutil.TimeoutExpired):
            return


def kill_provider() -> None:
    """SIGKILL for this very process."""
    os.kill(os.getpid(), signal.SIGKILL)
