"""The AWS API of a local cloud on a deployed dev stack: complete, found by refresh where changed, mended by up."""

import json
import os
import re
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from localcloud.api.endpoint import endpoint_of
from localcloud.cloud import Cloud
from localcloud.home import PROJECT
from localcloud.stack import Stack

_MOST_MEMORY_MB = 300
"""Of the server after every test of this module: about 200 once the account is there, more with each service."""

# How a user asks for each kind of resource whose ARN the stack's state holds, by the ARN's service and kind.
ASKED: dict[str, tuple[str, ...]] = {
    "ec2:vpc": ("ec2", "describe-vpcs", "--vpc-ids"),
    "ec2:subnet": ("ec2", "describe-subnets", "--subnet-ids"),
    "ec2:security-group": ("ec2", "describe-security-groups", "--group-ids"),
    "ec2:security-group-rule": ("ec2", "describe-security-group-rules", "--security-group-rule-ids"),
    "ec2:route-table": ("ec2", "describe-route-tables", "--route-table-ids"),
    "ec2:internet-gateway": ("ec2", "describe-internet-gateways", "--internet-gateway-ids"),
    "ec2:elastic-ip": ("ec2", "describe-addresses", "--allocation-ids"),
    "ec2:vpc-endpoint": ("ec2", "describe-vpc-endpoints", "--vpc-endpoint-ids"),
    "ec2:launch-template": ("ec2", "describe-launch-templates", "--launch-template-ids"),
    "ecr:repository": ("ecr", "describe-repositories", "--repository-names"),
    "kms:key": ("kms", "describe-key", "--key-id"),
    "iam:role": ("iam", "get-role", "--role-name"),
    "iam:policy": ("iam", "get-policy", "--policy-arn"),
    "iam:oidc-provider": ("iam", "get-open-id-connect-provider", "--open-id-connect-provider-arn"),
    "eks:cluster": ("eks", "describe-cluster", "--name"),
    "logs:log-group": ("logs", "describe-log-groups", "--log-group-name-prefix"),
    "s3": ("s3api", "get-bucket-location", "--bucket"),
}
BY_ARN = {"iam:policy", "iam:oidc-provider"}


@pytest.fixture(scope="module")
def stack(cloud: Cloud) -> Iterator[Stack]:
    made = Stack(cloud, "dev")
    made.prepare()
    run = made.captured("up", "--yes", "--skip-preview", "--suppress-outputs")
    assert run.returncode == 0, run.stdout
    yield made
    run = made.captured("destroy", "--yes", "--skip-preview", "--ignore-protect", "--suppress-outputs")
    assert run.returncode == 0, run.stdout


