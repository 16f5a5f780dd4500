"""What the provider knows of Kubernetes kinds without a cluster: tokens, scopes and immutable fields."""

from collections.abc import Mapping
from typing import Any

RELEASE = "kubernetes:helm.sh/v3:Release"
"""Type token of a Helm release."""

BUILTIN_GROUPS = frozenset(
    {
        "",
        "admissionregistration.k8s.io",
        "apiextensions.k8s.io",
        "apiregistration.k8s.io",
        "apps",
        "authentication.k8s.io",
        "authorization.k8s.io",
        "autoscaling",
        "batch",
        "certificates.k8s.io",
        "coordination.k8s.io",
        "discovery.k8s.io",
        "events.k8s.io",
        "extensions",
        "flowcontrol.apiserver.k8s.io",
        "internal.apiserver.k8s.io",
        "networking.k8s.io",
        "node.k8s.io",
        "policy",
        "rbac.authorization.k8s.io",
        "resource.k8s.io",
        "scheduling.k8s.io",
        "storage.k8s.io",
        "storagemigration.k8s.io",
    }
)
"""API groups of Kubernetes itself; any other group comes with CustomResourceDefinitions or an API service."""

CLUSTER_SCOPED = frozenset(
    {
        "APIService",
        "CSIDriver",
        "CSINode",
        "CertificateSigningRequest",
        "ClusterRole",
        "ClusterRoleBinding",
        "ClusterTrustBundle",
        "CustomResourceDefinition",
        "DeviceClass",
        "FlowSchema",
        "IPAddress",
        "IngressClass",
        "MutatingAdmissionPolicy",
        "MutatingAdmissionPolicyBinding",
        "MutatingWebhookConfiguration",
        "Namespace",
        "Node",
        "PersistentVolume",
        "PriorityClass",
        "PriorityLevelConfiguration",
        "ResourceSlice",
        "RuntimeClass",
        "ServiceCIDR",
        "StorageClass",
        "StorageVersionMigration",
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding",
        "ValidatingWebhookConfiguration",
        "VolumeAttachment",
        "VolumeAttributesClass",
    }
)
"""Built-in kinds that have no namespace."""

_SELECTOR = ("spec.selector",)
_BINDING = ("roleRef",)

# Fields whose change makes the published provider (4.34) replace the object, beside its name and namespace.
_FORCE_NEW: dict[tuple[str, str], tuple[str, ...]] = {
    ("apps/v1", "DaemonSet"): _SELECTOR,
    ("apps/v1", "Deployment"): _SELECTOR,
    ("apps/v1", "StatefulSet"): (
        "spec.podManagementPolicy",
        "spec.revisionHistoryLimit",
        "spec.selector",
        "spec.serviceName",
        "spec.volumeClaimTemplates",
    ),
    ("batch/v1", "Job"): ("spec.completions", "spec.parallelism", "spec.selector", "spec.template"),
    ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding"): _BINDING,
    ("rbac.authorization.k8s.io/v1", "RoleBinding"): _BINDING,
    ("storage.k8s.io/v1", "StorageClass"): ("parameters", "provisioner"),
    ("v1", "PersistentVolumeClaim"): (
        "spec.accessModes",
        "spec.selector",
        "spec.storageClassName",
        "spec.volumeName",
    ),
    ("v1", "Pod"): ("spec",),
    ("v1", "ResourceQuota"): ("spec.scopes",),
    ("v1", "Service"): ("spec.clusterIP",),
}


def api_version_and_kind(type_token: str) -> tuple[str, str]:
    """The ``apiVersion`` and ``kind`` of a type token; raises ValueError for what is not an object's type.

    ``kubernetes:core/v1:Secret`` is ``v1``, ``Secret``; a custom resource's token is
    ``kubernetes:<group>/<version>:<kind>``.
    """
    package, _, rest = type_token.partition(":")
    group_version, _, kind = rest.rpartition(":")
    if package != "kubernetes" or "/" not in group_version or not kind:
        raise ValueError(f"{type_token} is not the type of a Kubernetes object")
    if group_version.startswith("core/"):
        group_version = group_version.removeprefix("core/")
    return group_version, kind


def is_builtin(api_version: str) -> bool:
    """Whether an API version belongs to Kubernetes itself."""
    return api_version.rpartition("/")[0] in BUILTIN_GROUPS


def is_patch(api_version: str, kind: str) -> bool:
    """Whether the kind is one of the SDK's ``…Patch`` resources, which share an object with somebody else."""
    return is_builtin(api_version) and kind.endswith("Patch") and len(kind) > len("Patch")


def force_new(inputs: Mapping[str, Any], *, mutable_secrets: bool, mutable_config_maps: bool) -> list[str]:
    """Paths whose change replaces this object, list positions written ``[*]``."""
    api_version, kind = str(inputs.get("apiVersion")), str(inputs.get("kind"))
    paths = ["metadata.name", "metadata.namespace", *_FORCE_NEW.get((api_version, kind), ())]
    immutable = inputs.get("immutable") is True
    if (api_version, kind) == ("v1", "Secret") and (immutable or not mutable_secrets):
        paths += ["type", "stringData", "data"]
    elif (api_version, kind) == ("v1", "Secret"):
        paths += ["type"]
    if (api_version, kind) == ("v1", "ConfigMap") and (immutable or not mutable_config_maps):
        paths += ["binaryData", "data"]
    return paths
