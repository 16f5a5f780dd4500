"""The load balancer controller: its role and policy, its release, and the class that outlives every Ingress."""

import json

import pulumi
import pytest

from components.alb_controller import AlbController, AlbControllerArgs
from components.alb_controller_policy import alb_controller_policy
from components.scheduling import SYSTEM_NODE_SELECTOR
from tests.unit.components.in_cluster import build, custom_resources, faults, leaf_keys, unknowns
from tests.unit.recording import ACCOUNT, REGION, UNKNOWN

ISSUER = f"oidc.eks.{REGION}.amazonaws.com/id/0123456789ABCDEF"
CERTIFICATE = f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/abc"
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/dev-alb-controller"

# Each exists in helm/aws-load-balancer-controller/values.yaml of v3.5.0.
CHART_KEYS = {
    "clusterName",
    "region",
    "vpcId",
    "replicaCount",
    "podDisruptionBudget.maxUnavailable",
    "serviceAccount.create",
    "serviceAccount.name",
    "serviceAccount.annotations.eks.amazonaws.com/role-arn",
    "nodeSelector.inference-plane/role",
    "ingressClass",
    "createIngressClassResource",
    "ingressClassParams.create",
    "defaultTargetType",
    "defaultTags.team",
    "enableServiceMutatorWebhook",
    "enableShield",
    "enableWaf",
    "enableWafv2",
    "keepTLSSecret",
}


def arguments(**changes) -> AlbControllerArgs:
    base: AlbControllerArgs = {
        "cluster_name": "dev",
        "region": REGION,
        "account_id": ACCOUNT,
        "vpc_id": "vpc-0a1b",
        "oidc_provider_arn": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{ISSUER}",
        "oidc_issuer": ISSUER,
        "role_name": "dev-alb-controller",
        "group_name": "poolside",
        "scheme": "internet-facing",
        "certificate_arns": [CERTIFICATE],
        "tags": {"team": "serving"},
    }
    return {**base, **changes}  # pyright: ignore[reportReturnType] -- tests pass wrong values on purpose


def made(**changes):
    return lambda opts: AlbController("alb", arguments(**changes), opts)


def test_children_are_the_role_the_release_and_the_class_with_its_parameters():
    recording = build(made())
    assert recording.named("alb").type == "inference-plane:index:AlbController"
    assert recording.children("alb") == [
        ("inference-plane:index:IrsaRole", "alb-role"),
        ("kubernetes:elbv2.k8s.aws/v1beta1:IngressClassParams", "alb-class-params"),
        ("kubernetes:helm.sh/v3:Release", "alb-release"),
        ("kubernetes:networking.k8s.io/v1:IngressClass", "alb-class"),
    ]
    assert len(custom_resources(recording)) == 6


def test_the_role_is_trusted_by_the_controller_only_and_has_upstreams_policy():
    recording = build(made())
    trust = json.loads(recording.named("alb-role-role").inputs["assumeRolePolicy"])
    assert trust["Statement"][0]["Condition"]["StringEquals"] == {
        f"{ISSUER}:aud": "sts.amazonaws.com",
        f"{ISSUER}:sub": "system:serviceaccount:kube-system:aws-load-balancer-controller",
    }
    assert recording.named("alb-role-role").inputs["tags"]["team"] == "serving"
    policy = json.loads(recording.named("alb-role-policy").inputs["policy"])
    assert policy == json.loads(alb_controller_policy(REGION))


def test_the_release_is_pinned_and_rolls_back():
    inputs = build(made()).named("alb-release").inputs
    del inputs["values"]
    assert inputs == {
        "name": "aws-load-balancer-controller",
        "namespace": "kube-system",
        "chart": "aws-load-balancer-controller",
        "repositoryOpts": {"repo": "https://aws.github.io/eks-charts"},
        "version": "3.5.0",
        "atomic": True,
        "cleanupOnFail": True,
        "timeout": 600,
        "maxHistory": 10,
        "compat": "true",
    }


def test_values_tell_the_controller_what_its_pods_cannot_find_out():
    assert build(made()).named("alb-release").inputs["values"] == {
        "clusterName": "dev",
        "region": REGION,
        "vpcId": "vpc-0a1b",
        "replicaCount": 2,
        "podDisruptionBudget": {"maxUnavailable": 1},
        "serviceAccount": {
            "create": True,
            "name": "aws-load-balancer-controller",
            "annotations": {"eks.amazonaws.com/role-arn": ROLE_ARN},
        },
        "nodeSelector": SYSTEM_NODE_SELECTOR,
        "ingressClass": "alb",
        "createIngressClassResource": False,
        "ingressClassParams": {"create": False},
        "defaultTargetType": "ip",
        "defaultTags": {"team": "serving"},
        "enableServiceMutatorWebhook": False,
        "enableShield": False,
        "enableWaf": False,
        "enableWafv2": False,
        "keepTLSSecret": True,
    }


def test_only_keys_that_the_chart_has_are_set():
    assert leaf_keys(build(made()).named("alb-release").inputs["values"]) == CHART_KEYS


def test_class_and_parameters_bear_one_name_and_refer_to_each_other():
    recording = build(made(ingress_class="models"))
    params, class_ = recording.named("alb-class-params").inputs, recording.named("alb-class").inputs
    assert (params["apiVersion"], params["kind"]) == ("elbv2.k8s.aws/v1beta1", "IngressClassParams")
    assert params["metadata"] == {"name": "models"}
    assert class_["metadata"] == {"name": "models"}
    assert class_["spec"] == {
        "controller": "ingress.k8s.aws/alb",
        "parameters": {"apiGroup": "elbv2.k8s.aws", "kind": "IngressClassParams", "name": "models"},
    }
    assert recording.named("alb-release").inputs["values"]["ingressClass"] == "models"


