"""The Node object of an instance of an EKS managed node group, as kubelet and EKS would register it."""

import dataclasses
import secrets
from collections.abc import Mapping
from typing import Any

from components.instance_types import INSTANCE_TYPES

GPUS_ANNOTATION = "localcloud.inference-plane/gpus"
"""How many GPUs the instance has; they become allocatable once a device plugin runs on the node."""

GROUP_LABEL = "eks.amazonaws.com/nodegroup"

_TAINT_EFFECTS = {
    "NO_SCHEDULE": "NoSchedule",
    "NO_EXECUTE": "NoExecute",
    "PREFER_NO_SCHEDULE": "PreferNoSchedule",
}

# Of the root volume: what the AMI, its images and the kubelet's eviction margin leave to pods.
_USABLE_EPHEMERAL = 0.9


@dataclasses.dataclass(frozen=True)
class NodePlan:
    """Everything a Node object follows from."""

    cluster: str
    group: str
    region: str
    zone: str
    zone_id: str
    address: str
    """Private IPv4 address."""
    instance_id: str
    instance_type: str
    ami_type: str
    image_id: str
    capacity_type: str
    kubernetes_version: str
    storage_gib: int
    """Size of the volume that holds images and pods' local data."""
    labels: Mapping[str, str]
    taints: tuple[Mapping[str, str], ...]
    launch_template: Mapping[str, str]
    """``id`` and ``version``, empty without a launch template of the user's."""

    @property
    def name(self) -> str:
        """Name of the node: the private DNS name of its address."""
        domain = "ec2.internal" if self.region == "us-east-1" else f"{self.region}.compute.internal"
        return f"ip-{self.address.replace('.', '-')}.{domain}"


def node_labels(plan: NodePlan) -> dict[str, str]:
    """Labels of EKS, of the AMI and of the node group."""
    arm = "ARM" in plan.ami_type.upper()
    labels = {
        "beta.kubernetes.io/arch": "arm64" if arm else "amd64",
        "beta.kubernetes.io/instance-type": plan.instance_type,
        "beta.kubernetes.io/os": "linux",
        "eks.amazonaws.com/capacityType": plan.capacity_type,
        GROUP_LABEL: plan.group,
        "eks.amazonaws.com/nodegroup-image": plan.image_id,
        "failure-domain.beta.kubernetes.io/region": plan.region,
        "failure-domain.beta.kubernetes.io/zone": plan.zone,
        "k8s.io/cloud-provider-aws": secrets.token_hex(16),
        "kubernetes.io/arch": "arm64" if arm else "amd64",
        "kubernetes.io/hostname": plan.name,
        "kubernetes.io/os": "linux",
        "node.kubernetes.io/instance-type": plan.instance_type,
        "topology.ebs.csi.aws.com/zone": plan.zone,
        "topology.k8s.aws/zone-id": plan.zone_id,
        "topology.kubernetes.io/region": plan.region,
        "topology.kubernetes.io/zone": plan.zone,
    }
    if plan.launch_template:
        labels["eks.amazonaws.com/sourceLaunchTemplateId"] = plan.launch_template["id"]
        labels["eks.amazonaws.com/sourceLaunchTemplateVersion"] = plan.launch_template["version"]
    if plan.ami_type.startswith("AL2023") and plan.ami_type.endswith("_NVIDIA"):
        labels["nvidia.com/gpu.present"] = "true"
    return {**labels, **plan.labels}


def node_taints(taints: tuple[Mapping[str, str], ...]) -> list[dict[str, str]]:
    """A node group's taints in Kubernetes' spelling."""
    return [
        {
            "key": taint["key"],
            **({"value": taint["value"]} if taint.get("value") else {}),
            "effect": _TAINT_EFFECTS[taint["effect"]],
        }
        for taint in taints
    ]


def node_object(plan: NodePlan) -> dict[str, Any]:
    """The Node as it registers: not ready yet, without extended resources."""
    type_ = INSTANCE_TYPES[plan.instance_type]
    storage = int(plan.storage_gib * _USABLE_EPHEMERAL * 2**30)
    annotations = {"kwok.x-k8s.io/node": "fake", "node.alpha.kubernetes.io/ttl": "0"}
    if type_.gpus:
        annotations[GPUS_ANNOTATION] = str(type_.gpus)
    common = {"pods": str(type_.max_pods)}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": plan.name, "labels": node_labels(plan), "annotations": annotations},
        "spec": {
            "providerID": f"aws:///{plan.zone}/{plan.instance_id}",
            "taints": node_taints(plan.taints),
        },
        "status": {
            "addresses": [
                {"type": "InternalIP", "address": plan.address},
                {"type": "InternalDNS", "address": plan.name},
                {"type": "Hostname", "address": plan.name},
            ],
            "capacity": {
                **common,
                "cpu": str(type_.vcpus),
                "memory": f"{type_.memory_gib * 1024 * 1024}Ki",
                "ephemeral-storage": f"{plan.storage_gib * 1024 * 1024}Ki",
            },
            "allocatable": {
                **common,
                "cpu": f"{type_.vcpus * 1000 - _reserved_millicores(type_.vcpus)}m",
                "memory": f"{type_.allocatable_memory_mib}Mi",
                "ephemeral-storage": str(storage),
            },
            "nodeInfo": {
                "architecture": "arm64" if "ARM" in plan.ami_type.upper() else "amd64",
                "bootID": secrets.token_hex(16),
                "containerRuntimeVersion": "containerd://2.2.4",
                "kernelVersion": "6.12.80-104.180.amzn2023.x86_64",
                "kubeProxyVersion": "",
                "kubeletVersion": f"v{plan.kubernetes_version}-eks-3abbec1",
                "machineID": secrets.token_hex(16),
                "operatingSystem": "linux",
                "osImage": _os_image(plan.ami_type),
                "systemUUID": secrets.token_hex(16),
            },
        },
    }


def _os_image(ami_type: str) -> str:
    return "Bottlerocket (aws-k8s)" if ami_type.startswith("BOTTLEROCKET") else "Amazon Linux 2023"


def _reserved_millicores(vcpus: int) -> int:
    """CPU kept for the system: 6 % of the first core, 1 % of the second, 0.5 % of two more, 0.25 % of the rest."""
    return int(60 + 10 * (vcpus > 1) + 5 * min(2, max(0, vcpus - 2)) + 2.5 * max(0, vcpus - 4))
