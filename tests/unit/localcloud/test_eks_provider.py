"""The local cloud expands eks.Cluster exactly as the published plugin was recorded to."""

import json
from typing import Any, cast

import pulumi
import pytest

from localcloud.eks.cluster import Cluster
from localcloud.providers.eks import EksProvider
from tests.golden_files import GOLDEN
from tests.unit.recording import REFERENCE_SENTINEL, SECRET_SIGNATURE, Recording, record

RECORDED: dict[str, list[dict[str, Any]]] = json.loads((GOLDEN / "eks" / "plugin.json").read_text())
MANAGED, AUTO = RECORDED

COMMON: dict[str, Any] = {
    "name": "plane",
    "vpcId": "vpc-1",
    "publicSubnetIds": ["subnet-3", "subnet-4"],
    "privateSubnetIds": ["subnet-1", "subnet-2"],
    "version": "1.35",
    "authenticationMode": "API",
    "createOidcProvider": False,
    "enabledClusterLogTypes": ["api", "audit"],
    "encryptionConfigKeyArn": "arn:aws:kms:us-east-1:1:key/x",
    "endpointPrivateAccess": True,
    "endpointPublicAccess": True,
    "accessEntries": {
        "admin": {
            "principalArn": "arn:aws:iam::1:role/admin",
            "accessPolicies": {
                "a": {
                    "policyArn": "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy",
                    "accessScope": {"type": "cluster"},
                }
            },
        }
    },
}
INPUTS: dict[str, dict[str, Any]] = {
    MANAGED: {
        **COMMON,
        "skipDefaultNodeGroup": True,
        "vpcCniOptions": {"addonVersion": "v1.20.0-eksbuild.1"},
        "kubeProxyAddonOptions": {"version": "v1.35.0-eksbuild.1"},
        # The SDK writes `enabled` out.
        "corednsAddonOptions": {"enabled": True, "version": "v1.12.0-eksbuild.1"},
    },
    AUTO: {
        **COMMON,
        "autoMode": {"enabled": True},
    },
}


def as_recorded(type_: str, name: str, inputs: dict[str, Any]) -> dict[str, Any]:
    """The outputs that the recording's AWS provider gave."""
    if type_ == "aws:iam/role:Role":
        return {"arn": f"arn:aws:x:us-east-1:123456789012:{name}"}
    if type_ == "aws:eks/cluster:Cluster":
        return {"name": name, "identities": [{"oidcs": [{"issuer": "https://issuer"}]}]}
    return {}


INVOKES: dict[str, dict[str, Any]] = {
    "aws:index/getPartition:getPartition": {"partition": "aws"},
    "aws:eks/getAddonVersion:getAddonVersion": {"version": "v1.0.0-eksbuild.1"},
}


def expand(inputs: dict[str, Any], *, preview: bool = False) -> Recording:
    def program() -> None:
        Cluster("plane", inputs, pulumi.ResourceOptions())

    return record(program, state=as_recorded, preview=preview, invokes=INVOKES)


def without(inputs: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in inputs.items() if name != key}


def with_names(value: Any) -> Any:
    """Inputs with resource references in the form of the record."""
    if isinstance(value, dict):
        mapping = cast("dict[str, Any]", value)
        if mapping.get(SECRET_SIGNATURE) == REFERENCE_SENTINEL:
            return f"<reference {mapping['urn'].rsplit('::', 1)[-1]}>"
        return {key: with_names(item) for key, item in mapping.items()}
    return [with_names(item) for item in cast("list[Any]", value)] if isinstance(value, list) else value


def under(recording: Recording, urn: str) -> str:
    """Type chain of a resource below the component, as in its URN."""
    by_urn = {registration.urn: registration for registration in recording.registrations}
    chain: list[str] = []
    at = by_urn.get(urn)
    while at is not None:
        chain.insert(0, at.type)
        at = by_urn.get(at.parent)
    return "$".join(chain)


@pytest.mark.parametrize("shape", RECORDED)
def test_children_names_parents_and_inputs_are_the_plugins(shape: str) -> None:
    recording = expand(INPUTS[shape])
    ours = {
        (r.type, r.name): {"under": under(recording, r.urn), "inputs": with_names(r.inputs)}
        for r in recording.registrations
        if r.type.startswith("aws:")
    }
    theirs = {
        (child["type"], child["name"]): {"under": child["under"], "inputs": child["inputs"]}
        for child in RECORDED[shape]
    }
    assert sorted(ours) == sorted(theirs)
    for child, expected in theirs.items():
        assert ours[child] == expected, child


def test_without_coredns_only_the_two_node_addons_are_made() -> None:
    recording = expand({**INPUTS[MANAGED], "corednsAddonOptions": {"enabled": False}})
    addons = [r.inputs["addonName"] for r in recording.of_type("aws:eks/addon:Addon")]
    assert sorted(addons) == ["kube-proxy", "vpc-cni"]


def test_coredns_is_made_without_nodes_only_when_it_is_asked_for() -> None:
    assert "plane-coredns" not in [
        r.name for r in expand(without(INPUTS[MANAGED], "corednsAddonOptions")).registrations
    ]


def test_the_kubernetes_provider_of_its_own_asks_the_aws_cli_for_tokens() -> None:
    provider = expand({**INPUTS[MANAGED], "providerCredentialOpts": {"profileName": "ops"}}).one(
        "pulumi:providers:kubernetes", "plane-eks-k8s"
    )
    config = json.loads(provider.inputs["kubeconfig"])
    arguments = config["users"][0]["user"]["exec"]["args"]
    assert arguments == [
        *("--region", "us-east-2", "eks", "get-token", "--cluster-name", "plane-eksCluster"),
        *("--output", "json", "--profile", "ops"),
    ]
    assert config["clusters"][0]["cluster"]["certificate-authority-data"] == "Q0E="


