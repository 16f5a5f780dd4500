"""Diffs say what changes, what replaces, and keep silent about what means the same."""

from typing import Any

import pytest

from localcloud.aws.diffs import changes
from localcloud.aws.shapes import shape_of
from localcloud.aws.terraform_names import terraform_type
from localcloud.providers.protocol import UNKNOWN, Change

GROUP = "aws:eks/nodeGroup:NodeGroup"
CLUSTER = "aws:eks/cluster:Cluster"


def diff(token: str, old: dict[str, Any], new: dict[str, Any], **defaults: Any) -> set[tuple[str, str, bool]]:
    found: tuple[Change, ...] = changes(shape_of(token), old, new, defaults=defaults)
    return {(change.path, change.kind, change.replace) for change in found}


@pytest.mark.parametrize(
    ("token", "old", "new", "expected"),
    [
        (GROUP, {"amiType": "a"}, {"amiType": "b"}, {("amiType", "update", True)}),
        (GROUP, {"version": "1.34"}, {"version": "1.35"}, {("version", "update", False)}),
        (
            GROUP,
            {"launchTemplate": {"id": "lt-1", "version": "1"}},
            {"launchTemplate": {"id": "lt-1", "version": "2"}},
            {("launchTemplate.version", "update", False)},
        ),
        (
            GROUP,
            {"launchTemplate": {"id": "lt-1", "version": "1"}},
            {"launchTemplate": {"id": "lt-2", "version": "1"}},
            {("launchTemplate.id", "update", True)},
        ),
        (
            GROUP,
            {},
            {"launchTemplate": {"id": "lt-1", "version": "1"}},
            {("launchTemplate.id", "add", True), ("launchTemplate.version", "add", False)},
        ),
        (
            GROUP,
            {"launchTemplate": {"id": "lt-1", "version": "1"}},
            {"launchTemplate": {"id": UNKNOWN, "version": "1"}},
            {("launchTemplate.id", "update", True)},
        ),
        (
            GROUP,
            {"subnetIds": ["a", "b"]},
            {"subnetIds": ["b", "c"]},
            {("subnetIds[1]", "add", True), ("subnetIds[0]", "delete", True)},
        ),
        (
            GROUP,
            {"instanceTypes": ["a", "b"]},
            {"instanceTypes": ["b", "a"]},
            {("instanceTypes[0]", "update", True), ("instanceTypes[1]", "update", True)},
        ),
        (
            GROUP,
            {"labels": {"a.b/c": "1"}},
            {"labels": {"a.b/c": "2"}},
            {('labels["a.b/c"]', "update", False)},
        ),
        (GROUP, {"labels": {"a": "1"}}, {}, {("labels.a", "delete", False)}),
        (
            GROUP,
            {"taints": [{"key": "k", "value": "a", "effect": "NO_SCHEDULE"}]},
            {"taints": [{"key": "k", "value": "b", "effect": "NO_SCHEDULE"}]},
            {("taints[0].value", "update", False)},
        ),
        (
            CLUSTER,
            {"vpcConfig": {"subnetIds": ["a"]}},
            {"vpcConfig": {"subnetIds": ["a", "b"]}},
            {("vpcConfig.subnetIds[1]", "add", False)},
        ),
        (CLUSTER, {"roleArn": "a"}, {"roleArn": "b"}, {("roleArn", "update", True)}),
        (
            CLUSTER,
            {"kubernetesNetworkConfig": {"ipFamily": "ipv4"}},
            {"kubernetesNetworkConfig": {"ipFamily": "ipv4", "serviceIpv4Cidr": "10.1.0.0/16"}},
            {("kubernetesNetworkConfig.serviceIpv4Cidr", "add", True)},
        ),
        (
            "aws:ec2/subnet:Subnet",
            {"availabilityZone": "a"},
            {"availabilityZone": "b"},
            {("availabilityZone", "update", True)},
        ),
        ("aws:ec2/subnet:Subnet", {"tags": {"a": "1"}}, {"tags": {"a": "2"}}, {("tags.a", "update", False)}),
        ("aws:ec2/vpc:Vpc", {"region": "us-east-2"}, {"region": "us-east-1"}, {("region", "update", True)}),
        (
            "aws:ecr/repository:Repository",
            {},
            {"encryptionConfigurations": [{"encryptionType": "KMS"}]},
            {("encryptionConfigurations[0].encryptionType", "add", True)},
        ),
    ],
)
def test_changes(token: str, old: dict[str, Any], new: dict[str, Any], expected: set[Any]) -> None:
    assert diff(token, old, new) == expected


