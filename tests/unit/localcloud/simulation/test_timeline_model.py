"""Makespan, lower bound, critical path and needless waits of a run."""

import pytest

from localcloud.simulation.timeline_model import timeline_of
from tests.unit.localcloud.simulation.stacks import entry, row, stack, urn

KEY, CLUSTER, NODES = "aws:kms/key:Key", "aws:eks/cluster:Cluster", "aws:eks/nodeGroup:NodeGroup"
COMPONENT = "inference-plane:index:GpuNodeGroup"
K, C, N, M = urn(KEY, "key"), urn(CLUSTER, "cluster"), urn(NODES, "nodes"), urn(NODES, "more")
NOTHING = stack()
ROWS = (
    row(KEY, "key"),
    row(CLUSTER, "cluster", data={"encryptionConfig": [K]}),
    row(NODES, "nodes", data={"clusterName": [C]}),
)
NEEDED = stack(*ROWS, row(NODES, "more", data={"clusterName": [C]}))
SPARE = stack(
    *ROWS,
    row(COMPONENT, "group", depends_on=(N,)),
    row(NODES, "more", data={"clusterName": [C]}, parent=urn(COMPONENT, "group")),
)
UP = [entry(K, 0, 28), entry(C, 28, 628), entry(N, 628, 758), entry(M, 628, 1048)]
LATE = [*UP[:3], entry(M, 758, 1178)]


def test_a_deployment_that_waits_only_for_what_it_needs_has_the_ratio_one() -> None:
    timeline = timeline_of(UP, NOTHING, NEEDED)
    assert (timeline.makespan, timeline.lower_bound, timeline.engine_bound) == (1048, 1048, 1048)
    assert timeline.ratio == timeline.engine_ratio == 1
    assert timeline.needless == ()
    assert timeline.unexplained == 0
    assert [bar.name for bar in timeline.bars if bar.critical] == ["key", "cluster", "more"]


def test_a_needless_dependency_raises_the_ratio_and_is_named_with_who_declares_it() -> None:
    timeline = timeline_of(LATE, NOTHING, SPARE)
    assert timeline.lower_bound == 1048
    assert timeline.ratio == pytest.approx(1178 / 1048)
    (wait,) = timeline.needless
    assert (wait.waiting, wait.waited_for, wait.declared_by) == (M, N, urn(COMPONENT, "group"))
    assert wait.seconds == 130


def test_each_bar_says_what_it_waited_for_and_what_it_holds_up() -> None:
    bars = {bar.name: bar for bar in timeline_of(UP, NOTHING, NEEDED).bars}
    assert (bars["key"].waited_for, bars["key"].reason) == ("", "")
    assert (bars["more"].waited_for, bars["more"].reason) == (C, "its inputs are computed from it")
    assert {name: bar.held_up for name, bar in bars.items()} == {
        "key": 28,
        "cluster": 600,
        "nodes": 0,
        "more": 290,
    }


def test_an_operation_that_began_later_than_its_orders_explain_is_told() -> None:
    late = [*UP[:3], entry(M, 700, 1120)]
    assert timeline_of(late, NOTHING, NEEDED).unexplained == 72


def test_a_teardown_is_measured_against_the_longest_path_and_against_the_engines_rounds() -> None:
    nat, vpc = urn("aws:ec2/natGateway:NatGateway", "nat"), urn("aws:ec2/vpc:Vpc", "vpc")
    before = stack(
        row("aws:ec2/vpc:Vpc", "vpc"),
        row("aws:ec2/natGateway:NatGateway", "nat", data={"vpc": [vpc]}),
        row(KEY, "key", data={"x": [vpc]}),
        row(CLUSTER, "cluster", data={"encryptionConfig": [K]}),
    )
    down = [
        entry(C, 0, 150, "delete"),
        entry(nat, 150, 210, "delete"),
        entry(K, 150, 151, "delete"),
        entry(vpc, 210, 211, "delete"),
    ]
    timeline = timeline_of(down, before, NOTHING)
    assert (timeline.makespan, timeline.lower_bound, timeline.engine_bound) == (211, 152, 211)
    assert timeline.engine_ratio == 1
    (wait,) = timeline.needless
    assert (wait.waiting, wait.waited_for, wait.declared_by, wait.seconds) == (vpc, nat, "", 59)


def test_a_run_without_operations_is_no_division_by_nothing() -> None:
    timeline = timeline_of([], NOTHING, NEEDED)
    assert (timeline.makespan, timeline.ratio, timeline.engine_ratio, timeline.bars) == (0, 1, 1, ())


def test_an_operation_on_what_is_in_no_state_is_shown_all_the_same() -> None:
    timeline = timeline_of([entry(K, 0, 1, outcome="refused")], NOTHING, NOTHING)
    (bar,) = timeline.bars
    assert (bar.outcome, bar.critical, bar.held_up) == ("refused", False, 0)


def test_pauses_outside_of_operations_are_no_bars() -> None:
    assert timeline_of([entry("", 0, 60, "sleep")], NOTHING, NEEDED).bars == ()
