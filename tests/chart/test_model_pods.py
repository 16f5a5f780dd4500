"""The pods of the models: arguments, environment, loading, times, security and room."""

import re

import pytest
import yaml

from tests.chart.rendering import CHART, DEV, Helm, Objects, changed

KEYS = tuple(DEV["models"])


def test_the_tensor_parallel_size_is_the_number_of_gpus(dev: Objects):
    for key, model in DEV["models"].items():
        resources = dev.server(key)["resources"]
        assert resources["limits"]["nvidia.com/gpu"] == str(model["gpus"])
        assert resources["requests"]["nvidia.com/gpu"] == str(model["gpus"])
        assert f"--tensor-parallel-size={model['gpus']}" in dev.arguments(key)


def test_agent_models_call_tools_and_reason(dev: Objects):
    for key in ("laguna-m", "laguna-xs"):
        arguments = dev.arguments(key)
        assert "--enable-auto-tool-choice" in arguments
        assert "--tool-call-parser=poolside_v1" in arguments
        assert "--reasoning-parser=poolside_v1" in arguments


def test_completion_models_do_neither(dev: Objects):
    assert not [a for a in dev.arguments("point") if "tool" in a or "reasoning" in a]


def test_agent_small_is_agent_with_context_and_batch_capped(dev: Objects):
    def number(key, flag):
        [argument] = [a for a in dev.arguments(key) if a.startswith(flag)]
        return int(argument.partition("=")[2])

    for flag in ("--max-model-len=", "--max-num-seqs="):
        assert number("laguna-xs", flag) < number("laguna-m", flag)


def test_the_server_is_called_by_the_model_name_at_port_8000(dev: Objects):
    assert dev.server("laguna-m")["command"] == ["vllm", "serve"]
    assert dev.arguments("laguna-m")[:3] == ["/models/laguna-m", "--served-model-name=Laguna", "--port=8000"]
    assert dev.server("laguna-m")["ports"] == [{"name": "http", "containerPort": 8000, "protocol": "TCP"}]


# First vLLM release that knows each flag (facts: read from vLLM's wheels).
SINCE = {
    "--disable-access-log-for-endpoints=/health,/metrics,/ping": (0, 16),
    "--shutdown-timeout=120": (0, 18),
    "--sse-keep-alive-interval=30": (0, 29),
    "--max-num-queued-reqs=256": (0, 29),
}


@pytest.mark.parametrize(
    ("tag", "version"),
    [
        ("v0.15.1", (0, 15)),
        ("v0.16.0", (0, 16)),
        ("v0.17.9", (0, 17)),
        ("v0.18.0", (0, 18)),
        ("0.27.1-gpu-py312-cu130-ubuntu22.04-ec2", (0, 27)),
        ("v0.28.0", (0, 28)),
        ("v0.29.0", (0, 29)),
        ("v0.33.0", (0, 33)),
        ("v1.0.0", (1, 0)),
        ("server-cuda-v2.3", (0, 0)),
        ("20261101-abcdef", (0, 0)),
    ],
)
def test_a_flag_is_given_to_versions_that_know_it_only(helm: Helm, values, tag, version):
    values["image"]["tag"] = tag
    values["vllm"] = {"maxQueuedRequests": 256}
    arguments = helm.render({**values, "models": {"point": values["models"]["point"]}}).arguments("point")
    assert {flag for flag in SINCE if flag in arguments} == {
        f for f, first in SINCE.items() if version >= first
    }


def test_the_version_can_be_told_where_the_tag_does_not_tell_it(helm: Helm, values):
    values["image"]["tag"] = "20261101"
    values["vllm"] = {"version": "0.28.0"}
    assert "--shutdown-timeout=120" in helm.render(values).arguments("point")
    assert not [a for a in helm.render(values).arguments("point") if a.startswith("--sse")]


def test_arguments_of_chart_type_and_model_add_up(helm: Helm, values):
    values["vllm"] = {"extraArgs": ["--seed=0"]}
    values["modelTypes"] = {"completion": {"extraArgs": ["--generation-config=vllm"]}}
    values["models"]["point"]["extraArgs"] = ["--kv-cache-dtype=fp8", '--override-generation-config={"n": 1}']
    assert helm.render(values).arguments("point")[-4:] == [
        "--seed=0",
        "--generation-config=vllm",
        "--kv-cache-dtype=fp8",
        '--override-generation-config={"n": 1}',
    ]


