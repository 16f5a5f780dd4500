"""Node groups bring nodes where EC2 has room for them, and EKS refuses what does not fit together."""

import base64
from pathlib import Path
from typing import Any

import pytest

from localcloud.aws.node_objects import GPUS_ANNOTATION
from localcloud.providers.protocol import PartialFailureError, ProviderError
from tests.unit.localcloud.aws.simulated import (
    BLOCK,
    CLUSTER,
    LAUNCH_TEMPLATE,
    NODE_GROUP,
    ODCR,
    SUBNET,
    Simulated,
    gpu_template,
    sizes,
)
from tests.unit.localcloud.aws.test_refusals import with_account

Object = dict[str, Any]
ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"


@pytest.fixture
def aws(tmp_path: Path) -> Simulated:
    return Simulated(tmp_path)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("localcloud.aws.rules.node_group_launch._JOIN_SECONDS", 0.0)


def ground(aws: Simulated, zones: str = "abc") -> Object:
    """Inputs of a CPU node group on a new cluster."""
    _, subnets = aws.network(zones)
    return {
        "clusterName": aws.eks(subnets),
        "nodeRoleArn": aws.node_role(),
        "nodeGroupName": "nodes",
        "subnetIds": subnets,
        "instanceTypes": ["m7i.large"],
        "scalingConfig": sizes(2),
    }


def gpu_ground(aws: Simulated, **template: Any) -> Object:
    """Inputs of a node group on the reserved p5e.48xlarge in zone b."""
    given = ground(aws)
    id_, state = aws.make(LAUNCH_TEMPLATE, name="gpu", **gpu_template(**template))
    return {
        **given,
        "subnetIds": [given["subnetIds"][1]],
        "instanceTypes": ["p5e.48xlarge"],
        "amiType": "AL2023_x86_64_NVIDIA",
        "releaseVersion": "1.35.6-20260714",
        "scalingConfig": sizes(1, most=1),
        "launchTemplate": {"id": id_, "version": str(state["latestVersion"])},
        "labels": {"inference-plane/role": "gpu"},
        "taints": [{"key": "nvidia.com/gpu", "value": "true", "effect": "NO_SCHEDULE"}],
        "updateConfig": {"maxUnavailable": 1, "updateStrategy": "MINIMAL"},
    }


def test_a_node_is_what_eks_would_register(aws: Simulated) -> None:
    _, state = aws.make(NODE_GROUP, **gpu_ground(aws))
    ((name, node),) = aws.cluster.nodes.items()
    labels, status = node["metadata"]["labels"], node["status"]
    address = status["addresses"][0]["address"]
    assert name == f"ip-{address.replace('.', '-')}.us-east-2.compute.internal"
    assert address.startswith("10.0.1.")
    assert node["spec"]["providerID"].startswith("aws:///us-east-2b/i-0")
    assert node["spec"]["taints"] == [{"key": "nvidia.com/gpu", "value": "true", "effect": "NoSchedule"}]
    expected = {
        "eks.amazonaws.com/nodegroup": "nodes",
        "eks.amazonaws.com/capacityType": "ON_DEMAND",
        "eks.amazonaws.com/sourceLaunchTemplateVersion": "1",
        "inference-plane/role": "gpu",
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "node.kubernetes.io/instance-type": "p5e.48xlarge",
        "nvidia.com/gpu.present": "true",
        "topology.k8s.aws/zone-id": "use2-az2",
        "topology.kubernetes.io/region": "us-east-2",
        "topology.kubernetes.io/zone": "us-east-2b",
    }
    assert expected.items() <= labels.items()
    assert labels["eks.amazonaws.com/nodegroup-image"].startswith("ami-0")
    assert node["metadata"]["annotations"][GPUS_ANNOTATION] == "8"
    assert node["metadata"]["annotations"]["kwok.x-k8s.io/node"] == "fake"
    assert "nvidia.com/gpu" not in status["capacity"] | status["allocatable"]
    assert status["capacity"]["cpu"] == "192"
    assert status["allocatable"]["memory"] == "1938410Mi"
    assert status["allocatable"]["pods"] == "100"
    assert status["capacity"]["ephemeral-storage"] == f"{300 * 1024 * 1024}Ki"
    assert status["nodeInfo"]["kubeletVersion"].startswith("v1.35.6-eks-")
    assert state["resources"][0]["autoscalingGroups"][0]["name"].startswith("eks-nodes-")
    assert state["launchTemplate"]["name"] == "gpu"


