"""When an object counts as ready or gone, and what is said when it does not."""

from typing import Any, cast

import pytest

from localcloud.kube import awaiting, readiness
from tests.unit.localcloud.kubernetes_fakes import FakeApi


def workload(kind: str, status: dict[str, Any], replicas: int = 2, generation: int = 1) -> dict[str, Any]:
    return {
        "apiVersion": "batch/v1" if kind == "Job" else "apps/v1",
        "kind": kind,
        "metadata": {"name": "a", "namespace": "models", "generation": generation},
        "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": "a"}}},
        "status": {"observedGeneration": 1, **status},
    }


def condition(type_: str, status: str, message: str = "") -> dict[str, Any]:
    return {"conditions": [{"type": type_, "status": status, "message": message}]}


DONE = {"replicas": 2, "updatedReplicas": 2, "availableReplicas": 2}


@pytest.mark.parametrize(
    ("live", "expected"),
    [
        (workload("Deployment", DONE), None),
        (workload("Deployment", {}, replicas=0), None),
        (workload("Deployment", DONE, generation=2), "has not seen this generation"),
        (workload("Deployment", {**DONE, "availableReplicas": 1}), "1 of 2 replicas are available"),
        (workload("Deployment", {**DONE, "replicas": 3}), "1 old ones are still there"),
        (
            workload("Deployment", {**condition("ReplicaFailure", "True", "forbidden: quota")}),
            "condition ReplicaFailure is True: forbidden: quota",
        ),
        (workload("DaemonSet", {"desiredNumberScheduled": 0}), None),
        (
            workload("DaemonSet", {"desiredNumberScheduled": 2, "numberAvailable": 1}),
            "1 of 2 pods are available",
        ),
        (workload("StatefulSet", {"readyReplicas": 2, "currentRevision": "a", "updateRevision": "a"}), None),
        (
            workload("StatefulSet", {"readyReplicas": 2, "currentRevision": "a", "updateRevision": "b"}),
            "2 of 2 replicas are ready",
        ),
        (workload("Job", condition("Complete", "True")), None),
        (workload("Job", {}), "has not completed"),
    ],
)
def test_workloads_count_by_their_own_status(live: dict[str, Any], expected: str | None) -> None:
    reason = readiness.not_ready(live)
    assert (reason is None) if expected is None else (expected in str(reason))


def test_a_failed_job_is_not_waited_for() -> None:
    with pytest.raises(readiness.FailedError, match="the job failed: BackoffLimitExceeded"):
        readiness.not_ready(workload("Job", condition("Failed", "True", "BackoffLimitExceeded")))


@pytest.mark.parametrize(
    ("api_version", "kind", "body", "ready"),
    [
        ("v1", "Namespace", {"status": {"phase": "Active"}}, True),
        ("v1", "Namespace", {"status": {"phase": "Terminating"}}, False),
        ("v1", "Service", {"spec": {"type": "ClusterIP"}}, True),
        ("v1", "Service", {"spec": {"type": "LoadBalancer"}}, False),
        ("v1", "ConfigMap", {}, True),
        ("networking.k8s.io/v1", "Ingress", {"status": {"loadBalancer": {}}}, False),
        (
            "networking.k8s.io/v1",
            "Ingress",
            {"status": {"loadBalancer": {"ingress": [{"hostname": "a"}]}}},
            True,
        ),
        (
            "apiextensions.k8s.io/v1",
            "CustomResourceDefinition",
            {"status": condition("Established", "True")},
            True,
        ),
        ("apiextensions.k8s.io/v1", "CustomResourceDefinition", {"status": {}}, False),
        ("elbv2.k8s.aws/v1beta1", "IngressClassParams", {}, True),
    ],
)
def test_other_kinds(api_version: str, kind: str, body: dict[str, Any], ready: bool) -> None:
    live = {"apiVersion": api_version, "kind": kind, "metadata": {"name": "a"}, **body}
    assert (readiness.not_ready(live) is None) is ready


