"""Objects of a small cluster: Ingresses, Services, endpoints and pods with a model server."""

import base64
from typing import Any

from localcloud.kube.api import ApiError

HOST = "m.example.com"
ADDRESS = "k8s-models-0123456789.us-east-2.elb.amazonaws.com"
LISTEN = '[{"HTTP":80},{"HTTPS":443}]'


def ingress(
    name: str = "m",
    *,
    host: str | None = HOST,
    path: str = "/v1",
    path_type: str = "Prefix",
    address: str = ADDRESS,
    service: str = "m",
    **annotations: str,
) -> dict[str, Any]:
    """An admitted Ingress; annotations are given by their last part, with underscores."""
    backend = {"service": {"name": service, "port": {"name": "http"}}}
    paths = [{"path": path, "pathType": path_type, "backend": backend}]
    prefix = "alb.ingress.kubernetes.io/"
    given = {prefix + _annotation(key): text for key, text in annotations.items()}
    return {
        "metadata": {"name": name, "namespace": "models", "annotations": given},
        "spec": {
            "ingressClassName": "alb",
            "rules": [{**({"host": host} if host is not None else {}), "http": {"paths": paths}}],
        },
        "status": {"loadBalancer": {"ingress": [{"hostname": address}] if address else []}},
    }


def _annotation(key: str) -> str:
    return {"group_order": "group.order"}.get(key) or key.replace("_", "-")


def service(name: str = "m", ip: str = "10.96.0.7") -> dict[str, Any]:
    ports = [{"name": "http", "port": 80, "targetPort": "http"}]
    return {"metadata": {"name": name, "namespace": "models"}, "spec": {"clusterIP": ip, "ports": ports}}


def endpoint(uid: str, address: str, **conditions: bool) -> dict[str, Any]:
    return {"addresses": [address], "conditions": conditions, "targetRef": {"kind": "Pod", "uid": uid}}


def endpoints(*entries: dict[str, Any], name: str = "m", port: int = 8000) -> dict[str, Any]:
    return {
        "metadata": {
            "name": f"{name}-x",
            "namespace": "models",
            "labels": {"kubernetes.io/service-name": name},
        },
        "ports": [{"name": "http", "port": port}],
        "endpoints": list(entries),
    }


def pod(
    uid: str = "u1",
    *,
    ready: bool = True,
    running: bool = True,
    leaving: bool = False,
    args: tuple[str, ...] = ("/models/m", "--served-model-name=Laguna", "--shutdown-timeout=120"),
    env: list[dict[str, Any]] | None = None,
    address: str = "10.0.0.1",
    **annotations: str,
) -> dict[str, Any]:
    key = {"name": "VLLM_API_KEY", "valueFrom": {"secretKeyRef": {"name": "auth", "key": "VLLM_API_KEY"}}}
    state = {"running": {"startedAt": "2026-01-01T00:00:00Z"}} if running else {"waiting": {}}
    metadata: dict[str, Any] = {
        "name": f"m-{uid}",
        "namespace": "models",
        "uid": uid,
        "annotations": {f"stand-in.inference-plane/{k.replace('_', '-')}": v for k, v in annotations.items()},
    }
    if leaving:
        metadata |= {"deletionTimestamp": "2026-01-01T00:10:00Z", "deletionGracePeriodSeconds": 155}
    return {
        "metadata": metadata,
        "spec": {
            "terminationGracePeriodSeconds": 155,
            "containers": [
                {
                    "name": "vllm",
                    "image": "docker.io/vllm/vllm-openai:v0.33.0",
                    "command": ["vllm", "serve"],
                    "args": list(args),
                    "env": [key] if env is None else env,
                    "lifecycle": {"preStop": {"sleep": {"seconds": 20}}},
                    "ports": [{"name": "http", "containerPort": 8000}],
                }
            ],
        },
        "status": {
            "podIP": address,
            "conditions": [{"type": "Ready", "status": str(ready)}],
            "containerStatuses": [{"name": "vllm", "ready": ready, "state": state}],
        },
    }


class FakeApi:
    """Secrets by name, and the pods that were asked to end."""

    def __init__(self, **secrets: dict[str, str]) -> None:
        self.secrets = secrets
        self.ended: list[str] = []
        self.refuse: Exception | None = None

    def get(self, api_version: str, kind: str, namespace: str, name: str) -> dict[str, Any] | None:
        assert (api_version, kind, namespace) == ("v1", "Secret", "models")
        if name not in self.secrets:
            return None
        return {"data": {k: base64.b64encode(v.encode()).decode() for k, v in self.secrets[name].items()}}

    def path(self, api_version: str, kind: str, namespace: str, name: str) -> str:
        return f"{api_version}/{kind}/{namespace}/{name}"

    def request(self, method: str, path: str, query: object, body: dict[str, Any]) -> dict[str, Any]:
        assert (method, body["gracePeriodSeconds"]) == ("DELETE", 0)
        if self.refuse:
            raise self.refuse
        self.ended.append(body["preconditions"]["uid"])
        return {}


GONE = ApiError(404, "NotFound", "not found")
"""What the API server says of a pod that is not there any more."""
