"""The model servers: namespace, Secrets and the Helm release of the serving chart."""

from typing import Any, NotRequired, Optional, TypedDict

import pulumi
import pulumi_kubernetes as kubernetes

from components.helm_releases import helm_release
from components.inference_release_checks import check_inference_release
from components.inference_values import (
    API_KEY_ENTRY,
    API_KEY_SECRET,
    S3_ENTRIES,
    S3_SECRET,
    inference_values,
)
from components.outputs import known_after
from components.versions import ChartVersion
from components.waiting import waiting_children

READINESS_GATE_LABEL = "elbv2.k8s.aws/pod-readiness-gate-inject"
"""Namespace label by which the ALB controller keeps a pod unready until its target is healthy."""

SERVICE_PORT = 8000
"""Port of a model's Service unless ``service_port`` says otherwise: the model server's own."""


class ChartArgs(TypedDict):
    """Where the chart comes from: exactly one of ``path``, ``repository`` and ``reference``."""

    path: NotRequired[str]
    """Folder of a chart on disk, such as the bundle's ``charts/inference``; relative to the project."""
    repository: NotRequired[str]
    """Chart repository, ``https://…``; goes with ``name`` and ``version``."""
    name: NotRequired[str]
    """Name of the chart in the repository."""
    reference: NotRequired[str]
    """Chart in an OCI registry, ``oci://<registry>/<path>/<chart>``; goes with ``version``."""
    version: NotRequired[str]
    """Version of the chart, required unless it comes by path."""


class ImageArgs(TypedDict):
    """Which image to run, where it is not the chart's own."""

    name: NotRequired[str]
    """Name below the registry. Default: the chart's; a bundle's chart names the bundle's image."""
    tag: NotRequired[str]
    """Tag. Default: the chart's."""


class ServiceAccountArgs(TypedDict):
    """The service account of all model pods."""

    create: NotRequired[bool]
    """Whether the chart creates it. Default: true."""
    name: NotRequired[str]
    """Its name. Default: the release's name."""
    role_arn: NotRequired[pulumi.Input[str]]
    """IAM role of the account, known at preview. It is written only where the chart creates the account."""


class S3CredentialsArgs(TypedDict):
    """Static credentials that read the checkpoints, where pods cannot have a role."""

    access_key_id: pulumi.Input[str]
    """Id of the access key."""
    secret_access_key: pulumi.Input[str]
    """The access key's secret."""


class IngressArgs(TypedDict):
    """How the models are exposed."""

    enabled: bool
    """Whether each model gets an Ingress."""
    class_name: NotRequired[str]
    """IngressClass; required while enabled. Give a plain name, and depend on what makes the class."""
    annotations: NotRequired[dict[str, str]]
    """Annotations of each Ingress (``ingress_annotations`` of components/alb_ingress.py). Default: none."""
    idle_timeout_seconds: NotRequired[int]
    """The load balancer's idle timeout, from which charts/inference derives the servers' longer keep-alive.
    Default: left out, for other charts do not know it."""


class ModelArgs(TypedDict):
    """One model: one Deployment, Service and Ingress."""

    model: str
    """Checkpoint, ``s3://<bucket>/<prefix>``; its unpacked files lie directly below the prefix."""
    model_name: str
    """Name that requests give in ``model``; models may share it, for the host selects the model."""
    model_type: str
    """Class of serving defaults: ``agent``, ``agent_small`` or ``completion``."""
    gpus: int
    """GPUs of a pod, all of one node: 1, 2, 4 or 8."""
    ingress_host: NotRequired[str]
    """Host that the model answers at; unique, and required while the Ingress is enabled."""
    tolerations: NotRequired[list[dict[str, Any]]]
    """Tolerations of the pod. Default: the chart's, which tolerate the GPU taint."""
    overrides: NotRequired[dict[str, Any]]
    """More of the chart's values for this model, laid over the others. Default: none."""


