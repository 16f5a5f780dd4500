"""When a Kubernetes object counts as ready or gone, and why it does not yet."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from localcloud.kube.api import Api, ApiError, NoSuchKindError, Object, UnreachableError
from localcloud.kube.fields import at, each
from localcloud.kube.objects import described

SKIP_AWAIT = "pulumi.com/skipAwait"
"""Annotation that makes the provider go on without waiting."""

TIMEOUT_SECONDS = "pulumi.com/timeoutSeconds"
"""Annotation with the deadline of one object's await."""

DEFAULT_TIMEOUT = 600.0
"""Seconds an object has to become ready or to go away, unless customTimeouts or an annotation say otherwise."""

WORKLOADS = ("Deployment", "DaemonSet", "StatefulSet", "Job", "ReplicaSet")
"""Kinds that run pods by a label selector."""

_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 1.0


class FailedError(Exception):
    """An object that will not become ready however long one waits."""


class TimedOutError(Exception):
    """An object that did not become ready, or did not go away, within its deadline."""


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


def explain(api: Api, live: Mapping[str, Any], *, most: int = 3) -> list[str]:
    """What keeps an object from being ready, one line per distinct reason: its pods' troubles, else its events."""
    metadata = live["metadata"]
    selector = selector_text(at(live, "spec", "selector")) if live.get("kind") in WORKLOADS else ""
    reasons: dict[str, str] = {}
    if selector:
        for pod in api.list("v1", "Pod", metadata.get("namespace") or "default", labelSelector=selector):
            trouble = pod_trouble(pod)
            if trouble:
                reasons.setdefault(trouble, f"pod {pod['metadata']['name']} {trouble}")
    return list(reasons.values())[:most] or _warnings(api, live, most)


def _warnings(api: Api, live: Mapping[str, Any], most: int) -> list[str]:
    """The latest warning events about an object."""
    metadata = live["metadata"]
    fields = f"involvedObject.name={metadata['name']},involvedObject.kind={live['kind']},type=Warning"
    events = api.list("v1", "Event", metadata.get("namespace") or "default", fieldSelector=fields)
    events.sort(key=lambda event: str(event["metadata"].get("creationTimestamp")))
    return [f"event {event.get('reason')}: {event.get('message')}" for event in events[-most:]]


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


def wait_ready(api: Api, live: Object, seconds: float) -> Object:
    """Wait until an object is ready and return it; raises `FailedError` or `TimedOutError` with the reason."""
    metadata = live["metadata"]
    deadline = time.monotonic() + seconds
    pause = _FIRST_PAUSE
    reason = _reason(api, live)
    while reason is not None:
        if time.monotonic() >= deadline:
            raise TimedOutError(_timed_out(api, live, reason, seconds))
        time.sleep(min(pause, max(deadline - time.monotonic(), 0.01)))
        pause = min(pause * 1.5, _LONGEST_PAUSE)
        found = api.find(live)
        if found is None:
            raise FailedError(f"{described(live)} was deleted by somebody else while it was awaited")
        if found["metadata"]["uid"] != metadata["uid"]:
            raise FailedError(f"{described(live)} was replaced by somebody else while it was awaited")
        live = found
        try:
            reason = _reason(api, live)
        except FailedError as error:
            raise FailedError(f"{described(live)}: {error}") from None
    return live


def _reason(api: Api, live: Mapping[str, Any]) -> str | None:
    spec = at(live, "spec")
    reason = not_ready(live)
    service = (live.get("apiVersion"), live.get("kind")) == ("v1", "Service")
    if reason or not service or not spec.get("selector") or spec.get("clusterIP") == "None":
        return reason
    # Like the published provider: a service counts once it leads somewhere.
    metadata = live["metadata"]
    label = f"kubernetes.io/service-name={metadata['name']}"
    slices = api.list("discovery.k8s.io/v1", "EndpointSlice", metadata["namespace"], labelSelector=label)
    ready = any(
        at(endpoint, "conditions").get("ready") for one in slices for endpoint in each(one, "endpoints")
    )
    selector = selector_text({"matchLabels": spec["selector"]})
    return None if ready else f"no ready pod matches its selector {selector}"


def _timed_out(api: Api, live: Mapping[str, Any], reason: str, seconds: float) -> str:
    lines = [f"{described(live)} was not ready within {seconds:.0f} s: {reason}"]
    try:
        lines += explain(api, live)
    except (ApiError, NoSuchKindError, UnreachableError) as error:
        lines.append(f"(its pods cannot be listed: {error})")
    return "\n  ".join(lines)


def wait_gone(api: Api, objects: Sequence[Mapping[str, Any]], seconds: float) -> list[Object]:
    """Wait until each of the objects is gone; returns those that are still there at the deadline.

    An object of the same name with another uid is a new one: the old one is gone.
    """
    deadline = time.monotonic() + seconds
    pause = _FIRST_PAUSE
    waiting = list(objects)
    while True:
        left: list[Object] = []
        for wanted in waiting:
            found = api.find(wanted)
            uid = wanted["metadata"].get("uid")
            if found is not None and (uid is None or found["metadata"]["uid"] == uid):
                left.append(found)
        if not left or time.monotonic() >= deadline:
            return left
        waiting = list(left)
        time.sleep(min(pause, max(deadline - time.monotonic(), 0.01)))
        pause = min(pause * 1.5, _LONGEST_PAUSE)


def why_still_there(live: Mapping[str, Any]) -> str:
    """What keeps a deleted object: its finalizers, and a namespace's own account of its content."""
    metadata = live["metadata"]
    if not metadata.get("deletionTimestamp"):
        return f"{described(live)} is not being deleted"
    finalizers: list[str] = [*(metadata.get("finalizers") or ())]
    if live.get("kind") == "Namespace":
        finalizers += at(live, "spec").get("finalizers") or ()
    text = f"{described(live)} is held by its finalizers: {', '.join(finalizers) or 'none'}"
    for found in each(live, "status", "conditions"):
        if live.get("kind") == "Namespace" and found.get("status") == "True":
            text += f"\n    {found.get('type')}: {found.get('message')}"
    return text
