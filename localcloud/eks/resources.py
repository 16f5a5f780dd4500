"""Children of the component, registered by token: importing the AWS SDK would cost each `up` a second."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pulumi

Output = pulumi.Output[Any]

_NO_DESCRIPTION = "Managed by Pulumi"
"""What the AWS SDK writes into a security group without a description."""


class Child(pulumi.CustomResource):
    """A custom resource with its outputs by wire name."""

    def __init__(
        self,
        token: str,
        name: str,
        inputs: Mapping[str, Any],
        outputs: Sequence[str] = (),
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(token, name, {**dict.fromkeys(outputs), **inputs}, opts)

    def output(self, name: str) -> Output:
        """An output property; it must have been asked for at construction or be an input."""
        return self.__dict__[name]


def children_of(parent: pulumi.Resource, depends_on: Iterable[Any] = ()) -> pulumi.ResourceOptions:
    """Options of a child of the component."""
    return pulumi.ResourceOptions(parent=parent, depends_on=list(depends_on))


def security_group(name: str, vpc_id: Any, tags: Any, parent: pulumi.Resource) -> Child:
    """A security group whose rules are taken away before it is deleted."""
    inputs = {"vpcId": vpc_id, "revokeRulesOnDelete": True, "description": _NO_DESCRIPTION, "tags": tags}
    return Child("aws:ec2/securityGroup:SecurityGroup", name, inputs, ["arn", "name"], children_of(parent))


def security_group_rule(name: str, parent: pulumi.Resource, **inputs: Any) -> Child:
    """A rule of a security group."""
    token = "aws:ec2/securityGroupRule:SecurityGroupRule"  # noqa: S105 -- a type token
    return Child(token, name, inputs, ["securityGroupRuleId"], children_of(parent))


def egress_rule(name: str, group: Child, parent: pulumi.Resource) -> Child:
    """A rule that lets everything out."""
    return security_group_rule(
        name,
        parent,
        description="Allow internet access.",
        type="egress",
        fromPort=0,
        toPort=0,
        protocol="-1",
        cidrBlocks=["0.0.0.0/0"],
        securityGroupId=group.id,
    )


class ServiceRole(pulumi.ComponentResource):
    """A role that a service assumes, with managed policies."""

    def __init__(
        self,
        name: str,
        service: str,
        policies: Sequence[str],
        partition: Output,
        parent: pulumi.Resource,
        *,
        description: str | None = None,
        actions: Sequence[str] = ("sts:AssumeRole",),
        tags: Any = None,
    ) -> None:
        super().__init__("eks:index:ServiceRole", name, {}, children_of(parent))
        trust = {
            "Version": "2012-10-17",
            "Statement": [{"Action": list(actions), "Effect": "Allow", "Principal": {"Service": [service]}}],
        }
        inputs = {"description": description, "assumeRolePolicy": compact(trust), "tags": tags}
        self.role = Child("aws:iam/role:Role", f"{name}-role", inputs, ["arn", "name"], children_of(self))
        """The role itself."""
        self.attachments = [self._attach(name, policy, partition) for policy in policies]
        """Its policies: wait for them before the role is used."""
        self.register_outputs({"directRole": self.role, "resolvedRole": self.role})

    def _attach(self, name: str, policy: str, partition: Output) -> Child:
        # The plugin names an attachment after the policy's ARN in the partition `aws`.
        suffix = hashlib.sha1(
            f"arn:aws:iam::aws:policy/{policy}".encode(), usedforsecurity=False
        ).hexdigest()[:8]
        arn = partition.apply(lambda known: f"arn:{known}:iam::aws:policy/{policy}")
        token = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"  # noqa: S105 -- a type token
        return Child(token, f"{name}-{suffix}", {"policyArn": arn, "role": self.role}, (), children_of(self))


def addon_version(addon: str, options: Mapping[str, Any], kubernetes: Output, parent: pulumi.Resource) -> Any:
    """The version that the program gives, else the newest one for the Kubernetes version."""
    given = options.get("version") or options.get("addonVersion")
    if given is not None:
        return given
    args = {"addonName": addon, "kubernetesVersion": kubernetes, "mostRecent": True}
    token = "aws:eks/getAddonVersion:getAddonVersion"  # noqa: S105 -- a function token
    found = pulumi.runtime.invoke_output(token, args, pulumi.InvokeOutputOptions(parent=parent))
    return found.apply(lambda answer: answer["version"])


def addon(
    name: str, cluster: Child, addon_name: str, version: Any, parent: pulumi.Resource, **inputs: Any
) -> Child:
    """An EKS add-on that stays in the cluster when it is removed here, as the plugin makes them."""
    common = {
        "clusterName": cluster.output("name"),
        "addonName": addon_name,
        "addonVersion": version,
        "preserve": True,
        **inputs,
    }
    return Child("aws:eks/addon:Addon", name, common, ["arn"], children_of(parent))


def conflicts(options: Mapping[str, Any]) -> dict[str, Any]:
    """How an add-on treats fields that somebody else set."""
    keys = ("resolveConflictsOnCreate", "resolveConflictsOnUpdate")
    return {key: options.get(key) or "OVERWRITE" for key in keys}


def configuration(values: Any) -> Any:
    """Configuration values as JSON with sorted keys; None without values."""
    return None if values is None else pulumi.Output.from_input(values).apply(lambda v: compact(v, sort=True))


def given(**values: Any) -> dict[str, Any]:
    """The values that are there: a None inside a structure would be sent as null."""
    return {key: value for key, value in values.items() if value is not None}


def compact(value: Any, *, sort: bool = False) -> str:
    """JSON without spaces, as JavaScript writes it."""
    return json.dumps(value, separators=(",", ":"), sort_keys=sort, ensure_ascii=False)
