"""Application Load Balancers, target groups, listeners and their rules."""

import secrets
from typing import ClassVar

from localcloud.aws.account import Account
from localcloud.aws.errors import AwsError
from localcloud.aws.rules.base import Call, Holder, Reference, Rule, rule, text, values_at
from localcloud.aws.rules.interfaces import (
    Attachment,
    Interface,
    drop_serving,
    free_public_addresses,
    keep_one_per_subnet,
    subnet_records,
)
from localcloud.aws.rules.network import INTERNET_GATEWAY, SECURITY_GROUP, SUBNET
from localcloud.aws.store import Record
from localcloud.providers.protocol import CheckFailure, Properties

CERTIFICATE = "aws:acm/certificate:Certificate"
LOAD_BALANCER = "aws:lb/loadBalancer:LoadBalancer"
TARGET_GROUP = "aws:lb/targetGroup:TargetGroup"
LISTENER = "aws:lb/listener:Listener"
LISTENER_RULE = "aws:lb/listenerRule:ListenerRule"

_ZONE_IDS = {"us-east-1": "Z35SXDOTRQ7X7K", "us-east-2": "Z3AADJGX6KTTL2", "us-west-2": "Z1H1FL5HABSF5"}


@rule(LOAD_BALANCER)
class LoadBalancerRule(Rule):
    """A load balancer with an interface in each of its subnets."""

    unique = ("name",)
    taken = ("DuplicateLoadBalancerName", "A load balancer with the name '{}' exists")
    references = (
        Reference("subnets", (SUBNET,), "SubnetNotFound", "The subnet ID '{}' is not valid"),
        Reference(
            "securityGroups",
            (SECURITY_GROUP,),
            "InvalidSecurityGroup",
            "The security group '{}' does not exist",
        ),
    )
    defaults: ClassVar[Properties] = {
        "loadBalancerType": "application",
        "ipAddressType": "ipv4",
        "internal": False,
        "enableDeletionProtection": False,
        "enableHttp2": True,
        "idleTimeout": 60,
    }

    def admit(self, call: Call, inputs: Properties, record: Record | None) -> None:
        """Two zones of one VPC, which has a way out when the load balancer is public."""
        subnets = subnet_records(call, inputs.get("subnets") or [])
        zones = [text(one.state.get("availabilityZone")) for one in subnets]
        if len(set(zones)) != len(zones):
            raise AwsError(
                "InvalidConfigurationRequest",
                "A load balancer cannot be attached to multiple subnets in the same Availability Zone",
            )
        if inputs.get("loadBalancerType", "application") == "application" and len(zones) < 2:
            raise AwsError(
                "ValidationError",
                "At least two subnets in two different Availability Zones must be specified",
            )
        vpcs = {text(one.state.get("vpcId")) for one in subnets}
        if len(vpcs) > 1:
            raise AwsError("InvalidConfigurationRequest", "All subnets must belong to the same VPC")
        self._check_groups(call, inputs, vpcs)
        if record is None and not inputs.get("internal"):
            _check_way_out(call, subnets, vpcs)
        if record is None and len(call.store.all(LOAD_BALANCER)) >= call.account.quotas.load_balancers:
            raise AwsError("TooManyLoadBalancers", "The maximum number of load balancers has been reached")

    def _check_groups(self, call: Call, inputs: Properties, vpcs: set[str]) -> None:
        for id_ in values_at(inputs, "securityGroups"):
            group = call.store.get(SECURITY_GROUP, id_)
            if group and group.state.get("vpcId") not in vpcs:
                raise AwsError(
                    "InvalidConfigurationRequest",
                    f"One or more security groups are invalid: {id_} is of another VPC",
                )

    def identity(self, call: Call, inputs: Properties) -> str:
        """The ARN."""
        return call.arn("elasticloadbalancing", f"loadbalancer/app/{inputs['name']}/{secrets.token_hex(8)}")

    def computed(self, call: Call, id_: str, inputs: Properties) -> Properties:
        """Address, VPC and the forms of the ARN."""
        subnets = subnet_records(call, inputs.get("subnets") or [])
        prefix = "internal-" if inputs.get("internal") else ""
        return {
            "arn": id_,
            "arnSuffix": id_.partition(":loadbalancer/")[2],
            "dnsName": f"{prefix}{inputs['name']}.{call.region}.elb.amazonaws.com",
            "zoneId": _ZONE_IDS.get(call.region, "Z3AADJGX6KTTL2"),
            "vpcId": text(subnets[0].state.get("vpcId")) if subnets else "",
            "subnetMappings": [{"subnetId": one.id} for one in subnets],
        }

    def created(self, call: Call, record: Record) -> Properties:
        """An interface in each subnet, with a public address where the load balancer is public."""
        keep_interfaces(call, record)
        return {}

    def updated(self, call: Call, record: Record) -> Properties:
        """Interfaces follow subnets and security groups."""
        keep_interfaces(call, record)
        return {}

    def release(self, call: Call, record: Record) -> None:
        """Deletion protection."""
        del call
        if record.state.get("enableDeletionProtection"):
            raise AwsError(
                "OperationNotPermitted",
                f"Load balancer '{record.id}' cannot be deleted because deletion protection is enabled",
            )

    def deleted(self, call: Call, record: Record) -> None:
        """Listeners and interfaces go with the load balancer."""
        with call.store.transaction():
            for listener in call.store.find(LISTENER, loadBalancerArn=record.id):
                for one in call.store.find(LISTENER_RULE, listenerArn=listener.id):
                    call.store.delete(LISTENER_RULE, one.id)
                call.store.delete(LISTENER, listener.id)
            drop_serving(call, record.id)


