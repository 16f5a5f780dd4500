"""A model behind the load balancer controller, with and without the dependency that orders teardown."""

import os
from pathlib import Path

import pulumi
import pulumi_kubernetes as kubernetes

from components.alb_ingress import ingress_annotations, ingress_class_params_spec
from components.helm_releases import helm_release
from components.inference_release import InferenceRelease
from components.versions import ALB_CONTROLLER

CHART = Path(__file__).resolve().parents[4] / "charts" / "inference"
CERTIFICATE = "arn:aws:acm:us-east-2:111122223333:certificate/01234567-89ab-cdef-0123-456789abcdef"
ORDERED = os.environ["TEARDOWN_ORDERED"] == "yes"

provider = kubernetes.Provider("cluster", kubeconfig=Path(os.environ["KUBECONFIG"]).read_text())


class Controller(pulumi.ComponentResource):
    """The controller's chart and its class, as AlbController makes them, without the AWS side."""

    def __init__(self, name: str, needs: list[pulumi.Resource]) -> None:
        opts = pulumi.ResourceOptions(providers=[provider], depends_on=needs)
        super().__init__("teardown:index:Controller", name, {}, opts)
        release = helm_release(
            f"{name}-release",
            chart=ALB_CONTROLLER,
            release_name=ALB_CONTROLLER.chart,
            namespace="kube-system",
            values={
                "clusterName": "inference",
                "region": "us-east-2",
                "vpcId": "vpc-0123456789abcdef0",
                "createIngressClassResource": False,
                "ingressClassParams": {"create": False},
            },
            timeout_seconds=60,
            parent=self,
        )
        spec = ingress_class_params_spec(
            scheme="internal", group_name="poolside", certificate_arns=[CERTIFICATE]
        )
        params = kubernetes.apiextensions.CustomResource(
            f"{name}-params",
            api_version="elbv2.k8s.aws/v1beta1",
            kind="IngressClassParams",
            metadata={"name": "alb"},
            spec=spec,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[release]),
        )
        kubernetes.networking.v1.IngressClass(
            f"{name}-class",
            metadata={"name": "alb"},
            spec={
                "controller": "ingress.k8s.aws/alb",
                "parameters": {"api_group": "elbv2.k8s.aws", "kind": "IngressClassParams", "name": "alb"},
            },
            opts=pulumi.ResourceOptions(parent=self, depends_on=[params]),
        )
        self.register_outputs({})


def model(needs: list[pulumi.Resource]) -> InferenceRelease:
    return InferenceRelease(
        "serving",
        {
            "chart": {"path": str(CHART)},
            "image_registry": "111122223333.dkr.ecr.us-east-2.amazonaws.com",
            "ingress": {
                "enabled": True,
                "class_name": "alb",
                "annotations": ingress_annotations(scheme="internal", group_name="poolside"),
            },
            "models": {
                "point": {
                    "model": "s3://bucket/checkpoints/point",
                    "model_name": "Point",
                    "model_type": "completion",
                    "gpus": 1,
                    "ingress_host": "point.models.example.com",
                }
            },
            "timeout_seconds": 15,
        },
        pulumi.ResourceOptions(providers=[provider], depends_on=needs),
    )


if ORDERED:
    model([Controller("controller", [])])
else:
    # Without the dependency the engine is free to delete the controller first. So that the test does not hang
    # on which order it happens to choose, the controller comes last here, and so goes first.
    Controller("controller", [model([])])