def test_raid0_user_data_makes_the_instance_store_the_nodes_storage(aws: Simulated) -> None:
    script = (
        b"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=BOUNDARY\n\n"
        b"--BOUNDARY\nContent-Type: application/node.eks.aws\n\n"
        b"kind: NodeConfig\nspec:\n  instance:\n    localStorage: {strategy: RAID0}\n--BOUNDARY--\n"
    )
    aws.make(NODE_GROUP, **gpu_ground(aws, userData=base64.b64encode(script).decode()))
    (node,) = aws.cluster.nodes.values()
    assert node["status"]["capacity"]["ephemeral-storage"] == f"{28312 * 1024 * 1024}Ki"


def test_cpu_nodes_have_no_gpus_and_spread_over_the_zones(aws: Simulated) -> None:
    aws.make(NODE_GROUP, **{**ground(aws), "scalingConfig": sizes(3)})
    nodes = list(aws.cluster.nodes.values())
    assert sorted(node["metadata"]["labels"]["topology.kubernetes.io/zone"] for node in nodes) == [
        "us-east-2a",
        "us-east-2b",
        "us-east-2c",
    ]
    assert not any(GPUS_ANNOTATION in node["metadata"]["annotations"] for node in nodes)
    assert not any("nvidia.com/gpu.present" in node["metadata"]["labels"] for node in nodes)


def test_scaling_adds_and_removes_nodes(aws: Simulated) -> None:
    given = ground(aws)
    id_, _ = aws.make(NODE_GROUP, **given)
    first = set(aws.cluster.nodes)
    aws.change(NODE_GROUP, id_, **{**given, "scalingConfig": sizes(3)})
    assert first < set(aws.cluster.nodes)
    aws.change(NODE_GROUP, id_, **{**given, "scalingConfig": sizes(1)})
    assert set(aws.cluster.nodes) < first
    aws.delete(NODE_GROUP, id_)
    assert not aws.cluster.nodes


def test_labels_and_taints_change_on_the_nodes_that_are_there(aws: Simulated) -> None:
    given = {**ground(aws), "labels": {"keep": "1", "drop": "1"}}
    id_, _ = aws.make(NODE_GROUP, **given)
    names = set(aws.cluster.nodes)
    taints = [{"key": "a", "effect": "PREFER_NO_SCHEDULE"}]
    aws.change(NODE_GROUP, id_, **{**given, "labels": {"keep": "2"}, "taints": taints})
    assert set(aws.cluster.nodes) == names
    for node in aws.cluster.nodes.values():
        assert node["metadata"]["labels"]["keep"] == "2"
        assert "drop" not in node["metadata"]["labels"]
        assert node["spec"]["taints"] == [{"key": "a", "effect": "PreferNoSchedule"}]


@pytest.mark.parametrize(("strategy", "most"), [("MINIMAL", 2), ("DEFAULT", 3)])
def test_a_new_release_exchanges_the_nodes(aws: Simulated, strategy: str, most: int) -> None:
    given = {**ground(aws), "updateConfig": {"maxUnavailable": 1, "updateStrategy": strategy}}
    id_, _ = aws.make(NODE_GROUP, **{**given, "releaseVersion": "1.35.5-20260601"})
    before = set(aws.cluster.nodes)
    aws.change(NODE_GROUP, id_, **{**given, "releaseVersion": "1.35.6-20260714"})
    assert len(aws.cluster.nodes) == 2
    assert not before & set(aws.cluster.nodes)
    assert aws.cluster.most_nodes == most


