"""The page of the kill matrix counts what was tried, and is not written when something was left out."""

import datetime
from typing import Any

import pytest

from tests.engine.kills.chain import Point
from tests.engine.kills.lane import Result
from tests.engine.kills.page import page

ROLE = "urn:pulumi:dev::p::c:i:C$aws:iam/role:Role::r"
RELEASE = "urn:pulumi:dev::p::c:i:C$kubernetes:helm.sh/v3:Release::s"
SECRET = "urn:pulumi:dev::p::c:i:C$kubernetes:core/v1:Secret::s"
OPERATIONS = [("up", "create", ROLE), ("up", "create", RELEASE), ("destroy", "delete", SECRET)]
DAY = datetime.date(2026, 1, 2)


def tried(*left_out: tuple[str, str], destroyed: tuple[str, ...] = (ROLE, RELEASE)) -> Result:
    """Everything, but for these URNs and moments; in two lanes some points may be tried twice."""
    verbs: dict[str, Any] = {"up": "create", "destroy": "delete"}
    points: list[tuple[str, Point]] = [
        (walk, Point(verbs[walk], urn, moment))
        for walk, _, urn in OPERATIONS
        for moment in ("before", "after")
        if (urn, moment) not in left_out
    ]
    partial = tuple(Point("create", urn, "after") for urn in destroyed)
    return Result((*points, points[0]), (Point("create", ROLE, "after"),), partial)


def test_points_are_counted_by_verb_kind_and_moment() -> None:
    lines = page([tried()], OPERATIONS, DAY).splitlines()
    told = "Last full run: 2026-01-02. **6 points, and 1 with other operations under way: all passed. From 2"
    assert lines[lines.index(told) + 1] == "partial states, `destroy` left nothing.**"
    assert [line for line in lines if line.startswith("| ") and "|---" not in line][1:] == [
        "| create | AWS | 1 | 1 | 0 | 1 |",
        "| create | Helm release | 1 | 1 | 0 | 0 |",
        "| delete | Kubernetes object | 1 | 1 | 0 | 0 |",
        "| **all** | | 3 | 3 | 0 | 1 |",
    ]


def test_two_lanes_make_up_for_each_other() -> None:
    page([tried((ROLE, "after")), tried((RELEASE, "before"))], OPERATIONS, DAY)


def test_a_point_that_was_left_out_is_named_and_no_page_written() -> None:
    with pytest.raises(ValueError, match=r"not tried: \[\('up', 'create', '.*Role::r', 'after'\)\]"):
        page([tried((ROLE, "after"))], OPERATIONS, DAY)


def test_a_partial_state_that_was_not_destroyed_is_named_and_no_page_written() -> None:
    with pytest.raises(ValueError, match=r"not destroyed after: \[\('create', '.*Release::s'\)\]"):
        page([tried(destroyed=(ROLE,))], OPERATIONS, DAY)
