"""Policies of the bucket and its key, as reviewed."""

from components.bucket_policies import account_key_policy, tls_only_policy
from tests.golden_files import check_golden, pretty_json


def test_bucket_policy_is_the_reviewed_one():
    check_golden("iam/bucket-tls-only.json", pretty_json(tls_only_policy("arn:aws:s3:::weights")))


def test_key_policy_is_the_reviewed_one():
    check_golden("iam/key-policy.json", pretty_json(account_key_policy("111122223333")))


def test_every_request_without_tls_is_denied_on_bucket_and_objects():
    [statement] = tls_only_policy("arn:aws-cn:s3:::weights")["Statement"]
    assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", "s3:*")
    assert statement["Resource"] == ["arn:aws-cn:s3:::weights", "arn:aws-cn:s3:::weights/*"]
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_key_policy_names_the_root_of_the_account_in_its_partition():
    [statement] = account_key_policy("111122223333", "aws-us-gov")["Statement"]
    assert statement["Principal"] == {"AWS": "arn:aws-us-gov:iam::111122223333:root"}
    assert (statement["Action"], statement["Resource"]) == ("kms:*", "*")
