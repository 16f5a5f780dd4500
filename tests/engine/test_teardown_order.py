"""Negative control: without the release's dependency on the controller, destroy leaves a finalizer behind."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from localcloud.aws.store import Store
from localcloud.cloud import Cloud
from localcloud.home import PROJECT
from tests.engine.networks import put_network

PROGRAM = Path(__file__).parent / "programs" / "teardown"
NAMESPACE = "poolside-models"


def node(name: str, gpus: int) -> dict[str, Any]:
    resources = {"cpu": "64", "memory": "256Gi", "pods": "50", "ephemeral-storage": "500Gi"}
    if gpus:
        resources["nvidia.com/gpu"] = str(gpus)
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "annotations": {"kwok.x-k8s.io/node": "fake"},
            "labels": {"inference-plane/role": "gpu" if gpus else "system", "kubernetes.io/os": "linux"},
        },
        "status": {"capacity": resources, "allocatable": resources},
    }


def left_by_the_controller(cloud: Cloud) -> list[str]:
    store = Store(cloud.home.aws_state)
    try:
        return sorted({one.type for one in store.everything() if one.origin == "controller"})
    finally:
        store.close()


class Runner:
    """Runs the teardown program on a local cloud."""

    def __init__(self, cloud: Cloud, name: str, *, ordered: bool) -> None:
        self.cloud, self.name = cloud, name
        self.environment = {
            **cloud.environment(),
            "TEARDOWN_ORDERED": "yes" if ordered else "no",
            "INFERENCE_PLANE_STACK_FILE": str(cloud.home.root / f"Pulumi.{name}.yaml"),
            "PYTHONPATH": str(PROJECT),
        }
        (cloud.home.root / f"Pulumi.{name}.yaml").write_text("config: {}\n")

    def __call__(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.cloud.home.bin / command[0], *command[1:]],
            cwd=PROGRAM,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )

    def pulumi(self, *command: str) -> subprocess.CompletedProcess[str]:
        return self("pulumi", *command, "--stack", self.name, "--color", "never")

    def ingresses(self) -> list[dict[str, Any]]:
        return json.loads(self("kubectl", "get", "ingress", "-n", NAMESPACE, "-o", "json").stdout)["items"]


@pytest.fixture(
    params=[
        # In `make test`, the whole stack shows that an ordered teardown is clean: test_teardown.
        pytest.param(True, id="ordered", marks=pytest.mark.full),
        pytest.param(False, id="not-ordered"),
    ]
)
def runner(request: pytest.FixtureRequest, cloud: Cloud) -> Iterator[Runner]:
    ordered: bool = request.param
    run = Runner(cloud, "ordered" if ordered else "unordered", ordered=ordered)
    # The VPC that the program tells the controller about.
    put_network(cloud, "vpc-0123456789abcdef0")
    for made in (node("system-1", 0), node("gpu-1", 8)):
        applied = subprocess.run(
            [cloud.home.bin / "kubectl", "apply", "-f", "-"],
            env=run.environment,
            input=json.dumps(made),
            text=True,
            check=True,
            capture_output=True,
        )
        assert made["metadata"]["name"] in applied.stdout
    # In a folder of its own: `stack init` writes its salt beside Pulumi.yaml.
    initialised = subprocess.run(
        [run.cloud.home.bin / "pulumi", "stack", "init", run.name, "--cwd", str(_copy_of_project(cloud))],
        env=run.environment,
        check=True,
        capture_output=True,
        text=True,
    )
    assert initialised.returncode == 0
    salted = _copy_of_project(cloud) / f"Pulumi.{run.name}.yaml"
    (cloud.home.root / f"Pulumi.{run.name}.yaml").write_text(salted.read_text())
    yield run
    for name in ("system-1", "gpu-1"):
        run("kubectl", "delete", "node", name, "--ignore-not-found")


def _copy_of_project(cloud: Cloud) -> Path:
    folder = cloud.home.root / "teardown"
    folder.mkdir(exist_ok=True)
    (folder / "Pulumi.yaml").write_text((PROGRAM / "Pulumi.yaml").read_text())
    return folder


def test_destroy_is_clean_only_when_the_release_depends_on_the_controller(runner: Runner) -> None:
    up = runner.pulumi("up", "--yes", "--skip-preview")
    assert up.returncode == 0, up.stdout[-4000:]
    deadline = runner(
        "kubectl",
        "wait",
        "ingress/inference-point",
        "-n",
        NAMESPACE,
        "--timeout=30s",
        "--for=jsonpath={.metadata.finalizers[0]}=group.ingress.k8s.aws/poolside",
    )
    assert deadline.returncode == 0, deadline.stdout
    assert "aws:lb/loadBalancer:LoadBalancer" in left_by_the_controller(runner.cloud)
    down = runner.pulumi("destroy", "--yes", "--skip-preview")
    if runner.name == "ordered":
        assert down.returncode == 0, down.stdout[-4000:]
        assert left_by_the_controller(runner.cloud) == []
        return
    assert down.returncode != 0, down.stdout[-4000:]
    assert "group.ingress.k8s.aws/poolside" in down.stdout, down.stdout[-4000:]
    left = runner.ingresses()
    assert [ingress["metadata"]["finalizers"] for ingress in left] == [["group.ingress.k8s.aws/poolside"]]
    # The price of taking the finalizer off by hand: the load balancer stays, with all that it holds.
    runner(
        "kubectl",
        "patch",
        "ingress",
        "inference-point",
        "-n",
        NAMESPACE,
        "--type=merge",
        "-p",
        '{"metadata":{"finalizers":null}}',
    )
    again = runner.pulumi("destroy", "--yes", "--skip-preview")
    assert again.returncode == 0, again.stdout[-4000:]
    assert "aws:lb/loadBalancer:LoadBalancer" in left_by_the_controller(runner.cloud)
