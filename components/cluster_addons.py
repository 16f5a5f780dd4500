"""Pinned EKS add-ons that need nodes to run on."""

import json
from typing import Any, NotRequired, Optional, TypedDict

import pulumi
import pulumi_aws as aws

from components.arguments import ArgumentErrors
from components.scheduling import SYSTEM_NODE_SELECTOR
from components.versions import ADDONS, KUBERNETES_SUPPORTED
from components.waiting import waiting_children

DEFAULT_ADDONS: tuple[str, ...] = ("coredns", "eks-node-monitoring-agent")
"""Cluster DNS, and the agent whose findings node auto repair acts on."""

CLUSTER_ADDONS: tuple[str, ...] = ("vpc-cni", "kube-proxy")
"""Add-ons that nodes need to become ready: EksCluster makes them, before there is a node."""

DAEMON_SETS: tuple[str, ...] = ("eks-node-monitoring-agent", "eks-pod-identity-agent")
"""Add-ons that are DaemonSets: active without a node, and on each node as soon as it is there."""

_CONFIGURATION: dict[str, dict[str, Any]] = {
    # DNS must not move to nodes that come and go. The monitoring agent runs everywhere: it tolerates any taint.
    "coredns": {"nodeSelector": SYSTEM_NODE_SELECTOR},
}


class ClusterAddonsArgs(TypedDict):
    """Inputs of ClusterAddons."""

    cluster_name: pulumi.Input[str]
    """Name of the cluster in EKS."""
    kubernetes_version: str
    """Minor version of the cluster, one of KUBERNETES_SUPPORTED: it decides the add-ons' versions."""
    addons: NotRequired[list[str]]
    """Names of EKS add-ons that the version table knows. Default: DEFAULT_ADDONS."""
    tags: NotRequired[dict[str, str]]
    """Tags of every add-on. Default: none."""


class ClusterAddons(pulumi.ComponentResource):
    """EKS add-ons at the versions of the table. Make it depend on the nodes that its pods shall run on.

    A Deployment without a node stays DEGRADED, and its creation fails after 20 minutes. DaemonSets wait for nothing.
    """

    addon_versions: pulumi.Output[dict[str, str]]
    """Version by add-on name, known at preview; whoever takes it waits for the add-ons."""

    def __init__(
        self, name: str, args: ClusterAddonsArgs, opts: Optional[pulumi.ResourceOptions] = None
    ) -> None:
        own, needs = waiting_children(opts)
        super().__init__("inference-plane:index:ClusterAddons", name, {}, own)
        _check(args)
        known = ADDONS[args["kubernetes_version"]]
        versions = {addon: known[addon] for addon in _addons(args)}
        addons = [
            aws.eks.Addon(
                f"{name}-{addon}",
                cluster_name=args["cluster_name"],
                addon_name=addon,
                addon_version=version,
                configuration_values=_configuration(addon),
                # A new cluster has a coredns of its own making, which this one takes over.
                resolve_conflicts_on_create="OVERWRITE",
                resolve_conflicts_on_update="OVERWRITE",
                # Preserved, a removed add-on would stay in the cluster with nobody to update it.
                preserve=False,
                tags={**(args.get("tags") or {}), "Name": addon},
                opts=pulumi.ResourceOptions(parent=self, depends_on=None if addon in DAEMON_SETS else needs),
            )
            for addon, version in versions.items()
        ]
        self.addon_versions = pulumi.Output.all(*(addon.urn for addon in addons)).apply(lambda _: versions)
        self.register_outputs({"addonVersions": self.addon_versions})


def _addons(args: ClusterAddonsArgs) -> list[str]:
    return args.get("addons", list(DEFAULT_ADDONS))


def _configuration(addon: str) -> Optional[str]:
    values = _CONFIGURATION.get(addon)
    return json.dumps(values) if values else None


def _check(args: ClusterAddonsArgs) -> None:
    errors = ArgumentErrors("ClusterAddons")
    errors.require(args, "cluster_name", "kubernetes_version")
    version = args.get("kubernetes_version") or None
    errors.one_of("kubernetesVersion", version, KUBERNETES_SUPPORTED)
    known = ADDONS.get(version or "", ADDONS[KUBERNETES_SUPPORTED[-1]])
    allowed = [addon for addon in known if addon not in CLUSTER_ADDONS]
    for index, addon in enumerate(_addons(args)):
        if addon in CLUSTER_ADDONS:
            errors.add(f"addons[{index}]", f"is {addon!r}, which EksCluster makes; leave it out here")
        else:
            errors.one_of(f"addons[{index}]", addon, allowed)
        if addon in _addons(args)[:index]:
            errors.add(f"addons[{index}]", f"is {addon!r} a second time; give each add-on once")
    errors.raise_if_any()
