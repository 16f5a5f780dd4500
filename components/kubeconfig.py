"""A kubeconfig that asks the AWS CLI for a token at each use, so that no credential is in it."""

import json
from typing import Any, Optional


def exec_kubeconfig(
    *,
    cluster_name: str,
    region: str,
    endpoint: str,
    certificate_authority: str,
    role_arn: Optional[str] = None,
    profile: Optional[str] = None,
) -> str:
    """The kubeconfig as JSON.

    ``certificate_authority`` is the base64 text that EKS returns. ``role_arn`` is assumed for the token,
    ``profile`` names the AWS CLI profile; both default to the caller's own credentials.
    """
    arguments = ["--region", region, "eks", "get-token", "--cluster-name", cluster_name, "--output", "json"]
    if role_arn:
        arguments += ["--role-arn", role_arn]
    command: dict[str, Any] = {
        "apiVersion": "client.authentication.k8s.io/v1beta1",
        "command": "aws",
        "args": arguments,
        "interactiveMode": "Never",
    }
    if profile:
        command["env"] = [{"name": "AWS_PROFILE", "value": profile}]
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {
                "name": cluster_name,
                "cluster": {"server": endpoint, "certificate-authority-data": certificate_authority},
            }
        ],
        "users": [{"name": cluster_name, "user": {"exec": command}}],
        "contexts": [{"name": cluster_name, "context": {"cluster": cluster_name, "user": cluster_name}}],
        "current-context": cluster_name,
    }
    return json.dumps(document)


def update_kubeconfig_command(
    *, cluster_name: str, region: str, role_arn: Optional[str] = None, profile: Optional[str] = None
) -> str:
    """The command that lets a person's ``kubectl`` reach the cluster."""
    words = ["aws", "eks", "update-kubeconfig", "--name", cluster_name, "--region", region]
    if role_arn:
        words += ["--role-arn", role_arn]
    if profile:
        words += ["--profile", profile]
    return " ".join(words)
