"""The kubeconfig that the plugin builds: tokens come from the AWS CLI."""

from collections.abc import Mapping
from typing import Any


def kubeconfig(
    name: str, endpoint: str, authority: str, region: str, options: Mapping[str, Any], *, profile: bool
) -> dict[str, Any]:
    """A kubeconfig whose user runs ``aws eks get-token``; ``profile`` says whether the AWS profile goes in."""
    arguments = ["--region", region, "eks", "get-token", "--cluster-name", name, "--output", "json"]
    if options.get("roleArn"):
        arguments += ["--role", options["roleArn"]]
    if profile and options.get("profileName"):
        arguments += ["--profile", options["profileName"]]
    version = "client.authentication.k8s.io/v1beta1"
    execute = {
        "apiVersion": version,
        "command": "aws",
        "args": arguments,
        "env": [{"name": "KUBERNETES_EXEC_INFO", "value": f'{{"apiVersion": "{version}"}}'}],
    }
    return {
        "apiVersion": "v1",
        "clusters": [
            {
                "cluster": {"server": endpoint, "certificate-authority-data": authority},
                "name": "kubernetes",
            }
        ],
        "contexts": [{"context": {"cluster": "kubernetes", "user": "aws"}, "name": "aws"}],
        "current-context": "aws",
        "kind": "Config",
        "users": [{"name": "aws", "user": {"exec": execute}}],
    }
