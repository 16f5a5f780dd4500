"""KMS keys and aliases."""

from typing import ClassVar

from localcloud.api.mirrors.base import Mirror, Properties, given, mirror, tag_list, tags_of
from localcloud.aws.store import Record

_PENDING = "pending-deletion"
"""State of a record whose key waits for its deletion."""


@mirror("aws:kms/key:Key")
class KeyMirror(Mirror):
    """A KMS key."""

    service: ClassVar[str] = "kms"

    def make(self, record: Record) -> None:
        """The key. moto draws its id at random: it is renamed to the record's."""
        state = record.state
        answer = self.client.create_key(
            Description=str(state.get("description") or ""),
            KeyUsage=state.get("keyUsage") or "ENCRYPT_DECRYPT",
            KeySpec=state.get("customerMasterKeySpec") or "SYMMETRIC_DEFAULT",
            MultiRegion=bool(state.get("multiRegion")),
            **given(Policy=state.get("policy"), Tags=tag_list(tags_of(record), "TagKey", "TagValue")),
        )
        drawn = answer["KeyMetadata"]["KeyId"]
        key = self.backend.keys.pop(drawn)
        key.id, key.arn = record.id, state["arn"]
        self.backend.keys[record.id] = key
        tagger = self.backend.tagger
        tagger.tags = {record.id if name == drawn else name: tags for name, tags in tagger.tags.items()}

    def settle(self, record: Record) -> None:
        """Description, policy, rotation, whether it is enabled, tags."""
        state, client = record.state, self.client
        if state.get("keyState") == _PENDING:
            self.remove(record)
            return
        client.update_key_description(KeyId=record.id, Description=str(state.get("description") or ""))
        if state.get("policy"):
            client.put_key_policy(KeyId=record.id, PolicyName="default", Policy=state["policy"])
        (client.enable_key if state.get("isEnabled", True) else client.disable_key)(KeyId=record.id)
        rotate = state.get("enableKeyRotation")
        (client.enable_key_rotation if rotate else client.disable_key_rotation)(KeyId=record.id)
        wanted = tags_of(record)
        if gone := [key for key in self._tags(record.id) if key not in wanted]:
            client.untag_resource(KeyId=record.id, TagKeys=gone)
        if wanted:
            client.tag_resource(KeyId=record.id, Tags=tag_list(wanted, "TagKey", "TagValue"))

    def remove(self, record: Record) -> None:
        """Schedule the deletion, as the provider does: the key can still be seen."""
        key = self.backend.keys.get(record.id)
        if key is not None and key.key_state != "PendingDeletion":
            days = int(record.state.get("deletionWindowInDays") or 30)
            self.client.schedule_key_deletion(KeyId=record.id, PendingWindowInDays=days)

    def look(self, record: Record) -> Properties | None:
        """The settings; a key that waits for its deletion is gone."""
        key = self.backend.keys.get(record.id)
        if key is None or key.key_state == "PendingDeletion":
            return None
        return {
            "description": key.description,
            "policy": key.policy,
            "isEnabled": bool(key.enabled),
            "enableKeyRotation": bool(key.key_rotation_status),
            "tagsAll": self._tags(record.id),
        }

    def _tags(self, id_: str) -> dict[str, str]:
        answer = self.client.list_resource_tags(KeyId=id_)
        return {one["TagKey"]: one["TagValue"] for one in answer["Tags"]}


@mirror("aws:kms/alias:Alias")
class AliasMirror(Mirror):
    """A key's alias."""

    service: ClassVar[str] = "kms"

    def make(self, record: Record) -> None:
        """The alias."""
        self.client.create_alias(AliasName=record.id, TargetKeyId=_key(record))

    def settle(self, record: Record) -> None:
        """Its key."""
        if self.backend.get_key_id_from_alias(record.id) != _key(record):
            self.client.update_alias(AliasName=record.id, TargetKeyId=_key(record))

    def remove(self, record: Record) -> None:
        """The alias."""
        if self.backend.alias_exists(record.id):
            self.client.delete_alias(AliasName=record.id)

    def look(self, record: Record) -> Properties | None:
        """Its key, in the form in which the record has it."""
        key = self.backend.get_key_id_from_alias(record.id)
        if not key:
            return None
        return {"targetKeyId": record.state.get("targetKeyId") if key == _key(record) else key}


def _key(record: Record) -> str:
    return str(record.state["targetKeyId"]).rsplit("/", 1)[-1]
