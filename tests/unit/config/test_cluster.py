from collections.abc import Mapping
from pathlib import Path

from tests.unit.config.dev_stack import ACCOUNT, KEY, Case, dev, each

_ADMIN = {"name": "ops", "principalArn": f"arn:aws:iam::{ACCOUNT}:role/ops", "policy": "AmazonEKSAdminPolicy"}


def _entries(*entries: Mapping[str, object]) -> dict[str, object]:
    return {"cluster.accessEntries": list(entries)}


@each(
    Case(
        "a Kubernetes version out of support is refused",
        {"cluster.kubernetesVersion": "1.32"},
        "cluster.kubernetesVersion",
        ("'1.32'", "1.33, 1.34, 1.35, 1.36"),
        {"cluster.kubernetesVersion": "1.33"},
    ),
    Case(
        "a Kubernetes version that is not there yet is refused",
        {"cluster.kubernetesVersion": "1.37"},
        "cluster.kubernetesVersion",
        ("'1.37'", "1.36"),
        {"cluster.kubernetesVersion": "1.36"},
    ),
    Case(
        "a Kubernetes version without quotes is a number",
        {"cluster.kubernetesVersion": 1.35},
        "cluster.kubernetesVersion",
        ("is 1.35", "in quotes", "1.33, 1.34, 1.35, 1.36"),
        {"cluster.kubernetesVersion": "1.35"},
    ),
    Case(
        "a cluster name has no capitals",
        {"cluster.name": "Inference"},
        "cluster.name",
        ("'Inference'", "a-z 0-9"),
        {"cluster.name": "inference-2"},
    ),
    Case(
        "a cluster name has at most 32 characters",
        {"cluster.name": "a" * 33, "checkpoints.bucketName": "poolside-checkpoints"},
        "cluster.name",
        ("up to 32",),
        {"cluster.name": "a" * 32, "checkpoints.bucketName": "poolside-checkpoints"},
    ),
    Case(
        "logs are kept for days that CloudWatch takes",
        {"cluster.logRetentionDays": 100},
        "cluster.logRetentionDays",
        ("is 100", "CloudWatch", "90, 120"),
        {"cluster.logRetentionDays": 120},
    ),
    Case(
        "a log type is one of EKS's",
        {"cluster.logTypes": ["audit", "kubelet"]},
        "cluster.logTypes[1]",
        ("'kubelet'", "'api'", "'scheduler'"),
        {"cluster.logTypes": ["audit", "scheduler"]},
    ),
    Case(
        "a log type is named once",
        {"cluster.logTypes": ["audit", "api", "audit"]},
        "cluster.logTypes[2]",
        ("'audit'", "second time"),
        {"cluster.logTypes": []},
    ),
    Case(
        "networks of a closed public endpoint have no effect",
        {"cluster.endpointPublicAccess": False, "cluster.publicAccessCidrs": ["192.0.2.0/24"]},
        "cluster.publicAccessCidrs",
        ("no effect", "endpointPublicAccess: false"),
        {"cluster.endpointPublicAccess": False},
    ),
    Case(
        "no network for an open endpoint would mean all of them",
        {"cluster.publicAccessCidrs": []},
        "cluster.publicAccessCidrs",
        ("0.0.0.0/0", "endpointPublicAccess: false"),
        {"cluster.publicAccessCidrs": ["192.0.2.0/24"]},
    ),
    Case(
        "a network that may reach the endpoint is a network",
        {"cluster.publicAccessCidrs": ["192.0.2.7"]},
        "cluster.publicAccessCidrs[0]",
        ("'192.0.2.7'", "IPv4 network"),
        {"cluster.publicAccessCidrs": ["192.0.2.7/32"]},
    ),
    Case(
        "an access entry names a role or a user",
        _entries({**_ADMIN, "principalArn": f"arn:aws:sts::{ACCOUNT}:assumed-role/ops/me"}),
        "cluster.accessEntries[0].principalArn",
        ("assumed-role", "role/<name>"),
        _entries({**_ADMIN, "principalArn": f"arn:aws:iam::{ACCOUNT}:user/teams/me"}),
    ),
    Case(
        "an access entry's principal is of the partition",
        _entries({**_ADMIN, "principalArn": f"arn:aws-cn:iam::{ACCOUNT}:role/ops"}),
        "cluster.accessEntries[0].principalArn",
        ("aws-cn", "us-east-2 is in aws"),
        _entries(_ADMIN),
    ),
    Case(
        "access entries have names of their own",
        _entries(_ADMIN, {**_ADMIN, "principalArn": f"arn:aws:iam::{ACCOUNT}:role/dev"}),
        "cluster.accessEntries[1].name",
        ("'ops'", "unique"),
        _entries(_ADMIN, {**_ADMIN, "name": "dev", "principalArn": f"arn:aws:iam::{ACCOUNT}:role/dev"}),
    ),
    Case(
        "a principal has one access entry",
        _entries(_ADMIN, {**_ADMIN, "name": "dev"}),
        "cluster.accessEntries[1].principalArn",
        ("role/ops", "one per principal"),
        _entries(_ADMIN),
    ),
    Case(
        "an access policy is one of EKS's",
        _entries({**_ADMIN, "policy": "AdministratorAccess"}),
        "cluster.accessEntries[0].policy",
        ("'AdministratorAccess'", "'AmazonEKSViewPolicy'"),
        _entries({**_ADMIN, "policy": "AmazonEKSViewPolicy", "namespaces": ["poolside-models"]}),
    ),
    Case(
        "a key is named by its ARN and not by its alias",
        {"cluster.kmsKeyArn": KEY.replace("key/", "alias/")},
        "cluster.kmsKeyArn",
        ("alias/", "key/<id>"),
        {"cluster.kmsKeyArn": KEY},
    ),
    Case(
        "a key is of the region",
        {"cluster.kmsKeyArn": KEY.replace("us-east-2", "us-west-2")},
        "cluster.kmsKeyArn",
        ("us-west-2", "the stack is in us-east-2"),
        {"cluster.kmsKeyArn": KEY.replace("key/", "key/mrk-")},
    ),
    Case(
        "a switch is true or false",
        {"cluster.deletionProtection": "yes"},
        "cluster.deletionProtection",
        ("'yes'", "true or false"),
        {"cluster.deletionProtection": True},
    ),
)
def test_each_breach_is_told_at_its_path_and_its_neighbour_passes(case: Case, project: Path):
    case.check(project)


def test_an_area_left_out_has_its_defaults(project: Path):
    cluster = dev(project, {"cluster": {}}).cluster

    assert cluster.name == "inference"
    assert cluster.kubernetes_version == "1.35"
    assert cluster.endpoint_public_access
    assert cluster.log_types == ("api", "audit", "authenticator")
    assert cluster.log_retention_days == 90
    assert not cluster.deletion_protection
