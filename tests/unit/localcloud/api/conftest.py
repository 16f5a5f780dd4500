"""Shared fixture of the AWS API's tests."""

from pathlib import Path

import pytest

from tests.unit.localcloud.api.served import Served


@pytest.fixture
def served(tmp_path: Path) -> Served:
    """A simulated account behind its AWS API."""
    return Served(tmp_path)
