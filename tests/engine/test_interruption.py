"""A killed `make up`, with everything that it started, is finished by the next one.

Kills of the engine alone, at each operation: `test_kill_matrix`.
"""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from localcloud.cloud import Cloud
from localcloud.home import HOME_VARIABLE, PROJECT
from localcloud.stack import Stack
from tests.engine.states import unbalanced

_RECORDED_BEFORE_THE_KILL = 55


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("interrupted")
    yield folder
    Cloud(folder).stop()


def command(root: Path, name: str) -> list[str]:
    return [sys.executable, "-m", "localcloud", name, "--stack", "dev", "--root", str(root)]


def run(root: Path, name: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(root, name),
        cwd=PROJECT,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def test_up_can_be_killed_half_way(root: Path) -> None:
    stack = Stack(Cloud(root), "dev")
    started = subprocess.Popen(
        command(root, "up"),
        cwd=PROJECT,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + 120
    while len(stack.resources()) < _RECORDED_BEFORE_THE_KILL:
        assert started.poll() is None, started.communicate()[0][-4000:]
        assert time.monotonic() < deadline
        time.sleep(0.05)
    # The whole group: `make`, the command and the engine with its plugins die at once, without a word.
    os.killpg(started.pid, signal.SIGKILL)
    started.wait()
    assert len(stack.resources()) >= _RECORDED_BEFORE_THE_KILL


def test_a_killed_engine_leaves_no_program_and_no_provider_running(root: Path) -> None:
    def left() -> list[str]:
        return [" ".join(process.cmdline()) for process in psutil.process_iter() if belongs(process, root)]

    deadline = time.monotonic() + 60
    while left():
        assert time.monotonic() < deadline, left()
        time.sleep(0.2)


def belongs(process: psutil.Process, root: Path) -> bool:
    """Whether a process serves the engine of that local cloud: a provider, a language host or a program."""
    try:
        words = process.cmdline()
        serves = any(word.startswith(("localcloud.providers.", "localcloud.language_")) for word in words)
        return serves and process.environ().get(HOME_VARIABLE) == str(root)
    except psutil.Error:
        return False


def test_the_next_up_loses_and_doubles_nothing(root: Path) -> None:
    finished = run(root, "up")
    assert finished.returncode == 0, finished.stdout[-6000:]
    assert finished.stdout.count("Ready") == 3
    stack = Stack(Cloud(root), "dev")
    assert stack.pending_operations() == []
    names = Counter(resource["urn"] for resource in stack.resources())
    assert [urn for urn, count in names.items() if count > 1] == []
    assert unbalanced(stack) == []
    assert len(names) > 100


def test_down_after_a_crash_of_the_control_plane_still_takes_everything_down(root: Path) -> None:
    cloud = Cloud(root)
    for process in cloud.control_plane.processes.recorded():
        live = process.running()
        if live:
            live.kill()
    finished = run(root, "down")
    assert finished.returncode == 0, finished.stdout[-6000:]
    assert cloud.control_plane.processes.recorded() == []
    assert sorted(path.name for path in root.iterdir()) == ["account.yaml"]
