"""One role, trusted for one service account of one cluster, and its association in EKS."""

import json

import pulumi
import pytest

from components.checkpoint_policies import checkpoint_reader_policy
from components.iam_documents import pod_identity_trust_policy
from components.pod_identity_role import PodIdentityRole, PodIdentityRoleArgs
from tests.golden_files import check_golden, pretty_json
from tests.unit.components.building import aws_resources, build, faults
from tests.unit.recording import ACCOUNT, REGION, UNKNOWN

POLICY = json.dumps(checkpoint_reader_policy("weights", None))
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/dev-inference"


def arguments(**changes) -> PodIdentityRoleArgs:
    base: PodIdentityRoleArgs = {
        "role_name": "dev-inference",
        "account_id": ACCOUNT,
        "region": REGION,
        "cluster_name": "dev",
        "namespace": "poolside-models",
        "service_account": "inference",
        "policy_json": POLICY,
        "tags": {"team": "serving"},
    }
    return {**base, **changes}  # pyright: ignore[reportReturnType] -- tests pass wrong values on purpose


def made(**changes):
    return lambda opts: PodIdentityRole("reader", arguments(**changes), opts)


def test_children_are_the_role_its_policy_their_attachment_and_the_association():
    recording = build(made())
    assert recording.children("reader") == [
        ("aws:eks/podIdentityAssociation:PodIdentityAssociation", "reader-association"),
        ("aws:iam/policy:Policy", "reader-policy"),
        ("aws:iam/role:Role", "reader-role"),
        ("aws:iam/rolePolicyAttachment:RolePolicyAttachment", "reader-policy-attachment"),
    ]
    assert len(aws_resources(recording)) == 4
    assert recording.named("reader").type == "inference-plane:index:PodIdentityRole"


def test_the_trust_policy_is_the_reviewed_one():
    trust = build(made()).named("reader-role").inputs["assumeRolePolicy"]
    cluster = f"arn:aws:eks:{REGION}:{ACCOUNT}:cluster/dev"
    assert json.loads(trust) == pod_identity_trust_policy(cluster, ACCOUNT, "poolside-models", "inference")
    check_golden("iam/pod-identity-trust.json", pretty_json(trust))


def test_the_association_gives_the_role_to_the_service_account_once_its_policy_is_attached():
    recording = build(made())
    association = recording.named("reader-association")
    assert association.inputs == {
        "clusterName": "dev",
        "namespace": "poolside-models",
        "serviceAccount": "inference",
        "roleArn": ROLE_ARN,
        "tags": {"team": "serving", "Name": "dev-inference"},
    }
    assert association.depends_on == {
        recording.named("reader-role").urn,
        recording.named("reader-policy-attachment").urn,
    }
    assert association.request.deleteBeforeReplace


@pytest.mark.parametrize("preview", [False, True])
def test_role_arn_and_name_are_known_in_preview_too(preview):
    outputs = build(made(), preview=preview).outputs["reader"]
    assert outputs["roleArn"] == ROLE_ARN
    assert outputs["roleName"] == "dev-inference"


def test_partition_and_region_are_in_the_trusted_clusters_arn():
    role = build(made(region="us-gov-west-1")).named("reader-role")
    [statement] = json.loads(role.inputs["assumeRolePolicy"])["Statement"]
    assert statement["Condition"]["ArnEquals"] == {
        "aws:SourceArn": f"arn:aws-us-gov:eks:us-gov-west-1:{ACCOUNT}:cluster/dev"
    }


def test_whoever_takes_the_arn_waits_for_the_association():
    class Consumer(pulumi.CustomResource):
        def __init__(self, arn: pulumi.Input[str]) -> None:
            super().__init__("test:index:Consumer", "consumer", {"arn": arn})

    recording = build(
        lambda opts: Consumer(PodIdentityRole("reader", arguments(), opts).role_arn), preview=True
    )
    assert recording.named("consumer").depends_on >= {
        recording.named("reader-association").urn,
        recording.named("reader-policy-attachment").urn,
    }


def test_preview_with_an_unknown_cluster_leaves_the_trust_to_the_update():
    unknown = pulumi.Output.from_input(pulumi.UNKNOWN)
    recording = build(made(cluster_name=unknown), preview=True)
    assert recording.named("reader-role").inputs["assumeRolePolicy"] == UNKNOWN
    assert recording.named("reader-association").inputs["roleArn"] == ROLE_ARN


def test_every_fault_is_reported_at_once_with_its_path():
    found = faults(
        made(
            cluster_name="-dev", role_name="has space", account_id="1", namespace="*", service_account="inf*"
        )
    )
    assert sorted(found) == ["accountId", "clusterName", "namespace", "roleName", "serviceAccount"]


def test_a_missing_cluster_is_refused():
    assert faults(made(cluster_name="")) == {"clusterName": "is required"}
