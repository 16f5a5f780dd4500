"""A running local cloud of its own for the engine tests, ended by id when they are done."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from localcloud.cloud import Cloud

_LONGEST_FIRST = (
    "test_dev_stack",
    "test_teardown",
    "test_kill_matrix",
    "test_previews",
    "test_faults",
    "test_aws_api",
    "test_timeline",
    "test_diffs",
    "test_kubernetes_provider",
    "test_data_plane",
    "test_interruption",
    "test_refusals",
)
"""Modules that take longest begin first, so that no worker is left with one of them at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Order the modules by how long they take; within a module nothing moves."""
    places = {name: place for place, name in enumerate(_LONGEST_FIRST)}
    items.sort(key=lambda item: places.get(item.path.stem, len(places)))


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
