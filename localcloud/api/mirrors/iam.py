"""IAM roles, users, instance profiles and identity providers."""

import base64
import hashlib
import json
from typing import Any, ClassVar

from localcloud.api.libraries import module
from localcloud.api.mirrors.base import Mirror, Properties, given, items, mirror, tag_list, tags_of
from localcloud.aws.store import Record
from localcloud.kube.fields import each


class IamMirror(Mirror):
    """What IAM's mirrors share."""

    service: ClassVar[str] = "iam"

    def role(self, name: str) -> Any:
        """moto's role of that name; None where there is none."""
        return next((role for role in self.backend.roles.values() if role.name == name), None)

    def managed(self, arn: str) -> Any:
        """moto's managed policy; AWS's own ones are known by name, whatever moto has of them."""
        if arn not in self.backend.managed_policies and ":iam::aws:policy/" in arn:
            path, _, name = arn.split(":policy", 1)[1].rpartition("/")
            kind = type(self).aws_policy_class()
            policy = kind(
                name,
                account_id=self.simulator.account.account_id,
                region=self.simulator.region,
                path=f"{path}/",
                document=json.dumps({"Version": "2012-10-17", "Statement": []}),
            )
            self.backend.managed_policies[arn] = policy
        return self.backend.managed_policies.get(arn)

    @staticmethod
    def aws_policy_class() -> Any:
        """moto's class of AWS's own policies."""
        return module("moto.iam.models").AWSManagedPolicy


def _unique_id(arn: str) -> str:
    """A role's unique id where the account file gives none: the same after each start of the server."""
    return "AROA" + base64.b32encode(hashlib.sha256(arn.encode()).digest()).decode()[:17]


@mirror("aws:iam/role:Role")
class RoleMirror(IamMirror):
    """A role. The account file's have no trust policy: the account itself may assume them."""

    def make(self, record: Record) -> None:
        """The role, under its unique id."""
        state = record.state
        self.client.create_role(
            RoleName=state["name"],
            Path=state.get("path") or "/",
            AssumeRolePolicyDocument=self._trust(record),
            MaxSessionDuration=int(state.get("maxSessionDuration") or 3600),
            **given(
                Description=state.get("description"),
                PermissionsBoundary=state.get("permissionsBoundary"),
                Tags=tag_list(tags_of(record)),
            ),
        )
        role = self.role(state["name"])
        unique = str(state.get("uniqueId") or _unique_id(role.arn))
        self.backend.roles[unique] = self.backend.roles.pop(role.id)
        role.id = unique

    def settle(self, record: Record) -> None:
        """Trust, description, session length, inline and managed policies given with the role, tags."""
        state, client, name = record.state, self.client, record.state["name"]
        client.update_assume_role_policy(RoleName=name, PolicyDocument=self._trust(record))
        client.update_role(
            RoleName=name,
            Description=str(state.get("description") or ""),
            MaxSessionDuration=int(state.get("maxSessionDuration") or 3600),
        )
        role = self.role(name)
        for one in each(record.inputs, "inlinePolicies"):
            if one.get("name"):
                client.put_role_policy(
                    RoleName=name, PolicyName=one["name"], PolicyDocument=one.get("policy") or "{}"
                )
        for arn in items(record.inputs.get("managedPolicyArns")):
            self.managed(arn)
            if arn not in role.managed_policies:
                client.attach_role_policy(RoleName=name, PolicyArn=arn)
        wanted = tags_of(record)
        if gone := [key for key in self._tags(name) if key not in wanted]:
            client.untag_role(RoleName=name, TagKeys=gone)
        if tag_list(wanted):
            client.tag_role(RoleName=name, Tags=tag_list(wanted))

    def remove(self, record: Record) -> None:
        """The role, with what was given with it."""
        name = record.state["name"]
        role = self.role(name)
        if role is None:
            return
        for arn in list(role.managed_policies):
            self.client.detach_role_policy(RoleName=name, PolicyArn=arn)
        for policy in list(role.policies):
            self.client.delete_role_policy(RoleName=name, PolicyName=policy)
        self.client.delete_role(RoleName=name)

    def look(self, record: Record) -> Properties | None:
        """Trust, description, session length, tags; the policies where the program gives them with the role."""
        role = self.role(record.state["name"])
        if role is None:
            return None
        seen: Properties = {
            "assumeRolePolicy": role.assume_role_policy_document,
            "description": role.description or "",
            "maxSessionDuration": int(role.max_session_duration or 3600),
            "tagsAll": self._tags(record.state["name"]),
        }
        if "inlinePolicies" in record.inputs:
            seen["inlinePolicies"] = [
                {"name": name, "policy": text} for name, text in sorted(role.policies.items())
            ]
        if "managedPolicyArns" in record.inputs:
            seen["managedPolicyArns"] = sorted(role.managed_policies)
        return seen

    def _trust(self, record: Record) -> str:
        if found := record.state.get("assumeRolePolicy"):
            return str(found)
        root = f"arn:{self.simulator.account.partition}:iam::{self.simulator.account.account_id}:root"
        statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": root}}
        return json.dumps({"Version": "2012-10-17", "Statement": [statement]})

    def _tags(self, name: str) -> dict[str, str]:
        return {one["Key"]: one["Value"] for one in self.client.list_role_tags(RoleName=name)["Tags"]}


