"""Who may read what: the one role of the model servers' service account."""

import json

import pulumi

from components.checkpoint_policies import checkpoint_reader_policy
from components.irsa_role import IrsaRole
from components.pod_identity_role import PodIdentityRole
from components.service_account_role import ServiceAccountRoleArgs
from config.settings import Settings
from plane.foundation import Foundation

_READER = "checkpoint-reader"


def reader_role_arn(settings: Settings) -> str:
    """ARN of the role that `build_access` makes, as a plain string: Helm values stay known at preview."""
    return f"arn:{settings.partition}:iam::{settings.account_id}:role/{settings.role_name(_READER)}"


def build_access(settings: Settings, foundation: Foundation) -> IrsaRole | PodIdentityRole:
    """Register the role that reads checkpoints: Poolside's four statements, the KMS one only with a key."""
    partition, bucket = settings.partition, settings.bucket_name

    def policy(key_arn: str | None) -> str:
        return json.dumps(checkpoint_reader_policy(bucket, key_arn, partition))

    args: ServiceAccountRoleArgs = {
        "role_name": settings.role_name(_READER),
        "account_id": settings.account_id,
        "region": settings.region,
        "namespace": settings.chart.namespace,
        "service_account": settings.chart.service_account_name,
        "policy_json": pulumi.Output.from_input(foundation.bucket.kms_key_arn).apply(policy),
    }
    cluster = foundation.cluster
    if settings.access.mode == "pod-identity":
        return PodIdentityRole(
            _READER, {**args, "cluster_name": cluster.cluster_name}, _once(foundation, "IrsaRole")
        )
    return IrsaRole(
        _READER,
        {**args, "oidc_provider_arn": cluster.oidc_provider_arn, "oidc_issuer": cluster.oidc_issuer},
        _once(foundation, "PodIdentityRole"),
    )


def _once(foundation: Foundation, other: str) -> pulumi.ResourceOptions:
    """Options of the role's component, which was of the class ``other`` before the mode changed.

    Role and policy then stay what they are and only the trust changes; a second role of the name is refused.
    """
    aliases = pulumi.ResourceOptions(aliases=[pulumi.Alias(type_=f"inference-plane:index:{other}")])
    return pulumi.ResourceOptions.merge(foundation.in_aws(), aliases)
