"""Teardown as docs/teardown.md has it: whatever state the stack is in, nothing of it is left in the account.

The tests of this module run in order on one local cloud: each leaves an empty account for the next.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from localcloud.aws.account import write_default
from localcloud.aws.store import GONE, Record, Store
from localcloud.cloud import Cloud
from localcloud.home import PROJECT
from localcloud.stack import Stack
from localcloud.teardown import controller_runs, held_ingresses, restore_controller

FULL = pytest.mark.full
UP = ("--yes", "--skip-preview", "--suppress-outputs")
RELEASE = "**alb-controller-release"
BUCKET = "aws:s3/bucket:Bucket"
KEY = "aws:kms/key:Key"
PRIVACY = (
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
    "aws:s3/bucketPolicy:BucketPolicy",
)
SECONDS = 10
"""How long a destroy that cannot succeed waits for what holds it, instead of minutes."""


@pytest.fixture(scope="module")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The dev stack on a running local cloud, not deployed."""
    cloud = Cloud(tmp_path_factory.mktemp("teardown"))
    stack = Stack(cloud, "dev")
    cloud.prepare()
    stack.prepare()
    cloud.start()
    yield stack
    cloud.stop()


def configure(stack: Stack, area: str, **settings: Any) -> None:
    content = yaml.safe_load(stack.file.read_text())
    found = content["config"].setdefault(f"inference-plane:{area}", {})
    found.update(settings)
    stack.file.write_text(yaml.safe_dump(content, sort_keys=False))


