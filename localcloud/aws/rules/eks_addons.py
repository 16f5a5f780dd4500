"""EKS add-ons and their workloads."""

import json
import re
from typing import ClassVar

from components.versions import ADDONS
from localcloud.aws.account import Account
from localcloud.aws.addon_objects import KNOWN_ADDONS, addon_objects
from localcloud.aws.errors import AwsError
from localcloud.aws.rules.base import Call, Rule, rule, text
from localcloud.aws.rules.eks_cluster_checks import ADDON, CLUSTER, CLUSTER_REFERENCE, minor
from localcloud.aws.rules.iam import ROLE
from localcloud.aws.store import Record
from localcloud.providers.protocol import UNKNOWN, CheckFailure, Properties, ProviderError

_ADDON_SECONDS = 120.0
_CREATED = "2026-01-01T00:00:00Z"


def _fits(addon: str, version: str, kubernetes: str) -> bool:
    """Whether EKS offers an add-on version for a Kubernetes version.

    kube-proxy carries the version of its Kubernetes. Of CoreDNS, EKS offers the minor version that is current for
    a Kubernetes version and some older ones; two is an estimate (``aws eks describe-addon-versions`` tells). The
    other add-ons' versions are for every Kubernetes version in support.
    """
    if addon == "kube-proxy":
        return version.startswith(f"v{kubernetes}.")
    current = ADDONS.get(kubernetes, {}).get(addon)
    if addon != "coredns" or current is None:
        return True
    return minor(current) - 2 <= minor(version) <= minor(current)


@rule(ADDON)
class AddonRule(Rule):
    """An EKS add-on with its workloads."""

    references = (CLUSTER_REFERENCE,)
    defaults: ClassVar[Properties] = {"resolveConflictsOnCreate": "NONE", "preserve": False}

    def faults(self, inputs: Properties, account: Account) -> list[CheckFailure]:
        """The form of the version and of the configuration."""
        del account
        failures: list[CheckFailure] = []
        version = text(inputs.get("addonVersion"))
        if version and version != UNKNOWN and not re.fullmatch(r"v\d+\.\d+\.\d+-eksbuild\.\d+", version):
            failures.append(
                CheckFailure("addonVersion", f"{version!r} is no add-on version like v1.12.0-eksbuild.1")
            )
        if inputs.get("resolveConflictsOnCreate") == "PRESERVE":
            failures.append(CheckFailure("resolveConflictsOnCreate", "expected one of 'NONE', 'OVERWRITE'"))
        return failures

    def identity(self, call: Call, inputs: Properties) -> str:
        """Cluster and add-on."""
        return f"{inputs['clusterName']}:{inputs['addonName']}"

    def admit(self, call: Call, inputs: Properties, record: Record | None) -> None:
        """A known add-on at a version for this Kubernetes, once per cluster, with valid configuration."""
        addon, version = inputs["addonName"], text(inputs.get("addonVersion"))
        cluster = call.store.get(CLUSTER, inputs["clusterName"])
        assert cluster is not None
        if addon not in KNOWN_ADDONS:
            raise AwsError("InvalidParameterException", f"Addon {addon} specified is not supported")
        kubernetes = text(cluster.state.get("version"))
        if version and not _fits(addon, version, kubernetes):
            raise AwsError(
                "InvalidParameterException",
                f"Addon version specified is not supported: {addon} {version} is not for Kubernetes {kubernetes}",
            )
        if record is None and call.store.get(ADDON, self.identity(call, inputs)):
            raise AwsError("ResourceInUseException", "Addon already exists.")
        values = text(inputs.get("configurationValues"))
        try:
            valid = not values or isinstance(json.loads(values), dict)
        except ValueError:
            valid = False
        if not valid:
            raise AwsError(
                "InvalidParameterException",
                "ConfigurationValue provided in request is not supported: Json schema validation failed",
            )
        role = text(inputs.get("serviceAccountRoleArn"))
        if role and not call.store.find(ROLE, arn=role):
            raise AwsError("InvalidParameterException", f"The role {role} cannot be found.")

    def computed(self, call: Call, id_: str, inputs: Properties) -> Properties:
        """The version that EKS chooses, and when it did."""
        version = inputs.get("addonVersion") or "v1.0.0-eksbuild.1"
        return {"addonVersion": version, "createdAt": _CREATED, "modifiedAt": _CREATED}

    def _run(self, call: Call, record: Record) -> None:
        state = record.state
        objects = addon_objects(
            state["addonName"], state["addonVersion"], call.region, text(state.get("configurationValues"))
        )
        call.cluster.apply(objects)
        problem = call.cluster.wait_available(objects, min(call.remaining, _ADDON_SECONDS))
        if problem:
            raise ProviderError(
                f"unexpected state 'DEGRADED', wanted target 'ACTIVE'. last error: {record.id}: "
                f"InsufficientNumberOfReplicas: The add-on is unhealthy because it doesn't have the desired "
                f"number of replicas: {problem}"
            )

    def created(self, call: Call, record: Record) -> Properties:
        """Wait until the workloads are available."""
        self._run(call, record)
        return {}

    def updated(self, call: Call, record: Record) -> Properties:
        """Roll the workloads."""
        self._run(call, record)
        return {}

    def deleted(self, call: Call, record: Record) -> None:
        """Remove the workloads, unless they are to be preserved."""
        if not record.state.get("preserve"):
            call.cluster.remove(
                addon_objects(record.state["addonName"], "v0", call.region, ""), call.remaining
            )