def test_parameters_carry_the_load_balancers_settings():
    spec = (
        build(
            made(
                idle_timeout_seconds=900,
                inbound_cidrs=["10.0.0.0/8", "2001:db8::/32"],
                namespace_selector={"kubernetes.io/metadata.name": "poolside-models"},
                ssl_policy="ELBSecurityPolicy-TLS13-1-3-2021-06",
            )
        )
        .named("alb-class-params")
        .inputs["spec"]
    )
    assert spec == {
        "scheme": "internet-facing",
        "group": {"name": "poolside"},
        "certificateArn": [CERTIFICATE],
        "sslPolicy": "ELBSecurityPolicy-TLS13-1-3-2021-06",
        "sslRedirectPort": "443",
        "targetType": "ip",
        "loadBalancerAttributes": [{"key": "idle_timeout.timeout_seconds", "value": "900"}],
        "inboundCIDRs": ["10.0.0.0/8", "2001:db8::/32"],
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "poolside-models"}},
    }


def test_a_load_balancer_is_internal_unless_said_otherwise():
    assert build(made(scheme=None)).named("alb-class-params").inputs["spec"]["scheme"] == "internal"


def test_role_release_parameters_and_class_come_in_this_order_and_go_in_reverse():
    recording = build(made())
    urn = {r.name: r.urn for r in recording.registrations}
    assert recording.named("alb-release").depends_on == {
        urn["alb-role-role"],
        urn["alb-role-policy"],
        urn["alb-role-policy-attachment"],
    }
    assert recording.named("alb-class-params").depends_on == {urn["alb-release"]}
    assert recording.named("alb-class").depends_on == {urn["alb-release"], urn["alb-class-params"]}


class Consumer(pulumi.CustomResource):
    """Stands for a release with Ingresses of the class."""

    def __init__(self, inputs: dict, opts: pulumi.ResourceOptions) -> None:
        super().__init__("kubernetes:test:Consumer", "consumer", inputs, opts)


@pytest.mark.parametrize("preview", [False, True])
def test_whoever_depends_on_the_component_waits_for_all_of_it(preview):
    def program(opts: pulumi.ResourceOptions) -> None:
        alb = AlbController("alb", arguments(), opts)
        Consumer({}, pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[alb])))

    recording = build(program, preview=preview)
    waits = recording.named("consumer").depends_on
    for name in ("alb-role-policy-attachment", "alb-release", "alb-class-params", "alb-class"):
        assert recording.named(name).urn in waits


def test_whoever_takes_the_class_name_knows_it_at_preview_and_waits_for_the_class():
    def program(opts: pulumi.ResourceOptions) -> None:
        Consumer({"class": AlbController("alb", arguments(), opts).ingress_class_name}, opts)

    recording = build(program, preview=True)
    assert recording.named("consumer").inputs == {"class": "alb"}
    assert recording.named("alb-class").urn in recording.named("consumer").depends_on


def test_of_all_values_only_the_vpc_may_be_unknown_at_preview():
    unknown = pulumi.Output.from_input(pulumi.UNKNOWN)
    recording = build(
        made(vpc_id=unknown, oidc_provider_arn=unknown, oidc_issuer=unknown, certificate_arns=[unknown]),
        preview=True,
    )
    release = recording.named("alb-release").inputs
    assert unknowns(release) == ["values.vpcId"]
    assert release["values"]["serviceAccount"]["annotations"] == {"eks.amazonaws.com/role-arn": ROLE_ARN}
    assert recording.named("alb-class-params").inputs["spec"]["certificateArn"] == [UNKNOWN]
    assert recording.outputs["alb"] == {
        "roleArn": ROLE_ARN,
        "ingressClassName": "alb",
        "releaseName": "aws-load-balancer-controller",
    }


def test_switches_reach_the_chart():
    values = (
        build(made(enable_waf=True, enable_shield=True, enable_service_mutator=True, replicas=3, tags=None))
        .named("alb-release")
        .inputs["values"]
    )
    assert values["enableWaf"] is values["enableWafv2"] is values["enableShield"] is True
    assert values["enableServiceMutatorWebhook"] is True
    assert values["replicaCount"] == 3
    assert values["defaultTags"] == {}


def test_every_fault_is_reported_at_once_with_its_path():
    found = faults(
        made(
            cluster_name="-dev",
            vpc_id="0a1b",
            oidc_issuer="",
            group_name="Pool_side",
            scheme="public",
            certificate_arns=[CERTIFICATE, "arn:aws:iam::1:server-certificate/x"],
            ssl_policy="TLS13",
            idle_timeout_seconds=4001,
            inbound_cidrs=["10.0.0.1/8"],
            ingress_class="ALB",
            replicas=0,
            timeout_seconds=0,
        )
    )
    assert sorted(found) == [
        "certificateArns[1]",
        "clusterName",
        "groupName",
        "idleTimeoutSeconds",
        "inboundCidrs[0]",
        "ingressClass",
        "oidcIssuer",
        "replicas",
        "scheme",
        "sslPolicy",
        "timeoutSeconds",
        "vpcId",
    ]
    assert found["scheme"] == "is 'public'; it must be one of internet-facing, internal"
    assert found["idleTimeoutSeconds"] == "is 4001; an ALB takes 1 to 4000"


def test_each_required_argument_is_required():
    found = faults(
        lambda opts: AlbController("alb", {}, opts)  # pyright: ignore[reportArgumentType] -- on purpose
    )
    assert sorted(found) == [
        "accountId",
        "clusterName",
        "groupName",
        "oidcIssuer",
        "oidcProviderArn",
        "region",
        "roleName",
        "vpcId",
    ]
