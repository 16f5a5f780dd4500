"""What a person wants to see after `make up`: each model with its pod, node, GPUs and endpoint."""

import json
import subprocess
from collections.abc import Mapping, Sequence
from typing import Any

_HEADINGS = ("MODEL", "POD", "STATUS", "NODE", "GPUS", "ENDPOINT")


def model_rows(
    endpoints: Mapping[str, str], deployments: Mapping[str, str], objects: Sequence[Mapping[str, Any]]
) -> list[tuple[str, ...]]:
    """One row per pod of each model, from the stack's outputs and the cluster's Deployments and Pods."""
    by_name = {o["metadata"]["name"]: o for o in objects if o["kind"] == "Deployment"}
    pods = [o for o in objects if o["kind"] == "Pod"]
    rows: list[tuple[str, ...]] = []
    for model, deployment in sorted(deployments.items()):
        endpoint = endpoints.get(model, "")
        selector = by_name.get(deployment, {}).get("spec", {}).get("selector", {}).get("matchLabels", {})
        mine = [
            pod for pod in pods if selector and selector.items() <= pod["metadata"].get("labels", {}).items()
        ]
        rows += [(model, *_pod_cells(pod), endpoint) for pod in mine] or [
            (model, "none", "absent", "", "", endpoint)
        ]
    return rows


def _pod_cells(pod: Mapping[str, Any]) -> tuple[str, ...]:
    limits = (container.get("resources", {}).get("limits", {}) for container in pod["spec"]["containers"])
    gpus = sum(int(limit.get("nvidia.com/gpu", 0)) for limit in limits)
    ready = any(
        c["type"] == "Ready" and c["status"] == "True" for c in pod.get("status", {}).get("conditions", [])
    )
    phase = pod.get("status", {}).get("phase", "Unknown")
    return (
        pod["metadata"]["name"],
        "Ready" if ready else phase,
        pod["spec"].get("nodeName", ""),
        str(gpus),
    )


def table(rows: Sequence[Sequence[str]]) -> str:
    """The rows under their headings, in columns."""
    lines = [_HEADINGS, *rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(_HEADINGS))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def load_balancers(objects: Sequence[Mapping[str, Any]]) -> list[str]:
    """Addresses of the load balancers behind the Ingresses, each once."""
    statuses = (o.get("status", {}).get("loadBalancer", {}) for o in objects if o["kind"] == "Ingress")
    return sorted({entry["hostname"] for status in statuses for entry in status.get("ingress", [])})


def model_table(outputs: Mapping[str, Any], kubectl: str, environment: Mapping[str, str]) -> str:
    """The table of a deployed stack, and the address that its hostnames have to point at."""
    listed = subprocess.run(
        [kubectl, "get", "deployments,pods,ingresses", "-n", outputs["namespace"], "-o", "json"],
        env=dict(environment),
        check=True,
        capture_output=True,
        text=True,
    )
    objects = json.loads(listed.stdout)["items"]
    rows = model_rows(outputs["modelEndpoints"], outputs["modelDeployments"], objects)
    addresses = ", ".join(load_balancers(objects)) or "none yet"
    return f"{table(rows)}\n\nload balancer: {addresses}"
