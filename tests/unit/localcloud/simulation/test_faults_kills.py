"""Only the process that was meant is killed."""

import subprocess
import sys
import time
from collections.abc import Iterator

import psutil
import pytest

from localcloud.simulation.faults_kills import Engine


@pytest.fixture
def child() -> Iterator["subprocess.Popen[bytes]"]:
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    yield process
    process.kill()
    process.wait()


class Named(psutil.Process):
    """A process that goes by the engine's name."""

    def name(self) -> str:
        return "pulumi"


def test_the_engine_is_killed(child: "subprocess.Popen[bytes]") -> None:
    Engine(Named(child.pid)).kill()
    assert not psutil.pid_exists(child.pid)


def test_a_parent_that_is_no_engine_lives(child: "subprocess.Popen[bytes]") -> None:
    Engine(psutil.Process(child.pid)).kill()
    time.sleep(0.2)
    assert child.poll() is None


def test_an_id_that_belongs_to_another_process_by_now_is_left_alone(child: "subprocess.Popen[bytes]") -> None:
    engine = Named(child.pid)
    engine._create_time = engine.create_time() - 100  # the process that was noted was an older one
    engine._ident = (child.pid, engine._create_time)
    Engine(engine).kill()
    time.sleep(0.2)
    assert child.poll() is None


def test_an_engine_that_is_gone_is_no_error(child: "subprocess.Popen[bytes]") -> None:
    engine = Named(child.pid)
    child.kill()
    child.wait()
    Engine(engine).kill()
