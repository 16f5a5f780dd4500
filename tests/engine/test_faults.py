"""Faults on the real engine: what it says, what stays, and how the next run goes on."""

import dataclasses
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from localcloud.aws.store import Store
from localcloud.cloud import Cloud
from localcloud.kube import releases
from localcloud.recovery import admin_api
from localcloud.stack import Stack
from tests.engine.states import unbalanced

PROGRAM = Path(__file__).parent / "programs" / "faults"
VPC = "aws:ec2/vpc:Vpc"


@dataclasses.dataclass
class Bench:
    """The program of faults on a running local cloud."""

    stack: Stack
    more: dict[str, str]
    networks_there: int | None = None
    """With how many networks and no replica the last run was undisturbed; None when something happened since."""

    def up(
        self, *faults: dict[str, Any], networks: int = 1, replicas: int = 0
    ) -> subprocess.CompletedProcess[str]:
        """Recover and deploy, as `make up` does, meeting faults."""
        self.networks_there = None
        self.prepare(*faults, networks=networks, replicas=replicas)
        self.stack.recover()
        flags = ("--yes", "--skip-preview", "--suppress-outputs", "--continue-on-error")
        return self.stack.captured("up", *flags, more=self.more)

    def prepare(self, *faults: dict[str, Any], networks: int, replicas: int) -> None:
        home = self.stack.cloud.home
        home.faults_file.write_text(yaml.safe_dump(list(faults)))
        home.faults_state.unlink(missing_ok=True)
        self.more = {"NETWORKS": str(networks), "REPLICAS": str(replicas)}

    def finished(self, networks: int = 1, replicas: int = 0) -> str:
        """A run that nothing happens to: it goes through, and account and state agree."""
        run = self.up(networks=networks, replicas=replicas)
        assert run.returncode == 0, run.stdout[-4000:]
        self.check_balance()
        self.networks_there = None if replicas else networks
        return run.stdout

    def begin(self, networks: int) -> None:
        """Deploy so many networks, unless that is what the test before has left."""
        if self.networks_there != networks:
            self.finished(networks)

    def check_balance(self) -> None:
        assert unbalanced(self.stack) == []
        assert self.stack.pending_operations() == []

    def release(self) -> releases.Release | None:
        return releases.read(admin_api(self.stack.cloud.home), "web", "faulty")

    def networks(self) -> int:
        return len(Store(self.stack.cloud.home.aws_state).all(VPC))


@pytest.fixture(scope="module")
def bench(cloud: Cloud) -> Bench:
    stack = Stack(cloud, "dev", PROGRAM)
    stack.prepare()
    return Bench(stack, {})


def fault(kind: str, name: str, **more: Any) -> dict[str, Any]:
    return {"kind": kind, "match": {"name": name}, **more}


def test_what_throttling_a_late_role_a_timeout_and_a_lost_answer_leave_is_finished_by_the_next_run(
    bench: Bench,
) -> None:
    run = bench.up(
        fault("throttled", "network-0", throttles=3, retries=2),
        fault("not-yet-visible", "role", seconds=200),
        fault("timeout", "namespace", seconds=600),
        fault("fails-after-made", "logs"),
    )
    assert run.returncode != 0
    for told in (
        "creating EC2 Vpc (network-0): exceeded maximum number of attempts, 3, api error RequestLimitExceeded",
        "NoSuchEntity: The role with name faulty-nodes cannot be found",
        "timeout while waiting for state to become 'ACTIVE' (last state: 'CREATING', timeout: 10m)",
        "creating cloudwatch LogGroup (faulty): request send failed: read tcp: connection reset by peer",
    ):
        assert told in run.stdout, run.stdout
    states = {one["urn"].rsplit("::", 1)[-1]: one for one in bench.stack.resources()}
    assert states["namespace"]["initErrors"]
    assert "logs" not in states
    assert unbalanced(bench.stack) == [
        "made, but in no state: ('aws:cloudwatch/logGroup:LogGroup', 'logs', 'faulty')"
    ]
    bench.finished()
    assert not any(one.get("initErrors") for one in bench.stack.resources())
    assert "unchanged" in bench.finished()


def test_a_provider_that_is_killed_after_it_made_something_does_not_make_it_twice(bench: Bench) -> None:
    run = bench.up(fault("provider-killed", "network-1", moment="after"), networks=2)
    assert run.returncode != 0
    assert "network-1" not in {one["urn"].rsplit("::", 1)[-1] for one in bench.stack.resources()}
    assert bench.networks() == 2
    bench.finished(networks=2)
    assert bench.networks() == 2


def test_a_plain_pulumi_up_after_a_kill_recovers_first(bench: Bench) -> None:
    bench.begin(networks=2)
    run = bench.up(fault("engine-killed", "network-2", moment="after"), networks=3)
    assert run.returncode == -9
    bench.prepare(networks=3, replicas=0)
    plain = subprocess.run(
        ["pulumi", "up", "--yes", "--skip-preview"],
        cwd=PROGRAM,
        env={**bench.stack.environment(), **bench.more},
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert plain.returncode == 0, plain.stdout
    assert "the last command was interrupted: 1 resources were made and not written down" in plain.stdout
    bench.check_balance()
    assert bench.networks() == 3
    bench.networks_there = 3


def test_a_killed_delete_is_noticed_when_the_settings_are_taken_back(bench: Bench) -> None:
    """The state still has what is gone: only a look at what there is shows it."""
    bench.begin(networks=3)
    deleted = bench.up(fault("engine-killed", "network-2", moment="after"), networks=2)
    assert deleted.returncode == -9
    assert bench.networks() == 2
    bench.finished(networks=3)
    assert bench.networks() == 3


def test_a_release_that_cannot_be_upgraded_is_rolled_back_and_the_next_up_succeeds(bench: Bench) -> None:
    bench.begin(networks=3)
    before = bench.release()
    assert before
    run = bench.up(networks=3, replicas=1)
    assert run.returncode != 0
    assert "rolled back due to atomic" in run.stdout, run.stdout
    after = bench.release()
    assert after
    assert (after.status, after.manifest) == ("deployed", before.manifest)
    bench.finished(networks=3)


def test_a_release_that_cannot_be_installed_leaves_nothing_and_the_next_up_succeeds(bench: Bench) -> None:
    bench.stack.recover()
    target = next(one["urn"] for one in bench.stack.resources() if one["type"].endswith(":Release"))
    gone = bench.stack.captured("destroy", "--yes", "--skip-preview", "--target", target, more=bench.more)
    assert gone.returncode == 0, gone.stdout
    run = bench.up(networks=3, replicas=1)
    assert run.returncode != 0
    assert "uninstalled due to atomic" in run.stdout, run.stdout
    assert bench.release() is None
    bench.finished(networks=3)
    assert bench.release()
