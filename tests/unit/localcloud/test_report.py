"""The table after `make up` shows each model's pods as the cluster has them."""

from typing import Any

from localcloud.report import load_balancers, model_rows, table


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
