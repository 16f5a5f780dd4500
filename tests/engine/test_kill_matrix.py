"""A sample of the kill matrix: the engine is killed at operations of every kind, and the next run goes on.

The whole matrix, every operation before and after its effect, is `make test-full`; its last result stands in
docs/kill-matrix.md.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.engine.kills.chain import Chain, Command, Point, kill, program
from tests.engine.kills.lane import CHANGES
from tests.engine.states import World, world


class Sample:
    """The stack as it is and as it is changed, on one local cloud."""

    def __init__(self, folder: Path) -> None:
        self.before = Chain(folder, program(folder / "program"))
        self.after = Chain(folder, program(folder / "changed-program", CHANGES))
        self.points: list[Point] = []

    def survive(self, chain: Chain, command: Command, faults: list[dict[str, Any]]) -> None:
        """Run a command until it goes through; every fault must have killed an engine on the way."""
        for left in range(len(faults), -1, -1):
            code, output = chain.run(command, faults)
            point = chain.killed_at()
            if point is None:
                assert code == 0, output[-6000:]
                assert left == 0, f"not reached: {faults}"
                return
            self.points.append(point)
            place = chain.fault_fired()
            faults = [one for index, one in enumerate(faults) if index != place]
        pytest.fail("a fault that had happened happened again")


def at(moment: Any, urn: str) -> dict[str, Any]:
    return kill(moment, urn=f"*{urn}")


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sample]:
    made = Sample(tmp_path_factory.mktemp("kills"))
    yield made
    made.before.stop()


@pytest.fixture(scope="module")
def deployed(sample: Sample) -> World:
    """The stack after an up that was killed at three operations, one of them the fifteenth whatever it was."""
    faults = [
        kill("after", nth=15),
        at("before", "aws:eks/nodeGroup:NodeGroup::system-nodes-nodes"),
        at("after", "kubernetes:helm.sh/v3:Release::serving-release"),
    ]
    sample.survive(sample.before, "up", faults)
    sample.before.check_balance()
    return sample.before.settled()


def test_an_up_that_is_killed_at_every_kind_of_create_comes_to_the_same_end(
    sample: Sample, deployed: World
) -> None:
    """The same as what a run that nothing happens to finds nothing to change in."""
    code, output = sample.before.run("up")
    assert code == 0, output[-6000:]
    assert sample.before.operations() == [], "the run after a recovery had something left to do"
    assert deployed.differences(world(sample.before.stack)) == []


def test_an_update_that_is_killed_at_every_kind_of_update_is_finished(
    sample: Sample, deployed: World
) -> None:
    faults = [
        at("after", "aws:eks/nodeGroup:NodeGroup::system-nodes-nodes"),
        at("after", "kubernetes:helm.sh/v3:Release::serving-release"),
    ]
    sample.survive(sample.after, "up", faults)
    assert deployed.differences(world(sample.after.stack)) != []
    code, output = sample.after.run("up")
    assert code == 0, output[-6000:]
    assert sample.after.operations() == []
    sample.after.check_balance()


@pytest.mark.usefixtures("deployed")
def test_a_destroy_that_is_killed_leaves_nothing(sample: Sample) -> None:
    faults = [
        at("before", "aws:eks/cluster:Cluster::cluster-cluster-eksCluster"),
        at("after", "aws:ec2/subnet:Subnet::network-private-a"),
    ]
    sample.survive(sample.after, "destroy", faults)
    assert sample.after.stack.resources() == []
    left = world(sample.after.stack)
    assert (left.state.total(), left.account.total()) == (0, 0), left.differences(World.empty())


def test_the_sample_holds_every_kind_of_operation_and_both_moments(sample: Sample) -> None:
    print(f"kill points tried: {len(sample.points)} (of the whole matrix: docs/kill-matrix.md)")  # noqa: T201
    assert {point.moment for point in sample.points} == {"before", "after"}
    assert {point.verb for point in sample.points} == {"create", "update", "delete"}
