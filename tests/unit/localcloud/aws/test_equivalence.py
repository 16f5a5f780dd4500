"""Which texts mean the same, which inputs replace only sometimes, and which resource goes first."""

import json
from typing import Any

import pytest

from localcloud.aws import conditions
from localcloud.aws.equivalence import same_text
from localcloud.aws.replacement_order import deletes_first
from localcloud.aws.shapes import shape_of

BUCKET_POLICY = "aws:s3/bucketPolicy:BucketPolicy"
LIFECYCLE = "aws:ecr/lifecyclePolicy:LifecyclePolicy"
CLUSTER = "aws:eks/cluster:Cluster"
ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
SUBNET = "aws:ec2/subnet:Subnet"
ROLE = "aws:iam/role:Role"


def policy(*statements: dict[str, Any], **more: Any) -> str:
    base = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [{**base, **one} for one in statements], **more})


def lifecycle(*priorities: int, prefixes: tuple[str, ...] = ("a", "b")) -> str:
    rules = [
        {"rulePriority": one, "selection": {"tagPrefixList": prefixes}, "action": {}} for one in priorities
    ]
    return json.dumps({"rules": rules})


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (policy({"Action": ["a:X", "a:Y"]}), policy({"Action": ["a:Y", "a:X"]})),
        (policy({"Action": ["a:X"]}), policy({"Action": "a:X"})),
        (
            policy({"Principal": {"AWS": "111122223333"}}),
            policy({"Principal": {"AWS": "arn:aws:iam::111122223333:root"}}),
        ),
        (policy({"Principal": "*"}), policy({"Principal": {"AWS": ["*"]}})),
        (policy({"Sid": "A"}, {"Sid": "B"}), policy({"Sid": "B"}, {"Sid": "A"})),
        (policy({"Sid": ""}), policy({})),
        (
            policy({"Condition": {"Bool": {"aws:SecureTransport": False}}}),
            policy({"Condition": {"Bool": {"aws:SecureTransport": ["false"]}}}),
        ),
        (policy({}), json.dumps(json.loads(policy({})), indent=4, sort_keys=True)),
    ],
)
def test_policies_that_mean_the_same(old: str, new: str) -> None:
    assert same_text(BUCKET_POLICY, ("policy",), old, new)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (policy({}), policy({"Effect": "Deny"})),
        (policy({}), policy({"Action": "s3:PutObject"})),
        (policy({}), policy({}, {"Sid": "more"})),
        (policy({"Principal": {"AWS": "111122223333"}}), policy({"Principal": {"AWS": "444455556666"}})),
        (policy({"Principal": {"AWS": "*"}}), policy({"Principal": {"Service": "*"}})),
        (policy({"Condition": {"Bool": {"x": "true"}}}), policy({"Condition": {"Bool": {"x": "false"}}})),
        (policy({}), policy({}, Version="2008-10-17")),
        (policy({}), "{broken"),
    ],
)
def test_policies_that_differ(old: str, new: str) -> None:
    assert not same_text(BUCKET_POLICY, ("policy",), old, new)


def test_lifecycle_rules_have_priorities_and_no_order() -> None:
    assert same_text(LIFECYCLE, ("policy",), lifecycle(1, 2), lifecycle(2, 1, prefixes=("b", "a")))
    assert not same_text(LIFECYCLE, ("policy",), lifecycle(1, 2), lifecycle(1, 3))


@pytest.mark.parametrize(
    ("token", "path", "old", "new"),
    [
        ("aws:route53/record:Record", "name", "A.example.com", "a.example.com."),
        ("aws:kms/alias:Alias", "targetKeyId", "1234", "arn:aws:kms:us-east-2:111122223333:key/1234"),
        ("aws:ec2/securityGroupRule:SecurityGroupRule", "protocol", "all", "-1"),
        ("aws:ec2/securityGroup:SecurityGroup", "ingress.protocol", "6", "TCP"),
        ("aws:iam/openIdConnectProvider:OpenIdConnectProvider", "url", "https://a", "a"),
        (
            "aws:ec2/flowLog:FlowLog",
            "logDestination",
            "arn:aws:logs:r:1:log-group:a:*",
            "arn:aws:logs:r:1:log-group:a",
        ),
    ],
)
def test_names_have_more_than_one_spelling(token: str, path: str, old: str, new: str) -> None:
    assert same_text(token, tuple(path.split(".")), old, new)
    assert not same_text(token, ("description",), old, new)


