"""KMS keys, buckets and objects."""

from tests.engine.programs.refusals.cases.account import (
    DENYING_KEY,
    DISABLED_KEY,
    ELSEWHERE_KEY,
    KEY,
    PENDING_KEY,
)
from tests.engine.programs.refusals.cases.case import Ref, Resource, Topic, create, delete
from tests.engine.programs.refusals.cases.documents import ADMIN, NOBODY, ROOT, policy

KMS_KEY = "aws:kms/key:Key"
ALIAS = "aws:kms/alias:Alias"
KEY_POLICY = "aws:kms/keyPolicy:KeyPolicy"
BUCKET = "aws:s3/bucket:Bucket"
OBJECT = "aws:s3/bucketObjectv2:BucketObjectv2"
ACL = "aws:s3/bucketAcl:BucketAcl"
BUCKET_POLICY = "aws:s3/bucketPolicy:BucketPolicy"
ENCRYPTION = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
OWNERSHIP = "aws:s3/bucketOwnershipControls:BucketOwnershipControls"
PUBLIC_ACCESS = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
VERSIONING = "aws:s3/bucketVersioning:BucketVersioning"


_IN_CHARGE = policy({"Action": "kms:*", "Principal": {"AWS": ROOT}})
_LOCKED = policy({"Action": "kms:Decrypt", "Principal": {"AWS": ROOT}})
_NO_FUTURE = "The new key policy will not allow you to update the key policy in the future."


def _of(bucket: str, **statement: object) -> str:
    everything = {"Principal": {"AWS": ADMIN}, "Resource": f"arn:aws:s3:::{bucket}/*"}
    return policy({**everything, **statement})


