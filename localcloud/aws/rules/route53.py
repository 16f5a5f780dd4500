"""Route 53 hosted zones and records."""

import secrets
from typing import Any, ClassVar

from localcloud.aws.account import Account
from localcloud.aws.errors import AwsError
from localcloud.aws.rules.base import Call, Holder, Reference, Rule, rule, text
from localcloud.aws.store import Record
from localcloud.providers.protocol import CheckFailure, Properties

ZONE = "aws:route53/zone:Zone"
RECORD = "aws:route53/record:Record"


@rule(ZONE)
class ZoneRule(Rule):
    """A hosted zone; its records keep it."""

    defaults: ClassVar[Properties] = {"comment": "Managed by Pulumi", "forceDestroy": False}
    held_by = (
        Holder(
            RECORD,
            "zoneId",
            "HostedZoneNotEmpty",
            "The specified hosted zone contains non-required resource record sets and so cannot be deleted.",
        ),
    )

    def identity(self, call: Call, inputs: Properties) -> str:
        """A zone id."""
        return "Z" + "".join(secrets.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") for _ in range(20))

    def computed(self, call: Call, id_: str, inputs: Properties) -> Properties:
        """The zone's name servers."""
        servers = [f"ns-{number}.awsdns-{number % 64:02}.{end}" for number, end in
                   ((512, "net"), (1024, "org"), (1536, "co.uk"), (0, "com"))]  # fmt: skip
        return {"zoneId": id_, "nameServers": servers, "primaryNameServer": servers[0]}


@rule(RECORD)
class RecordRule(Rule):
    """A record set of a zone."""

    references = (Reference("zoneId", (ZONE,), "NoSuchHostedZone", "No hosted zone found with ID: {}"),)

    def faults(self, inputs: Properties, account: Account) -> list[CheckFailure]:
        """Values with their time to live, or an alias."""
        del account
        if inputs.get("aliases"):
            return [
                CheckFailure(key, "an alias record takes neither records nor ttl")
                for key in ("records", "ttl")
                if inputs.get(key) is not None
            ]
        return [
            CheckFailure(key, "a record without an alias needs it")
            for key in ("records", "ttl")
            if inputs.get(key) is None
        ]

    def _fqdn(self, call: Call, inputs: Properties) -> tuple[str, str]:
        zone = call.store.get(ZONE, text(inputs["zoneId"]))
        domain = text(zone.state.get("name")).rstrip(".") if zone else ""
        name = text(inputs["name"]).rstrip(".")
        return (
            name if name == domain or name.endswith(f".{domain}") else f"{name}.{domain}".lstrip(".")
        ), domain

    def identity(self, call: Call, inputs: Properties) -> str:
        """Zone, name and type, and the set's identifier."""
        fqdn, _ = self._fqdn(call, inputs)
        end = f"_{inputs['setIdentifier']}" if inputs.get("setIdentifier") else ""
        return f"{inputs['zoneId']}_{fqdn}_{inputs['type']}{end}"

    def admit(self, call: Call, inputs: Properties, record: Record | None) -> None:
        """A record set is there once; a CNAME stands alone."""
        if record is not None:
            return
        fqdn, domain = self._fqdn(call, inputs)
        if inputs["type"] == "CNAME" and fqdn == domain:
            raise AwsError(
                "InvalidChangeBatch",
                f"[RRSet of type CNAME with DNS name {fqdn}. is not permitted at apex in zone {domain}.]",
            )
        if call.store.get(RECORD, self.identity(call, inputs)) and not inputs.get("allowOverwrite"):
            raise AwsError(
                "InvalidChangeBatch",
                f"[Tried to create resource record set [name='{fqdn}.', type='{inputs['type']}'] but it already "
                "exists]",
            )
        same: list[Any] = [
            one
            for one in call.store.find(RECORD, zoneId=inputs["zoneId"])
            if one.state.get("fqdn") == fqdn and "CNAME" in (one.state.get("type"), inputs["type"])
        ]
        if any(one.state.get("type") != inputs["type"] for one in same):
            raise AwsError(
                "InvalidChangeBatch",
                f"[RRSet of type {inputs['type']} with DNS name {fqdn}. is not permitted because a conflicting "
                "RRSet with the same DNS name already exists]",
            )

    def computed(self, call: Call, id_: str, inputs: Properties) -> Properties:
        """The full name."""
        return {"fqdn": self._fqdn(call, inputs)[0]}