POLICY = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:GetObject"],"Resource":"*"}]}'
SAME_POLICY = """{ "Version": "2012-10-17",
  "Statement": {"Action": "s3:GetObject", "Effect": "Allow", "Resource": ["*"]} }"""


@pytest.mark.parametrize(
    ("token", "old", "new"),
    [
        ("aws:iam/policy:Policy", {"policy": POLICY}, {"policy": SAME_POLICY}),
        (GROUP, {"subnetIds": ["a", "b"]}, {"subnetIds": ["b", "a"]}),
        (GROUP, {"labels": {}}, {}),
        (GROUP, {"version": "1.35"}, {}),  # AWS keeps what is no longer given
        (
            GROUP,
            {"taints": [{"key": "a", "effect": "x"}, {"key": "b", "effect": "x"}]},
            {"taints": [{"key": "b", "effect": "x"}, {"key": "a", "effect": "x"}]},
        ),
        ("aws:iam/role:Role", {"name": "x", "__defaults": ["name"]}, {"name": "x", "__defaults": []}),
    ],
)
def test_what_means_the_same_is_no_change(token: str, old: dict[str, Any], new: dict[str, Any]) -> None:
    assert diff(token, old, new) == set()


def test_a_changed_policy_is_a_change() -> None:
    changed = POLICY.replace("GetObject", "PutObject")
    assert diff("aws:iam/policy:Policy", {"policy": POLICY}, {"policy": changed}) == {
        ("policy", "update", False)
    }


def test_a_default_that_is_written_out_is_no_change() -> None:
    token = "aws:ec2/securityGroup:SecurityGroup"
    assert diff(token, {}, {"description": "Managed by Pulumi"}, description="Managed by Pulumi") == set()
    assert diff(token, {}, {"description": "x"}, description="Managed by Pulumi") == {
        ("description", "update", True)
    }


def test_a_type_that_was_not_measured_is_replaced_by_its_identity_only() -> None:
    shape = shape_of("aws:ec2/keyPair:KeyPair")
    assert terraform_type(shape.token) is None
    found = changes(
        shape,
        {"keyName": "a", "tags": {}},
        {"keyName": "b", "tags": {"x": "y"}},
        defaults={},
        identity=frozenset({"keyName"}),
    )
    assert {(change.path, change.replace) for change in found} == {("keyName", True), ("tags.x", False)}


@pytest.mark.parametrize(
    ("token", "terraform"),
    [
        ("aws:ec2/vpc:Vpc", "aws_vpc"),
        ("aws:ec2/capacityReservation:CapacityReservation", "aws_ec2_capacity_reservation"),
        ("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "aws_vpc_security_group_ingress_rule"),
        ("aws:iam/openIdConnectProvider:OpenIdConnectProvider", "aws_iam_openid_connect_provider"),
        ("aws:s3/bucketVersioning:BucketVersioning", "aws_s3_bucket_versioning"),
        ("aws:cloudwatch/logGroup:LogGroup", "aws_cloudwatch_log_group"),
        ("aws:lb/listener:Listener", "aws_lb_listener"),
    ],
)
def test_measured_types_are_found_by_their_pulumi_name(token: str, terraform: str) -> None:
    assert terraform_type(token) == terraform