class InferenceReleaseArgs(TypedDict):
    """Inputs of InferenceRelease."""

    chart: ChartArgs
    """The chart to install."""
    image_registry: str
    """Registry of the image, a host such as ``<account>.dkr.ecr.<region>.amazonaws.com``."""
    models: dict[str, ModelArgs]
    """The models by key, a DNS label; objects are named ``<release name>-<key>``."""
    namespace: NotRequired[str]
    """Namespace to make. A role's trust names it. Default: poolside-models."""
    release_name: NotRequired[str]
    """Name of the release, and of what it makes. Default: inference."""
    image: NotRequired[ImageArgs]
    """Image to run. Default: the chart's."""
    service_account: NotRequired[ServiceAccountArgs]
    """Service account of the pods. Default: the chart creates one, named after the release, without a role."""
    pod_security_context: NotRequired[dict[str, Any]]
    """Security context of the pods. Default: user 10003, not root, the runtime's seccomp profile."""
    api_key: NotRequired[pulumi.Input[str]]
    """Key that requests must carry; it goes into the Secret ``vllm-auth``, and nowhere else. Pods read it
    when they start, so restart them after a change. Default: no authentication."""
    existing_api_key_secret: NotRequired[str]
    """Secret in the namespace that has the key as ``VLLM_API_KEY`` already, instead of ``api_key``."""
    s3_credentials: NotRequired[S3CredentialsArgs]
    """Static credentials for the checkpoints, as the Secret ``aws-credentials``. Default: the account's role."""
    existing_s3_secret: NotRequired[str]
    """Secret in the namespace that has ``AWS_ACCESS_KEY_ID`` and ``AWS_SECRET_ACCESS_KEY`` already."""
    ingress: NotRequired[IngressArgs]
    """How the models are exposed. Default: inside the cluster only."""
    docs: NotRequired[dict[str, Any]]
    """Values of the chart's documentation site. Default: the chart's, which leave it off."""
    values: NotRequired[dict[str, Any]]
    """More of the chart's values, laid over all others; secrets have no place here. Default: none."""
    readiness_gate: NotRequired[bool]
    """Whether the ALB controller may hold pods back until their target is healthy, so that a rolling update
    leaves no gap. Default: true."""
    service_port: NotRequired[int]
    """Port of the models' Services as the chart makes them, for endpoints inside the cluster. Default: 8000."""
    timeout_seconds: NotRequired[int]
    """How long an install or upgrade may take, in seconds. A pod is ready only when its image (about 20 GB) is
    pulled, its checkpoint (tens of GB) is down and loaded, and before that, its node may have to start.
    Default: 3600."""


