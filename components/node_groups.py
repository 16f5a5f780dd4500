"""Parts of managed node groups, as plain values in the AWS SDK's shape."""

import re
from collections.abc import Sequence

import pulumi_aws as aws

from components.arguments import ArgumentErrors
from components.scheduling import EKS_TAINT_EFFECTS, Taint

REBOOT_FIRST_REASONS: tuple[str, ...] = (
    "NvidiaDoubleBitError",
    "NvidiaNVLinkError",
    "NvidiaXID74Error",
    "NvidiaXID79Error",
    "NvidiaXID119Error",
    "NvidiaXID120Error",
    "NvidiaXID140Error",
)
"""GPU faults that EKS answers by replacing the node (user guide, "NVIDIA node health issues")."""

_ACCELERATOR_REPAIR_WAIT_MINUTES = 10
"""How long EKS itself waits before it repairs an accelerator; an override must say it again."""


def update_config(reserved: bool) -> aws.eks.NodeGroupUpdateConfigArgsDict:
    """One node at a time; on reserved capacity a node stops before its successor starts.

    EKS's default starts the new node first, for which a full reservation has no room.
    """
    if reserved:
        return {"max_unavailable": 1, "update_strategy": "MINIMAL"}
    return {"max_unavailable": 1}


def node_repair_config(reserved: bool) -> aws.eks.NodeGroupNodeRepairConfigArgsDict:
    """Node auto repair; on reserved capacity a faulty GPU means a reboot.

    A full reservation may have no second instance to replace the node with. The node monitoring agent's
    add-on reports the faults: without it only nodes that are not ready are repaired.
    """
    if not reserved:
        return {"enabled": True}
    return {
        "enabled": True,
        "node_repair_config_overrides": [
            {
                "node_monitoring_condition": "AcceleratedHardwareReady",
                "node_unhealthy_reason": reason,
                "min_repair_wait_time_mins": _ACCELERATOR_REPAIR_WAIT_MINUTES,
                "repair_action": "Reboot",
            }
            for reason in REBOOT_FIRST_REASONS
        ],
    }


def node_group_taints(taints: Sequence[Taint]) -> list[aws.eks.NodeGroupTaintArgsDict]:
    """Taints with their effects in the spelling of the EKS API."""
    return [
        {"key": taint["key"], "value": taint["value"], "effect": EKS_TAINT_EFFECTS[taint["effect"]]}
        for taint in taints
    ]


def check_al2023_release(kubernetes_version: str, release: object, errors: ArgumentErrors) -> None:
    """Note an ``amiRelease`` that is not one of the EKS AL2023 AMI for that Kubernetes minor version."""
    errors.matches(
        "amiRelease",
        release,
        rf"{re.escape(kubernetes_version)}\.\d+-\d{{8}}",
        f"an EKS AL2023 release for Kubernetes {kubernetes_version}, {kubernetes_version}.<patch>-<yyyymmdd>",
    )
