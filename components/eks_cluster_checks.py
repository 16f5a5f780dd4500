"""What an EKS cluster's arguments can be: the rules that need no AWS call, and their defaults."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from components.arguments import ArgumentErrors
from components.log_retention import RETENTION_DAYS
from components.versions import KUBERNETES_SUPPORTED

LOG_TYPES: tuple[str, ...] = ("api", "audit", "authenticator", "controllerManager", "scheduler")
"""Control-plane logs that EKS can write."""

_CIDR = r"(\d{1,3}\.){3}\d{1,3}/([0-9]|[12][0-9]|3[0-2])"
_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"


def cluster_log_types(args: Mapping[str, Any]) -> list[str]:
    """The control-plane logs to write, the default filled in."""
    return list(args.get("log_types", ["api", "audit", "authenticator"]))


def log_retention_days(args: Mapping[str, Any]) -> int:
    """Days to keep them, the default filled in."""
    return int(args.get("log_retention_days", 90))


def check_eks_cluster(args: Mapping[str, Any]) -> None:
    """Raise ``pulumi.InputPropertiesError`` with every fault of EksCluster's arguments."""
    errors = ArgumentErrors("EksCluster")
    errors.require(args, "cluster_name", "region", "account_id", "vpc_id", "private_subnet_ids")
    errors.matches(
        "clusterName",
        args.get("cluster_name") or None,
        r"[0-9A-Za-z][0-9A-Za-z_-]{0,99}",
        "1 to 100 of A-Z a-z 0-9 - _, beginning with a letter or digit",
    )
    errors.matches(
        "region", args.get("region") or None, r"[a-z]{2,4}(-[a-z]+)+-\d", "a region like us-east-2"
    )
    errors.matches("accountId", args.get("account_id") or None, r"\d{12}", "12 digits")
    errors.one_of("kubernetesVersion", args.get("kubernetes_version"), KUBERNETES_SUPPORTED)
    _check_endpoints(args, errors)
    for index, log_type in enumerate(cluster_log_types(args)):
        errors.one_of(f"logTypes[{index}]", log_type, LOG_TYPES)
    if log_retention_days(args) not in RETENTION_DAYS:
        allowed = ", ".join(str(days) for days in RETENTION_DAYS)
        errors.add("logRetentionDays", f"is {log_retention_days(args)}; CloudWatch Logs accepts {allowed}")
    errors.matches(
        "kubectlRoleArn", args.get("kubectl_role_arn"), r"arn:[\w-]+:iam::\d{12}:role/.+", "an IAM role's ARN"
    )
    errors.matches(
        "kmsKeyArn", args.get("kms_key_arn"), r"arn:[\w-]+:kms:[\w-]+:\d{12}:key/.+", "a KMS key's ARN"
    )
    _check_access_entries(args, errors)
    errors.raise_if_any()


def _check_endpoints(args: Mapping[str, Any], errors: ArgumentErrors) -> None:
    public = args.get("endpoint_public_access", True)
    cidrs = cast("Sequence[str]", args.get("public_access_cidrs") or [])
    if not public and not args.get("endpoint_private_access", True):
        errors.add("endpointPrivateAccess", "is false and so is endpointPublicAccess; one must be true")
    if not public and cidrs:
        errors.add("publicAccessCidrs", "has no effect without endpointPublicAccess; leave one of them out")
    for index, cidr in enumerate(cidrs):
        errors.matches(f"publicAccessCidrs[{index}]", cidr, _CIDR, "an IPv4 network like 203.0.113.0/24")


def _check_access_entries(args: Mapping[str, Any], errors: ArgumentErrors) -> None:
    entries = cast("Sequence[Mapping[str, Any]]", args.get("access_entries") or [])
    names: set[str] = set()
    principals: set[str] = set()
    for index, entry in enumerate(entries):
        path, name, principal = (
            f"accessEntries[{index}]",
            entry.get("name", ""),
            entry.get("principal_arn", ""),
        )
        errors.matches(f"{path}.name", name, _LABEL, "a DNS label")
        if name in names:
            errors.add(f"{path}.name", f"is {name!r} a second time; names must be unique")
        names.add(name)
        errors.matches(
            f"{path}.principalArn",
            principal,
            r"arn:[\w-]+:iam::\d{12}:(role|user)/.+",
            "the ARN of an IAM role or user (not of an assumed-role session)",
        )
        if isinstance(principal, str):
            if principal in principals:
                errors.add(f"{path}.principalArn", "has an entry already; EKS takes one entry per principal")
            principals.add(principal)
        errors.matches(
            f"{path}.policy",
            entry.get("policy", ""),
            r"AmazonEKS[A-Za-z]+Policy",
            "an EKS access policy's short name like AmazonEKSClusterAdminPolicy",
        )
