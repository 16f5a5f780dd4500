"""What has to come before what, by the data in a stack's state and by the table."""

import pytest

from localcloud.simulation.orders import (
    engine_makes,
    least_rounds,
    needed,
    round_seconds,
    rounds,
    waits,
)
from localcloud.simulation.orders_state import resources_of
from localcloud.simulation.orders_table import ORDERS
from tests.unit.localcloud.simulation.stacks import row, stack, urn

ROLE, ATTACHMENT = "aws:iam/role:Role", "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
CLUSTER, NODES, ADDON = "aws:eks/cluster:Cluster", "aws:eks/nodeGroup:NodeGroup", "aws:eks/addon:Addon"
RELEASE, NAMESPACE = "kubernetes:helm.sh/v3:Release", "kubernetes:core/v1:Namespace"
SECRET, CLASS = "kubernetes:core/v1:Secret", "kubernetes:networking.k8s.io/v1:IngressClass"
PARAMS = "kubernetes:elbv2.k8s.aws/v1beta1:IngressClassParams"
VPC, SUBNET, ROUTE = "aws:ec2/vpc:Vpc", "aws:ec2/subnet:Subnet", "aws:ec2/route:Route"
ASSOCIATION = "aws:ec2/routeTableAssociation:RouteTableAssociation"
NAT, EIP, GATEWAY = (
    "aws:ec2/natGateway:NatGateway",
    "aws:ec2/eip:Eip",
    "aws:ec2/internetGateway:InternetGateway",
)
ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
BLOCK = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
OWNERSHIP, POLICY = (
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
    "aws:s3/bucketPolicy:BucketPolicy",
)
GPU_TAINT = [{"key": "nvidia.com/gpu", "value": "true", "effect": "NO_SCHEDULE"}]

WHOLE = stack(
    row(GATEWAY, "gateway"),
    row(EIP, "address"),
    row(NAT, "nat", subnetId="subnet-public", outputs={"id": "nat-1"}),
    row(ROUTE, "out", routeTableId="rtb-public", gatewayId="igw-1"),
    row(ASSOCIATION, "public", subnetId="subnet-public", routeTableId="rtb-public"),
    row(ROUTE, "egress", routeTableId="rtb-private", natGatewayId="nat-1"),
    row(ASSOCIATION, "private", subnetId="subnet-private", routeTableId="rtb-private"),
    row(ROUTE, "elsewhere", routeTableId="rtb-other", natGatewayId="nat-1"),
    row(ENDPOINT, "s3", vpcEndpointType="Gateway", routeTableIds=["rtb-private"]),
    row(ENDPOINT, "ecr", vpcEndpointType="Interface"),
    row("aws:cloudwatch/logGroup:LogGroup", "logs", name="/aws/eks/inference/cluster"),
    row("aws:cloudwatch/logGroup:LogGroup", "other-logs", name="/aws/eks/another/cluster"),
    row(ATTACHMENT, "cluster-policy", role="cluster-role"),
    row(ATTACHMENT, "node-policy", role="node-role"),
    row(CLUSTER, "cluster", name="inference", roleArn="arn:aws:iam::1:role/cluster-role"),
    row(ADDON, "vpc-cni", addonName="vpc-cni"),
    row(NODES, "system", nodeRoleArn="arn:aws:iam::1:role/node-role", subnetIds=["subnet-private"]),
    row(NODES, "gpu", subnetIds=["subnet-private"], taints=GPU_TAINT),
    row(ADDON, "coredns", addonName="coredns"),
    row(ADDON, "agent", addonName="eks-node-monitoring-agent"),
    row("aws:eks/accessEntry:AccessEntry", "entry"),
    row(NAMESPACE, "space", metadata={"name": "poolside-models"}),
    row(SECRET, "key", metadata={"name": "vllm-auth", "namespace": "poolside-models"}),
    row(RELEASE, "alb", chart="aws-load-balancer-controller", namespace="kube-system"),
    row(RELEASE, "operator", chart="gpu-operator", namespace="gpu-operator"),
    row(PARAMS, "params"),
    row(CLASS, "class"),
    row(ROLE, "reader", name="reader", assumeRolePolicy='{"issuer:sub": "x"}'),
    row(ATTACHMENT, "reader-policy", role="reader"),
    row("aws:s3/bucket:Bucket", "bucket"),
    row(
        RELEASE,
        "models",
        chart="../charts/inference",
        namespace="poolside-models",
        values={"models": {"point": {}}, "role": "arn:aws:iam::1:role/reader"},
    ),
    row(BLOCK, "block", bucket="b"),
    row(OWNERSHIP, "ownership", bucket="b"),
    row(POLICY, "policy", bucket="b"),
)


def named(before: dict[str, set[str]], name: str) -> set[str]:
    (found,) = [firsts for one, firsts in before.items() if one.endswith(f"::{name}")]
    return {first.rsplit("::", 1)[-1] for first in found}


