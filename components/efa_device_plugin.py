"""The EFA device plugin, which makes nodes advertise their Elastic Fabric Adapters."""

from collections.abc import Sequence
from typing import Any, NotRequired, Optional, TypedDict

import pulumi

from components.arguments import ArgumentErrors
from components.helm_releases import helm_release
from components.outputs import known_after
from components.partitions import dns_suffix_of, partition_of
from components.scheduling import GPU_TOLERATION, Taint
from components.versions import EFA_DEVICE_PLUGIN

NAMESPACE = "kube-system"
"""Where EKS's own node agents run."""

_EKS_IMAGES_ACCOUNT = "602401143452"
"""Account of EKS's image registry in the commercial regions that need no opt-in (EKS user guide,
"Amazon container image registries")."""


class EfaDevicePluginArgs(TypedDict):
    """Inputs of EfaDevicePlugin."""

    region: str
    """Region of the cluster: the image is pulled from EKS's registry in it."""
    image_registry: NotRequired[str]
    """Host of the registry to pull from. Default: EKS's own in the region; required outside the commercial
    partition and in regions that need opting in, where it belongs to another account."""
    extra_taints: NotRequired[list[Taint]]
    """Taints of the GPU nodes beside ``nvidia.com/gpu``. Default: none."""
    timeout_seconds: NotRequired[int]
    """How long an install may take, in seconds. Default: 600."""


class EfaDevicePlugin(pulumi.ComponentResource):
    """AWS's device plugin on every node whose instance type has EFA. Needed with GpuNodeGroup's ``efa`` only."""

    release_name: pulumi.Output[str]
    """Name of the Helm release; known at preview. Whoever takes it waits until the plugin is installed."""

    def __init__(
        self, name: str, args: EfaDevicePluginArgs, opts: Optional[pulumi.ResourceOptions] = None
    ) -> None:
        super().__init__("inference-plane:index:EfaDevicePlugin", name, {}, opts)
        _check(args)
        region = args["region"]
        registry = (
            args.get("image_registry") or f"{_EKS_IMAGES_ACCOUNT}.dkr.ecr.{region}.{dns_suffix_of(region)}"
        )
        release = helm_release(
            f"{name}-release",
            chart=EFA_DEVICE_PLUGIN,
            release_name=EFA_DEVICE_PLUGIN.chart,
            namespace=NAMESPACE,
            values=efa_device_plugin_values(registry, args.get("extra_taints") or []),
            timeout_seconds=int(args.get("timeout_seconds", 600)),
            parent=self,
        )
        self.release_name = known_after(EFA_DEVICE_PLUGIN.chart, release)
        self.register_outputs({"releaseName": self.release_name})


def efa_device_plugin_values(registry: str, extra_taints: Sequence[Taint]) -> dict[str, Any]:
    """The chart's values. Its own tolerations are for ``CriticalAddonsOnly`` alone, and Helm replaces lists."""
    extra = [{"key": taint["key"], "operator": "Exists", "effect": taint["effect"]} for taint in extra_taints]
    return {
        "image": {"repository": f"{registry}/eks/aws-efa-k8s-device-plugin"},
        "tolerations": [{"key": "CriticalAddonsOnly", "operator": "Exists"}, GPU_TOLERATION, *extra],
    }


def _check(args: EfaDevicePluginArgs) -> None:
    errors = ArgumentErrors("EfaDevicePlugin")
    errors.require(args, "region")
    region = args.get("region") or "us-east-1"
    if partition_of(region) != "aws" and not args.get("image_registry"):
        errors.add(
            "imageRegistry", f"is required in {region}: EKS's registry belongs to another account there"
        )
    errors.at_least(args, 1, "timeout_seconds")
    errors.raise_if_any()
