"""Trust for exactly one service account, and policies no longer than IAM takes."""

import json

import pytest

from components.iam_documents import (
    MANAGED_POLICY_CHARACTERS,
    compact_policy,
    service_account_trust_policy,
    service_trust_policy,
)
from tests.golden_files import check_golden, pretty_json

ISSUER = "oidc.eks.us-east-2.amazonaws.com/id/0123456789ABCDEF"
PROVIDER = f"arn:aws:iam::111122223333:oidc-provider/{ISSUER}"


def test_trust_policy_is_the_reviewed_one():
    document = service_account_trust_policy(PROVIDER, ISSUER, "poolside-models", "inference")
    check_golden("iam/service-account-trust.json", pretty_json(document))


@pytest.mark.parametrize("issuer", [ISSUER, f"https://{ISSUER}", f"https://{ISSUER}/"])
def test_the_scheme_of_the_issuer_is_dropped(issuer):
    [statement] = service_account_trust_policy(PROVIDER, issuer, "models", "inference")["Statement"]
    assert statement["Condition"] == {
        "StringEquals": {
            f"{ISSUER}:aud": "sts.amazonaws.com",
            f"{ISSUER}:sub": "system:serviceaccount:models:inference",
        }
    }


def test_white_space_between_tokens_is_dropped_and_kept_inside_strings():
    assert compact_policy('{ "Sid" : "two words" }\n') == '{"Sid":"two words"}'
    assert compact_policy({"Sid": "a"}) == '{"Sid":"a"}'


def _policy_of_size(characters: int) -> str:
    return json.dumps({"Sid": "x" * (characters - len('{"Sid":""}'))}, indent=4)


def test_a_policy_of_exactly_the_limit_passes():
    assert len(compact_policy(_policy_of_size(MANAGED_POLICY_CHARACTERS))) == 6144


def test_one_character_more_is_refused_with_both_numbers():
    with pytest.raises(ValueError, match=r"has 6145 characters.*takes 6144"):
        compact_policy(_policy_of_size(MANAGED_POLICY_CHARACTERS + 1))


@pytest.mark.parametrize(("text", "reason"), [("{", "is not JSON"), ("[]", "is list; expected a policy")])
def test_what_is_no_policy_document_is_refused(text, reason):
    with pytest.raises(ValueError, match=reason):
        compact_policy(text)


def test_a_service_role_trusts_one_service():
    assert service_trust_policy("ec2.amazonaws.com") == {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
