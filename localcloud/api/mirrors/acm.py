"""ACM certificates."""

from typing import ClassVar

from localcloud.api.mirrors.base import Mirror, Properties, given, items, mirror, tag_list, tags_of
from localcloud.aws.store import Record


@mirror("aws:acm/certificate:Certificate")
class CertificateMirror(Mirror):
    """A certificate, asked for or imported: moto is asked for either."""

    service: ClassVar[str] = "acm"

    def make(self, record: Record) -> None:
        """The certificate, under its ARN and in its state. moto issues after a minute; ours is told by the record."""
        state = record.state
        names = [one for one in items(state.get("subjectAlternativeNames")) if one != state["domainName"]]
        drawn = self.client.request_certificate(
            DomainName=state["domainName"],
            ValidationMethod=state.get("validationMethod") or "DNS",
            **given(SubjectAlternativeNames=names, Tags=tag_list(tags_of(record))),
        )["CertificateArn"]
        certificate = self.backend._certificates.pop(drawn)
        certificate.arn = state["arn"]
        self.backend._certificates[state["arn"]] = certificate

    def settle(self, record: Record) -> None:
        """State and tags."""
        certificate = self.backend._certificates[record.state["arn"]]
        certificate.status = str(record.state.get("status") or "ISSUED")
        wanted, now = tags_of(record), self._tags(record)
        if gone := [{"Key": key} for key in now if key not in wanted]:
            self.client.remove_tags_from_certificate(CertificateArn=record.state["arn"], Tags=gone)
        if tag_list(wanted):
            self.client.add_tags_to_certificate(CertificateArn=record.state["arn"], Tags=tag_list(wanted))

    def remove(self, record: Record) -> None:
        """The certificate."""
        self.backend._certificates.pop(record.state["arn"], None)

    def look(self, record: Record) -> Properties | None:
        """Tags."""
        return {"tagsAll": self._tags(record)} if record.state["arn"] in self.backend._certificates else None

    def _tags(self, record: Record) -> dict[str, str]:
        found = self.client.list_tags_for_certificate(CertificateArn=record.state["arn"])["Tags"]
        return {one["Key"]: one.get("Value", "") for one in found}