def test_a_full_reservation_takes_a_minimal_update_and_refuses_a_default_one(aws: Simulated) -> None:
    given = gpu_ground(aws)
    id_, _ = aws.make(NODE_GROUP, **given)
    old = set(aws.cluster.nodes)
    data = gpu_template(description="new")
    template = given["launchTemplate"]["id"]
    aws.change(LAUNCH_TEMPLATE, template, name="gpu", **data)
    second = {**given, "launchTemplate": {"id": template, "version": "2"}}
    assert aws.replaced(NODE_GROUP, id_, **second) == []
    aws.change(NODE_GROUP, id_, **second)
    assert len(aws.cluster.nodes) == 1
    assert not old & set(aws.cluster.nodes)
    aws.change(LAUNCH_TEMPLATE, template, name="gpu", **gpu_template(description="newer"))
    third = {
        **given,
        "launchTemplate": {"id": template, "version": "3"},
        "updateConfig": {"maxUnavailable": 1},
    }
    with pytest.raises(ProviderError, match="ReservationCapacityExceeded"):
        aws.change(NODE_GROUP, id_, **third)
    assert len(aws.cluster.nodes) == 1


def test_nodes_that_do_not_come_up_leave_the_group_and_the_next_update_goes_on(aws: Simulated) -> None:
    given = ground(aws)
    aws.cluster.node_problem = "NodeCreationFailure: Instances failed to join the kubernetes cluster"
    with pytest.raises(PartialFailureError, match=r"creating EKS NodeGroup .*NodeCreationFailure"):
        aws.make(NODE_GROUP, **given)
    aws.cluster.node_problem = None
    aws.change(NODE_GROUP, "plane:nodes", **given)
    assert len(aws.cluster.nodes) == 2


def test_a_create_whose_engine_was_killed_is_finished_when_it_is_read(aws: Simulated) -> None:
    given = ground(aws)
    aws.cluster.node_problem = "killed"
    with pytest.raises(PartialFailureError):
        aws.make(NODE_GROUP, **given)
    aws.cluster.node_problem = None
    assert not aws.cluster.nodes
    found = aws.provider.read(NODE_GROUP, "plane:nodes", {}, {})
    assert found is not None
    assert len(aws.cluster.nodes) == 2
    assert not any(key.startswith("__") for key in found[2])
    aws.cluster.nodes.clear()
    aws.provider.read(NODE_GROUP, "plane:nodes", {}, {})
    assert not aws.cluster.nodes  # finished once, a refresh only looks


def test_an_update_that_was_killed_half_way_is_finished_by_the_same_update(aws: Simulated) -> None:
    given = {**ground(aws), "labels": {"a": "1"}, "releaseVersion": "1.35.5-20260601"}
    id_, _ = aws.make(NODE_GROUP, **given)
    old = set(aws.cluster.nodes)
    changed = {**given, "labels": {"a": "2"}, "releaseVersion": "1.35.6-20260714", "scalingConfig": sizes(3)}
    aws.cluster.node_problem = "killed"
    with pytest.raises(PartialFailureError):
        aws.change(NODE_GROUP, id_, **changed)
    aws.cluster.node_problem = None
    aws.change(NODE_GROUP, id_, **changed)
    assert len(aws.cluster.nodes) == 3
    assert not old & set(aws.cluster.nodes)
    assert {node["metadata"]["labels"]["a"] for node in aws.cluster.nodes.values()} == {"2"}


def test_nodes_without_a_way_out_do_not_join(aws: Simulated) -> None:
    vpc, subnets = aws.network("ab", routed=False)
    given = {
        "clusterName": aws.eks(subnets),
        "nodeRoleArn": aws.node_role(),
        "nodeGroupName": "nodes",
        "subnetIds": subnets,
        "instanceTypes": ["m7i.large"],
        "scalingConfig": sizes(1),
    }
    with pytest.raises(PartialFailureError, match="has no route to a NAT or internet gateway"):
        aws.make(NODE_GROUP, **given)
    for service in ("ec2", "ecr.api", "ecr.dkr", "sts"):
        endpoint = "aws:ec2/vpcEndpoint:VpcEndpoint"
        aws.make(
            endpoint, vpcId=vpc, serviceName=f"com.amazonaws.us-east-2.{service}", vpcEndpointType="Interface"
        )
    aws.make("aws:ec2/vpcEndpoint:VpcEndpoint", vpcId=vpc, serviceName="com.amazonaws.us-east-2.s3")
    aws.change(NODE_GROUP, "plane:nodes", **given)
    assert len(aws.cluster.nodes) == 1


