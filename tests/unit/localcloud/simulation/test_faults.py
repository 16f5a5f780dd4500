"""What a fault does to an operation that it meets, and to no other."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from localcloud.home import Home
from localcloud.providers.protocol import AnswerLostError, PartialFailureError, ProviderError
from localcloud.simulation.faults import faults_around
from localcloud.simulation.faults_errors import backoff_seconds
from localcloud.simulation.faults_kills import Engine
from localcloud.simulation.faults_state import FaultState
from localcloud.simulation.operations import Operation, Verb

ROLE = "aws:iam/role:Role"
SUBNET = "aws:ec2/subnet:Subnet"


class FakeEngine(Engine):
    """Counts its deaths."""

    def __init__(self) -> None:
        self.killed = 0

    def kill(self) -> None:
        self.killed += 1


class Bench:
    """Operations under a faults file."""

    def __init__(self, folder: Path) -> None:
        self.home = Home(folder)
        self.engine = FakeEngine()
        self.done: list[str] = []

    def faults(self, *faults: dict[str, Any]) -> None:
        self.home.faults_file.write_text(yaml.safe_dump(list(faults)))

    def run(self, verb: Verb = "create", type_: str = ROLE, name: str = "nodes") -> Operation:
        operation = Operation(verb, f"urn:pulumi:dev::p::{type_}::{name}", type_, name, inputs={"a": 1})
        # A provider of its own each time: what has happened must outlive the process.
        with faults_around(self.home, self.engine)(operation):
            self.done.append(f"{verb} {name}")
            if verb != "delete":
                operation.id, operation.state = f"{name}-id", {"a": 1, "b": 2}
        return operation


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_without_a_file_nothing_happens_and_nothing_is_written(bench: Bench) -> None:
    assert bench.run().more_seconds == 0
    assert list(bench.home.root.iterdir()) == []


@pytest.mark.parametrize(
    ("match", "hit"),
    [
        ({}, True),
        ({"type": ROLE}, True),
        ({"type": "aws:iam/*"}, True),
        ({"type": SUBNET}, False),
        ({"name": "nod?s"}, True),
        ({"name": "Nodes"}, False),
        ({"urn": "*::nodes"}, True),
        ({"urn": "nodes"}, False),
        ({"verb": "create"}, True),
        ({"verb": "delete"}, False),
        ({"nth": 2}, False),
    ],
)
def test_a_fault_meets_what_it_matches(bench: Bench, match: dict[str, Any], hit: bool) -> None:
    bench.faults({"kind": "slow", "seconds": 7, "match": match})
    assert bench.run().more_seconds == (7 if hit else 0)


def test_a_fault_meets_the_nth_match_and_as_many_as_it_says_over_several_processes(bench: Bench) -> None:
    bench.faults({"kind": "slow", "seconds": 7, "match": {"type": ROLE, "nth": 2, "times": 2}})
    bench.run(type_=SUBNET)
    assert [bench.run().more_seconds for _ in range(5)] == [0, 7, 7, 0, 0]
    assert [one.kind for one in FaultState(bench.home).fired()] == ["slow", "slow"]


def test_a_fault_that_is_edited_counts_anew(bench: Bench) -> None:
    bench.faults({"kind": "slow", "seconds": 7, "match": {}})
    assert [bench.run().more_seconds for _ in range(2)] == [7, 0]
    bench.faults({"kind": "slow", "seconds": 8, "match": {}})
    assert bench.run().more_seconds == 8


def test_several_faults_meet_one_operation(bench: Bench) -> None:
    bench.faults(
        {"kind": "slow", "seconds": 7, "match": {}}, {"kind": "throttled", "throttles": 2, "match": {}}
    )
    assert bench.run().more_seconds == 7 + 1.5


def test_a_throttled_request_is_repeated_with_growing_pauses(bench: Bench) -> None:
    bench.faults({"kind": "throttled", "throttles": 3, "match": {}})
    assert bench.run().more_seconds == 0.5 + 1 + 2
    assert bench.done == ["create nodes"]


def test_pauses_grow_to_five_minutes() -> None:
    assert backoff_seconds(12) - backoff_seconds(11) == 300


@pytest.mark.parametrize(
    ("type_", "text"),
    [
        (
            ROLE,
            "creating IAM Role (nodes): exceeded maximum number of attempts, 3, api error Throttling: Rate exceeded",
        ),
        (SUBNET, "RequestLimitExceeded: Request limit exceeded."),
        ("aws:eks/cluster:Cluster", "ThrottlingException: Rate exceeded"),
        ("kubernetes:core/v1:Namespace", "TooManyRequests: the server has received too many requests"),
    ],
)
def test_a_request_that_is_throttled_too_often_fails_before_it_does_anything(
    bench: Bench, type_: str, text: str
) -> None:
    bench.faults({"kind": "throttled", "throttles": 3, "retries": 2, "match": {}})
    with pytest.raises(ProviderError) as caught:
        bench.run(type_=type_)
    assert text in str(caught.value)
    assert bench.done == []
    bench.run(type_=type_)
    assert bench.done == ["create nodes"]


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        (
            {"kind": "timeout", "seconds": 5400},
            "timeout while waiting for state to become 'ACTIVE' (last state: 'CREATING', timeout: 1h30m)",
        ),
        (
            {"kind": "create-failed", "message": "no luck"},
            "unexpected state 'CREATE_FAILED', wanted target 'ACTIVE'. last error: no luck",
        ),
    ],
)
def test_what_was_made_and_failed_stays_in_the_state(bench: Bench, fault: dict[str, Any], text: str) -> None:
    bench.faults({**fault, "match": {}})
    with pytest.raises(PartialFailureError) as caught:
        bench.run()
    assert text in str(caught.value)
    assert (caught.value.id, caught.value.state, caught.value.inputs) == (
        "nodes-id",
        {"a": 1, "b": 2},
        {"a": 1},
    )
    assert bench.done == ["create nodes"]


def test_a_delete_that_takes_too_long_is_done_and_reported(bench: Bench) -> None:
    bench.faults({"kind": "timeout", "match": {"verb": "delete"}})
    with pytest.raises(
        ProviderError, match="delete: timeout while waiting for state to become gone"
    ) as caught:
        bench.run("delete")
    assert not isinstance(caught.value, PartialFailureError)
    assert bench.done == ["delete nodes"]


def test_an_answer_is_lost_after_the_effect(bench: Bench) -> None:
    bench.faults({"kind": "fails-after-made", "match": {}})
    with pytest.raises(AnswerLostError, match="connection reset by peer"):
        bench.run()
    assert bench.done == ["create nodes"]


@pytest.mark.parametrize(("moment", "done"), [("before", []), ("after", ["create nodes"])])
def test_the_engine_is_killed_before_or_after_the_effect(bench: Bench, moment: str, done: list[str]) -> None:
    bench.faults({"kind": "engine-killed", "moment": moment, "match": {}})
    if moment == "before":
        with pytest.raises(AnswerLostError):
            bench.run()
    else:
        bench.run()
    assert (bench.engine.killed, bench.done) == (1, done)


@pytest.mark.parametrize(("moment", "done"), [("before", []), ("after", ["create nodes"])])
def test_the_provider_is_killed_before_or_after_the_effect(
    bench: Bench, moment: str, done: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def die() -> None:
        raise Killed

    monkeypatch.setattr("localcloud.simulation.faults.kill_provider", die)
    bench.faults({"kind": "provider-killed", "moment": moment, "match": {}})
    with pytest.raises(Killed):
        bench.run()
    assert bench.done == done


def test_a_broken_file_fails_every_operation_with_its_faults(bench: Bench) -> None:
    bench.faults({"kind": "slow", "match": {}})
    with pytest.raises(ProviderError, match=r"0\.seconds: Field required"):
        bench.run()
    assert bench.done == []
