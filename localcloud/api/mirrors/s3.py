"""S3 buckets and each of their settings."""

import json
from typing import Any, ClassVar, cast

from localcloud.api.libraries import module
from localcloud.api.mirrors.base import Mirror, Properties, mirror, tag_list, tags_of
from localcloud.api.shapes import operation_model, to_api
from localcloud.aws.store import Record
from localcloud.kube.fields import at


class S3Mirror(Mirror):
    """A bucket or a setting of one; the record's ``bucket`` names it."""

    service: ClassVar[str] = "s3"

    def answer(self, operation: str, record: Record) -> Any:
        """What a get operation says about the record's bucket; None when the bucket or the setting is gone."""
        try:
            return getattr(self.client, operation)(Bucket=bucket_of(record))
        except module("botocore.exceptions").ClientError:
            return None


def bucket_of(record: Record) -> str:
    """Name of the record's bucket."""
    return str(record.state.get("bucket") or record.id)


@mirror("aws:s3/bucket:Bucket")
class BucketMirror(S3Mirror):
    """A bucket. Its objects live in moto alone, as long as the server runs."""

    def make(self, record: Record) -> None:
        """The bucket in the account's region."""
        where: Properties = {}
        if self.simulator.region != "us-east-1":
            where = {"CreateBucketConfiguration": {"LocationConstraint": self.simulator.region}}
        self.client.create_bucket(
            Bucket=record.id, ObjectLockEnabledForBucket=bool(record.state.get("objectLockEnabled")), **where
        )

    def settle(self, record: Record) -> None:
        """Tags."""
        if tag_list(tags_of(record)):
            self.client.put_bucket_tagging(Bucket=record.id, Tagging={"TagSet": tag_list(tags_of(record))})
        else:
            self.client.delete_bucket_tagging(Bucket=record.id)

    def remove(self, record: Record) -> None:
        """The bucket with everything in it: that it may go was decided where the record was deleted."""
        bucket = self.backend.buckets.get(record.id)
        if bucket is None:
            return
        for key in bucket.keys.values():
            if hasattr(key, "dispose"):
                key.dispose()
        bucket.keys.clear()
        self.client.delete_bucket(Bucket=record.id)

    def look(self, record: Record) -> Properties | None:
        """Tags."""
        if record.id not in self.backend.buckets:
            return None
        found: Properties = self.answer("get_bucket_tagging", record) or {"TagSet": []}
        return {"tagsAll": {one["Key"]: one["Value"] for one in found["TagSet"]}}


class _SettingMirror(S3Mirror):
    """A setting with a put and a delete operation whose argument has a botocore shape."""

    put: ClassVar[str]
    argument: ClassVar[str]
    delete: ClassVar[str] = ""
    get: ClassVar[str]

    def make(self, record: Record) -> None:
        """Put the setting."""
        self.settle(record)

    def settle(self, record: Record) -> None:
        """Put the setting."""
        operation = self.client.meta.method_to_api_mapping[self.put]
        shape = operation_model("s3", operation).input_shape.members[self.argument]
        given = to_api(shape, self.value(record))
        getattr(self.client, self.put)(Bucket=bucket_of(record), **{self.argument: given})

    def value(self, record: Record) -> Properties:
        """The argument, before its names are made the API's."""
        return {key: value for key, value in record.state.items() if key not in ("bucket", "region")}

    def remove(self, record: Record) -> None:
        """Delete the setting, where its bucket is still there."""
        if self.delete and bucket_of(record) in self.backend.buckets:
            getattr(self.client, self.delete)(Bucket=bucket_of(record))

    def look(self, record: Record) -> Properties | None:
        """The setting as the provider writes it; gone with its bucket."""
        found = self.answer(self.get, record)
        return None if found is None else self.seen(found)

    def seen(self, answer: Properties) -> Properties | None:
        """The provider's properties of a get operation's answer."""
        raise NotImplementedError


@mirror("aws:s3/bucketVersioning:BucketVersioning")
class VersioningMirror(_SettingMirror):
    """Versioning; it cannot be deleted, only suspended."""

    put, argument, get = "put_bucket_versioning", "VersioningConfiguration", "get_bucket_versioning"

    def value(self, record: Record) -> Properties:
        """The status."""
        return {"status": at(record.state, "versioningConfiguration").get("status")}

    def settle(self, record: Record) -> None:
        """Put it, unless it is ``Disabled``, which is how a bucket begins."""
        if self.value(record)["status"] in ("Enabled", "Suspended"):
            super().settle(record)

    def seen(self, answer: Properties) -> Properties | None:
        """The status."""
        return {"versioningConfiguration": {"status": answer.get("Status") or "Disabled"}}


