"""The one table of versions: Kubernetes, add-ons, AMI releases, charts and images.

Everything is pinned: re-resolving "latest" on an ``up`` would roll nodes and controllers unasked.
"""

from typing import NamedTuple


class ChartVersion(NamedTuple):
    """A published Helm chart at one version."""

    repository: str
    """Chart repository, ``https://…`` or ``oci://…``."""
    chart: str
    """Chart name in that repository."""
    version: str
    """Chart version, written as the repository writes it."""


KUBERNETES_DEFAULT = "1.35"
"""Kubernetes version of new clusters: in standard support until 2027-03-27."""

KUBERNETES_SUPPORTED: tuple[str, ...] = ("1.33", "1.34", "1.35", "1.36")
"""Versions this project runs on; 1.32 and older are in extended support or out of it (November 2026)."""

# Checked on 2026-11-21; docs/decisions/0002-pinned-versions.md says against what, and what stayed unconfirmed.
ADDONS: dict[str, dict[str, str]] = {
    "1.33": {
        "vpc-cni": "v1.20.5-eksbuild.1",
        "kube-proxy": "v1.33.10-eksbuild.2",
        "coredns": "v1.12.4-eksbuild.10",
        "eks-node-monitoring-agent": "v1.6.4-eksbuild.1",
        "eks-pod-identity-agent": "v1.3.10-eksbuild.3",
        "metrics-server": "v0.8.1-eksbuild.10",
    },
    "1.34": {
        "vpc-cni": "v1.20.5-eksbuild.1",
        "kube-proxy": "v1.34.6-eksbuild.2",
        "coredns": "v1.12.4-eksbuild.10",
        "eks-node-monitoring-agent": "v1.6.4-eksbuild.1",
        "eks-pod-identity-agent": "v1.3.10-eksbuild.3",
        "metrics-server": "v0.8.1-eksbuild.6",
    },
    "1.35": {
        "vpc-cni": "v1.21.1-eksbuild.8",
        "kube-proxy": "v1.35.3-eksbuild.5",
        "coredns": "v1.14.2-eksbuild.4",
        "eks-node-monitoring-agent": "v1.6.4-eksbuild.1",
        "eks-pod-identity-agent": "v1.3.10-eksbuild.3",
        "metrics-server": "v0.8.1-eksbuild.6",
    },
    "1.36": {
        "vpc-cni": "v1.21.2-eksbuild.2",
        "kube-proxy": "v1.36.0-eksbuild.7",
        "coredns": "v1.14.2-eksbuild.4",
        "eks-node-monitoring-agent": "v1.6.6-eksbuild.1",
        "eks-pod-identity-agent": "v1.3.10-eksbuild.3",
        "metrics-server": "v0.8.1-eksbuild.10",
    },
}
"""EKS add-on versions by Kubernetes version. Check with ``aws eks describe-addon-versions`` before a bump."""

# Checked on 2026-11-21: al2023 against the changelog of awslabs/amazon-eks-ami (release v20260714), Bottlerocket
# against names of published AMIs (docs/decisions/0002-pinned-versions.md).
AMI_RELEASES: dict[str, dict[str, str]] = {
    "1.33": {"al2023": "1.33.13-20260714", "bottlerocket": "1.58.0-c5c37032"},
    "1.34": {"al2023": "1.34.9-20260714", "bottlerocket": "1.58.0-c5c37032"},
    "1.35": {"al2023": "1.35.6-20260714", "bottlerocket": "1.58.0-c5c37032"},
    "1.36": {"al2023": "1.36.2-20260714", "bottlerocket": "1.66.0-1ad6b4a4"},
}
"""EKS optimised AMI releases by Kubernetes version and family: the value of SSM's ``…/recommended/release_version``
(al2023) and ``…/latest/image_version`` (bottlerocket). One release covers the standard and the NVIDIA variant."""

ALB_CONTROLLER = ChartVersion("https://aws.github.io/eks-charts", "aws-load-balancer-controller", "3.5.0")
GPU_OPERATOR = ChartVersion("https://helm.ngc.nvidia.com/nvidia", "gpu-operator", "v26.7.0")
EFA_DEVICE_PLUGIN = ChartVersion("https://aws.github.io/eks-charts", "aws-efa-k8s-device-plugin", "v0.5.30")
EXTERNAL_DNS = ChartVersion("https://kubernetes-sigs.github.io/external-dns", "external-dns", "1.19.0")

VLLM_IMAGE_TAG = "v0.33.0"
"""Tag of the vLLM image that the serving chart runs by default; Laguna needs 0.21 or later."""
