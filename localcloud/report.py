"""What a person wants to see after `make up`: each model with its pod, node, GPUs and endpoint, and how to call it."""

import json
import os
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from localcloud.dataplane.pod_spec import command_line, model_container
from localcloud.dataplane.vllm_settings import parse
from localcloud.home import HOME_VARIABLE, Home
from localcloud.kube.fields import at, each

_KEY = "VLLM_API_KEY"
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


def key_command(pod_spec: Mapping[str, Any], namespace: str, home: Home) -> str:
    """A shell line that puts the key of a model's server into KEY, unseen; empty if the server has none."""
    container = model_container({"spec": pod_spec}) or {}
    for entry in each(container, "env"):
        reference = at(entry, "valueFrom", "secretKeyRef")
        if entry.get("name") == _KEY and reference:
            kubectl = f"{_short(home.bin / 'kubectl')} --kubeconfig {_short(home.admin_kubeconfig)}"
            path = str(reference["key"]).replace(".", "\\.")
            secret = f"get secret {reference['name']} -n {namespace} -o jsonpath='{{.data.{path}}}'"
            return f"KEY=$({kubectl} {secret} | base64 -d)"
    return ""


def call_command(
    endpoint: str, pod_spec: Mapping[str, Any], ports: Mapping[str, int], home: Home, *, key: bool
) -> str:
    """A shell line that calls a model through its load balancer as a client does, but on loopback."""
    host = urlsplit(endpoint).hostname
    container = model_container({"spec": pod_spec}) or {}
    served = parse(command_line(container, {}), "").served_names[0]
    body = json.dumps({"model": served, "prompt": "Hello", "max_tokens": 32})
    words = [
        "curl -sS",
        f"--connect-to {host}:443:127.0.0.1:{ports['data-plane-https']}",
        f"--cacert {_short(home.ca_certificate)}",
        *(['-H "Authorization: Bearer $KEY"'] if key else []),
        "-H 'Content-Type: application/json'",
        f"-d {shlex.quote(body)}",
        f"{endpoint}/completions",
    ]
    return " ".join(words)


def calls(
    endpoints: Mapping[str, str],
    deployments: Mapping[str, str],
    objects: Sequence[Mapping[str, Any]],
    namespace: str,
    home: Home,
) -> str:
    """Lines to copy: the key, a call of each model, and one from inside the cluster."""
    ports: dict[str, int] = json.loads(home.ports.read_text())
    by_name = {o["metadata"]["name"]: o for o in objects if o["kind"] == "Deployment"}
    lines: list[str] = []
    for model, deployment in sorted(deployments.items()):
        spec = at(by_name.get(deployment), "spec", "template", "spec")
        endpoint = endpoints.get(model)
        if not endpoint or model_container({"spec": spec}) is None:
            continue
        key = key_command(spec, namespace, home)
        if key and key not in lines:
            lines.append(key)
        lines.append(call_command(endpoint, spec, ports, home, key=bool(key)))
    if lines:
        inside = f"http://{min(deployments.values())}.{namespace}.svc:8000/health"
        lines.append(f"curl -sS -i -x http://127.0.0.1:{ports['data-plane-proxy']} {inside}")
    return "\n".join(lines)


def _short(path: Path) -> str:
    """The path from here if that is shorter, quoted for a shell."""
    return shlex.quote(min(str(path), os.path.relpath(path), key=len))


def model_table(outputs: Mapping[str, Any], kubectl: str, environment: Mapping[str, str]) -> str:
    """The table of a deployed stack, the address that its hostnames have to point at, and how to call the models."""
    namespace = outputs["namespace"]
    listed = subprocess.run(
        [kubectl, "get", "deployments,pods,ingresses", "-n", namespace, "-o", "json"],
        env=dict(environment),
        check=True,
        capture_output=True,
        text=True,
    )
    objects = json.loads(listed.stdout)["items"]
    rows = model_rows(outputs["modelEndpoints"], outputs["modelDeployments"], objects)
    addresses = ", ".join(load_balancers(objects)) or "none yet"
    home = Home(Path(environment[HOME_VARIABLE]))
    commands = calls(outputs["modelEndpoints"], outputs["modelDeployments"], objects, namespace, home)
    return (
        f"{table(rows)}\n\nload balancer: {addresses}\n\n"
        f"a stand-in answers for load balancer and pods; try it (docs/data-plane.md):\n{commands}"
    )
