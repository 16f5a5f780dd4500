"""Every row, really applied: it does what its preview said, a second `up` is silent, and it can be taken back."""

import contextlib
from collections.abc import Iterator

import pytest

from tests.engine.upgrades import plans
from tests.engine.upgrades.goldens import check_operations, operations_of
from tests.engine.upgrades.rows import NAMED, ROWS, Row
from tests.engine.upgrades.runner import Deployment

pytestmark = pytest.mark.full

APPLIED = [
    row
    for row in ROWS
    if row is not NAMED["kubernetes-version"]
    and not (row.refused or row.unsafe or row.not_applied or row.no_way_back)
]


@contextlib.contextmanager
def left_as_it_was(base: Deployment) -> Iterator[None]:
    """After a failure, bring the deployment back for the rows that follow."""
    try:
        yield
    except BaseException:
        base.become(None)
        base.stack.captured("up", "--yes", "--skip-preview")
        raise


@pytest.mark.parametrize("row", APPLIED, ids=lambda row: row.name)
def test_a_change_is_applied_stays_and_can_be_taken_back(row: Row, base: Deployment) -> None:
    with left_as_it_was(base):
        before = NAMED.get(row.after)
        if before:
            # Such a row is previewed nowhere else.
            base.become(before)
            base.up()
            base.become(row)
            check_operations(row, plans.summary(base.preview().steps))
        base.become(row)
        done = base.up()
        assert plans.violations(done, row.loses) == []
        assert plans.unforeseen(operations_of(row), plans.summary(done)) == {}
        base.up("--expect-no-changes")
        base.wait_for_models()

        base.become(before, program=row.program_back)
        back = base.up()
        assert plans.violations(back, row.loses_on_the_way_back) == []
        check_operations(row, plans.summary(back), "back")
        if before:
            base.become(None)
            base.up()
        base.become(None)
        base.up("--expect-no-changes")
        base.wait_for_models()
