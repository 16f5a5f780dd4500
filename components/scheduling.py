"""The one home of the taint and the node labels that accelerators, controllers and models agree on."""

from typing import TypedDict


class Taint(TypedDict):
    """A Kubernetes node taint, with the effect in Kubernetes' spelling."""

    key: str
    value: str
    effect: str


class Toleration(TypedDict):
    """A Kubernetes pod toleration that matches any value of one taint key."""

    key: str
    operator: str
    effect: str


GPU_RESOURCE = "nvidia.com/gpu"
"""Extended resource that the NVIDIA device plugin advertises."""

EFA_RESOURCE = "vpc.amazonaws.com/efa"
"""Extended resource that the EFA device plugin advertises."""

GPU_TAINT: Taint = {"key": GPU_RESOURCE, "value": "true", "effect": "NoSchedule"}
"""Keeps everything that does not ask for it off the GPU nodes (Poolside's reference architecture)."""

GPU_TOLERATION: Toleration = {"key": GPU_RESOURCE, "operator": "Exists", "effect": "NoSchedule"}
"""Tolerates the GPU taint whatever its value: some upstream charts write ``present``, we write ``true``."""

NODE_ROLE_LABEL = "inference-plane/role"
"""Label that says what a node is for."""

SYSTEM_NODE_ROLE = "system"
"""Value of NODE_ROLE_LABEL on the CPU nodes that carry controllers and add-ons."""

GPU_NODE_ROLE = "gpu"
"""Value of NODE_ROLE_LABEL on the GPU nodes."""

SYSTEM_NODE_SELECTOR: dict[str, str] = {NODE_ROLE_LABEL: SYSTEM_NODE_ROLE}
"""Node selector of every controller."""

GPU_PRESENT_LABEL = "nvidia.com/gpu.present"
"""Label that the GPU operator selects nodes by; the AL2023 NVIDIA AMI sets it to ``true`` as well."""

EKS_TAINT_EFFECTS: dict[str, str] = {
    "NoSchedule": "NO_SCHEDULE",
    "NoExecute": "NO_EXECUTE",
    "PreferNoSchedule": "PREFER_NO_SCHEDULE",
}
"""Kubernetes' taint effects in the spelling of the EKS API."""
