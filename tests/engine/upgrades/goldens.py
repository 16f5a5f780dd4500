"""The golden file of each row: what its preview, and the way back from it, do to each resource."""

import json
from pathlib import Path
from typing import Any

from tests.engine.upgrades.rows import Row
from tests.golden_files import GOLDEN, check_golden, pretty_json

FOLDER = GOLDEN / "upgrades"
"""Where they lie."""


def file_of(row: Row, way: str = "") -> Path:
    """A row's golden file; ``way`` is empty, or ``back``."""
    return FOLDER / f"{row.name}{f'.{way}' if way else ''}.json"


def operations_of(row: Row, way: str = "") -> dict[str, Any]:
    """The reviewed operations of a row: operation, then resource, then the inputs behind it."""
    return json.loads(file_of(row, way).read_text())


def check_operations(row: Row, operations: dict[str, Any], way: str = "") -> None:
    """Compare operations with a row's golden file."""
    check_golden(str(file_of(row, way).relative_to(GOLDEN)), pretty_json(operations))
