"""Changes of entry, access, bucket, images and versions."""

from tests.engine.upgrades.rows.phrases import NO_STOP
from tests.engine.upgrades.rows.row import Row, drop, put

ENTRY = (
    Row(
        name="alb-internal",
        area="Entry and access",
        what="Load balancer: internet-facing to internal",
        note=(
            "AWS cannot change the scheme of a load balancer: the controller makes a new one, with a new address. "
            "**Models cannot be reached** until it is active (about 3 minutes) and DNS names it."
        ),
        settings=(put("ingress.scheme", "internal"),),
    ),
    Row(
        name="alb-idle-timeout",
        area="Entry and access",
        what="Idle timeout of the load balancer",
        note="The servers' keep-alive follows, so every model's pod is replaced, one model beside the other.",
        settings=(put("ingress.idleTimeoutSeconds", 900),),
    ),
    Row(
        name="alb-group",
        area="Entry and access",
        what="Another load balancer group (`ingress.groupName`)",
        note="The controller makes a new load balancer with a new address, and deletes the old one.",
        settings=(put("ingress.groupName", "models"),),
    ),
    Row(
        name="certificate-created",
        area="Entry and access",
        what="Certificate: an existing one to a new one of the stack, with DNS",
        note=(
            "The new certificate is issued before the listener changes to it: nothing stands still. ExternalDNS "
            "takes over the host names' records."
        ),
        settings=(
            drop("ingress.certificate.arn"),
            put("ingress.certificate.hostedZoneId", "Z0123456789ABCDEFGHIJ"),
        ),
        loses_on_the_way_back=frozenset({"certificate-certificate"}),
    ),
    Row(
        name="pod-identity",
        area="Entry and access",
        what="Permissions of model pods: IRSA to Pod Identity (`access.mode`)",
        note=(
            "The role stays, only its trust changes. Pods read the bucket when they start: those that serve are not "
            "touched, those that start during the change may have to try again. Then restart the models' pods "
            "(`kubectl rollout restart deployment -n poolside-models`), so that they hold the new credentials."
        ),
        settings=(put("access.mode", "pod-identity"),),
        quick=True,
    ),
    Row(
        name="bucket-versioning",
        area="Bucket and images",
        what="Switch bucket versioning on",
        note="Nothing stands still. S3 never forgets it: switched off again, versioning is suspended.",
        settings=(put("checkpoints.versioning", True),),
        quick=True,
    ),
    Row(
        name="bucket-name",
        area="Bucket and images",
        what="Change the bucket's name",
        note="It would replace the bucket and lose the checkpoints; its protection refuses that.",
        settings=(put("checkpoints.bucketName", "other-checkpoints-111122223333"),),
        refused="marked for protection",
    ),
    Row(
        name="bucket-encryption",
        area="Bucket and images",
        what="Encryption: KMS key to S3's own keys",
        note=(
            "It would delete the key that the checkpoints are encrypted with; its protection refuses that. Copy "
            "the objects to a second bucket first."
        ),
        settings=(put("checkpoints.encryption", "sse-s3"),),
        refused="is protected",
    ),
    Row(
        name="repository-added",
        area="Bucket and images",
        what="Add an image repository",
        note=NO_STOP,
        settings=(put("images.repositories", ["atlas", "public-docs", "router"]),),
    ),
    Row(
        name="repository-removed",
        area="Bucket and images",
        what="Remove an image repository",
        note="ECR refuses to delete one that holds images: delete those first.",
        settings=(put("images.repositories", ["atlas"]),),
    ),
)
