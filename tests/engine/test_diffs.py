"""The AWS provider behind the real engine: silent where nothing changed, exact where something did.

The tests of this module run in order on one account: each begins where the one before it ended.
"""

import dataclasses
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from localcloud.aws.store import Record, Store
from localcloud.cloud import Cloud

PROGRAM = Path(__file__).parent / "programs" / "diffs"
YES = ("--yes", "--skip-preview")
VPC = "aws:ec2/vpc:Vpc"
GROUP = "aws:ec2/securityGroup:SecurityGroup"
ROUTE = "aws:ec2/route:Route"
POLICY = "aws:iam/policy:Policy"
ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
SECRET = "c2VjcmV0LXVzZXItZGF0YQ=="


class Runner:
    """Runs the program of this test on a local cloud without a cluster."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        cloud.prepare()
        # A copy: the engine writes the stack's salt beside the program.
        self.program = shutil.copytree(PROGRAM, cloud.home.root / "program")
        file = cloud.home.root / "Pulumi.diffs.yaml"
        file.write_text("config: {}\n")
        self.environment = {**cloud.environment(), "INFERENCE_PLANE_STACK_FILE": str(file)}
        self("stack", "init", variant={})

    def __call__(self, *command: str, variant: dict[str, Any]) -> str:
        run = subprocess.run(
            [self.cloud.home.bin / "pulumi", *command, "--stack", "diffs", "--color", "never"]
            if command[:2] != ("stack", "init")
            else [self.cloud.home.bin / "pulumi", "stack", "init", "diffs", "--no-select"],
            cwd=self.program,
            env={**self.environment, "DIFFS": json.dumps(variant)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert run.returncode == 0, run.stdout[-6000:]
        return run.stdout

    def plan(self, **variant: Any) -> dict[str, tuple[str, set[str]]]:
        """What a preview would do: operation and changed paths by resource name, what stays left out."""
        steps = json.loads(self("preview", "--json", variant=variant))["steps"]
        return {
            step["urn"].rsplit("::", 1)[-1]: (step["op"], set(step.get("detailedDiff") or {}))
            for step in steps
            if step["op"] not in ("same", "read")
        }

    def store(self) -> Store:
        """The simulated account."""
        return Store(self.cloud.home.aws_state)

    def one(self, type_: str) -> Record:
        """The only resource of a type that the program made."""
        (record,) = [record for record in self.store().all(type_) if record.origin == "stack"]
        return record

    def drift(self, record: Record, **state: Any) -> None:
        """Change a resource behind Pulumi's back."""
        self.store().put(dataclasses.replace(record, state={**record.state, **state}))

    def urn(self, type_: str, name: str) -> str:
        """URN of a resource of the program."""
        return f"urn:pulumi:diffs::diffs::{type_}::{name}"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runner]:
    cloud = Cloud(tmp_path_factory.mktemp("diffs"))
    yield Runner(cloud)
    cloud.stop()


def test_the_program_is_created(run: Runner) -> None:
    planned = run.plan()
    assert {op for op, _ in planned.values()} == {"create"}
    run("up", *YES, variant={})
    assert len(run.store().all(VPC, GROUP, ROUTE, POLICY, ATTACHMENT)) >= 5


def test_the_same_program_changes_nothing(run: Runner) -> None:
    run("up", *YES, "--expect-no-changes", variant={})


def test_a_program_that_means_the_same_changes_nothing(run: Runner) -> None:
    assert run.plan(awkward=True) == {}
    run("up", *YES, "--expect-no-changes", variant={"awkward": True})


def test_a_refresh_of_what_nobody_changed_is_silent(run: Runner) -> None:
    run("refresh", *YES, "--expect-no-changes", variant={})
    run("up", *YES, "--expect-no-changes", variant={})


def test_secrets_are_in_no_state_and_in_no_output(run: Runner) -> None:
    text = run("stack", "export", variant={})
    assert "ciphertext" in text
    shown = run("preview", "--diff", variant={"description": "second"})
    assert SECRET in json.dumps(run.one("aws:ec2/launchTemplate:LaunchTemplate").state)
    assert SECRET not in text
    assert SECRET not in shown


def test_a_changed_default_tag_updates_what_has_tags_and_nothing_else(run: Runner) -> None:
    planned = run.plan(team="research")
    untagged = {"route", "attachment"}
    assert set(planned) == {
        "aws", "vpc", "group", "table", "gateway", "role", "own", "Models", "template",
    }  # fmt: skip
    assert not untagged & set(planned)
    for name, (op, paths) in planned.items():
        assert op == "update"
        if name != "aws":
            assert paths == {"tags.team", "tagsAll.team"}, name


