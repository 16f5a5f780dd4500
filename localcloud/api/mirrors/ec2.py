"""What the mirrors of EC2's types share: tags live in one place there."""

from typing import Any, ClassVar

from localcloud.api.mirrors.base import Mirror, Properties, tag_list, tags_of
from localcloud.aws.store import Record


class Ec2Mirror(Mirror):
    """A resource of EC2 with tags."""

    service: ClassVar[str] = "ec2"
    kind: ClassVar[str] = ""
    """Resource type in tag specifications, such as ``vpc``."""

    def settle(self, record: Record) -> None:
        """Exactly the record's tags. Past the API: those of AWS itself (``aws:…``) cannot be set through it."""
        self.backend.tags[record.id] = tags_of(record)

    def look(self, record: Record) -> Properties | None:
        """The tags, while the resource is there."""
        return {"tagsAll": dict(self.backend.tags.get(record.id, {}))} if self.exists(record.id) else None

    def exists(self, id_: str) -> bool:
        """Whether moto has the resource."""
        raise NotImplementedError

    def tagged(self, record: Record) -> list[Properties]:
        """The tag specification of a create."""
        tags = tag_list(tags_of(record))
        return [{"ResourceType": self.kind, "Tags": tags}] if tags else []


def rules_of(group: Any, egress: bool) -> list[Any]:
    """moto's rules of a security group, one way."""
    return group.egress_rules if egress else group.ingress_rules
