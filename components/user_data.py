"""User data of EKS nodes as text: only what EKS does not already set for a managed node group."""

import base64
from typing import Optional

RAID0_NODE_CONFIG = """\
apiVersion: node.eks.aws/v1alpha1
kind: NodeConfig
spec:
  instance:
    localStorage:
      strategy: RAID0
"""
"""nodeadm's fragment that makes one array of the instance store and moves kubelet and containerd onto it."""

RAID0_BOTTLEROCKET_SETTINGS = """\
[settings.bootstrap-commands.instance-store]
commands = [
    ["apiclient", "ephemeral-storage", "init"],
    ["apiclient", "ephemeral-storage", "bind", "--dirs", "/var/lib/containerd", "/var/lib/kubelet", "/var/log/pods"],
]
essential = true
mode = "always"
"""
"""Bottlerocket's documented way to the same end (bottlerocket.dev, "Bootstrap Commands", since 1.22)."""

_BOUNDARY = "==NODE=="


def node_user_data(ami: str, instance_store: str) -> Optional[str]:
    """Base64 text for a launch template, or None when there is nothing to add to EKS's own user data.

    ``ami`` is ``al2023`` or ``bottlerocket``; ``instance_store`` is ``none`` or ``raid0``. A launch template
    without an image id gets its cluster settings merged in by EKS, so the fragment must not repeat them.
    """
    if instance_store != "raid0":
        return None
    text = RAID0_BOTTLEROCKET_SETTINGS if ami == "bottlerocket" else nodeadm_user_data(RAID0_NODE_CONFIG)
    return base64.b64encode(text.encode()).decode()


def nodeadm_user_data(node_config: str) -> str:
    """The one-part MIME document in which AL2023's nodeadm finds a NodeConfig.

    EKS merges its own part in only when the template's user data is MIME multi-part.
    """
    return (
        "MIME-Version: 1.0\n"
        f'Content-Type: multipart/mixed; boundary="{_BOUNDARY}"\n'
        "\n"
        f"--{_BOUNDARY}\n"
        "Content-Type: application/node.eks.aws\n"
        "\n"
        f"{node_config}"
        "\n"
        f"--{_BOUNDARY}--\n"
    )
