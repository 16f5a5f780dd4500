"""Every refusal of the simulated AWS, provoked through the real engine, beside its allowed neighbour.

The cases are in programs/refusals/cases; they share six runs of the engine, each told in its event log. A create
is refused in a full account and allowed in one with room; updates are refused, then allowed; deletes are refused
while something still uses what goes, and allowed by the last ``destroy``.
"""

import dataclasses
import json
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from localcloud.aws.store import Store
from localcloud.cloud import Cloud
from localcloud.home import PROJECT
from tests.engine.programs.refusals.cases import CASES, GROUND, rounds
from tests.engine.programs.refusals.cases.account import account
from tests.engine.programs.refusals.cases.case import Case
from tests.engine.programs.refusals.stages import beyond, resources

PROGRAM = Path(__file__).parent / "programs" / "refusals"
STACK = "refusals"


@dataclasses.dataclass
class Run:
    """What one run of the engine told."""

    code: int
    said: str
    errors: dict[str, str]
    """Messages by the name of the resource that they are about."""
    done: dict[str, str]
    """Operation that each resource came through, by its name."""


class Runner:
    """Runs the program at its stages."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.store = Store(cloud.home.aws_state)
        self.folder = cloud.home.root / STACK
        self.folder.mkdir()
        (self.folder / "Pulumi.yaml").write_text((PROGRAM / "Pulumi.yaml").read_text())
        self.file = self.folder / f"Pulumi.{STACK}.yaml"
        self.file.write_text("config: {}\n")
        self._pulumi("stack", "init", STACK, "--cwd", str(self.folder))

    def up(self, stage: str, *, full: bool, by_id: bool = False, only: Case | None = None) -> Run:
        """The program at a stage, in a full account or in one with room; only one case's target if it is given."""
        file = account([one.type for one in GROUND] if full else None)
        self.cloud.home.account_file.write_text(yaml.safe_dump(file))
        ids = self.folder / "ids.json"
        ids.write_text(json.dumps(self.ids()))
        more = {"REFUSALS_STAGE": stage, **({"REFUSALS_IDS": str(ids)} if by_id else {})}
        scope = "--continue-on-error"
        if only:
            scope = f"--target=urn:pulumi:{STACK}::{STACK}::{only.type}::{only.target}"
        return self._logged("up", more, "--skip-preview", scope)

    def destroy(self) -> Run:
        """Everything goes."""
        return self._logged("destroy", {}, "--skip-preview")

    def ids(self) -> dict[str, str]:
        """Ids of what the program made, by name."""
        return {one.name: one.id for one in self.store.everything() if one.name}

    def left(self) -> set[tuple[str, str]]:
        """Name and type of what the program made, and the state of keys in place of their type."""
        return {
            (one.name, one.state.get("keyState") or one.type) for one in self.store.everything() if one.name
        }

    def _logged(self, command: str, more: dict[str, str], *flags: str) -> Run:
        log = self.folder / "events.json"
        log.unlink(missing_ok=True)
        run = self._pulumi(command, "--yes", "--stack", STACK, "--event-log", str(log), *flags, **more)
        assert log.exists(), run.stdout
        errors: dict[str, str] = defaultdict(str)
        done: dict[str, str] = {}
        for line in log.read_text().splitlines():
            event: dict[str, Any] = json.loads(line)
            told, outcome = event.get("diagnosticEvent"), event.get("resOutputsEvent")
            if told and told["severity"] == "error" and told.get("urn"):
                errors[_name(told["urn"])] += told["message"]
            elif outcome:
                done[_name(outcome["metadata"]["urn"])] = outcome["metadata"]["op"]
        return Run(run.returncode, run.stdout, dict(errors), done)

    def _pulumi(self, *command: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.cloud.home.bin / "pulumi", *command, "--color", "never"],
            cwd=PROGRAM,
            env={
                **self.cloud.environment(),
                "INFERENCE_PLANE_STACK_FILE": str(self.file),
                "PYTHONPATH": str(PROJECT),
                "PULUMI_DEBUG_COMMANDS": "true",  # the event log is an option of the automation API
                # The state is written once a run: nothing here is cut off half-way.
                "PULUMI_EXPERIMENTAL": "true",
                "PULUMI_SKIP_CHECKPOINTS": "true",
                **more,
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )


def _name(urn: str) -> str:
    return urn.rsplit("::", 1)[-1]