def _encrypted(key: str) -> list[dict[str, object]]:
    default = {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": key}
    return [{"applyServerSideEncryptionByDefault": default, "bucketKeyEnabled": True}]


def _bucket(name: str) -> Resource:
    return Resource(name, BUCKET, {"bucket": name})


_BUCKETS = (
    "refusals-taken", "refusals-encrypted", "refusals-disabled", "refusals-pending", "refusals-denying",
    "refusals-elsewhere", "refusals-private", "refusals-open", "refusals-acls",
)  # fmt: skip
_GROUND = (
    Resource("key", KMS_KEY, {"policy": _IN_CHARGE}),
    Resource("alias", ALIAS, {"name": "alias/taken", "targetKeyId": Ref("key")}),
    *(_bucket(name) for name in _BUCKETS),
    *(
        Resource(
            f"{name}-encryption", ENCRYPTION, {"bucket": f"refusals-{name}", "rules": _encrypted(key)},
            needs=(f"refusals-{name}",),
        )
        for name, key in (
            ("encrypted", KEY), ("disabled", DISABLED_KEY), ("pending", PENDING_KEY), ("denying", DENYING_KEY),
            ("elsewhere", ELSEWHERE_KEY),
        )
    ),
    Resource(
        "private-access", PUBLIC_ACCESS,
        {"bucket": "refusals-private", "blockPublicAcls": True, "blockPublicPolicy": True}, ("refusals-private",),
    ),
    *(
        Resource(
            f"{name}-access", PUBLIC_ACCESS,
            {"bucket": f"refusals-{name}", "blockPublicAcls": False, "blockPublicPolicy": False}, (f"refusals-{name}",),
        )
        for name in ("open", "acls")
    ),
    *(
        Resource(
            f"{name}-ownership", OWNERSHIP,
            {"bucket": f"refusals-{name}", "rule": {"objectOwnership": "BucketOwnerPreferred"}}, (f"refusals-{name}",),
        )
        for name in ("private", "acls")
    ),


)  # fmt: skip

_KEYS = (
    create(
        "key-lock-out", "A key policy that lets nobody change it", KMS_KEY, {}, {"policy": _LOCKED},
        {"policy": _IN_CHARGE}, "MalformedPolicyDocumentException", _NO_FUTURE,
    ),
    create(
        "key-principal", "A key policy for a role that is not there", KMS_KEY, {},
        {"policy": policy({"Action": "kms:*", "Principal": {"AWS": [ROOT, NOBODY]}})},
        {"policy": policy({"Action": "kms:*", "Principal": {"AWS": [ROOT, ADMIN]}})},
        "MalformedPolicyDocumentException", "Policy contains a statement with one or more invalid principals.",
    ),
    create(
        "key-quota", "One KMS key more than the quota", KMS_KEY, {}, {}, None, "LimitExceededException",
        "You have exceeded the maximum number of KMS keys.", setting="quotas.kmsKeys",
    ),
    create(
        "key-policy-key", "A key policy of a key that is not there", KEY_POLICY, {"policy": _IN_CHARGE},
        {"keyId": "00000000-0000-0000-0000-000000000000"}, {"keyId": Ref("key")}, "NotFoundException", "does not exist",
    ),
    create(
        "key-policy-lock-out", "A key policy resource that lets nobody change it", KEY_POLICY, {"keyId": KEY},
        {"policy": _LOCKED}, {"policy": _IN_CHARGE}, "MalformedPolicyDocumentException", _NO_FUTURE,
    ),
    create(
        "alias-key", "An alias of a key that is not there", ALIAS, {},
        {"targetKeyId": "00000000-0000-0000-0000-000000000000"}, {"targetKeyId": Ref("key")},
        "NotFoundException", "Key '00000000-0000-0000-0000-000000000000' does not exist",
    ),
    create(
        "alias-pending", "An alias of a key that is pending deletion", ALIAS, {}, {"targetKeyId": PENDING_KEY},
        {"targetKeyId": KEY}, "KMSInvalidStateException", f"{PENDING_KEY} is pending deletion.", setting="keys.state",
    ),
    create(
        "alias-taken", "An alias that is taken", ALIAS, {"targetKeyId": KEY}, {"name": "alias/taken"},
        {"name": "alias/free"}, "AlreadyExistsException", "alias/taken already exists",
    ),
)  # fmt: skip

_S3 = (
    create(
        "bucket-name", "A bucket name with capitals or underscores", BUCKET, {}, {"bucket": "My_Bucket"},
        {"bucket": "refusals-my-bucket"}, "InvalidBucketName", "The specified bucket is not valid.",
    ),
    create(
        "bucket-own", "A bucket name that the account has already", BUCKET, {}, {"bucket": "refusals-taken"},
        {"bucket": "refusals-not-taken"}, "BucketAlreadyOwnedByYou", "you already own it.",
    ),
    create(
        "bucket-taken", "A bucket name that another account has", BUCKET, {}, {"bucket": "models"},
        {"bucket": "refusals-models"}, "BucketAlreadyExists", "The requested bucket name is not available.",
        setting="takenBucketNames",
    ),
    create(
        "bucket-quota", "One bucket more than the quota", BUCKET, {"tags": {"for": "quota"}}, {}, None,
        "TooManyBuckets", "You have attempted to create more buckets than allowed", setting="quotas.buckets",
    ),
    create(
        "bucket-missing", "A setting of a bucket that is not there", VERSIONING,
        {"versioningConfiguration": {"status": "Enabled"}}, {"bucket": "refusals-none"}, {"bucket": "refusals-open"},
        "NoSuchBucket", "The specified bucket does not exist",
    ),
    create(
        "bucket-encryption-key", "A KMS key for a bucket that encrypts without KMS", ENCRYPTION,
        {"bucket": "refusals-open"},
        {"rules": [{"applyServerSideEncryptionByDefault": {"kmsMasterKeyId": KEY, "sseAlgorithm": "AES256"}}]},
        {"rules": [{"applyServerSideEncryptionByDefault": {"kmsMasterKeyId": KEY, "sseAlgorithm": "aws:kms"}}]},
        "InvalidArgument", "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms",
    ),
    create(
        "bucket-acl", "An ACL on a bucket whose owner owns every object", ACL, {"acl": "private"},
        {"bucket": "refusals-open"}, {"bucket": "refusals-acls"},
        "AccessControlListNotSupported", "The bucket does not allow ACLs",
    ),
    create(
        "bucket-acl-public", "A public ACL where public ACLs are blocked", ACL, {"bucket": "refusals-private"},
        {"acl": "public-read"}, {"acl": "log-delivery-write"}, "AccessDenied",
        "BlockPublicAcls block public access setting",
    ),
    create(
        "bucket-policy-json", "A bucket policy that is no JSON", BUCKET_POLICY, {"bucket": "refusals-taken"},
        {"policy": "{"}, {"policy": _of("refusals-taken")}, "MalformedPolicy", "This policy contains invalid Json",
    ),
    create(
        "bucket-policy-resource", "A bucket policy about another bucket", BUCKET_POLICY,
        {"bucket": "refusals-encrypted"}, {"policy": _of("refusals-taken")}, {"policy": _of("refusals-encrypted")},
        "MalformedPolicy", "Policy has invalid resource",
    ),
    create(
        "bucket-policy-action", "An action on a bucket that is given for its objects", BUCKET_POLICY,
        {"bucket": "refusals-disabled"}, {"policy": _of("refusals-disabled", Action="s3:ListBucket")},
        {"policy": _of("refusals-disabled", Action="s3:GetObject")},
        "MalformedPolicy", "Action does not apply to any resource(s) in statement",
    ),
    create(
        "bucket-policy-principal", "A bucket policy for a role that is not there", BUCKET_POLICY,
        {"bucket": "refusals-pending"}, {"policy": _of("refusals-pending", Principal={"AWS": NOBODY})},
        {"policy": _of("refusals-pending", Principal={"AWS": ADMIN})}, "MalformedPolicy", "Invalid principal in policy",
    ),
    create(
        "bucket-policy-public", "A public policy where public policies are blocked", BUCKET_POLICY,
        {"bucket": "refusals-private"}, {"policy": _of("refusals-private", Principal="*")},
        {"policy": _of("refusals-private", Principal={"AWS": ADMIN})},
        "AccessDenied", "BlockPublicPolicy block public access setting",
    ),
    create(
        "bucket-policy-public-new", "A public policy on a new bucket, which blocks them by itself", BUCKET_POLICY,
        {"bucket": "refusals-elsewhere"}, {"policy": _of("refusals-elsewhere", Principal="*")},
        {"policy": _of("refusals-elsewhere", Principal={"AWS": ADMIN})},
        "AccessDenied", "BlockPublicPolicy block public access setting",
    ),
    create(
        "object-bucket-missing", "An object in a bucket that is not there", OBJECT, {"key": "a", "content": "x"},
        {"bucket": "refusals-none"}, {"bucket": "refusals-open"}, "NoSuchBucket", "The specified bucket does not exist",
    ),
    *(
        create(
            f"object-key-{state}", f"An object in a bucket whose KMS key is {text}", OBJECT,
            {"key": state, "content": "x"}, {"bucket": f"refusals-{state}"}, {"bucket": "refusals-encrypted"}, code,
            says, setting=setting,
        )
        for state, text, code, says, setting in (
            ("disabled", "disabled", "KMS.DisabledException", f"{DISABLED_KEY} is disabled.", "keys.state"),
            ("pending", "pending deletion", "KMS.KMSInvalidStateException", f"{PENDING_KEY} is pending", "keys.state"),
            ("denying", "not for the caller", "AccessDenied",
             "is not authorized to perform: kms:GenerateDataKey on resource", "keys.policy"),
            ("elsewhere", "of another region", "KMS.NotFoundException", f"Key '{ELSEWHERE_KEY}' does not exist", ""),
        )
    ),
)  # fmt: skip

_HELD = (
    _bucket("refusals-full"),
    Resource("held-object", OBJECT, {"bucket": Ref("refusals-full"), "key": "a", "content": "x"}),
)
_DELETES = (
    delete("bucket-full-delete", "Deleting a bucket with objects", BUCKET, "refusals-full", "BucketNotEmpty",
           "The bucket you tried to delete is not empty"),
)  # fmt: skip

STORAGE = Topic("Keys and buckets", (*_KEYS, *_S3, *_DELETES), _GROUND, _HELD)
