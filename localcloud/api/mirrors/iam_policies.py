"""IAM policies and where they are attached."""

from localcloud.api.mirrors.base import Properties, given, mirror, tag_list, tags_of
from localcloud.api.mirrors.iam import IamMirror
from localcloud.aws.store import Record

_MOST_VERSIONS = 5
"""Versions of a managed policy that AWS keeps; the provider deletes the oldest to make room."""


@mirror("aws:iam/policy:Policy")
class PolicyMirror(IamMirror):
    """A managed policy of the account; its ARN follows from its name and path."""

    def make(self, record: Record) -> None:
        """The policy, under its unique id."""
        state = record.state
        self.client.create_policy(
            PolicyName=state["name"],
            Path=state.get("path") or "/",
            PolicyDocument=state["policy"],
            **given(Description=state.get("description"), Tags=tag_list(tags_of(record))),
        )
        if unique := state.get("policyId"):
            self.backend.managed_policies[record.id].id = unique

    def settle(self, record: Record) -> None:
        """Document and tags."""
        policy = self.backend.managed_policies[record.id]
        if self._document(record.id) != record.state["policy"]:
            if len(policy.versions) >= _MOST_VERSIONS:
                oldest = next(one for one in policy.versions if not one.is_default)
                self.client.delete_policy_version(PolicyArn=record.id, VersionId=oldest.version_id)
            self.client.create_policy_version(
                PolicyArn=record.id, PolicyDocument=record.state["policy"], SetAsDefault=True
            )
        policy.tags = {key: {"Key": key, "Value": value} for key, value in tags_of(record).items()}

    def remove(self, record: Record) -> None:
        """The policy with its versions."""
        policy = self.backend.managed_policies.get(record.id)
        if policy is None:
            return
        for version in [one for one in policy.versions if not one.is_default]:
            self.client.delete_policy_version(PolicyArn=record.id, VersionId=version.version_id)
        self.client.delete_policy(PolicyArn=record.id)

    def look(self, record: Record) -> Properties | None:
        """Document and tags."""
        policy = self.backend.managed_policies.get(record.id)
        if policy is None:
            return None
        tags: dict[str, Properties] = policy.tags or {}
        return {
            "policy": self._document(record.id),
            "tagsAll": {key: one["Value"] for key, one in tags.items()},
        }

    def _document(self, arn: str) -> str:
        policy = self.backend.managed_policies[arn]
        return next(one.document for one in policy.versions if one.version_id == policy.default_version_id)


@mirror("aws:iam/rolePolicy:RolePolicy")
class RolePolicyMirror(IamMirror):
    """An inline policy of a role."""

    def make(self, record: Record) -> None:
        """The policy."""
        state = record.state
        self.client.put_role_policy(
            RoleName=state["role"], PolicyName=state["name"], PolicyDocument=state["policy"]
        )

    def settle(self, record: Record) -> None:
        """Its document."""
        self.make(record)

    def remove(self, record: Record) -> None:
        """The policy."""
        role = self.role(record.state["role"])
        if role is not None and record.state["name"] in role.policies:
            self.client.delete_role_policy(RoleName=record.state["role"], PolicyName=record.state["name"])

    def look(self, record: Record) -> Properties | None:
        """Its document."""
        role = self.role(record.state["role"])
        document = role.policies.get(record.state["name"]) if role is not None else None
        return None if document is None else {"policy": document}


@mirror("aws:iam/rolePolicyAttachment:RolePolicyAttachment")
class AttachmentMirror(IamMirror):
    """A managed policy on a role."""

    def make(self, record: Record) -> None:
        """The attachment."""
        self.managed(record.state["policyArn"])
        self.client.attach_role_policy(RoleName=record.state["role"], PolicyArn=record.state["policyArn"])

    def remove(self, record: Record) -> None:
        """The attachment."""
        if self.look(record) is not None:
            self.client.detach_role_policy(RoleName=record.state["role"], PolicyArn=record.state["policyArn"])

    def look(self, record: Record) -> Properties | None:
        """Whether it is there."""
        role = self.role(record.state["role"])
        return {} if role is not None and record.state["policyArn"] in role.managed_policies else None
