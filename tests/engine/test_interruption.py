"""A killed `up` is finished by the next one: nothing is lost, nothing is made twice."""

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

from localcloud.aws.store import Store
from localcloud.cloud import Cloud
from localcloud.home import HOME_VARIABLE, PROJECT
from localcloud.stack import Stack


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


@pytest.mark.parametrize("recorded_before_the_kill", [30, 75])
def test_up_can_be_killed_early_and_killed_again_late(root: Path, recorded_before_the_kill: int) -> None:
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
    while len(stack.resources()) < recorded_before_the_kill:
        assert started.poll() is None, started.communicate()[0][-4000:]
        assert time.monotonic() < deadline
        time.sleep(0.05)
    # The whole group: `make`, the command and the engine with its plugins die at once, without a word.
    os.killpg(started.pid, signal.SIGKILL)
    started.wait()
    assert len(stack.resources()) >= recorded_before_the_kill


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
    recorded = [r for r in stack.resources() if r["type"].startswith("aws:") and r.get("custom")]
    made = [record for record in Store(stack.cloud.home.aws_state).everything() if record.origin == "stack"]
    in_state = Counter((r["type"], r["urn"].rsplit("::", 1)[-1], r["id"]) for r in recorded)
    in_account = Counter((record.type, record.name, record.id) for record in made if record.name)
    assert in_account - in_state == Counter(), "made, but in no state"
    assert in_state - in_account == Counter(), "in the state, but not made"
    assert len(in_state) > 50


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
