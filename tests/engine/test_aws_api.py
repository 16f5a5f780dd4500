"""The AWS API of a local cloud on a deployed dev stack: complete, found by refresh where changed, mended by up."""

import json
import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore import xform_name

from localcloud.api.endpoint import endpoint_of
from localcloud.aws.store import Store
from localcloud.cloud import Cloud
from localcloud.home import PROJECT
from localcloud.stack import Stack

_MOST_MEMORY_MB = 300
"""Of the server after every test of this module: about 200 once the account is there, more with each service."""

# How a user asks for each kind of resource whose ARN the stack's state holds, by the ARN's service and kind.
ASKED: dict[str, tuple[str, str, str]] = {
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
PARTS = {"eks:nodegroup": "--nodegroup-name", "eks:addon": "--addon-name"}
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


def restart(stack: Stack) -> None:
    """End the server alone, and start what is missing."""
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


def test_moto_takes_the_whole_stack(stack: Stack) -> None:
    found = status(stack)
    assert found["problems"] == {}
    assert found["mirrored"] > 70


def asked(stack: Stack, words: tuple[str, ...], values: dict[str, str], *, by_cli: bool) -> Any:
    """What the CLI or boto3, which takes a second less, answers to an operation with these options."""
    service, operation = words
    if by_cli:
        return aws(stack, service, operation, *(word for pair in values.items() for word in pair))
    made = client(stack, service.replace("s3api", "s3"))
    method = operation.replace("-", "_")
    shape = made.meta.service_model.operation_model(made.meta.method_to_api_mapping[method]).input_shape
    options = {f"--{xform_name(name, '-')}": name for name in shape.members}
    lists = {name for name, one in shape.members.items() if one.type_name == "list"}
    given = {options[key]: [value] if options[key] in lists else value for key, value in values.items()}
    return getattr(made, method)(**given)


def question(arn: str) -> tuple[tuple[str, str], dict[str, str], str]:
    """Operation and options that ask for an ARN, and a text that the answer must have."""
    _, _, service, _, _, rest = arn.split(":", 5)
    kind, _, name = rest.replace("log-group:", "log-group/").partition("/")
    key = service if service == "s3" else f"{service}:{kind}"
    if key in PARTS:
        cluster, part, _ = name.split("/")
        return ("eks", f"describe-{kind}"), {"--cluster-name": cluster, PARTS[key]: part}, arn
    if key == "kms:alias":
        return ("kms", "list-aliases"), {}, arn
    if key not in ASKED:
        pytest.fail(f"nothing here asks for {arn}")
    words, operation, option = ASKED[key]
    value = arn if key in BY_ARN else rest if key == "s3" else name
    return (words, operation), {option: value}, "us-east-2" if key == "s3" else name.rsplit("/", 1)[-1]


def test_everything_with_an_arn_is_found_by_the_aws_cli_or_boto3(stack: Stack) -> None:
    by_cli: set[str] = set()
    found = 0
    for resource in stack.resources():
        arn = (resource.get("outputs") or {}).get("arn", "")
        if not resource["type"].startswith("aws:") or not arn:
            continue
        words, values, told = question(arn)
        answer = asked(stack, words, values, by_cli=words[0] not in by_cli)
        assert told in json.dumps(answer, default=str), arn
        by_cli.add(words[0])
        found += 1
    assert by_cli == {"ec2", "ecr", "kms", "iam", "eks", "logs", "s3api"}
    assert found > 40


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


def test_the_shell_needs_no_flags_to_describe_the_cluster(stack: Stack) -> None:
    cluster = state(stack, "Cluster")["outputs"]
    words = (sys.executable, "-m", "localcloud", "shell", "--root", str(stack.cloud.home.root))
    shell = subprocess.run(
        words,
        cwd=PROJECT,
        env={**os.environ, "PYTHONPATH": str(PROJECT), "SHELL": "/bin/sh", "AWS_PROFILE": "mine"},
        input=f"aws eks describe-cluster --name {cluster['name']} --query cluster.arn --output text\n",
        capture_output=True,
        text=True,
        check=False,
    )
    assert shell.returncode == 0, shell.stderr
    assert shell.stdout.splitlines()[-1] == cluster["arn"], shell.stdout + shell.stderr


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
    tags = client(stack, "ec2").describe_vpcs(VpcIds=[vpc])["Vpcs"][0]["Tags"]
    assert "by" not in {one["Key"] for one in tags}
    assert "DenyInsecureTransport" in client(stack, "s3").get_bucket_policy(Bucket=bucket)["Policy"]
    group = rule["outputs"]["securityGroupId"]
    only = [{"Name": "group-id", "Values": [group]}]
    rules = client(stack, "ec2").describe_security_group_rules(Filters=only)["SecurityGroupRules"]
    assert [one["FromPort"] for one in rules] == [443]
    assert status(stack)["problems"] == {}


def test_an_interface_of_a_user_keeps_its_subnet_and_outlives_the_server(stack: Stack) -> None:
    ec2 = client(stack, "ec2")
    subnet = state(stack, "Subnet")
    made = ec2.create_network_interface(SubnetId=subnet["id"], Description="by hand")["NetworkInterface"]
    restart(stack)
    (found,) = ec2.describe_network_interfaces(NetworkInterfaceIds=[made["NetworkInterfaceId"]])[
        "NetworkInterfaces"
    ]
    assert (found["SubnetId"], found["PrivateIpAddress"]) == (subnet["id"], made["PrivateIpAddress"])
    records = Store(stack.cloud.home.aws_state).everything()
    assert [one.id for one in records if one.origin == "user"] == [made["NetworkInterfaceId"]]
    ec2.delete_network_interface(NetworkInterfaceId=made["NetworkInterfaceId"])
    assert [one.id for one in Store(stack.cloud.home.aws_state).everything() if one.origin == "user"] == []


def test_a_restarted_server_answers_the_same_but_for_objects(stack: Stack) -> None:
    def answers() -> list[list[str]]:
        """Everything but when it was made, which is when the server started."""
        found = (
            client(stack, "ec2").describe_subnets()["Subnets"],
            client(stack, "iam").list_roles()["Roles"],
            client(stack, "eks").list_clusters()["clusters"],
            client(stack, "kms").list_keys()["Keys"],
        )
        texts = [[json.dumps(row, sort_keys=True, default=str) for row in rows] for rows in found]
        return [sorted(re.sub(r'"CreateDate": "[^"]*"', "", row) for row in rows) for rows in texts]

    bucket = state(stack, "Bucket")["id"]
    store = client(stack, "s3")
    store.put_object(Bucket=bucket, Key="a", Body=b"1")
    before = answers()
    restart(stack)
    assert answers() == before
    assert "Contents" not in store.list_objects_v2(Bucket=bucket)


def test_the_server_stays_small(stack: Stack) -> None:
    memory = stack.cloud.control_plane.processes.memory_mb()["aws-api"]
    print(f"\nAWS API: {memory:.0f} MB")  # noqa: T201 -- the figure is what the test is for
    assert memory < _MOST_MEMORY_MB


def test_an_object_keeps_the_bucket(stack: Stack, tmp_path: Path) -> None:
    """The last of the module: most of the stack is gone afterwards."""
    bucket = state(stack, "Bucket")["id"]
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(os.urandom(100_000))
    words = ("s3", "cp", "--no-progress", str(weights), f"s3://{bucket}/laguna/model.safetensors")
    run = subprocess.run(
        ["aws", *words], env=stack.environment(), capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    store = client(stack, "s3")
    copied = store.get_object(Bucket=bucket, Key="laguna/model.safetensors")
    assert copied["Body"].read() == weights.read_bytes()
    urn = state(stack, "Bucket")["urn"]
    words = ("destroy", "--yes", "--skip-preview", "--ignore-protect", "--target-dependents", "--target", urn)
    run = stack.captured(*words)
    assert run.returncode != 0
    assert "BucketNotEmpty" in run.stdout
    store.delete_object(Bucket=bucket, Key="laguna/model.safetensors")
