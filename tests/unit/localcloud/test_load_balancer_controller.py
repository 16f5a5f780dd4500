"""The stand-in load balancer controller on a simulated account: what it makes, and that nothing of it is left."""

import json
from pathlib import Path
from typing import Any, cast

import pytest

from localcloud.aws.store import Record, Store
from localcloud.kube.load_balancer_settings import Settings
from localcloud.load_balancer_controller import LoadBalancerController
from tests.unit.localcloud.aws.simulated import NODE_GROUP, SUBNET, Simulated, sizes
from tests.unit.localcloud.load_balancing import CERTIFICATE, Object, ingress, service, world

BALANCER = "aws:lb/loadBalancer:LoadBalancer"
TARGETS = "aws:lb/targetGroup:TargetGroup"
LISTENER = "aws:lb/listener:Listener"
LISTENER_RULE = "aws:lb/listenerRule:ListenerRule"
GROUP = "aws:ec2/securityGroup:SecurityGroup"
PERMISSION = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
ENI = "aws:ec2/networkInterface:NetworkInterface"
BOTH = json.dumps([{"HTTP": 80}, {"HTTPS": 443}])
PARAMS = {
    "group": {"name": "poolside"},
    "scheme": "internal",
    "sslRedirectPort": "443",
    "certificateArn": [CERTIFICATE],
}


class Collection:
    """Objects that a test puts there."""

    def __init__(self, *items: Object) -> None:
        self.items = list(items)

    def all(self) -> list[Object]:
        return self.items

    def get(self, name: str, namespace: str = "") -> Object | None:
        del namespace
        return next((one for one in self.items if one["metadata"]["name"] == name), None)


class RecordingApi:
    """Applies patches of finalizers to the Ingresses, and keeps everything in order."""

    def __init__(self, ingresses: Collection) -> None:
        self.ingresses = ingresses
        self.done: list[tuple[str, Any]] = []
        self.events: list[tuple[str, str]] = []

    def path(self, api_version: str, kind: str, namespace: str = "", name: str = "") -> str:
        del api_version
        return "/".join(filter(None, (kind, namespace, name)))

    def merge_patch(self, path: str, body: Object) -> None:
        _, _, name, *rest = path.split("/")
        found = self.ingresses.get(name)
        assert found
        if rest:
            found["status"] = body["status"]
        else:
            found["metadata"]["finalizers"] = body["metadata"]["finalizers"]
        self.done.append((path, body))

    def request(self, method: str, path: str, query: None, body: Object) -> None:
        del method, path, query
        self.events.append((body["reason"], body["message"]))


class Played:
    """A controller with its collections, on an account."""

    def __init__(self, aws: Simulated, vpc: str, *ingresses: Object, **params: Any) -> None:
        self.aws = aws
        self.ingresses = Collection(*ingresses)
        self.api = RecordingApi(self.ingresses)
        spec = {**PARAMS, **params}
        found = world(spec)
        self.controller = LoadBalancerController(
            cast("Any", self.api),
            aws.home,
            ingresses=self.ingresses,
            classes=Collection(*cast("Any", found.classes.values())),
            params=Collection({"metadata": {"name": "alb"}, "spec": spec}),
            services=Collection(service()),
            namespaces=Collection(),
        )
        self.settings = Settings("plane", "us-east-2", "ip", vpc_id=vpc, tags=(("project", "plane"),))

    def run(self) -> bool:
        return self.controller.reconcile(self.settings)

    def delete(self, name: str) -> None:
        """As the API server does: marked while a finalizer holds it."""
        found = self.ingresses.get(name)
        assert found
        found["metadata"]["deletionTimestamp"] = "now"

    def made(self, type_: str) -> list[Record]:
        records = Store(self.aws.home.aws_state).all(type_)
        return [one for one in records if one.origin == "controller"]


@pytest.fixture
def aws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Simulated:
    monkeypatch.setattr("localcloud.aws.rules.node_group_launch._JOIN_SECONDS", 0.0)
    return Simulated(tmp_path)


def model(name: str = "a") -> Object:
    return ingress(name, alb={"listen_ports": BOTH, "healthcheck-path": "/health"})


