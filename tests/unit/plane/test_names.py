"""No resource of a stack that somebody has deployed loses its name: what changes it in code needs an alias.

``tests/golden/dev/names.txt`` holds every name that the dev stack ever had. UPDATE_GOLDEN=1 adds new ones, and
takes none out: whoever removes a resource from the stack deletes its line by hand, for reviewers to see.
"""

import os

import pulumi
import pytest

from plane import foundation
from tests.engine.upgrades.programs import PROGRAMS
from tests.golden_files import GOLDEN
from tests.unit.identities import identities, lost
from tests.unit.plane.test_build import dev, recorded
from tests.unit.recording import Recording

NAMES = GOLDEN / "dev" / "names.txt"


def reviewed() -> list[str]:
    return NAMES.read_text().splitlines()


def test_every_reviewed_name_is_still_a_resource() -> None:
    if os.environ.get("UPDATE_GOLDEN"):
        before = reviewed() if NAMES.exists() else []
        NAMES.write_text("".join(f"{name}\n" for name in sorted({*before, *identities(dev())})))
    assert lost(reviewed(), dev()) == []


def test_every_resource_is_reviewed() -> None:
    new = sorted(set(identities(dev())) - set(reviewed()))
    assert new == [], (
        "add them with UPDATE_GOLDEN=1; where one is an old resource renamed, add an alias first"
    )


@pytest.fixture
def program(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Recording:
    """A program of the upgrade matrix, recorded; its change of the code ends with the test."""
    for name in ("Vpc", "EksCluster", "CheckpointBucket"):
        monkeypatch.setattr(foundation, name, getattr(foundation, name))
    monkeypatch.setattr(pulumi.ComponentResource, "__init__", pulumi.ComponentResource.__init__)
    PROGRAMS[request.param]()
    return recorded()


@pytest.mark.parametrize(
    "program",
    ["vpc-renamed", "cluster-renamed", "bucket-renamed", "bucket-reparented", "vpc-retyped"],
    indirect=True,
)
def test_an_alias_keeps_what_it_was(program: Recording) -> None:
    assert set(identities(program)) != set(identities(dev())), "the program changes no name"
    assert lost(reviewed(), program) == []


@pytest.mark.parametrize(
    ("program", "example"),
    [
        ("vpc-renamed-without-alias", "inference-plane:index:Vpc$aws:ec2/vpc:Vpc::network-vpc"),
        (
            "cluster-renamed-without-alias",
            "inference-plane:index:EksCluster$eks:index:Cluster::cluster-cluster",
        ),
        (
            "bucket-renamed-without-alias",
            "inference-plane:index:CheckpointBucket$aws:s3/bucket:Bucket::checkpoints-bucket",
        ),
        (
            "bucket-reparented-without-alias",
            "inference-plane:index:CheckpointBucket$aws:s3/bucket:Bucket::checkpoints-bucket",
        ),
        ("vpc-retyped-without-alias", "inference-plane:index:Vpc$aws:ec2/vpc:Vpc::network-vpc"),
    ],
    indirect=["program"],
)
def test_without_an_alias_it_is_told_what_goes_and_what_to_do(program: Recording, example: str) -> None:
    faults = lost(reviewed(), program)
    assert [fault for fault in faults if fault.startswith(f"{example} is no resource any more")]
    assert all("add an alias" in fault for fault in faults)


def test_the_mode_of_access_may_change_both_ways() -> None:
    pod_identity = recorded(access={"mode": "pod-identity"})
    role = "inference-plane:index:IrsaRole$aws:iam/role:Role::checkpoint-reader-role"
    assert role in set().union(*identities(pod_identity).values())
    back = "inference-plane:index:PodIdentityRole$aws:iam/role:Role::checkpoint-reader-role"
    assert back in set().union(*identities(dev()).values())
