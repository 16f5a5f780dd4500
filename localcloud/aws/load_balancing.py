"""What the AWS Load Balancer Controller makes in the account, and takes away again, in its order.

Up: security groups, target groups, the load balancer with its interfaces, listeners and rules, and last the
permission on the nodes' security group. Down: the load balancer first, then target groups, then security
groups, for each of these is held by the one before it. Source: pkg/deploy/stack_deployer.go (v3.5.0).
"""

import dataclasses
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from localcloud.aws import names
from localcloud.aws.rules.base import Call, rule_for, text, values_at
from localcloud.aws.rules.interfaces import subnet_records
from localcloud.aws.rules.load_balancers import (
    LISTENER,
    LISTENER_RULE,
    LOAD_BALANCER,
    TARGET_GROUP,
    keep_interfaces,
)
from localcloud.aws.rules.network import INSTANCE, SECURITY_GROUP
from localcloud.aws.rules.security_groups import INGRESS_RULE
from localcloud.aws.store import Record, Store
from localcloud.kube.fields import at
from localcloud.kube.load_balancer_models import Listener, Model, backend_group_name
from localcloud.providers.protocol import Properties

CLUSTER_TAG = "elbv2.k8s.aws/cluster"
"""Tag of everything that the controller makes; its value is the cluster's name."""

STACK_TAG = "ingress.k8s.aws/stack"
"""Tag of what belongs to one group's load balancer."""

RESOURCE_TAG = "ingress.k8s.aws/resource"
"""Tag that says what a thing is to its stack."""

_SHARED_TAG = "elbv2.k8s.aws/resource"
_FRONTEND = "[k8s] Managed SecurityGroup for LoadBalancer"
_BACKEND = "[k8s] Shared Backend SecurityGroup for LoadBalancer"
_DIGEST = "modelDigest"


def present(store: Store, cluster: str, stack: str) -> Record | None:
    """The load balancer of a stack."""
    found = _tagged(store, LOAD_BALANCER, cluster, stack)
    return found[0] if found else None


def deploy(call: Call, model: Model) -> None:
    """Bring a stack's load balancer to its model; nothing happens where it is there already."""
    digest = hashlib.sha256(repr(dataclasses.astuple(model)).encode()).hexdigest()
    found = present(call.store, model.cluster, model.stack)
    if found and found.state.get(_DIGEST) == digest:
        return
    with call.store.transaction():
        if found and found.state.get("internal") is not (model.scheme == "internal"):
            # AWS cannot change a scheme: the controller makes a new one.
            remove(call, model.cluster, model.stack)
            found = None
        groups = [_frontend(call, model), _backend(call, model)]
        targets = {target.name: _target_group(call, model, target.name) for target in model.targets}
        balancer = _balancer(call, model, found, [one.id for one in groups], digest)
        _listen(call, model, balancer, targets)
        _drop_targets(call, model, set(targets))
        _permit(call, model.cluster, groups[1])


def remove(call: Call, cluster: str, stack: str) -> None:
    """Take a stack's load balancer away with what came with it; raises AWS's refusal of a delete."""
    with call.store.transaction():
        for type_ in (LOAD_BALANCER, TARGET_GROUP):
            for one in _tagged(call.store, type_, cluster, stack):
                _delete(call, one)
        for one in _tagged(call.store, SECURITY_GROUP, cluster, stack):
            _drop_group(call, one)


def release_backend(call: Call, cluster: str) -> None:
    """Take away what all load balancers of a cluster share; for when no Ingress is left that needs it."""
    shared = [
        one
        for one in call.store.find(SECURITY_GROUP, name=backend_group_name(cluster))
        if at(one.state, "tags").get(CLUSTER_TAG) == cluster
    ]
    with call.store.transaction():
        for group in shared:
            for one in call.store.find(INGRESS_RULE, referencedSecurityGroupId=group.id):
                if one.origin == "controller":
                    call.store.delete(INGRESS_RULE, one.id)
            _drop_group(call, group)


def _tagged(store: Store, type_: str, cluster: str, stack: str) -> list[Record]:
    wanted = {CLUSTER_TAG: cluster, STACK_TAG: stack}.items()
    return [one for one in store.all(type_) if wanted <= at(one.state, "tags").items()]