def test_a_refresh_finds_drift_and_the_next_up_takes_it_back(run: Runner) -> None:
    vpc, group = run.one(VPC), run.one(GROUP)
    run.drift(vpc, enableDnsHostnames=True, tagsAll={**vpc.state["tagsAll"], "stray": "1"})
    run.drift(group, ingress=group.state["ingress"][:1])
    shown = run("refresh", *YES, "--diff", variant={})
    assert "stray" in shown
    assert run.plan() == {
        "vpc": ("update", {"enableDnsHostnames", "tags.stray", "tagsAll.stray"}),
        "group": ("update", {"ingress[1]"}),
    }
    run("up", *YES, variant={})
    assert "stray" not in run.one(VPC).state["tagsAll"]
    assert run.one(VPC).state["enableDnsHostnames"] is False
    assert len(run.one(GROUP).state["ingress"]) == 2


def test_a_refresh_finds_what_was_deleted_and_the_next_up_makes_it_again(run: Runner) -> None:
    run.store().delete(ROUTE, run.one(ROUTE).id)
    run("refresh", *YES, variant={})
    assert run.plan() == {"route": ("create", set())}
    run("up", *YES, variant={})
    assert run.one(ROUTE).state["destinationCidrBlock"] == "0.0.0.0/0"


def test_resources_are_imported_by_their_documented_ids(run: Runner) -> None:
    route, attachment = run.one(ROUTE), run.one(ATTACHMENT)
    zone = next(one for one in run.store().all("aws:route53/zone:Zone") if one.origin == "account")
    for type_, name in ((ROUTE, "route"), (ATTACHMENT, "attachment")):
        run("state", "delete", run.urn(type_, name), "--yes", variant={})
    ids = {
        "route": f"{route.state['routeTableId']}_0.0.0.0/0",
        "attachment": f"fixed/{attachment.state['policyArn']}",
        "zone": zone.id,
    }
    variant = {"imports": ids, "zone": zone.state["name"]}
    # The zone is imported too, and then gets the provider's tags and its default comment.
    assert {name: op for name, (op, _) in run.plan(**variant).items()} == {
        "route": "import",
        "attachment": "import",
        "zone": "update",
    }
    run("up", *YES, variant=variant)
    exported = json.loads(run("stack", "export", variant={}))["deployment"]["resources"]
    by_name = {one["urn"].rsplit("::", 1)[-1]: one for one in exported}
    assert (by_name["route"]["id"], by_name["attachment"]["id"]) == (route.id, attachment.id)
    run("state", "delete", run.urn("aws:route53/zone:Zone", "zone"), "--yes", variant={})
    run("up", *YES, "--expect-no-changes", variant={})


def test_an_import_of_what_is_not_there_fails(run: Runner) -> None:
    with pytest.raises(AssertionError, match="resource 'Z0' does not exist"):
        run("preview", variant={"imports": {"zone": "Z0"}, "zone": "example.org"})
    with pytest.raises(AssertionError, match=r"unexpected format of ID \(nonsense\), expected ROUTETABLEID"):
        run("import", ROUTE, "other", "nonsense", "--yes", variant={})


def test_a_fixed_name_is_deleted_before_it_is_made_again(run: Runner) -> None:
    changed = {"path": "/other/", "description": "second"}
    shown = run("up", *YES, variant=changed)
    done = re.findall(r"(?:\+\+|--) +aws:\S+ (\w+) (deleted original|created replacement)", shown)
    steps = {name: [what for other, what in done if other == name] for name, _ in done}
    # Two attachments of one policy to one role would be the same one, as two roles of one name would.
    delete_first, create_first = (
        ["deleted original", "created replacement"],
        ["created replacement", "deleted original"],
    )
    assert steps == {"role": delete_first, "attachment": delete_first, "own": create_first}
    assert run.one("aws:iam/role:Role").state["path"] == "/other/"
    run("up", *YES, "--expect-no-changes", variant=changed)


def test_everything_is_destroyed(run: Runner) -> None:
    run("destroy", *YES, variant={"path": "/other/", "description": "second"})
    left = [record.type for record in run.store().everything() if record.origin == "stack"]
    assert left == ["aws:route53/zone:Zone"]  # taken over by its import, then dropped from the state
