"""Renders the serving chart with the real Helm, and finds things in what comes out."""

import copy
import dataclasses
import functools
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from localcloud.home import PROJECT

CHART = PROJECT / "charts" / "inference"

NAMESPACE = "poolside-models"

# Step 6 of Poolside's "Install on Amazon EKS", with values for what it leaves open.
DEV: dict[str, Any] = {
    "fullnameOverride": "inference",
    "image": {"registry": "111122223333.dkr.ecr.us-east-2.amazonaws.com"},
    "serviceAccount": {
        "create": True,
        "annotations": {"eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/inference-pod-role"},
    },
    "podSecurityContext": {
        "runAsNonRoot": True,
        "runAsUser": 10003,
        "seccompProfile": {"type": "RuntimeDefault"},
    },
    "authentication": {"secretName": "vllm-auth"},
    "ingress": {
        "enabled": True,
        "className": "alb",
        "annotations": {
            "alb.ingress.kubernetes.io/scheme": "internet-facing",
            "alb.ingress.kubernetes.io/target-type": "ip",
            "alb.ingress.kubernetes.io/listen-ports": '[{"HTTP":80},{"HTTPS":443}]',
            "alb.ingress.kubernetes.io/ssl-redirect": "443",
            "alb.ingress.kubernetes.io/ssl-policy": "ELBSecurityPolicy-TLS13-1-2-2021-06",
            "alb.ingress.kubernetes.io/group.name": "poolside",
            "alb.ingress.kubernetes.io/certificate-arn": (
                "arn:aws:acm:us-east-2:111122223333:certificate/01234567-89ab-cdef-0123-456789abcdef"
            ),
            "alb.ingress.kubernetes.io/healthcheck-path": "/health",
        },
    },
    "models": {
        "laguna-m": {
            "model": "s3://inference-checkpoints/checkpoints/laguna-m",
            "modelName": "Laguna",
            "modelType": "agent",
            "gpus": 4,
            "ingressHost": "laguna-m.models.example.com",
        },
        "laguna-xs": {
            "model": "s3://inference-checkpoints/checkpoints/laguna-xs",
            "modelName": "Laguna",
            "modelType": "agent_small",
            "gpus": 1,
            "ingressHost": "laguna-xs.models.example.com",
        },
        "point": {
            "model": "s3://inference-checkpoints/checkpoints/point",
            "modelName": "Point",
            "modelType": "completion",
            "gpus": 1,
            "ingressHost": "point.models.example.com",
        },
    },
}


class RenderingError(Exception):
    """Helm refused; the text is what it said."""


@dataclasses.dataclass(frozen=True)
class Objects:
    """The objects of one rendering."""

    all: list[dict[str, Any]]

    def named(self, kind: str, name: str) -> dict[str, Any]:
        """The one object of a kind and name."""
        [found] = [o for o in self.all if (o["kind"], o["metadata"]["name"]) == (kind, name)]
        return found

    def of_kind(self, kind: str) -> list[dict[str, Any]]:
        """Every object of a kind."""
        return [o for o in self.all if o["kind"] == kind]

    def pod(self, key: str) -> dict[str, Any]:
        """The pod spec of a model."""
        return self.named("Deployment", f"inference-{key}")["spec"]["template"]["spec"]

    def server(self, key: str) -> dict[str, Any]:
        """The container of a model's server."""
        [container] = self.pod(key)["containers"]
        return container

    def arguments(self, key: str) -> list[str]:
        """The arguments of a model's server."""
        return self.server(key)["args"]

    def environment(self, key: str) -> dict[str, Any]:
        """The environment of a model's server: values, and the source where there is no plain value."""
        entries = self.server(key)["env"]
        assert len({entry["name"] for entry in entries}) == len(entries), "a variable occurs twice"
        return {entry["name"]: entry.get("value", entry.get("valueFrom")) for entry in entries}


def changed(values: Mapping[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy of values with the value at a dotted path replaced; `~1` in a step stands for a dot."""
    result = copy.deepcopy(dict(values))
    *steps, last = (step.replace("~1", ".") for step in path.split("."))
    place = result
    for step in steps:
        place = place.setdefault(step, {})
    place[last] = value
    return result


class Helm:
    """One Helm program and the chart."""

    def __init__(self, program: Path, chart: Path = CHART) -> None:
        self.program = program
        self.chart = chart

    def render(self, values: Mapping[str, Any], kubernetes: str = "1.35.0") -> Objects:
        """What the chart makes of values; raises RenderingError with Helm's message."""
        text = self.text(values, kubernetes)
        return Objects([document for document in yaml.safe_load_all(text) if document])

    def text(self, values: Mapping[str, Any], kubernetes: str = "1.35.0") -> str:
        """The rendered text itself."""
        return self._text(yaml.safe_dump(dict(values), sort_keys=True), kubernetes)

    @functools.cache  # noqa: B019 -- lives as long as the test session
    def _text(self, values: str, kubernetes: str) -> str:
        command = ["template", "inference", str(self.chart), "--namespace", NAMESPACE, "--values", "-"]
        return self.run([*command, "--kube-version", kubernetes], values)

    def run(self, command: list[str], stdin: str = "") -> str:
        """Run Helm; raises RenderingError with its message if it fails."""
        done = subprocess.run(
            [self.program, *command], input=stdin, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RenderingError(done.stderr + done.stdout)
        return done.stdout
