"""The dev stack as a whole: what it registers, with which providers, in which order, and what stays secret."""

from functools import cache
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml

from config.loading import Secrets, validate
from config.settings import Settings
from plane.build import build
from tests.golden_files import check_golden
from tests.unit.recording import Recording, record

ROOT = Path(__file__).resolve().parents[3]
API_KEY = "plaintext-api-key-for-this-test"


def dev_config() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "Pulumi.dev.yaml").read_text())["config"]


def dev_settings(**areas: Any) -> Settings:
    config = dev_config()
    raw = {
        key.removeprefix("inference-plane:"): value
        for key, value in config.items()
        if key.startswith("inference-plane:")
    }
    account_id = str(raw.pop("accountId"))
    for area, change in areas.items():
        raw[area] = {**raw.get(area, {}), **change}
    return validate(raw, region=config["aws:region"], account_id=account_id, has_api_key=True)


def recorded(*, preview: bool = False, **areas: Any) -> Recording:
    outputs: dict[str, Any] = {}

    def program() -> None:
        secrets = Secrets(pulumi.Output.secret(API_KEY), None, None)
        pulumi.Output.from_input(build(dev_settings(**areas), secrets)).apply(outputs.update)

    recording = record(program, preview=preview)
    recording.outputs["stack"] = outputs
    return recording


@cache
def dev(*, preview: bool = False) -> Recording:
    return recorded(preview=preview)


@pytest.mark.parametrize("preview", [False, True])
def test_the_dev_stack_registers_exactly_the_reviewed_list(preview: bool) -> None:
    lines = sorted(f"{r.type}  {r.name}" for r in dev(preview=preview).registrations)
    check_golden("dev/registrations.txt", "\n".join(lines) + "\n")


@pytest.mark.parametrize("preview", [False, True])
def test_every_resource_and_invoke_uses_an_explicit_provider(preview: bool) -> None:
    recording = dev(preview=preview)
    customs = [r for r in recording.registrations if r.request.custom and not r.type.startswith("pulumi:")]
    assert customs
    assert [r.name for r in customs if not r.provider] == []
    # The engine itself answers `pulumi:` functions: they look up a remote component's own resources.
    invokes = [
        (token, provider) for token, provider, _ in recording.invokes if not token.startswith("pulumi:")
    ]
    assert [token for token, provider in invokes if not provider] == []


def test_aws_resources_use_the_aws_provider_and_kubernetes_objects_the_clusters_own() -> None:
    for registration in dev().registrations:
        if registration.type.startswith("aws:"):
            assert "pulumi:providers:aws::aws::" in registration.provider, registration.name
        if registration.type.startswith("kubernetes:"):
            assert "pulumi:providers:kubernetes::cluster-kubernetes::" in registration.provider, (
                registration.name
            )


@pytest.mark.parametrize("preview", [False, True])
def test_the_api_key_crosses_the_wire_only_inside_a_secret(preview: bool) -> None:
    assert [text for text in dev(preview=preview).plaintext() if API_KEY in text] == []


def test_the_api_key_reaches_the_clusters_secret() -> None:
    secrets = [
        r for r in dev().of_type("kubernetes:core/v1:Secret") if r.inputs["metadata"]["name"] == "vllm-auth"
    ]
    assert [secret.inputs["stringData"] for secret in secrets] == [{"VLLM_API_KEY": API_KEY}]
    assert "stringData" in secrets[0].secret_paths


def test_the_charts_values_are_all_known_at_preview() -> None:
    def values(recording: Recording) -> Any:
        return recording.one("kubernetes:helm.sh/v3:Release", "serving-release").inputs["values"]

    assert values(dev(preview=True)) == values(dev())


def test_nothing_is_made_that_the_dev_stack_does_not_ask_for() -> None:
    types = set(dev().types())
    assert "inference-plane:index:ExternalDns" not in types
    assert "inference-plane:index:EfaDevicePlugin" not in types
    assert "aws:acm/certificate:Certificate" not in types
    assert "aws:ec2/placementGroup:PlacementGroup" not in types
    assert "aws:ec2/flowLog:FlowLog" not in types


def test_the_release_comes_after_the_controllers_the_nodes_and_the_role() -> None:
    release = dev().named("serving-release")
    waits_for = {urn.rsplit("::", 1)[-1] for urn in release.depends_on}
    for needed in (
        "alb-controller-release",
        "gpu-operator-release",
        "gpu-nodes-nodes",
        "checkpoint-reader-role",
    ):
        assert needed in waits_for


def test_roles_templates_and_namespaces_wait_for_nothing_that_they_do_not_use() -> None:
    recording = dev()
    for name in (
        "system-nodes-role",
        "system-nodes-template",
        "gpu-nodes-role",
        "gpu-nodes-template",
        "gpu-operator-namespace",
        "serving-namespace",
    ):
        parents = recording.named(name).depends_on | recording.named(_component_of(name)).depends_on
        assert parents == set(), name


def _component_of(child: str) -> str:
    return child.rsplit("-", 1)[0]


def test_nodes_wait_for_their_routes_and_the_gpu_operator_for_nodes_but_not_for_dns() -> None:
    recording = dev()

    def waits(name: str) -> set[str]:
        return {urn.rsplit("::", 1)[-1] for urn in recording.named(name).depends_on}

    for nodes in ("system-nodes-nodes", "gpu-nodes-nodes"):
        assert {"network-private-b-egress", "network-private-b-association", "network-s3"} <= waits(nodes)
        assert "cluster-cluster" in waits(nodes)
    assert "gpu-nodes-nodes" not in waits("system-nodes-nodes")
    assert "system-nodes-nodes" in waits("gpu-operator-release")
    assert "cluster-addons-coredns" not in waits("gpu-operator-release")
    assert "cluster-addons-coredns" in waits("alb-controller-release")


