"""What a serving release can be: the rules that need neither AWS nor a cluster."""

from collections.abc import Mapping
from typing import Any

from components.arguments import ArgumentErrors
from components.hostnames import is_host_name

MODEL_TYPES: tuple[str, ...] = ("agent", "agent_small", "completion")
"""Classes of serving defaults that the chart has."""

GPU_COUNTS: tuple[int, ...] = (1, 2, 4, 8)
"""GPUs per model that the server can shard over."""

_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"


def check_inference_release(args: Mapping[str, Any]) -> None:
    """Raise ``pulumi.InputPropertiesError`` with every fault of InferenceRelease's arguments."""
    errors = ArgumentErrors("InferenceRelease")
    errors.require(args, "chart", "image_registry", "models")
    errors.matches("namespace", args.get("namespace") or None, _LABEL, "a DNS label")
    errors.matches(
        "releaseName",
        args.get("release_name") or None,
        r"[a-z]([a-z0-9-]{0,51}[a-z0-9])?",
        "at most 53 of a-z 0-9 and inner -, a letter first",
    )
    _check_chart(errors, args.get("chart") or {})
    _check_image(errors, args)
    _check_access(errors, args)
    _check_ingress(errors, args)
    _check_models(errors, args)
    if "fullnameOverride" in (args.get("values") or {}):
        errors.add("values.fullnameOverride", "follows from releaseName; set that instead")
    errors.at_least(args, 1, "timeout_seconds")
    errors.raise_if_any()


def _check_chart(errors: ArgumentErrors, chart: Mapping[str, Any]) -> None:
    given = [key for key in ("path", "repository", "reference") if chart.get(key)]
    if chart and len(given) != 1:
        found = " and ".join(given) or "none"
        errors.add("chart", f"has {found}; give exactly one of path, repository and reference")
        return
    if chart.get("path"):
        for key in ("name", "version"):
            if chart.get(key):
                errors.add(f"chart.{key}", "does not go with path; the chart on disk has its own")
        return
    if not given:
        return
    if not chart.get("version"):
        errors.add("chart.version", "is required: without it, an update would take whatever is newest")
    if chart.get("repository"):
        errors.matches(
            "chart.repository",
            chart["repository"],
            r"https?://\S+",
            "https://…; an oci:// chart goes in reference",
        )
        if not chart.get("name"):
            errors.add("chart.name", "is required with repository")
    else:
        errors.matches(
            "chart.reference", chart["reference"], r"oci://[^/\s]+/\S+", "oci://<registry>/<path>/<chart>"
        )
        if chart.get("name"):
            errors.add("chart.name", "does not go with reference, whose last part is the name")


def _check_image(errors: ArgumentErrors, args: Mapping[str, Any]) -> None:
    errors.matches(
        "imageRegistry",
        args.get("image_registry") or None,
        r"[\w.-]+(:\d+)?(/[\w.-]+)*",
        "a registry's host, without https://",
    )


def _check_access(errors: ArgumentErrors, args: Mapping[str, Any]) -> None:
    account: Mapping[str, Any] = args.get("service_account") or {}
    errors.matches(
        "serviceAccount.name",
        account.get("name") or None,
        rf"(?=.{{1,253}}$){_LABEL}(\.{_LABEL})*",
        "a DNS name",
    )
    errors.matches(
        "serviceAccount.roleArn",
        account.get("role_arn"),
        r"arn:[\w-]+:iam::\d{12}:role/.+",
        "arn:<partition>:iam::<account>:role/<name>",
    )
    if args.get("api_key") is not None and args.get("existing_api_key_secret"):
        errors.add("existingApiKeySecret", "does not go with apiKey; give one of them")
    if args.get("api_key") == "":
        errors.add("apiKey", "is empty; leave it out to serve without authentication")
    credentials: Mapping[str, Any] | None = args.get("s3_credentials")
    if credentials is not None:
        if args.get("existing_s3_secret"):
            errors.add("existingS3Secret", "does not go with s3Credentials; give one of them")
        for key, wire in (("access_key_id", "accessKeyId"), ("secret_access_key", "secretAccessKey")):
            if credentials.get(key) in (None, ""):
                errors.add(f"s3Credentials.{wire}", "is required")
    for wire, key in (
        ("existingApiKeySecret", "existing_api_key_secret"),
        ("existingS3Secret", "existing_s3_secret"),
    ):
        errors.matches(wire, args.get(key) or None, rf"(?=.{{1,253}}$){_LABEL}(\.{_LABEL})*", "a DNS name")


def _check_ingress(errors: ArgumentErrors, args: Mapping[str, Any]) -> None:
    ingress: Mapping[str, Any] = args.get("ingress") or {}
    if ingress.get("enabled") and not ingress.get("class_name"):
        errors.add("ingress.className", "is required while the Ingress is enabled")


def _check_models(errors: ArgumentErrors, args: Mapping[str, Any]) -> None:
    models: Mapping[str, Mapping[str, Any]] = args.get("models") or {}
    ingress: Mapping[str, Any] = args.get("ingress") or {}
    exposed = bool(ingress.get("enabled"))
    prefix = f"{args.get('release_name') or 'inference'}-"
    hosts: dict[str, str] = {}
    for key, model in models.items():
        path = f"models.{key}"
        errors.matches(path, key, _LABEL, "a DNS label as its key")
        if len(prefix + key) > 63:
            errors.add(path, f"makes the name {prefix + key!r}; names of Services have at most 63 characters")
        for field, wire in (("model_name", "modelName"), ("model", "model"), ("model_type", "modelType")):
            if not model.get(field):
                errors.add(f"{path}.{wire}", "is required")
        errors.matches(
            f"{path}.model",
            model.get("model") or None,
            r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/\S*[^/\s]",
            "s3://<bucket>/<prefix>, without a slash at the end",
        )
        errors.one_of(f"{path}.modelType", model.get("model_type") or None, MODEL_TYPES)
        if model.get("gpus") not in GPU_COUNTS:
            errors.add(f"{path}.gpus", f"is {model.get('gpus')}; it must be 1, 2, 4 or 8")
        host = model.get("ingress_host")
        if host:
            if not is_host_name(host):
                errors.add(
                    f"{path}.ingressHost", f"is {host!r}; expected a host name such as {key}.example.com"
                )
            if host in hosts:
                errors.add(
                    f"{path}.ingressHost", f"is also the host of model {hosts[host]}; each needs its own"
                )
            hosts.setdefault(host, key)
        elif exposed:
            errors.add(f"{path}.ingressHost", "is required while the Ingress is enabled")