@mirror("aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration")
class EncryptionMirror(_SettingMirror):
    """Default encryption."""

    put, argument = "put_bucket_encryption", "ServerSideEncryptionConfiguration"
    get, delete = "get_bucket_encryption", "delete_bucket_encryption"

    def seen(self, answer: Properties) -> Properties | None:
        """The rules; moto answers a deleted setting with AWS's default, which is no setting of a program."""
        rules = answer["ServerSideEncryptionConfiguration"]["Rules"]
        return {
            "rules": [
                {
                    "applyServerSideEncryptionByDefault": {
                        "sseAlgorithm": one["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"],
                        **(
                            {"kmsMasterKeyId": key}
                            if (key := one["ApplyServerSideEncryptionByDefault"].get("KMSMasterKeyID"))
                            else {}
                        ),
                    },
                    "bucketKeyEnabled": bool(one.get("BucketKeyEnabled")),
                }
                for one in rules
            ]
        }


@mirror("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock")
class PublicAccessBlockMirror(_SettingMirror):
    """What a bucket keeps from the public."""

    put, argument = "put_public_access_block", "PublicAccessBlockConfiguration"
    get, delete = "get_public_access_block", "delete_public_access_block"

    def seen(self, answer: Properties) -> Properties | None:
        """The four switches."""
        found: Properties = answer["PublicAccessBlockConfiguration"]
        return {key[:1].lower() + key[1:]: bool(value) for key, value in found.items()}


@mirror("aws:s3/bucketOwnershipControls:BucketOwnershipControls")
class OwnershipMirror(_SettingMirror):
    """Who owns uploaded objects."""

    put, argument = "put_bucket_ownership_controls", "OwnershipControls"
    get, delete = "get_bucket_ownership_controls", "delete_bucket_ownership_controls"

    def value(self, record: Record) -> Properties:
        """The API has a list of one rule."""
        return {"rules": [record.state["rule"]]}

    def seen(self, answer: Properties) -> Properties | None:
        """The rule."""
        rules = answer["OwnershipControls"]["Rules"]
        return {"rule": {"objectOwnership": rules[0]["ObjectOwnership"]}} if rules else None


@mirror("aws:s3/bucketPolicy:BucketPolicy")
class BucketPolicyMirror(_SettingMirror):
    """A bucket's policy."""

    get, delete = "get_bucket_policy", "delete_bucket_policy"

    def settle(self, record: Record) -> None:
        """Put the policy."""
        self.client.put_bucket_policy(Bucket=bucket_of(record), Policy=record.state["policy"])

    def seen(self, answer: Properties) -> Properties | None:
        """The document."""
        return {"policy": json.dumps(json.loads(answer["Policy"]))}


@mirror("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration")
class LifecycleMirror(_SettingMirror):
    """Lifecycle rules."""

    put, argument = "put_bucket_lifecycle_configuration", "LifecycleConfiguration"
    get, delete = "get_bucket_lifecycle_configuration", "delete_bucket_lifecycle"

    def value(self, record: Record) -> Properties:
        """The rules. An empty prefix is a filter of its own, which botocore would not send."""
        rules = [dict(one) for one in record.state["rules"]]
        for one in rules:
            one.setdefault("filter", {"prefix": ""})
        return {"rules": rules}

    def settle(self, record: Record) -> None:
        """Put the rules, an empty prefix included."""
        shape = operation_model("s3", "PutBucketLifecycleConfiguration").input_shape
        given = to_api(shape.members["LifecycleConfiguration"], self.value(record))
        for rule in given["Rules"]:
            if not rule.get("Filter"):
                rule["Filter"] = {"Prefix": ""}
        self.client.put_bucket_lifecycle_configuration(Bucket=bucket_of(record), LifecycleConfiguration=given)

    def seen(self, answer: Properties) -> Properties | None:
        """The rules, each as it can be compared and written anew."""
        return {"rules": [_provider_names(rule) for rule in answer["Rules"]]} if answer.get("Rules") else None


def _provider_names(value: Any) -> Any:
    """An answer of the API in the provider's spelling."""
    if isinstance(value, dict):
        found = cast("dict[str, Any]", value)
        return {
            ("id" if key == "ID" else key[:1].lower() + key[1:]): _provider_names(one)
            for key, one in found.items()
        }
    if isinstance(value, list):
        return [_provider_names(one) for one in cast("list[Any]", value)]
    return value
