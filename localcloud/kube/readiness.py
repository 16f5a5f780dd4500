"""When a Kubernetes object counts as ready, told from its own status."""

from collections.abc import Mapping
from typing import Any

from localcloud.kube.fields import at, each


class FailedError(Exception):
    """An object that will not become ready however long one waits."""


def not_ready(live: Mapping[str, Any]) -> str | None:
    """Why an object is not ready yet, or None when it is; raises `FailedError` when it never will be."""
    check = _CHECKS.get((str(live.get("apiVersion")).rpartition("/")[0], str(live.get("kind"))))
    return check(live) if check else None


def condition(live: Mapping[str, Any], type_: str) -> Mapping[str, Any]:
    """The condition of that type, empty when the object does not have it."""
    return next((c for c in each(live, "status", "conditions") if c.get("type") == type_), dict[str, Any]())


def _observed(live: Mapping[str, Any]) -> bool:
    status = at(live, "status")
    return int(status.get("observedGeneration") or 0) >= int(live["metadata"].get("generation") or 0)


def _deployment(live: Mapping[str, Any]) -> str | None:
    status, spec = at(live, "status"), at(live, "spec")
    wanted = int(spec.get("replicas", 1))
    updated, available = int(status.get("updatedReplicas") or 0), int(status.get("availableReplicas") or 0)
    total = int(status.get("replicas") or 0)
    if not _observed(live):
        return "the deployment controller has not seen this generation yet"
    if updated >= wanted and available >= wanted and total == updated:
        return None
    reason = f"{available} of {wanted} replicas are available"
    if total > updated:
        reason += f", {total - updated} old ones are still there"
    for type_, bad in (("ReplicaFailure", "True"), ("Progressing", "False"), ("Available", "False")):
        found = condition(live, type_)
        if found.get("status") == bad:
            reason += f"; condition {type_} is {bad}: {found.get('message')}"
            break
    return reason


def _daemon_set(live: Mapping[str, Any]) -> str | None:
    status = at(live, "status")
    wanted = int(status.get("desiredNumberScheduled") or 0)
    if not _observed(live):
        return "the daemon set controller has not seen this generation yet"
    updated, available = (
        int(status.get("updatedNumberScheduled") or 0),
        int(status.get("numberAvailable") or 0),
    )
    if updated >= wanted and available >= wanted:
        return None
    return f"{available} of {wanted} pods are available"


def _stateful_set(live: Mapping[str, Any]) -> str | None:
    status, spec = at(live, "status"), at(live, "spec")
    wanted = int(spec.get("replicas", 1))
    ready = int(status.get("readyReplicas") or 0)
    if not _observed(live):
        return "the stateful set controller has not seen this generation yet"
    rolled = status.get("currentRevision") == status.get("updateRevision")
    return None if ready >= wanted and rolled else f"{ready} of {wanted} replicas are ready"


def _job(live: Mapping[str, Any]) -> str | None:
    failed = condition(live, "Failed")
    if failed.get("status") == "True":
        raise FailedError(f"the job failed: {failed.get('message') or failed.get('reason')}")
    if condition(live, "Complete").get("status") == "True":
        return None
    return "the job has not completed"


def _namespace(live: Mapping[str, Any]) -> str | None:
    phase = at(live, "status").get("phase")
    return None if phase == "Active" else f"its phase is {phase}"


def _definition(live: Mapping[str, Any]) -> str | None:
    refused = condition(live, "NamesAccepted")
    if refused.get("status") == "False":
        raise FailedError(f"its names are not accepted: {refused.get('message')}")
    established = condition(live, "Established")
    return None if established.get("status") == "True" else "it is not established"


def _service(live: Mapping[str, Any]) -> str | None:
    if at(live, "spec").get("type") != "LoadBalancer":
        return None
    ingress = at(live, "status", "loadBalancer").get("ingress")
    return None if ingress else "it has no load balancer address"


def _ingress(live: Mapping[str, Any]) -> str | None:
    ingress = at(live, "status", "loadBalancer").get("ingress")
    return None if ingress else "it has no load balancer address"


def _pod(live: Mapping[str, Any]) -> str | None:
    phase = at(live, "status").get("phase")
    if phase == "Failed":
        raise FailedError(f"the pod failed: {at(live, 'status').get('message')}")
    if phase == "Succeeded" or condition(live, "Ready").get("status") == "True":
        return None
    return pod_trouble(live) or f"its phase is {phase}"


def _claim(live: Mapping[str, Any]) -> str | None:
    phase = at(live, "status").get("phase")
    # A claim of a WaitForFirstConsumer class binds with its first pod only.
    return None if phase in ("Bound", "Pending") else f"its phase is {phase}"


def _api_service(live: Mapping[str, Any]) -> str | None:
    available = condition(live, "Available")
    return None if available.get("status") == "True" else f"it is not available: {available.get('message')}"


_CHECKS = {
    ("apps", "Deployment"): _deployment,
    ("apps", "DaemonSet"): _daemon_set,
    ("apps", "StatefulSet"): _stateful_set,
    ("batch", "Job"): _job,
    ("", "Namespace"): _namespace,
    ("", "Service"): _service,
    ("", "Pod"): _pod,
    ("", "PersistentVolumeClaim"): _claim,
    ("networking.k8s.io", "Ingress"): _ingress,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): _definition,
    ("apiregistration.k8s.io", "APIService"): _api_service,
}


def pod_trouble(pod: Mapping[str, Any]) -> str | None:
    """Why a pod does not run: the scheduler's own words, or what a container waits for."""
    scheduled = condition(pod, "PodScheduled")
    if scheduled.get("status") == "False":
        return f"is Pending, the scheduler says: {scheduled.get('message')}"
    for container in each(pod, "status", "containerStatuses"):
        waiting = at(container, "state").get("waiting")
        if waiting:
            return f"waits for container {container['name']}: {waiting.get('reason')} {waiting.get('message') or ''}"
    return None


def selector_text(selector: Mapping[str, Any]) -> str:
    """A LabelSelector in the query syntax of the API."""
    parts = [f"{key}={value}" for key, value in at(selector, "matchLabels").items()]
    for item in each(selector, "matchExpressions"):
        values = ",".join(item.get("values") or [])
        match item.get("operator"):
            case "In":
                parts.append(f"{item['key']} in ({values})")
            case "NotIn":
                parts.append(f"{item['key']} notin ({values})")
            case "Exists":
                parts.append(str(item["key"]))
            case _:
                parts.append(f"!{item['key']}")
    return ",".join(parts)
