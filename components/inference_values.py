"""The values of the serving chart: Poolside's contract, from plain arguments (Install on Amazon EKS, step 6)."""

from collections.abc import Mapping
from typing import Any, Optional

import pulumi

from components.helm_releases import merge_values

API_KEY_SECRET = "vllm-auth"  # noqa: S105 -- the name of a Secret, not a secret
"""Secret that holds the API key, under API_KEY_ENTRY."""

API_KEY_ENTRY = "VLLM_API_KEY"
"""Entry of the Secret, and environment variable of the model server."""

S3_SECRET = "aws-credentials"  # noqa: S105 -- the name of a Secret, not a secret
"""Secret that holds static S3 credentials, under S3_ENTRIES."""

S3_ENTRIES: tuple[str, str] = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
"""Entries of that Secret, and environment variables of the downloader."""

ROLE_ANNOTATION = "eks.amazonaws.com/role-arn"
"""Annotation of a service account that names its IAM role."""

POD_SECURITY_CONTEXT: dict[str, Any] = {
    "runAsNonRoot": True,
    # Upstream Kubernetes, unlike OpenShift, assigns no user by itself.
    "runAsUser": 10003,
    "seccompProfile": {"type": "RuntimeDefault"},
}
"""Default security context of the model pods."""


def inference_values(
    *,
    fullname: str,
    image: Mapping[str, str],
    models: Mapping[str, Mapping[str, Any]],
    create_service_account: bool = True,
    service_account_name: str = "",
    role_arn: Optional[pulumi.Input[str]] = None,
    pod_security_context: Optional[Mapping[str, Any]] = None,
    api_key_secret: str = "",
    s3_secret: str = "",
    ingress: Optional[Mapping[str, Any]] = None,
    docs: Optional[Mapping[str, Any]] = None,
    overrides: Optional[Mapping[str, Any]] = None,
) -> dict[str, Any]:
    """The chart's values.

    ``image`` has ``registry`` and, only to differ from the chart's own, ``name`` and ``tag``. ``models`` are
    InferenceRelease's ModelArgs by key, and ``ingress`` is its IngressArgs; nothing means no Ingress. An
    empty secret name means none. ``overrides`` are laid over everything else. What is left to the chart is
    not written out.
    """
    account: dict[str, Any] = {"create": create_service_account}
    if not create_service_account or service_account_name not in ("", fullname):
        account["name"] = service_account_name or fullname
    if create_service_account and role_arn is not None:
        account["annotations"] = {ROLE_ANNOTATION: role_arn}
    values: dict[str, Any] = {
        "fullnameOverride": fullname,
        "image": dict(image),
        "serviceAccount": account,
        "podSecurityContext": dict(pod_security_context or POD_SECURITY_CONTEXT),
        "authentication": {"secretName": api_key_secret},
        "ingress": _ingress(ingress or {}),
        "models": {key: _model(model) for key, model in models.items()},
    }
    if s3_secret:
        values["s3"] = {"secretName": s3_secret}
    if docs:
        values["docs"] = dict(docs)
    return merge_values(values, overrides or {})


def _ingress(ingress: Mapping[str, Any]) -> dict[str, Any]:
    if not ingress.get("enabled"):
        return {"enabled": False}
    values = {
        "enabled": True,
        "className": ingress["class_name"],
        "annotations": dict(ingress.get("annotations") or {}),
    }
    if ingress.get("idle_timeout_seconds"):
        values["idleTimeoutSeconds"] = int(ingress["idle_timeout_seconds"])
    return values


def _model(model: Mapping[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {
        "model": model["model"],
        "modelName": model["model_name"],
        "modelType": model["model_type"],
        "gpus": int(model["gpus"]),
    }
    if model.get("ingress_host"):
        values["ingressHost"] = model["ingress_host"]
    if model.get("tolerations"):
        values["tolerations"] = [dict(toleration) for toleration in model["tolerations"]]
    return merge_values(values, model.get("overrides") or {})