@dataclasses.dataclass
class Proof:
    """The runs, and what was in the account after each."""

    refused: Run
    left_by_refused: set[str]
    allowed: Run
    rounds: list[Run]
    left_by_rounds: list[set[str]]
    changed: Run
    destroyed: Run
    left_at_the_end: set[tuple[str, str]]


@pytest.fixture(scope="module")
def proof(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proof]:
    """All runs, on a local cloud whose account is the cases' own."""
    cloud = Cloud(tmp_path_factory.mktemp("refusals"))
    cloud.start()
    try:
        yield prove(cloud)
    finally:
        cloud.stop()


def prove(cloud: Cloud) -> Proof:
    """Run every stage."""
    runner = Runner(cloud)
    refused = runner.up("refused", full=True)
    left_by_refused = set(runner.ids())
    allowed = runner.up("allowed", full=False)
    tried: list[Run] = []
    left: list[set[str]] = []
    for number, cases in enumerate(rounds()):
        only = cases[0] if len(cases) == 1 else None
        tried.append(runner.up(f"round-{number}", full=False, by_id=True, only=only))
        left.append(set(runner.ids()))
    changed = runner.up("changed", full=False)
    destroyed = runner.destroy()
    return Proof(refused, left_by_refused, allowed, tried, left, changed, destroyed, runner.left())


def of(verb: str) -> dict[str, Any]:
    """The cases of a verb, named by their ids."""
    cases = [case for case in CASES if case.verb == verb]
    return {"argvalues": cases, "ids": [case.id for case in cases]}


def assert_refused(case: Case, run: Run, name: str) -> None:
    """The engine told AWS's code and message for a resource, and did nothing to it."""
    said = run.errors.get(name, f"nothing was refused: {run.said[-2000:]}")
    assert f"api error {case.code}: " in said
    assert case.says in said
    assert name not in run.done


@pytest.mark.parametrize("case", **of("create"))
def test_a_create_is_refused_and_nothing_is_made(proof: Proof, case: Case) -> None:
    assert_refused(case, proof.refused, case.id)
    assert case.id not in proof.left_by_refused


@pytest.mark.parametrize("case", **of("create"))
def test_the_neighbour_of_a_create_is_made(proof: Proof, case: Case) -> None:
    if case.beyond:
        assert case.beyond in proof.allowed.errors[case.id]
        return
    name = case.neighbour or case.id
    assert proof.allowed.done.get(name) in ("create", "same"), proof.allowed.errors.get(name)


@pytest.mark.parametrize("case", **of("update"))
def test_an_update_is_refused_and_its_neighbour_is_made(proof: Proof, case: Case) -> None:
    (number,) = (index for index, cases in enumerate(rounds()) if case in cases)
    assert_refused(case, proof.rounds[number], case.target)
    assert proof.changed.done.get(case.target) == "update", proof.changed.errors.get(case.target)


@pytest.mark.parametrize("case", **of("delete"))
def test_a_delete_is_refused_and_allowed_when_its_holder_is_gone(proof: Proof, case: Case) -> None:
    (number,) = (index for index, cases in enumerate(rounds()) if case in cases)
    assert_refused(case, proof.rounds[number], case.target)
    assert case.target in proof.left_by_rounds[number]
    assert proof.destroyed.done.get(case.target) == "delete", proof.destroyed.errors.get(case.target)


def test_nothing_else_is_refused(proof: Proof) -> None:
    creates = {case.id for case in CASES if case.verb == "create"}
    assert set(proof.refused.errors) - creates == set()
    assert set(proof.allowed.errors) == beyond()
    for run, cases in zip(proof.rounds, rounds(), strict=True):
        assert set(run.errors) == {case.target for case in cases}
    assert (proof.changed.errors, proof.changed.code) == ({}, 0)
    assert (proof.destroyed.errors, proof.destroyed.code) == ({}, 0)


def test_a_refused_create_leaves_only_the_ground(proof: Proof) -> None:
    assert proof.left_by_refused == {one.name for one in resources("refused")} - {case.id for case in CASES}


def test_nothing_is_left_at_the_end_but_keys_that_wait_for_their_deletion(proof: Proof) -> None:
    keys = {one.name for one in resources("changed") if one.type == "aws:kms/key:Key"}
    assert proof.left_at_the_end == {(name, "pending-deletion") for name in keys}
