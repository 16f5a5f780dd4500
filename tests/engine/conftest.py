"""A running local cloud of its own for the engine tests, ended by id when they are done."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from localcloud.cloud import Cloud


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """A started local cloud with an empty account and an empty cluster."""
    made = Cloud(tmp_path_factory.mktemp("cloud"))
    made.start()
    yield made
    processes = made.control_plane.processes
    recorded = processes.recorded()
    made.stop()
    assert not [process.name for process in recorded if process.running()]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder for a program."""
    return tmp_path
