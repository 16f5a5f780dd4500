"""Longest paths and who holds up how much."""

import functools

import pytest

from localcloud.simulation.orders_graph import (
    CycleError,
    ancestors,
    depths,
    ends,
    held_up,
    longest_path,
    makespan,
)

# a 10 ── b 5 ──┐
#               d 1
# c 12 ─────────┘        e 3 alone
BEFORE: dict[str, set[str]] = {"a": set(), "b": {"a"}, "c": set(), "d": {"b", "c"}, "e": set()}
SECONDS = {"a": 10.0, "b": 5.0, "c": 12.0, "d": 1.0, "e": 3.0}


def test_everything_begins_when_all_that_comes_before_it_has_ended() -> None:
    assert ends(BEFORE, SECONDS) == {"a": 10, "b": 15, "c": 12, "d": 16, "e": 3}


def test_the_makespan_is_the_longest_path() -> None:
    assert makespan(BEFORE, SECONDS) == 16
    assert longest_path(BEFORE, SECONDS) == ["a", "b", "d"]


def test_what_takes_no_time_is_passed_through() -> None:
    assert longest_path(BEFORE, {**SECONDS, "b": 0.0}) == ["c", "d"]
    assert longest_path(BEFORE, {**SECONDS, "b": 0.0, "c": 0.0}) == ["a", "d"]


def test_what_a_node_holds_up_ends_where_the_next_path_begins() -> None:
    total = functools.partial(makespan, BEFORE)
    assert held_up(total, SECONDS) == {"a": 3, "b": 3, "c": 0, "d": 1, "e": 0}


def test_nothing_takes_no_time() -> None:
    assert makespan({}, {}) == 0
    assert longest_path({}, {}) == []


def test_everything_before_a_node_is_found() -> None:
    assert ancestors(BEFORE)["d"] == {"a", "b", "c"}
    assert ancestors(BEFORE)["e"] == frozenset()


def test_depth_is_the_longest_chain_below() -> None:
    assert depths(BEFORE) == {"a": 0, "b": 1, "c": 0, "d": 2, "e": 0}


@pytest.mark.parametrize("before", [{"a": {"b"}, "b": {"a"}}, {"a": {"a"}}])
def test_orders_that_contradict_each_other_are_refused(before: dict[str, set[str]]) -> None:
    with pytest.raises(CycleError):
        ends(before, {})


def test_a_thousand_in_a_row_are_no_recursion() -> None:
    before: dict[int, set[int]] = {n: {n - 1} if n else set() for n in range(3000)}
    assert makespan(before, dict.fromkeys(before, 1.0)) == 3000
