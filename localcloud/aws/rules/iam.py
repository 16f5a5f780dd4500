"""IAM roles, policies, attachments, OIDC providers and instance profiles."""

import json
from typing import Any, ClassVar

from localcloud.aws import names
from localcloud.aws.account import Account
from localcloud.aws.documents import check_document, principals, size
from localcloud.aws.errors import AwsError
from localcloud.aws.managed_policies import MANAGED_POLICIES
from localcloud.aws.rules.base import Call, Holder, Reference, Rule, rule, text, values_at
from localcloud.aws.rules.principals import unknown_principals
from localcloud.aws.store import Record
from localcloud.providers.protocol import CheckFailure, Properties

ROLE = "aws:iam/role:Role"
POLICY = "aws:iam/policy:Policy"
ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
INSTANCE_PROFILE = "aws:iam/instanceProfile:InstanceProfile"
OIDC_PROVIDER = "aws:iam/openIdConnectProvider:OpenIdConnectProvider"

_POLICY_SIZE = 6144
_TRUST_SIZE = 2048
_INLINE_SIZE = 10240
_CLIENTS = 100

_CREATED = "2026-01-01T00:00:00Z"
_ROLE_REFERENCE = Reference("role", (ROLE,), "NoSuchEntity", "The role with name {} cannot be found.")


def _role_name(value: Any) -> str:
    """A role's name; the provider takes its ARN as well."""
    return text(value).rsplit("/", 1)[-1]


@rule(ROLE)
class RoleRule(Rule):
    """A role; what is attached to it keeps it."""

    id_property = "name"
    unique = ("name",)
    taken = ("EntityAlreadyExists", "Role with name {} already exists.")
    defaults: ClassVar[Properties] = {"path": "/", "maxSessionDuration": 3600, "forceDetachPolicies": False}

    def identity(self, call: Call, inputs: Properties) -> str:
        """The name, also when it is made from a prefix."""
        return text(inputs.get("name")) or names.prefixed_name(text(inputs.get("namePrefix")))

    def computed(self, call: Call, id_: str, inputs: Properties) -> Properties:
        """IAM's own id of the role."""
        return {"uniqueId": names.unique_id("AROA"), "createDate": _CREATED, "name": id_}

    def admit(self, call: Call, inputs: Properties, record: Record | None) -> None:
        """A valid trust policy whose principals exist, attachable policies, and room for the role."""
        boundary = text(inputs.get("permissionsBoundary"))
        if boundary and not attachable(call, boundary):
            raise AwsError("NoSuchEntity", f"Scope ARN: {boundary} does not exist or is not attachable.")
        for policy in values_at(inputs, "managedPolicyArns"):
            if not attachable(call, policy):
                raise AwsError("NoSuchEntity", f"Policy {policy} does not exist or is not attachable.")
        document = text(inputs.get("assumeRolePolicy"))
        statements = check_document(document, "trust")
        if size(document) > _TRUST_SIZE:
            raise AwsError("LimitExceeded", f"Cannot exceed quota for ACLSizePerRole: {_TRUST_SIZE}")
        for principal in unknown_principals(call, statements):
            raise AwsError("MalformedPolicyDocument", f'Invalid principal in policy: "AWS":"{principal}"')
        own = call.arn("iam", "", regional=False)
        for principal in principals(statements, "Federated"):
            if principal.startswith(f"{own}oidc-provider/") and not call.store.get(OIDC_PROVIDER, principal):
                raise AwsError(
                    "MalformedPolicyDocument", f'Invalid principal in policy: "FEDERATED":"{principal}"'
                )
        if record is None and len(call.store.all(ROLE)) >= call.account.quotas.roles:
            raise AwsError(
                "LimitExceeded", f"Cannot exceed quota for RolesPerAccount: {call.account.quotas.roles}"
            )

    def release(self, call: Call, record: Record) -> None:
        """Policies and profiles must go first."""
        held = (
            (ATTACHMENT, "must detach all policies first."),
            (ROLE_POLICY, "must delete policies first."),
            (INSTANCE_PROFILE, "must remove roles from instance profile first."),
        )
        for type_, what in held:
            if type_ == ATTACHMENT and record.state.get("forceDetachPolicies"):
                continue
            if any(_role_name(one.state.get("role")) == record.id for one in call.store.all(type_)):
                raise AwsError("DeleteConflict", f"Cannot delete entity, {what}")


@rule(POLICY)
class PolicyRule(Rule):
    """A managed policy of the account."""

    unique = ("name",)
    taken = ("EntityAlreadyExists", "A policy called {} already exists. Duplicate names are not allowed.")
    defaults: ClassVar[Properties] = {"path": "/"}
    held_by = (
        Holder(ATTACHMENT, "policyArn", "DeleteConflict", "Cannot delete a policy attached to entities."),
    )

    def identity(self, call: Call, inputs: Properties) -> str:
        """The ARN."""
        return call.arn("iam", f"policy{inputs.get('path', '/')}{inputs['name']}", regional=False)

    def admit(self, call: Call, inputs: Properties, record: Record | None) -> None:
        """A valid document within the size that IAM takes."""
        document = text(inputs.get("policy"))
        check_document(document, "identity")
        if size(document) > _POLICY_SIZE:
            raise AwsError("LimitExceeded", f"Cannot exceed quota for PolicySize: {_POLICY_SIZE}")

    def computed(self, call: Call, id_: str, inputs: Properties) -> Properties:
        """ARN and IAM's own id."""
        return {"arn": id_, "policyId": names.unique_id("ANPA"), "attachmentCount": 0}


