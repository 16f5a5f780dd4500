"""The dev stack on the real engine, API server, scheduler and Helm: up, again, changed, drifted, destroyed.

The tests of this module run in order on one local cloud: each begins where the one before it ended.
"""

import json
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from localcloud.aws.store import GONE, Store
from localcloud.cloud import Cloud
from localcloud.report import model_rows
from localcloud.stack import API_KEY, Stack

MODELS = "inference-plane:models"
CHART = "inference-plane:chart"
NAMESPACE = "poolside-models"
YES = ("--yes", "--skip-preview", "--suppress-outputs")


@pytest.fixture(scope="module")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The dev stack on a local cloud of its own, not deployed yet."""
    cloud = Cloud(tmp_path_factory.mktemp("dev"))
    stack = Stack(cloud, "dev")
    cloud.prepare()
    stack.prepare()
    yield stack
    cloud.stop()


def kubectl(stack: Stack, *arguments: str) -> str:
    run = subprocess.run(
        [stack.cloud.home.bin / "kubectl", *arguments],
        env=stack.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


def objects(stack: Stack, kinds: str, namespace: str = NAMESPACE) -> list[dict[str, Any]]:
    return json.loads(kubectl(stack, "get", kinds, "-n", namespace, "-o", "json"))["items"]


def edit(stack: Stack, **config: Any) -> None:
    """Change keys of the stack's own namespace in the local stack file."""
    content = yaml.safe_load(stack.file.read_text())
    for key, value in config.items():
        content["config"][f"inference-plane:{key}"] = value
    stack.file.write_text(yaml.safe_dump(content, sort_keys=False))


def settings(stack: Stack, key: str) -> Any:
    return yaml.safe_load(stack.file.read_text())["config"].get(key, {})


def made_in_the_account(stack: Stack) -> list[str]:
    """Ids of everything in the simulated account that was not there before the stack."""
    store = Store(stack.cloud.home.aws_state)
    records = store.everything()
    store.close()
    return [f"{record.type} {record.id}" for record in records if record.origin not in ("account", *GONE)]


def ok(run: subprocess.CompletedProcess[str]) -> str:
    assert run.returncode == 0, run.stdout[-6000:]
    return run.stdout


def test_a_preview_needs_no_cluster_and_plans_the_whole_stack(dev: Stack) -> None:
    output = ok(dev.captured("preview", "--suppress-outputs"))
    assert "to create" in output
    assert dev.cloud.control_plane.processes.recorded() == []
    assert made_in_the_account(dev) == []


def test_up_serves_three_models_on_gpu_nodes(dev: Stack) -> None:
    dev.cloud.start()
    ok(dev.captured("up", *YES))
    assert len(made_in_the_account(dev)) > 50
    outputs = dev.outputs()
    rows = model_rows(
        outputs["modelEndpoints"], outputs["modelDeployments"], objects(dev, "deployments,pods")
    )
    assert [(model, status, gpus) for model, _, status, _, gpus, _ in rows] == [
        ("laguna-m", "Ready", "4"),
        ("laguna-xs", "Ready", "1"),
        ("point", "Ready", "1"),
    ]
    nodes = {node for _, _, _, node, _, _ in rows}
    assert len(nodes) == 1
    node = json.loads(kubectl(dev, "get", "node", nodes.pop(), "-o", "json"))
    assert node["metadata"]["labels"]["node.kubernetes.io/instance-type"] == "p5e.48xlarge"
    assert node["metadata"]["labels"]["topology.kubernetes.io/zone"] == "us-east-2b"
    assert node["status"]["allocatable"]["nvidia.com/gpu"] == "8"
    assert {"key": "nvidia.com/gpu", "value": "true", "effect": "NoSchedule"} in node["spec"]["taints"]


def test_every_ingress_has_the_shared_load_balancers_address(dev: Stack) -> None:
    ingresses = objects(dev, "ingresses")
    assert sorted(i["metadata"]["name"] for i in ingresses) == [
        "inference-laguna-m",
        "inference-laguna-xs",
        "inference-point",
    ]
    addresses = {i["status"]["loadBalancer"]["ingress"][0]["hostname"] for i in ingresses}
    assert len(addresses) == 1
    assert addresses.pop().endswith(".us-east-2.elb.amazonaws.com")
    assert all(i["metadata"]["finalizers"] == ["group.ingress.k8s.aws/poolside"] for i in ingresses)


def test_no_controller_runs_on_the_gpu_node(dev: Stack) -> None:
    pods = objects(dev, "pods", "kube-system")
    controllers = [p for p in pods if p["metadata"]["name"].startswith(("aws-load-balancer", "coredns"))]
    assert len(controllers) == 4
    names = {p["spec"]["nodeName"] for p in controllers}
    roles = {
        json.loads(kubectl(dev, "get", "node", name, "-o", "json"))["metadata"]["labels"][
            "inference-plane/role"
        ]
        for name in names
    }
    assert roles == {"system"}


