"""Times the main commands and the memory of a local cloud, and how far each stack is from its lower bound.

``make bench`` runs all of it, ``python -m tests.bench --ratios`` the latter only.

Each figure is printed beside its target and as a share of it; nothing here fails on a slow machine.
"""

import contextlib
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from localcloud.cloud import Cloud
from localcloud.home import PROJECT
from localcloud.simulation.timeline_command import summary
from localcloud.simulation.timeline_command import timed as timed_run
from localcloud.stack import Stack

FLAGS = ("--yes", "--skip-preview", "--suppress-outputs")


def timed(name: str, target: float, action: Callable[[], object]) -> None:
    started = time.monotonic()
    action()
    report(name, time.monotonic() - started, target, "s")


def report(name: str, value: float, target: float, unit: str) -> None:
    sys.stdout.write(
        f"{name:34}{value:8.1f} {unit:3} target {target:6.0f} {unit:3} ratio {value / target:5.2f}\n"
    )
    sys.stdout.flush()


class PeakMemory:
    """Samples the memory of a local cloud and of everything that this process has started, engine included."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self.megabytes = 0.0

    def __enter__(self) -> "PeakMemory":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()

    def _sample(self) -> None:
        while not self._stopped.wait(0.25):
            recorded = {p.pid for p in self._cloud.control_plane.processes.recorded()}
            total = sum(self._cloud.control_plane.processes.memory_mb().values())
            for child in psutil.Process().children(recursive=True):
                with contextlib.suppress(psutil.Error):
                    total += 0 if child.pid in recorded else child.memory_info().rss / 1e6
            self.megabytes = max(self.megabytes, total)


def must(run: subprocess.CompletedProcess[str]) -> None:
    if run.returncode:
        sys.exit(run.stdout)


def ratios(name: str, folder: Path) -> None:
    """Makespan as a share of the lower bound, up and down, on the virtual clock."""
    cloud = Cloud(folder)
    stack = Stack(cloud, name)
    try:
        cloud.prepare()
        stack.prepare()
        cloud.start()
        for command, flags in (("up", FLAGS), ("destroy", (*FLAGS, "--ignore-protect"))):
            with timed_run(cloud.home, stack.resources, command, "max", None) as run:
                must(stack.captured(command, *flags, *run.flags))
            assert run.timeline is not None
            sys.stdout.write(f"{name} {command}: {summary(run.timeline)} (bar 1.05)\n")
            for wait in run.timeline.needless:
                waiting, first = (urn.rsplit("::", 1)[-1] for urn in (wait.waiting, wait.waited_for))
                sys.stdout.write(f"    {waiting} waited for {first}: {wait.seconds:.0f} s\n")
            sys.stdout.flush()
    finally:
        cloud.stop()


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        cloud = Cloud(Path(folder))
        stack = Stack(cloud, "dev")

        def prepare() -> None:
            cloud.prepare()
            stack.prepare()

        def preview() -> None:
            prepare()
            must(stack.captured("preview", "--suppress-outputs"))

        def up() -> None:
            prepare()
            cloud.start()
            must(stack.captured("up", *FLAGS))

        try:
            timed("preview of an empty stack", 15, preview)
            with PeakMemory(cloud) as peak:
                timed("up from nothing, programs built", 90, up)
            report("peak memory with the engine", peak.megabytes, 1500, "MB")
            memory = sum(cloud.control_plane.processes.memory_mb().values())
            report("memory of the idle local cloud", memory, 1500, "MB")
            timed("preview without changes", 15, preview)
            timed("up without changes", 90, lambda: must(stack.captured("up", *FLAGS, "--expect-no-changes")))
            timed("refresh", 90, lambda: must(stack.captured("refresh", *FLAGS)))
            timed("destroy", 90, lambda: must(stack.captured("destroy", *FLAGS, "--ignore-protect")))
        finally:
            cloud.stop()


def every_ratio() -> None:
    """The ratios of every stack file."""
    for file in sorted(PROJECT.glob("Pulumi.*.yaml")):
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            ratios(file.name.removeprefix("Pulumi.").removesuffix(".yaml"), Path(folder))


if __name__ == "__main__":
    if "--ratios" not in sys.argv:
        main()
    every_ratio()