def test_nodes_whose_role_has_no_policies_do_not_join(aws: Simulated) -> None:
    given = ground(aws)
    aws.delete(ATTACHMENT, "nodes/arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy")
    with pytest.raises(
        PartialFailureError, match="role nodes has none of the policies AmazonEKSWorkerNodePolicy"
    ):
        aws.make(NODE_GROUP, **given)


def test_instances_keep_their_subnet_and_the_group_its_cluster(aws: Simulated) -> None:
    given = ground(aws)
    id_, _ = aws.make(NODE_GROUP, **given)
    aws.keeps("ResourceInUseException", CLUSTER, "plane")
    aws.keeps("DependencyViolation", SUBNET, given["subnetIds"][0])
    aws.refuses("ResourceInUseException", NODE_GROUP, **given)
    aws.delete(NODE_GROUP, id_)
    aws.delete(CLUSTER, "plane")
    aws.delete(SUBNET, given["subnetIds"][0])


@pytest.mark.parametrize(
    ("code", "message", "change"),
    [
        ("ResourceNotFoundException", "No cluster found for name: none", {"clusterName": "none"}),
        ("InvalidParameterException", "InvalidSubnetID.NotFound", {"subnetIds": ["subnet-0"]}),
        (
            "InvalidParameterException",
            "can't be greater than max size 1",
            {"scalingConfig": sizes(2, most=1)},
        ),
        ("InvalidParameterException", "Minimum capacity 2", {"scalingConfig": sizes(1, least=2)}),
        ("InvalidParameterException", "maxSize must be at least 1", {"scalingConfig": sizes(0, most=0)}),
        ("InvalidParameterException", "reserved prefixes", {"labels": {"eks.amazonaws.com/x": "1"}}),
        ("InvalidParameterException", "Requested Nodegroup version 1.36", {"version": "1.36"}),
        (
            "InvalidParameterException",
            "not valid for kubernetes version",
            {"releaseVersion": "1.34.1-20260714"},
        ),
        (
            "InvalidParameterException",
            "only supported for kubernetes versions 1.32",
            {"amiType": "AL2_x86_64"},
        ),
        ("InvalidParameterException", "require a launch template", {"capacityType": "CAPACITY_BLOCK"}),
        (
            "AsgInstanceLaunchFailures",
            "Unsupported - Your requested instance type",
            {"instanceTypes": ["p5e.48xlarge"], "zone": 0},
        ),
        ("InvalidParameterValue", "does not have it", {"instanceTypes": ["z9.mega"]}),
        ("InvalidRequestException", "not found", {"launchTemplate": {"id": "lt-0", "version": "1"}}),
    ],
)
def test_eks_refuses(aws: Simulated, code: str, message: str, change: Object) -> None:
    given = {**ground(aws), **change}
    zone = given.pop("zone", None)
    if zone is not None:
        given["subnetIds"] = [given["subnetIds"][zone]]
    assert message in aws.refuses(code, NODE_GROUP, **given)
    assert not aws.cluster.nodes