def test_the_api_key_is_nowhere_in_plain_text(dev: Stack) -> None:
    key = ok(dev.captured("config get", API_KEY)).strip()
    assert key.startswith("local-")
    home = dev.cloud.home
    searched = [
        dev.file,
        dev.state_file,
        *home.root.glob(f"{home.aws_state.name}*"),
        *home.logs.glob("*.log"),
    ]
    # By another process: SQLite loses its locks on a database that its own process reads past it.
    found = subprocess.run(["grep", "-lF", key, *searched], capture_output=True, text=True, check=False)
    assert (found.returncode, found.stdout, found.stderr) == (1, "", "")
    assert key not in ok(dev.captured("stack export"))
    release = objects(dev, "secrets")
    encoded = [s for s in release if s["metadata"]["name"].startswith("sh.helm.release")]
    assert encoded
    values = subprocess.run(
        [dev.cloud.home.bin / "helm", "get", "all", "inference", "-n", NAMESPACE],
        env=dev.environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert key not in values.stdout


def test_a_second_up_changes_nothing(dev: Stack) -> None:
    ok(dev.captured("up", *YES, "--expect-no-changes"))


def test_a_refresh_finds_no_drift(dev: Stack) -> None:
    ok(dev.captured("refresh", *YES, "--expect-no-changes"))


def test_a_model_scaled_by_hand_is_found_by_refresh_and_mended_by_up(dev: Stack) -> None:
    kubectl(dev, "scale", "deployment", "inference-point", "--replicas=0", "-n", NAMESPACE)
    refreshed = dev.captured("refresh", *YES, "--expect-no-changes")
    assert refreshed.returncode != 0
    ok(dev.captured("up", *YES))
    point = json.loads(kubectl(dev, "get", "deployment", "inference-point", "-n", NAMESPACE, "-o", "json"))
    assert point["spec"]["replicas"] == 1
    ok(dev.captured("up", *YES, "--expect-no-changes"))


def test_a_changed_model_list_changes_only_the_release(dev: Stack) -> None:
    models = settings(dev, MODELS)
    point = models.pop("point")
    models["point-two"] = {**point, "hostname": "point-two.models.example.com"}
    edit(dev, models=models)
    plan = json.loads(ok(dev.captured("preview", "--json")))
    changed = {step["urn"].split("::")[-1]: step["op"] for step in plan["steps"] if step["op"] != "same"}
    changed.pop("inference-plane-dev", None)
    assert changed == {"serving-release": "update"}
    ok(dev.captured("up", *YES))
    assert sorted(d["metadata"]["name"] for d in objects(dev, "deployments")) == [
        "inference-laguna-m",
        "inference-laguna-xs",
        "inference-point-two",
    ]


def test_without_the_gpu_toleration_a_pod_stays_pending_and_the_release_rolls_back(dev: Stack) -> None:
    models, chart = settings(dev, MODELS), settings(dev, CHART)
    broken = {key: {**model, "overrides": {"tolerations": []}} for key, model in models.items()}
    edit(dev, models=broken, chart={**chart, "timeoutSeconds": 60})
    run = dev.captured("up", *YES)
    assert run.returncode != 0
    assert "untolerated taint" in run.stdout, run.stdout[-4000:]
    assert "nvidia.com/gpu" in run.stdout
    edit(dev, models=models, chart=chart)
    ok(dev.captured("up", *YES))
    assert all(d["status"].get("availableReplicas") == 1 for d in objects(dev, "deployments"))


def test_a_wrong_helm_value_is_refused_before_anything_changes(dev: Stack) -> None:
    chart = settings(dev, CHART)
    edit(dev, chart={**chart, "values": {"image": {"pullPolicy": "Sometimes"}}})
    run = dev.captured("preview", "--suppress-outputs")
    edit(dev, chart=chart)
    assert run.returncode != 0
    assert "pullPolicy" in run.stdout


def gpus_become(stack: Stack, expected: int) -> None:
    """Wait until the GPU node can allocate exactly so many GPUs."""
    deadline = time.monotonic() + 60
    found = -1
    while found != expected:
        assert time.monotonic() < deadline, f"{found} GPUs are allocatable, not {expected}"
        listed = json.loads(kubectl(stack, "get", "nodes", "-l", "inference-plane/role=gpu", "-o", "json"))
        found = sum(int(node["status"]["allocatable"].get("nvidia.com/gpu", 0)) for node in listed["items"])


@pytest.mark.full
def test_without_the_gpu_operator_no_gpu_is_allocatable(dev: Stack) -> None:
    # By itself, this one finds nothing deployed.
    dev.cloud.start()
    ok(dev.captured("up", *YES))
    gpus_become(dev, 8)
    helm = [dev.cloud.home.bin / "helm", "uninstall", "gpu-operator", "-n", "gpu-operator", "--wait"]
    subprocess.run(helm, env=dev.environment(), check=True, capture_output=True)
    gpus_become(dev, 0)
    ok(dev.captured("refresh", *YES))
    ok(dev.captured("up", *YES))
    gpus_become(dev, 8)


def test_destroy_leaves_nothing_behind(dev: Stack) -> None:
    ok(dev.captured("destroy", *YES, "--ignore-protect"))
    assert dev.resources() == []
    assert made_in_the_account(dev) == []
    assert json.loads(kubectl(dev, "get", "nodes", "-o", "json"))["items"] == []
    namespaces = {n["metadata"]["name"] for n in objects(dev, "namespaces")}
    assert namespaces == {"default", "kube-node-lease", "kube-public", "kube-system"}
    assert objects(dev, "ingressclasses") == []


def test_a_stopped_local_cloud_has_no_process_left(dev: Stack) -> None:
    recorded = dev.cloud.control_plane.processes.recorded()
    assert recorded
    dev.cloud.stop()
    assert [process.name for process in recorded if process.running()] == []