PENDING = "0/3 nodes are available: 1 Insufficient nvidia.com/gpu, 2 node(s) had untolerated taint."


def pending_pod() -> dict[str, Any]:
    conditions = [{"type": "PodScheduled", "status": "False", "message": PENDING}]
    metadata = {"name": "a-1", "namespace": "models"}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "status": {"conditions": conditions}}


def test_a_deadline_quotes_the_scheduler() -> None:
    api = FakeApi()
    live = api.add(workload("Deployment", {}))
    api.add(pending_pod())
    with pytest.raises(awaiting.TimedOutError) as caught:
        awaiting.wait_ready(cast("Any", api), live, 0.05)
    assert "Deployment models/a was not ready within 0 s: 0 of 2 replicas are available" in str(caught.value)
    assert f"pod a-1 is Pending, the scheduler says: {PENDING}" in str(caught.value)


def test_a_deadline_quotes_warnings_where_there_are_no_pods() -> None:
    api = FakeApi()
    ingress = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": "a", "namespace": "m"},
    }
    event = {"apiVersion": "v1", "kind": "Event", "metadata": {"name": "e", "namespace": "m"}}
    api.add({**event, "reason": "FailedBuildModel", "message": "no certificate found"})
    with pytest.raises(awaiting.TimedOutError, match="event FailedBuildModel: no certificate found"):
        awaiting.wait_ready(cast("Any", api), api.add(ingress), 0.05)


def test_an_object_that_somebody_else_deletes_meanwhile_fails_at_once() -> None:
    api = FakeApi()
    live = {**workload("Deployment", {}), "metadata": {"name": "a", "namespace": "m", "uid": "1"}}
    with pytest.raises(readiness.FailedError, match="was deleted by somebody else"):
        awaiting.wait_ready(cast("Any", api), live, 5)


def test_what_holds_a_deleted_object_is_named() -> None:
    api = FakeApi()
    metadata = {"name": "a", "namespace": "m", "finalizers": ["group.ingress.k8s.aws/models"]}
    ingress = api.add({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": metadata})
    api.delete(ingress["apiVersion"], "Ingress", "m", "a")
    (left,) = awaiting.wait_gone(cast("Any", api), [ingress], 0.05)
    assert awaiting.why_still_there(left) == (
        "Ingress m/a is held by its finalizers: group.ingress.k8s.aws/models"
    )


def test_a_namespace_tells_what_is_left_in_it() -> None:
    live = {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": "models", "deletionTimestamp": "now"},
        "spec": {"finalizers": ["kubernetes"]},
        "status": condition(
            "NamespaceFinalizersRemaining", "True", "group.ingress.k8s.aws/models in 1 instance"
        ),
    }
    text = awaiting.why_still_there(live)
    assert "held by its finalizers: kubernetes" in text
    assert "NamespaceFinalizersRemaining: group.ingress.k8s.aws/models in 1 instance" in text


def test_a_new_object_of_the_same_name_does_not_keep_the_old_one_alive() -> None:
    api = FakeApi()
    old = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "m", "uid": "old"}}
    api.add({**old, "metadata": {**old["metadata"], "uid": "new"}})
    assert awaiting.wait_gone(cast("Any", api), [old], 0.05) == []


@pytest.mark.parametrize(
    ("selector", "text"),
    [
        ({"matchLabels": {"a": "b", "c": "d"}}, "a=b,c=d"),
        ({"matchExpressions": [{"key": "a", "operator": "In", "values": ["x", "y"]}]}, "a in (x,y)"),
        ({"matchExpressions": [{"key": "a", "operator": "NotIn", "values": ["x"]}]}, "a notin (x)"),
        ({"matchExpressions": [{"key": "a", "operator": "Exists"}]}, "a"),
        ({"matchExpressions": [{"key": "a", "operator": "DoesNotExist"}]}, "!a"),
        ({}, ""),
    ],
)
def test_selectors_in_the_query_syntax(selector: dict[str, Any], text: str) -> None:
    assert readiness.selector_text(selector) == text
