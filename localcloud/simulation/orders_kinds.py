"""Words that the orders are written in: types, and the resources of a stack by what they are."""

from collections.abc import Iterator
from typing import Any

from localcloud.simulation.orders_state import Resource, Resources

Pairs = Iterator[tuple[str, str]]
"""URNs: the first has to be there before the second is made."""

CLUSTER = "aws:eks/cluster:Cluster"
NODE_GROUP = "aws:eks/nodeGroup:NodeGroup"
ADDON = "aws:eks/addon:Addon"
RELEASE = "kubernetes:helm.sh/v3:Release"
NAT = "aws:ec2/natGateway:NatGateway"
ROUTE = "aws:ec2/route:Route"
ASSOCIATION = "aws:ec2/routeTableAssociation:RouteTableAssociation"
ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
GATEWAY = "aws:ec2/internetGateway:InternetGateway"
NAMESPACE = "kubernetes:core/v1:Namespace"


def every(firsts: list[Resource], seconds: list[Resource]) -> Pairs:
    """Each of the firsts before each of the seconds."""
    return ((first.urn, second.urn) for first in firsts for second in seconds)


def value(resource: Resource, key: str) -> Any:
    """An output, or the input of that name."""
    value = resource.outputs.get(key)
    return resource.inputs.get(key) if value is None else value


def addons(stack: Resources, *names: str) -> list[Resource]:
    """The EKS add-ons of these names."""
    return [addon for addon in stack.of(ADDON) if value(addon, "addonName") in names]


def is_gpu(nodes: Resource) -> bool:
    """Whether the nodes carry the GPU taint."""
    taints: list[Any] = value(nodes, "taints") or []
    return any(taint.get("key") == "nvidia.com/gpu" for taint in taints)


def system_nodes(stack: Resources) -> list[Resource]:
    """The node groups that anything may run on."""
    return [nodes for nodes in stack.of(NODE_GROUP) if not is_gpu(nodes)]
