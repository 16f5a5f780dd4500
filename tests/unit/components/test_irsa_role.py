"""One role, trusted by one service account, with its own policy and an ARN that is known at preview."""

import json

import pulumi
import pytest

from components.checkpoint_policies import checkpoint_reader_policy
from components.irsa_role import IrsaRole, IrsaRoleArgs
from tests.unit.components.building import aws_resources, build, faults
from tests.unit.recording import ACCOUNT, REGION, UNKNOWN

ISSUER = f"oidc.eks.{REGION}.amazonaws.com/id/0123456789ABCDEF"
PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/{ISSUER}"
POLICY = json.dumps(checkpoint_reader_policy("weights", None))
S3_READ = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
SSM_READ = "arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess"


def arguments(**changes) -> IrsaRoleArgs:
    base: IrsaRoleArgs = {
        "role_name": "dev-inference",
        "account_id": ACCOUNT,
        "region": REGION,
        "oidc_provider_arn": PROVIDER,
        "oidc_issuer": f"https://{ISSUER}",
        "namespace": "poolside-models",
        "service_account": "inference",
        "policy_json": POLICY,
        "tags": {"team": "serving"},
    }
    return {**base, **changes}  # pyright: ignore[reportReturnType] -- tests pass wrong values on purpose


def made(**changes):
    return lambda opts: IrsaRole("reader", arguments(**changes), opts)


def test_children_are_the_role_its_policy_and_their_attachment():
    recording = build(made())
    assert recording.children("reader") == [
        ("aws:iam/policy:Policy", "reader-policy"),
        ("aws:iam/role:Role", "reader-role"),
        ("aws:iam/rolePolicyAttachment:RolePolicyAttachment", "reader-policy-attachment"),
    ]
    assert len(aws_resources(recording)) == 3
    assert recording.named("reader").type == "inference-plane:index:IrsaRole"


def test_role_trusts_the_service_account_through_the_issuer_without_scheme():
    role = build(made()).named("reader-role")
    trust = json.loads(role.inputs.pop("assumeRolePolicy"))
    assert trust["Statement"] == [
        {
            "Effect": "Allow",
            "Principal": {"Federated": PROVIDER},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {
                "StringEquals": {
                    f"{ISSUER}:aud": "sts.amazonaws.com",
                    f"{ISSUER}:sub": "system:serviceaccount:poolside-models:inference",
                }
            },
        }
    ]
    assert role.inputs == {
        "name": "dev-inference",
        "description": "Assumed by the service account poolside-models/inference",
        "tags": {"team": "serving", "Name": "dev-inference"},
    }
    assert role.request.deleteBeforeReplace


def test_policy_is_compact_and_attached_to_the_role():
    recording = build(made())
    policy = recording.named("reader-policy")
    assert policy.inputs == {
        "policy": json.dumps(json.loads(POLICY), separators=(",", ":")),
        "tags": {"team": "serving", "Name": "dev-inference"},
    }
    attachment = recording.named("reader-policy-attachment")
    assert attachment.inputs == {
        "role": "dev-inference",
        "policyArn": f"arn:aws:iam::{ACCOUNT}:policy/reader-policy",
    }
    assert attachment.depends_on == {recording.named("reader-role").urn, policy.urn}


def test_a_named_policy_is_deleted_before_it_is_replaced():
    policy = build(made(policy_name="dev-inference-read")).named("reader-policy")
    assert policy.inputs["name"] == "dev-inference-read"
    assert policy.inputs["tags"]["Name"] == "dev-inference-read"
    assert policy.request.deleteBeforeReplace


def test_a_generated_policy_name_leaves_replacement_as_it_is():
    assert not build(made()).named("reader-policy").request.deleteBeforeReplace