def test_a_group_gets_a_load_balancer_with_all_that_belongs_to_it(aws: Simulated) -> None:
    vpc, subnets = aws.network()
    played = Played(aws, vpc, model("a"), model("b"), subnets={"ids": subnets})
    assert played.run()
    (balancer,) = played.made(BALANCER)
    assert balancer.state["subnets"] == sorted(subnets)
    assert balancer.state["internal"] is True
    assert balancer.state["tags"] == {
        "project": "plane",
        "elbv2.k8s.aws/cluster": "plane",
        "ingress.k8s.aws/stack": "poolside",
        "ingress.k8s.aws/resource": "LoadBalancer",
    }
    groups = {one.id: one for one in played.made(GROUP)}
    assert sorted(balancer.state["securityGroups"]) == sorted(groups)
    assert sorted(one.state["description"] for one in groups.values()) == [
        "[k8s] Managed SecurityGroup for LoadBalancer",
        "[k8s] Shared Backend SecurityGroup for LoadBalancer",
    ]
    assert sorted(one.state["fromPort"] for one in played.made(PERMISSION)) == [80, 443]
    interfaces = played.made(ENI)
    assert sorted(one.state["subnetId"] for one in interfaces) == sorted(subnets)
    assert {one.state["description"] for one in interfaces} == {f"ELB {balancer.state['arnSuffix']}"}
    assert {one.state["publicIp"] for one in interfaces} == {""}
    assert [(one.state["port"], one.state["protocol"]) for one in played.made(LISTENER)] == [
        (80, "HTTP"),
        (443, "HTTPS"),
    ]
    assert [one.state["certificateArn"] for one in played.made(LISTENER)[1:]] == [CERTIFICATE]
    targets = {one.id: one.state["tags"]["ingress.k8s.aws/resource"] for one in played.made(TARGETS)}
    assert sorted(targets.values()) == ["models/a-s:http", "models/b-s:http"]
    rules = played.made(LISTENER_RULE)
    assert {one.state["actions"][0]["targetGroupArn"] for one in rules} == set(targets)
    shown = played.ingresses.items[0]["status"]["loadBalancer"]["ingress"]
    assert shown == [{"hostname": balancer.state["dnsName"]}]


def test_a_second_pass_changes_nothing(aws: Simulated) -> None:
    vpc, _ = aws.network()
    played = Played(aws, vpc, model())
    played.run()
    before, done = Store(aws.home.aws_state).everything(), list(played.api.done)
    assert played.run()
    assert Store(aws.home.aws_state).everything() == before
    assert played.api.done == done


def test_a_member_that_leaves_takes_its_target_group_along(aws: Simulated) -> None:
    vpc, _ = aws.network()
    played = Played(aws, vpc, model("a"), model("b"))
    played.run()
    (balancer,) = played.made(BALANCER)
    played.delete("b")
    assert played.run()
    assert [one.state["tags"]["ingress.k8s.aws/resource"] for one in played.made(TARGETS)] == [
        "models/a-s:http"
    ]
    assert [one.id for one in played.made(BALANCER)] == [balancer.id]
    left = played.ingresses.get("b")
    assert left
    assert left["metadata"]["finalizers"] == []


def test_everything_is_gone_before_the_finalizer_is(aws: Simulated, monkeypatch: pytest.MonkeyPatch) -> None:
    vpc, _ = aws.network()
    played = Played(aws, vpc, model())
    played.run()
    played.delete("a")
    seen: list[list[Record]] = []
    patch = played.api.merge_patch

    def watched(path: str, body: Object) -> None:
        seen.append([one for one in Store(aws.home.aws_state).everything() if one.origin == "controller"])
        patch(path, body)

    monkeypatch.setattr(played.api, "merge_patch", watched)
    assert played.run()
    assert seen == [[]]
    assert played.api.done[-1][1]["metadata"]["finalizers"] == []


