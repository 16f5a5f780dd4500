"""ACM certificates and their validation."""

import time
from typing import Any, ClassVar

from localcloud.aws import names
from localcloud.aws.account import Account
from localcloud.aws.errors import AwsError
from localcloud.aws.rules.base import Call, Holder, Reference, Rule, rule, text, values_at
from localcloud.aws.store import Record
from localcloud.providers.protocol import CheckFailure, Properties

CERTIFICATE = "aws:acm/certificate:Certificate"
RECORD = "aws:route53/record:Record"

_VALIDATION_SECONDS = 20.0


@rule(CERTIFICATE)
class CertificateRule(Rule):
    """A requested certificate: issued once its DNS records are there."""

    defaults: ClassVar[Properties] = {"keyAlgorithm": "RSA_2048"}
    held_by = (
        Holder(
            "aws:lb/listener:Listener",
            "certificateArn",
            "ResourceInUseException",
            "Certificate {id} is in use.",
        ),
    )

    def faults(self, inputs: Properties, account: Account) -> list[CheckFailure]:
        """A name, and a way to validate it."""
        del account
        if inputs.get("privateKey"):
            return []
        keys = (
            ("domainName",) if inputs.get("certificateAuthorityArn") else ("domainName", "validationMethod")
        )
        return [CheckFailure(key, "a requested certificate needs it") for key in keys if not inputs.get(key)]

    def identity(self, call: Call, inputs: Properties) -> str:
        """The ARN."""
        return call.arn("acm", f"certificate/{names.new_uuid()}")

    def computed(self, call: Call, id_: str, inputs: Properties) -> Properties:
        """The DNS records that validate each name; a wildcard shares its domain's."""
        domain = text(inputs.get("domainName"))
        others = values_at(inputs, "subjectAlternativeNames")
        options: list[Properties] = []
        tokens: dict[str, str] = {}
        for name in dict.fromkeys([domain, *others]):
            base = name.removeprefix("*.")
            token = tokens.setdefault(base, names.new_uuid().replace("-", ""))
            options.append(
                {
                    "domainName": name,
                    "resourceRecordName": f"_{token}.{base}.",
                    "resourceRecordType": "CNAME",
                    "resourceRecordValue": f"_{token[::-1]}.acm-validations.aws.",
                }
            )
        return {
            "arn": id_,
            "domainValidationOptions": options,
            "status": "PENDING_VALIDATION",
            "subjectAlternativeNames": sorted({domain, *others}),
            "type": "AMAZON_ISSUED",
            "renewalEligibility": "INELIGIBLE",
            "notBefore": "2026-01-01T00:00:00Z",
            "notAfter": "2027-01-31T23:59:59Z",
        }


@rule("aws:acm/certificateValidation:CertificateValidation")
class CertificateValidationRule(Rule):
    """Waits until a certificate is issued."""

    references = (
        Reference(
            "certificateArn",
            (CERTIFICATE,),
            "ResourceNotFoundException",
            "Could not find certificate {}.",
        ),
    )

    def created(self, call: Call, record: Record) -> Properties:
        """The certificate is issued when each of its validation records exists."""
        arn = text(record.state["certificateArn"])
        deadline = min(call.deadline, time.monotonic() + _VALIDATION_SECONDS)
        while True:
            certificate = call.store.get(CERTIFICATE, arn)
            assert certificate is not None  # a reference: the create was refused without it
            missing = _missing_records(call, certificate)
            if certificate.state.get("status") == "ISSUED" or not missing:
                break
            if time.monotonic() > deadline:
                raise AwsError(
                    "timeout",
                    f"while waiting for ACM Certificate ({arn}) to be issued: it is PENDING_VALIDATION because "
                    f"these DNS records do not exist: {', '.join(missing)}",
                )
            time.sleep(0.2)
        with call.store.transaction():
            state = {**certificate.state, "status": "ISSUED"}
            call.store.put(
                Record(
                    certificate.type,
                    certificate.id,
                    certificate.name,
                    certificate.inputs,
                    state,
                    certificate.origin,
                )
            )
        return {}


def _missing_records(call: Call, certificate: Record) -> list[str]:
    present = {text(one.state.get("fqdn")).rstrip(".") for one in call.store.all(RECORD)}
    options: list[Any] = certificate.state.get("domainValidationOptions") or []
    wanted = {text(option.get("resourceRecordName")).rstrip(".") for option in options}
    return sorted(wanted - present)
