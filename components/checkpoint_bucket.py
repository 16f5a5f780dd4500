"""The encrypted, protected S3 bucket that model servers read checkpoints from."""

import json
from typing import NotRequired, Optional, TypedDict

import pulumi
import pulumi_aws as aws

from components.arguments import ArgumentErrors
from components.bucket_policies import account_key_policy, tls_only_policy
from components.checkpoint_uris import is_bucket_name
from components.partitions import partition_of

_DefaultEncryption = (
    aws.s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgsDict
)


class CheckpointBucketArgs(TypedDict):
    """Inputs of CheckpointBucket."""

    bucket_name: str
    """Name of the bucket, 3 to 63 of ``a-z 0-9 -``, unique in all of AWS. Changing it replaces the bucket."""
    region: str
    """Region of the bucket, for example ``us-east-2``."""
    account_id: str
    """The account that owns the key, 12 digits."""
    versioning: NotRequired[bool]
    """Whether overwritten and deleted objects are kept. Default false: checkpoints are replaced whole."""
    noncurrent_days: NotRequired[int]
    """Days that overwritten and deleted versions are kept, with ``versioning`` only. Default 30."""
    sse: NotRequired[str]
    """Encryption at rest: ``aws:kms`` (default, a customer-managed key) or ``AES256`` (S3's own keys)."""
    kms_key_arn: NotRequired[pulumi.Input[str]]
    """ARN of an existing key to encrypt with. Default: the component creates one."""
    protect: NotRequired[bool]
    """Whether Pulumi refuses to delete the bucket, its key, and what keeps its objects private. Default true."""
    abort_multipart_days: NotRequired[int]
    """Days after which the parts of an upload that never finished are removed. Default 7."""
    tags: NotRequired[dict[str, str]]
    """Tags of the bucket and the key. Default: none."""


class CheckpointBucket(pulumi.ComponentResource):
    """A private bucket for checkpoints: KMS encryption with a bucket key, TLS only, no public access."""

    bucket_name: pulumi.Output[str]
    """Name of the bucket; known at preview."""
    bucket_arn: pulumi.Output[str]
    """ARN of the bucket; known at preview."""
    kms_key_arn: pulumi.Output[Optional[str]]
    """ARN of the key that encrypts the objects; none with ``AES256``."""

    def __init__(
        self, name: str, args: CheckpointBucketArgs, opts: Optional[pulumi.ResourceOptions] = None
    ) -> None:
        super().__init__("inference-plane:index:CheckpointBucket", name, {}, opts)
        _check(args)
        partition = partition_of(args["region"])
        bucket_name = args["bucket_name"]
        bucket_arn = f"arn:{partition}:s3:::{bucket_name}"
        protect = args.get("protect")
        kept = pulumi.ResourceOptions(parent=self, protect=True if protect is None else protect)
        child = pulumi.ResourceOptions(parent=self)
        tags = {**(args.get("tags") or {}), "Name": bucket_name}

        key_arn = args.get("kms_key_arn")
        encrypts_with_kms = (args.get("sse") or "aws:kms") == "aws:kms"
        if encrypts_with_kms and key_arn is None:
            key = aws.kms.Key(
                f"{name}-key",
                description=f"Encrypts the checkpoints in {bucket_name}",
                enable_key_rotation=True,
                deletion_window_in_days=30,
                policy=json.dumps(account_key_policy(args["account_id"], partition)),
                tags=tags,
                opts=kept,
            )
            aws.kms.Alias(
                f"{name}-key-alias", name=f"alias/{bucket_name}", target_key_id=key.key_id, opts=child
            )
            key_arn = key.arn
        bucket = aws.s3.Bucket(
            f"{name}-bucket", bucket=bucket_name, force_destroy=False, tags=tags, opts=kept
        )
        default: _DefaultEncryption = {"sse_algorithm": "aws:kms" if encrypts_with_kms else "AES256"}
        if key_arn is not None:
            default["kms_master_key_id"] = key_arn
        aws.s3.BucketServerSideEncryptionConfiguration(
            f"{name}-encryption",
            bucket=bucket.bucket,
            rules=[
                {
                    "apply_server_side_encryption_by_default": default,
                    # One data key per bucket instead of one per object: KMS is asked, and paid, far less.
                    "bucket_key_enabled": encrypts_with_kms,
                }
            ],
            opts=kept,
        )
        public_access = aws.s3.BucketPublicAccessBlock(
            f"{name}-public-access",
            bucket=bucket.bucket,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=kept,
        )
        # S3 refuses two changes of a bucket's access at one time, so these three come one after the other.
        ownership = aws.s3.BucketOwnershipControls(
            f"{name}-ownership",
            bucket=bucket.bucket,
            rule={"object_ownership": "BucketOwnerEnforced"},
            opts=pulumi.ResourceOptions.merge(kept, pulumi.ResourceOptions(depends_on=[public_access])),
        )
        aws.s3.BucketPolicy(
            f"{name}-policy",
            bucket=bucket.bucket,
            policy=json.dumps(tls_only_policy(bucket_arn)),
            opts=pulumi.ResourceOptions.merge(kept, pulumi.ResourceOptions(depends_on=[ownership])),
        )
        versioning: list[pulumi.Resource] = []
        if args.get("versioning"):
            versioned = aws.s3.BucketVersioning(
                f"{name}-versioning",
                bucket=bucket.bucket,
                versioning_configuration={"status": "Enabled"},
                opts=child,
            )
            versioning.append(versioned)
        aws.s3.BucketLifecycleConfiguration(
            f"{name}-lifecycle",
            bucket=bucket.bucket,
            rules=_lifecycle_rules(args),
            opts=pulumi.ResourceOptions(parent=self, depends_on=versioning),
        )

        self.bucket_name = bucket.bucket
        # Known at preview, unlike the provider's own ARN, and still after the bucket.
        self.bucket_arn = bucket.urn.apply(lambda _: bucket_arn)
        self.kms_key_arn = pulumi.Output.from_input(key_arn)
        self.register_outputs(
            {
                "bucketName": self.bucket_name,
                "bucketArn": self.bucket_arn,
                "kmsKeyArn": self.kms_key_arn,
            }
        )


