"""Rules of a cluster's arguments: all faults at once, each at its property."""

import pulumi
import pytest

from components.eks_cluster_checks import (
    check_eks_cluster,
    cluster_log_types,
    log_retention_days,
)
from components.log_retention import RETENTION_DAYS
from components.versions import KUBERNETES_SUPPORTED
from tests.unit.recording import ACCOUNT, REGION

ADMIN = f"arn:aws:iam::{ACCOUNT}:role/admin"


def arguments(**changes) -> dict:
    base = {
        "cluster_name": "dev",
        "region": REGION,
        "account_id": ACCOUNT,
        "vpc_id": "vpc-1",
        "private_subnet_ids": ["subnet-1", "subnet-2"],
    }
    return {**base, **changes}


def faults(args: dict) -> dict[str, str]:
    try:
        check_eks_cluster(args)
    except pulumi.InputPropertiesError as refused:
        return {fault["property_path"]: fault["reason"] for fault in refused.errors or []}
    return {}


@pytest.mark.parametrize("version", KUBERNETES_SUPPORTED)
def test_every_supported_version_is_accepted(version):
    assert faults(arguments(kubernetes_version=version)) == {}


@pytest.mark.parametrize(
    "region", ["us-east-2", "us-gov-west-1", "ap-southeast-4", "cn-north-1", "eusc-de-east-1"]
)
def test_regions_of_every_partition_are_accepted(region):
    assert faults(arguments(region=region)) == {}


@pytest.mark.parametrize("days", RETENTION_DAYS)
def test_every_retention_of_cloudwatch_is_accepted(days):
    assert faults(arguments(log_retention_days=float(days))) == {}


def test_defaults_of_the_logs():
    assert cluster_log_types({}) == ["api", "audit", "authenticator"]
    assert cluster_log_types({"log_types": []}) == []
    assert log_retention_days({}) == 90


def test_one_endpoint_is_enough():
    assert faults(arguments(endpoint_public_access=False)) == {}
    assert faults(arguments(endpoint_private_access=False, public_access_cidrs=["203.0.113.0/24"])) == {}


def test_all_wrong_arguments_are_named_at_once():
    found = faults(
        arguments(
            cluster_name="_dev",
            region="Ohio",
            account_id="12",
            vpc_id="",
            private_subnet_ids=[],
            kubernetes_version="1.29",
            endpoint_public_access=False,
            endpoint_private_access=False,
            public_access_cidrs=["everyone"],
            log_types=["api", "kubelet"],
            log_retention_days=42,
            kms_key_arn="alias/mine",
            kubectl_role_arn="admin",
            access_entries=[
                {
                    "name": "Ops",
                    "principal_arn": "arn:aws:sts::1:assumed-role/x/y",
                    "policy": "cluster-admin",
                },
                {"name": "a", "principal_arn": ADMIN, "policy": "AmazonEKSViewPolicy"},
                {"name": "a", "principal_arn": ADMIN, "policy": "AmazonEKSViewPolicy"},
            ],
        )
    )
    assert set(found) == {
        *("clusterName", "region", "accountId", "vpcId", "privateSubnetIds", "kubernetesVersion"),
        *("endpointPrivateAccess", "publicAccessCidrs", "publicAccessCidrs[0]", "logTypes[1]"),
        *("logRetentionDays", "kmsKeyArn", "kubectlRoleArn"),
        *("accessEntries[0].name", "accessEntries[0].principalArn", "accessEntries[0].policy"),
        *("accessEntries[2].name", "accessEntries[2].principalArn"),
    }
    assert found["kubernetesVersion"] == "is '1.29'; it must be one of 1.33, 1.34, 1.35, 1.36"
    assert found["accessEntries[2].principalArn"] == "has an entry already; EKS takes one entry per principal"


def test_missing_arguments_are_named():
    found = faults({})
    assert found == dict.fromkeys(
        ("clusterName", "region", "accountId", "vpcId", "privateSubnetIds"), "is required"
    )
