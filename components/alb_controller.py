"""The AWS Load Balancer Controller, its role, and the IngressClass that all models share."""

import ipaddress
from typing import Any, NotRequired, Optional

import pulumi
import pulumi_kubernetes as kubernetes

from components.alb_controller_policy import alb_controller_policy
from components.alb_ingress import (
    IDLE_TIMEOUT_SECONDS,
    SCHEMES,
    SSL_POLICY,
    ingress_class_params_spec,
)
from components.alb_ingress import (
    ingress_annotations as ingress_annotations,
)  # the callers' half of the class
from components.arguments import ArgumentErrors
from components.helm_releases import helm_release
from components.irsa_role import CONTROLLER_ROLE_KEYS, ControllerRoleArgs, controller_role
from components.outputs import known_after
from components.scheduling import SYSTEM_NODE_SELECTOR
from components.versions import ALB_CONTROLLER
from components.waiting import waiting_children

NAMESPACE = "kube-system"
"""Namespace of the controller, as upstream installs it."""

SERVICE_ACCOUNT = "aws-load-balancer-controller"
"""Service account of the controller."""


class AlbControllerArgs(ControllerRoleArgs):
    """Inputs of AlbController."""

    cluster_name: str
    """Name of the EKS cluster; the controller tags what it makes with it."""
    vpc_id: pulumi.Input[str]
    """VPC of the cluster. The pods cannot ask the instance metadata service (hop limit 1), so it is told.
    It may be unknown at preview: of all charts' values it is the only one that is, because no name of ours
    stands for a VPC, and it never changes once it is there."""
    group_name: str
    """IngressGroup of the class: every Ingress of the class shares one load balancer."""
    scheme: NotRequired[str]
    """``internet-facing`` or ``internal``. Default: internal."""
    certificate_arns: NotRequired[list[pulumi.Input[str]]]
    """ACM certificates of the HTTPS listener, the default one first. Default: the controller looks in ACM for
    certificates that match each Ingress's hosts."""
    ssl_policy: NotRequired[str]
    """Security policy of the HTTPS listener. Default: ELBSecurityPolicy-TLS13-1-2-2021-06 (TLS 1.3)."""
    idle_timeout_seconds: NotRequired[int]
    """Seconds without a byte after which the load balancer ends a connection, 1 to 4000. The servers behind
    it must keep theirs longer. Default: 600."""
    inbound_cidrs: NotRequired[list[str]]
    """CIDRs that may connect. Default: any."""
    ingress_class: NotRequired[str]
    """Name of the IngressClass. Default: alb."""
    namespace_selector: NotRequired[dict[str, str]]
    """Labels of the namespaces whose Ingresses may use the class. Default: every namespace may."""
    replicas: NotRequired[int]
    """Replicas; the second one keeps the admission webhooks up while a node drains. Default: 2."""
    enable_waf: NotRequired[bool]
    """Whether the controller manages WAF associations; their APIs need a way out of the VPC. Default: false."""
    enable_shield: NotRequired[bool]
    """Whether it manages Shield Advanced protections, likewise. Default: false."""
    enable_service_mutator: NotRequired[bool]
    """Whether it becomes the default for Services of type LoadBalancer. Its webhook then stands in the way of
    every Service while the controller is down. Default: false."""
    chart_version: NotRequired[str]
    """Version of the chart. Default: the tested one (components/versions.py)."""
    timeout_seconds: NotRequired[int]
    """How long an install or upgrade may take, in seconds. Default: 600."""
    tags: NotRequired[dict[str, str]]
    """Tags of the role and of every AWS resource that the controller makes. Default: none."""


