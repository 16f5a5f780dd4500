"""Orders between AWS resources that no input expresses; `orders_table.py` gives the reasons."""

import itertools
from collections.abc import Iterator
from typing import Any

from localcloud.simulation.orders_kinds import (
    ASSOCIATION,
    CLUSTER,
    ENDPOINT,
    GATEWAY,
    NAT,
    NODE_GROUP,
    ROUTE,
    Pairs,
    addons,
    every,
    system_nodes,
    value,
)
from localcloud.simulation.orders_state import Resource, Resources


def policies_before_users(stack: Resources) -> Pairs:
    """A role's policies before the cluster, the nodes or the flow log that use it."""
    policies = stack.of("aws:iam/rolePolicyAttachment:RolePolicyAttachment", "aws:iam/rolePolicy:RolePolicy")
    keys = {CLUSTER: "roleArn", NODE_GROUP: "nodeRoleArn", "aws:ec2/flowLog:FlowLog": "iamRoleArn"}
    for user in stack.of(*keys):
        role = str(value(user, keys[user.type])).rsplit("/", 1)[-1]
        yield from ((policy.urn, user.urn) for policy in policies if value(policy, "role") == role)


def log_group_before_cluster(stack: Resources) -> Pairs:
    """The log group of the cluster's name before the cluster."""
    for cluster in stack.of(CLUSTER):
        name = f"/aws/eks/{value(cluster, 'name')}/cluster"
        groups = [one for one in stack.of("aws:cloudwatch/logGroup:LogGroup") if value(one, "name") == name]
        yield from every(groups, [cluster])


def gateway_before_addresses(stack: Resources) -> Pairs:
    """Internet gateways before NAT gateways and addresses."""
    return every(stack.of(GATEWAY), stack.of(NAT, "aws:ec2/eip:Eip"))


def way_out_before_nodes(stack: Resources) -> Pairs:
    """The routes of the nodes' subnets, and of the subnets of the NAT gateways that these lead to."""
    gateways = {nat.outputs.get("id"): nat for nat in stack.of(NAT)}
    for nodes in stack.of(NODE_GROUP):
        subnets: list[Any] = value(nodes, "subnetIds") or []
        for subnet in subnets:
            ways = list(_ways_of(stack, subnet))
            for way in list(ways):
                nat = gateways.get(value(way, "natGatewayId")) if way.type == ROUTE else None
                ways += _ways_of(stack, value(nat, "subnetId")) if nat else []
            yield from every(ways, [nodes])


def _ways_of(stack: Resources, subnet: Any) -> Iterator[Resource]:
    for association in stack.of(ASSOCIATION):
        if value(association, "subnetId") != subnet:
            continue
        table = value(association, "routeTableId")
        yield association
        yield from (route for route in stack.of(ROUTE) if value(route, "routeTableId") == table)
        yield from (e for e in stack.of(ENDPOINT) if table in (value(e, "routeTableIds") or []))


def endpoints_before_nodes(stack: Resources) -> Pairs:
    """Interface endpoints before nodes, in a VPC without NAT gateways."""
    if stack.of(NAT) or not stack.of(ROUTE):
        return
    endpoints = [e for e in stack.of(ENDPOINT) if value(e, "vpcEndpointType") == "Interface"]
    yield from every(endpoints, stack.of(NODE_GROUP))


def network_before_nodes(stack: Resources) -> Pairs:
    """The add-ons that nodes need to become ready before the nodes."""
    return every(addons(stack, "vpc-cni", "kube-proxy"), stack.of(NODE_GROUP))


def nodes_before_deployments(stack: Resources) -> Pairs:
    """Nodes before the add-ons that are Deployments."""
    return every(system_nodes(stack), addons(stack, "coredns", "aws-ebs-csi-driver", "metrics-server"))


def bucket_settings_in_turn(stack: Resources) -> Pairs:
    """Public access, ownership and policy of one bucket in this order."""
    kinds = (
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
        "aws:s3/bucketPolicy:BucketPolicy",
    )
    for first, second in itertools.pairwise(kinds):
        for one in stack.of(first):
            same = [two for two in stack.of(second) if value(two, "bucket") == value(one, "bucket")]
            yield from every([one], same)


def versioning_before_lifecycle(stack: Resources) -> Pairs:
    """Versioning before lifecycle rules of the same bucket."""
    lifecycles = stack.of("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration")
    return every(stack.of("aws:s3/bucketVersioning:BucketVersioning"), lifecycles)