def _lifecycle_rules(
    args: CheckpointBucketArgs,
) -> list[aws.s3.BucketLifecycleConfigurationRuleArgsDict]:
    rules: list[aws.s3.BucketLifecycleConfigurationRuleArgsDict] = [
        {
            "id": "abort-failed-uploads",
            "status": "Enabled",
            "filter": {"prefix": ""},
            "abort_incomplete_multipart_upload": {
                "days_after_initiation": int(args.get("abort_multipart_days") or 7)
            },
        }
    ]
    if args.get("versioning"):
        rules.append(
            {
                "id": "expire-noncurrent-versions",
                "status": "Enabled",
                "filter": {"prefix": ""},
                "expiration": {"expired_object_delete_marker": True},
                "noncurrent_version_expiration": {"noncurrent_days": int(args.get("noncurrent_days") or 30)},
            }
        )
    return rules


def _check(args: CheckpointBucketArgs) -> None:
    errors = ArgumentErrors("CheckpointBucket")
    errors.require(args, "bucket_name", "region", "account_id")
    bucket_name = args.get("bucket_name")
    if bucket_name and not is_bucket_name(bucket_name):
        errors.add(
            "bucketName",
            f"is {bucket_name!r}; expected 3 to 63 of a-z 0-9 -, with a letter or digit at both ends and "
            "without a beginning or ending that S3 reserves",
        )
    errors.matches("accountId", args.get("account_id") or None, r"\d{12}", "12 digits")
    errors.one_of("sse", args.get("sse"), ("aws:kms", "AES256"))
    if args.get("kms_key_arn") is not None:
        errors.matches("kmsKeyArn", args.get("kms_key_arn"), r"arn:[\w-]+:kms:.+:key/.+", "the ARN of a key")
        if args.get("sse") == "AES256":
            errors.add("kmsKeyArn", "is not used with sse AES256: remove it, or set sse to aws:kms")
    noncurrent_days = args.get("noncurrent_days")
    if noncurrent_days is not None and not args.get("versioning"):
        errors.add(
            "noncurrentDays", "counts for versions, and versioning is off: remove it or set versioning"
        )
    for path, days in (
        ("noncurrentDays", noncurrent_days),
        ("abortMultipartDays", args.get("abort_multipart_days")),
    ):
        if days is not None and int(days) < 1:
            errors.add(path, f"is {int(days)}; it must be 1 or more days")
    errors.raise_if_any()