class AlbController(pulumi.ComponentResource):
    """The controller that turns the models' Ingresses into one Application Load Balancer.

    Every Ingress must depend on this component: the controller takes the finalizer off an Ingress that is
    deleted, so it has to outlive all of them, and so has their class.
    """

    role_arn: pulumi.Output[str]
    """ARN of the controller's role; known at preview."""
    ingress_class_name: pulumi.Output[str]
    """Name of the IngressClass; known at preview. Whoever takes it waits until the class can be used."""
    release_name: pulumi.Output[str]
    """Name of the Helm release; known at preview. Whoever takes it waits until the controller runs."""

    def __init__(
        self, name: str, args: AlbControllerArgs, opts: Optional[pulumi.ResourceOptions] = None
    ) -> None:
        own, needs = waiting_children(opts)
        super().__init__("inference-plane:index:AlbController", name, {}, own)
        _check(args)
        class_name = args.get("ingress_class") or "alb"

        role = controller_role(
            f"{name}-role",
            args,
            namespace=NAMESPACE,
            service_account=SERVICE_ACCOUNT,
            policy_json=alb_controller_policy(args["region"]),
            parent=self,
        )
        release = helm_release(
            f"{name}-release",
            chart=ALB_CONTROLLER._replace(version=args.get("chart_version") or ALB_CONTROLLER.version),
            release_name=ALB_CONTROLLER.chart,
            namespace=NAMESPACE,
            values=alb_controller_values(args, role.role_arn),
            timeout_seconds=int(args.get("timeout_seconds", 600)),
            parent=self,
            depends_on=[*needs, role],
        )
        # Not the chart's own: its webhook does not check parameters that come with it, and an upgrade of
        # the chart would not be the place where a reader looks for the load balancer's settings.
        params = kubernetes.apiextensions.CustomResource(
            f"{name}-class-params",
            api_version="elbv2.k8s.aws/v1beta1",
            kind="IngressClassParams",
            metadata={"name": class_name},
            spec=ingress_class_params_spec(
                scheme=args.get("scheme") or "internal",
                group_name=args["group_name"],
                certificate_arns=args.get("certificate_arns") or [],
                ssl_policy=args.get("ssl_policy") or SSL_POLICY,
                idle_timeout_seconds=int(args.get("idle_timeout_seconds", IDLE_TIMEOUT_SECONDS)),
                inbound_cidrs=args.get("inbound_cidrs") or [],
                namespace_labels=args.get("namespace_selector"),
            ),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[release]),
        )
        ingress_class = kubernetes.networking.v1.IngressClass(
            f"{name}-class",
            metadata={"name": class_name},
            spec={
                "controller": "ingress.k8s.aws/alb",
                "parameters": {
                    "api_group": "elbv2.k8s.aws",
                    "kind": "IngressClassParams",
                    "name": class_name,
                },
            },
            opts=pulumi.ResourceOptions(parent=self, depends_on=[release, params]),
        )

        self.role_arn = role.role_arn
        self.ingress_class_name = known_after(class_name, ingress_class)
        self.release_name = known_after(ALB_CONTROLLER.chart, release)
        self.register_outputs(
            {
                "roleArn": self.role_arn,
                "ingressClassName": self.ingress_class_name,
                "releaseName": self.release_name,
            }
        )


def alb_controller_values(args: AlbControllerArgs, role_arn: pulumi.Input[str]) -> dict[str, Any]:
    """Values of the chart aws-load-balancer-controller (3.5.0)."""
    enable_waf = bool(args.get("enable_waf"))
    return {
        "clusterName": args["cluster_name"],
        "region": args["region"],
        "vpcId": args["vpc_id"],
        "replicaCount": int(args.get("replicas", 2)),
        # One pod at a time may go, so that the webhooks, which fail closed, always have an endpoint.
        "podDisruptionBudget": {"maxUnavailable": 1},
        "serviceAccount": {
            "create": True,
            "name": SERVICE_ACCOUNT,
            "annotations": {"eks.amazonaws.com/role-arn": role_arn},
        },
        "nodeSelector": dict(SYSTEM_NODE_SELECTOR),
        "ingressClass": args.get("ingress_class") or "alb",
        "createIngressClassResource": False,
        "ingressClassParams": {"create": False},
        "defaultTargetType": "ip",
        "defaultTags": dict(args.get("tags") or {}),
        "enableServiceMutatorWebhook": bool(args.get("enable_service_mutator")),
        "enableShield": bool(args.get("enable_shield")),
        "enableWaf": enable_waf,
        "enableWafv2": enable_waf,
        # Otherwise each upgrade makes a new certificate, which pods that still run do not serve.
        "keepTLSSecret": True,
    }


def _check(args: AlbControllerArgs) -> None:
    errors = ArgumentErrors("AlbController")
    errors.require(
        args,
        *("cluster_name", "vpc_id", "group_name"),
        *CONTROLLER_ROLE_KEYS,
    )
    errors.matches(
        "clusterName",
        args.get("cluster_name") or None,
        r"[0-9A-Za-z][\w-]{0,99}",
        "1 to 100 letters, digits, - and _",
    )
    errors.matches("vpcId", args.get("vpc_id") or None, r"vpc-[0-9a-f]+", "a VPC id, vpc-…")
    errors.matches(
        "groupName",
        args.get("group_name") or None,
        r"(?=.{1,63}$)([a-z0-9][a-z0-9.-]*)?[a-z0-9]",
        "at most 63 of a-z 0-9 - .",
    )
    errors.one_of("scheme", args.get("scheme"), SCHEMES)
    for index, arn in enumerate(args.get("certificate_arns") or []):
        errors.matches(
            f"certificateArns[{index}]",
            arn,
            r"arn:[\w-]+:acm:[\w-]+:\d{12}:certificate/.+",
            "arn:<partition>:acm:<region>:<account>:certificate/<id>",
        )
    errors.matches("sslPolicy", args.get("ssl_policy"), r"ELBSecurityPolicy-[\w-]+", "ELBSecurityPolicy-…")
    timeout = int(args.get("idle_timeout_seconds", IDLE_TIMEOUT_SECONDS))
    if not 1 <= timeout <= 4000:
        errors.add("idleTimeoutSeconds", f"is {timeout}; an ALB takes 1 to 4000")
    for index, cidr in enumerate(args.get("inbound_cidrs") or []):
        try:
            ipaddress.ip_network(cidr)
        except ValueError as fault:
            errors.add(f"inboundCidrs[{index}]", f"is not a CIDR: {fault}")
    errors.matches(
        "ingressClass", args.get("ingress_class"), r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?", "a DNS name"
    )
    errors.at_least(args, 1, "replicas", "timeout_seconds")
    errors.raise_if_any()