@mirror("aws:iam/instanceProfile:InstanceProfile")
class InstanceProfileMirror(IamMirror):
    """An instance profile with its role."""

    def make(self, record: Record) -> None:
        """The profile."""
        self.client.create_instance_profile(
            InstanceProfileName=record.state["name"],
            Path=record.state.get("path") or "/",
            **given(Tags=tag_list(tags_of(record))),
        )

    def settle(self, record: Record) -> None:
        """Its role and its tags."""
        name, wanted = record.state["name"], str(record.state.get("role") or "").rsplit("/", 1)[-1]
        now = self._role(name)
        if now and now != wanted:
            self.client.remove_role_from_instance_profile(InstanceProfileName=name, RoleName=now)
        if wanted and now != wanted:
            self.client.add_role_to_instance_profile(InstanceProfileName=name, RoleName=wanted)
        self.backend.get_instance_profile(name).tags = {
            key: {"Key": key, "Value": value} for key, value in tags_of(record).items()
        }

    def remove(self, record: Record) -> None:
        """The profile."""
        name = record.state["name"]
        if record.state["name"] not in self._names():
            return
        if now := self._role(name):
            self.client.remove_role_from_instance_profile(InstanceProfileName=name, RoleName=now)
        self.client.delete_instance_profile(InstanceProfileName=name)

    def look(self, record: Record) -> Properties | None:
        """Its role."""
        if record.state["name"] not in self._names():
            return None
        return {"role": self._role(record.state["name"])}

    def _names(self) -> set[str]:
        return {profile.name for profile in self.backend.instance_profiles.values()}

    def _role(self, name: str) -> str:
        roles: list[Any] = self.backend.get_instance_profile(name).roles
        return roles[0].name if roles else ""


@mirror("aws:iam/openIdConnectProvider:OpenIdConnectProvider")
class IdentityProviderMirror(IamMirror):
    """An OpenID Connect provider."""

    def make(self, record: Record) -> None:
        """The provider; its ARN follows from its URL."""
        state = record.state
        self.client.create_open_id_connect_provider(
            Url=f"https://{str(state['url']).removeprefix('https://')}",
            ClientIDList=list(state.get("clientIdLists") or []),
            ThumbprintList=list(state.get("thumbprintLists") or []),
            **given(Tags=tag_list(tags_of(record))),
        )

    def settle(self, record: Record) -> None:
        """Audiences, thumbprints, tags."""
        provider = self.backend.open_id_providers[record.state["arn"]]
        provider.client_id_list = list(record.state.get("clientIdLists") or [])
        if thumbprints := record.state.get("thumbprintLists"):
            provider.thumbprint_list = list(thumbprints)
        provider.tags = {key: {"Key": key, "Value": value} for key, value in tags_of(record).items()}

    def remove(self, record: Record) -> None:
        """The provider."""
        self.client.delete_open_id_connect_provider(OpenIDConnectProviderArn=record.state["arn"])

    def look(self, record: Record) -> Properties | None:
        """Audiences, thumbprints, tags."""
        provider = self.backend.open_id_providers.get(record.state["arn"])
        if provider is None:
            return None
        tags: dict[str, Properties] = provider.tags or {}
        return {
            "clientIdLists": list(provider.client_id_list or []),
            "thumbprintLists": list(provider.thumbprint_list or []),
            "tagsAll": {key: one["Value"] for key, one in tags.items()},
        }
