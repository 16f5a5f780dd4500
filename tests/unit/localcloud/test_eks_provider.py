"""The local cloud expands eks.Cluster exactly as the published plugin was recorded to."""

import json
from typing import Any, cast

import pulumi
import pytest

from localcloud.providers.eks import Cluster, EksProvider
from tests.golden_files import GOLDEN
from tests.unit.recording import Recording, record

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
        "corednsAddonOptions": {"version": "v1.12.0-eksbuild.1"},
    },
    AUTO: {
        **COMMON,
        "autoMode": {"enabled": True},
        "corednsAddonOptions": {"version": "v1.0.0-eksbuild.1"},
    },
}


def as_recorded(type_: str, name: str, inputs: dict[str, Any]) -> dict[str, Any]:
    """The outputs that the recording's AWS provider gave."""
    if type_ == "aws:iam/role:Role":
        return {"arn": f"arn:aws:x:us-east-1:123456789012:{name}", "name": f"<reference {name}>"}
    if type_ == "aws:eks/cluster:Cluster":
        return {"name": name, "identities": [{"oidcs": [{"issuer": "https://issuer"}]}]}
    return {}


def expand(inputs: dict[str, Any], *, preview: bool = False) -> Recording:
    return record(lambda: Cluster("plane", inputs, None), state=as_recorded, preview=preview)


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
        (r.type, r.name): {"under": under(recording, r.urn), "inputs": r.inputs}
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


def test_a_kubernetes_provider_of_its_own_is_registered_after_the_access_entries() -> None:
    provider = expand(INPUTS[MANAGED]).one("pulumi:providers:kubernetes")
    assert any("plane-admin" in urn for urn in provider.depends_on)


@pytest.mark.parametrize("shape", RECORDED)
def test_a_preview_with_unknowns_registers_the_same_children(shape: str) -> None:
    assert expand(INPUTS[shape], preview=True).types() == expand(INPUTS[shape]).types()


def test_an_input_that_is_not_supported_is_refused_by_name() -> None:
    with pytest.raises(pulumi.InputPropertiesError) as caught:
        EksProvider().construct(
            "plane", "eks:index:Cluster", {**COMMON, "fargate": True, "desiredCapacity": 3}
        )
    details = cast("list[Any]", caught.value.errors)
    assert [fault["property_path"] for fault in details] == ["desiredCapacity", "fargate"]


def test_an_addon_without_a_version_is_refused() -> None:
    with pytest.raises(pulumi.InputPropertyError, match="pin the add-on's version"):
        expand({**INPUTS[MANAGED], "vpcCniOptions": {}})