def test_the_kubeconfig_output_names_no_profile() -> None:
    recording = expand({**INPUTS[MANAGED], "providerCredentialOpts": {"profileName": "ops"}})
    outputs = recording.outputs["plane"]
    assert "--profile" not in outputs["kubeconfigJson"]
    assert outputs["oidcIssuer"] == "issuer"
    assert outputs["nodeSecurityGroupId"] == "plane-nodeSecurityGroup-id"


def test_tags_reach_every_child_that_the_plugin_tags() -> None:
    recording = expand(
        {**INPUTS[MANAGED], "tags": {"team": "a"}, "clusterTags": {"team": "b", "only": "cluster"}}
    )
    tagged = {r.name for r in recording.registrations if (r.inputs.get("tags") or {}).get("team") == "a"}
    assert tagged == {
        "plane-eksCluster",
        "plane-eksClusterSecurityGroup",
        "plane-eksRole-role",
        "plane-nodeSecurityGroup",
        "plane-coredns",
        "plane-kube-proxy",
        "plane-vpc-cni",
    }
    cluster = recording.one("aws:eks/cluster:Cluster")
    assert cluster.inputs["tags"] == {"Name": "plane-eksCluster", "team": "a", "only": "cluster"}


def test_children_use_the_provider_that_the_component_was_given() -> None:
    def program() -> None:
        provider = pulumi.ProviderResource("aws", "mine", {})
        options = pulumi.ResourceOptions(providers=[provider])
        Cluster("plane", INPUTS[MANAGED], options)

    recording = record(program, state=as_recorded, invokes=INVOKES)
    children = [r for r in recording.registrations if r.type.startswith("aws:")]
    assert all("pulumi:providers:aws::mine" in r.provider for r in children)
    invokes = [(token, provider) for token, provider, _ in recording.invokes if token.startswith("aws:")]
    assert [token for token, _ in invokes] == ["aws:index/getPartition:getPartition"]
    assert all("::mine::" in provider for _, provider in invokes)


def test_the_cluster_waits_for_its_roles_policies() -> None:
    cluster = expand(INPUTS[AUTO]).one("aws:eks/cluster:Cluster")
    waits = {urn.rsplit("::", 1)[-1] for urn in cluster.depends_on}
    assert {"plane-eksRole-4b490823", "plane-nodeRole-7b85ae6b", "plane-nodeRole-22021ef5"} <= waits


def test_options_of_the_vpc_cni_become_its_environment() -> None:
    options = {
        "addonVersion": "v1.20.0-eksbuild.1",
        "enablePrefixDelegation": True,
        "warmPrefixTarget": 1,
        "externalSnat": True,
        "enableNetworkPolicy": True,
        "configurationValues": {"env": {"WARM_ENI_TARGET": "0"}, "tolerations": []},
    }
    addon = expand({**INPUTS[MANAGED], "vpcCniOptions": options}).one("aws:eks/addon:Addon", "plane-vpc-cni")
    values = json.loads(addon.inputs["configurationValues"])
    assert values["env"]["ENABLE_PREFIX_DELEGATION"] == "true"
    assert values["env"]["WARM_PREFIX_TARGET"] == "1"
    assert values["env"]["AWS_VPC_K8S_CNI_EXTERNALSNAT"] == "true"
    assert values["env"]["WARM_ENI_TARGET"] == "0"
    assert values["enableNetworkPolicy"] == "true"
    assert values["tolerations"] == []


@pytest.mark.parametrize("shape", RECORDED)
def test_a_preview_with_unknowns_registers_the_same_children(shape: str) -> None:
    assert expand(INPUTS[shape], preview=True).types() == expand(INPUTS[shape]).types()


def refusals(inputs: dict[str, Any]) -> list[str]:
    with pytest.raises(pulumi.InputPropertiesError) as caught:
        expand(inputs)
    return [fault["property_path"] for fault in cast("list[Any]", caught.value.errors)]


def test_inputs_that_are_not_supported_are_refused_by_name() -> None:
    assert refusals({**COMMON, "fargate": True, "desiredCapacity": 3}) == ["desiredCapacity", "fargate"]
    assert refusals({**INPUTS[MANAGED], "vpcCniOptions": {"securityContextPrivileged": True}}) == [
        "vpcCniOptions.securityContextPrivileged"
    ]


def test_what_the_plugin_could_not_build_here_is_refused_all_at_once() -> None:
    inputs = {**without(COMMON, "vpcId"), "authenticationMode": "CONFIG_MAP", "subnetIds": ["subnet-9"]}
    assert refusals(inputs) == ["authenticationMode", "skipDefaultNodeGroup", "vpcId", "subnetIds"]


def test_an_addon_without_a_version_gets_the_one_that_the_account_answers() -> None:
    addon = expand({**INPUTS[MANAGED], "vpcCniOptions": {}}).one("aws:eks/addon:Addon", "plane-vpc-cni")
    assert addon.inputs["addonVersion"] == "v1.0.0-eksbuild.1"


def test_another_component_is_refused() -> None:
    with pytest.raises(ValueError, match="builds eks:index:Cluster only"):
        EksProvider().construct("nodes", "eks:index:ManagedNodeGroup", {})
