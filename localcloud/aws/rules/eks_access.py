"""Who gets into an EKS cluster, and which roles its pods have."""

import re
import secrets
from typing import Any, ClassVar

from localcloud.aws import names
from localcloud.aws.errors import AwsError
from localcloud.aws.managed_policies import CLUSTER_ACCESS_POLICIES
from localcloud.aws.rules.base import Call, Rule, rule, text
from localcloud.aws.rules.eks_cluster_checks import (
    ACCESS_ENTRY,
    CLUSTER,
    CLUSTER_REFERENCE,
    POD_IDENTITY,
    POLICY_ASSOCIATION,
    check_role,
)
from localcloud.aws.rules.iam import ROLE
from localcloud.aws.store import Record
from localcloud.providers.protocol import Properties

_CREATED = "2026-01-01T00:00:00Z"


@rule(ACCESS_ENTRY)
class AccessEntryRule(Rule):
    """Who gets into a cluster."""

    references = (CLUSTER_REFERENCE,)
    defaults: ClassVar[Properties] = {"type": "STANDARD"}

    def identity(self, call: Call, inputs: Properties) -> str:
        """Cluster and principal."""
        return f"{inputs['clusterName']}:{inputs['principalArn']}"

    def admit(self, call: Call, inputs: Properties, record: Record | None) -> None:
        """The cluster takes entries, the principal exists and has none yet."""
        cluster = call.store.get(CLUSTER, inputs["clusterName"])
        principal = inputs["principalArn"]
        if cluster and "API" not in cluster.state["accessConfig"]["authenticationMode"]:
            raise AwsError(
                "InvalidRequestException",
                "The cluster's authentication mode must be set to one of [API, API_AND_CONFIG_MAP] to perform "
                "this operation.",
            )
        if record is None and call.store.get(ACCESS_ENTRY, self.identity(call, inputs)):
            raise AwsError(
                "ResourceInUseException",
                "The specified access entry resource is already in use on this cluster.",
            )
        kind = inputs.get("type", "STANDARD")
        groups: list[Any] = inputs.get("kubernetesGroups") or []
        if any(str(group).startswith("system:") for group in groups):
            raise AwsError(
                "InvalidParameterException",
                "The kubernetes group name is invalid, it cannot start with system:",
            )
        if kind != "STANDARD" and groups:
            raise AwsError(
                "InvalidParameterException", f"An access entry of type {kind} takes no kubernetes groups."
            )
        if not re.fullmatch(r"arn:[a-z-]+:iam::\d{12}:(role|user)/.+", principal):
            raise AwsError(
                "InvalidParameterException", "The specified principalArn is invalid: invalid format."
            )
        own = call.arn("iam", "role/", regional=False)
        if principal.startswith(own) and not call.store.find(ROLE, arn=principal):
            raise AwsError(
                "InvalidParameterException", "The specified principalArn is invalid: invalid principal."
            )

    def computed(self, call: Call, id_: str, inputs: Properties) -> Properties:
        """The entry's ARN and user name."""
        principal = inputs["principalArn"]
        kind, _, name = principal.rsplit(":", 1)[-1].partition("/")
        account = call.account.account_id
        entry = f"access-entry/{inputs['clusterName']}/{kind}/{account}/{name.rsplit('/', 1)[-1]}/{names.new_uuid()}"
        return {
            "accessEntryArn": call.arn("eks", entry),
            "createdAt": _CREATED,
            "modifiedAt": _CREATED,
            "userName": inputs.get("userName") or principal,
            "kubernetesGroups": inputs.get("kubernetesGroups") or [],
        }


@rule(POLICY_ASSOCIATION)
class PolicyAssociationRule(Rule):
    """What someone may do in a cluster."""

    references = (CLUSTER_REFERENCE,)

    def identity(self, call: Call, inputs: Properties) -> str:
        """Cluster, principal and policy."""
        return f"{inputs['clusterName']}#{inputs['principalArn']}#{inputs['policyArn']}"

    def admit(self, call: Call, inputs: Properties, record: Record | None) -> None:
        """The entry and the policy exist."""
        policy = inputs["policyArn"]
        prefix = f"arn:{call.account.partition}:eks::aws:cluster-access-policy/"
        if not policy.startswith(prefix) or policy.removeprefix(prefix) not in CLUSTER_ACCESS_POLICIES:
            raise AwsError(
                "InvalidParameterException", f"The policyArn parameter format is not valid: {policy}"
            )
        if not call.store.get(ACCESS_ENTRY, f"{inputs['clusterName']}:{inputs['principalArn']}"):
            raise AwsError(
                "ResourceNotFoundException",
                "The specified principalArn could not be found. You can view your available access entries with "
                "'list-access-entries'.",
            )
        scope: Properties = inputs.get("accessScope") or {}
        if scope.get("type") not in ("cluster", "namespace") or (
            (scope.get("type") == "namespace") != bool(scope.get("namespaces"))
        ):
            raise AwsError(
                "InvalidParameterException",
                "The access scope is either of type cluster, or of type namespace with namespaces.",
            )

    def computed(self, call: Call, id_: str, inputs: Properties) -> Properties:
        """When."""
        return {"associatedAt": _CREATED, "modifiedAt": _CREATED}


@rule(POD_IDENTITY)
class PodIdentityRule(Rule):
    """A role for a service account, by EKS Pod Identity."""

    references = (CLUSTER_REFERENCE,)
    unique = ("clusterName", "namespace", "serviceAccount")
    taken = ("ResourceInUseException", "Association already exists: {2} in {1} of {0}")

    def identity(self, call: Call, inputs: Properties) -> str:
        """The association's id."""
        return "a-" + "".join(secrets.choice("abcdefghijklmnopqrstuvwxyz0123456789") for _ in range(17))

    def admit(self, call: Call, inputs: Properties, record: Record | None) -> None:
        """The role trusts EKS's pods."""
        role = text(inputs.get("roleArn"))
        check_role(
            call,
            role,
            "pods.eks.amazonaws.com",
            f"Trust policy of role {role} is invalid or the role does not exist: it must trust "
            "pods.eks.amazonaws.com",
        )

    def computed(self, call: Call, id_: str, inputs: Properties) -> Properties:
        """The association's id and ARN."""
        arn = call.arn("eks", f"podidentityassociation/{inputs['clusterName']}/{id_}")
        return {"associationId": id_, "associationArn": arn, "externalId": secrets.token_hex(16)}
