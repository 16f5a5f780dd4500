"""Which inputs of `eks:index:Cluster` the local cloud supports, and what the plugin refuses."""

from collections.abc import Mapping
from typing import Any, cast

import pulumi

from localcloud.eks.vpc_cni import VPC_CNI_OPTIONS

SUPPORTED = frozenset(
    {
        "accessEntries",
        "authenticationMode",
        "autoMode",
        "bootstrapSelfManagedAddons",
        "clusterSecurityGroupTags",
        "clusterTags",
        "corednsAddonOptions",
        "createInstanceRole",
        "createOidcProvider",
        "deletionProtection",
        "enableConfigMapMutable",
        "enabledClusterLogTypes",
        "encryptionConfigKeyArn",
        "endpointPrivateAccess",
        "endpointPublicAccess",
        "ipFamily",
        "kubeProxyAddonOptions",
        "kubernetesServiceIpAddressRange",
        "name",
        "nodeSecurityGroupTags",
        "privateSubnetIds",
        "providerCredentialOpts",
        "publicAccessCidrs",
        "publicSubnetIds",
        "skipDefaultNodeGroup",
        "skipDefaultSecurityGroups",
        "subnetIds",
        "tags",
        "upgradePolicy",
        "useDefaultVpcCni",
        "version",
        "vpcCniOptions",
        "vpcId",
    }
)
"""Inputs of the component that the local cloud expands."""

# Inputs that shape the component, so that they must be known when it is built.
_PLAIN = (
    "accessEntries",
    "authenticationMode",
    "autoMode",
    "corednsAddonOptions",
    "kubeProxyAddonOptions",
    "skipDefaultNodeGroup",
    "skipDefaultSecurityGroups",
    "useDefaultVpcCni",
    "vpcCniOptions",
)

_EMPTY: tuple[Any, ...] = (None, False, "", [], {})


def check_options(inputs: Mapping[str, Any]) -> None:
    """Raise every refusal at once, by input."""
    faults: list[pulumi.InputPropertyErrorDetails] = []

    def refuse(path: str, reason: str) -> None:
        faults.append({"property_path": path, "reason": reason})

    for name, value in sorted(inputs.items()):
        if name not in SUPPORTED and (isinstance(value, pulumi.Output) or value not in _EMPTY):
            refuse(name, "is not supported by the local cloud's eks provider")
    for name in _PLAIN:
        if isinstance(inputs.get(name), pulumi.Output):
            refuse(name, "must be a plain value: it decides which resources the component has")
    if faults:
        raise pulumi.InputPropertiesError("", faults)

    auto = enabled(inputs.get("autoMode"), default=False)
    if inputs.get("authenticationMode") != "API":
        refuse("authenticationMode", "must be API: the local cloud has no aws-auth ConfigMap")
    if not inputs.get("skipDefaultNodeGroup") and not auto:
        refuse("skipDefaultNodeGroup", "must be true: the local cloud makes no self-managed node group")
    if not inputs.get("vpcId"):
        refuse("vpcId", "is required: a simulated account has no default VPC")
    given = [key for key in ("publicSubnetIds", "privateSubnetIds") if inputs.get(key) is not None]
    if inputs.get("subnetIds") is not None and given:
        refuse("subnetIds", f"cannot go with {' and '.join(given)}: choose a single approach")
    if inputs.get("subnetIds") is None and not given:
        refuse("subnetIds", "is required, or publicSubnetIds and privateSubnetIds")
    if inputs.get("endpointPublicAccess") is False and inputs.get("publicAccessCidrs"):
        refuse("publicAccessCidrs", "can only be set when endpointPublicAccess is true")
    options = section(inputs, "vpcCniOptions")
    for name in sorted(set(options) - VPC_CNI_OPTIONS):
        refuse(f"vpcCniOptions.{name}", "is not supported by the local cloud's eks provider")
    if options.get("cniExternalSnat") and options.get("externalSnat"):
        refuse("vpcCniOptions.externalSnat", "cannot go with cniExternalSnat: give one of them")
    if faults:
        raise pulumi.InputPropertiesError("", faults)


def section(inputs: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A nested input, empty when it is not given."""
    value = inputs.get(name)
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def enabled(options: Any, *, default: bool) -> bool:
    """The switch of a nested input."""
    value = cast("dict[str, Any]", options).get("enabled") if isinstance(options, dict) else None
    return default if value is None else bool(value)