def test_the_gpu_nodes_use_only_the_subnet_in_the_reservations_zone() -> None:
    group = dev().named("gpu-nodes-nodes")
    assert group.inputs["subnetIds"] == ["network-private-b-id"]


def test_outputs_name_every_model_with_its_endpoint_and_prefix() -> None:
    outputs = dev().outputs["stack"]
    models = {"laguna-m", "laguna-xs", "point"}
    assert set(outputs["modelEndpoints"]) == set(outputs["checkpointPrefixes"]) == models
    assert outputs["modelEndpoints"]["point"] == "https://point.models.example.com/v1"
    assert set(outputs["roleArns"]) == {"checkpointReader", "albController", "gpuNodes", "systemNodes"}
    assert outputs["checkpointPrefixes"]["point"].endswith("/checkpoints/point")
    assert set(outputs) == {
        "clusterName",
        "clusterEndpoint",
        "kubeconfigCommand",
        "checkpointBucket",
        "checkpointPrefixes",
        "repositoryUrls",
        "roleArns",
        "namespace",
        "modelEndpoints",
        "modelDeployments",
        "nextSteps",
    }


def test_a_public_endpoint_always_says_whom_it_answers() -> None:
    """Left out, an earlier limit would stay."""

    def networks(**cluster: Any) -> Any:
        return recorded(cluster=cluster).one("eks:index:Cluster").inputs.get("publicAccessCidrs")

    assert networks() == ["0.0.0.0/0"]
    assert networks(publicAccessCidrs=["198.51.100.0/24"]) == ["198.51.100.0/24"]
    assert networks(endpointPublicAccess=False) is None


def test_an_internal_load_balancer_is_asked_for_where_settings_say_so() -> None:
    recording = recorded(ingress={"scheme": "internal"})
    params = [r for r in recording.registrations if r.type.endswith(":IngressClassParams")]
    assert [r.inputs["spec"]["scheme"] for r in params] == ["internal"]


def test_a_hosted_zone_brings_a_new_certificate_and_dns_records() -> None:
    certificate = {"domainNames": ["*.models.example.com"], "hostedZoneId": "Z0123456789ABCDEFGHIJ"}
    types = recorded(ingress={"certificate": certificate}).types()
    assert "aws:acm/certificate:Certificate" in types
    assert "aws:acm/certificateValidation:CertificateValidation" in types
    assert "inference-plane:index:ExternalDns" in types


def test_efa_brings_its_security_group_and_its_device_plugin() -> None:
    recording = recorded(gpuNodes={"efa": True})
    assert recording.of_type("inference-plane:index:EfaDevicePlugin")
    template = recording.named("gpu-nodes-template")
    assert len(template.inputs["networkInterfaces"]) == 33
    assert recording.one("aws:ec2/securityGroup:SecurityGroup", "gpu-nodes-efa")


def test_a_network_without_nat_gets_the_endpoints_of_a_closed_vpc() -> None:
    recording = recorded(network={"nat": "none"})
    services = {
        r.inputs["serviceName"].rsplit("us-east-2.", 1)[-1]
        for r in recording.of_type("aws:ec2/vpcEndpoint:VpcEndpoint")
    }
    assert {"ecr.api", "ecr.dkr", "sts", "ec2", "eks", "logs", "elasticloadbalancing", "s3"} <= services
    assert recording.of_type("aws:ec2/natGateway:NatGateway") == []


def chart_values(recording: Recording) -> dict[str, Any]:
    return recording.one("kubernetes:helm.sh/v3:Release", "serving-release").inputs["values"]


def test_the_image_settings_reach_the_chart_and_are_left_to_it_otherwise() -> None:
    assert set(chart_values(dev())["image"]) == {"registry"}
    image = chart_values(recorded(images={"name": "atlas-next", "tag": "v2"}))["image"]
    assert {key: image[key] for key in ("name", "tag")} == {"name": "atlas-next", "tag": "v2"}


def test_model_pods_get_their_role_by_annotation_and_no_agent_runs_for_it() -> None:
    account = chart_values(dev())["serviceAccount"]
    assert account["annotations"] == {
        "eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/inference-us-east-2-checkpoint-reader"
    }
    assert dev().of_type("aws:eks/podIdentityAssociation:PodIdentityAssociation") == []
    assert "cluster-addons-eks-pod-identity-agent" not in {r.name for r in dev().registrations}


def test_with_pod_identity_they_get_the_same_role_by_an_association_and_no_annotation() -> None:
    recording = recorded(access={"mode": "pod-identity"})
    assert "annotations" not in chart_values(recording)["serviceAccount"]
    association = recording.one("aws:eks/podIdentityAssociation:PodIdentityAssociation")
    assert association.inputs["namespace"] == "poolside-models"
    assert association.inputs["serviceAccount"] == "inference"
    assert association.inputs["roleArn"].endswith(":role/inference-us-east-2-checkpoint-reader")
    agent = recording.named("cluster-addons-eks-pod-identity-agent")
    assert agent.inputs["addonName"] == "eks-pod-identity-agent"
    waits_for = {urn.rsplit("::", 1)[-1] for urn in recording.named("serving-release").depends_on}
    assert {agent.name, "checkpoint-reader-association"} <= waits_for


def test_a_closed_network_has_an_endpoint_for_the_pod_identity_agent() -> None:
    def services(**areas: Any) -> set[str]:
        endpoints = recorded(network={"nat": "none"}, **areas).of_type("aws:ec2/vpcEndpoint:VpcEndpoint")
        return {endpoint.inputs["serviceName"].rsplit(".", 1)[-1] for endpoint in endpoints}

    assert services(access={"mode": "pod-identity"}) - services() == {"eks-auth"}