def test_a_public_load_balancer_has_mapped_addresses_which_keep_the_internet_gateway(aws: Simulated) -> None:
    vpc, subnets = aws.network(routed=False)
    gateway, _ = aws.make("aws:ec2/internetGateway:InternetGateway", vpcId=vpc)
    played = Played(aws, vpc, model(), scheme="internet-facing", subnets={"ids": subnets})
    assert played.run()
    addresses = {one.state["publicIp"] for one in played.made(ENI)}
    assert len(addresses) == 2
    assert "" not in addresses
    refusal = aws.keeps("DependencyViolation", "aws:ec2/internetGateway:InternetGateway", gateway)
    assert "mapped public address" in refusal
    assert "has dependencies" in aws.keeps("DependencyViolation", SUBNET, subnets[0])
    played.delete("a")
    played.run()
    aws.delete("aws:ec2/internetGateway:InternetGateway", gateway)
    aws.delete(SUBNET, subnets[0])


def test_the_nodes_let_the_load_balancer_through_and_forget_it(aws: Simulated) -> None:
    vpc, subnets = aws.network()
    inputs = {
        "clusterName": aws.eks(subnets),
        "nodeRoleArn": aws.node_role(),
        "nodeGroupName": "nodes",
        "subnetIds": subnets,
        "instanceTypes": ["m7i.large"],
        "scalingConfig": sizes(1),
    }
    aws.make(NODE_GROUP, **inputs)
    played = Played(aws, vpc, model())
    played.run()
    (backend,) = [one for one in played.made(GROUP) if "Backend" in one.state["description"]]
    found = Store(aws.home.aws_state).find(PERMISSION, referencedSecurityGroupId=backend.id)
    cluster = Store(aws.home.aws_state).get("aws:eks/cluster:Cluster", "plane")
    assert cluster
    expected = cluster.state["vpcConfig"]["clusterSecurityGroupId"]
    assert [one.state["securityGroupId"] for one in found] == [expected]
    played.delete("a")
    played.run()
    assert played.made(PERMISSION) == []


def test_a_group_that_something_else_uses_stays_and_so_does_the_finalizer(aws: Simulated) -> None:
    vpc, subnets = aws.network()
    played = Played(aws, vpc, model())
    played.run()
    (frontend,) = [one for one in played.made(GROUP) if "Managed" in one.state["description"]]
    foreign, _ = aws.make(ENI, subnetId=subnets[0], securityGroups=[frontend.id])
    played.delete("a")
    assert not played.run()
    left = played.ingresses.get("a")
    assert left
    assert left["metadata"]["finalizers"] == ["group.ingress.k8s.aws/poolside"]
    reason, message = played.api.events[-1]
    assert reason == "FailedDeployModel"
    assert f"resource {frontend.id} has a dependent object" in message
    aws.delete(ENI, foreign)
    assert played.run()
    assert left["metadata"]["finalizers"] == []


def test_a_problem_is_told_once_and_tried_again(aws: Simulated) -> None:
    played = Played(aws, "vpc-of-nobody", model())
    assert not played.run()
    assert not played.run()
    reason = (
        "couldn't auto-discover subnets: unable to resolve at least one subnet. Evaluated 0 subnets: 0 are tagged "
        "for other clusters, and 0 have insufficient available IP addresses"
    )
    assert played.api.events == [("FailedBuildModel", f"Failed build model due to {reason}")]


def test_deletion_protection_keeps_the_load_balancer_and_the_finalizer(aws: Simulated) -> None:
    vpc, _ = aws.network()
    attributes = [{"key": "deletion_protection.enabled", "value": "true"}]
    played = Played(aws, vpc, model(), loadBalancerAttributes=attributes)
    played.run()
    played.delete("a")
    assert not played.run()
    assert "deletion protection is enabled" in played.api.events[-1][1]
    assert len(played.made(BALANCER)) == 1


def test_a_change_of_scheme_makes_a_new_load_balancer(aws: Simulated) -> None:
    vpc, subnets = aws.network()
    played = Played(aws, vpc, model(), subnets={"ids": subnets})
    played.run()
    (before,) = played.made(BALANCER)
    played.controller._params.all()[0]["spec"]["scheme"] = "internet-facing"  # pyright: ignore[reportPrivateUsage]
    assert played.run()
    (after,) = played.made(BALANCER)
    assert before.id != after.id
    assert {one.state["serves"] for one in played.made(ENI)} == {after.id}
