"""docs/upgrades.md is what the rows and their golden files say, and neither has leftovers."""

from pathlib import Path

import pytest

from tests.engine.upgrades.goldens import FOLDER, file_of, operations_of
from tests.engine.upgrades.plans import KEPT
from tests.engine.upgrades.programs import PROGRAMS
from tests.engine.upgrades.rows import NAMED, ROWS, Row
from tests.engine.upgrades.table import document

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "upgrades.md"


def test_the_document_is_generated_from_the_rows() -> None:
    assert DOCUMENT.read_text() == document(), "run `make docs` and review the difference"


def test_every_golden_file_belongs_to_a_row() -> None:
    known = {file_of(row, way).name for row in ROWS for way in ("", "back")}
    assert {path.name for path in FOLDER.glob("*.json")} - known == set()


def test_names_are_unique() -> None:
    assert len(NAMED) == len(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_row_changes_something_and_names_programs_that_exist(row: Row) -> None:
    assert row.settings or row.program != "as-it-is"
    assert {row.program, row.program_back} <= set(PROGRAMS)
    assert not (row.refused and row.unsafe)


@pytest.mark.parametrize("row", [row for row in ROWS if row.loses], ids=lambda row: row.name)
def test_what_a_row_loses_is_told_in_its_operations(row: Row) -> None:
    operations = operations_of(row)
    gone = {*operations.get("replace", {}), *operations.get("delete", {})}
    assert {key.split()[1] for key in gone if key.split()[0] in KEPT} == row.loses


def test_make_test_previews_a_row_of_each_area_and_of_each_kind_and_no_more_than_it_has_time_for() -> None:
    quick = [row for row in ROWS if row.quick]
    assert len(quick) < len(ROWS) / 4
    assert any(row.refused for row in quick)
    assert any(row.unsafe for row in quick)
    assert {row.area for row in quick} >= {row.area for row in ROWS} - {"System nodes"}