@pytest.mark.parametrize(
    ("code", "message", "template", "change"),
    [
        (
            "InvalidRequestException",
            "instance types in launch template and API request",
            {"instanceType": "p5e.48xlarge"},
            {},
        ),
        ("InvalidParameterException", "Disk size must be specified", {}, {"diskSize": 100}),
        ("InvalidParameterException", "IAM instance profile", {"iamInstanceProfile": {"name": "x"}}, {}),
        ("InvalidParameterException", "AMI Type other than CUSTOM", {"imageId": "ami-1"}, {}),
        ("InvalidRequestException", "Spot", {"instanceMarketOptions": {"marketType": "spot"}}, {}),
        (
            "InvalidParameterException",
            "go together",
            {"instanceMarketOptions": {"marketType": "capacity-block"}},
            {},
        ),
        ("InvalidParameterException", "go together", {}, {"capacityType": "CAPACITY_BLOCK"}),
        ("InvalidRequestException", "Could not find the specified version 7", {}, {"version_": "7"}),
        (
            "AsgInstanceLaunchFailures",
            "InvalidCapacityReservationId.NotFound",
            {"reservation": "cr-0000000000000000a"},
            {},
        ),
        ("AsgInstanceLaunchFailures", "is a Capacity Block", {"reservation": BLOCK}, {}),
        (
            "AsgInstanceLaunchFailures",
            "p5e.48xlarge in us-east-2b, 1 of 1 free",
            {},
            {"instanceTypes": ["p5.48xlarge"]},
        ),
        ("AsgInstanceLaunchFailures", "asked for p5e.48xlarge in us-east-2a", {}, {"zone": 0}),
        ("AsgInstanceLaunchFailures", "0 of 1 free", {}, {"scalingConfig": sizes(2, most=2)}),
        (
            "InvalidParameterCombination",
            "EFA interfaces are limited to 0 on m7i.large",
            {"networkInterfaces": [{"interfaceType": "efa"}]},
            {"instanceTypes": ["m7i.large"]},
        ),
        (
            "InvalidParameterValue",
            "Network card index 40",
            {"networkInterfaces": [{"networkCardIndex": 40}]},
            {},
        ),
        (
            "InvalidParameterException",
            "in the API request",
            {"networkInterfaces": [{"subnetId": "subnet-1"}]},
            {},
        ),
        ("InvalidGroup.NotFound", "sg-0", {"vpcSecurityGroupIds": ["sg-0"]}, {}),
    ],
)
def test_eks_refuses_what_does_not_go_with_a_launch_template(
    aws: Simulated, code: str, message: str, template: Object, change: Object
) -> None:
    given = gpu_ground(aws, **template)
    version, zone = change.pop("version_", None), change.pop("zone", None)
    given.update(change)
    if version:
        given["launchTemplate"]["version"] = version
    if zone is not None:
        given["subnetIds"] = [aws.provider._store.all(SUBNET)[zone].id]  # pyright: ignore[reportPrivateUsage] -- the first made
    assert message in aws.refuses(code, NODE_GROUP, **given)


def block_ground(aws: Simulated, **template: Any) -> Object:
    given = gpu_ground(
        aws,
        reservation=BLOCK,
        **{
            "instanceType": "p5en.48xlarge",
            "instanceMarketOptions": {"marketType": "capacity-block"},
            **template,
        },
    )
    zone_c = aws.provider._store.all(SUBNET)[2].id  # pyright: ignore[reportPrivateUsage] -- the third made
    return {**given, "instanceTypes": None, "capacityType": "CAPACITY_BLOCK", "subnetIds": [zone_c]}


def test_a_capacity_block_fills_one_subnet_in_its_zone(aws: Simulated) -> None:
    given = block_ground(aws)
    every = [record.id for record in aws.provider._store.all(SUBNET)[:3]]  # pyright: ignore[reportPrivateUsage] -- the first three
    assert "exactly one subnet" in aws.refuses(
        "InvalidParameterException", NODE_GROUP, **{**given, "subnetIds": every}
    )
    aws.make(NODE_GROUP, **{**given, "scalingConfig": sizes(2, most=2)})
    zones = {n["metadata"]["labels"]["topology.kubernetes.io/zone"] for n in aws.cluster.nodes.values()}
    assert zones == {"us-east-2c"}
    assert all(
        n["metadata"]["labels"]["eks.amazonaws.com/capacityType"] == "CAPACITY_BLOCK"
        for n in aws.cluster.nodes.values()
    )


