"""Inputs whose change replaces a resource or not, depending on values: the ``conditional`` ones of ``settled.json``."""

from collections.abc import Callable

from localcloud.kube.fields import at
from localcloud.providers.protocol import UNKNOWN, Properties

_CLUSTER = "aws:eks/cluster:Cluster"


def _encryption(old: Properties, new: Properties) -> bool:
    return bool(old.get("encryptionConfig")) and not new.get("encryptionConfig")


def _version(old: Properties, new: Properties) -> bool:
    before, after = str(old.get("version") or ""), str(new.get("version") or "")
    return bool(before and after) and UNKNOWN not in (before, after) and _minor(after) < _minor(before)


def _minor(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())


def _egress(old: Properties, new: Properties) -> bool:
    before = at(old, "vpcConfig").get("controlPlaneEgressMode")
    return before == "CUSTOMER_ROUTED" and at(new, "vpcConfig").get("controlPlaneEgressMode") == "AWS_MANAGED"


def _node_role(old: Properties, new: Properties) -> bool:
    wanted = at(new, "computeConfig")
    before, after = at(old, "computeConfig").get("nodeRoleArn"), wanted.get("nodeRoleArn")
    if not before or not wanted:
        return False
    if not after and (not wanted.get("enabled") or not wanted.get("nodePools")):
        return False
    return before != after


def _ipv6_block(old: Properties, new: Properties) -> bool:
    del new
    return old.get("assignIpv6AddressOnCreation") is True


def _private_dns(old: Properties, new: Properties) -> bool:
    del old
    return new.get("vpcEndpointType", "Gateway") != "Interface"


_CONDITIONS: dict[tuple[str, str], Callable[[Properties, Properties], bool]] = {
    (_CLUSTER, "encryptionConfig"): _encryption,
    (_CLUSTER, "encryptionConfig.provider"): _encryption,
    (_CLUSTER, "encryptionConfig.provider.keyArn"): _encryption,
    (_CLUSTER, "encryptionConfig.resources"): _encryption,
    (_CLUSTER, "version"): _version,
    (_CLUSTER, "vpcConfig.controlPlaneEgressMode"): _egress,
    (_CLUSTER, "computeConfig.nodeRoleArn"): _node_role,
    ("aws:ec2/subnet:Subnet", "ipv6CidrBlock"): _ipv6_block,
    ("aws:ec2/vpcEndpoint:VpcEndpoint", "privateDnsEnabled"): _private_dns,
}

CONDITIONAL = frozenset(_CONDITIONS)
"""Every type and path that has a condition."""


def replaces(token: str, path: str, old: Properties, new: Properties) -> bool:
    """Whether the change of a conditional input replaces the resource."""
    return _CONDITIONS[token, path](old, new)