def test_the_users_environment_goes_before_the_charts_and_the_models_before_both(helm: Helm, values):
    values["vllm"] = {"env": {"VLLM_LOGGING_LEVEL": "DEBUG", "VLLM_USE_DEEP_GEMM": 0}}
    values["models"]["point"]["env"] = {"VLLM_USE_DEEP_GEMM": 1, "FLAG": True}
    objects = helm.render(values)
    assert objects.environment("point")["VLLM_LOGGING_LEVEL"] == "DEBUG"
    assert objects.environment("point")["VLLM_USE_DEEP_GEMM"] == "1"
    assert objects.environment("point")["FLAG"] == "true"
    assert objects.environment("laguna-m")["VLLM_USE_DEEP_GEMM"] == "0"
    assert "FLAG" not in objects.environment("laguna-m")


def test_the_server_neither_calls_home_nor_downloads_anything(dev: Objects):
    environment = dev.environment("point")
    assert environment["HF_HUB_OFFLINE"] == "1"
    assert environment["VLLM_NO_USAGE_STATS"] == "1"


def test_no_service_of_the_namespace_reaches_the_environment(dev: Objects):
    assert all(dev.pod(key)["enableServiceLinks"] is False for key in KEYS)


def test_connections_stay_open_longer_than_the_load_balancer_keeps_them(helm: Helm, dev: Objects, values):
    assert dev.environment("point")["VLLM_HTTP_TIMEOUT_KEEP_ALIVE"] == "630"
    longer = helm.render(changed(values, "ingress.idleTimeoutSeconds", 4000))
    assert longer.environment("point")["VLLM_HTTP_TIMEOUT_KEEP_ALIVE"] == "4030"


def test_an_idle_timeout_in_an_annotation_counts(helm: Helm, values):
    attributes = "deletion_protection.enabled=true,idle_timeout.timeout_seconds=900"
    path = "ingress.annotations.alb~1ingress~1kubernetes~1io/load-balancer-attributes"
    objects = helm.render(changed(values, path, attributes))
    assert objects.environment("point")["VLLM_HTTP_TIMEOUT_KEEP_ALIVE"] == "930"


def test_the_api_key_comes_from_the_secret_and_reaches_the_server_only(dev: Objects):
    for key in KEYS:
        reference = {"secretKeyRef": {"name": "vllm-auth", "key": "VLLM_API_KEY"}}
        assert dev.environment(key)["VLLM_API_KEY"] == reference
        [loader] = dev.pod(key)["initContainers"]
        assert "env" not in loader


def test_an_empty_secret_name_drops_the_api_key(helm: Helm, values):
    text = helm.text(changed(values, "authentication.secretName", ""))
    assert "VLLM_API_KEY" not in text


def test_a_checkpoint_is_downloaded_before_the_server_starts(dev: Objects):
    [loader] = dev.pod("laguna-xs")["initContainers"]
    assert loader["name"] == "model-downloader"
    assert loader["image"] == dev.server("laguna-xs")["image"]
    assert loader["command"] == ["python3", "/opt/downloader/download_checkpoint.py"]
    assert loader["args"][:2] == [DEV["models"]["laguna-xs"]["model"], "/models/laguna-xs"]
    assert loader["terminationMessagePolicy"] == "FallbackToLogsOnError"
    mounts = {m["name"]: m for m in loader["volumeMounts"]}
    assert mounts["models"] == {"name": "models", "mountPath": "/models"}
    assert {"name": "models", "mountPath": "/models", "readOnly": True} in dev.server("laguna-xs")[
        "volumeMounts"
    ]
    assert {"name": "models", "emptyDir": {}} in dev.pod("laguna-xs")["volumes"]


def test_the_config_map_holds_the_downloader_as_it_is(dev: Objects):
    files = {file.name: file.read_text() for file in (CHART / "files").glob("*.py")}
    assert set(files) == {"checkpoint.py", "download_checkpoint.py"}
    assert dev.named("ConfigMap", "inference-downloader")["data"] == files
    assert {"name": "downloader", "configMap": {"name": "inference-downloader"}} in dev.pod("point")[
        "volumes"
    ]


def test_a_cache_with_a_limit_is_known_to_downloader_and_scheduler(helm: Helm, values):
    objects = helm.render(changed(values, "models.point.modelCache.sizeLimit", "100Gi"))
    assert {"name": "models", "emptyDir": {"sizeLimit": "100Gi"}} in objects.pod("point")["volumes"]
    assert f"--size-limit={100 * 2**30}" in objects.pod("point")["initContainers"][0]["args"]
    assert objects.server("point")["resources"]["requests"]["ephemeral-storage"] == "100Gi"
    assert "ephemeral-storage" not in objects.server("laguna-m")["resources"]["requests"]