def _tags(model: Model, resource: str) -> dict[str, str]:
    return {**dict(model.tags), CLUSTER_TAG: model.cluster, STACK_TAG: model.stack, RESOURCE_TAG: resource}


def _put(call: Call, type_: str, id_: str, state: Properties) -> Record:
    state = {"region": call.region, **state}
    if "tags" in state:
        state["tagsAll"] = state["tags"]
    made = Record(type_, id_, "", {}, state, origin="controller")
    call.store.put(made)
    return made


def _delete(call: Call, record: Record) -> None:
    """As the API would: refused while others hold it."""
    rule = rule_for(record.type)
    rule.check_holders(call, record)
    rule.release(call, record)
    rule.deleted(call, record)
    call.store.delete(record.type, record.id)


def _drop_group(call: Call, group: Record) -> None:
    _delete(call, group)
    for one in call.store.find(INGRESS_RULE, securityGroupId=group.id):
        call.store.delete(INGRESS_RULE, one.id)


def _frontend(call: Call, model: Model) -> Record:
    tags = _tags(model, "ManagedLBSecurityGroup")
    group = _security_group(call, model, model.security_group, _FRONTEND, tags)
    for one in call.store.find(INGRESS_RULE, securityGroupId=group.id):
        call.store.delete(INGRESS_RULE, one.id)
    for listener in model.listeners:
        for cidr in model.inbound_cidrs:
            _rule(call, group.id, listener.port, listener.port, "", {"cidrIpv4": cidr})
    return group


def _backend(call: Call, model: Model) -> Record:
    tags = {**dict(model.tags), CLUSTER_TAG: model.cluster, _SHARED_TAG: "backend-sg"}
    return _security_group(call, model, backend_group_name(model.cluster), _BACKEND, tags)


def _security_group(call: Call, model: Model, name: str, description: str, tags: Mapping[str, str]) -> Record:
    vpc = _vpc(call, model)
    found = call.store.find(SECURITY_GROUP, name=name, vpcId=vpc)
    id_ = found[0].id if found else names.ec2_id("sg")
    everything = {"protocol": "-1", "fromPort": 0, "toPort": 0, "cidrBlocks": ["0.0.0.0/0"]}
    state: Properties = {
        "arn": call.arn("ec2", f"security-group/{id_}"),
        "name": name,
        "description": description,
        "ownerId": call.account.account_id,
        "vpcId": vpc,
        "egress": [everything],
        "tags": dict(tags),
    }
    return _put(call, SECURITY_GROUP, id_, state)


def _vpc(call: Call, model: Model) -> str:
    subnets = subnet_records(call, model.subnets)
    return model.vpc_id or (text(subnets[0].state.get("vpcId")) if subnets else "")


def _rule(call: Call, group: str, low: int, high: int, description: str, peer: Mapping[str, str]) -> None:
    id_ = names.ec2_id("sgr")
    state: Properties = {
        "arn": call.arn("ec2", f"security-group-rule/{id_}"),
        "securityGroupRuleId": id_,
        "securityGroupId": group,
        "ipProtocol": "tcp",
        "fromPort": low,
        "toPort": high,
        "description": description,
        **peer,
    }
    _put(call, INGRESS_RULE, id_, state)


def _permit(call: Call, cluster: str, backend: Record) -> None:
    """Let the load balancers through to the pods: a rule on the security group that is tagged for the cluster."""
    tag = f"kubernetes.io/cluster/{cluster}"
    used = {id_ for one in call.store.all(INSTANCE) for id_ in values_at(one.state, "vpcSecurityGroupIds")}
    for id_ in sorted(used):
        group = call.store.get(SECURITY_GROUP, id_)
        if group is None or tag not in at(group.state, "tags"):
            continue
        if not call.store.find(INGRESS_RULE, securityGroupId=id_, referencedSecurityGroupId=backend.id):
            peer = {"referencedSecurityGroupId": backend.id}
            _rule(call, id_, 0, 65535, "elbv2.k8s.aws/targetGroupBinding=shared", peer)


