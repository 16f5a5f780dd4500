"""An IAM role for one Kubernetes service account (IAM Roles for Service Accounts)."""

import json
from typing import NotRequired, Optional, TypedDict

import pulumi

from components.arguments import ArgumentErrors
from components.iam_documents import service_account_trust_policy
from components.outputs import known_after
from components.service_account_role import (
    ServiceAccountRoleArgs,
    check_service_account_role,
    known_role_arn,
    service_account_role,
)


class IrsaRoleArgs(ServiceAccountRoleArgs):
    """Inputs of IrsaRole."""

    oidc_provider_arn: pulumi.Input[str]
    """ARN of the cluster's IAM OIDC provider."""
    oidc_issuer: pulumi.Input[str]
    """The cluster's OIDC issuer, host and path; with or without ``https://``."""


class ControllerRoleArgs(TypedDict):
    """What a controller's component needs to know for the role of its own service account."""

    region: str
    """Region of the cluster, for example ``us-east-2``."""
    account_id: str
    """The account, 12 digits."""
    oidc_provider_arn: pulumi.Input[str]
    """ARN of the cluster's IAM OIDC provider."""
    oidc_issuer: pulumi.Input[str]
    """The cluster's OIDC issuer, host and path."""
    role_name: str
    """Name of the controller's role in IAM."""
    tags: NotRequired[dict[str, str]]
    """Tags of the role. Default: none."""


CONTROLLER_ROLE_KEYS: tuple[str, ...] = (
    "region",
    "account_id",
    "oidc_provider_arn",
    "oidc_issuer",
    "role_name",
)
"""What is required of ControllerRoleArgs."""


class IrsaRole(pulumi.ComponentResource):
    """A role that exactly one service account of one cluster may assume, with a managed policy of its own."""

    role_arn: pulumi.Output[str]
    """ARN of the role; known at preview. Whoever takes it waits until its policies are attached."""
    role_name: pulumi.Output[str]
    """Name of the role; known at preview."""

    def __init__(self, name: str, args: IrsaRoleArgs, opts: Optional[pulumi.ResourceOptions] = None) -> None:
        super().__init__("inference-plane:index:IrsaRole", name, {}, opts)
        _check(args)
        namespace, service_account = args["namespace"], args["service_account"]

        def trust(values: list[str]) -> str:
            return json.dumps(service_account_trust_policy(values[0], values[1], namespace, service_account))

        made = service_account_role(
            name, args, pulumi.Output.all(args["oidc_provider_arn"], args["oidc_issuer"]).apply(trust), self
        )
        self.role_arn = known_role_arn(args, *made)
        self.role_name = known_after(args["role_name"], *made)
        self.register_outputs({"roleArn": self.role_arn, "roleName": self.role_name})


def controller_role(
    name: str,
    args: ControllerRoleArgs,
    *,
    namespace: str,
    service_account: str,
    policy_json: str,
    parent: pulumi.Resource,
) -> IrsaRole:
    """The role of a controller's service account, as a child ``name`` of ``parent``."""
    return IrsaRole(
        name,
        {
            "role_name": args["role_name"],
            "account_id": args["account_id"],
            "region": args["region"],
            "oidc_provider_arn": args["oidc_provider_arn"],
            "oidc_issuer": args["oidc_issuer"],
            "namespace": namespace,
            "service_account": service_account,
            "policy_json": policy_json,
            "tags": args.get("tags") or {},
        },
        pulumi.ResourceOptions(parent=parent),
    )


def _check(args: IrsaRoleArgs) -> None:
    errors = ArgumentErrors("IrsaRole")
    errors.require(args, "oidc_provider_arn", "oidc_issuer")
    errors.matches(
        "oidcProviderArn",
        args.get("oidc_provider_arn") or None,
        r"arn:[\w-]+:iam::\d{12}:oidc-provider/.+",
        "arn:<partition>:iam::<account>:oidc-provider/<issuer>",
    )
    check_service_account_role(args, errors)
    errors.raise_if_any()