def test_the_cache_can_be_another_volume(helm: Helm, values):
    volume = {"persistentVolumeClaim": {"claimName": "models"}}
    objects = helm.render(changed(values, "modelCache.volume", volume))
    assert {"name": "models", **volume} in objects.pod("point")["volumes"]


def test_streaming_reads_the_prefix_itself_without_an_init_container(helm: Helm, values):
    objects = helm.render(changed(values, "loader.mode", "stream"))
    pod = objects.pod("laguna-m")
    assert "initContainers" not in pod
    assert {volume["name"] for volume in pod["volumes"]} == {"cache", "tmp", "shared-memory"}
    assert objects.arguments("laguna-m")[0] == "s3://inference-checkpoints/checkpoints/laguna-m/"
    assert "--load-format=runai_streamer" in objects.arguments("laguna-m")
    # 4 processes share 40 % of 4 x 64 GiB
    assert objects.environment("laguna-m")["RUNAI_STREAMER_MEMORY_LIMIT"] == str(64 * 2**30 * 2 // 5)
    assert objects.environment("laguna-m")["RUNAI_STREAMER_CONCURRENCY"] == "16"


def test_the_streaming_buffer_follows_the_models_own_memory_limit(helm: Helm, values):
    values["loader"] = {"mode": "stream"}
    values["models"]["point"]["resources"] = {"requests": {"memory": "12G"}, "limits": {"memory": "25G"}}
    limit = helm.render(values).environment("point")["RUNAI_STREAMER_MEMORY_LIMIT"]
    assert limit == str(10 * 10**9)


def test_one_model_can_stream_while_others_download(helm: Helm, values):
    objects = helm.render(changed(values, "models.point.loader.mode", "stream"))
    assert "initContainers" not in objects.pod("point")
    assert objects.pod("laguna-m")["initContainers"]


def test_static_credentials_reach_whoever_reads_from_s3(helm: Helm, values):
    values["s3"] = {"secretName": "aws-credentials", "region": "us-east-2"}
    values["models"]["point"]["loader"] = {"mode": "stream"}
    objects = helm.render(values)
    [loader] = objects.pod("laguna-m")["initContainers"]
    names = [
        "AWS_REGION",
        "AWS_DEFAULT_REGION",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
    ]
    assert [entry["name"] for entry in loader["env"]] == names
    assert loader["env"][2]["valueFrom"]["secretKeyRef"] == {
        "name": "aws-credentials",
        "key": "AWS_ACCESS_KEY_ID",
    }
    assert loader["env"][4]["valueFrom"]["secretKeyRef"]["optional"] is True
    assert set(names) <= set(objects.environment("point"))
    assert not [name for name in objects.environment("laguna-m") if name.startswith("AWS_")]


def test_without_credentials_or_region_nothing_of_aws_is_set(dev: Objects):
    assert not [name for key in KEYS for name in dev.environment(key) if name.startswith("AWS_")]


def startup_seconds(objects: Objects, key: str) -> int:
    probe = objects.server(key)["startupProbe"]
    return probe["periodSeconds"] * probe["failureThreshold"]


def test_a_start_has_time_for_tens_of_gigabytes(dev: Objects):
    # 100 GB at the 125 MB/s of a gp3 volume without extra throughput, and 660 s of compiling and capturing.
    assert startup_seconds(dev, "laguna-m") >= 100e9 / 125e6 + 660
    assert dev.environment("laguna-m")["VLLM_ENGINE_READY_TIMEOUT_S"] == "1500"


def test_a_deployment_waits_for_image_checkpoint_and_start(dev: Objects):
    spec = dev.named("Deployment", "inference-laguna-m")["spec"]
    assert spec["progressDeadlineSeconds"] >= 600 + 1200 + startup_seconds(dev, "laguna-m")
    assert spec["progressDeadlineSeconds"] <= 3600  # what InferenceRelease gives Helm by default


def test_a_streaming_start_has_the_time_of_the_download_too(helm: Helm, values):
    objects = helm.render(changed(values, "models.point.loader.mode", "stream"))
    assert startup_seconds(objects, "point") == 1500 + 1200
    assert objects.environment("point")["VLLM_ENGINE_READY_TIMEOUT_S"] == "2700"


def test_a_models_own_start_times_count_for_that_model_only(helm: Helm, values):
    values["models"]["laguna-m"]["startup"] = {"loadSeconds": 3605}
    objects = helm.render(values)
    assert startup_seconds(objects, "laguna-m") == 3610
    assert startup_seconds(objects, "point") == 1500
    spec = objects.named("Deployment", "inference-laguna-m")["spec"]
    assert spec["progressDeadlineSeconds"] == 600 + 1200 + 3605 + 155 + 60


def test_every_probe_asks_for_health(dev: Objects):
    for name in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert dev.server("point")[name]["httpGet"] == {"path": "/health", "port": "http"}


def test_a_pod_is_taken_out_then_drained_then_killed(dev: Objects):
    pause = dev.server("point")["lifecycle"]["preStop"]["sleep"]["seconds"]
    [drain] = [a for a in dev.arguments("point") if a.startswith("--shutdown-timeout=")]
    assert pause > 0
    assert dev.pod("point")["terminationGracePeriodSeconds"] > pause + int(drain.partition("=")[2])


def test_a_single_pod_is_replaced_in_place_and_helm_waits_for_it(dev: Objects):
    spec = dev.named("Deployment", "inference-point")["spec"]
    assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})
    assert "topologySpreadConstraints" not in dev.pod("point")
    assert dev.of_kind("PodDisruptionBudget") == []


