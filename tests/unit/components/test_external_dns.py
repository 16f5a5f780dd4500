"""ExternalDNS: a role for one zone only, and records that this cluster owns."""

import json

import pulumi
import pytest

from components.external_dns import ExternalDns, ExternalDnsArgs, external_dns_policy
from components.scheduling import SYSTEM_NODE_SELECTOR
from tests.golden_files import check_golden, pretty_json
from tests.unit.components.in_cluster import build, custom_resources, faults, leaf_keys, unknowns
from tests.unit.recording import ACCOUNT, REGION

ISSUER = f"oidc.eks.{REGION}.amazonaws.com/id/0123456789ABCDEF"
ZONE = "Z0123456789ABCDEFGHIJ"
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/dev-external-dns"

# Each exists in charts/external-dns/values.yaml of external-dns-helm-chart-1.19.0.
CHART_KEYS = {
    "provider.name",
    "sources",
    "policy",
    "registry",
    "txtOwnerId",
    "domainFilters",
    "extraArgs",
    "triggerLoopOnEvent",
    "serviceAccount.create",
    "serviceAccount.name",
    "serviceAccount.annotations.eks.amazonaws.com/role-arn",
    "env",
    "nodeSelector.inference-plane/role",
}


def arguments(**changes) -> ExternalDnsArgs:
    base: ExternalDnsArgs = {
        "hosted_zone_id": ZONE,
        "domain_filters": ["models.example.com"],
        "cluster_name": "dev",
        "region": REGION,
        "account_id": ACCOUNT,
        "oidc_provider_arn": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{ISSUER}",
        "oidc_issuer": ISSUER,
        "role_name": "dev-external-dns",
    }
    return {**base, **changes}  # pyright: ignore[reportReturnType] -- tests pass wrong values on purpose


def made(**changes):
    return lambda opts: ExternalDns("dns", arguments(**changes), opts)


def test_children_are_the_role_and_the_release_that_waits_for_it():
    recording = build(made())
    assert recording.named("dns").type == "inference-plane:index:ExternalDns"
    assert recording.children("dns") == [
        ("inference-plane:index:IrsaRole", "dns-role"),
        ("kubernetes:helm.sh/v3:Release", "dns-release"),
    ]
    assert len(custom_resources(recording)) == 4
    assert recording.named("dns-release").depends_on == {
        recording.named(f"dns-role-{part}").urn for part in ("role", "policy", "policy-attachment")
    }


def test_the_role_may_change_records_of_the_given_zone_only():
    recording = build(made(tags={"team": "serving"}))
    policy = recording.named("dns-role-policy").inputs["policy"]
    check_golden("iam/external-dns.json", pretty_json(policy))
    writing = [
        s for s in json.loads(policy)["Statement"] if "route53:ChangeResourceRecordSets" in s["Action"]
    ]
    assert [s["Resource"] for s in writing] == [[f"arn:aws:route53:::hostedzone/{ZONE}"]]
    assert recording.named("dns-role-role").inputs["tags"]["team"] == "serving"


def test_the_zones_arn_carries_the_partition_of_the_region():
    statements = external_dns_policy(ZONE, "us-gov-west-1")["Statement"]
    assert statements[0]["Resource"] == [f"arn:aws-us-gov:route53:::hostedzone/{ZONE}"]


@pytest.mark.parametrize("namespace", ["kube-system", "dns"])
def test_the_role_is_trusted_by_the_service_account_of_the_release(namespace):
    recording = build(made(namespace=namespace))
    trust = json.loads(recording.named("dns-role-role").inputs["assumeRolePolicy"])
    subject = trust["Statement"][0]["Condition"]["StringEquals"][f"{ISSUER}:sub"]
    release = recording.named("dns-release").inputs
    account = release["values"]["serviceAccount"]["name"]
    assert subject == f"system:serviceaccount:{release['namespace']}:{account}"
    assert release["namespace"] == namespace


def test_the_release_is_pinned_and_rolls_back():
    inputs = build(made()).named("dns-release").inputs
    assert inputs == {
        "name": "external-dns",
        "namespace": "kube-system",
        "chart": "external-dns",
        "repositoryOpts": {"repo": "https://kubernetes-sigs.github.io/external-dns"},
        "version": "1.19.0",
        "values": {
            "provider": {"name": "aws"},
            "sources": ["ingress"],
            "policy": "sync",
            "registry": "txt",
            "txtOwnerId": "dev",
            "domainFilters": ["models.example.com"],
            "extraArgs": [f"--zone-id-filter={ZONE}", "--aws-zone-match-parent"],
            "triggerLoopOnEvent": True,
            "serviceAccount": {
                "create": True,
                "name": "external-dns",
                "annotations": {"eks.amazonaws.com/role-arn": ROLE_ARN},
            },
            "env": [{"name": "AWS_DEFAULT_REGION", "value": REGION}],
            "nodeSelector": SYSTEM_NODE_SELECTOR,
        },
        "atomic": True,
        "cleanupOnFail": True,
        "timeout": 600,
        "maxHistory": 10,
        "compat": "true",
    }


def test_only_keys_that_the_chart_has_are_set():
    assert leaf_keys(build(made()).named("dns-release").inputs["values"]) == CHART_KEYS


def test_arguments_reach_the_release():
    inputs = (
        build(made(policy="upsert-only", chart_version="1.18.0", timeout_seconds=60))
        .named("dns-release")
        .inputs
    )
    assert (inputs["values"]["policy"], inputs["version"], inputs["timeout"]) == ("upsert-only", "1.18.0", 60)


def test_values_and_outputs_are_known_at_preview():
    unknown = pulumi.Output.from_input(pulumi.UNKNOWN)
    recording = build(made(oidc_provider_arn=unknown, oidc_issuer=unknown), preview=True)
    assert unknowns(recording.named("dns-release").inputs) == []
    assert recording.outputs["dns"] == {"roleArn": ROLE_ARN, "releaseName": "external-dns"}


def test_every_fault_is_reported_at_once_with_its_path():
    found = faults(
        made(
            hosted_zone_id="/hostedzone/Z1",
            domain_filters=["example.com", "*.example.com"],
            cluster_name="",
            policy="create-only",
            namespace="Kube",
            timeout_seconds=-1,
        )
    )
    assert sorted(found) == [
        "clusterName",
        "domainFilters[1]",
        "hostedZoneId",
        "namespace",
        "policy",
        "timeoutSeconds",
    ]


def test_each_required_argument_is_required():
    found = faults(
        lambda opts: ExternalDns("dns", {}, opts)  # pyright: ignore[reportArgumentType] -- on purpose
    )
    assert sorted(found) == [
        "accountId",
        "clusterName",
        "domainFilters",
        "hostedZoneId",
        "oidcIssuer",
        "oidcProviderArn",
        "region",
        "roleName",
    ]
