"""The serving release: what it installs, in which order, and that its secrets stay secret."""

import pulumi
import pytest

from components.alb_ingress import ingress_annotations
from components.inference_release import InferenceRelease, InferenceReleaseArgs
from tests.unit.components.in_cluster import build, custom_resources, faults, unknowns
from tests.unit.components.test_inference_values import MODELS, REGISTRY, ROLE_ARN
from tests.unit.recording import UNKNOWN

KEY = "sk-plaintext-that-must-not-leak"
CREDENTIALS = {"access_key_id": "AKIAPLAINTEXT", "secret_access_key": "plaintext-secret-access-key"}
ANNOTATIONS = ingress_annotations(scheme="internet-facing", group_name="poolside")
URLS = {
    "laguna-m": "https://laguna-m.example.com/v1",
    "laguna-xs": "https://laguna-xs.example.com/v1",
    "point": "https://point.example.com/v1",
}
DEPLOYMENTS = {
    "laguna-m": "inference-laguna-m",
    "laguna-xs": "inference-laguna-xs",
    "point": "inference-point",
}


def arguments(**changes) -> InferenceReleaseArgs:
    base: InferenceReleaseArgs = {
        "chart": {"path": "charts/inference"},
        "image_registry": REGISTRY,
        "models": {**MODELS},
        "service_account": {"role_arn": ROLE_ARN},
        "api_key": KEY,
        "ingress": {"enabled": True, "class_name": "alb", "annotations": ANNOTATIONS},
    }
    given = {**base, **changes}
    # None takes an argument out; tests pass wrong values on purpose.
    return {k: v for k, v in given.items() if v is not None}  # pyright: ignore[reportReturnType]


def made(**changes):
    return lambda opts: InferenceRelease("serving", arguments(**changes), opts)


def test_children_are_the_namespace_the_key_and_the_release():
    recording = build(made())
    assert recording.named("serving").type == "inference-plane:index:InferenceRelease"
    assert recording.children("serving") == [
        ("kubernetes:core/v1:Namespace", "serving-namespace"),
        ("kubernetes:core/v1:Secret", "serving-api-key"),
        ("kubernetes:helm.sh/v3:Release", "serving-release"),
    ]
    assert len(custom_resources(recording)) == 3


def test_without_a_key_there_is_no_secret_and_no_authentication():
    recording = build(made(api_key=None))
    assert recording.children("serving") == [
        ("kubernetes:core/v1:Namespace", "serving-namespace"),
        ("kubernetes:helm.sh/v3:Release", "serving-release"),
    ]
    values = recording.named("serving-release").inputs["values"]
    assert values["authentication"] == {"secretName": ""}
    assert "s3" not in values


def test_static_credentials_are_a_second_secret():
    recording = build(made(s3_credentials=CREDENTIALS))
    assert recording.named("serving-s3-credentials").inputs == {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "Opaque",
        "metadata": {"name": "aws-credentials", "namespace": "poolside-models"},
        "stringData": {
            "AWS_ACCESS_KEY_ID": "AKIAPLAINTEXT",
            "AWS_SECRET_ACCESS_KEY": "plaintext-secret-access-key",
        },
    }
    assert recording.named("serving-release").inputs["values"]["s3"] == {"secretName": "aws-credentials"}


def test_the_key_is_in_the_secret_that_the_values_name():
    recording = build(made())
    secret = recording.named("serving-api-key").inputs
    assert secret == {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "Opaque",
        "metadata": {"name": "vllm-auth", "namespace": "poolside-models"},
        "stringData": {"VLLM_API_KEY": KEY},
    }
    values = recording.named("serving-release").inputs["values"]
    assert values["authentication"]["secretName"] == secret["metadata"]["name"]


@pytest.mark.parametrize("preview", [False, True])
@pytest.mark.parametrize("wrap", [lambda value: value, pulumi.Output.secret, pulumi.Output.from_input])
def test_secrets_cross_the_wire_wrapped_and_nowhere_else(wrap, preview):
    recording = build(
        lambda opts: InferenceRelease(
            "serving",
            arguments(api_key=wrap(KEY), s3_credentials={k: wrap(v) for k, v in CREDENTIALS.items()}),
            opts,
        ),
        preview=preview,
    )
    open_text = list(recording.plaintext())
    assert "vllm-auth" in open_text
    for secret in (KEY, *CREDENTIALS.values()):
        assert not [text for text in open_text if secret in text]
    assert recording.named("serving-api-key").secret_paths == {"stringData"}
    assert recording.named("serving-api-key").inputs["stringData"] == {"VLLM_API_KEY": KEY}
    assert recording.named("serving-release").secret_paths == frozenset()