def test_replicas_roll_without_spare_gpus_stay_up_and_spread(helm: Helm, values):
    objects = helm.render(changed(values, "models.point.replicas", 3))
    deployment = objects.named("Deployment", "inference-point")
    selector = deployment["spec"]["selector"]["matchLabels"]
    assert deployment["spec"]["replicas"] == 3
    assert deployment["spec"]["strategy"] == {
        "type": "RollingUpdate",
        "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1},
    }
    [spread] = objects.pod("point")["topologySpreadConstraints"]
    assert spread["labelSelector"]["matchLabels"] == selector
    [budget] = objects.of_kind("PodDisruptionBudget")
    assert budget["metadata"]["name"] == "inference-point"
    assert budget["spec"]["maxUnavailable"] == 1
    assert budget["spec"]["selector"]["matchLabels"] == selector


def test_a_model_can_be_scaled_to_nothing(helm: Helm, values):
    objects = helm.render(changed(values, "models.point.replicas", 0))
    assert objects.named("Deployment", "inference-point")["spec"]["replicas"] == 0


def test_no_two_models_select_the_same_pods(dev: Objects):
    selectors = [d["spec"]["selector"]["matchLabels"] for d in dev.of_kind("Deployment")]
    assert len({tuple(sorted(selector.items())) for selector in selectors}) == 3
    for deployment in dev.of_kind("Deployment"):
        service = dev.named("Service", deployment["metadata"]["name"])
        assert service["spec"]["selector"] == deployment["spec"]["selector"]["matchLabels"]
        assert deployment["spec"]["template"]["metadata"]["labels"] == service["spec"]["selector"]


def test_pods_meet_the_restricted_pod_security_standard(dev: Objects):
    for key in KEYS:
        pod = dev.pod(key)
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["runAsUser"] == 10003
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert pod["automountServiceAccountToken"] is False
        for container in [*pod["initContainers"], *pod["containers"]]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
        assert not {"hostNetwork", "hostPID", "hostIPC"} & set(pod)
        assert all(set(volume) & {"emptyDir", "configMap"} for volume in pod["volumes"])


def test_what_the_server_writes_goes_to_a_volume(dev: Objects):
    environment = dev.environment("point")
    mounts = {mount["mountPath"]: mount for mount in dev.server("point")["volumeMounts"]}
    for name in ("HOME", "VLLM_CACHE_ROOT", "TORCHINDUCTOR_CACHE_DIR", "TRITON_CACHE_DIR", "HF_HOME"):
        assert environment[name].startswith("/cache")
    assert {"/cache", "/tmp", "/dev/shm"} <= set(mounts)  # noqa: S108 -- paths in a pod
    assert not any("readOnly" in mounts[path] for path in ("/cache", "/tmp", "/dev/shm"))  # noqa: S108


def test_the_user_has_a_name_although_the_image_knows_none(dev: Objects):
    assert dev.environment("point")["USER"] == "inference"
    assert dev.environment("point")["LOGNAME"] == "inference"


def test_shared_memory_is_memory_with_a_limit(helm: Helm, dev: Objects, values):
    shared = {"name": "shared-memory", "emptyDir": {"medium": "Memory", "sizeLimit": "16Gi"}}
    assert shared in dev.pod("laguna-m")["volumes"]
    objects = helm.render(changed(values, "models.point.sharedMemory.sizeLimit", "4Gi"))
    assert {"name": "shared-memory", "emptyDir": {"medium": "Memory", "sizeLimit": "4Gi"}} in objects.pod(
        "point"
    )["volumes"]


