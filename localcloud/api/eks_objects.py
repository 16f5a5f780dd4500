"""EKS's resources in the form of its API, from their records."""

import datetime
from collections.abc import Callable
from typing import Any

from localcloud.api.mirrors.base import Properties, tags_of
from localcloud.api.shapes import operation_model, to_api
from localcloud.aws.rules.eks_cluster_checks import (
    ACCESS_ENTRY,
    ADDON,
    CLUSTER,
    NODE_GROUP,
    POD_IDENTITY,
    POLICY_ASSOCIATION,
)
from localcloud.aws.store import Record
from localcloud.kube.fields import each

_CREATED = "2026-01-01T00:00:00Z"
_UNFINISHED = "__unfinished"
_LOG_TYPES = ("api", "audit", "authenticator", "controllerManager", "scheduler")

# Type -> (operation that shows it, member of the answer)
_SHOWN = {
    CLUSTER: ("DescribeCluster", "cluster"),
    NODE_GROUP: ("DescribeNodegroup", "nodegroup"),
    ADDON: ("DescribeAddon", "addon"),
    ACCESS_ENTRY: ("DescribeAccessEntry", "accessEntry"),
    POD_IDENTITY: ("DescribePodIdentityAssociation", "association"),
}


def shown(record: Record) -> Properties:
    """A cluster, node group, add-on, access entry or Pod Identity association as EKS describes it."""
    operation, member = _SHOWN[record.type]
    shape = operation_model("eks", operation).output_shape.members[member]
    state = {"createdAt": _CREATED, "modifiedAt": _CREATED, **record.state, **_NAMED[record.type](record)}
    state["status"] = "CREATING" if record.state.get(_UNFINISHED) else record.state.get("status") or "ACTIVE"
    if "health" in shape.members:
        state["health"] = {"issues": []}
    found = to_api(shape, state)
    found["tags"] = tags_of(record)
    return _with_times(found)


def policy_shown(record: Record) -> Properties:
    """An access policy association as EKS lists it."""
    shape = operation_model("eks", "ListAssociatedAccessPolicies").output_shape
    member = shape.members["associatedAccessPolicies"].member
    return _with_times(to_api(member, {"associatedAt": _CREATED, "modifiedAt": _CREATED, **record.state}))


def _cluster(record: Record) -> Properties:
    state = record.state
    enabled: list[str] = state.get("enabledClusterLogTypes") or []
    setups = [(enabled, True), ([one for one in _LOG_TYPES if one not in enabled], False)]
    oidc = [found for one in each(state, "identities") for found in each(one, "oidcs")]
    encryption = state.get("encryptionConfig")
    return {
        "resourcesVpcConfig": state["vpcConfig"],
        "logging": {"clusterLogging": [{"types": types, "enabled": on} for types, on in setups if types]},
        "identity": {"oidc": oidc[0]} if oidc else {},
        "encryptionConfig": [encryption] if encryption else [],
    }


def _node_group(record: Record) -> Properties:
    state = record.state
    resources = each(state, "resources") or [{}]
    return {
        "nodegroupName": state["nodeGroupName"],
        "nodegroupArn": state["arn"],
        "nodeRole": state.get("nodeRoleArn"),
        "subnets": state.get("subnetIds") or [],
        "resources": {
            "autoScalingGroups": resources[0].get("autoscalingGroups") or [],
            "remoteAccessSecurityGroup": resources[0].get("remoteAccessSecurityGroupId") or None,
        },
        "diskSize": state.get("diskSize") or None,
        "launchTemplate": state.get("launchTemplate") or None,
        "remoteAccess": state.get("remoteAccess") or None,
    }


def _addon(record: Record) -> Properties:
    identities: list[Any] = record.state.get("podIdentityAssociations") or []
    return {
        "addonArn": record.state.get("arn"),
        "publisher": "eks",
        "owner": "aws",
        "podIdentityAssociations": [one for one in identities if isinstance(one, str)],
    }


def _access_entry(record: Record) -> Properties:
    state = record.state
    return {
        "username": state.get("userName") or state["principalArn"],
        "kubernetesGroups": state.get("kubernetesGroups") or [],
        "type": state.get("type") or "STANDARD",
    }


def _pod_identity(record: Record) -> Properties:
    del record
    return {}


_NAMED: dict[str, Callable[[Record], Properties]] = {
    CLUSTER: _cluster,
    NODE_GROUP: _node_group,
    ADDON: _addon,
    ACCESS_ENTRY: _access_entry,
    POD_IDENTITY: _pod_identity,
}

ASSOCIATION = POLICY_ASSOCIATION
"""Type of access policy associations, which are listed and never described."""


def _with_times(found: Properties) -> Properties:
    for name in ("createdAt", "modifiedAt", "associatedAt"):
        if isinstance(found.get(name), str):
            found[name] = datetime.datetime.fromisoformat(found[name])
    return found
