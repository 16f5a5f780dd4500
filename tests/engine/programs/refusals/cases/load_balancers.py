"""Application Load Balancers, as programs make them."""

from typing import Any

from tests.engine.programs.refusals.cases.case import Ref, Resource, Topic, create, delete
from tests.engine.programs.refusals.cases.documents import ACCOUNT

BALANCER = "aws:lb/loadBalancer:LoadBalancer"
LISTENER = "aws:lb/listener:Listener"
TARGETS = "aws:lb/targetGroup:TargetGroup"
RULE = "aws:lb/listenerRule:ListenerRule"
CERTIFICATE = "aws:acm/certificate:Certificate"

_CERTIFICATES = f"arn:aws:acm:us-east-2:{ACCOUNT}:certificate"
_MISSING = f"arn:aws:elasticloadbalancing:us-east-2:{ACCOUNT}"
_FORBIDDEN = {"type": "fixed-response", "fixedResponse": {"contentType": "text/plain", "statusCode": "403"}}


def _balancer(*subnets: str, **more: Any) -> dict[str, Any]:
    return {"subnets": [Ref(one) for one in subnets], "internal": True, **more}


_BASE = _balancer("subnet-a", "subnet-b")
_PORT = {"loadBalancerArn": Ref("balancer"), "port": 8080, "protocol": "HTTP", "defaultActions": [_FORBIDDEN]}
_TLS = {**_PORT, "protocol": "HTTPS"}
_PATHS = [{"pathPattern": {"values": ["/v1/*"]}}]

_GROUND = (
    Resource("balancer", BALANCER, {**_BASE, "name": "taken"}),
    Resource("listener", LISTENER, {**_PORT, "port": 80}),
    Resource("targets", TARGETS, {"name": "taken", "port": 80, "protocol": "HTTP", "vpcId": Ref("vpc")}),
)

_CREATES = (
    create(
        "balancer-taken", "A load balancer whose name is taken", BALANCER, _BASE, {"name": "taken"},
        {"name": "free"}, "DuplicateLoadBalancerName", "A load balancer with the name 'taken' exists",
    ),
    create(
        "balancer-zones", "An ALB in one zone", BALANCER, _BASE, _balancer("subnet-a"),
        _balancer("subnet-a", "subnet-b"), "ValidationError",
        "At least two subnets in two different Availability Zones must be specified",
    ),
    create("balancer-one-zone", "An ALB with two subnets of one zone", BALANCER, _BASE,
           _balancer("subnet-a", "second-subnet-a"), _balancer("subnet-a", "subnet-b"), "InvalidConfigurationRequest",
           "A load balancer cannot be attached to multiple subnets in the same Availability Zone"),
    create("balancer-vpcs", "An ALB in two VPCs", BALANCER, _BASE, _balancer("subnet-a", "other-subnet-b"),
           _balancer("subnet-a", "subnet-b"), "InvalidConfigurationRequest", "All subnets must belong to the same VPC"),
    create("balancer-subnet-missing", "An ALB in a subnet that is not there", BALANCER, _BASE,
           {"subnets": [Ref("subnet-a"), "subnet-00000000000000000"]}, {"subnets": [Ref("subnet-a"), Ref("subnet-b")]},
           "SubnetNotFound", "The subnet ID 'subnet-00000000000000000' is not valid"),
    create("balancer-group-vpc", "An ALB with a security group of another VPC", BALANCER, _BASE,
           {"securityGroups": [Ref("other-group")]}, {"securityGroups": [Ref("group")]}, "InvalidConfigurationRequest",
           "is of another VPC"),
    create("balancer-group-missing", "An ALB with a security group that is not there", BALANCER, _BASE,
           {"securityGroups": ["sg-00000000000000000"]}, {"securityGroups": [Ref("group")]}, "InvalidSecurityGroup",
           "The security group 'sg-00000000000000000' does not exist"),
    create("balancer-way-out", "A public ALB in a VPC without an internet gateway", BALANCER,
           _balancer("other-subnet", "other-subnet-b"), {"internal": False}, {"internal": True}, "InvalidSubnet",
           "has no internet gateway"),
    create("balancer-quota", "One load balancer more than the quota", BALANCER, _BASE, {}, None, "TooManyLoadBalancers",
           "The maximum number of load balancers has been reached", setting="quotas.loadBalancers"),
    create("listener-balancer-missing", "A listener of a load balancer that is not there", LISTENER,
           {**_PORT, "port": 81}, {"loadBalancerArn": f"{_MISSING}:loadbalancer/app/none/0"},
           {"loadBalancerArn": Ref("balancer")}, "LoadBalancerNotFound", "not found"),
    create(
        "listener-taken", "A second listener on a port", LISTENER, _PORT, {"port": 80}, {"port": 82},
        "DuplicateListener", "A listener already exists on this port for this load balancer",
    ),
    create(
        "listener-certificate", "A listener with a certificate that is not there", LISTENER, {**_TLS, "port": 443},
        {"certificateArn": f"{_CERTIFICATES}/00000000-0000-0000-0000-000000000000"},
        {"certificateArn": f"{_CERTIFICATES}/01234567-89ab-cdef-0123-456789abcdef"}, "CertificateNotFound",
        "not found", setting="certificates",
    ),
    create(
        "listener-targets-missing", "A listener for a target group that is not there", LISTENER,
        {**_PORT, "port": 83},
        {"defaultActions": [{"type": "forward", "targetGroupArn": f"{_MISSING}:targetgroup/none/0"}]},
        {"defaultActions": [{"type": "forward", "targetGroupArn": Ref("targets")}]}, "TargetGroupNotFound",
        "not found",
    ),
    create(
        "targets-taken", "A target group whose name is taken", TARGETS,
        {"port": 80, "protocol": "HTTP", "vpcId": Ref("vpc")}, {"name": "taken"}, {"name": "free"},
        "DuplicateTargetGroupName", "A target group with the name 'taken' exists",
    ),
    create("rule-listener-missing", "A rule of a listener that is not there", RULE,
           {"actions": [_FORBIDDEN], "conditions": _PATHS}, {"listenerArn": f"{_MISSING}:listener/app/none/0/0"},
           {"listenerArn": Ref("listener")}, "ListenerNotFound", "not found"),
)  # fmt: skip

