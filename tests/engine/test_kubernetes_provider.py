"""The Kubernetes provider, the real Helm and the stand-in controllers on a real control plane, without the engine."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from components.gpu_operator import gpu_operator_values
from components.scheduling import GPU_TAINT
from components.versions import ALB_CONTROLLER, EFA_DEVICE_PLUGIN, EXTERNAL_DNS, GPU_OPERATOR, ChartVersion
from localcloud.cloud import Cloud
from localcloud.home import HOME_VARIABLE
from localcloud.kube import connection
from localcloud.kube.api import Api
from localcloud.kube.fields import at
from localcloud.kube.kinds import RELEASE
from localcloud.kube.objects import differences
from localcloud.providers.kubernetes import KubernetesProvider
from localcloud.providers.protocol import PartialFailureError, ProviderError
from tests.engine.networks import put_network

NAMESPACE = "kubernetes:core/v1:Namespace"
CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
SECRET = "kubernetes:core/v1:Secret"
DEPLOYMENT = "kubernetes:apps/v1:Deployment"
INGRESS = "kubernetes:networking.k8s.io/v1:Ingress"
INGRESS_CLASS = "kubernetes:networking.k8s.io/v1:IngressClass"
PARAMS = "kubernetes:elbv2.k8s.aws/v1beta1:IngressClassParams"


class Bench:
    """A provider with exec credentials, as a program configures it, and what it made."""

    def __init__(self, cloud: Cloud) -> None:
        config = connection.parse(str(cloud.home.admin_kubeconfig))
        self.api = Api(connection.select(config))
        command = ["--region", "us-east-2", "eks", "get-token", "--cluster-name", "plane", "--output", "json"]
        exec_ = {"apiVersion": "client.authentication.k8s.io/v1beta1", "command": "aws", "args": command}
        config["users"][0]["user"] = {"exec": exec_}
        self.config = {"kubeconfig": json.dumps(config), "clusterIdentifier": "plane"}
        self.provider = KubernetesProvider()
        self.provider.configure(self.config)

    def check(self, type_: str, name: str, inputs: dict[str, Any], old: dict[str, Any] | None = None) -> Any:
        checked, failures = self.provider.check(type_, name, old or {}, inputs)
        assert failures == []
        return checked

    def create(self, type_: str, name: str, inputs: dict[str, Any], *, timeout: float = 20) -> Any:
        checked = self.check(type_, name, inputs)
        id_, state = self.provider.create(type_, name, checked, preview=False, timeout=timeout)
        return id_, checked, state

    def read(self, type_: str, id_: str, inputs: dict[str, Any], state: dict[str, Any]) -> Any:
        found = self.provider.read(type_, id_, inputs, state)
        return found and found[1]


@pytest.fixture(scope="module")
def bench(cloud: Cloud) -> Iterator[Bench]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(HOME_VARIABLE, str(cloud.home.root))
        patch.setenv("PATH", str(cloud.home.bin), prepend=":")
        yield Bench(cloud)


@pytest.fixture
def models(bench: Bench) -> Iterator[str]:
    """A namespace that goes, with all that is in it; nobody waits for that."""
    annotations = {"pulumi.com/skipAwait": "true"}
    id_, _, state = bench.create(NAMESPACE, "models", {"metadata": {"annotations": annotations}})
    # The service account controller gives it the account that its pods run as.
    until(lambda: bench.api.get("v1", "ServiceAccount", id_, "default"), "no default service account")
    yield id_
    bench.provider.delete(NAMESPACE, id_, state, timeout=60)


@pytest.fixture(scope="module")
def nodes(bench: Bench) -> Iterator[None]:
    """A node for controllers and one with eight GPUs, as a node group makes them."""
    bench.api.apply(node("system-1", {"inference-plane/role": "system"}), "test")
    labels = {"inference-plane/role": "gpu", "nvidia.com/gpu.present": "true"}
    labels["node.kubernetes.io/instance-type"] = "p5e.48xlarge"
    gpu = node("gpu-1", labels)
    gpu["metadata"]["annotations"] |= {
        "localcloud.inference-plane/gpus": "8",
        "localcloud.inference-plane/efa": "32",
    }
    gpu["spec"]["taints"] = [dict(GPU_TAINT)]
    bench.api.apply(gpu, "test")
    yield
    for name in ("system-1", "gpu-1"):
        bench.api.delete("v1", "Node", "", name)


def node(name: str, labels: dict[str, str]) -> dict[str, Any]:
    resources = {"cpu": "32", "memory": "128Gi", "pods": "110"}
    metadata = {
        "name": name,
        "labels": {"kubernetes.io/os": "linux", "kubernetes.io/hostname": name, **labels},
    }
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {**metadata, "annotations": {"kwok.x-k8s.io/node": "fake"}},
        "spec": {},
        "status": {"capacity": resources, "allocatable": resources},
    }


def until(condition: Callable[[], Any], what: str) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def deployment(namespace: str, gpus: int = 0, **pod: Any) -> dict[str, Any]:
    labels = {"app": "model"}
    limits = {"nvidia.com/gpu": str(gpus)} if gpus else {"cpu": "1000m"}
    container = {"name": "model", "image": "vllm", "resources": {"limits": limits}}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container], **pod}}
    spec = {"replicas": 1, "selector": {"matchLabels": labels}, "template": template}
    return {"metadata": {"name": "model", "namespace": namespace}, "spec": spec}


def test_objects_live_and_die_by_server_side_apply(bench: Bench, models: str) -> None:
    inputs = {"metadata": {"namespace": models}, "data": {"a": "1", "b": "2"}}
    id_, checked, state = bench.create(CONFIG_MAP, "settings", inputs)
    assert bench.read(CONFIG_MAP, id_, checked, state) == checked
    fewer = bench.check(
        CONFIG_MAP, "settings", {"metadata": {"namespace": models}, "data": {"a": "1"}}, checked
    )
    state = bench.provider.update(CONFIG_MAP, id_, state, checked, fewer, preview=False, timeout=20)
    assert state["data"] == {"a": "1"}
    (manager,) = bench.api.get("v1", "ConfigMap", models, id_.partition("/")[2])["metadata"]["managedFields"]  # pyright: ignore[reportOptionalSubscript] -- it was just made
    assert (manager["manager"], manager["operation"]) == ("pulumi-kubernetes", "Apply")
    bench.provider.delete(CONFIG_MAP, id_, state, timeout=20)
    assert bench.read(CONFIG_MAP, id_, fewer, state) is None


def test_drift_is_found_and_our_defaults_are_no_drift(bench: Bench, nodes: None, models: str) -> None:
    id_, checked, state = bench.create(DEPLOYMENT, "model", deployment(models))
    assert bench.read(DEPLOYMENT, id_, checked, state) == checked
    bench.api.merge_patch(bench.api.path("apps/v1", "Deployment", models, "model"), {"spec": {"replicas": 3}})
    drifted = bench.read(DEPLOYMENT, id_, checked, state)
    assert [change.path for change in differences(checked, drifted)] == ["spec.replicas"]


def test_a_secret_is_stored_and_read_back_marked(bench: Bench, models: str) -> None:
    inputs = {"metadata": {"namespace": models}, "type": "Opaque", "stringData": {"key": "hunter22"}}
    id_, checked, state = bench.create(SECRET, "auth", inputs)
    plain = bench.read(SECRET, id_, checked, state)
    assert plain["stringData"]["value"] == {"key": "hunter22"}
    assert "4dabf18193072939515e22adb298388d" in state["data"]


def test_a_pod_without_room_is_reported_in_the_schedulers_words(
    bench: Bench, nodes: None, models: str
) -> None:
    with pytest.raises(PartialFailureError, match="the scheduler says: 0/2 nodes are available"):
        bench.create(DEPLOYMENT, "model", deployment(models, gpus=1), timeout=3)


def remote(chart: ChartVersion, namespace: str, values: dict[str, Any]) -> dict[str, Any]:
    repository, name, version = chart
    return {
        "chart": name,
        "version": version,
        "repositoryOpts": {"repo": repository},
        "name": name,
        "namespace": namespace,
        "createNamespace": True,
        "atomic": True,
        "cleanupOnFail": True,
        "timeout": 60,
        "values": values,
    }


ALB_VALUES: dict[str, Any] = {
    "clusterName": "plane",
    "region": "us-east-2",
    "vpcId": "vpc-0123456789abcdef0",
    "replicaCount": 2,
    "defaultTargetType": "ip",
    "nodeSelector": {"inference-plane/role": "system"},
    "createIngressClassResource": False,
    "ingressClassParams": {"create": False},
}


@pytest.mark.parametrize("chart", [ALB_CONTROLLER, GPU_OPERATOR, EXTERNAL_DNS, EFA_DEVICE_PLUGIN])
def test_every_object_of_a_stand_in_passes_strict_validation(bench: Bench, chart: ChartVersion) -> None:
    values = {"clusterName": "plane"} if chart is ALB_CONTROLLER else {}
    inputs = bench.check(RELEASE, "r", remote(chart, "default", values))
    assert inputs["manifest"]
    for manifest in inputs["manifest"].values():
        if "." in manifest["apiVersion"] and not manifest["apiVersion"].partition("/")[0].endswith(".k8s.io"):
            continue  # its definition is installed with the chart
        metadata = manifest["metadata"]
        path = bench.api.path(manifest["apiVersion"], manifest["kind"], metadata.get("namespace", ""))
        bench.api.request("POST", path, {"dryRun": "All", "fieldValidation": "Strict"}, manifest)


def test_gpus_are_allocatable_while_the_operator_is_there(bench: Bench, nodes: None, models: str) -> None:
    def allocatable() -> dict[str, Any]:
        return at(bench.api.get("v1", "Node", "", "gpu-1"), "status", "allocatable")

    assert "nvidia.com/gpu" not in allocatable()
    release = remote(GPU_OPERATOR, "gpu-operator", gpu_operator_values("device-plugin-only"))
    id_, checked, state = bench.create(RELEASE, "gpu-operator", release, timeout=0)
    assert bench.read(RELEASE, id_, checked, state) == checked
    until(lambda: allocatable().get("nvidia.com/gpu") == "8", "the device plugin brings no GPUs")
    assert "vpc.amazonaws.com/efa" not in allocatable()
    tolerations = [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}]
    bench.create(DEPLOYMENT, "model", deployment(models, gpus=4, tolerations=tolerations))
    bench.provider.delete(RELEASE, id_, state, timeout=30)
    until(lambda: "nvidia.com/gpu" not in allocatable(), "the GPUs outlive the device plugin")
    other = deployment(models, gpus=4)
    other["metadata"]["name"] = "other"
    with pytest.raises(PartialFailureError, match="untolerated taint"):
        bench.create(DEPLOYMENT, "other", other, timeout=3)


def test_an_ingress_needs_the_controller_to_come_and_to_go(bench: Bench, nodes: None, cloud: Cloud) -> None:
    put_network(cloud, ALB_VALUES["vpcId"])
    alb = bench.create(RELEASE, "alb", remote(ALB_CONTROLLER, "kube-system", ALB_VALUES), timeout=0)
    spec = {
        "scheme": "internal",
        "group": {"name": "models"},
        "certificateArn": ["arn:aws:acm:us-east-2:111122223333:certificate/x"],
    }
    with pytest.raises(ProviderError, match="field not declared in schema"):
        bench.create(PARAMS, "alb", {"metadata": {"name": "test"}, "spec": {**spec, "schema": "internal"}})
    params = bench.create(PARAMS, "alb", {"metadata": {"name": "test"}, "spec": spec})
    reference = {"apiGroup": "elbv2.k8s.aws", "kind": "IngressClassParams", "name": "test"}
    class_spec = {"controller": "ingress.k8s.aws/alb", "parameters": reference}
    class_ = bench.create(INGRESS_CLASS, "alb", {"metadata": {"name": "test"}, "spec": class_spec})
    backend = {"service": {"name": "model", "port": {"number": 8000}}}
    path = {"path": "/v1", "pathType": "Prefix", "backend": backend}
    rules = [{"host": "a.example.com", "http": {"paths": [path]}}]
    annotations = {"alb.ingress.kubernetes.io/listen-ports": '[{"HTTP":80},{"HTTPS":443}]'}
    inputs = {
        "metadata": {"name": "model", "annotations": annotations},
        "spec": {"ingressClassName": "test", "rules": rules},
    }
    id_, checked, state = bench.create(INGRESS, "model", inputs)
    assert state["metadata"]["finalizers"] == ["group.ingress.k8s.aws/models"]
    (address,) = state["status"]["loadBalancer"]["ingress"]
    assert address["hostname"].startswith("internal-k8s-models-")
    assert bench.read(INGRESS, id_, checked, state) == checked

    bench.provider.delete(RELEASE, alb[0], alb[2], timeout=30)
    with pytest.raises(ProviderError, match=r"held by its finalizers: group\.ingress\.k8s\.aws/models"):
        bench.provider.delete(INGRESS, id_, state, timeout=2)
    again = bench.create(RELEASE, "alb", remote(ALB_CONTROLLER, "kube-system", ALB_VALUES), timeout=0)
    bench.provider.delete(INGRESS, id_, state, timeout=20)
    bench.provider.delete(INGRESS_CLASS, class_[0], class_[2], timeout=20)
    bench.provider.delete(PARAMS, params[0], params[2], timeout=20)
    bench.provider.delete(RELEASE, again[0], again[2], timeout=30)


def write_chart(folder: Path) -> None:
    (folder / "templates").mkdir(parents=True)
    (folder / "Chart.yaml").write_text("apiVersion: v2\nname: web\nversion: 0.1.0\n")
    (folder / "values.yaml").write_text("replicas: 1\ngpus: 0\nkey: secret-value\n")
    known = {name: {} for name in ("replicas", "gpus", "key")}
    schema = {"type": "object", "additionalProperties": False, "properties": known}
    (folder / "values.schema.json").write_text(json.dumps(schema))
    (folder / "templates" / "web.yaml").write_text(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n"
        "  replicas: {{ .Values.replicas }}\n  selector: {matchLabels: {app: web}}\n"
        "  template:\n    metadata: {labels: {app: web}}\n    spec:\n      containers:\n"
        "        - {name: web, image: web, resources: {limits: {nvidia.com/gpu: {{ .Values.gpus }}}}}\n"
        "---\napiVersion: v1\nkind: Secret\nmetadata: {name: web}\nstringData: {key: {{ .Values.key }}}\n"
    )


def test_a_release_from_disk_through_its_whole_life(
    bench: Bench, nodes: None, models: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_chart(folder / "web")
    monkeypatch.chdir(folder)
    bench.provider.configure(bench.config)
    release: dict[str, Any] = {
        "chart": "./web",
        "name": "web",
        "namespace": models,
        "atomic": True,
        "timeout": 30,
    }
    id_, checked, state = bench.create(RELEASE, "web", release, timeout=0)
    assert bench.read(RELEASE, id_, checked, state) == checked
    assert "secret-value" not in json.dumps(state)
    unchanged = bench.check(RELEASE, "web", release, checked)
    assert bench.provider.diff(RELEASE, id_, checked, state, unchanged).changes == ()

    _, wrong = bench.provider.check(RELEASE, "web", checked, {**release, "values": {"replica": 2}})
    assert "additional properties 'replica' not allowed" in wrong[0].reason

    greedy = bench.check(RELEASE, "web", {**release, "values": {"gpus": 1}}, checked)
    with pytest.raises(ProviderError) as caught:
        bench.provider.update(RELEASE, id_, state, checked, greedy, preview=False, timeout=5)
    assert "rolled back due to atomic" in str(caught.value)
    assert "Insufficient nvidia.com/gpu" in str(caught.value)
    assert bench.read(RELEASE, id_, checked, state) == checked

    template = folder / "web" / "templates" / "web.yaml"
    template.write_text(template.read_text().replace("image: web", "image: web:2"))
    edited = bench.check(RELEASE, "web", release, checked)
    (change,) = bench.provider.diff(RELEASE, id_, checked, state, edited).changes
    assert (
        change.path == f'manifest["Deployment.apps/v1 {models}/web"].spec.template.spec.containers[0].image'
    )
    state = bench.provider.update(RELEASE, id_, state, checked, edited, preview=False, timeout=30)
    assert state["status"]["status"] == "deployed"

    bench.provider.delete(RELEASE, id_, state, timeout=30)
    assert bench.read(RELEASE, id_, edited, state) is None
    assert bench.api.get("apps/v1", "Deployment", models, "web") is None


def test_an_atomic_install_that_fails_leaves_the_name_free(
    bench: Bench, nodes: None, models: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_chart(folder / "web")
    monkeypatch.chdir(folder)
    bench.provider.configure(bench.config)
    release = {"chart": "web", "name": "web", "namespace": models, "atomic": True, "timeout": 5}
    with pytest.raises(ProviderError, match=r"Insufficient nvidia\.com/gpu") as caught:
        bench.create(RELEASE, "web", {**release, "values": {"gpus": 1}}, timeout=0)
    assert not isinstance(caught.value, PartialFailureError)
    id_, _, state = bench.create(RELEASE, "web", release, timeout=0)
    with pytest.raises(ProviderError, match="cannot re-use a name that is still in use"):
        bench.create(RELEASE, "another", release, timeout=0)
    bench.provider.delete(RELEASE, id_, state, timeout=30)


def test_a_release_that_cannot_go_names_what_holds_it(
    bench: Bench, models: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_chart(folder / "web")
    finalizers = "metadata: {name: web, finalizers: [example.com/hold]}\nstringData"
    template = folder / "web" / "templates" / "web.yaml"
    template.write_text(template.read_text().replace("metadata: {name: web}\nstringData", finalizers))
    monkeypatch.chdir(folder)
    bench.provider.configure(bench.config)
    release = {"chart": "web", "name": "web", "namespace": models, "values": {"replicas": 0}}
    id_, _, state = bench.create(RELEASE, "web", release, timeout=0)
    with pytest.raises(ProviderError) as caught:
        bench.provider.delete(RELEASE, id_, state, timeout=3)
    assert f"Secret {models}/web is held by its finalizers: example.com/hold" in str(caught.value)
    bench.api.merge_patch(bench.api.path("v1", "Secret", models, "web"), {"metadata": {"finalizers": None}})
    bench.provider.delete(RELEASE, id_, state, timeout=10)