def _check_way_out(call: Call, subnets: list[Record], vpcs: set[str]) -> None:
    for vpc in vpcs:
        if call.store.find(INTERNET_GATEWAY, vpcId=vpc) or any(one.origin == "account" for one in subnets):
            continue
        raise AwsError("InvalidSubnet", f"VPC {vpc} has no internet gateway")


def keep_interfaces(call: Call, record: Record) -> None:
    """Bring a load balancer's interfaces to its subnets and security groups."""
    subnets = subnet_records(call, record.state.get("subnets") or [])
    public = not record.state.get("internal")
    addresses = free_public_addresses(call, len(subnets)) if public else [""] * len(subnets)
    wanted = [
        Interface(
            subnet,
            f"ELB {record.state['arnSuffix']}",
            Attachment(owner="amazon-elb", device_index=1),
            values_at(record.state, "securityGroups"),
            serves=record.id,
            origin="controller" if record.origin == "controller" else "aws",
            public_address=address,
        )
        for subnet, address in zip(subnets, addresses, strict=True)
    ]
    if wanted:
        keep_one_per_subnet(call, wanted)


@rule(TARGET_GROUP)
class TargetGroupRule(Rule):
    """A target group; listeners and rules that forward to it keep it."""

    unique = ("name",)
    taken = (
        "DuplicateTargetGroupName",
        "A target group with the name '{}' exists, but with different settings",
    )
    defaults: ClassVar[Properties] = {"targetType": "instance", "deregistrationDelay": 300}
    held_by = tuple(
        Holder(
            type_, path, "ResourceInUse", "Target group '{id}' is currently in use by a listener or a rule"
        )
        for type_, path in (
            (LISTENER, "defaultActions.targetGroupArn"),
            (LISTENER_RULE, "actions.targetGroupArn"),
        )
    )

    def identity(self, call: Call, inputs: Properties) -> str:
        """The ARN."""
        return call.arn("elasticloadbalancing", f"targetgroup/{inputs['name']}/{secrets.token_hex(8)}")

    def computed(self, call: Call, id_: str, inputs: Properties) -> Properties:
        """The forms of the ARN."""
        return {"arn": id_, "arnSuffix": id_.rpartition(":")[2]}


@rule(LISTENER)
class ListenerRule(Rule):
    """A listener: one per port of a load balancer, with a certificate where it speaks TLS."""

    references = (
        Reference(
            "loadBalancerArn", (LOAD_BALANCER,), "LoadBalancerNotFound", "Load balancer '{}' not found"
        ),
        Reference(
            "defaultActions.targetGroupArn",
            (TARGET_GROUP,),
            "TargetGroupNotFound",
            "Target group '{}' not found",
        ),
    )

    def faults(self, inputs: Properties, account: Account) -> list[CheckFailure]:
        """HTTPS needs a certificate."""
        del account
        if inputs.get("protocol") == "HTTPS" and not inputs.get("certificateArn"):
            return [CheckFailure("certificateArn", "a certificate is required for HTTPS listeners")]
        return []

    def admit(self, call: Call, inputs: Properties, record: Record | None) -> None:
        """The port is free; the certificate is there."""
        others = call.store.find(LISTENER, loadBalancerArn=inputs["loadBalancerArn"], port=inputs.get("port"))
        if any(record is None or one.id != record.id for one in others):
            raise AwsError(
                "DuplicateListener", "A listener already exists on this port for this load balancer"
            )
        certificate = text(inputs.get("certificateArn"))
        if certificate.startswith(call.arn("acm", "")) and not call.store.get(CERTIFICATE, certificate):
            raise AwsError("CertificateNotFound", f"Certificate '{certificate}' not found")

    def identity(self, call: Call, inputs: Properties) -> str:
        """The ARN: the load balancer's and one part more."""
        del call
        arn = text(inputs["loadBalancerArn"]).replace(":loadbalancer/", ":listener/")
        return f"{arn}/{secrets.token_hex(8)}"

    def computed(self, call: Call, id_: str, inputs: Properties) -> Properties:
        """The ARN under its own name."""
        return {"arn": id_}


@rule(LISTENER_RULE)
class ListenerRuleRule(Rule):
    """A listener's rule."""

    references = (Reference("listenerArn", (LISTENER,), "ListenerNotFound", "Listener '{}' not found"),)

    def identity(self, call: Call, inputs: Properties) -> str:
        """The ARN: the listener's and one part more."""
        del call
        arn = text(inputs["listenerArn"]).replace(":listener/", ":listener-rule/")
        return f"{arn}/{secrets.token_hex(8)}"

    def computed(self, call: Call, id_: str, inputs: Properties) -> Properties:
        """The ARN under its own name."""
        return {"arn": id_}
