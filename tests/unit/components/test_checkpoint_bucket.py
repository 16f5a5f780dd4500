"""The bucket: exact children and inputs, what is protected, what each choice adds and leaves out."""

import json

import pulumi
import pytest

from components.bucket_policies import account_key_policy, tls_only_policy
from components.checkpoint_bucket import CheckpointBucket, CheckpointBucketArgs
from tests.unit.components.building import aws_resources, build, faults
from tests.unit.recording import ACCOUNT, REGION, UNKNOWN

KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/0a1b2c3d-1111-2222-3333-444455556666"
TAGS = {"team": "serving", "Name": "acme-weights"}
ALWAYS = [
    ("aws:s3/bucket:Bucket", "weights-bucket"),
    ("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration", "weights-lifecycle"),
    ("aws:s3/bucketOwnershipControls:BucketOwnershipControls", "weights-ownership"),
    ("aws:s3/bucketPolicy:BucketPolicy", "weights-policy"),
    ("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", "weights-public-access"),
    (
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        "weights-encryption",
    ),
]


def arguments(**changes) -> CheckpointBucketArgs:
    base: CheckpointBucketArgs = {
        "bucket_name": "acme-weights",
        "region": REGION,
        "account_id": ACCOUNT,
        "tags": {"team": "serving"},
    }
    return {**base, **changes}  # pyright: ignore[reportReturnType] -- tests pass wrong values on purpose


def made(**changes):
    return lambda opts: CheckpointBucket("weights", arguments(**changes), opts)


def key_arn(type_: str, name: str, inputs: dict) -> dict:
    del name, inputs
    return {"arn": KEY, "keyId": KEY.rsplit("/", 1)[-1]} if type_ == "aws:kms/key:Key" else {}


def test_children_are_the_bucket_its_settings_and_its_key():
    recording = build(made())
    assert recording.children("weights") == [
        ("aws:kms/alias:Alias", "weights-key-alias"),
        ("aws:kms/key:Key", "weights-key"),
        *ALWAYS,
    ]
    assert len(aws_resources(recording)) == 8
    assert recording.named("weights").type == "inference-plane:index:CheckpointBucket"


def test_the_key_rotates_and_leaves_access_to_the_accounts_policies():
    recording = build(made(), state=key_arn)
    key = recording.named("weights-key")
    assert json.loads(key.inputs.pop("policy")) == account_key_policy(ACCOUNT)
    assert key.inputs == {
        "description": "Encrypts the checkpoints in acme-weights",
        "enableKeyRotation": True,
        "deletionWindowInDays": 30,
        "tags": TAGS,
    }
    assert recording.named("weights-key-alias").inputs == {
        "name": "alias/acme-weights",
        "targetKeyId": "0a1b2c3d-1111-2222-3333-444455556666",
    }


def test_the_bucket_is_never_emptied_by_pulumi():
    assert build(made()).named("weights-bucket").inputs == {
        "bucket": "acme-weights",
        "forceDestroy": False,
        "tags": TAGS,
    }


def test_bucket_key_and_what_keeps_the_objects_private_are_protected_and_nothing_else():
    recording = build(made())
    protected = {r.name for r in aws_resources(recording) if r.request.protect}
    assert protected == {
        "weights-bucket",
        "weights-key",
        "weights-encryption",
        "weights-public-access",
        "weights-ownership",
        "weights-policy",
    }


def test_protection_can_be_lifted():
    assert not [r.name for r in aws_resources(build(made(protect=False))) if r.request.protect]


def test_objects_are_encrypted_with_the_key_through_a_bucket_key():
    assert build(made(), state=key_arn).named("weights-encryption").inputs == {
        "bucket": "acme-weights",
        "rules": [
            {
                "applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": KEY},
                "bucketKeyEnabled": True,
            }
        ],
    }


def test_an_existing_key_is_used_and_none_created():
    recording = build(made(kms_key_arn=KEY))
    assert recording.children("weights") == ALWAYS
    [rule] = recording.named("weights-encryption").inputs["rules"]
    assert rule["applyServerSideEncryptionByDefault"]["kmsMasterKeyId"] == KEY
    assert recording.outputs["weights"]["kmsKeyArn"] == KEY


