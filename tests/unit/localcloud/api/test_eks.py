"""EKS through the AWS API: moto's is replaced by the account's own rules."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from components.versions import ADDONS
from tests.unit.localcloud.api.served import Served
from tests.unit.localcloud.aws.simulated import (
    CLUSTER,
    LAUNCH_TEMPLATE,
    NODE_GROUP,
    ODCR,
    gpu_template,
    sizes,
)

ADDON = "aws:eks/addon:Addon"
ENTRY = "aws:eks/accessEntry:AccessEntry"
POD_IDENTITY = "aws:eks/podIdentityAssociation:PodIdentityAssociation"
COREDNS = ADDONS["1.35"]["coredns"]


def node_group(served: Served, **inputs: Any) -> tuple[str, str]:
    """A cluster and a node group on reserved capacity: their names."""
    _, subnets = served.network()
    cluster = served.eks(subnets)
    template, _ = served.make(LAUNCH_TEMPLATE, **gpu_template())
    given: dict[str, Any] = {
        "clusterName": cluster,
        "nodeGroupName": "gpu",
        "nodeRoleArn": served.node_role(),
        "subnetIds": [subnets[1]],
        "instanceTypes": ["p5e.48xlarge"],
        "amiType": "AL2023_x86_64_NVIDIA",
        "scalingConfig": sizes(1, 0, 1),
        "launchTemplate": {"id": template, "version": "1"},
        "tags": {"Name": "gpu"},
    }
    served.make(NODE_GROUP, **{**given, **inputs})
    return cluster, "gpu"


def test_a_cluster_is_described_as_the_program_made_it(served: Served) -> None:
    _, subnets = served.network()
    name = served.eks(subnets, enabledClusterLogTypes=["api"], tags={"Name": "plane"})
    found = served.aws("eks").describe_cluster(name=name)["cluster"]
    read = served.read(CLUSTER, name)
    assert read is not None
    state = read[1]
    assert (found["arn"], found["version"], found["status"]) == (state["arn"], "1.35", "ACTIVE")
    assert found["endpoint"] == "https://127.0.0.1:6443"
    assert set(found["resourcesVpcConfig"]["subnetIds"]) == set(subnets)
    assert (
        found["resourcesVpcConfig"]["clusterSecurityGroupId"] == state["vpcConfig"]["clusterSecurityGroupId"]
    )
    assert found["accessConfig"]["authenticationMode"] == "API"
    assert found["identity"]["oidc"]["issuer"].startswith("https://oidc.eks.us-east-2.amazonaws.com/id/")
    assert {"types": ["api"], "enabled": True} in found["logging"]["clusterLogging"]
    assert found["tags"]["Name"] == "plane"
    assert served.aws("eks").list_clusters()["clusters"] == [name]
    group = found["resourcesVpcConfig"]["clusterSecurityGroupId"]
    answer = served.aws("ec2").describe_security_groups(GroupIds=[group])
    assert answer["SecurityGroups"][0]["GroupName"].startswith(f"eks-cluster-sg-{name}-")
    assert served.problems == {}


def test_a_node_group_shows_its_template_and_its_instances_run_in_the_reservation(served: Served) -> None:
    cluster, group = node_group(served)
    eks, ec2 = served.aws("eks"), served.aws("ec2")
    assert eks.list_nodegroups(clusterName=cluster)["nodegroups"] == [group]
    found = eks.describe_nodegroup(clusterName=cluster, nodegroupName=group)["nodegroup"]
    assert found["scalingConfig"] == {"minSize": 0, "maxSize": 1, "desiredSize": 1}
    assert (found["instanceTypes"], found["capacityType"]) == (["p5e.48xlarge"], "ON_DEMAND")
    assert found["launchTemplate"]["version"] == "1"
    reservation = ec2.describe_capacity_reservations(CapacityReservationIds=[ODCR])["CapacityReservations"][0]
    assert (reservation["TotalInstanceCount"], reservation["AvailableInstanceCount"]) == (1, 0)
    instances = [one for each in ec2.describe_instances()["Reservations"] for one in each["Instances"]]
    stored = served.application.world.store.all("aws:ec2/instance:Instance")
    assert [one["InstanceId"] for one in instances] == [one.id for one in stored]
    assert instances[0]["PrivateIpAddress"] == stored[0].state["privateIp"]
    data = ec2.describe_launch_template_versions(LaunchTemplateId=found["launchTemplate"]["id"])
    version = data["LaunchTemplateVersions"][0]["LaunchTemplateData"]
    target = version["CapacityReservationSpecification"]["CapacityReservationTarget"]
    assert target["CapacityReservationId"] == ODCR
    assert version["BlockDeviceMappings"][0]["Ebs"]["VolumeSize"] == 300
    assert served.problems == {}


@pytest.mark.parametrize("first", ["aws:ec2/networkInterface:NetworkInterface", "aws:ebs/volume:Volume"])
def test_an_instance_ends_though_what_it_has_went_first(served: Served, first: str) -> None:
    node_group(served)
    ec2, store = served.aws("ec2"), served.application.world.store
    assert ec2.describe_instances()["Reservations"]
    for one in store.all(first):
        store.delete(first, one.id)
    ec2.describe_vpcs()
    for one in store.all("aws:ec2/instance:Instance"):
        store.delete("aws:ec2/instance:Instance", one.id)
    (found,) = [one for each in ec2.describe_instances()["Reservations"] for one in each["Instances"]]
    assert found["State"]["Name"] == "terminated"
    assert served.problems == {}


def test_scaling_through_the_api_moves_nodes_and_is_drift(served: Served) -> None:
    cluster, group = node_group(served)
    assert len(served.cluster.nodes) == 1
    eks = served.aws("eks")
    update = eks.update_nodegroup_config(
        clusterName=cluster, nodegroupName=group, scalingConfig={"minSize": 0, "maxSize": 1, "desiredSize": 0}
    )["update"]
    assert update["status"] == "Successful"
    assert served.cluster.nodes == {}
    found = served.read(NODE_GROUP, f"{cluster}:{group}")
    assert found is not None
    assert found[0]["scalingConfig"]["desiredSize"] == 0


def test_the_api_refuses_what_eks_refuses(served: Served) -> None:
    cluster, group = node_group(served)
    eks = served.aws("eks")
    with served.refused("ResourceInUseException"):
        eks.delete_cluster(name=cluster)
    with served.refused("ResourceNotFoundException"):
        eks.describe_nodegroup(clusterName=cluster, nodegroupName="other")
    with served.refused("InvalidParameterException"):
        eks.create_addon(clusterName=cluster, addonName="kube-proxy", addonVersion="v1.30.0-eksbuild.1")
    with pytest.raises(ClientError, match="neither moto nor the local cloud answers eks"):
        eks.describe_update(name=cluster, updateId="1")
    eks.delete_nodegroup(clusterName=cluster, nodegroupName=group)
    assert served.read(NODE_GROUP, f"{cluster}:{group}") is None
    eks.delete_cluster(name=cluster)
    assert eks.list_clusters()["clusters"] == []


def test_addons_come_change_and_go(served: Served) -> None:
    cluster, _ = node_group(served)
    eks = served.aws("eks")
    id_, state = served.make(
        ADDON, clusterName=cluster, addonName="coredns", addonVersion=COREDNS, tags={"Name": "dns"}
    )
    assert eks.list_addons(clusterName=cluster)["addons"] == ["coredns"]
    found = eks.describe_addon(clusterName=cluster, addonName="coredns")["addon"]
    assert (found["addonArn"], found["addonVersion"], found["status"]) == (state["arn"], COREDNS, "ACTIVE")
    assert found["tags"] == {"Name": "dns"}
    eks.update_addon(clusterName=cluster, addonName="coredns", configurationValues='{"replicaCount": 3}')
    read = served.read(ADDON, id_)
    assert read is not None
    assert read[0]["configurationValues"] == '{"replicaCount": 3}'
    eks.delete_addon(clusterName=cluster, addonName="coredns")
    assert served.read(ADDON, id_) is None


def test_access_entries_and_their_policies(served: Served) -> None:
    _, subnets = served.network()
    cluster = served.eks(subnets)
    eks = served.aws("eks")
    admin = "arn:aws:iam::111122223333:role/Admin"
    policy = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
    entry = eks.create_access_entry(clusterName=cluster, principalArn=admin)["accessEntry"]
    assert (entry["principalArn"], entry["type"]) == (admin, "STANDARD")
    eks.associate_access_policy(
        clusterName=cluster, principalArn=admin, policyArn=policy, accessScope={"type": "cluster"}
    )
    assert admin in eks.list_access_entries(clusterName=cluster)["accessEntries"]
    answer = eks.list_associated_access_policies(clusterName=cluster, principalArn=admin)
    assert [one["policyArn"] for one in answer["associatedAccessPolicies"]] == [policy]
    records = {one.id: one.origin for one in served.application.world.store.all(ENTRY)}
    assert records[f"{cluster}:{admin}"] == "user"
    eks.update_access_entry(clusterName=cluster, principalArn=admin, kubernetesGroups=["viewers"])
    (entry_record,) = [one for one in served.application.world.store.all(ENTRY) if one.origin == "user"]
    assert entry_record.state["kubernetesGroups"] == ["viewers"]
    eks.delete_access_entry(clusterName=cluster, principalArn=admin)
    assert admin not in eks.list_access_entries(clusterName=cluster)["accessEntries"]


def test_pod_identity_associations(served: Served) -> None:
    _, subnets = served.network()
    cluster = served.eks(subnets)
    role = served.role("pods", "pods.eks.amazonaws.com")
    other = served.role("others", "pods.eks.amazonaws.com")
    id_, _ = served.make(POD_IDENTITY, clusterName=cluster, namespace="ns", serviceAccount="sa", roleArn=role)
    eks = served.aws("eks")
    short = eks.list_pod_identity_associations(clusterName=cluster)["associations"]
    assert [one["associationId"] for one in short] == [id_]
    found = eks.describe_pod_identity_association(clusterName=cluster, associationId=id_)["association"]
    assert (found["roleArn"], found["namespace"], found["serviceAccount"]) == (role, "ns", "sa")
    eks.update_pod_identity_association(clusterName=cluster, associationId=id_, roleArn=other)
    read = served.read(POD_IDENTITY, id_)
    assert read is not None
    assert read[0]["roleArn"] == other
    eks.delete_pod_identity_association(clusterName=cluster, associationId=id_)
    assert served.read(POD_IDENTITY, f"{cluster},{id_}") is None


def test_tags_of_a_cluster_are_drift(served: Served) -> None:
    _, subnets = served.network()
    name = served.eks(subnets, tags={"Name": "plane"})
    eks = served.aws("eks")
    arn = eks.describe_cluster(name=name)["cluster"]["arn"]
    eks.tag_resource(resourceArn=arn, tags={"by": "hand"})
    eks.untag_resource(resourceArn=arn, tagKeys=["Name"])
    assert eks.list_tags_for_resource(resourceArn=arn)["tags"] == {"by": "hand"}
    read = served.read(CLUSTER, name)
    assert read is not None
    assert read[0]["tags"] == {"by": "hand"}
