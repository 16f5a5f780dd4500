"""Every row, previewed from a deployed stack: its reviewed operations, and that it loses nothing unsaid.

The rows that are not marked quick are left to `make test-full`.
"""

import pytest

from tests.engine.upgrades import plans
from tests.engine.upgrades.goldens import check_operations
from tests.engine.upgrades.rows import NAMED, ROWS, Row
from tests.engine.upgrades.runner import Deployment, Preview

UPGRADE = NAMED["kubernetes-version"]


def marked(row: Row) -> object:
    return pytest.param(row, id=row.name, marks=() if row.quick else (pytest.mark.full,))


def of(**wanted: bool) -> list[object]:
    return [
        marked(row)
        for row in ROWS
        if row is not UPGRADE
        and not row.after
        and all(bool(getattr(row, attribute)) is value for attribute, value in wanted.items())
    ]


def test_kubernetes_is_upgraded_in_place(upgrade: tuple[Preview, list[plans.Step]]) -> None:
    preview, done = upgrade
    assert preview.went_well, preview.told
    check_operations(UPGRADE, plans.summary(preview.steps))
    assert plans.violations(done) == []
    assert plans.summary(done) == plans.summary(preview.steps)


def test_after_the_upgrade_nothing_is_left_to_do(base: Deployment) -> None:
    preview = base.preview()
    assert preview.went_well, preview.told
    assert plans.summary(preview.steps) == {}


@pytest.mark.parametrize("row", of(refused=False, unsafe=False))
def test_a_change_does_what_was_reviewed_and_loses_nothing_unsaid(row: Row, base: Deployment) -> None:
    base.become(row)
    preview = base.preview()
    assert preview.went_well, preview.told
    assert plans.violations(preview.steps, row.loses) == []
    check_operations(row, plans.summary(preview.steps))


@pytest.mark.parametrize("row", of(refused=True))
def test_what_is_protected_is_refused_in_the_preview(row: Row, base: Deployment) -> None:
    base.become(row)
    preview = base.preview()
    assert not preview.went_well
    assert row.refused in preview.told
    # A replacement is a step of the preview, which the check sees too. A delete that is refused is none: there, the
    # message names what stays.
    assert plans.violations(preview.steps) or "CheckpointBucket$aws:s3/" in preview.told
    check_operations(row, {"refused": row.refused})


@pytest.mark.parametrize("row", of(unsafe=True))
def test_a_name_changed_without_an_alias_is_caught(row: Row, base: Deployment) -> None:
    base.become(row)
    preview = base.preview()
    assert preview.went_well, preview.told
    faults = plans.violations(preview.steps)
    assert faults, "the check lets it through"
    assert all("add an alias" in fault for fault in faults)
    check_operations(row, plans.summary(preview.steps))
