"""What is not seen yet, and capacity that comes late, inside the simulated account."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from localcloud.providers.protocol import PartialFailureError, ProviderError
from localcloud.simulation.faults import faults_around
from localcloud.simulation.operations import Operation, Verb
from tests.unit.localcloud.aws.simulated import (
    CLUSTER,
    LAUNCH_TEMPLATE,
    NODE_GROUP,
    ROLE,
    Simulated,
    gpu_template,
    sizes,
    trust,
)
from tests.unit.localcloud.simulation.test_faults import FakeEngine

INSTANCE = "aws:ec2/instance:Instance"


class Faulty(Simulated):
    """A simulated account whose creates and updates meet faults, as the provider's process wraps them."""

    def faults(self, *faults: dict[str, Any]) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        self.home.faults_file.write_text(yaml.safe_dump(list(faults)))
        self.took: dict[str, float] = {}

    def make(self, type_: str, logical: str = "x", /, **inputs: Any) -> tuple[str, dict[str, Any]]:
        operation = self._operation("create", type_, logical)
        operation.inputs = self.check(type_, logical, **inputs)
        with faults_around(self.home, FakeEngine())(operation):
            made = self.provider.create(type_, logical, operation.inputs, preview=False, timeout=0)
            operation.id, operation.state = made
        self.took[logical] = operation.more_seconds
        return made

    def _operation(self, verb: Verb, type_: str, logical: str) -> Operation:
        return Operation(verb, f"urn:pulumi:dev::p::{type_}::{logical}", type_, logical)


@pytest.fixture
def aws(tmp_path: Path) -> Faulty:
    made = Faulty(tmp_path)
    made.took = {}
    return made


def unseen(seconds: float) -> dict[str, Any]:
    return {"kind": "not-yet-visible", "seconds": seconds, "match": {"type": ROLE, "verb": "create"}}


def make_cluster(aws: Faulty) -> str:
    _, subnets = aws.network()
    role = aws.make(ROLE, "cluster", name="cluster", assumeRolePolicy=trust("eks.amazonaws.com"))[1]["arn"]
    return aws.make(CLUSTER, name="plane", roleArn=role, vpcConfig={"subnetIds": subnets}, version="1.35")[0]


def test_a_cluster_waits_until_its_role_is_seen(aws: Faulty) -> None:
    aws.faults(unseen(90))
    assert make_cluster(aws) == "plane"
    assert (aws.took["cluster"], aws.took["x"]) == (0, 90)


def test_a_role_that_is_not_seen_for_too_long_fails_with_the_services_own_words(aws: Faulty) -> None:
    aws.faults(unseen(200))
    with pytest.raises(
        ProviderError, match=r"InvalidParameterException: Role with arn: .* could not be assumed"
    ):
        make_cluster(aws)
    assert aws.provider.read(CLUSTER, "plane", {}, {}) is None
    # Two minutes have passed: the next run waits for the rest.
    role = aws.provider.read(ROLE, "cluster", {}, {})
    assert role
    aws.make(
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        "attachment",
        role="cluster",
        policyArn="arn:aws:iam::aws:policy/AmazonEKSClusterPolicy",
    )
    assert aws.took["attachment"] == 80


def test_what_does_not_name_the_role_is_not_kept_waiting(aws: Faulty) -> None:
    aws.faults(unseen(90))
    aws.make(ROLE, "cluster", name="cluster", assumeRolePolicy=trust("eks.amazonaws.com"))
    aws.make("aws:ec2/vpc:Vpc", "vpc", cidrBlock="10.1.0.0/16")
    with pytest.raises(ProviderError, match=r"InvalidVpcID\.NotFound"):
        aws.make("aws:ec2/internetGateway:InternetGateway", "gateway", vpcId="vpc-00000000000000000")
    assert aws.took["vpc"] == 0


def node_group(aws: Faulty) -> dict[str, Any]:
    _, subnets = aws.network()
    aws.eks(subnets)
    template, _ = aws.make(LAUNCH_TEMPLATE, **gpu_template())
    return {
        "clusterName": "plane",
        "nodeGroupName": "gpus",
        "nodeRoleArn": aws.node_role(),
        "subnetIds": [subnets[1]],
        "instanceTypes": ["p5e.48xlarge"],
        "amiType": "AL2023_x86_64_NVIDIA",
        "launchTemplate": {"id": template, "version": "1"},
        "scalingConfig": sizes(1),
    }


def late(seconds: float) -> dict[str, Any]:
    return {"kind": "late-capacity", "seconds": seconds, "match": {"type": NODE_GROUP}}


def test_a_node_group_waits_for_capacity_that_comes_late(aws: Faulty) -> None:
    inputs = node_group(aws)
    aws.faults(late(600))
    aws.make(NODE_GROUP, "gpus", **inputs)
    assert aws.took["gpus"] == 600
    assert len(aws.cluster.nodes) == 1


def test_a_node_group_without_capacity_for_too_long_has_failed_and_is_finished_by_the_next_run(
    aws: Faulty,
) -> None:
    inputs = node_group(aws)
    aws.faults(late(3600))
    with pytest.raises(PartialFailureError) as caught:
        aws.make(NODE_GROUP, "gpus", **inputs)
    assert "unexpected state 'CREATE_FAILED'" in str(caught.value)
    assert "InsufficientInstanceCapacity - We currently do not have sufficient p5e.48xlarge capacity" in str(
        caught.value
    )
    assert "us-east-2b" in str(caught.value)
    assert (caught.value.id, aws.cluster.nodes) == ("plane:gpus", {})
    checked = aws.check(NODE_GROUP, "gpus", **inputs)
    state = caught.value.state
    aws.provider.update(NODE_GROUP, "plane:gpus", state, checked, checked, preview=False, timeout=0)
    assert len(aws.cluster.nodes) == 1
