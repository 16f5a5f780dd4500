"""Ingresses, Services and a world for tests of the stand-in AWS Load Balancer Controller."""

from typing import Any

from localcloud.kube.load_balancer_settings import Settings, World
from localcloud.kube.load_balancer_subnets import Subnet

SETTINGS = Settings("plane", "us-east-2", "ip", vpc_id="vpc-1")
CERTIFICATE = "arn:aws:acm:us-east-2:111122223333:certificate/1"

Object = dict[str, Any]


def ingress(name: str = "a", class_name: str = "alb", **options: Any) -> Object:
    annotations = {
        f"alb.ingress.kubernetes.io/{k.replace('_', '-')}": v for k, v in options.pop("alb", {}).items()
    }
    path = {"path": "/v1", "backend": {"service": {"name": "s", "port": {"name": "http"}}}}
    metadata: Object = {"name": name, "namespace": "models", "uid": name, "resourceVersion": "7"}
    return {
        "metadata": {**metadata, "annotations": annotations, **options},
        "spec": {
            "ingressClassName": class_name,
            "rules": [{"host": f"{name}.example.com", "http": {"paths": [path]}}],
        },
    }


def service(type_: str = "ClusterIP") -> Object:
    ports = [{"name": "http", "port": 80, "targetPort": 8000}]
    metadata = {"name": "s", "namespace": "models", "uid": "u"}
    return {"metadata": metadata, "spec": {"type": type_, "ports": ports}}


def subnet(id_: str, zone: str, *, public: bool = False, free: int = 200, **tags: str) -> Subnet:
    return Subnet(id_, zone, public, free, {key.replace("_", "/"): value for key, value in tags.items()})


SUBNETS = [
    subnet("subnet-1", "us-east-2a"),
    subnet("subnet-2", "us-east-2b"),
    subnet("subnet-3", "us-east-2a", public=True),
    subnet("subnet-4", "us-east-2b", public=True),
]


def world(params: Object | None = None, **changes: Any) -> World:
    parameters = {"apiGroup": "elbv2.k8s.aws", "kind": "IngressClassParams", "name": "alb"}
    spec = {"controller": "ingress.k8s.aws/alb", **({"parameters": parameters} if params is not None else {})}
    found: Object = {
        "classes": {
            "alb": {"metadata": {"name": "alb"}, "spec": spec},
            "nginx": {"metadata": {"name": "nginx"}, "spec": {"controller": "k8s.io/ingress-nginx"}},
        },
        "params": {"alb": {"metadata": {"name": "alb"}, "spec": params}} if params is not None else {},
        "namespace_labels": lambda namespace: {"kubernetes.io/metadata.name": namespace},
        "service": lambda namespace, name: service(),
        "certificate_names": lambda: [(CERTIFICATE, ["*.example.com"])],
        "subnets": lambda: SUBNETS,
        "present": lambda stack, scheme: (),
        **changes,
    }
    return World(**found)


def deployment(available: int) -> Object:
    arguments = [
        "--cluster-name=plane",
        "--aws-region=us-east-2",
        "--aws-vpc-id=vpc-1",
        "--default-target-type=ip",
        "--default-tags=project=plane,team=models",
    ]
    containers = [{"name": "c", "args": arguments}]
    return {
        "spec": {"template": {"spec": {"containers": containers}}},
        "status": {"availableReplicas": available},
    }
