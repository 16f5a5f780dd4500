"""Builds a plane from its settings: the one place where the layers meet, and the stack's outputs."""

from typing import Any

from components.inference_release import InferenceRelease
from config.loading import Secrets
from config.settings import Settings
from plane.access import build_access
from plane.addons import build_addons
from plane.compute import build_compute
from plane.foundation import Foundation, build_foundation
from plane.serving import build_serving


def build(settings: Settings, secrets: Secrets) -> dict[str, Any]:
    """Register the whole plane and return the stack's outputs by name."""
    foundation = build_foundation(settings)
    compute = build_compute(settings, foundation)
    addons = build_addons(settings, foundation, compute)
    reader = build_access(settings, foundation)
    release = build_serving(settings, secrets, foundation, compute, addons, reader)
    return {
        **_outputs(settings, foundation, release),
        "roleArns": {
            "checkpointReader": reader.role_arn,
            "albController": addons.alb.role_arn,
            "gpuNodes": compute.gpu.node_role_arn,
            "systemNodes": compute.system.node_role_arn,
        },
    }


def _outputs(settings: Settings, foundation: Foundation, release: InferenceRelease) -> dict[str, Any]:
    cluster, bucket = foundation.cluster, foundation.bucket
    return {
        "clusterName": cluster.cluster_name,
        "clusterEndpoint": cluster.endpoint,
        "kubeconfigCommand": cluster.kubeconfig_command,
        "checkpointBucket": bucket.bucket_name,
        "checkpointPrefixes": {key: settings.checkpoint_uri(key) for key in settings.models},
        "repositoryUrls": foundation.repositories.repository_urls,
        "namespace": release.namespace,
        "modelEndpoints": release.model_endpoints,
        "modelDeployments": release.deployments,
        "nextSteps": _next_steps(settings),
    }


def _next_steps(settings: Settings) -> list[str]:
    namespace = settings.chart.namespace
    first = min(settings.models)
    return [
        "upload each checkpoint's unpacked files to its prefix (output checkpointPrefixes)",
        f"push the bundle's images to {settings.registry_host}",
        f"kubectl get ingress -n {namespace}: point each hostname at the load balancer's address",
        f"curl -H 'Authorization: Bearer <key>' https://{settings.models[first].hostname}/v1/models",
    ]
