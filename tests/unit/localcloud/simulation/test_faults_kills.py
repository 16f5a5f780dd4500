"""Only the process that was meant is killed."""

import subprocess
import sys
import time
from collections.abc import Iterator

import psutil
import pytest

from localcloud.processes import Process
from localcloud.simulation.faults_kills import Engine


@pytest.fixture
def child() -> Iterator["subprocess.Popen[bytes]"]:
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    yield process
    process.kill()
    process.wait()


def noted(child: "subprocess.Popen[bytes]", earlier: float = 0.0) -> Process:
    return Process("engine", child.pid, psutil.Process(child.pid).create_time() - earlier)


def test_the_engine_is_killed(child: "subprocess.Popen[bytes]") -> None:
    Engine(noted(child), name="python").kill()
    assert not psutil.pid_exists(child.pid)


@pytest.mark.parametrize(
    ("earlier", "name"), [(0.0, "pulumi"), (100.0, "python")], ids=["no engine", "id reused"]
)
def test_another_process_lives(child: "subprocess.Popen[bytes]", earlier: float, name: str) -> None:
    Engine(noted(child, earlier), name).kill()
    time.sleep(0.2)
    assert child.poll() is None


def test_an_engine_that_is_gone_is_no_error(child: "subprocess.Popen[bytes]") -> None:
    process = noted(child)
    child.kill()
    child.wait()
    Engine(process, name="python").kill()
