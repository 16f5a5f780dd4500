"""Waits until a Kubernetes object is ready or gone, and says why it is not."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from localcloud.kube.api import Api, ApiError, NoSuchKindError, Object, UnreachableError
from localcloud.kube.fields import at, each
from localcloud.kube.objects import described
from localcloud.kube.readiness import FailedError, not_ready, pod_trouble, selector_text

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


class TimedOutError(Exception):
    """An object that did not become ready, or did not go away, within its deadline."""


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
