"""The models: the serving chart's release, after everything it needs and before nothing."""

from components.alb_ingress import ingress_annotations
from components.inference_release import (
    ChartArgs,
    ImageArgs,
    InferenceRelease,
    InferenceReleaseArgs,
    ModelArgs,
)
from components.irsa_role import IrsaRole
from components.pod_identity_role import PodIdentityRole
from config.chart import DEFAULT_PATH
from config.loading import Secrets
from config.settings import Settings
from plane.access import reader_role_arn
from plane.addons import Addons
from plane.compute import Compute
from plane.foundation import Foundation


def build_serving(
    settings: Settings,
    secrets: Secrets,
    foundation: Foundation,
    compute: Compute,
    addons: Addons,
    reader: IrsaRole | PodIdentityRole,
) -> InferenceRelease:
    """Register the release. It depends on the controllers, so that they outlive its Ingresses on the way down."""
    chart, ingress = settings.chart, settings.ingress
    args: InferenceReleaseArgs = {
        "namespace": chart.namespace,
        "release_name": chart.release_name,
        "chart": _chart(settings),
        "image_registry": settings.registry_host,
        "image": _image(settings),
        "service_account": {
            "create": chart.create_service_account,
            "name": chart.service_account_name,
        },
        "ingress": {
            "enabled": True,
            "class_name": "alb",
            "annotations": ingress_annotations(
                scheme=ingress.scheme, group_name=ingress.group_name, ssl_policy=ingress.ssl_policy
            ),
        },
        "models": {key: _model(settings, key) for key in settings.models},
        "values": chart.values,
        "timeout_seconds": chart.timeout_seconds,
    }
    # An annotated account would get its credentials by IRSA even where EKS knows an association for it.
    if settings.access.mode == "irsa":
        args["service_account"]["role_arn"] = reader_role_arn(settings)
    if chart.local_path == DEFAULT_PATH:
        # Our chart keeps the servers' connections open for longer than the load balancer does.
        args["ingress"]["idle_timeout_seconds"] = ingress.idle_timeout_seconds
    if secrets.vllm_api_key is not None:
        args["api_key"] = secrets.vllm_api_key
    if secrets.s3_access_key_id is not None and secrets.s3_secret_access_key is not None:
        args["s3_credentials"] = {
            "access_key_id": secrets.s3_access_key_id,
            "secret_access_key": secrets.s3_secret_access_key,
        }
    needs = [*addons.all(), compute.gpu, reader, foundation.bucket, foundation.repositories]
    return InferenceRelease("serving", args, foundation.in_cluster(*needs))


def _chart(settings: Settings) -> ChartArgs:
    chart = settings.chart
    if chart.oci:
        return {"reference": chart.oci.reference, "version": chart.oci.version}
    if chart.repository:
        repository = chart.repository
        return {"repository": repository.url, "name": repository.name, "version": repository.version}
    return {"path": chart.local_path or ""}


def _image(settings: Settings) -> ImageArgs:
    image: ImageArgs = {}
    if settings.images.name:
        image["name"] = settings.images.name
    if settings.images.tag:
        image["tag"] = settings.images.tag
    return image


def _model(settings: Settings, key: str) -> ModelArgs:
    model = settings.models[key]
    args: ModelArgs = {
        "model": settings.checkpoint_uri(key),
        "model_name": model.model_name,
        "model_type": model.model_type,
        "gpus": model.gpus,
        "ingress_host": model.hostname,
    }
    if model.replicas != 1 or model.overrides:
        args["overrides"] = {"replicas": model.replicas, **model.overrides}
    return args