class InferenceRelease(pulumi.ComponentResource):
    """The serving chart in a namespace of its own, with the Secrets that it reads.

    Give it ``depends_on`` the ALB controller, the GPU operator, the GPU nodes and the role: they have to be
    there before it, and to outlive it.
    """

    namespace: pulumi.Output[str]
    """The namespace; known at preview."""
    release_name: pulumi.Output[str]
    """Name of the Helm release; known at preview. Whoever takes it waits until the models serve."""
    service_account: pulumi.Output[str]
    """Name of the pods' service account; known at preview."""
    model_endpoints: pulumi.Output[dict[str, str]]
    """Base URL of each model's OpenAI-compatible API by key: ``https://<host>/v1``, or, without an Ingress, the
    Service's inside the cluster. Known at preview."""
    deployments: pulumi.Output[dict[str, str]]
    """Name of each model's Deployment by key; known at preview."""

    def __init__(
        self, name: str, args: InferenceReleaseArgs, opts: Optional[pulumi.ResourceOptions] = None
    ) -> None:
        own, needs = waiting_children(opts)
        super().__init__("inference-plane:index:InferenceRelease", name, {}, own)
        check_inference_release(args)
        namespace_name = args.get("namespace") or "poolside-models"
        release_name = args.get("release_name") or "inference"
        account = args.get("service_account") or {}
        account_name = account.get("name") or release_name

        labels = {READINESS_GATE_LABEL: "enabled"} if args.get("readiness_gate", True) else {}
        namespace = kubernetes.core.v1.Namespace(
            f"{name}-namespace",
            metadata={"name": namespace_name, "labels": labels},
            opts=pulumi.ResourceOptions(parent=self),
        )
        api_key, credentials = args.get("api_key"), args.get("s3_credentials")
        secrets: list[pulumi.Resource] = []
        if api_key is not None:
            secrets.append(
                self._secret(
                    f"{name}-api-key", namespace, namespace_name, API_KEY_SECRET, {API_KEY_ENTRY: api_key}
                )
            )
        if credentials is not None:
            entries = dict(
                zip(S3_ENTRIES, (credentials["access_key_id"], credentials["secret_access_key"]), strict=True)
            )
            secrets.append(
                self._secret(f"{name}-s3-credentials", namespace, namespace_name, S3_SECRET, entries)
            )
        release = helm_release(
            f"{name}-release",
            chart=_chart(args["chart"]),
            release_name=release_name,
            namespace=namespace_name,
            values=inference_values(
                fullname=release_name,
                image={"registry": args["image_registry"], **_given(args.get("image") or {})},
                models=args["models"],
                create_service_account=account.get("create", True),
                service_account_name=account_name,
                role_arn=account.get("role_arn"),
                pod_security_context=args.get("pod_security_context"),
                api_key_secret=API_KEY_SECRET
                if api_key is not None
                else args.get("existing_api_key_secret") or "",
                s3_secret=S3_SECRET if credentials is not None else args.get("existing_s3_secret") or "",
                ingress=args.get("ingress"),
                docs=args.get("docs"),
                overrides=args.get("values"),
            ),
            timeout_seconds=int(args.get("timeout_seconds", 3600)),
            parent=self,
            depends_on=[*needs, namespace, *secrets],
        )

        deployments = {key: f"{release_name}-{key}" for key in args["models"]}
        self.namespace = known_after(namespace_name, namespace)
        self.release_name = known_after(release_name, release)
        self.service_account = known_after(account_name, release)
        self.model_endpoints = known_after(_endpoints(args, namespace_name, deployments), release)
        self.deployments = known_after(deployments, release)
        self.register_outputs(
            {
                "namespace": self.namespace,
                "releaseName": self.release_name,
                "serviceAccount": self.service_account,
                "modelEndpoints": self.model_endpoints,
                "deployments": self.deployments,
            }
        )

    def _secret(
        self,
        resource_name: str,
        namespace: kubernetes.core.v1.Namespace,
        namespace_name: str,
        secret_name: str,
        entries: dict[str, pulumi.Input[str]],
    ) -> kubernetes.core.v1.Secret:
        return kubernetes.core.v1.Secret(
            resource_name,
            metadata={"name": secret_name, "namespace": namespace_name},
            type="Opaque",
            # The SDK makes this property of a Secret secret, whatever the caller gave.
            string_data=entries,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[namespace]),
        )


def _chart(chart: ChartArgs) -> ChartVersion:
    source = chart.get("path") or chart.get("reference") or chart.get("name") or ""
    return ChartVersion(chart.get("repository") or "", source, chart.get("version") or "")


def _given(image: ImageArgs) -> dict[str, str]:
    return {key: str(value) for key, value in image.items() if value}


def _endpoints(args: InferenceReleaseArgs, namespace: str, deployments: dict[str, str]) -> dict[str, str]:
    exposed = bool((args.get("ingress") or {}).get("enabled"))
    port = int(args.get("service_port", SERVICE_PORT))
    return {
        key: f"https://{model.get('ingress_host')}/v1"
        if exposed
        else f"http://{deployments[key]}.{namespace}.svc.cluster.local:{port}/v1"
        for key, model in args["models"].items()
    }
