"""Route 53 hosted zones and records."""

from typing import Any, ClassVar

from localcloud.api.mirrors.base import Mirror, Properties, given, items, mirror, tag_list, tags_of
from localcloud.aws.store import Record
from localcloud.kube.fields import each


class _Route53Mirror(Mirror):
    service: ClassVar[str] = "route53"


@mirror("aws:route53/zone:Zone")
class ZoneMirror(_Route53Mirror):
    """A hosted zone."""

    def make(self, record: Record) -> None:
        """The zone, under its id. moto wants a VPC for a private zone where the account file names none."""
        state = record.state
        vpcs = each(state, "vpcs")
        answer = self.client.create_hosted_zone(
            Name=state["name"],
            CallerReference=record.id,
            HostedZoneConfig={"Comment": str(state.get("comment") or ""), "PrivateZone": False},
            **given(
                VPC={"VPCRegion": self.simulator.region, "VPCId": vpcs[0]["vpcId"]} if vpcs else None,
            ),
        )
        drawn = str(answer["HostedZone"]["Id"]).rsplit("/", 1)[-1]
        zone = self.backend.zones.pop(drawn)
        zone.resource_id = record.id
        zone.private_zone = bool(state.get("private") or vpcs)
        self.backend.zones[record.id] = zone

    def settle(self, record: Record) -> None:
        """Tags."""
        wanted, now = tags_of(record), self._tags(record.id)
        gone = [key for key in now if key not in wanted]
        if gone or tag_list(wanted):
            self.client.change_tags_for_resource(
                ResourceType="hostedzone",
                ResourceId=record.id,
                **given(AddTags=tag_list(wanted), RemoveTagKeys=gone),
            )

    def remove(self, record: Record) -> None:
        """The zone with its records."""
        self.backend.zones.pop(record.id, None)

    def look(self, record: Record) -> Properties | None:
        """Tags."""
        return {"tagsAll": self._tags(record.id)} if record.id in self.backend.zones else None

    def _tags(self, id_: str) -> dict[str, str]:
        answer = self.client.list_tags_for_resource(ResourceType="hostedzone", ResourceId=id_)
        return {one["Key"]: one.get("Value", "") for one in items(answer["ResourceTagSet"].get("Tags"))}


@mirror("aws:route53/record:Record")
class RecordMirror(_Route53Mirror):
    """A record of a hosted zone."""

    def make(self, record: Record) -> None:
        """The record."""
        self._change("UPSERT", record)

    def settle(self, record: Record) -> None:
        """Its values."""
        self._change("UPSERT", record)

    def remove(self, record: Record) -> None:
        """The record."""
        if self._found(record) is not None:
            self._change("DELETE", record)

    def look(self, record: Record) -> Properties | None:
        """Values and time to live."""
        found = self._found(record)
        if found is None:
            return None
        seen: Properties = {"records": sorted(found.records)}
        return {**seen, "ttl": int(found.ttl)} if found.ttl else seen

    def _change(self, action: str, record: Record) -> None:
        state = record.state
        aliases = each(state, "aliases")
        entry: Properties = {"Name": _name(record), "Type": state["type"]}
        if aliases:
            entry["AliasTarget"] = {
                "HostedZoneId": aliases[0]["zoneId"],
                "DNSName": aliases[0]["name"],
                "EvaluateTargetHealth": bool(aliases[0].get("evaluateTargetHealth")),
            }
        else:
            entry["TTL"] = int(state.get("ttl") or 300)
            entry["ResourceRecords"] = [{"Value": str(one)} for one in items(state.get("records"))]
        self.client.change_resource_record_sets(
            HostedZoneId=state["zoneId"],
            ChangeBatch={"Changes": [{"Action": action, "ResourceRecordSet": entry}]},
        )

    def _found(self, record: Record) -> Any:
        zone = self.backend.zones.get(record.state["zoneId"])
        sets: list[Any] = zone.rrsets if zone else []
        wanted = _name(record).rstrip(".") + "."
        return next((one for one in sets if one.name == wanted and one.type == record.state["type"]), None)


def _name(record: Record) -> str:
    return str(record.state.get("fqdn") or record.state["name"])
