"""Who may read what: the one role of the model servers' service account."""

import json

import pulumi

from components.checkpoint_policies import checkpoint_reader_policy
from components.irsa_role import IrsaRole
from config.settings import Settings
from plane.foundation import Foundation

_READER = "checkpoint-reader"


def reader_role_arn(settings: Settings) -> str:
    """ARN of the role that `build_access` makes, as a plain string: Helm values stay known at preview."""
    return f"arn:{settings.partition}:iam::{settings.account_id}:role/{settings.role_name(_READER)}"


def build_access(settings: Settings, foundation: Foundation) -> IrsaRole:
    """Register the role that reads checkpoints: Poolside's four statements, the KMS one only with a key."""
    partition, bucket = settings.partition, settings.bucket_name

    def policy(key_arn: str | None) -> str:
        return json.dumps(checkpoint_reader_policy(bucket, key_arn, partition))

    return IrsaRole(
        _READER,
        {
            "role_name": settings.role_name(_READER),
            "account_id": settings.account_id,
            "region": settings.region,
            "oidc_provider_arn": foundation.cluster.oidc_provider_arn,
            "oidc_issuer": foundation.cluster.oidc_issuer,
            "namespace": settings.chart.namespace,
            "service_account": settings.chart.service_account_name,
            "policy_json": pulumi.Output.from_input(foundation.bucket.kms_key_arn).apply(policy),
        },
        foundation.in_aws(),
    )
