"""How long each operation takes."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from localcloud.aws.shapes import shape_of
from localcloud.home import PROJECT
from localcloud.simulation.delays import delay_of
from localcloud.simulation.delays_table import FORESEEN, TABLE
from localcloud.simulation.operations import Operation, Verb

GOLDEN = PROJECT / "tests" / "golden"
NODE_GROUP = "aws:eks/nodeGroup:NodeGroup"
RELEASE = "kubernetes:helm.sh/v3:Release"
ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
ADDON = "aws:eks/addon:Addon"


def types_in(path: Path) -> set[str]:
    return set(re.findall(r"(?:aws|kubernetes):[\w./-]+:\w+", path.read_text()))


def types_of_the_reference_stack() -> set[str]:
    """What the program registers, and what the EKS plugin makes for its cluster."""
    plugin: dict[str, list[dict[str, Any]]] = json.loads((GOLDEN / "eks" / "plugin.json").read_text())
    made = {child["type"] for children in plugin.values() for child in children}
    return types_in(GOLDEN / "dev" / "registrations.txt") | {one for one in made if one.startswith("aws:")}


def seconds(type_: str, verb: Verb = "create", **given: Any) -> float:
    operation = Operation(verb, "urn", type_, "name")
    setattr(operation, "removed" if verb == "delete" else "inputs", given)
    return delay_of(operation).seconds


def test_every_type_of_the_reference_stack_has_figures() -> None:
    types = types_of_the_reference_stack()
    assert len(types) >= 40
    assert sorted(types - set(TABLE)) == []


def test_every_other_type_of_the_table_says_what_brings_it() -> None:
    assert sorted(set(TABLE) - types_of_the_reference_stack() - set(FORESEEN)) == []


def test_what_is_foreseen_has_figures_and_is_a_type_that_exists() -> None:
    assert sorted(set(FORESEEN) - set(TABLE)) == []
    for type_ in FORESEEN:
        if type_.startswith("aws:"):
            assert shape_of(type_).inputs, type_


def test_nothing_is_foreseen_that_the_reference_stack_registers() -> None:
    assert sorted(set(FORESEEN) & types_in(GOLDEN / "dev" / "registrations.txt")) == []


@pytest.mark.parametrize("type_", sorted(TABLE))
def test_every_figure_says_where_it_comes_from(type_: str) -> None:
    figures = TABLE[type_]
    assert figures.source.startswith(("measured: ", "documented: ", "estimate: "))
    assert min(figures.create, figures.update) > 0
    assert figures.delete >= 0
    assert max(figures.create, figures.update, figures.delete) <= 1800


@pytest.mark.parametrize(
    ("type_", "given", "expected"),
    [
        (NODE_GROUP, {"instanceTypes": ["m7i.xlarge"], "scalingConfig": {"desiredSize": 2}}, 130),
        (NODE_GROUP, {"instanceTypes": ["p5e.48xlarge"], "scalingConfig": {"desiredSize": 1}}, 420),
        (NODE_GROUP, {"amiType": "BOTTLEROCKET_x86_64_NVIDIA", "scalingConfig": {"desiredSize": 1}}, 420),
        (NODE_GROUP, {"instanceTypes": ["p5e.48xlarge"], "scalingConfig": {"desiredSize": 0}}, 58),
        (ENDPOINT, {"vpcEndpointType": "Gateway"}, 6),
        (ENDPOINT, {"vpcEndpointType": "Interface"}, 75),
        (ADDON, {"addonName": "vpc-cni"}, 35),
        (ADDON, {"addonName": "coredns"}, 15),
        (ADDON, {"addonName": "adot"}, 25),
        (RELEASE, {"chart": "gpu-operator"}, 75),
        (RELEASE, {"chart": "oci://public.ecr.aws/karpenter/karpenter"}, 45),
        (RELEASE, {"chart": "some-chart", "values": {}}, 40),
    ],
)
def test_figures_depend_on_what_is_made(type_: str, given: dict[str, Any], expected: float) -> None:
    assert seconds(type_, **given) == expected


def test_models_take_as_long_as_their_checkpoints_are_big() -> None:
    one = seconds(RELEASE, values={"models": {"point": {"gpus": 1}}})
    five = seconds(RELEASE, values={"models": {"point": {"gpus": 1}, "laguna": {"gpus": 4}}})
    assert one == pytest.approx(150 + 56 / 0.52 + 180, abs=1)
    assert five - one == pytest.approx(4 * 56 / 0.52, abs=1)


def test_a_delete_is_judged_by_what_goes() -> None:
    assert seconds(ENDPOINT, "delete", vpcEndpointType="Gateway") == 6
    assert seconds(ENDPOINT, "delete", vpcEndpointType="Interface") == 20


def test_a_type_without_figures_takes_two_seconds_and_says_so() -> None:
    delay = delay_of(Operation("create", "urn", "aws:x/y:Z", "name"))
    assert delay.seconds == 2
    assert delay.source.startswith("estimate")
