"""Times the main commands and the memory of a local cloud: ``make bench``.

Each figure is printed beside its target and as a share of it; nothing here fails on a slow machine.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from localcloud.cloud import Cloud
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


def must(run: subprocess.CompletedProcess[str]) -> None:
    if run.returncode:
        sys.exit(run.stdout)


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
            timed("up from nothing, programs built", 90, up)
            memory = sum(cloud.control_plane.processes.memory_mb().values())
            report("memory of the local cloud", memory, 1500, "MB")
            timed("preview without changes", 15, preview)
            timed("up without changes", 90, lambda: must(stack.captured("up", *FLAGS, "--expect-no-changes")))
            timed("refresh", 90, lambda: must(stack.captured("refresh", *FLAGS)))
            timed("destroy", 90, lambda: must(stack.captured("destroy", *FLAGS, "--ignore-protect")))
            report("memory of this process", psutil.Process().memory_info().rss / 1e6, 1500, "MB")
        finally:
            cloud.stop()


if __name__ == "__main__":
    main()
