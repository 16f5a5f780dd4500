"""The workloads of EKS add-ons: what each puts into ``kube-system``, as far as scheduling goes."""

import json
from typing import Any, NamedTuple, cast

from components.partitions import dns_suffix_of

Object = dict[str, Any]

MANAGED_BY = {"app.kubernetes.io/managed-by": "eks"}


class _Workload(NamedTuple):
    """One workload of an add-on."""

    kind: str
    name: str
    image: str
    """Repository in the EKS registry."""
    cpu: str
    memory: str
    replicas: int = 0


_SELECTOR_KEY = "app.kubernetes.io/name"

_WORKLOADS: dict[str, tuple[_Workload, ...]] = {
    "amazon-cloudwatch-observability": (
        _Workload(
            "Deployment",
            "amazon-cloudwatch-observability-controller-manager",
            "eks/observability",
            "100m",
            "64Mi",
            1,
        ),
    ),
    "aws-ebs-csi-driver": (
        _Workload("Deployment", "ebs-csi-controller", "eks/aws-ebs-csi-driver", "60m", "240Mi", 2),
        _Workload("DaemonSet", "ebs-csi-node", "eks/aws-ebs-csi-driver", "30m", "120Mi"),
    ),
    "aws-efs-csi-driver": (
        _Workload("Deployment", "efs-csi-controller", "eks/aws-efs-csi-driver", "10m", "40Mi", 2),
        _Workload("DaemonSet", "efs-csi-node", "eks/aws-efs-csi-driver", "10m", "40Mi"),
    ),
    "aws-fsx-csi-driver": (
        _Workload("Deployment", "fsx-csi-controller", "eks/aws-fsx-csi-driver", "10m", "40Mi", 2),
        _Workload("DaemonSet", "fsx-csi-node", "eks/aws-fsx-csi-driver", "10m", "40Mi"),
    ),
    "aws-mountpoint-s3-csi-driver": (
        _Workload("DaemonSet", "s3-csi-node", "eks/aws-s3-csi-driver", "10m", "40Mi"),
    ),
    "coredns": (_Workload("Deployment", "coredns", "eks/coredns", "100m", "70Mi", 2),),
    "eks-node-monitoring-agent": (
        _Workload("DaemonSet", "eks-node-monitoring-agent", "eks/eks-node-monitoring-agent", "10m", "30Mi"),
    ),
    "eks-pod-identity-agent": (
        _Workload("DaemonSet", "eks-pod-identity-agent", "eks/eks-pod-identity-agent", "10m", "20Mi"),
    ),
    "kube-proxy": (_Workload("DaemonSet", "kube-proxy", "eks/kube-proxy", "100m", "20Mi"),),
    "metrics-server": (_Workload("Deployment", "metrics-server", "eks/metrics-server", "100m", "200Mi", 2),),
    "snapshot-controller": (
        _Workload(
            "Deployment", "snapshot-controller", "eks/csi-snapshotter/snapshot-controller", "10m", "20Mi", 2
        ),
    ),
    "vpc-cni": (_Workload("DaemonSet", "aws-node", "amazon-k8s-cni", "50m", "64Mi"),),
}

KNOWN_ADDONS = frozenset(_WORKLOADS)
"""Names of the add-ons that can be installed."""

_EVERYWHERE = [{"operator": "Exists"}]
_CORE = [
    {"key": "CriticalAddonsOnly", "operator": "Exists"},
    {"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"},
]


def addon_objects(addon: str, version: str, region: str, configuration: str) -> list[Object]:
    """An add-on's objects, with the scheduling settings of its configuration values."""
    values: dict[str, Any] = json.loads(configuration) if configuration else {}
    return [_workload(addon, one, version, region, values) for one in _WORKLOADS[addon]]


def _workload(addon: str, workload: _Workload, version: str, region: str, values: dict[str, Any]) -> Object:
    labels = {_SELECTOR_KEY: workload.name, "app.kubernetes.io/instance": addon}
    # Charts of add-ons nest the settings of a Deployment under `controller` where they have both kinds.
    nested = values.get("controller") if workload.kind == "Deployment" else None
    settings = {**values, **(cast("dict[str, Any]", nested) if isinstance(nested, dict) else {})}
    host = f"602401143452.dkr.ecr.{region}.{dns_suffix_of(region)}"
    pod: Object = {
        "containers": [
            {
                "name": workload.name,
                "image": f"{host}/{workload.image}:{version}",
                "resources": {"requests": {"cpu": workload.cpu, "memory": workload.memory}},
            }
        ],
        "priorityClassName": (
            "system-node-critical" if workload.kind == "DaemonSet" else "system-cluster-critical"
        ),
        "tolerations": settings.get("tolerations")
        or (_EVERYWHERE if workload.kind == "DaemonSet" else _CORE),
        "nodeSelector": {"kubernetes.io/os": "linux", **(settings.get("nodeSelector") or {})},
    }
    spec: Object = {
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": pod},
    }
    if workload.kind == "Deployment":
        spec["replicas"] = settings.get("replicaCount", settings.get("replicas", workload.replicas))
        if settings.get("affinity"):
            pod["affinity"] = settings["affinity"]
    return {
        "apiVersion": "apps/v1",
        "kind": workload.kind,
        "metadata": {
            "name": workload.name,
            "namespace": "kube-system",
            "labels": {**labels, **MANAGED_BY, "eks.amazonaws.com/component": addon},
        },
        "spec": spec,
    }
