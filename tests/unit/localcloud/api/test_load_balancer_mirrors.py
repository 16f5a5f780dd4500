"""Load balancers that the AWS Load Balancer Controller made are seen through the AWS API, and go by hand or with it."""

import time
from typing import Any

import pytest

from localcloud.aws.account import default_account
from localcloud.aws.load_balancing import deploy, present, remove
from localcloud.aws.rules.base import Call
from localcloud.aws.store import Record
from localcloud.kube.load_balancer_models import Listener, Model, Route, Target
from tests.unit.localcloud.api.served import Served, tags
from tests.unit.localcloud.aws.simulated import SUBNET, VPC

INTERFACE = "aws:ec2/networkInterface:NetworkInterface"
HOST = "k8s-models-1.us-east-2.elb.amazonaws.com"
CERTIFICATE = default_account().certificates[0].arn


def call(served: Served) -> Call:
    return Call(
        store=served.application.world.store,
        account=default_account(),
        home=served.home,
        cluster=served.cluster,
        region="us-east-2",
        deadline=time.monotonic() + 60,
    )


def model(served: Served, *, host: str = "models.example.com") -> Model:
    """Port 80 redirects to 443, which forwards one path of one host to a service."""
    vpc, _ = served.make(VPC, cidrBlock="10.0.0.0/16")
    subnets = tuple(
        served.make(SUBNET, vpcId=vpc, cidrBlock=f"10.0.{n}.0/24", availabilityZone=f"us-east-2{zone}")[0]
        for n, zone in enumerate("ab")
    )
    return Model(
        cluster="plane",
        stack="models",
        name="k8s-models",
        scheme="internal",
        subnets=subnets,
        vpc_id=vpc,
        security_group="k8s-models-front",
        inbound_cidrs=("10.0.0.0/8",),
        listeners=(Listener(80, "HTTP", (), 443), Listener(443, "HTTPS", (CERTIFICATE,), 0)),
        ssl_policy="ELBSecurityPolicy-TLS13-1-2-2021-06",
        attributes=(),
        targets=(Target("k8s-laguna", "models/laguna-laguna:http", "ip", 8000, "/health"),),
        routes=(Route(host, "/v1", "k8s-laguna"),),
        tags=(("team", "models"),),
        hostname=HOST,
    )


def controllers(served: Served, kind: str) -> list[Record]:
    store = served.application.world.store
    return [one for one in store.everything() if one.origin == "controller" and one.type.endswith(f":{kind}")]


@pytest.fixture
def elb(served: Served) -> Any:
    deploy(call(served), model(served))
    return served.aws("elbv2")


def test_the_load_balancer_has_its_arn_address_groups_and_tags(served: Served, elb: Any) -> None:
    (record,) = controllers(served, "LoadBalancer")
    (found,) = elb.describe_load_balancers()["LoadBalancers"]
    assert (found["LoadBalancerArn"], found["DNSName"], found["Scheme"]) == (record.id, HOST, "internal")
    assert found["State"]["Code"] == "active"
    assert found["SecurityGroups"] == record.state["securityGroups"]
    assert len(found["AvailabilityZones"]) == 2
    (told,) = elb.describe_tags(ResourceArns=[record.id])["TagDescriptions"]
    assert tags(told["Tags"]) == {
        "team": "models",
        "elbv2.k8s.aws/cluster": "plane",
        "ingress.k8s.aws/stack": "models",
        "ingress.k8s.aws/resource": "LoadBalancer",
    }
    assert served.problems == {}


