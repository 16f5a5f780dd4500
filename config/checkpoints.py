"""Settings of the bucket that holds the models' checkpoints."""

from collections.abc import Iterator
from typing import Literal, Optional

from config.area import Area, Fault, rule
from config.formats import BucketName, KeyPrefix, KmsKeyArn


class Checkpoints(Area):
    """A private S3 bucket that only the model servers' role reads."""

    bucket_name: Optional[BucketName] = None
    """Name of the bucket. Default: `<cluster.name>-checkpoints-<account>-<region>`."""
    prefix: KeyPrefix = "checkpoints"
    """Prefix above the models' own: a model's checkpoint lies at `<prefix>/<key>` unless it says otherwise."""
    versioning: bool = False
    """Whether S3 keeps old versions. Checkpoints are content-addressed: nobody needs them."""
    encryption: Literal["kms", "sse-s3"] = "kms"
    """Encryption at rest: a customer-managed KMS key, or S3's own keys."""
    kms_key_arn: Optional[KmsKeyArn] = None
    """Existing key for `encryption: kms`. Default: a new one with an alias."""
    protect: bool = True
    """Whether Pulumi refuses to delete the bucket, its key and its privacy settings: an upload takes hours."""

    @rule("encryption", "kms_key_arn")
    def _key_is_used(self) -> Iterator[Fault]:
        if self.encryption == "sse-s3" and self.kms_key_arn is not None:
            yield Fault("kmsKeyArn", "has no effect with encryption: sse-s3; leave one of them out")
