"""Buckets, keys, repositories and log groups through the AWS API, and what a user changes there."""

import json
from typing import Any

import pytest

from localcloud.providers.protocol import ProviderError
from tests.unit.localcloud.api.served import Served, tags

BUCKET = "aws:s3/bucket:Bucket"
VERSIONING = "aws:s3/bucketVersioning:BucketVersioning"
ENCRYPTION = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
PUBLIC = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
OWNERSHIP = "aws:s3/bucketOwnershipControls:BucketOwnershipControls"
LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
POLICY = "aws:s3/bucketPolicy:BucketPolicy"
KEY = "aws:kms/key:Key"
ALIAS = "aws:kms/alias:Alias"
REPOSITORY = "aws:ecr/repository:Repository"
IMAGE_LIFECYCLE = "aws:ecr/lifecyclePolicy:LifecyclePolicy"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"

NAME = "weights-for-tests"
TLS_ONLY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "TlsOnly",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": [f"arn:aws:s3:::{NAME}", f"arn:aws:s3:::{NAME}/*"],
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            }
        ],
    }
)


def bucket(served: Served, **inputs: Any) -> Any:
    served.make(BUCKET, bucket=NAME, **inputs)
    return served.aws("s3")


def test_a_bucket_has_every_setting_of_the_program(served: Served) -> None:
    s3 = bucket(served, tags={"Name": "weights"})
    key, key_state = served.make(KEY, description="k")
    by_default = {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": key_state["arn"]}
    rule = {"applyServerSideEncryptionByDefault": by_default, "bucketKeyEnabled": True}
    served.make(ENCRYPTION, bucket=NAME, rules=[rule])
    switches = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
    served.make(PUBLIC, bucket=NAME, **dict.fromkeys(switches, True))
    served.make(OWNERSHIP, bucket=NAME, rule={"objectOwnership": "BucketOwnerEnforced"})
    served.make(VERSIONING, bucket=NAME, versioningConfiguration={"status": "Enabled"})
    abort = {"daysAfterInitiation": 7}
    clean = {
        "id": "clean",
        "status": "Enabled",
        "filter": {"prefix": ""},
        "abortIncompleteMultipartUpload": abort,
    }
    served.make(LIFECYCLE, bucket=NAME, rules=[clean])
    served.make(POLICY, bucket=NAME, policy=TLS_ONLY)
    assert tags(s3.get_bucket_tagging(Bucket=NAME)["TagSet"]) == {"Name": "weights"}
    assert s3.get_bucket_location(Bucket=NAME)["LocationConstraint"] == "us-east-2"
    found = s3.get_bucket_encryption(Bucket=NAME)["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert found["ApplyServerSideEncryptionByDefault"]["KMSMasterKeyID"].endswith(key)
    assert found["BucketKeyEnabled"] is True
    assert set(s3.get_public_access_block(Bucket=NAME)["PublicAccessBlockConfiguration"].values()) == {True}
    controls = s3.get_bucket_ownership_controls(Bucket=NAME)["OwnershipControls"]
    assert controls["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    assert s3.get_bucket_versioning(Bucket=NAME)["Status"] == "Enabled"
    lifecycle = s3.get_bucket_lifecycle_configuration(Bucket=NAME)["Rules"]
    assert lifecycle[0]["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 7}
    assert json.loads(s3.get_bucket_policy(Bucket=NAME)["Policy"]) == json.loads(TLS_ONLY)
    assert served.problems == {}
    for type_ in (POLICY, LIFECYCLE, OWNERSHIP, PUBLIC, ENCRYPTION):
        served.delete(type_, NAME)
    with served.refused("NoSuchBucketPolicy"):
        s3.get_bucket_policy(Bucket=NAME)
    with served.refused("NoSuchLifecycleConfiguration"):
        s3.get_bucket_lifecycle_configuration(Bucket=NAME)
    assert served.problems == {}


def test_objects_keep_their_bucket_until_they_are_gone(served: Served) -> None:
    s3 = bucket(served)
    s3.put_object(Bucket=NAME, Key="laguna/model.safetensors", Body=b"weights")
    assert s3.get_object(Bucket=NAME, Key="laguna/model.safetensors")["Body"].read() == b"weights"
    with pytest.raises(ProviderError, match="BucketNotEmpty"):
        served.delete(BUCKET, NAME)
    assert [one["Key"] for one in s3.list_objects_v2(Bucket=NAME)["Contents"]] == ["laguna/model.safetensors"]
    s3.delete_object(Bucket=NAME, Key="laguna/model.safetensors")
    served.delete(BUCKET, NAME)
    assert s3.list_buckets()["Buckets"] == []


def test_a_bucket_that_may_be_emptied_goes_with_its_objects(served: Served) -> None:
    s3 = bucket(served, forceDestroy=True)
    s3.put_object(Bucket=NAME, Key="a", Body=b"1")
    served.delete(BUCKET, NAME)
    assert s3.list_buckets()["Buckets"] == []
    served.make(BUCKET, bucket=NAME)
    assert "Contents" not in s3.list_objects_v2(Bucket=NAME)
    served.delete(BUCKET, NAME)


def test_a_setting_that_a_user_removes_is_gone_for_a_refresh(served: Served) -> None:
    s3 = bucket(served)
    rule = {"applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms"}}
    served.make(ENCRYPTION, bucket=NAME, rules=[rule])
    served.make(POLICY, bucket=NAME, policy=TLS_ONLY)
    s3.delete_bucket_policy(Bucket=NAME)
    assert served.read(POLICY, NAME) is None
    s3.put_bucket_encryption(
        Bucket=NAME,
        ServerSideEncryptionConfiguration={
            "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
        },
    )
    found = served.read(ENCRYPTION, NAME)
    assert found is not None
    algorithm = found[0]["rules"][0]["applyServerSideEncryptionByDefault"]["sseAlgorithm"]
    assert algorithm == "AES256"
    assert served.diff(ENCRYPTION, NAME, bucket=NAME, rules=[rule]).changes


def test_what_a_user_does_not_touch_stays_as_it_was(served: Served) -> None:
    s3 = bucket(served, tags={"Name": "weights"})
    served.make(POLICY, bucket=NAME, policy=TLS_ONLY)
    before = {type_: served.read(type_, NAME) for type_ in (BUCKET, POLICY)}
    s3.put_bucket_versioning(Bucket=NAME, VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket=NAME, Key="a", Body=b"1")  # the policy denies calls without TLS only
    assert {type_: served.read(type_, NAME) for type_ in (BUCKET, POLICY)} == before


def test_tags_by_hand_are_drift_that_an_update_mends(served: Served) -> None:
    s3 = bucket(served, tags={"Name": "weights"})
    s3.put_bucket_tagging(Bucket=NAME, Tagging={"TagSet": [{"Key": "by", "Value": "hand"}]})
    found = served.read(BUCKET, NAME)
    assert found is not None
    assert found[0]["tags"] == found[1]["tagsAll"] == {"by": "hand"}
    served.change(BUCKET, NAME, bucket=NAME, tags={"Name": "weights"})
    assert tags(s3.get_bucket_tagging(Bucket=NAME)["TagSet"]) == {"Name": "weights"}


def test_a_key_has_its_id_policy_rotation_and_alias(served: Served) -> None:
    id_, state = served.make(KEY, description="secrets", enableKeyRotation=True, tags={"Name": "k"})
    served.make(ALIAS, name="alias/secrets", targetKeyId=id_)
    kms = served.aws("kms")
    found = kms.describe_key(KeyId="alias/secrets")["KeyMetadata"]
    assert (found["KeyId"], found["Arn"], found["Description"]) == (id_, state["arn"], "secrets")
    assert kms.get_key_rotation_status(KeyId=id_)["KeyRotationEnabled"] is True
    assert json.loads(kms.get_key_policy(KeyId=id_, PolicyName="default")["Policy"]) == json.loads(
        state["policy"]
    )
    assert {one["TagKey"]: one["TagValue"] for one in kms.list_resource_tags(KeyId=id_)["Tags"]} == {
        "Name": "k"
    }
    secret = kms.encrypt(KeyId=id_, Plaintext=b"hello")["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=secret)["Plaintext"] == b"hello"
    kms.disable_key_rotation(KeyId=id_)
    found_state = served.read(KEY, id_)
    assert found_state is not None
    assert found_state[1]["enableKeyRotation"] is False
    assert served.diff(KEY, id_, description="secrets", enableKeyRotation=True, tags={"Name": "k"}).changes
    served.delete(ALIAS, "alias/secrets")
    served.delete(KEY, id_)
    assert kms.describe_key(KeyId=id_)["KeyMetadata"]["KeyState"] == "PendingDeletion"
    aliases = [one["AliasName"] for one in kms.list_aliases()["Aliases"]]
    assert [one for one in aliases if not one.startswith("alias/aws/")] == []
    assert served.problems == {}


def test_a_repository_has_its_settings_and_loses_those_that_a_user_removes(served: Served) -> None:
    scans = {"scanOnPush": True}
    inputs: dict[str, Any] = {
        "name": "vllm",
        "imageTagMutability": "IMMUTABLE",
        "imageScanningConfiguration": scans,
        "tags": {"Name": "vllm"},
    }
    id_, state = served.make(REPOSITORY, **inputs)
    text = json.dumps(
        {
            "rules": [
                {
                    "rulePriority": 1,
                    "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 3},
                    "action": {"type": "expire"},
                }
            ]
        }
    )
    served.make(IMAGE_LIFECYCLE, repository=id_, policy=text)
    ecr = served.aws("ecr")
    found = ecr.describe_repositories()["repositories"][0]
    assert (found["repositoryArn"], found["repositoryUri"]) == (state["arn"], state["repositoryUrl"])
    assert (found["imageTagMutability"], found["imageScanningConfiguration"]) == ("IMMUTABLE", scans)
    assert json.loads(ecr.get_lifecycle_policy(repositoryName=id_)["lifecyclePolicyText"]) == json.loads(text)
    ecr.put_image_tag_mutability(repositoryName=id_, imageTagMutability="MUTABLE")
    ecr.delete_lifecycle_policy(repositoryName=id_)
    assert served.read(IMAGE_LIFECYCLE, id_) is None
    read = served.read(REPOSITORY, id_)
    assert read is not None
    assert read[1]["imageTagMutability"] == "MUTABLE"
    assert served.diff(REPOSITORY, id_, **inputs).changes
    served.change(REPOSITORY, id_, **inputs)
    assert ecr.describe_repositories()["repositories"][0]["imageTagMutability"] == "IMMUTABLE"
    served.delete(REPOSITORY, id_)
    assert ecr.describe_repositories()["repositories"] == []


def test_a_log_group_keeps_its_retention(served: Served) -> None:
    id_, state = served.make(LOG_GROUP, name="/aws/eks/x/cluster", retentionInDays=90, tags={"Name": "logs"})
    logs = served.aws("logs")
    found = logs.describe_log_groups()["logGroups"][0]
    assert (found["logGroupName"], found["retentionInDays"]) == (id_, 90)
    assert found["logGroupArn"] == state["arn"]
    logs.put_retention_policy(logGroupName=id_, retentionInDays=7)
    read = served.read(LOG_GROUP, id_)
    assert read is not None
    assert read[0]["retentionInDays"] == 7
    served.change(LOG_GROUP, id_, name=id_, retentionInDays=30)
    assert logs.describe_log_groups()["logGroups"][0]["retentionInDays"] == 30
    served.delete(LOG_GROUP, id_)
    assert logs.describe_log_groups()["logGroups"] == []
