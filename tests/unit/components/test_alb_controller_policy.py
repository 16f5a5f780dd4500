"""The load balancer controller's policy: upstream's text, moved between partitions and nothing else."""

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import components
from components.alb_controller_policy import alb_controller_policy
from components.iam_documents import MANAGED_POLICY_CHARACTERS

FOLDER = Path(components.__path__[0])
UPSTREAM_SHA256 = "16f232c9d9f79366fe949c4550ad517a202380058a9e48d45a4e215044a20a6a"
"""Of docs/install/iam_policy.json, unchanged from v2.17.1 to v3.5.0."""


def test_the_policy_is_upstreams_byte_for_byte():
    file = FOLDER / "policies" / "alb_controller_iam_policy.json"
    assert hashlib.sha256(file.read_bytes()).hexdigest() == UPSTREAM_SHA256


def test_the_policy_has_16_statements_and_86_actions_and_fits_a_managed_policy():
    policy = json.loads(alb_controller_policy("us-east-2"))
    assert len(policy["Statement"]) == 16
    assert sum(len(statement["Action"]) for statement in policy["Statement"]) == 86
    assert len(json.dumps(policy, separators=(",", ":"))) == 5196 < MANAGED_POLICY_CHARACTERS


@pytest.mark.parametrize(
    ("region", "partition"),
    [
        ("us-east-2", "aws"),
        ("cn-north-1", "aws-cn"),
        ("us-gov-west-1", "aws-us-gov"),
        ("eusc-de-east-1", "aws-eusc"),
    ],
)
def test_only_the_partition_of_the_arns_follows_the_region(region, partition):
    policy = alb_controller_policy(region)
    assert policy.replace(f"arn:{partition}:", "arn:aws:") == alb_controller_policy("us-east-2")
    assert policy.count('"arn:') == policy.count(f'"arn:{partition}:') == 13


def test_the_policy_beside_a_copy_of_components_is_the_one_that_counts(tmp_path):
    shutil.copytree(FOLDER, tmp_path / "components", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "components/policies/alb_controller_iam_policy.json").write_text('"arn:aws:copy"')
    program = (
        "from components.alb_controller_policy import alb_controller_policy;"
        "print(alb_controller_policy('cn-north-1'), end='')"
    )
    printed = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert printed.stdout == '"arn:aws-cn:copy"'
