"""The NVIDIA GPU Operator, which makes nodes advertise their GPUs."""

from collections.abc import Mapping, Sequence
from typing import Any, NotRequired, Optional, TypedDict

import pulumi
import pulumi_kubernetes as kubernetes

from components.arguments import ArgumentErrors
from components.helm_releases import helm_release, merge_values
from components.outputs import known_after
from components.scheduling import EKS_TAINT_EFFECTS, GPU_TOLERATION, SYSTEM_NODE_SELECTOR, Taint
from components.versions import GPU_OPERATOR
from components.waiting import waiting_children

GPU_OPERATOR_MODES: tuple[str, ...] = ("device-plugin-only", "full")
"""Who brings driver and container toolkit: the AMI, or the operator."""

RELEASE_NAME = "gpu-operator"
"""Name of the Helm release."""


class GpuOperatorArgs(TypedDict):
    """Inputs of GpuOperator."""

    mode: NotRequired[str]
    """``device-plugin-only`` where the AMI has driver and container toolkit, as EKS's NVIDIA AMIs do;
    ``full`` where it has neither. Default: device-plugin-only."""
    namespace: NotRequired[str]
    """Namespace to make for the operator. Default: gpu-operator."""
    chart_version: NotRequired[str]
    """Version of the chart. Default: the tested one (components/versions.py)."""
    extra_taints: NotRequired[list[Taint]]
    """Taints of the GPU nodes beside ``nvidia.com/gpu``; what runs on these nodes tolerates each. Default: none."""
    values: NotRequired[dict[str, Any]]
    """Helm values laid over ours; lists are replaced, not joined. Default: none."""
    timeout_seconds: NotRequired[int]
    """How long an install or upgrade may take, in seconds; Helm waits for the operator, and not for the
    drivers that it installs on the nodes afterwards. Default: 900."""


class GpuOperator(pulumi.ComponentResource):
    """NVIDIA's operator on the system nodes, and its device plugin and discovery on the GPU nodes."""

    namespace: pulumi.Output[str]
    """The operator's namespace; known at preview."""
    release_name: pulumi.Output[str]
    """Name of the Helm release; known at preview. Whoever takes it waits until the operator runs."""

    def __init__(
        self, name: str, args: GpuOperatorArgs, opts: Optional[pulumi.ResourceOptions] = None
    ) -> None:
        own, needs = waiting_children(opts)
        super().__init__("inference-plane:index:GpuOperator", name, {}, own)
        _check(args)
        namespace_name = args.get("namespace") or "gpu-operator"
        chart = GPU_OPERATOR._replace(version=args.get("chart_version") or GPU_OPERATOR.version)
        values = gpu_operator_values(
            args.get("mode") or GPU_OPERATOR_MODES[0],
            args.get("extra_taints") or [],
            args.get("values") or {},
        )

        namespace = kubernetes.core.v1.Namespace(
            f"{name}-namespace",
            metadata={
                "name": namespace_name,
                # The operator's pods mount the host's devices, which every stricter level forbids.
                "labels": {"pod-security.kubernetes.io/enforce": "privileged"},
            },
            opts=pulumi.ResourceOptions(parent=self),
        )
        release = helm_release(
            f"{name}-release",
            chart=chart,
            release_name=RELEASE_NAME,
            namespace=namespace_name,
            values=values,
            timeout_seconds=int(args.get("timeout_seconds", 900)),
            parent=self,
            depends_on=[*needs, namespace],
            # On an upgrade, the chart's hook replaces the CRDs after Helm would have checked the
            # ClusterPolicy against the old ones (chart v26.7.0, operator.upgradeCRD).
            disable_openapi_validation=True,
        )

        self.namespace = known_after(namespace_name, namespace)
        self.release_name = known_after(RELEASE_NAME, release)
        self.register_outputs({"namespace": self.namespace, "releaseName": self.release_name})


def gpu_operator_values(
    mode: str, extra_taints: Sequence[Taint] = (), overrides: Optional[Mapping[str, Any]] = None
) -> dict[str, Any]:
    """Values of the chart gpu-operator (v26.7.0) and of its subchart node-feature-discovery (0.19.0)."""
    operator_brings_driver = mode == "full"
    gpu_node_tolerations = [
        dict(GPU_TOLERATION),
        *({"key": taint["key"], "operator": "Exists", "effect": taint["effect"]} for taint in extra_taints),
    ]
    values: dict[str, Any] = {
        "driver": {"enabled": operator_brings_driver},
        "toolkit": {"enabled": operator_brings_driver},
        "devicePlugin": {"enabled": True},
        # Models take whole GPUs; the manager would watch every node for nothing.
        "migManager": {"enabled": False},
        # A ServiceMonitor needs the Prometheus operator's CRDs, which this cluster need not have.
        "dcgmExporter": {"serviceMonitor": {"enabled": False}},
        "operator": {"nodeSelector": dict(SYSTEM_NODE_SELECTOR)},
        "daemonsets": {"tolerations": gpu_node_tolerations},
        "node-feature-discovery": {
            # Neither tolerates a GPU node's taint; without a selector they may land on any other node.
            "master": {"nodeSelector": dict(SYSTEM_NODE_SELECTOR)},
            "gc": {"nodeSelector": dict(SYSTEM_NODE_SELECTOR)},
            # Helm replaces lists: both of the chart's own tolerations are repeated.
            "worker": {"tolerations": [dict(_CONTROL_PLANE_TOLERATION), *gpu_node_tolerations]},
        },
    }
    return merge_values(values, overrides or {})


_CONTROL_PLANE_TOLERATION = {
    "key": "node-role.kubernetes.io/control-plane",
    "operator": "Equal",
    "value": "",
    "effect": "NoSchedule",
}


def _check(args: GpuOperatorArgs) -> None:
    errors = ArgumentErrors("GpuOperator")
    errors.one_of("mode", args.get("mode") or None, GPU_OPERATOR_MODES)
    errors.matches(
        "namespace", args.get("namespace") or None, r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", "a DNS label"
    )
    for index, taint in enumerate(args.get("extra_taints") or []):
        path = f"extraTaints[{index}]"
        errors.matches(
            f"{path}.key",
            taint.get("key") or "",
            r"([a-z0-9.-]{1,253}/)?[A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?",
            "a label key",
        )
        errors.one_of(f"{path}.effect", taint.get("effect") or "", EKS_TAINT_EFFECTS)
    errors.at_least(args, 1, "timeout_seconds")
    errors.raise_if_any()