def test_listeners_redirect_and_forward_as_the_controller_made_them(served: Served, elb: Any) -> None:
    (balancer,) = controllers(served, "LoadBalancer")
    (group,) = controllers(served, "TargetGroup")
    listeners = {one["Port"]: one for one in elb.describe_listeners(LoadBalancerArn=balancer.id)["Listeners"]}
    assert {one["ListenerArn"] for one in listeners.values()} == {
        one.id for one in controllers(served, "Listener")
    }
    redirect = listeners[80]["DefaultActions"][0]["RedirectConfig"]
    assert (redirect["Protocol"], redirect["Port"], redirect["StatusCode"]) == ("HTTPS", "443", "HTTP_301")
    assert listeners[443]["Certificates"] == [{"CertificateArn": CERTIFICATE}]
    assert listeners[443]["DefaultActions"][0]["FixedResponseConfig"]["StatusCode"] == "404"
    rules = elb.describe_rules(ListenerArn=listeners[443]["ListenerArn"])["Rules"]
    (rule,) = [one for one in rules if not one["IsDefault"]]
    assert rule["RuleArn"] == controllers(served, "ListenerRule")[0].id
    conditions = {one["Field"]: one for one in rule["Conditions"]}
    assert conditions["host-header"]["HostHeaderConfig"]["Values"] == ["models.example.com"]
    assert conditions["path-pattern"]["PathPatternConfig"]["Values"] == ["/v1", "/v1/*"]
    assert [one["TargetGroupArn"] for one in rule["Actions"]] == [group.id]
    (shown,) = elb.describe_target_groups(LoadBalancerArn=balancer.id)["TargetGroups"]
    assert (shown["TargetGroupArn"], shown["Port"], shown["TargetType"]) == (group.id, 8000, "ip")
    assert shown["HealthCheckPath"] == "/health"


def test_a_changed_model_and_its_removal_are_followed(served: Served) -> None:
    first = model(served)
    deploy(call(served), first)
    elb = served.aws("elbv2")
    before = {one["ListenerArn"] for one in elb.describe_listeners(LoadBalancerArn=_arn(served))["Listeners"]}
    deploy(call(served), first.__class__(**{**vars(first), "listeners": (Listener(80, "HTTP", (), 0),)}))
    (listener,) = elb.describe_listeners(LoadBalancerArn=_arn(served))["Listeners"]
    assert listener["ListenerArn"] not in before
    assert (listener["Port"], listener["DefaultActions"][0]["Type"]) == (80, "fixed-response")
    remove(call(served), "plane", "models")
    assert (
        elb.describe_load_balancers()["LoadBalancers"] == elb.describe_target_groups()["TargetGroups"] == []
    )
    assert served.problems == {}


def _arn(served: Served) -> str:
    record = present(served.application.world.store, "plane", "models")
    assert record is not None
    return record.id


def test_it_is_the_same_after_a_restart(served: Served, elb: Any) -> None:
    def seen(client: Any) -> list[Any]:
        listeners = client.describe_listeners(LoadBalancerArn=_arn(served))["Listeners"]
        listeners.sort(key=lambda one: one["Port"])
        rules = [client.describe_rules(ListenerArn=one["ListenerArn"])["Rules"] for one in listeners]
        own = [[rule for rule in one if not rule["IsDefault"]] for one in rules]
        return [listeners, own, client.describe_target_groups()["TargetGroups"]]

    before = seen(elb)
    assert seen(served.restarted().aws("elbv2")) == before
    assert served.problems == {}


def test_a_load_balancer_deleted_by_hand_leaves_nothing_that_keeps_its_subnets(
    served: Served, elb: Any
) -> None:
    (balancer,) = controllers(served, "LoadBalancer")
    store = served.application.world.store
    assert len(store.find(INTERFACE, serves=balancer.id)) == 2
    elb.delete_load_balancer(LoadBalancerArn=balancer.id)
    for kind in ("LoadBalancer", "Listener", "ListenerRule"):
        assert controllers(served, kind) == []
    assert store.find(INTERFACE, serves=balancer.id) == []
    assert served.aws("ec2").describe_network_interfaces()["NetworkInterfaces"] == []
    for one in store.all(SUBNET):
        if one.origin == "stack":
            served.delete(SUBNET, one.id)
    assert served.problems == {}
