"""An IAM role for one Kubernetes service account (IAM Roles for Service Accounts)."""

import json
from typing import NotRequired, Optional, TypedDict

import pulumi
import pulumi_aws as aws

from components.arguments import ArgumentErrors
from components.iam_documents import compact_policy, service_account_trust_policy
from components.partitions import partition_of


class IrsaRoleArgs(TypedDict):
    """Inputs of IrsaRole."""

    role_name: str
    """Name in IAM, 1 to 64 of ``A-Z a-z 0-9 + = , . @ _ -``; plain, so that its ARN is known at preview."""
    account_id: str
    """The account that holds the role, 12 digits."""
    region: str
    """Region of the cluster, for example ``us-east-2``: the ARN's partition follows from it."""
    oidc_provider_arn: pulumi.Input[str]
    """ARN of the cluster's IAM OIDC provider."""
    oidc_issuer: pulumi.Input[str]
    """The cluster's OIDC issuer, host and path; with or without ``https://``."""
    namespace: str
    """Namespace of the service account."""
    service_account: str
    """Name of the one service account that may assume the role."""
    policy_json: NotRequired[pulumi.Input[str]]
    """What the role may do: a policy document in JSON, at most 6144 characters. Default: no own policy."""
    policy_name: NotRequired[str]
    """Name in IAM of the policy made from ``policy_json``. Default: generated from the component's name."""
    managed_policy_arns: NotRequired[list[str]]
    """ARNs of existing managed policies to attach as well. Default: none."""
    permissions_boundary: NotRequired[str]
    """ARN of a policy that bounds the role's permissions. Default: none."""
    tags: NotRequired[dict[str, str]]
    """Tags of the role and its policy. Default: none."""


class IrsaRole(pulumi.ComponentResource):
    """A role that exactly one service account of one cluster may assume, with a managed policy of its own."""

    role_arn: pulumi.Output[str]
    """ARN of the role; known at preview. Whoever takes it waits until its policies are attached."""
    role_name: pulumi.Output[str]
    """Name of the role; known at preview."""

    def __init__(self, name: str, args: IrsaRoleArgs, opts: Optional[pulumi.ResourceOptions] = None) -> None:
        super().__init__("inference-plane:index:IrsaRole", name, {}, opts)
        _check(args)
        role_name, tags = args["role_name"], args.get("tags") or {}
        namespace, service_account = args["namespace"], args["service_account"]

        def trust(values: list[str]) -> str:
            return json.dumps(service_account_trust_policy(values[0], values[1], namespace, service_account))

        role = aws.iam.Role(
            f"{name}-role",
            name=role_name,
            description=f"Assumed by the service account {namespace}/{service_account}",
            assume_role_policy=pulumi.Output.all(args["oidc_provider_arn"], args["oidc_issuer"]).apply(trust),
            permissions_boundary=args.get("permissions_boundary"),
            tags={**tags, "Name": role_name},
            # IAM refuses a second role of the same name, so a replacement cannot come first.
            opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True),
        )
        attachments: list[aws.iam.RolePolicyAttachment] = []
        policy_json = args.get("policy_json")
        if policy_json is not None:
            policy_name = args.get("policy_name")
            policy = aws.iam.Policy(
                f"{name}-policy",
                name=policy_name,
                policy=pulumi.Output.from_input(policy_json).apply(compact_policy),
                tags={**tags, "Name": policy_name or role_name},
                opts=pulumi.ResourceOptions(parent=self, delete_before_replace=bool(policy_name)),
            )
            attachments.append(
                aws.iam.RolePolicyAttachment(
                    f"{name}-policy-attachment",
                    role=role.name,
                    policy_arn=policy.arn,
                    opts=pulumi.ResourceOptions(parent=self),
                )
            )
        for arn in args.get("managed_policy_arns") or []:
            attachments.append(
                aws.iam.RolePolicyAttachment(
                    f"{name}-attach-{_policy_of(arn)}",
                    role=role.name,
                    policy_arn=arn,
                    opts=pulumi.ResourceOptions(parent=self),
                )
            )

        role_arn = f"arn:{partition_of(args['region'])}:iam::{args['account_id']}:role/{role_name}"
        # A URN is known at preview, an ARN is not: through the URNs the known text carries the dependencies.
        made = pulumi.Output.all(role.urn, *(attachment.urn for attachment in attachments))
        self.role_arn = made.apply(lambda _: role_arn)
        self.role_name = made.apply(lambda _: role_name)
        self.register_outputs({"roleArn": self.role_arn, "roleName": self.role_name})


def _check(args: IrsaRoleArgs) -> None:
    errors = ArgumentErrors("IrsaRole")
    errors.require(
        args,
        "role_name",
        "account_id",
        "region",
        "oidc_provider_arn",
        "oidc_issuer",
        "namespace",
        "service_account",
    )
    errors.matches(
        "roleName", args.get("role_name") or None, r"[\w+=,.@-]{1,64}", "1 to 64 of A-Z a-z 0-9 +=,.@_-"
    )
    errors.matches("accountId", args.get("account_id") or None, r"\d{12}", "12 digits")
    errors.matches(
        "oidcProviderArn",
        args.get("oidc_provider_arn") or None,
        r"arn:[\w-]+:iam::\d{12}:oidc-provider/.+",
        "arn:<partition>:iam::<account>:oidc-provider/<issuer>",
    )
    label = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
    errors.matches("namespace", args.get("namespace") or None, label, "a DNS label without wildcards")
    errors.matches(
        "serviceAccount",
        args.get("service_account") or None,
        rf"(?=.{{1,253}}$){label}(\.{label})*",
        "a DNS name without wildcards",
    )
    policy_json = args.get("policy_json")
    if isinstance(policy_json, str):
        try:
            compact_policy(policy_json)
        except ValueError as fault:
            errors.add("policyJson", str(fault))
    if args.get("policy_name"):
        errors.matches(
            "policyName", args.get("policy_name"), r"[\w+=,.@-]{1,128}", "1 to 128 of A-Z a-z 0-9 +=,.@_-"
        )
        if policy_json is None:
            errors.add("policyName", "names the policy of policyJson, which is not given")
    seen: set[str] = set()
    for index, arn in enumerate(args.get("managed_policy_arns") or []):
        path = f"managedPolicyArns[{index}]"
        errors.matches(path, arn, _POLICY_ARN, "arn:<partition>:iam::<account or aws>:policy/<name>")
        if _policy_of(arn) in seen:
            errors.add(path, f"names the policy {_policy_of(arn)!r} a second time; give each policy once")
        seen.add(_policy_of(arn))
    errors.matches(
        "permissionsBoundary",
        args.get("permissions_boundary"),
        _POLICY_ARN,
        "arn:<partition>:iam::<account or aws>:policy/<name>",
    )
    errors.raise_if_any()


_POLICY_ARN = r"arn:[\w-]+:iam::(\d{12}|aws):policy/.+"


def _policy_of(arn: str) -> str:
    return arn.rsplit("/", 1)[-1]
