"""What every role of a Kubernetes service account shares, however its pods come to assume it."""

from typing import NotRequired, TypedDict

import pulumi
import pulumi_aws as aws

from components.arguments import ArgumentErrors
from components.iam_documents import compact_policy
from components.outputs import known_after
from components.partitions import partition_of


class ServiceAccountRoleArgs(TypedDict):
    """Inputs of IrsaRole and PodIdentityRole alike."""

    role_name: str
    """Name in IAM, 1 to 64 of ``A-Z a-z 0-9 + = , . @ _ -``; plain, so that its ARN is known at preview."""
    account_id: str
    """The account that holds the role, 12 digits."""
    region: str
    """Region of the cluster, for example ``us-east-2``: the ARN's partition follows from it."""
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


def service_account_role(
    name: str, args: ServiceAccountRoleArgs, trust: pulumi.Input[str], parent: pulumi.Resource
) -> list[pulumi.Resource]:
    """Create ``<name>-role`` with the policies of ``ServiceAccountRoleArgs`` as children of ``parent``.

    ``trust`` is the trust policy in JSON. Returns the role first, then its attachments: whoever uses the role
    waits for all of them.
    """
    role_name, tags = args["role_name"], args.get("tags") or {}
    child = pulumi.ResourceOptions(parent=parent)
    role = aws.iam.Role(
        f"{name}-role",
        name=role_name,
        description=f"Assumed by the service account {args['namespace']}/{args['service_account']}",
        assume_role_policy=trust,
        permissions_boundary=args.get("permissions_boundary"),
        tags={**tags, "Name": role_name},
        # IAM refuses a second role of the same name, so a replacement cannot come first.
        opts=pulumi.ResourceOptions(parent=parent, delete_before_replace=True),
    )
    made: list[pulumi.Resource] = [role]
    policy_json = args.get("policy_json")
    if policy_json is not None:
        policy_name = args.get("policy_name")
        policy = aws.iam.Policy(
            f"{name}-policy",
            name=policy_name,
            policy=pulumi.Output.from_input(policy_json).apply(compact_policy),
            tags={**tags, "Name": policy_name or role_name},
            opts=pulumi.ResourceOptions(parent=parent, delete_before_replace=bool(policy_name)),
        )
        made.append(
            aws.iam.RolePolicyAttachment(
                f"{name}-policy-attachment", role=role.name, policy_arn=policy.arn, opts=child
            )
        )
    made += [
        aws.iam.RolePolicyAttachment(
            f"{name}-attach-{_policy_of(arn)}", role=role.name, policy_arn=arn, opts=child
        )
        for arn in args.get("managed_policy_arns") or []
    ]
    return made


def known_role_arn(args: ServiceAccountRoleArgs, *made: pulumi.Resource) -> pulumi.Output[str]:
    """ARN of the role of these arguments, known at preview; whoever takes it waits for ``made``."""
    arn = f"arn:{partition_of(args['region'])}:iam::{args['account_id']}:role/{args['role_name']}"
    return known_after(arn, *made)


def check_service_account_role(args: ServiceAccountRoleArgs, errors: ArgumentErrors) -> None:
    """Note every fault of ``ServiceAccountRoleArgs``."""
    errors.require(args, "role_name", "account_id", "region", "namespace", "service_account")
    errors.matches(
        "roleName", args.get("role_name") or None, r"[\w+=,.@-]{1,64}", "1 to 64 of A-Z a-z 0-9 +=,.@_-"
    )
    errors.matches("accountId", args.get("account_id") or None, r"\d{12}", "12 digits")
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


_POLICY_ARN = r"arn:[\w-]+:iam::(\d{12}|aws):policy/.+"


def _policy_of(arn: str) -> str:
    return arn.rsplit("/", 1)[-1]
