"""Add-ons that wait for nodes: pinned, ours to overwrite, gone when they are removed."""

import json

import pulumi
import pulumi_aws as aws
import pytest

from components.cluster_addons import ClusterAddons, ClusterAddonsArgs
from components.versions import ADDONS
from tests.unit.components.building import build, faults


def arguments(**changes) -> ClusterAddonsArgs:
    base: ClusterAddonsArgs = {
        "cluster_name": "dev",
        "kubernetes_version": "1.35",
        "tags": {"team": "serving"},
    }
    return {**base, **changes}  # pyright: ignore[reportReturnType] -- tests pass wrong values on purpose


def made(**changes):
    return lambda opts: ClusterAddons("addons", arguments(**changes), opts)


@pytest.mark.parametrize("preview", [False, True])
def test_children_are_coredns_and_the_monitoring_agent(preview):
    recording = build(made(), preview=preview)
    assert recording.children("addons") == [
        ("aws:eks/addon:Addon", "addons-coredns"),
        ("aws:eks/addon:Addon", "addons-eks-node-monitoring-agent"),
    ]
    assert recording.named("addons").type == "inference-plane:index:ClusterAddons"


def test_coredns_is_pinned_overwrites_is_not_preserved_and_stays_on_system_nodes():
    inputs = build(made()).named("addons-coredns").inputs
    assert json.loads(inputs.pop("configurationValues")) == {
        "nodeSelector": {"inference-plane/role": "system"}
    }
    assert inputs == {
        "clusterName": "dev",
        "addonName": "coredns",
        "addonVersion": ADDONS["1.35"]["coredns"],
        "resolveConflictsOnCreate": "OVERWRITE",
        "resolveConflictsOnUpdate": "OVERWRITE",
        "preserve": False,
        "tags": {"team": "serving", "Name": "coredns"},
    }


def test_monitoring_agent_runs_on_every_node():
    inputs = build(made()).named("addons-eks-node-monitoring-agent").inputs
    assert "configurationValues" not in inputs


@pytest.mark.parametrize("version", ADDONS)
def test_versions_follow_the_kubernetes_version(version):
    addons = ["coredns", "metrics-server", "eks-pod-identity-agent"]
    recording = build(made(kubernetes_version=version, addons=addons))
    assert {
        r.inputs["addonName"]: r.inputs["addonVersion"] for r in recording.of_type("aws:eks/addon:Addon")
    } == {addon: ADDONS[version][addon] for addon in addons}


@pytest.mark.parametrize("preview", [False, True])
def test_output_names_the_versions(preview):
    expected = {addon: ADDONS["1.35"][addon] for addon in ("coredns", "eks-node-monitoring-agent")}
    assert build(made(), preview=preview).outputs["addons"] == {"addonVersions": expected}


def test_no_add_ons_at_all():
    recording = build(made(addons=[]))
    assert recording.children("addons") == []
    assert recording.outputs["addons"] == {"addonVersions": {}}


def test_cluster_dns_waits_for_what_the_caller_names_and_daemon_sets_do_not():
    def program(opts: pulumi.ResourceOptions) -> None:
        topic = aws.sns.Topic("nodes", opts=opts)
        made()(pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[topic])))

    recording = build(program)
    nodes = recording.named("nodes").urn
    assert nodes in recording.named("addons-coredns").depends_on
    assert nodes not in recording.named("addons-eks-node-monitoring-agent").depends_on
    assert nodes not in recording.named("addons").depends_on


def test_all_wrong_arguments_are_named_at_once():
    found = faults(
        made(cluster_name="", kubernetes_version="1.29", addons=["vpc-cni", "dns", "coredns", "coredns"])
    )
    assert set(found) == {"clusterName", "kubernetesVersion", "addons[0]", "addons[1]", "addons[3]"}
    assert found["addons[0]"] == "is 'vpc-cni', which EksCluster makes; leave it out here"
    assert "coredns" in found["addons[1]"]
