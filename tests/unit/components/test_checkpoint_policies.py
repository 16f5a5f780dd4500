"""The reader's policy is Poolside's, statement for statement."""

import pytest

from components.checkpoint_policies import checkpoint_reader_policy
from tests.golden_files import check_golden, pretty_json

KEY = "arn:aws:kms:us-east-2:111122223333:key/0a1b2c3d-1111-2222-3333-444455556666"


def test_reader_policy_is_the_reviewed_one():
    check_golden("iam/checkpoint-reader.json", pretty_json(checkpoint_reader_policy("weights", KEY)))


def test_statements_are_the_seeds_four_in_their_order():
    statements = checkpoint_reader_policy("weights", KEY)["Statement"]
    assert [(s["Sid"], s["Action"], s["Resource"]) for s in statements] == [
        ("S3ListBucket", ["s3:ListBucket"], "arn:aws:s3:::weights"),
        ("S3ReadObjects", ["s3:GetObject", "s3:GetObjectTagging"], "arn:aws:s3:::weights/*"),
        ("S3GetBucketLocation", ["s3:GetBucketLocation"], "*"),
        ("KMSDecryptForS3", ["kms:Decrypt", "kms:DescribeKey"], KEY),
    ]


@pytest.mark.parametrize("key", [None, ""])
def test_without_a_key_there_is_no_kms_statement(key):
    sids = [s["Sid"] for s in checkpoint_reader_policy("weights", key)["Statement"]]
    assert sids == ["S3ListBucket", "S3ReadObjects", "S3GetBucketLocation"]


def test_arns_carry_the_partition():
    resources = [s["Resource"] for s in checkpoint_reader_policy("weights", None, "aws-us-gov")["Statement"]]
    assert resources == ["arn:aws-us-gov:s3:::weights", "arn:aws-us-gov:s3:::weights/*", "*"]
