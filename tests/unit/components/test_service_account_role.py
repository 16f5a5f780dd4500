"""What IrsaRole and PodIdentityRole share is the same resource for both: only the trust differs."""

import json

from components.arguments import ArgumentErrors
from components.irsa_role import IrsaRole
from components.pod_identity_role import PodIdentityRole
from components.service_account_role import ServiceAccountRoleArgs, check_service_account_role
from tests.unit.components.building import build
from tests.unit.recording import ACCOUNT, REGION

ISSUER = f"oidc.eks.{REGION}.amazonaws.com/id/0123456789ABCDEF"
SHARED: ServiceAccountRoleArgs = {
    "role_name": "dev-inference",
    "account_id": ACCOUNT,
    "region": REGION,
    "namespace": "poolside-models",
    "service_account": "inference",
    "policy_json": '{"Version": "2012-10-17", "Statement": []}',
    "managed_policy_arns": ["arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess"],
    "tags": {"team": "serving"},
}


def test_both_kinds_of_role_make_the_same_children_with_the_same_inputs():
    irsa = build(
        lambda opts: IrsaRole(
            "reader",
            {
                **SHARED,
                "oidc_provider_arn": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{ISSUER}",
                "oidc_issuer": ISSUER,
            },
            opts,
        )
    )
    pod_identity = build(lambda opts: PodIdentityRole("reader", {**SHARED, "cluster_name": "dev"}, opts))
    names = {r.name for r in irsa.registrations if r.parent.endswith("::reader")}
    assert names == {
        "reader-role",
        "reader-policy",
        "reader-policy-attachment",
        "reader-attach-AmazonSSMReadOnlyAccess",
    }
    for name in names:
        one, other = dict(irsa.named(name).inputs), dict(pod_identity.named(name).inputs)
        if name == "reader-role":
            trusts = [json.loads(each.pop("assumeRolePolicy")) for each in (one, other)]
            assert trusts[0] != trusts[1]
        assert one == other


def test_missing_arguments_are_named():
    errors = ArgumentErrors("Role")
    check_service_account_role({}, errors)  # pyright: ignore[reportArgumentType] -- wrong on purpose
    assert [fault["property_path"] for fault in errors._faults] == [  # pyright: ignore[reportPrivateUsage]
        "roleName",
        "accountId",
        "region",
        "namespace",
        "serviceAccount",
    ]