def test_existing_secrets_are_named_and_not_made():
    recording = build(
        made(api_key=None, existing_api_key_secret="team-key", existing_s3_secret="team-credentials")
    )
    assert not recording.of_type("kubernetes:core/v1:Secret")
    values = recording.named("serving-release").inputs["values"]
    assert values["authentication"] == {"secretName": "team-key"}
    assert values["s3"] == {"secretName": "team-credentials"}


@pytest.mark.parametrize(
    ("gate", "labels"),
    [(None, {"elbv2.k8s.aws/pod-readiness-gate-inject": "enabled"}), (False, {})],
)
def test_the_namespace_carries_the_readiness_gate_label_by_default(gate, labels):
    metadata = build(made(readiness_gate=gate)).named("serving-namespace").inputs["metadata"]
    assert metadata == {"name": "poolside-models", "labels": labels}


def test_the_release_has_a_fixed_name_rolls_back_and_waits_for_large_checkpoints():
    inputs = build(made()).named("serving-release").inputs
    values = inputs.pop("values")
    assert inputs == {
        "name": "inference",
        "namespace": "poolside-models",
        "chart": "charts/inference",
        "atomic": True,
        "cleanupOnFail": True,
        "timeout": 3600,
        "maxHistory": 10,
        "compat": "true",
    }
    assert values == {
        "fullnameOverride": "inference",
        "image": {"registry": REGISTRY},
        "serviceAccount": {"create": True, "annotations": {"eks.amazonaws.com/role-arn": ROLE_ARN}},
        "podSecurityContext": {
            "runAsNonRoot": True,
            "runAsUser": 10003,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "authentication": {"secretName": "vllm-auth"},
        "ingress": {"enabled": True, "className": "alb", "annotations": ANNOTATIONS},
        "models": {
            key: {
                "model": model["model"],
                "modelName": model["model_name"],
                "modelType": model["model_type"],
                "gpus": model["gpus"],
                "ingressHost": model["ingress_host"],
            }
            for key, model in MODELS.items()
        },
    }


@pytest.mark.parametrize(
    ("chart", "inputs"),
    [
        ({"path": "../bundle/charts/inference"}, {"chart": "../bundle/charts/inference"}),
        (
            {"reference": "oci://registry.example.com/charts/inference", "version": "1.2.3"},
            {"chart": "oci://registry.example.com/charts/inference", "version": "1.2.3"},
        ),
        (
            {"repository": "https://charts.example.com", "name": "inference", "version": "1.2.3"},
            {
                "chart": "inference",
                "version": "1.2.3",
                "repositoryOpts": {"repo": "https://charts.example.com"},
            },
        ),
    ],
)
def test_the_chart_comes_from_disk_a_registry_or_a_repository(chart, inputs):
    release = build(made(chart=chart)).named("serving-release").inputs
    assert {k: v for k, v in release.items() if k in ("chart", "version", "repositoryOpts")} == inputs


def test_everything_inside_the_namespace_waits_for_it_and_the_release_for_all():
    recording = build(made(s3_credentials=CREDENTIALS))
    urn = {r.name: r.urn for r in recording.registrations}
    for secret in ("serving-api-key", "serving-s3-credentials"):
        assert recording.named(secret).depends_on == {urn["serving-namespace"]}
    assert recording.named("serving-release").depends_on == {
        urn["serving-namespace"],
        urn["serving-api-key"],
        urn["serving-s3-credentials"],
    }
    assert recording.named("serving-namespace").depends_on == set()


def test_deletion_goes_release_secrets_namespace():
    recording = build(made(s3_credentials=CREDENTIALS))
    left = {r.name: r for r in custom_resources(recording)}
    order: list[set[str]] = []
    while left:
        needed = {urn for r in left.values() for urn in r.depends_on}
        free = {name for name, r in left.items() if r.urn not in needed}
        order.append(free)
        left = {name: r for name, r in left.items() if name not in free}
    assert order == [
        {"serving-release"},
        {"serving-api-key", "serving-s3-credentials"},
        {"serving-namespace"},
    ]


def test_the_release_waits_for_what_its_caller_names_and_its_namespace_does_not():
    class Controller(pulumi.CustomResource):
        def __init__(self, opts: pulumi.ResourceOptions) -> None:
            super().__init__("kubernetes:test:Controller", "controller", {}, opts)

    def program(opts: pulumi.ResourceOptions) -> None:
        needs = pulumi.ResourceOptions(depends_on=[Controller(opts)])
        InferenceRelease("serving", arguments(), pulumi.ResourceOptions.merge(opts, needs))

    recording = build(program)
    controller = recording.named("controller").urn
    assert controller in recording.named("serving-release").depends_on
    assert controller not in recording.named("serving-namespace").depends_on
    assert controller not in recording.named("serving").depends_on


@pytest.mark.parametrize("preview", [False, True])
def test_outputs_and_values_are_known_in_preview_too(preview):
    unknown = pulumi.Output.from_input(pulumi.UNKNOWN)
    recording = build(made(api_key=unknown), preview=preview) if preview else build(made())
    assert unknowns(recording.named("serving-release").inputs) == []
    assert recording.outputs["serving"] == {
        "namespace": "poolside-models",
        "releaseName": "inference",
        "serviceAccount": "inference",
        "modelEndpoints": URLS,
        "deployments": DEPLOYMENTS,
    }


def test_an_unknown_key_stays_secret_at_preview():
    unknown = pulumi.Output.from_input(pulumi.UNKNOWN)
    secret = build(made(api_key=unknown), preview=True).named("serving-api-key")
    assert secret.inputs["stringData"] == UNKNOWN
    assert secret.secret_paths == {"stringData"}


@pytest.mark.parametrize(
    ("port", "url"),
    [
        (None, "http://chat-point.models.svc.cluster.local:8000/v1"),
        (80, "http://chat-point.models.svc.cluster.local:80/v1"),
    ],
)
def test_without_an_ingress_the_endpoints_are_those_of_the_services(port, url):
    recording = build(
        made(
            ingress=None,
            namespace="models",
            release_name="chat",
            models={"point": MODELS["point"]},
            service_port=port,
        )
    )
    outputs = recording.outputs["serving"]
    assert outputs["modelEndpoints"] == {"point": url}
    assert outputs["deployments"] == {"point": "chat-point"}
    assert outputs["serviceAccount"] == "chat"
    values = recording.named("serving-release").inputs["values"]
    assert values["ingress"] == {"enabled": False}
    assert values["fullnameOverride"] == "chat"


def test_arguments_reach_the_values():
    toleration = {"key": "example.com/batch", "operator": "Exists"}
    recording = build(
        made(
            image={"name": "vllm-openai", "tag": "v0.33.0"},
            service_account={"create": False, "name": "readers", "role_arn": ROLE_ARN},
            pod_security_context={"runAsUser": 1},
            docs={"enabled": True},
            models={"point": {**MODELS["point"], "tolerations": [toleration], "overrides": {"replicas": 2}}},
            values={"extra": True},
            timeout_seconds=60,
        )
    )
    release = recording.named("serving-release").inputs
    values = release["values"]
    assert release["timeout"] == 60
    assert values["image"] == {"registry": REGISTRY, "name": "vllm-openai", "tag": "v0.33.0"}
    assert values["serviceAccount"] == {"create": False, "name": "readers"}
    assert values["podSecurityContext"] == {"runAsUser": 1}
    assert values["docs"] == {"enabled": True}
    assert values["models"]["point"]["tolerations"] == [toleration]
    assert values["models"]["point"]["replicas"] == 2
    assert values["extra"] is True
    assert recording.outputs["serving"]["serviceAccount"] == "readers"


def test_a_roles_arn_may_be_an_output_that_is_known():
    account = {"role_arn": pulumi.Output.from_input(ROLE_ARN)}
    values = build(made(service_account=account), preview=True).named("serving-release").inputs["values"]
    assert values["serviceAccount"]["annotations"] == {"eks.amazonaws.com/role-arn": ROLE_ARN}


def model(**changes) -> dict:
    return {**MODELS["point"], **changes}


@pytest.mark.parametrize(
    ("changes", "path", "reason"),
    [
        ({"models": {}}, "models", "is required"),
        ({"models": {"Point": model()}}, "models.Point", "expected a DNS label as its key"),
        ({"models": {"p" * 54: model()}}, f"models.{'p' * 54}", "at most 63 characters"),
        ({"models": {"point": model(gpus=3)}}, "models.point.gpus", "is 3; it must be 1, 2, 4 or 8"),
        (
            {"models": {"point": model(model="weights/point")}},
            "models.point.model",
            "expected s3://<bucket>/<prefix>",
        ),
        (
            {"models": {"point": model(model="s3://weights")}},
            "models.point.model",
            "expected s3://<bucket>/<prefix>",
        ),
        (
            {"models": {"point": model(model="s3://weights/a/")}},
            "models.point.model",
            "without a slash at the end",
        ),
        (
            {"models": {"point": model(model_type="chat")}},
            "models.point.modelType",
            "agent, agent_small, completion",
        ),
        ({"models": {"point": model(model_name="")}}, "models.point.modelName", "is required"),
        (
            {"models": {"point": model(ingress_host="point")}},
            "models.point.ingressHost",
            "expected a host name",
        ),
        (
            {"models": {"point": model(ingress_host="")}},
            "models.point.ingressHost",
            "while the Ingress is enabled",
        ),
        (
            {"models": {"one": model(), "two": model()}},
            "models.two.ingressHost",
            "also the host of model one",
        ),
        (
            {"chart": {"path": "a", "reference": "oci://b/c"}},
            "chart",
            "has path and reference; give exactly one",
        ),
        ({"chart": {"version": "1"}}, "chart", "has none; give exactly one"),
        ({"chart": {"path": "a", "version": "1"}}, "chart.version", "does not go with path"),
        ({"chart": {"reference": "oci://b/c"}}, "chart.version", "is required"),
        ({"chart": {"reference": "b/c", "version": "1"}}, "chart.reference", "expected oci://"),
        ({"chart": {"repository": "https://c", "version": "1"}}, "chart.name", "is required with repository"),
        (
            {"chart": {"repository": "oci://c", "name": "a", "version": "1"}},
            "chart.repository",
            "goes in reference",
        ),
        (
            {"chart": {"reference": "oci://b/c", "name": "c", "version": "1"}},
            "chart.name",
            "does not go with",
        ),
        ({"image_registry": "https://registry"}, "imageRegistry", "without https://"),
        ({"existing_api_key_secret": "team-key"}, "existingApiKeySecret", "does not go with apiKey"),
        ({"api_key": ""}, "apiKey", "leave it out"),
        ({"s3_credentials": {"access_key_id": "A"}}, "s3Credentials.secretAccessKey", "is required"),
        (
            {"s3_credentials": CREDENTIALS, "existing_s3_secret": "mine"},
            "existingS3Secret",
            "does not go with s3Credentials",
        ),
        ({"ingress": {"enabled": True}}, "ingress.className", "is required"),
        ({"namespace": "a.b"}, "namespace", "expected a DNS label"),
        ({"release_name": "1st"}, "releaseName", "a letter first"),
        ({"service_account": {"name": "A"}}, "serviceAccount.name", "expected a DNS name"),
        ({"service_account": {"role_arn": "inference"}}, "serviceAccount.roleArn", "expected arn:"),
        ({"values": {"fullnameOverride": "x"}}, "values.fullnameOverride", "set that instead"),
        ({"timeout_seconds": 0}, "timeoutSeconds", "at least 1"),
    ],
)
def test_a_fault_names_its_path_and_what_would_be_right(changes, path, reason):
    found = faults(made(**changes))
    assert list(found) == [path]
    assert reason in found[path]


def test_every_fault_is_reported_at_once():
    found = faults(
        made(
            chart={"path": "a", "repository": "https://b"},
            namespace="A",
            ingress={"enabled": True},
            models={"point": model(gpus=5, model="x"), "Two": model()},
        )
    )
    assert sorted(found) == [
        "chart",
        "ingress.className",
        "models.Two",
        "models.Two.ingressHost",
        "models.point.gpus",
        "models.point.model",
        "namespace",
    ]


def test_no_fault_quotes_a_secret():
    found = faults(made(existing_api_key_secret="x", s3_credentials={"access_key_id": "AKIAPLAINTEXT"}))
    assert not [reason for reason in found.values() if KEY in reason or "AKIAPLAINTEXT" in reason]