def shell(stack: Stack, command: str) -> subprocess.CompletedProcess[str]:
    """A command as a user types it in ``make shell``."""
    return subprocess.run(
        ["/bin/sh", "-c", command],
        cwd=PROJECT,
        env=stack.environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def typed(stack: Stack, command: str) -> str:
    run = shell(stack, command)
    assert run.returncode == 0, f"{command}\n{run.stdout[-6000:]}"
    return run.stdout


def left(stack: Stack) -> list[Record]:
    """Everything in the account that the account file did not bring, but keys whose deletion is scheduled."""
    store = Store(stack.cloud.home.aws_state)
    try:
        made = [one for one in store.everything() if one.origin != "account"]
        assert {one.type for one in made if one.origin in GONE} <= {KEY}
        return [one for one in made if one.origin not in GONE]
    finally:
        store.close()


def kinds(stack: Stack) -> set[str]:
    return {one.type.rpartition(":")[2] for one in left(stack)}


def nothing_is_left(stack: Stack) -> None:
    assert [f"{one.type} {one.id} ({one.origin})" for one in left(stack)] == []
    assert held_ingresses(stack) == []
    namespaces = json.loads(typed(stack, "kubectl get namespaces -o json"))["items"]
    assert [n["metadata"]["name"] for n in namespaces if n["status"]["phase"] != "Active"] == []


def up(stack: Stack) -> None:
    typed(stack, f"pulumi up {' '.join(UP)}")


def hurry(stack: Stack) -> None:
    """Let a destroy give up on a release after seconds, not the ten minutes that the program says."""
    state = json.loads(typed(stack, "pulumi stack export"))
    releases = [one for one in state["deployment"]["resources"] if one["type"].endswith(":Release")]
    assert {one["customTimeouts"]["delete"] for one in releases} == {600}
    for one in releases:
        one["customTimeouts"]["delete"] = SECONDS
    file = stack.cloud.home.root / "hurried.json"
    file.write_text(json.dumps(state))
    typed(stack, f"pulumi stack import --file {file}")


def test_a_deployed_stack_has_everything_that_teardown_must_take_away(dev: Stack) -> None:
    up(dev)
    typed(
        dev,
        "kubectl wait ingress --all --all-namespaces --timeout=60s "
        "--for=jsonpath={.status.loadBalancer.ingress[0].hostname}",
    )
    assert kinds(dev) >= {
        "LoadBalancer",
        "TargetGroup",
        "Listener",
        "NetworkInterface",
        "SecurityGroup",
        "SecurityGroupIngressRule",
        "Instance",
        "Volume",
    }


def test_a_plain_destroy_keeps_the_protected_bucket_and_key_and_says_how_to_give_them_up(dev: Stack) -> None:
    run = shell(dev, "pulumi destroy --yes --skip-preview")
    assert run.returncode != 0
    flat = " ".join(run.stdout.split())
    # The engine stops at what would go first: the settings that depend on bucket and key.
    for name in ("BucketPolicy::checkpoints-policy", "Configuration::checkpoints-encryption"):
        assert f'{name}" cannot be deleted because it is protected' in flat
    assert "pulumi state unprotect" in flat
    # The bucket keeps its objects, and they stay encrypted and private.
    assert {one.type for one in left(dev)} == {BUCKET, KEY, *PRIVACY}


def test_the_documented_setting_gives_bucket_and_key_up(dev: Stack) -> None:
    configure(dev, "checkpoints", protect=False)
    up(dev)
    typed(dev, "pulumi destroy --yes --skip-preview")
    nothing_is_left(dev)
    configure(dev, "checkpoints", protect=True)


def test_with_the_controller_deleted_first_destroy_names_the_finalizer_and_the_documented_command_mends_it(
    dev: Stack,
) -> None:
    up(dev)
    typed(dev, "kubectl delete deployment aws-load-balancer-controller --namespace kube-system")
    hurry(dev)
    stuck = shell(dev, "pulumi destroy --yes --skip-preview --ignore-protect")
    assert stuck.returncode != 0
    assert "held by its finalizers: group.ingress.k8s.aws/poolside" in stuck.stdout
    assert f"is not gone within {SECONDS} s" in stuck.stdout
    assert "LoadBalancer" in kinds(dev)
    typed(dev, f"pulumi up --yes --skip-preview --target-replace '{RELEASE}'")
    typed(dev, "pulumi destroy --yes --skip-preview --ignore-protect")
    nothing_is_left(dev)


@FULL
def test_make_down_brings_an_uninstalled_controller_back_before_it_destroys(dev: Stack) -> None:
    up(dev)
    assert not restore_controller(dev)
    typed(dev, "helm uninstall aws-load-balancer-controller --namespace kube-system")
    assert not controller_runs(dev)
    assert restore_controller(dev)
    assert controller_runs(dev)
    typed(dev, "pulumi destroy --yes --skip-preview --ignore-protect")
    nothing_is_left(dev)


@pytest.mark.parametrize(
    ("area", "setting", "value", "refusal", "present"),
    [
        pytest.param(
            "quotas", "elasticIps", 0, "AddressLimitExceeded", {"Vpc"}, id="in-the-network", marks=FULL
        ),
        # The key is among the first, beside it, any of these may have been made.
        pytest.param(
            "quotas",
            "kmsKeys",
            0,
            "LimitExceededException",
            {"Vpc", "Bucket", "Role", "Repository", "LogGroup"},
            id="at-the-key",
            marks=FULL,
        ),
        pytest.param(
            "capacityReservations",
            "",
            [],
            "InvalidCapacityReservationId.NotFound",
            {"Cluster"},
            id="at-the-gpu-nodes",
        ),
    ],
)
def test_an_update_that_failed_part_way_is_destroyed_without_rest(
    dev: Stack, area: str, setting: str, value: Any, refusal: str, present: set[str]
) -> None:
    file = dev.cloud.home.account_file
    write_default(file)
    before = file.read_text()
    account = yaml.safe_load(before)
    if setting:
        account[area][setting] = value
    else:
        account[area] = value
        account["reservationGroups"] = []
    file.write_text(yaml.safe_dump(account))
    try:
        run = shell(dev, f"pulumi up {' '.join(UP)}")
    finally:
        file.write_text(before)
    assert present & kinds(dev), run.stdout[-4000:]
    assert run.returncode != 0
    assert refusal in run.stdout
    typed(dev, "pulumi destroy --yes --skip-preview --ignore-protect")
    nothing_is_left(dev)


@FULL
def test_objects_keep_the_bucket_until_it_is_emptied(dev: Stack) -> None:
    up(dev)
    bucket = json.loads(typed(dev, "pulumi stack output --json"))["checkpointBucket"]
    typed(dev, f"echo weights | aws s3 cp - s3://{bucket}/checkpoints/point/model.bin")
    refused = shell(dev, "pulumi destroy --yes --skip-preview --ignore-protect")
    assert refused.returncode != 0
    assert "BucketNotEmpty" in refused.stdout
    typed(dev, f"aws s3 rm s3://{bucket} --recursive")
    typed(dev, "pulumi destroy --yes --skip-preview --ignore-protect")
    nothing_is_left(dev)


def test_the_sweeper_finds_nothing_after_a_destroy(dev: Stack) -> None:
    run = shell(dev, f"{sys.executable} -m ops sweep --no-state --cluster inference --json")
    assert run.returncode == 0, run.stdout
    assert json.loads(run.stdout)["leftovers"] == []