def test_a_capacity_block_that_is_not_active_yet_takes_a_group_of_no_nodes(tmp_path: Path) -> None:
    change = ("    count: 2", "    count: 2\n    state: scheduled")
    aws = with_account(tmp_path, change)
    given = block_ground(aws)
    assert "is scheduled" in aws.refuses("AsgInstanceLaunchFailures", NODE_GROUP, **given)
    aws.make(NODE_GROUP, **{**given, "scalingConfig": sizes(0, most=2)})


def test_a_resource_group_of_reservations_gives_its_capacity(aws: Simulated) -> None:
    arn = "arn:aws:resource-groups:us-east-2:111122223333:group/inference-gpus"
    target = {"capacityReservationTarget": {"capacityReservationResourceGroupArn": arn}}
    given = gpu_ground(aws, capacityReservationSpecification=target)
    aws.make(NODE_GROUP, **given)
    (instance,) = aws.provider._store.all("aws:ec2/instance:Instance")  # pyright: ignore[reportPrivateUsage] -- what EKS made
    assert instance.state["capacityReservationId"] == ODCR
    second = {**given, "nodeGroupName": "second"}
    assert "0 of 1 free" in aws.refuses("AsgInstanceLaunchFailures", NODE_GROUP, **second)


def test_vcpus_are_a_quota(tmp_path: Path) -> None:
    aws = with_account(tmp_path, ("standardVcpus: 256", "standardVcpus: 4"))
    given = ground(aws)
    assert "current vCPU limit of 4" in aws.refuses(
        "AsgInstanceLaunchFailures", NODE_GROUP, **{**given, "scalingConfig": sizes(3)}
    )
    aws.make(NODE_GROUP, **given)


def test_public_subnets_must_give_public_addresses(aws: Simulated) -> None:
    given = ground(aws)
    store = aws.provider._store  # pyright: ignore[reportPrivateUsage] -- ids made by the helper
    public = next(one for one in store.all(SUBNET) if one.state["cidrBlock"] == "10.0.200.0/24")
    table, _ = aws.make("aws:ec2/routeTable:RouteTable", vpcId=public.state["vpcId"])
    gateway = store.all("aws:ec2/internetGateway:InternetGateway")[0].id
    aws.make("aws:ec2/route:Route", routeTableId=table, destinationCidrBlock="0.0.0.0/0", gatewayId=gateway)
    aws.make("aws:ec2/routeTableAssociation:RouteTableAssociation", routeTableId=table, subnetId=public.id)
    public_group = {**given, "subnetIds": [public.id]}
    aws.refuses("Ec2SubnetInvalidConfiguration", NODE_GROUP, **public_group)
    aws.change(
        SUBNET,
        public.id,
        vpcId=public.state["vpcId"],
        cidrBlock="10.0.200.0/24",
        availabilityZone="us-east-2a",
        mapPublicIpOnLaunch=True,
    )
    aws.make(NODE_GROUP, **public_group)


def test_what_replaces_a_node_group_and_what_does_not(aws: Simulated) -> None:
    given = gpu_ground(aws)
    id_, _ = aws.make(NODE_GROUP, **given)
    other, _ = aws.make(LAUNCH_TEMPLATE, name="other", **gpu_template())
    version = given["launchTemplate"]["version"]
    assert aws.diff(NODE_GROUP, id_, **given).changes == ()
    assert aws.replaced(
        NODE_GROUP, id_, **{**given, "launchTemplate": {"id": other, "version": version}}
    ) == ["launchTemplate.id"]
    assert aws.replaced(NODE_GROUP, id_, **{**given, "instanceTypes": ["p5.48xlarge"]}) == [
        "instanceTypes[0]"
    ]
    for change in ({"labels": {}}, {"taints": []}, {"scalingConfig": sizes(0, most=1)}, {"tags": {"a": "b"}}):
        assert aws.replaced(NODE_GROUP, id_, **{**given, **change}) == []
        assert aws.diff(NODE_GROUP, id_, **{**given, **change}).changes