def test_managed_policies_are_attached_under_their_own_names():
    recording = build(made(managed_policy_arns=[SSM_READ, S3_READ], policy_json=None))
    assert recording.children("reader") == [
        ("aws:iam/role:Role", "reader-role"),
        ("aws:iam/rolePolicyAttachment:RolePolicyAttachment", "reader-attach-AmazonS3ReadOnlyAccess"),
        ("aws:iam/rolePolicyAttachment:RolePolicyAttachment", "reader-attach-AmazonSSMReadOnlyAccess"),
    ]
    assert recording.named("reader-attach-AmazonS3ReadOnlyAccess").inputs == {
        "role": "dev-inference",
        "policyArn": S3_READ,
    }


def test_a_permissions_boundary_bounds_the_role():
    boundary = f"arn:aws:iam::{ACCOUNT}:policy/boundary"
    recording = build(made(permissions_boundary=boundary))
    assert recording.named("reader-role").inputs["permissionsBoundary"] == boundary


@pytest.mark.parametrize("preview", [False, True])
def test_outputs_are_known_in_preview_too(preview):
    outputs = build(made(), preview=preview).outputs["reader"]
    assert outputs == {
        "roleArn": f"arn:aws:iam::{ACCOUNT}:role/dev-inference",
        "roleName": "dev-inference",
    }


def test_the_arn_carries_the_partition_of_the_region():
    recording = build(
        made(
            region="us-gov-west-1", oidc_provider_arn=f"arn:aws-us-gov:iam::{ACCOUNT}:oidc-provider/{ISSUER}"
        )
    )
    assert recording.outputs["reader"]["roleArn"] == f"arn:aws-us-gov:iam::{ACCOUNT}:role/dev-inference"


def test_whoever_takes_the_arn_waits_for_the_attached_policies():
    class Consumer(pulumi.CustomResource):
        def __init__(self, arn: pulumi.Input[str]) -> None:
            super().__init__("test:index:Consumer", "consumer", {"arn": arn})

    recording = build(lambda opts: Consumer(IrsaRole("reader", arguments(), opts).role_arn), preview=True)
    consumer = recording.named("consumer")
    assert consumer.inputs["arn"] == f"arn:aws:iam::{ACCOUNT}:role/dev-inference"
    assert consumer.depends_on >= {
        recording.named("reader-role").urn,
        recording.named("reader-policy-attachment").urn,
    }


def test_preview_with_unknown_issuer_and_policy_leaves_both_to_the_update():
    unknown = pulumi.Output.from_input(pulumi.UNKNOWN)
    recording = build(made(oidc_provider_arn=unknown, oidc_issuer=unknown, policy_json=unknown), preview=True)
    assert recording.named("reader-role").inputs["assumeRolePolicy"] == UNKNOWN
    assert recording.named("reader-policy").inputs["policy"] == UNKNOWN
    assert recording.outputs["reader"]["roleName"] == "dev-inference"


def test_every_fault_is_reported_at_once_with_its_path():
    found = faults(
        made(
            role_name="has space",
            account_id="1",
            oidc_provider_arn="arn:aws:eks:x",
            oidc_issuer="",
            namespace="*",
            service_account="inf*",
            policy_json="{",
            policy_name="a/b",
            managed_policy_arns=["AmazonS3ReadOnlyAccess", S3_READ, S3_READ],
            permissions_boundary="none",
        )
    )
    assert sorted(found) == [
        "accountId",
        "managedPolicyArns[0]",
        "managedPolicyArns[1]",
        "managedPolicyArns[2]",
        "namespace",
        "oidcIssuer",
        "oidcProviderArn",
        "permissionsBoundary",
        "policyJson",
        "policyName",
        "roleName",
        "serviceAccount",
    ]
    assert found["oidcIssuer"] == "is required"
    assert "second time" in found["managedPolicyArns[2]"]


def test_a_policy_that_is_too_long_is_refused_before_anything_is_registered():
    found = faults(made(policy_json=json.dumps({"Sid": "x" * 6200})))
    assert list(found) == ["policyJson"]
    assert "6144" in found["policyJson"]


def test_a_policy_name_without_a_policy_is_refused():
    assert list(faults(made(policy_json=None, policy_name="reader"))) == ["policyName"]