def test_s3s_own_keys_need_no_key():
    recording = build(made(sse="AES256"))
    assert recording.children("weights") == ALWAYS
    assert recording.named("weights-encryption").inputs["rules"] == [
        {"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}, "bucketKeyEnabled": False}
    ]
    assert recording.outputs["weights"].get("kmsKeyArn") is None


def test_public_access_is_blocked_four_times():
    assert build(made()).named("weights-public-access").inputs == {
        "bucket": "acme-weights",
        "blockPublicAcls": True,
        "blockPublicPolicy": True,
        "ignorePublicAcls": True,
        "restrictPublicBuckets": True,
    }


def test_acls_are_off_and_the_policy_refuses_plain_http():
    recording = build(made())
    assert recording.named("weights-ownership").inputs == {
        "bucket": "acme-weights",
        "rule": {"objectOwnership": "BucketOwnerEnforced"},
    }
    policy = recording.named("weights-policy").inputs
    assert policy["bucket"] == "acme-weights"
    assert json.loads(policy["policy"]) == tls_only_policy("arn:aws:s3:::acme-weights")


def test_access_settings_follow_one_another():
    recording = build(made())
    assert recording.named("weights-public-access").urn in recording.named("weights-ownership").depends_on
    assert recording.named("weights-ownership").urn in recording.named("weights-policy").depends_on


def test_failed_uploads_are_removed_and_nothing_else_expires():
    assert build(made(abort_multipart_days=3)).named("weights-lifecycle").inputs == {
        "bucket": "acme-weights",
        "rules": [
            {
                "id": "abort-failed-uploads",
                "status": "Enabled",
                "filter": {"prefix": ""},
                "abortIncompleteMultipartUpload": {"daysAfterInitiation": 3},
            }
        ],
    }


def test_versioning_keeps_noncurrent_versions_for_a_while():
    recording = build(made(versioning=True))
    assert recording.children("weights")[-1] == (
        "aws:s3/bucketVersioning:BucketVersioning",
        "weights-versioning",
    )
    versioning = recording.named("weights-versioning")
    assert versioning.inputs == {
        "bucket": "acme-weights",
        "versioningConfiguration": {"status": "Enabled"},
    }
    lifecycle = recording.named("weights-lifecycle")
    assert versioning.urn in lifecycle.depends_on
    assert lifecycle.inputs["rules"][1:] == [
        {
            "id": "expire-noncurrent-versions",
            "status": "Enabled",
            "filter": {"prefix": ""},
            "expiration": {"expiredObjectDeleteMarker": True},
            "noncurrentVersionExpiration": {"noncurrentDays": 30},
        }
    ]
    assert lifecycle.inputs["rules"][0]["abortIncompleteMultipartUpload"] == {"daysAfterInitiation": 7}


def test_numbers_from_other_languages_arrive_as_floats_and_are_whole_again():
    rules = build(made(versioning=True, noncurrent_days=90.0)).named("weights-lifecycle").inputs["rules"]
    assert rules[1]["noncurrentVersionExpiration"] == {"noncurrentDays": 90}


@pytest.mark.parametrize("preview", [False, True])
def test_name_and_arn_are_known_in_preview_too(preview):
    outputs = build(made(region="us-gov-west-1"), preview=preview, state=key_arn).outputs["weights"]
    assert outputs == {
        "bucketName": "acme-weights",
        "bucketArn": "arn:aws-us-gov:s3:::acme-weights",
        "kmsKeyArn": UNKNOWN if preview else KEY,
    }


def test_whoever_takes_the_arn_waits_for_the_bucket():
    class Consumer(pulumi.CustomResource):
        def __init__(self, arn: pulumi.Input[str]) -> None:
            super().__init__("test:index:Consumer", "consumer", {"arn": arn})

    recording = build(lambda opts: Consumer(made()(opts).bucket_arn), preview=True)
    assert recording.named("consumer").inputs["arn"] == "arn:aws:s3:::acme-weights"
    assert recording.named("weights-bucket").urn in recording.named("consumer").depends_on


def test_every_fault_is_reported_at_once():
    found = faults(
        made(
            bucket_name="Acme.Weights",
            region="",
            account_id="12",
            sse="AES256",
            kms_key_arn="alias/weights",
            noncurrent_days=0,
            abort_multipart_days=0,
        )
    )
    assert sorted(found) == [
        "abortMultipartDays",
        "accountId",
        "bucketName",
        "kmsKeyArn",
        "noncurrentDays",
        "region",
    ]
    assert found["kmsKeyArn"] == "is not used with sse AES256: remove it, or set sse to aws:kms"


def test_an_unknown_encryption_is_refused_with_the_choices():
    assert faults(made(sse="kms")) == {"sse": "is 'kms'; it must be one of aws:kms, AES256"}


def test_days_for_versions_without_versioning_are_refused():
    assert faults(made(noncurrent_days=30)) == {
        "noncurrentDays": "counts for versions, and versioning is off: remove it or set versioning"
    }
