"""Values that are refused, each with a message that names its path."""

import copy

import pytest

from tests.chart.rendering import DEV, Helm, RenderingError, changed

# Path to change, a wrong value, and how the schema's message names the place and the fault.
WRONG = [
    ("image.repository", "vllm", "at '/image': additional properties 'repository' not allowed"),
    ("image.registry", "https://registry.example.com", "at '/image/registry'"),
    ("image.name", "Atlas", "at '/image/name'"),
    ("image.tag", "latest", "at '/image/tag'"),
    ("image.tag", 7, "at '/image/tag': got number, want string"),
    ("image.digest", "sha256:abc", "at '/image/digest'"),
    ("image.pullPolicy", "Sometimes", "at '/image/pullPolicy': value must be one of"),
    ("fullnameOverride", "Inference", "at '/fullnameOverride'"),
    ("serviceAccount.create", "yes", "at '/serviceAccount/create': got string, want boolean"),
    ("serviceAccount.role", "reader", "at '/serviceAccount': additional properties 'role'"),
    ("serviceAccount.annotations.size", 7, "at '/serviceAccount/annotations/size': got number, want string"),
    ("authentication.apiKey", "hunter2", "at '/authentication': additional properties 'apiKey'"),
    ("authentication.secretName", "Not A Name", "at '/authentication/secretName'"),
    ("s3.accessKeyId", "AKIA", "at '/s3': additional properties 'accessKeyId'"),
    ("s3.region", "Ohio", "at '/s3/region'"),
    ("ingress.enabled", "true", "at '/ingress/enabled': got string, want boolean"),
    ("ingress.annotations.redirect", 443, "at '/ingress/annotations/redirect': got number, want string"),
    ("ingress.idleTimeoutSeconds", 4001, "at '/ingress/idleTimeoutSeconds': maximum: got 4,001, want 4,000"),
    ("ingress.hosts", [], "at '/ingress': additional properties 'hosts'"),
    ("vllm.version", "newest", "at '/vllm/version'"),
    ("vllm.gpuMemoryUtilization", 1.5, "at '/vllm/gpuMemoryUtilization'"),
    ("vllm.logLevel", "loud", "at '/vllm/logLevel': value must be one of"),
    ("vllm.extraArgs", "--seed=0", "at '/vllm/extraArgs': got string, want array"),
    ("vllm.env", [{"name": "A", "value": "b"}], "at '/vllm/env': got array, want object"),
    ("vllm.env", {"A-B": "c"}, "invalid propertyName 'A-B'"),
    ("modelTypes.chat", {}, "at '/modelTypes': additional properties 'chat' not allowed"),
    ("modelTypes.agent.maxModelLen", "128k", "at '/modelTypes/agent/maxModelLen': got string, want integer"),
    ("loader.mode", "pvc", "at '/loader/mode': value must be one of 'init', 'stream'"),
    ("loader.concurrency", 0, "at '/loader/concurrency': minimum: got 0, want 1"),
    ("modelCache.sizeLimit", "300", "at '/modelCache/sizeLimit'"),
    ("sharedMemory.sizeLimit", "", "at '/sharedMemory/sizeLimit'"),
    ("startup.loadSeconds", 5, "at '/startup/loadSeconds': minimum: got 5, want 10"),
    ("drain.preStopSeconds", 0, "at '/drain/preStopSeconds': minimum: got 0, want 1"),
    ("resourcesPerGpu.memory", "64GB", "at '/resourcesPerGpu/memory'"),
    ("tolerations", {"key": "a"}, "at '/tolerations': got object, want array"),
    ("tolerations", [{"key": "a", "operator": "exists"}], "at '/tolerations/0/operator'"),
    ("nodeSelector", {"gpu": True}, "at '/nodeSelector/gpu': got boolean, want string"),
    ("replicas", 2, "additional properties 'replicas' not allowed"),
    ("models", [], "at '/models': got array, want object"),
    ("models.Point", DEV["models"]["point"], "invalid propertyName 'Point'"),
    ("models.point", {}, "missing properties 'model', 'modelName', 'modelType', 'gpus'"),
    (
        "models.point.modelType",
        "chat",
        "at '/models/point/modelType': value must be one of 'agent', 'agent_small'",
    ),
    ("models.point.gpus", 3, "at '/models/point/gpus': value must be one of 1, 2, 4, 8"),
    ("models.point.gpus", "1", "at '/models/point/gpus': got string, want integer"),
    ("models.point.gpus", 16, "at '/models/point/gpus': value must be one of 1, 2, 4, 8"),
    ("models.point.ingressHost", "Point.example.com", "at '/models/point/ingressHost'"),
    ("models.point.ingressHost", "https://point.example.com", "at '/models/point/ingressHost'"),
    ("models.point.ingressHost", "point", "at '/models/point/ingressHost'"),
    ("models.point.ingressHost", "*.example.com", "at '/models/point/ingressHost'"),
    ("models.point.model", "/models/point", "at '/models/point/model'"),
    ("models.point.model", "s3://bucket", "at '/models/point/model'"),
    ("models.point.model", "s3://Bucket/point", "at '/models/point/model'"),
    ("models.point.modelName", "Point 1", "at '/models/point/modelName'"),
    ("models.point.replicas", -1, "at '/models/point/replicas': minimum: got -1, want 0"),
    ("models.point.tensorParallelSize", 2, "at '/models/point': additional properties 'tensorParallelSize'"),
    (
        "models.point.resources.limits",
        {"nvidia.com/gpu": 2},
        "additional properties 'nvidia.com/gpu' not allowed",
    ),
    ("models.point.resources.limits", {"memory": "lots"}, "at '/models/point/resources/limits/memory'"),
    ("models.point.drain.shutdownSeconds", "2m", "at '/models/point/drain/shutdownSeconds': got string"),
    ("models.point.vllm.port", 9000, "at '/models/point/vllm': additional properties 'port'"),
    ("docs.enabled", 1, "at '/docs/enabled': got number, want boolean"),
    ("docs.port", 80, "at '/docs/port': minimum: got 80, want 1,025"),
    ("docs.ingressHost", "docs_site", "at '/docs/ingressHost'"),
    ("docs.image.tag", "latest", "at '/docs/image/tag'"),
]


