"""IAM policy documents as plain values: trust of a Kubernetes service account, and the text IAM counts."""

import json
from collections.abc import Mapping
from typing import Any

MANAGED_POLICY_CHARACTERS = 6144
"""Characters that one managed policy may have; IAM does not count white space (IAM and STS quotas)."""


def service_account_trust_policy(
    oidc_provider_arn: str, oidc_issuer: str, namespace: str, service_account: str
) -> dict[str, Any]:
    """Trust policy that lets one Kubernetes service account, and no other, assume a role.

    ``oidc_issuer`` is the host and path of the cluster's OIDC issuer; a leading ``https://`` is dropped,
    because IAM's condition keys are written without it.
    """
    issuer = oidc_issuer.removeprefix("https://").rstrip("/")
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Federated": oidc_provider_arn},
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": {
                    "StringEquals": {
                        f"{issuer}:aud": "sts.amazonaws.com",
                        f"{issuer}:sub": f"system:serviceaccount:{namespace}:{service_account}",
                    }
                },
            }
        ],
    }


def pod_identity_trust_policy(
    cluster_arn: str, account_id: str, namespace: str, service_account: str
) -> dict[str, Any]:
    """Trust policy by which EKS Pod Identity assumes a role for one service account of one cluster.

    The service names its cluster as the source of the call, and pod, namespace and service account as session
    tags (EKS user guide, "Create IAM role with trust policy required by EKS Pod Identity" and "Cross-service
    confused deputy prevention"). Without the conditions, whoever may make associations in any cluster of the
    account could give the role to any pod.
    """
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "pods.eks.amazonaws.com"},
                "Action": ["sts:AssumeRole", "sts:TagSession"],
                "Condition": {
                    "StringEquals": {
                        "aws:SourceAccount": account_id,
                        "aws:RequestTag/kubernetes-namespace": namespace,
                        "aws:RequestTag/kubernetes-service-account": service_account,
                    },
                    "ArnEquals": {"aws:SourceArn": cluster_arn},
                },
            }
        ],
    }


def service_trust_policy(service: str) -> dict[str, Any]:
    """Trust policy that lets one AWS service, for example ``ec2.amazonaws.com``, assume a role."""
    return {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}],
    }


def compact_policy(document: str | Mapping[str, Any]) -> str:
    """The policy as JSON without white space between its tokens.

    Raises ``ValueError`` if a text is not a JSON object, or if the document is longer than one managed
    policy may be.
    """
    value: Any = document
    if isinstance(document, str):
        try:
            value = json.loads(document)
        except ValueError as fault:
            raise ValueError(f"is not JSON: {fault}") from fault
    if not isinstance(value, Mapping):
        raise ValueError(f"is {type(value).__name__}; expected a policy document, a JSON object")
    text = json.dumps(value, separators=(",", ":"))
    size = sum(not character.isspace() for character in text)
    if size > MANAGED_POLICY_CHARACTERS:
        raise ValueError(
            f"has {size} characters without white space; a managed policy takes {MANAGED_POLICY_CHARACTERS}: "
            "split it over two policies"
        )
    return text
