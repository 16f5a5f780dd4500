"""The VPC CNI add-on with the environment that the plugin computes for it."""

from collections.abc import Mapping
from typing import Any

import pulumi

from localcloud.eks.resources import Child, addon, addon_version, configuration, conflicts

# Option -> (environment variable, value without the option; empty leaves the variable out).
_ENVIRONMENT = {
    "nodePortSupport": ("AWS_VPC_CNI_NODE_PORT_SUPPORT", ""),
    "customNetworkConfig": ("AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG", ""),
    "warmEniTarget": ("WARM_ENI_TARGET", "1"),
    "warmIpTarget": ("WARM_IP_TARGET", ""),
    "warmPrefixTarget": ("WARM_PREFIX_TARGET", ""),
    "enablePrefixDelegation": ("ENABLE_PREFIX_DELEGATION", ""),
    "logLevel": ("AWS_VPC_K8S_CNI_LOGLEVEL", "DEBUG"),
    "logFile": ("AWS_VPC_K8S_CNI_LOG_FILE", "/host/var/log/aws-routed-eni/ipamd.log"),
    "vethPrefix": ("AWS_VPC_K8S_CNI_VETHPREFIX", "eni"),
    "eniMtu": ("AWS_VPC_ENI_MTU", "9001"),
    "eniConfigLabelDef": ("ENI_CONFIG_LABEL_DEF", ""),
    "pluginLogLevel": ("AWS_VPC_K8S_PLUGIN_LOG_LEVEL", "DEBUG"),
    "pluginLogFile": ("AWS_VPC_K8S_PLUGIN_LOG_FILE", "/var/log/aws-routed-eni/plugin.log"),
    "enablePodEni": ("ENABLE_POD_ENI", "false"),
    "cniConfigureRpfilter": ("AWS_VPC_K8S_CNI_CONFIGURE_RPFILTER", ""),
    "cniCustomNetworkCfg": ("AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG", "false"),
    "cniExternalSnat": ("AWS_VPC_K8S_CNI_EXTERNALSNAT", "false"),
    "externalSnat": ("AWS_VPC_K8S_CNI_EXTERNALSNAT", ""),
}

VPC_CNI_OPTIONS = frozenset(
    {
        *_ENVIRONMENT,
        "addonVersion",
        "configurationValues",
        "disableTcpEarlyDemux",
        "enableNetworkPolicy",
        "resolveConflictsOnCreate",
        "resolveConflictsOnUpdate",
        "serviceAccountRoleArn",
    }
)
"""Options that are supported: all but the patch of the daemon set's security context."""


class VpcCniAddon(pulumi.ComponentResource):
    """The add-on ``vpc-cni``."""

    def __init__(
        self, name: str, cluster: Child, options: Mapping[str, Any], tags: Any, opts: pulumi.ResourceOptions
    ) -> None:
        super().__init__("eks:index:VpcCniAddon", name, {}, opts)
        given = {key: value for key, value in options.items() if value is not None}
        values = pulumi.Output.from_input(given).apply(configuration_values)
        self.addon = addon(
            name,
            cluster,
            "vpc-cni",
            addon_version("vpc-cni", options, cluster.output("version"), self),
            self,
            **conflicts(options),
            configurationValues=configuration(values),
            serviceAccountRoleArn=options.get("serviceAccountRoleArn"),
            tags=tags,
        )
        self.register_outputs({"addon": self.addon})


def configuration_values(options: Mapping[str, Any]) -> dict[str, Any]:
    """The add-on's configuration: the given values, with the options as environment variables below them."""
    environment: dict[str, str] = {}
    for option, (variable, default) in _ENVIRONMENT.items():
        # Some options share a variable; the plugin lets the one that is given win over the other's default.
        value = options.get(option)
        if value:
            environment[variable] = _text(value)
        elif default and variable not in environment:
            environment[variable] = default
    init = {"DISABLE_TCP_EARLY_DEMUX": _text(options.get("disableTcpEarlyDemux") or False)}
    values: dict[str, Any] = dict(options.get("configurationValues") or {})
    if "enableNetworkPolicy" in options:
        values.setdefault("enableNetworkPolicy", _text(options["enableNetworkPolicy"]))
    given_init: dict[str, Any] = values.get("init") or {}
    values["env"] = {**environment, **(values.get("env") or {})}
    values["init"] = {**given_init, "env": {**init, **(given_init.get("env") or {})}}
    return values


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