@pytest.mark.parametrize(("path", "value", "message"), WRONG, ids=[f"{p}={v}"[:60] for p, v, _ in WRONG])
def test_a_wrong_value_is_refused_by_its_path(helm: Helm, path, value, message):
    with pytest.raises(RenderingError) as refusal:
        helm.render(changed(DEV, path, value))
    assert "values don't meet the specifications of the schema" in str(refusal.value)
    assert message in str(refusal.value)


def test_helm_4_refuses_by_the_same_schema(helm4: Helm):
    with pytest.raises(RenderingError, match="at '/models/point/gpus': value must be one of 1, 2, 4, 8"):
        helm4.render(changed(DEV, "models.point.gpus", 3))


def test_faults_that_the_schema_cannot_see_are_told_all_at_once(helm: Helm):
    values = copy.deepcopy(DEV)
    models = values["models"]
    models["point"]["ingressHost"] = "laguna-m.models.example.com"
    del models["laguna-xs"]["ingressHost"]
    models["docs"] = {**DEV["models"]["point"], "ingressHost": "docs.models.example.com"}
    values["docs"] = {"enabled": True, "ingressHost": "docs.models.example.com"}
    with pytest.raises(RenderingError) as refusal:
        helm.render(values)
    for line in (
        "models.point.ingressHost: laguna-m.models.example.com already leads to models.laguna-m; each needs a host",
        "models.laguna-xs.ingressHost: is required while ingress.enabled is true",
        "models.docs: the documentation site has that name; choose another key",
        "models.docs.ingressHost: docs.models.example.com already leads to docs; each needs a host",
        "docs.image.tag: is required while docs.enabled is true; it is the tag of public-docs in your bundle",
    ):
        assert f"  - {line}" in str(refusal.value)


@pytest.mark.parametrize(
    ("argument", "reason"),
    [
        ("--tensor-parallel-size=2", "--tensor-parallel-size: it follows from gpus"),
        ("--tensor_parallel_size=2", "--tensor-parallel-size: it follows from gpus"),
        ("-tp", "-tp: it follows from gpus"),
        ("--port=9000", "--port: Service and probes use port 8000"),
        ("--api-key=hunter2", "--api-key: a key belongs in the Secret of authentication.secretName"),
        ("--served-model-name=x", "--served-model-name: set modelName"),
        ("--load-format=auto", "--load-format: set loader.mode"),
    ],
)
def test_arguments_that_the_chart_sets_are_refused(helm: Helm, argument, reason):
    with pytest.raises(RenderingError) as refusal:
        helm.render(changed(DEV, "models.point.extraArgs", [argument]))
    assert f"models.point: extraArgs may not have {reason}" in str(refusal.value)


@pytest.mark.parametrize("path", ["vllm.env", "models.point.env"])
def test_an_api_key_in_the_environment_is_refused_and_not_repeated(helm: Helm, path):
    with pytest.raises(RenderingError) as refusal:
        helm.render(changed(DEV, path, {"VLLM_API_KEY": "hunter2"}))
    assert "models.point: env may not have VLLM_API_KEY" in str(refusal.value)
    assert "hunter2" not in str(refusal.value)


def test_agent_models_need_a_server_that_knows_their_parser(helm: Helm):
    with pytest.raises(RenderingError) as refusal:
        helm.render(changed(DEV, "image.tag", "v0.20.2"))
    assert "models.laguna-m: the parser poolside_v1 needs vLLM 0.21 or later and the image has 0.20.2" in str(
        refusal.value
    )
    assert "models.point" not in str(refusal.value)


def test_an_image_without_tag_and_digest_is_refused(helm: Helm):
    with pytest.raises(RenderingError, match=r"models\.point\.image: set a tag or a digest"):
        helm.render(changed(DEV, "image.tag", ""))


def test_a_name_that_kubernetes_would_refuse_is_refused_first(helm: Helm):
    values = changed(DEV, "fullnameOverride", "i" * 50)
    values["models"]["long-key-of-a-model"] = {
        **DEV["models"]["point"],
        "ingressHost": "long.models.example.com",
    }
    with pytest.raises(
        RenderingError, match=r"models\.long-key-of-a-model: the name i+-long-key-of-a-model has more"
    ):
        helm.render(values)
