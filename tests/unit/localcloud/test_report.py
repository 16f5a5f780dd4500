"""What `make up` prints: each model's pods as the cluster has them, and commands that call the models."""

import json
import shlex
from pathlib import Path
from typing import Any

import pytest

from localcloud.home import Home
from localcloud.report import calls, load_balancers, model_rows, table


def deployment(name: str) -> dict[str, Any]:
    return {
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {"selector": {"matchLabels": {"model": name}}},
    }


def pod(name: str, owner: str, *, gpus: int, ready: bool) -> dict[str, Any]:
    return {
        "kind": "Pod",
        "metadata": {"name": name, "labels": {"model": owner, "pod-template-hash": "x"}},
        "spec": {
            "nodeName": "node-1",
            "containers": [{"resources": {"limits": {"nvidia.com/gpu": str(gpus)}}}],
        },
        "status": {"phase": "Pending", "conditions": [{"type": "Ready", "status": str(ready)}]},
    }


def test_a_ready_pod_shows_its_node_gpus_and_endpoint() -> None:
    rows = model_rows(
        {"m": "https://m.example.com/v1"},
        {"m": "inference-m"},
        [deployment("inference-m"), pod("inference-m-1", "inference-m", gpus=4, ready=True)],
    )
    assert rows == [("m", "inference-m-1", "Ready", "node-1", "4", "https://m.example.com/v1")]


def test_a_pod_that_is_not_ready_shows_its_phase() -> None:
    rows = model_rows({}, {"m": "d"}, [deployment("d"), pod("d-1", "d", gpus=1, ready=False)])
    assert rows[0][2] == "Pending"


def test_another_models_pod_is_not_counted() -> None:
    objects = [deployment("a"), deployment("b"), pod("b-1", "b", gpus=1, ready=True)]
    assert [row[1] for row in model_rows({}, {"a": "a", "b": "b"}, objects)] == ["none", "b-1"]


def test_a_model_without_a_deployment_is_shown_as_absent() -> None:
    assert model_rows({"m": "e"}, {"m": "d"}, [])[0] == ("m", "none", "absent", "", "", "e")


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    lines = table([("a", "b" * 10, "Ready", "n", "1", "e")]).splitlines()
    assert lines[0] == "MODEL  POD         STATUS  NODE  GPUS  ENDPOINT"
    assert lines[1] == "a      bbbbbbbbbb  Ready   n     1     e"


def test_a_shared_load_balancer_is_named_once_and_an_ingress_without_one_not_at_all() -> None:
    def ingress(*hostnames: str) -> dict[str, Any]:
        return {
            "kind": "Ingress",
            "status": {"loadBalancer": {"ingress": [{"hostname": h} for h in hostnames]}},
        }

    assert load_balancers(
        [ingress("a.elb"), ingress("a.elb"), {"kind": "Ingress"}, pod("p", "o", gpus=0, ready=True)]
    ) == ["a.elb"]


def served(name: str, *arguments: str, key: bool = True) -> dict[str, Any]:
    reference = {"secretKeyRef": {"name": "vllm-auth", "key": "VLLM_API_KEY"}}
    made = deployment(name)
    container = {
        "image": "registry/atlas:1",
        "command": ["vllm", "serve"],
        "args": list(arguments),
        "env": [{"name": "VLLM_API_KEY", "valueFrom": reference}] if key else [],
    }
    made["spec"]["template"] = {"spec": {"containers": [container]}}
    return made


@pytest.fixture
def home(tmp_path: Path) -> Home:
    ports = {"data-plane-https": 40443, "data-plane-http": 40080, "data-plane-proxy": 48080}
    (tmp_path / "ports.json").write_text(json.dumps(ports))
    return Home(tmp_path)


ENDPOINTS = {"a": "https://a.example.com/v1", "b": "https://b.example.com/v1"}


def test_each_model_has_a_call_to_copy_and_the_key_is_fetched_once(home: Home) -> None:
    objects = [served("m-a", "x", "--served-model-name=A"), served("m-b", "s3://b/")]
    lines = calls(ENDPOINTS, {"a": "m-a", "b": "m-b"}, objects, "models", home).splitlines()
    assert len(lines) == 4
    assert lines[0].startswith("KEY=$(")
    assert "get secret vllm-auth -n models -o jsonpath='{.data.VLLM_API_KEY}' | base64 -d)" in lines[0]
    words = shlex.split(lines[1])
    assert words[0] == "curl"
    assert words[words.index("--connect-to") + 1] == "a.example.com:443:127.0.0.1:40443"
    assert words[words.index("--cacert") + 1] == str(home.ca_certificate)
    assert "Authorization: Bearer $KEY" in words
    assert json.loads(words[words.index("-d") + 1])["model"] == "A"
    assert words[-1] == "https://a.example.com/v1/completions"
    assert json.loads(shlex.split(lines[2])[words.index("-d") + 1])["model"] == "s3://b/"
    assert "-x http://127.0.0.1:48080 http://m-a.models.svc:8000/health" in lines[3]


def test_a_server_without_a_key_is_called_without_one(home: Home) -> None:
    text = calls(ENDPOINTS, {"a": "m-a"}, [served("m-a", "x", key=False)], "models", home)
    assert "KEY" not in text
    assert "Authorization" not in text


def test_what_is_not_deployed_or_has_no_endpoint_has_no_call(home: Home) -> None:
    assert calls(ENDPOINTS, {"a": "m-a"}, [], "models", home) == ""
    assert calls({}, {"a": "m-a"}, [served("m-a", "x")], "models", home) == ""