def test_the_configuration_of_an_addon_is_compared_as_text() -> None:
    assert not same_text("aws:eks/addon:Addon", ("configurationValues",), '{"a": 1}', '{"a":1}')


ENCRYPTED = {"encryptionConfig": {"provider": {"keyArn": "a"}, "resources": ["secrets"]}}


@pytest.mark.parametrize(
    ("token", "path", "old", "new", "replaced"),
    [
        (CLUSTER, "encryptionConfig.provider.keyArn", {}, ENCRYPTED, False),
        (CLUSTER, "encryptionConfig.provider.keyArn", ENCRYPTED, {}, True),
        (CLUSTER, "version", {"version": "1.34"}, {"version": "1.35"}, False),
        (CLUSTER, "version", {"version": "1.35"}, {"version": "1.34"}, True),
        (CLUSTER, "version", {"version": "1.9"}, {"version": "1.10"}, False),
        *(
            (
                CLUSTER,
                "vpcConfig.controlPlaneEgressMode",
                {"vpcConfig": {"controlPlaneEgressMode": old}},
                {"vpcConfig": {"controlPlaneEgressMode": new}},
                old == "CUSTOMER_ROUTED",
            )
            for old, new in (("CUSTOMER_ROUTED", "AWS_MANAGED"), ("AWS_MANAGED", "CUSTOMER_ROUTED"))
        ),
        *(
            (CLUSTER, "computeConfig.nodeRoleArn", {"computeConfig": old}, {"computeConfig": new}, replaced)
            for old, new, replaced in (
                ({"enabled": True, "nodeRoleArn": "a"}, {"enabled": True, "nodeRoleArn": "b"}, True),
                ({"enabled": True}, {"enabled": True, "nodeRoleArn": "b"}, False),
                ({"enabled": True, "nodeRoleArn": "a"}, {"enabled": False}, False),
                ({"nodePools": ["x"], "nodeRoleArn": "a"}, {"enabled": True, "nodePools": ["x"]}, True),
            )
        ),
        (SUBNET, "ipv6CidrBlock", {"assignIpv6AddressOnCreation": True}, {}, True),
        (SUBNET, "ipv6CidrBlock", {}, {"assignIpv6AddressOnCreation": True}, False),
        (ENDPOINT, "privateDnsEnabled", {}, {"vpcEndpointType": "Interface"}, False),
        (ENDPOINT, "privateDnsEnabled", {}, {}, True),
    ],
)
def test_some_inputs_replace_with_some_values(
    token: str, path: str, old: dict[str, Any], new: dict[str, Any], replaced: bool
) -> None:
    assert conditions.replaces(token, path, old, new) is replaced


@pytest.mark.parametrize(
    ("token", "old", "new", "first"),
    [
        (ROLE, {"name": "a"}, {"name": "a"}, True),
        (ROLE, {"name": "a"}, {"name": "b"}, False),
        (ROLE, {"name": "a-1", "__defaults": ["name"]}, {"name": "a-1", "__defaults": ["name"]}, False),
        ("aws:ec2/securityGroupRule:SecurityGroupRule", {}, {}, True),
        ("aws:iam/rolePolicyAttachment:RolePolicyAttachment", {}, {}, True),
        ("aws:ecr/lifecyclePolicy:LifecyclePolicy", {}, {}, True),
        ("aws:ec2/route:Route", {}, {}, False),
        ("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", {}, {}, False),
    ],
)
def test_what_cannot_be_there_twice_goes_first(
    token: str, old: dict[str, Any], new: dict[str, Any], first: bool
) -> None:
    assert deletes_first(shape_of(token), old, new) is first
