"""What runs on the system nodes for everybody: DNS, the GPU operator, load balancing, DNS records."""

import dataclasses

import pulumi

from components.alb_controller import AlbController, AlbControllerArgs
from components.cluster_addons import DEFAULT_ADDONS, ClusterAddons
from components.efa_device_plugin import EfaDevicePlugin
from components.external_dns import ExternalDns
from components.gpu_operator import GpuOperator
from components.pod_identity_role import AGENT_ADDON
from config.settings import Settings
from plane.compute import Compute
from plane.foundation import Foundation


@dataclasses.dataclass(frozen=True)
class Addons:
    """The add-ons of the plane."""

    cluster: ClusterAddons
    gpu_operator: GpuOperator
    alb: AlbController
    external_dns: ExternalDns | None
    efa: EfaDevicePlugin | None

    def all(self) -> list[pulumi.Resource]:
        """Everything that a model's release needs, and that has to outlive it."""
        return [
            self.cluster,
            self.gpu_operator,
            self.alb,
            *([self.external_dns] if self.external_dns else []),
        ]


def build_addons(settings: Settings, foundation: Foundation, compute: Compute) -> Addons:
    """Register the add-ons: cluster DNS as soon as there are system nodes, the controllers after it."""
    cluster_addons = ClusterAddons(
        "cluster-addons",
        {
            "cluster_name": foundation.cluster.cluster_name,
            "kubernetes_version": settings.cluster.kubernetes_version,
            "addons": [*DEFAULT_ADDONS, *([AGENT_ADDON] if settings.access.mode == "pod-identity" else [])],
        },
        foundation.in_aws(compute.system),
    )
    controllers = foundation.in_cluster(compute.system, cluster_addons)
    # It talks to the API server only, by address: it does not need cluster DNS.
    on_nodes = foundation.in_cluster(compute.system)
    return Addons(
        cluster=cluster_addons,
        gpu_operator=GpuOperator("gpu-operator", {"mode": settings.gpu_nodes.operator_mode}, on_nodes),
        alb=AlbController("alb-controller", _alb_args(settings, foundation), controllers),
        external_dns=_external_dns(settings, foundation, controllers),
        efa=(
            EfaDevicePlugin("efa-device-plugin", {"region": settings.region}, on_nodes)
            if settings.gpu_nodes.efa
            else None
        ),
    )


def _alb_args(settings: Settings, foundation: Foundation) -> AlbControllerArgs:
    ingress, cluster = settings.ingress, foundation.cluster
    args: AlbControllerArgs = {
        "cluster_name": settings.cluster.name,
        "region": settings.region,
        "account_id": settings.account_id,
        "vpc_id": foundation.vpc.vpc_id,
        "oidc_provider_arn": cluster.oidc_provider_arn,
        "oidc_issuer": cluster.oidc_issuer,
        "role_name": settings.role_name("alb-controller"),
        "scheme": ingress.scheme,
        "group_name": ingress.group_name,
        "certificate_arns": [foundation.certificate.arn],
        "idle_timeout_seconds": ingress.idle_timeout_seconds,
        "ssl_policy": ingress.ssl_policy,
        # A group can be joined by anyone who may make an Ingress: only the models' namespace may.
        "namespace_selector": {"kubernetes.io/metadata.name": settings.chart.namespace},
        # The load balancer is made by the controller, out of reach of the provider's default tags.
        "tags": settings.tags,
    }
    if ingress.inbound_cidrs:
        args["inbound_cidrs"] = list(ingress.inbound_cidrs)
    return args


def _external_dns(
    settings: Settings, foundation: Foundation, opts: pulumi.ResourceOptions
) -> ExternalDns | None:
    zone = settings.ingress.certificate.hosted_zone_id
    if not settings.ingress.keeps_dns or zone is None:
        return None
    names = settings.ingress.certificate.domain_names
    return ExternalDns(
        "external-dns",
        {
            "cluster_name": settings.cluster.name,
            "region": settings.region,
            "account_id": settings.account_id,
            "hosted_zone_id": zone,
            "domain_filters": sorted({name.removeprefix("*.") for name in names}),
            "oidc_provider_arn": foundation.cluster.oidc_provider_arn,
            "oidc_issuer": foundation.cluster.oidc_issuer,
            "role_name": settings.role_name("external-dns"),
        },
        opts,
    )