@rule(ATTACHMENT)
class AttachmentRule(Rule):
    """A managed policy on a role."""

    def identity(self, call: Call, inputs: Properties) -> str:
        """Role and policy."""
        return f"{_role_name(inputs['role'])}/{inputs['policyArn']}"

    def admit(self, call: Call, inputs: Properties, record: Record | None) -> None:
        """Role and policy exist, the role has room."""
        role, policy = _role_name(inputs["role"]), text(inputs["policyArn"])
        if call.store.get(ROLE, role) is None:
            raise AwsError("NoSuchEntity", f"The role with name {role} cannot be found.")
        if not attachable(call, policy):
            raise AwsError("NoSuchEntity", f"Policy {policy} does not exist or is not attachable.")
        present = [one for one in call.store.all(ATTACHMENT) if _role_name(one.state["role"]) == role]
        most = call.account.quotas.policies_per_role
        if len(present) >= most:
            raise AwsError("LimitExceeded", f"Cannot exceed quota for PoliciesPerRole: {most}")


def attachable(call: Call, policy: str) -> bool:
    """Whether a policy ARN is that of a policy of the account or of one that AWS manages."""
    managed = policy.removeprefix(f"arn:{call.account.partition}:iam::aws:policy/")
    return managed in MANAGED_POLICIES if managed != policy else call.store.get(POLICY, policy) is not None


@rule(ROLE_POLICY)
class RolePolicyRule(Rule):
    """A policy written into a role."""

    references = (_ROLE_REFERENCE,)

    def identity(self, call: Call, inputs: Properties) -> str:
        """Role and policy name."""
        return f"{_role_name(inputs['role'])}:{inputs['name']}"

    def admit(self, call: Call, inputs: Properties, record: Record | None) -> None:
        """A valid document within the size of a role's inline policies."""
        document = inputs.get("policy")
        check_document(document, "identity")
        role = text(inputs.get("role"))
        others = [one for one in call.store.find(ROLE_POLICY, role=role) if not record or one.id != record.id]
        total = sum(size(_json(one.state.get("policy"))) for one in others) + size(_json(document))
        if total > _INLINE_SIZE:
            raise AwsError(
                "LimitExceeded", f"Maximum policy size of {_INLINE_SIZE} bytes exceeded for role {role}"
            )


def _json(document: Any) -> str:
    return document if isinstance(document, str) else json.dumps(document)


@rule(INSTANCE_PROFILE)
class InstanceProfileRule(Rule):
    """An instance profile around one role."""

    id_property = "name"
    unique = ("name",)
    taken = ("EntityAlreadyExists", "Instance Profile {} already exists.")
    defaults: ClassVar[Properties] = {"path": "/"}
    references = (_ROLE_REFERENCE,)

    def computed(self, call: Call, id_: str, inputs: Properties) -> Properties:
        """IAM's own id."""
        return {"uniqueId": names.unique_id("AIPA"), "createDate": _CREATED}


@rule(OIDC_PROVIDER)
class OidcProviderRule(Rule):
    """An OpenID Connect issuer that the account trusts."""

    def faults(self, inputs: Properties, account: Account) -> list[CheckFailure]:
        """An https address."""
        del account
        url = text(inputs.get("url"))
        if url and url.startswith("http://"):
            return [CheckFailure("url", f'expected "url" to have the scheme https, got {url}')]
        return []

    def identity(self, call: Call, inputs: Properties) -> str:
        """The ARN: the issuer without its scheme."""
        issuer = text(inputs["url"]).removeprefix("https://")
        return call.arn("iam", f"oidc-provider/{issuer}", regional=False)

    def admit(self, call: Call, inputs: Properties, record: Record | None) -> None:
        """One provider for an issuer, with a number of audiences; and a number of providers."""
        if len(values_at(inputs, "clientIdLists")) > _CLIENTS:
            raise AwsError(
                "LimitExceeded", f"Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: {_CLIENTS}"
            )
        if record is None and call.store.get(OIDC_PROVIDER, self.identity(call, inputs)):
            raise AwsError("EntityAlreadyExists", f"Provider with url {inputs['url']} already exists.")
        most = call.account.quotas.oidc_providers
        if record is None and len(call.store.all(OIDC_PROVIDER)) >= most:
            raise AwsError(
                "LimitExceeded", f"Cannot exceed quota for OpenIdConnectProvidersPerAccount: {most}"
            )

    def computed(self, call: Call, id_: str, inputs: Properties) -> Properties:
        """AWS reads the thumbprint itself."""
        return {
            "arn": id_,
            "url": text(inputs["url"]).removeprefix("https://"),
            "thumbprintLists": inputs.get("thumbprintLists") or ["06b25927c42a721631c1efd9431e648fa62e1e39"],
        }