def test_requests_grow_with_the_gpus(dev: Objects):
    assert dev.server("laguna-m")["resources"] == {
        "requests": {"cpu": "32", "memory": "256Gi", "nvidia.com/gpu": "4"},
        "limits": {"memory": "256Gi", "nvidia.com/gpu": "4"},
    }
    assert dev.server("point")["resources"]["requests"]["memory"] == "64Gi"


def test_a_models_own_resources_keep_the_number_of_gpus(helm: Helm, values):
    values["models"]["point"]["resources"] = {"requests": {"cpu": 3, "memory": "24Gi"}}
    resources = helm.render(values).server("point")["resources"]
    assert resources["requests"] == {"cpu": 3, "memory": "24Gi", "nvidia.com/gpu": "1"}
    assert resources["limits"] == {"memory": "24Gi", "nvidia.com/gpu": "1"}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("tolerations", [{"key": "team", "operator": "Equal", "value": "ml", "effect": "NoExecute"}]),
        ("nodeSelector", {"node.kubernetes.io/instance-type": "p5e.48xlarge"}),
        ("affinity", {"nodeAffinity": {}}),
        ("priorityClassName", "serving"),
        ("runtimeClassName", "nvidia"),
    ],
)
def test_scheduling_can_be_set_for_all_models_or_for_one(helm: Helm, values, dev: Objects, path, value):
    assert helm.render(changed(values, path, value)).pod("laguna-m")[path] == value
    one = helm.render(changed(values, f"models.point.{path}", value))
    assert one.pod("point")[path] == value
    assert one.pod("laguna-m") == dev.pod("laguna-m")


@pytest.mark.parametrize(
    ("setting", "value", "argument"),
    [
        ("maxModelLen", 65536, "--max-model-len=65536"),
        ("maxNumSeqs", 7, "--max-num-seqs=7"),
        ("toolCallParser", "openai", "--tool-call-parser=openai"),
        ("reasoningParser", "openai_gptoss", "--reasoning-parser=openai_gptoss"),
    ],
)
def test_a_model_overrides_single_values_of_its_preset(
    helm: Helm, values, dev: Objects, setting, value, argument
):
    objects = helm.render(changed(values, f"models.point.{setting}", value))
    assert argument in objects.arguments("point")
    assert objects.arguments("laguna-m") == dev.arguments("laguna-m")


def test_a_model_can_override_with_nothing(helm: Helm, values):
    values["vllm"] = {"sseKeepAliveSeconds": 30, "maxQueuedRequests": 8}
    values["models"]["laguna-xs"] |= {
        "toolCallParser": "",
        "reasoningParser": "",
        "tolerations": [],
        "vllm": {"sseKeepAliveSeconds": 0, "maxQueuedRequests": 0},
    }
    objects = helm.render(values)
    arguments = objects.arguments("laguna-xs")
    assert not [a for a in arguments if "pars" in a or "tool" in a or "sse" in a or "queued" in a]
    assert "tolerations" not in objects.pod("laguna-xs")
    assert "--max-num-queued-reqs=8" in objects.arguments("point")


def test_overrides_of_the_reference_stack_leave_no_trace_of_scientific_numbers(helm: Helm, values):
    values["models"]["point"]["maxModelLen"] = 10_000_000
    assert "--max-model-len=10000000" in helm.render(values).arguments("point")
    assert not re.search(r"\de\+\d", helm.text(values))


def test_memory_utilisation_is_left_to_vllm_unless_set(helm: Helm, values, dev: Objects):
    assert not [a for a in dev.arguments("point") if a.startswith("--gpu-memory")]
    objects = helm.render(changed(values, "models.point.vllm.gpuMemoryUtilization", 0.85))
    assert "--gpu-memory-utilization=0.85" in objects.arguments("point")


def test_labels_and_annotations_of_pods_do_not_touch_selectors(helm: Helm, values):
    values["podLabels"] = {"team": "serving", "inference-plane/model": "mine"}
    values["podAnnotations"] = {"karpenter.sh/do-not-disrupt": "true"}
    deployment = helm.render(values).named("Deployment", "inference-point")
    metadata = deployment["spec"]["template"]["metadata"]
    assert metadata["labels"]["team"] == "serving"
    assert metadata["labels"]["inference-plane/model"] == "point"
    assert metadata["annotations"]["karpenter.sh/do-not-disrupt"] == "true"
    assert "team" not in deployment["spec"]["selector"]["matchLabels"]


def test_defaults_of_the_values_file_agree_with_its_own_arithmetic():
    defaults = yaml.safe_load((CHART / "values.yaml").read_text())
    assert defaults["drain"]["shutdownSeconds"] > 0
    assert defaults["modelTypes"]["agent_small"].keys() == defaults["modelTypes"]["agent"].keys()
    assert defaults["models"] == {}
