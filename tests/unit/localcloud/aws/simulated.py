"""A simulated account in a temporary folder, with a stand-in for the Kubernetes cluster."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from localcloud.aws.account import default_account
from localcloud.aws.rules.base import plain
from localcloud.home import Home
from localcloud.providers.aws import AwsProvider
from localcloud.providers.protocol import Diff, ProviderError

VPC = "aws:ec2/vpc:Vpc"
SUBNET = "aws:ec2/subnet:Subnet"
ROLE = "aws:iam/role:Role"
CLUSTER = "aws:eks/cluster:Cluster"
NODE_GROUP = "aws:eks/nodeGroup:NodeGroup"
LAUNCH_TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
ODCR = default_account().capacity_reservations[0].id
BLOCK = default_account().capacity_reservations[1].id

Object = dict[str, Any]


class FakeCluster:
    """Keeps what EKS would put into a cluster."""

    def __init__(self) -> None:
        self.nodes: dict[str, Object] = {}
        self.most_nodes = 0
        self.objects: dict[tuple[str, str], Object] = {}
        self.problem: str | None = None
        self.node_problem: str | None = None

    def check(self) -> None:
        if self.problem == "down":
            raise ProviderError("the control plane does not answer")

    def add_nodes(self, nodes: Sequence[Object], seconds: float) -> None:
        del seconds
        if self.node_problem:
            raise ProviderError(self.node_problem)
        for node in nodes:
            self.nodes.setdefault(node["metadata"]["name"], json.loads(json.dumps(node)))
        self.most_nodes = max(self.most_nodes, len(self.nodes))

    def change_nodes(
        self, names: Sequence[str], labels: Mapping[str, str | None], taints: Sequence[Mapping[str, str]]
    ) -> None:
        for name in names:
            node = self.nodes[name]
            node["spec"]["taints"] = list(taints)
            for key, value in labels.items():
                if value is None:
                    node["metadata"]["labels"].pop(key, None)
                else:
                    node["metadata"]["labels"][key] = value

    def remove_nodes(self, names: Sequence[str], seconds: float) -> None:
        del seconds
        for name in names:
            self.nodes.pop(name, None)

    def apply(self, objects: Sequence[Object]) -> None:
        for one in objects:
            self.objects[one["kind"], one["metadata"]["name"]] = one

    def wait_available(self, objects: Sequence[Object], seconds: float) -> str | None:
        del objects, seconds
        return self.problem

    def remove(self, objects: Sequence[Object], seconds: float) -> None:
        del seconds
        for one in objects:
            self.objects.pop((one["kind"], one["metadata"]["name"]), None)


def trust(*services: str) -> str:
    """Trust policy for AWS services."""
    statement = {"Effect": "Allow", "Action": ["sts:AssumeRole"], "Principal": {"Service": list(services)}}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


class Simulated:
    """An account with helpers that act as the engine does."""

    def __init__(self, folder: Path, account: str | None = None) -> None:
        self.home = Home(folder)
        self.home.kube.mkdir(parents=True)
        self.home.endpoint_file.write_text("https://127.0.0.1:6443\n")
        self.home.ca_certificate.write_text("CA")
        if account is not None:
            self.home.account_file.write_text(account)
        self.cluster = FakeCluster()
        self.provider = AwsProvider(self.home, self.cluster)
        self.provider.configure({"region": "us-east-2"})

    def check(self, type_: str, logical: str, old: Object | None = None, /, **inputs: Any) -> Object:
        checked, failures = self.provider.check(type_, logical, old or {}, inputs)
        assert not failures, failures
        return checked

    def faults(self, type_: str, /, **inputs: Any) -> dict[str, str]:
        """Refused inputs by path."""
        _, failures = self.provider.check(type_, "x", {}, inputs)
        return {failure.property: failure.reason for failure in failures}

    def make(self, type_: str, logical: str = "x", /, **inputs: Any) -> tuple[str, Object]:
        """Check, preview and create, as the engine does."""
        checked = self.check(type_, logical, **inputs)
        self.provider.create(type_, logical, checked, preview=True, timeout=0)
        return self.provider.create(type_, logical, checked, preview=False, timeout=0)

    def known(self, type_: str, id_: str) -> tuple[Object, Object]:
        """Inputs and state that the stack knows of a resource, refreshed."""
        record = self.provider._store.get(type_, id_)  # pyright: ignore[reportPrivateUsage] -- what the engine would have kept
        assert record is not None
        found = self.provider.read(type_, id_, record.inputs, plain(record.state))
        assert found is not None
        return found[1:]

    def change(self, type_: str, id_: str, /, **inputs: Any) -> Object:
        """Update in place."""
        old, state = self.known(type_, id_)
        new = self.check(type_, "x", old, **inputs)
        self.provider.update(type_, id_, state, old, new, preview=True, timeout=0)
        return self.provider.update(type_, id_, state, old, new, preview=False, timeout=0)

    def diff(self, type_: str, id_: str, /, **inputs: Any) -> Diff:
        """What the engine would be told about new inputs."""
        old, state = self.known(type_, id_)
        return self.provider.diff(type_, id_, old, state, self.check(type_, "x", old, **inputs))

    def replaced(self, type_: str, id_: str, /, **inputs: Any) -> list[str]:
        """Paths whose change replaces."""
        return [change.path for change in self.diff(type_, id_, **inputs).changes if change.replace]

    def delete(self, type_: str, id_: str) -> None:
        self.provider.delete(type_, id_, {}, timeout=0)

    def refuses(self, code: str, type_: str, /, **inputs: Any) -> str:
        """The message of a create that AWS refuses with that code."""
        with pytest.raises(ProviderError, match=rf"{code}\b") as caught:
            self.make(type_, **inputs)
        return str(caught.value)

    def keeps(self, code: str, type_: str, id_: str) -> str:
        """The message of a delete that AWS refuses with that code."""
        with pytest.raises(ProviderError, match=code) as caught:
            self.delete(type_, id_)
        assert self.provider.read(type_, id_, {}, {}) is not None
        return str(caught.value)

    def network(self, zones: str = "ab", *, routed: bool = True) -> tuple[str, list[str]]:
        """A VPC with a private subnet in each zone; with a way out unless told otherwise."""
        vpc, _ = self.make(VPC, cidrBlock="10.0.0.0/16")
        subnets: list[str] = []
        for index, zone in enumerate(zones):
            block, name = f"10.0.{index}.0/24", f"us-east-2{zone}"
            subnets.append(self.make(SUBNET, vpcId=vpc, cidrBlock=block, availabilityZone=name)[0])
        if routed:
            self.route_out(vpc, subnets)
        return vpc, subnets

    def route_out(self, vpc: str, subnets: list[str]) -> None:
        """A NAT gateway and routes to it."""
        self.make("aws:ec2/internetGateway:InternetGateway", vpcId=vpc)
        public, _ = self.make(SUBNET, vpcId=vpc, cidrBlock="10.0.200.0/24", availabilityZone="us-east-2a")
        address, _ = self.make("aws:ec2/eip:Eip", domain="vpc")
        nat, _ = self.make("aws:ec2/natGateway:NatGateway", subnetId=public, allocationId=address)
        table, _ = self.make("aws:ec2/routeTable:RouteTable", vpcId=vpc)
        route = "aws:ec2/route:Route"
        self.make(route, routeTableId=table, destinationCidrBlock="0.0.0.0/0", natGatewayId=nat)
        for subnet in subnets:
            association = "aws:ec2/routeTableAssociation:RouteTableAssociation"
            self.make(association, routeTableId=table, subnetId=subnet)

    def role(self, name: str, service: str, *policies: str) -> str:
        """A role with managed policies; its ARN."""
        id_, state = self.make(ROLE, name, name=name, assumeRolePolicy=trust(service))
        for policy in policies:
            arn = f"arn:aws:iam::aws:policy/{policy}"
            self.make("aws:iam/rolePolicyAttachment:RolePolicyAttachment", role=id_, policyArn=arn)
        return state["arn"]

    def eks(self, subnets: list[str], **inputs: Any) -> str:
        """A cluster; its name."""
        given: Object = {
            "name": "plane",
            "version": "1.35",
            "roleArn": self.role("cluster", "eks.amazonaws.com", "AmazonEKSClusterPolicy"),
            "vpcConfig": {"subnetIds": subnets},
            "accessConfig": {"authenticationMode": "API"},
            "bootstrapSelfManagedAddons": True,
        }
        return self.make(CLUSTER, **{**given, **inputs})[0]

    def node_role(self) -> str:
        """A role that nodes can join with."""
        return self.role(
            "nodes", "ec2.amazonaws.com", "AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryPullOnly"
        )


def gpu_template(reservation: str = ODCR, **more: Any) -> Object:
    """Launch template inputs for reserved capacity."""
    return {
        "capacityReservationSpecification": {
            "capacityReservationTarget": {"capacityReservationId": reservation}
        },
        "blockDeviceMappings": [{"deviceName": "/dev/xvda", "ebs": {"volumeSize": 300}}],
        **more,
    }


def sizes(desired: int, least: int = 0, most: int = 3) -> Object:
    """A scaling configuration."""
    return {"desiredSize": desired, "minSize": least, "maxSize": most}
