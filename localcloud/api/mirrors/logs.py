"""CloudWatch log groups."""

from typing import ClassVar

from localcloud.api.mirrors.base import Mirror, Properties, given, mirror, tags_of
from localcloud.aws.store import Record


@mirror("aws:cloudwatch/logGroup:LogGroup")
class LogGroupMirror(Mirror):
    """A log group."""

    service: ClassVar[str] = "logs"

    def make(self, record: Record) -> None:
        """The group."""
        self.client.create_log_group(
            logGroupName=record.id, **given(tags=tags_of(record), kmsKeyId=record.state.get("kmsKeyId"))
        )

    def settle(self, record: Record) -> None:
        """Retention, key and tags."""
        group = self.backend.groups[record.id]
        days = record.state.get("retentionInDays")
        if days:
            self.client.put_retention_policy(logGroupName=record.id, retentionInDays=int(days))
        elif group.retention_in_days:
            self.client.delete_retention_policy(logGroupName=record.id)
        group.kms_key_id = record.state.get("kmsKeyId") or None
        now = self._tags(record.id)
        if gone := [key for key in now if key not in tags_of(record)]:
            self.client.untag_log_group(logGroupName=record.id, tags=gone)
        if tags_of(record):
            self.client.tag_log_group(logGroupName=record.id, tags=tags_of(record))

    def remove(self, record: Record) -> None:
        """The group with its streams."""
        if record.id in self.backend.groups:
            self.client.delete_log_group(logGroupName=record.id)

    def look(self, record: Record) -> Properties | None:
        """Retention and tags."""
        group = self.backend.groups.get(record.id)
        if group is None:
            return None
        return {"retentionInDays": int(group.retention_in_days or 0), "tagsAll": self._tags(record.id)}

    def _tags(self, name: str) -> dict[str, str]:
        return self.client.list_tags_log_group(logGroupName=name)["tags"]