@pytest.mark.parametrize(
    ("second", "firsts"),
    [
        ("nat", {"gateway"}),
        ("address", {"gateway"}),
        ("cluster", {"logs", "cluster-policy"}),
        ("system", {"node-policy", "vpc-cni", "egress", "private", "s3", "out", "public"}),
        ("gpu", {"vpc-cni", "egress", "private", "s3", "out", "public"}),
        ("coredns", {"system"}),
        ("agent", set[str]()),
        ("alb", {"system", "coredns", "entry"}),
        ("operator", {"system", "entry"}),
        ("params", {"alb", "entry"}),
        ("class", {"params", "entry"}),
        ("key", {"space", "entry"}),
        ("ownership", {"block"}),
        ("policy", {"ownership"}),
        (
            "models",
            {
                *("system", "gpu", "coredns", "alb", "class", "params", "operator"),
                *("entry", "space", "key", "reader", "reader-policy", "bucket"),
            },
        ),
    ],
)
def test_each_comes_after_exactly_what_it_needs(second: str, firsts: set[str]) -> None:
    assert named(needed(WHOLE), second) == firsts


def test_a_vpc_without_nat_needs_its_interface_endpoints_before_nodes() -> None:
    closed = stack(
        row(ROUTE, "public", routeTableId="rtb"),
        row(ENDPOINT, "ecr", vpcEndpointType="Interface"),
        row(NODES, "nodes", subnetIds=["subnet"]),
    )
    assert named(needed(closed), "nodes") == {"ecr"}


def test_on_the_way_down_it_is_the_other_way_round_but_for_what_only_creation_needs() -> None:
    down = needed(WHOLE, deleting=True)
    assert named(down, "alb") == {"models", "params"}
    assert named(down, "cluster-policy") == {"cluster"}
    assert "models" not in named(down, "operator")
    assert "models" not in named(down, "key")
    assert named(down, "system") == {"coredns", "alb", "operator", "models"}


def test_every_order_finds_something_or_is_known_to_need_another_stack_and_gives_its_reason() -> None:
    silent = {order.name for order in ORDERS if not list(order.pairs(WHOLE))}
    assert silent == {"interface endpoints before nodes without NAT", "versioning before lifecycle rules"}
    assert all(len(order.reason) > 40 for order in ORDERS)
    assert len({order.name for order in ORDERS}) == len(ORDERS)


COMPONENT = "inference-plane:index:Vpc"
REMOTE = "eks:index:Cluster"
PROVIDER = "pulumi:providers:kubernetes"
VPC_URN, REMOTE_URN, PROVIDER_URN = urn(VPC, "vpc"), urn(REMOTE, "remote"), urn(PROVIDER, "provider")
NESTED = stack(
    row(VPC, "vpc"),
    row(SUBNET, "subnet", data={"vpcId": [VPC_URN]}),
    row(ROLE, "slow"),
    row(COMPONENT, "component", depends_on=(urn(ROLE, "slow"),)),
    row(ROLE, "child", parent=urn(COMPONENT, "component")),
    row(REMOTE, "remote", depends_on=(VPC_URN,)),
    row(CLUSTER, "inner", parent=REMOTE_URN, name="inner"),
    row(ADDON, "cni", parent=REMOTE_URN, data={"clusterName": [urn(CLUSTER, "inner")]}),
    row(PROVIDER, "provider", data={"kubeconfig": [REMOTE_URN, urn(CLUSTER, "inner")]}),
    row(CLASS, "class", provider=PROVIDER_URN),
)


def test_data_is_needed_and_a_components_dependency_is_not() -> None:
    before = needed(NESTED)
    assert named(before, "subnet") == {"vpc"}
    assert named(before, "child") == set()
    assert named(before, "provider") == {"inner"}
    assert named(before, "class") == {"provider"}


def test_the_engine_waits_for_what_the_components_around_depend_on_and_for_all_of_a_remote_one() -> None:
    before = engine_makes(NESTED)
    assert named(before, "child") == {"slow"}
    assert named(before, "inner") == {"vpc"}
    assert named(before, "provider") == {"inner", "cni"}
    assert [(first.rsplit("::", 1)[-1], who.name) for first, who in waits(NESTED, urn(ROLE, "child"))] == [
        ("slow", "component")
    ]


def test_the_engine_deletes_in_rounds_by_the_chain_below() -> None:
    found = {name.rsplit("::", 1)[-1]: number for name, number in rounds(NESTED).items()}
    assert found["class"] == 0
    assert found["provider"] == 1
    assert found["cni"] == 2
    assert found["inner"] == 3
    assert found["subnet"] == found["remote"] == found["component"] == 4
    assert found["vpc"] == found["slow"] == 5


def test_a_round_lasts_as_long_as_its_slowest_member() -> None:
    assert round_seconds({"a": 0, "b": 0, "c": 1}, {"a": 5.0, "b": 7.0, "c": 2.0}) == 9


def test_least_rounds_know_nothing_of_needless_dependencies() -> None:
    spare = stack(row(ROLE, "one"), row(ROLE, "two", depends_on=(urn(ROLE, "one"),)))
    assert set(rounds(spare).values()) == {0, 1}
    assert set(least_rounds(spare).values()) == {0}


def test_what_waits_for_its_deletion_is_no_part_of_the_stack() -> None:
    assert len(resources_of([{**row(VPC, "old"), "delete": True}])) == 0