def _target_group(call: Call, model: Model, name: str) -> Record:
    target = next(one for one in model.targets if one.name == name)
    found = call.store.find(TARGET_GROUP, name=name)
    id_ = found[0].id if found else rule_for(TARGET_GROUP).identity(call, {"name": name})
    state: Properties = {
        "arn": id_,
        "arnSuffix": id_.rpartition(":")[2],
        "name": name,
        "port": target.port,
        "protocol": "HTTP",
        "protocolVersion": "HTTP1",
        "targetType": target.kind,
        "ipAddressType": "ipv4",
        "vpcId": _vpc(call, model),
        "healthCheck": {"path": target.health_path, "protocol": "HTTP", "port": "traffic-port"},
        "tags": _tags(model, target.resource),
    }
    return _put(call, TARGET_GROUP, id_, state)


def _drop_targets(call: Call, model: Model, wanted: set[str]) -> None:
    for one in _tagged(call.store, TARGET_GROUP, model.cluster, model.stack):
        if one.state.get("name") not in wanted:
            _delete(call, one)


def _balancer(call: Call, model: Model, found: Record | None, groups: Sequence[str], digest: str) -> Record:
    id_ = found.id if found else rule_for(LOAD_BALANCER).identity(call, {"name": model.name})
    attributes = dict(model.attributes)
    inputs: Properties = {
        "name": model.name,
        "internal": model.scheme == "internal",
        "loadBalancerType": "application",
        "ipAddressType": "ipv4",
        "subnets": list(model.subnets),
        "securityGroups": list(groups),
        "idleTimeout": int(attributes.get("idle_timeout.timeout_seconds") or 60),
        "enableDeletionProtection": attributes.get("deletion_protection.enabled") == "true",
        "tags": _tags(model, "LoadBalancer"),
    }
    rule = rule_for(LOAD_BALANCER)
    rule.check_references(call, inputs)
    rule.admit(call, inputs, found)
    state = {**inputs, **rule.computed(call, id_, inputs), "dnsName": model.hostname, _DIGEST: digest}
    made = _put(call, LOAD_BALANCER, id_, state)
    keep_interfaces(call, made)
    return made


def _listen(call: Call, model: Model, balancer: Record, targets: Mapping[str, Record]) -> None:
    """Listeners and rules anew; nothing else refers to them."""
    for old in call.store.find(LISTENER, loadBalancerArn=balancer.id):
        for one in call.store.find(LISTENER_RULE, listenerArn=old.id):
            call.store.delete(LISTENER_RULE, one.id)
        call.store.delete(LISTENER, old.id)
    for listener in model.listeners:
        inputs: Properties = {
            "loadBalancerArn": balancer.id,
            "port": listener.port,
            "protocol": listener.protocol,
            "defaultActions": [_default_action(listener)],
            "tags": _tags(model, str(listener.port)),
        }
        if listener.certificates:
            inputs |= {"certificateArn": listener.certificates[0], "sslPolicy": model.ssl_policy}
        id_ = rule_for(LISTENER).identity(call, inputs)
        _put(call, LISTENER, id_, {**inputs, "arn": id_})
        if not listener.redirects_to:
            _route(call, model, listener, id_, targets)


def _default_action(listener: Listener) -> dict[str, Any]:
    if listener.redirects_to:
        redirect = {"port": str(listener.redirects_to), "protocol": "HTTPS", "statusCode": "HTTP_301"}
        return {"type": "redirect", "redirect": redirect}
    return {"type": "fixed-response", "fixedResponse": {"contentType": "text/plain", "statusCode": "404"}}


def _route(
    call: Call, model: Model, listener: Listener, listener_arn: str, targets: Mapping[str, Record]
) -> None:
    for priority, route in enumerate(model.routes, start=1):
        paths = [route.path] if route.path == "/" else [route.path, f"{route.path}/*"]
        conditions: list[Properties] = [{"pathPattern": {"values": paths}}]
        if route.host:
            conditions.insert(0, {"hostHeader": {"values": [route.host]}})
        inputs: Properties = {
            "listenerArn": listener_arn,
            "priority": priority,
            "conditions": conditions,
            "actions": [{"type": "forward", "targetGroupArn": targets[route.target].id}],
            "tags": _tags(model, f"{listener.port}:{priority}"),
        }
        id_ = rule_for(LISTENER_RULE).identity(call, inputs)
        _put(call, LISTENER_RULE, id_, {**inputs, "arn": id_})