_HELD = (
    Resource("held-certificate", CERTIFICATE, {"domainName": "held.example.com", "validationMethod": "DNS"}),
    Resource("tls-listener", LISTENER, {**_TLS, "port": 8443, "certificateArn": Ref("held-certificate")}),
    Resource("listened-targets", TARGETS, {"port": 80, "protocol": "HTTP", "vpcId": Ref("vpc")}),
    Resource(
        "forwarding-listener",
        LISTENER,
        {
            **_PORT,
            "port": 84,
            "defaultActions": [{"type": "forward", "targetGroupArn": Ref("listened-targets")}],
        },
    ),
    Resource("ruled-targets", TARGETS, {"port": 80, "protocol": "HTTP", "vpcId": Ref("vpc")}),
    Resource(
        "forwarding-rule",
        RULE,
        {
            "listenerArn": Ref("listener"),
            "actions": [{"type": "forward", "targetGroupArn": Ref("ruled-targets")}],
            "conditions": _PATHS,
        },
    ),
    Resource(
        "protected-balancer",
        BALANCER,
        {**_BASE, "enableDeletionProtection": True},
        freed={"enableDeletionProtection": False},
    ),
)
_DELETES = (
    delete("certificate-delete", "Deleting a certificate that a listener uses", CERTIFICATE, "held-certificate",
           "ResourceInUseException", "is in use."),
    delete(
        "targets-listened-delete", "Deleting a target group that a listener forwards to", TARGETS,
        "listened-targets", "ResourceInUse", "is currently in use by a listener or a rule",
    ),
    delete("targets-ruled-delete", "Deleting a target group that a rule forwards to", TARGETS, "ruled-targets",
           "ResourceInUse", "is currently in use by a listener or a rule"),
    delete("balancer-protected-delete", "Deleting a protected load balancer", BALANCER, "protected-balancer",
           "OperationNotPermitted", "cannot be deleted because deletion protection is enabled"),
)  # fmt: skip

LOAD_BALANCERS = Topic("Load balancers", (*_CREATES, *_DELETES), _GROUND, _HELD)
