"""S3 buckets and their settings."""

import re
from typing import ClassVar

from localcloud.aws import names
from localcloud.aws.account import Account
from localcloud.aws.documents import check_document, principals
from localcloud.aws.errors import AwsError
from localcloud.aws.rules.base import Call, Reference, Rule, rule, text, values_at
from localcloud.aws.rules.key_use import why_not_usable
from localcloud.aws.rules.principals import unknown_principals
from localcloud.aws.store import USER, Record
from localcloud.kube.fields import at, each
from localcloud.providers.protocol import UNKNOWN, CheckFailure, Properties

BUCKET = "aws:s3/bucket:Bucket"
ENCRYPTION = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
OWNERSHIP = "aws:s3/bucketOwnershipControls:BucketOwnershipControls"
PUBLIC_ACCESS_BLOCK = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
OBJECTS = ("aws:s3/bucketObject:BucketObject", "aws:s3/bucketObjectv2:BucketObjectv2")

_NAME = re.compile(r"^(?!xn--|sthree-)(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](?<!-s3alias)$")
_BUCKET_REFERENCE = Reference("bucket", (BUCKET,), "NoSuchBucket", "The specified bucket does not exist")
_BUCKET_KEY = "rules.applyServerSideEncryptionByDefault.kmsMasterKeyId"
# Named after objects or uploads, but about the bucket that holds them.
_ABOUT_BUCKETS = ("s3:ListBucketMultipartUploads", "s3:GetBucketObjectLockConfiguration")
_ZONES = {"us-east-1": "Z3AQBSTGFYJSTF", "us-east-2": "Z2O1EMRO9K5GLX", "us-west-2": "Z3BJ6K6RIION7M"}


@rule(BUCKET)
class BucketRule(Rule):
    """A bucket; objects keep it unless it is told to give them up."""

    id_property = "bucket"
    defaults: ClassVar[Properties] = {"forceDestroy": False}

    def faults(self, inputs: Properties, account: Account) -> list[CheckFailure]:
        """The length of names: all that the provider looks at before it calls S3."""
        del account
        name = text(inputs.get("bucket"))
        if name != UNKNOWN and len(name) > 63:
            return [
                CheckFailure("bucket", f"expected length of bucket to be in the range (0 - 63), got {name}")
            ]
        return []

    def identity(self, call: Call, inputs: Properties) -> str:
        """The name."""
        return text(inputs.get("bucket")) or names.prefixed_name(text(inputs.get("bucketPrefix")))

    def admit(self, call: Call, inputs: Properties, record: Record | None) -> None:
        """The naming rules; names are unique in the world; a number of buckets."""
        if record is not None:
            return
        name = text(inputs.get("bucket"))
        if name and not _NAME.fullmatch(name):
            raise AwsError("InvalidBucketName", "The specified bucket is not valid.")
        if call.store.get(BUCKET, name):
            raise AwsError(
                "BucketAlreadyOwnedByYou",
                "Your previous request to create the named bucket succeeded and you already own it.",
            )
        if name in call.account.taken_bucket_names:
            raise AwsError(
                "BucketAlreadyExists",
                "The requested bucket name is not available. The bucket namespace is shared by all users of the "
                "system. Please select a different name and try again.",
            )
        if len(call.store.all(BUCKET)) >= call.account.quotas.buckets:
            raise AwsError("TooManyBuckets", "You have attempted to create more buckets than allowed")

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

    def deleted(self, call: Call, record: Record) -> None:
        """A bucket that may be emptied goes with what users put into it."""
        with call.store.transaction():
            for one in call.store.all(*OBJECTS):
                if one.origin == USER and one.state.get("bucket") == record.id:
                    call.store.delete(one.type, one.id)