def aws(stack: Stack, *words: str) -> Any:
    """What the real AWS CLI prints, in the environment of `make shell`."""
    run = subprocess.run(
        ["aws", *words, "--output", "json"],
        env=stack.environment(),
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, f"aws {' '.join(words)}: {run.stderr}"
    return json.loads(run.stdout) if run.stdout.strip() else None


def client(stack: Stack, service: str) -> Any:
    """A boto3 client that knows the endpoint and nothing else."""
    return boto3.client(
        service,
        endpoint_url=stack.environment()["AWS_ENDPOINT_URL"],
        region_name="us-east-2",
        aws_access_key_id="anybody",
        aws_secret_access_key="anything",
    )


def status(stack: Stack) -> dict[str, Any]:
    """How far the server is in step."""
    url = f"{endpoint_of(stack.cloud.home)}/_localcloud/status"
    with urllib.request.urlopen(url, timeout=60) as answer:  # noqa: S310 -- loopback
        return json.loads(answer.read())


def state(stack: Stack, kind: str, name: str = "") -> dict[str, Any]:
    """The resource of a type in the stack's state."""
    found = [
        one
        for one in stack.resources()
        if one["type"].startswith("aws:")
        and one["type"].endswith(f":{kind}")
        and one["urn"].endswith(f"::{name}" if name else "")
    ]
    assert found, kind
    return found[0]


def refreshed(stack: Stack) -> str:
    run = stack.captured("refresh", "--yes", "--skip-preview", "--suppress-outputs")
    assert run.returncode == 0, run.stdout
    return run.stdout


def mended(stack: Stack) -> str:
    run = stack.captured("up", "--yes", "--skip-preview", "--suppress-outputs")
    assert run.returncode == 0, run.stdout
    return run.stdout


def test_moto_takes_the_whole_stack(stack: Stack) -> None:
    found = status(stack)
    assert found["problems"] == {}
    assert found["mirrored"] > 70


def test_everything_with_an_arn_is_found_by_the_aws_cli(stack: Stack) -> None:
    asked = 0
    for resource in stack.resources():
        arn = (resource.get("outputs") or {}).get("arn", "")
        if not resource["type"].startswith("aws:") or not arn:
            continue
        _, _, service, _, _, rest = arn.split(":", 5)
        kind, _, name = rest.replace("log-group:", "log-group/").partition("/")
        key = service if service == "s3" else f"{service}:{kind}"
        if key in ASKED:
            value = arn if key in BY_ARN else rest if key == "s3" else name
            answer = aws(stack, *ASKED[key], value)
            assert name.rsplit("/", 1)[-1] in json.dumps(answer) or key == "s3", arn
            asked += 1
        elif key == "eks:nodegroup":
            cluster, group, _ = name.split("/")
            answer = aws(
                stack, "eks", "describe-nodegroup", "--cluster-name", cluster, "--nodegroup-name", group
            )
            assert answer["nodegroup"]["nodegroupArn"] == arn
            asked += 1
        elif key == "eks:addon":
            cluster, addon, _ = name.split("/")
            answer = aws(stack, "eks", "describe-addon", "--cluster-name", cluster, "--addon-name", addon)
            assert answer["addon"]["addonArn"] == arn
            asked += 1
        elif key == "kms:alias":
            answer = aws(stack, "kms", "list-aliases")
            assert arn in {one["AliasArn"] for one in answer["Aliases"]}
            asked += 1
        else:
            pytest.fail(f"nothing here asks for {arn}")
    assert asked > 40


def test_boto3_needs_the_endpoint_alone_and_sees_the_tags_of_everything(stack: Stack) -> None:
    tagging = client(stack, "resourcegroupstaggingapi")
    wanted = [{"Key": "project", "Values": ["inference-plane"]}]
    pages = tagging.get_paginator("get_resources").paginate(TagFilters=wanted)
    listed = {one["ResourceARN"] for page in pages for one in page["ResourceTagMappingList"]}
    tagged = {
        one["outputs"]["arn"]
        for one in stack.resources()
        if one["type"].startswith("aws:")
        and not one["type"].startswith("aws:iam/role:")
        and (one.get("outputs") or {}).get("arn")
        and (one["outputs"].get("tagsAll") or {}).get("project") == "inference-plane"
    }
    assert len(tagged) > 25
    assert tagged <= listed
    assert client(stack, "sts").get_caller_identity()["Arn"].endswith(":user/local-cloud")


def test_drift_made_by_hand_is_found_by_refresh_and_mended_by_up(stack: Stack) -> None:
    bucket, vpc = state(stack, "Bucket")["id"], state(stack, "Vpc")["id"]
    rule = state(stack, "SecurityGroupIngressRule")
    cluster = state(stack, "NodeGroup", "system-nodes-nodes")["outputs"]
    aws(stack, "ec2", "create-tags", "--resources", vpc, "--tags", "Key=by,Value=hand")
    aws(stack, "s3api", "delete-bucket-policy", "--bucket", bucket)
    words = ("ec2", "revoke-security-group-ingress", "--group-id", rule["outputs"]["securityGroupId"])
    aws(stack, *words, "--security-group-rule-ids", rule["id"])
    words = ("eks", "update-nodegroup-config", "--cluster-name", cluster["clusterName"])
    words = (*words, "--nodegroup-name", cluster["nodeGroupName"])
    aws(stack, *words, "--scaling-config", "minSize=2,maxSize=3,desiredSize=3")
    told = refreshed(stack)
    assert "- 2 deleted" in told, told
    assert "~ " in told, told
    assert (state(stack, "Vpc")["outputs"]["tags"])["by"] == "hand"
    mended(stack)
    tags = aws(stack, "ec2", "describe-vpcs", "--vpc-ids", vpc)["Vpcs"][0]["Tags"]
    assert "by" not in {one["Key"] for one in tags}
    assert "DenyInsecureTransport" in aws(stack, "s3api", "get-bucket-policy", "--bucket", bucket)["Policy"]
    group = rule["outputs"]["securityGroupId"]
    words = ("ec2", "describe-security-group-rules", "--filters", f"Name=group-id,Values={group}")
    assert [one["FromPort"] for one in aws(stack, *words)["SecurityGroupRules"]] == [443]
    assert status(stack)["problems"] == {}
    assert "unchanged" in mended(stack)


def test_an_object_keeps_the_bucket(stack: Stack, tmp_path: Path) -> None:
    bucket = state(stack, "Bucket")["id"]
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(os.urandom(100_000))
    aws(
        stack,
        "s3api",
        "put-object",
        "--bucket",
        bucket,
        "--key",
        "laguna/model.safetensors",
        "--body",
        str(weights),
    )
    store = client(stack, "s3")
    assert (
        store.get_object(Bucket=bucket, Key="laguna/model.safetensors")["Body"].read() == weights.read_bytes()
    )
    urn = state(stack, "Bucket")["urn"]
    words = ("destroy", "--yes", "--skip-preview", "--ignore-protect", "--target-dependents", "--target", urn)
    run = stack.captured(*words)
    assert run.returncode != 0
    assert "BucketNotEmpty" in run.stdout
    store.delete_object(Bucket=bucket, Key="laguna/model.safetensors")
    mended(stack)


def test_a_restarted_server_answers_the_same_but_for_objects(stack: Stack) -> None:
    def answers() -> list[Any]:
        words = (
            ("ec2", "describe-subnets"),
            ("iam", "list-roles"),
            ("eks", "list-clusters"),
            ("kms", "list-keys"),
        )
        found = [aws(stack, *one) for one in words]
        return [sorted(json.dumps(row, sort_keys=True) for row in next(iter(one.values()))) for one in found]

    bucket = state(stack, "Bucket")["id"]
    store = client(stack, "s3")
    store.put_object(Bucket=bucket, Key="a", Body=b"1")
    before = answers()
    processes = stack.cloud.control_plane.processes
    running = processes.running("aws-api")
    assert running is not None
    live = running.running()
    assert live is not None
    live.kill()
    live.wait(10)
    stack.cloud.start()
    for _ in range(100):
        try:
            status(stack)
            break
        except OSError:
            time.sleep(0.1)

    def timeless(rows: list[Any]) -> list[Any]:
        return [[re.sub(r'"CreateDate": "[^"]*"', "", row) for row in one] for one in rows]

    assert timeless(answers()) == timeless(before)
    assert "Contents" not in store.list_objects_v2(Bucket=bucket)


def test_the_server_stays_small(stack: Stack) -> None:
    memory = stack.cloud.control_plane.processes.memory_mb()["aws-api"]
    print(f"\nAWS API: {memory:.0f} MB")  # noqa: T201 -- the figure is what the test is for
    assert memory < _MOST_MEMORY_MB
