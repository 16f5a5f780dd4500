"""What the one Application Load Balancer of an IngressClass is told, and by whom: class or Ingress.

The class (IngressClassParams) belongs to whoever runs the cluster, and the controller lets it win over
annotations: everything about the load balancer as a whole is there. Annotations carry what only an Ingress
can say (listeners, health check, target group), and repeat the class's settings with the same values, so
that a chart also works with a class that has no parameters.

Source: aws-load-balancer-controller v3.5.0, docs/guide/ingress/{ingress_class,annotations}.md.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Optional

import pulumi

SCHEMES: tuple[str, ...] = ("internet-facing", "internal")
"""Where a load balancer can be reached from."""

SSL_POLICY = "ELBSecurityPolicy-TLS13-1-2-2021-06"
"""Default security policy of HTTPS listeners: TLS 1.3, and 1.2 for older clients."""

IDLE_TIMEOUT_SECONDS = 600
"""Default idle timeout. AWS's 60 s end a long answer that is not streamed with a 504."""

_HTTPS_PORT = "443"
_TARGET_TYPE = "ip"


def ingress_class_params_spec(
    *,
    scheme: str,
    group_name: str,
    certificate_arns: Sequence[pulumi.Input[str]] = (),
    ssl_policy: str = SSL_POLICY,
    idle_timeout_seconds: int = IDLE_TIMEOUT_SECONDS,
    inbound_cidrs: Sequence[str] = (),
    namespace_labels: Optional[Mapping[str, str]] = None,
) -> dict[str, Any]:
    """The ``spec`` of an IngressClassParams; empty lists and maps leave their fields out."""
    spec: dict[str, Any] = {
        "scheme": scheme,
        "group": {"name": group_name},
        "sslPolicy": ssl_policy,
        "sslRedirectPort": _HTTPS_PORT,
        "targetType": _TARGET_TYPE,
        # An annotation of this kind must be equal on every Ingress of the group; here it is said once.
        "loadBalancerAttributes": [
            {"key": "idle_timeout.timeout_seconds", "value": str(idle_timeout_seconds)},
        ],
    }
    if certificate_arns:
        spec["certificateArn"] = list(certificate_arns)
    if inbound_cidrs:
        spec["inboundCIDRs"] = list(inbound_cidrs)
    if namespace_labels:
        spec["namespaceSelector"] = {"matchLabels": dict(namespace_labels)}
    return spec


def ingress_annotations(
    *,
    scheme: str,
    group_name: str,
    ssl_policy: str = SSL_POLICY,
    health_check_path: str = "/health",
    deregistration_delay_seconds: Optional[int] = None,
) -> dict[str, str]:
    """Annotations for every Ingress of a model, to be given the same settings as AlbController.

    Neither the certificates nor the idle timeout are among them: the class has both, so that the values of
    the chart are known at preview and an Ingress cannot contradict its group. ``deregistration_delay_seconds``
    is for a chart that does not derive it from the drain of its pods, as charts/inference does.
    """
    listeners = [{"HTTP": 80}, {"HTTPS": int(_HTTPS_PORT)}]
    settings = {
        "scheme": scheme,
        "group.name": group_name,
        "target-type": _TARGET_TYPE,
        # Without a listener on 80 there is nothing that could redirect.
        "listen-ports": json.dumps(listeners, separators=(",", ":")),
        "ssl-redirect": _HTTPS_PORT,
        "ssl-policy": ssl_policy,
        "backend-protocol": "HTTP",
        "healthcheck-path": health_check_path,
    }
    if deregistration_delay_seconds is not None:
        settings["target-group-attributes"] = (
            f"deregistration_delay.timeout_seconds={int(deregistration_delay_seconds)},"
            # Answers differ in length by orders of magnitude: turns would be no measure of load.
            "load_balancing.algorithm.type=least_outstanding_requests"
        )
    return {f"alb.ingress.kubernetes.io/{name}": value for name, value in settings.items()}
