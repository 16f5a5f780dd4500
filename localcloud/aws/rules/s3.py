"""S3 buckets and their settings."""

import re
from typing import ClassVar

from localcloud.aws import names
from localcloud.aws.account import Account
from localcloud.aws.documents import check_document, principals
from localcloud.aws.errors import AwsError
from localcloud.aws.rules.base import Call, Reference, Rule, rule, text, values_at
from localcloud.aws.store import Record
from localcloud.providers.protocol import UNKNOWN, CheckFailure, Properties

BUCKET = "aws:s3/bucket:Bucket"
PUBLIC_ACCESS_BLOCK = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
OBJECTS = ("aws:s3/bucketObject:BucketObject", "aws:s3/bucketObjectv2:BucketObjectv2")

_NAME = re.compile(r"^(?!xn--|sthree-)(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](?<!-s3alias)$")
_BUCKET_REFERENCE = Reference("bucket", (BUCKET,), "NoSuchBucket", "The specified bucket does not exist")
_ZONES = {"us-east-1": "Z3AQBSTGFYJSTF", "us-east-2": "Z2O1EMRO9K5GLX", "us-west-2": "Z3BJ6K6RIION7M"}


@rule(BUCKET)
class BucketRule(Rule):
    """A bucket; objects keep it unless it is told to give them up."""

    id_property = "bucket"
    defaults: ClassVar[Properties] = {"forceDestroy": False}

    def faults(self, inputs: Properties, account: Account) -> list[CheckFailure]:
        """The bucket naming rules."""
        del account
        name = text(inputs.get("bucket"))
        if name and name != UNKNOWN and not _NAME.fullmatch(name):
            return [
                CheckFailure(
                    "bucket",
                    f"invalid bucket name {name!r}: 3 to 63 lower-case letters, digits, dots and hyphens",
                )
            ]
        return []

    def identity(self, call: Call, inputs: Properties) -> str:
        """The name."""
        return text(inputs.get("bucket")) or names.prefixed_name(text(inputs.get("bucketPrefix")))

    def admit(self, call: Call, inputs: Properties, record: Record | None) -> None:
        """Bucket names are unique."""
        if record is None and call.store.get(BUCKET, text(inputs.get("bucket"))):
            raise AwsError(
                "BucketAlreadyOwnedByYou",
                "Your previous request to create the named bucket succeeded and you already own it.",
            )

    def computed(self, call: Call, id_: str, inputs: Properties) -> Properties:
        """Host names."""
        return {
            "bucket": id_,
            "bucketDomainName": f"{id_}.s3.amazonaws.com",
            "bucketRegion": call.region,
            "bucketRegionalDomainName": f"{id_}.s3.{call.region}.amazonaws.com",
            "hostedZoneId": _ZONES.get(call.region, "Z2O1EMRO9K5GLX"),
            "requestPayer": "BucketOwner",
        }

    def release(self, call: Call, record: Record) -> None:
        """Objects must go first."""
        if record.state.get("forceDestroy"):
            return
        if any(one.state.get("bucket") == record.id for one in call.store.all(*OBJECTS)):
            raise AwsError("BucketNotEmpty", "The bucket you tried to delete is not empty")


@rule(
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
    "aws:s3/bucketLogging:BucketLogging",
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    "aws:s3/bucketVersioning:BucketVersioning",
)
class BucketSettingRule(Rule):
    """A setting of a bucket: its id is the bucket's name."""

    id_property = "bucket"
    references = (_BUCKET_REFERENCE,)


@rule(PUBLIC_ACCESS_BLOCK)
class PublicAccessBlockRule(BucketSettingRule):
    """What a bucket keeps from the public."""

    defaults: ClassVar[Properties] = {
        "blockPublicAcls": False,
        "blockPublicPolicy": False,
        "ignorePublicAcls": False,
        "restrictPublicBuckets": False,
    }


@rule("aws:s3/bucketPolicy:BucketPolicy")
class BucketPolicyRule(BucketSettingRule):
    """A bucket's policy: valid, and not public where that is blocked."""

    def admit(self, call: Call, inputs: Properties, record: Record | None) -> None:
        """Valid, about this bucket, and not public where that is blocked."""
        statements = check_document(inputs.get("policy"), "resource", "MalformedPolicy")
        bucket = text(inputs.get("bucket"))
        arn = f"arn:{call.account.partition}:s3:::{bucket}"
        for statement in statements:
            for one in [*values_at(statement, "Resource"), *values_at(statement, "NotResource")]:
                if one != arn and not one.startswith(f"{arn}/"):
                    raise AwsError("MalformedPolicy", "Policy has invalid resource")
        block = call.store.get(PUBLIC_ACCESS_BLOCK, bucket)
        allowed = [one for one in statements if one["Effect"] == "Allow" and not one.get("Condition")]
        if block and block.state.get("blockPublicPolicy") and "*" in principals(allowed, "AWS"):
            raise AwsError(
                "AccessDenied",
                f"User: {call.account.caller_arn} is not authorized to perform: s3:PutBucketPolicy on resource: "
                f'"{arn}" because public policies are blocked by the BlockPublicPolicy block public access setting.',
            )


@rule(*OBJECTS)
class ObjectRule(Rule):
    """An object of a bucket."""

    references = (_BUCKET_REFERENCE,)

    def identity(self, call: Call, inputs: Properties) -> str:
        """Bucket and key."""
        return f"{inputs['bucket']}/{inputs.get('key', '')}"