@rule(
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
    "aws:s3/bucketLogging:BucketLogging",
    OWNERSHIP,
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


@rule(ENCRYPTION)
class EncryptionRule(BucketSettingRule):
    """How a bucket encrypts. S3 does not look at the key: what it refuses are objects, later (`ObjectRule`)."""

    def admit(self, call: Call, inputs: Properties, record: Record | None) -> None:
        """A KMS key goes with KMS only."""
        for one in each(inputs, "rules"):
            default = at(one, "applyServerSideEncryptionByDefault")
            if default.get("kmsMasterKeyId") and default.get("sseAlgorithm") == "AES256":
                raise AwsError(
                    "InvalidArgument",
                    "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse",
                )


@rule("aws:s3/bucketAcl:BucketAcl")
class AclRule(BucketSettingRule):
    """A bucket's access control list: off, unless the bucket's owner switches it on."""

    def admit(self, call: Call, inputs: Properties, record: Record | None) -> None:
        """ACLs are switched on by ownership controls, and public ones are not blocked."""
        bucket = text(inputs.get("bucket"))
        controls = call.store.get(OWNERSHIP, bucket)
        ownership = at(controls.state if controls else {}, "rule").get(
            "objectOwnership", "BucketOwnerEnforced"
        )
        if ownership == "BucketOwnerEnforced":
            raise AwsError("AccessControlListNotSupported", "The bucket does not allow ACLs")
        if text(inputs.get("acl")).startswith("public-") and _blocks(call, bucket, "blockPublicAcls"):
            raise AwsError(
                "AccessDenied",
                f"User: {call.account.caller_arn} is not authorized to perform: s3:PutBucketAcl on resource: "
                f'"arn:{call.account.partition}:s3:::{bucket}" because public ACLs are blocked by the BlockPublicAcls '
                "block public access setting.",
            )


def _blocks(call: Call, bucket: str, setting: str) -> bool:
    """Whether a bucket keeps the public out in this way; new buckets do in every way (since April 2023)."""
    block = call.store.get(PUBLIC_ACCESS_BLOCK, bucket)
    return block is None or bool(block.state.get(setting))


@rule("aws:s3/bucketPolicy:BucketPolicy")
class BucketPolicyRule(BucketSettingRule):
    """A bucket's policy: valid, and not public where that is blocked."""

    def admit(self, call: Call, inputs: Properties, record: Record | None) -> None:
        """Valid, about this bucket, for principals that exist, and not public where that is blocked."""
        statements = check_document(inputs.get("policy"), "resource", "MalformedPolicy")
        bucket = text(inputs.get("bucket"))
        arn = f"arn:{call.account.partition}:s3:::{bucket}"
        for statement in statements:
            for one in [*values_at(statement, "Resource"), *values_at(statement, "NotResource")]:
                if one != arn and not one.startswith(f"{arn}/"):
                    raise AwsError("MalformedPolicy", "Policy has invalid resource")
            if not _applies(statement, arn):
                raise AwsError("MalformedPolicy", "Action does not apply to any resource(s) in statement")
        if unknown_principals(call, statements):
            raise AwsError("MalformedPolicy", "Invalid principal in policy")
        allowed = [one for one in statements if one["Effect"] == "Allow" and not one.get("Condition")]
        if _blocks(call, bucket, "blockPublicPolicy") and "*" in principals(allowed, "AWS"):
            raise AwsError(
                "AccessDenied",
                f"User: {call.account.caller_arn} is not authorized to perform: s3:PutBucketPolicy on resource: "
                f'"{arn}" because public policies are blocked by the BlockPublicPolicy block public access setting.',
            )


def _applies(statement: Properties, arn: str) -> bool:
    """Whether each action has a resource that it can work on: the bucket, or objects in it."""
    resources = values_at(statement, "Resource")
    if not resources:
        return True
    of_bucket, of_objects = arn in resources, any(one != arn for one in resources)
    return all(
        of_objects
        if re.search(r"Object|MultipartUpload(s)?$", action) and action not in _ABOUT_BUCKETS
        else of_bucket
        for action in values_at(statement, "Action")
        if "*" not in action
    )


@rule(*OBJECTS)
class ObjectRule(Rule):
    """An object of a bucket."""

    references = (_BUCKET_REFERENCE,)

    def admit(self, call: Call, inputs: Properties, record: Record | None) -> None:
        """Whoever puts it may use the key that it is encrypted with: its own, or the bucket's."""
        setting = call.store.get(ENCRYPTION, text(inputs.get("bucket")))
        defaults = values_at(setting.state if setting else {}, _BUCKET_KEY)
        key = text(inputs.get("kmsKeyId")) or next(iter(defaults), "")
        match why_not_usable(call, key) if key else None:
            case "missing":
                raise AwsError("KMS.NotFoundException", f"Key '{key}' does not exist")
            case "disabled":
                raise AwsError("KMS.DisabledException", f"{key} is disabled.")
            case "pending-deletion":
                raise AwsError("KMS.KMSInvalidStateException", f"{key} is pending deletion.")
            case "denied":
                raise AwsError(
                    "AccessDenied",
                    f"User: {call.account.caller_arn} is not authorized to perform: kms:GenerateDataKey on resource: "
                    f"{key} because no resource-based policy allows the kms:GenerateDataKey action",
                )
            case None:
                pass

    def identity(self, call: Call, inputs: Properties) -> str:
        """Bucket and key."""
        return f"{inputs['bucket']}/{inputs.get('key', '')}"
