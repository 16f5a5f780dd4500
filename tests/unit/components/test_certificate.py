"""A certificate that is issued before anybody gets its ARN, with one record per name that ACM asks for."""

import pulumi
import pytest

from components.certificate import Certificate, CertificateArgs
from tests.unit.components.building import aws_resources, build, faults
from tests.unit.recording import ACCOUNT, REGION, UNKNOWN

ARN = f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/0a1b2c3d-1111-2222-3333-444455556666"
CERTIFICATE = "aws:acm/certificate:Certificate"
VALIDATION = "aws:acm/certificateValidation:CertificateValidation"
RECORD = "aws:route53/record:Record"


def made(**args):
    return lambda opts: Certificate("tls", args_of(**args), opts)


def args_of(**args) -> CertificateArgs:
    return args  # pyright: ignore[reportReturnType] -- tests pass wrong values on purpose


def new(*names: str, **changes):
    return made(**{"domain_names": list(names), "hosted_zone_id": "Z0123456789", **changes})


def issued(type_: str, name: str, inputs: dict) -> dict:
    """ACM's answer: one option per name, and the same record for a wildcard and its apex."""
    del name
    if type_ != CERTIFICATE:
        return {}
    names = [inputs["domainName"], *inputs.get("subjectAlternativeNames", [])]
    options = [
        {
            "domainName": each,
            "resourceRecordName": f"_x.{each.removeprefix('*.')}.",
            "resourceRecordType": "CNAME",
            "resourceRecordValue": f"_y.{each.removeprefix('*.')}.acm-validations.aws.",
        }
        for each in reversed(names)
    ]
    return {"arn": ARN, "domainValidationOptions": options}


def test_children_of_a_new_certificate():
    recording = build(new("laguna.example.com", "point.example.com"), state=issued)
    assert recording.children("tls") == [
        (CERTIFICATE, "tls-certificate"),
        (VALIDATION, "tls-validation"),
        (RECORD, "tls-validation-laguna.example.com"),
        (RECORD, "tls-validation-point.example.com"),
    ]
    assert len(aws_resources(recording)) == 4
    assert recording.named("tls").type == "inference-plane:index:Certificate"


def test_a_wildcard_and_its_apex_share_one_record():
    recording = build(new("*.example.com", "example.com", "*.models.example.com"), state=issued)
    assert sorted(r.name for r in recording.of_type(RECORD)) == [
        "tls-validation-example.com",
        "tls-validation-models.example.com",
    ]
    assert recording.named("tls-validation").inputs["validationRecordFqdns"] == [
        "_x.example.com.",
        "_x.models.example.com.",
    ]


def test_the_certificate_is_validated_by_dns():
    recording = build(new("models.example.com", "z.example.com", "a.example.com", tags={"team": "serving"}))
    assert recording.named("tls-certificate").inputs == {
        "domainName": "models.example.com",
        "subjectAlternativeNames": ["a.example.com", "z.example.com"],
        "validationMethod": "DNS",
        "tags": {"team": "serving", "Name": "tls"},
    }


def test_a_certificate_for_one_name_has_no_further_names():
    recording = build(new("models.example.com"), state=issued)
    assert "subjectAlternativeNames" not in recording.named("tls-certificate").inputs


def test_a_record_has_the_name_and_value_that_acm_gave_for_its_host():
    recording = build(new("laguna.example.com", "point.example.com"), state=issued)
    assert recording.named("tls-validation-point.example.com").inputs == {
        "zoneId": "Z0123456789",
        "name": "_x.point.example.com.",
        "type": "CNAME",
        "records": ["_y.point.example.com.acm-validations.aws."],
        "ttl": 60,
        "allowOverwrite": True,
    }


def test_the_arn_is_that_of_the_validated_certificate():
    class Consumer(pulumi.CustomResource):
        def __init__(self, arn: pulumi.Input[str]) -> None:
            super().__init__("test:index:Consumer", "consumer", {"arn": arn})

    recording = build(lambda opts: Consumer(new("a.example.com")(opts).arn), state=issued)
    assert recording.named("consumer").inputs["arn"] == ARN
    assert recording.named("tls-validation").urn in recording.named("consumer").depends_on
    assert recording.named("tls-validation").inputs["certificateArn"] == ARN
    assert recording.outputs["tls"] == {"arn": ARN, "domainNames": ["a.example.com"]}


def test_preview_shows_every_record_though_their_values_are_unknown():
    recording = build(new("*.example.com", "a.b.example.com"), preview=True)
    assert sorted(r.name for r in recording.of_type(RECORD)) == [
        "tls-validation-a.b.example.com",
        "tls-validation-example.com",
    ]
    record = recording.named("tls-validation-example.com").inputs
    assert (record["name"], record["records"], record["type"]) == (UNKNOWN, [UNKNOWN], "CNAME")
    assert recording.outputs["tls"] == {"arn": UNKNOWN, "domainNames": ["*.example.com", "a.b.example.com"]}


@pytest.mark.parametrize("preview", [False, True])
def test_an_existing_certificate_is_passed_through_and_nothing_is_created(preview):
    recording = build(made(arn=ARN), preview=preview)
    assert aws_resources(recording) == []
    assert recording.outputs["tls"] == {"arn": ARN, "domainNames": []}


def test_arn_and_zone_may_be_outputs():
    assert build(made(arn=pulumi.Output.from_input(ARN))).outputs["tls"]["arn"] == ARN
    zone = pulumi.Output.from_input("Z9")
    recording = build(new("a.example.com", hosted_zone_id=zone), state=issued)
    assert recording.one(RECORD).inputs["zoneId"] == "Z9"


def test_neither_names_nor_arn_is_refused():
    assert faults(made()) == {
        "domainNames": "is required, or the arn of an existing certificate",
        "hostedZoneId": "is required to validate a new certificate by DNS",
    }


def test_an_arn_beside_a_new_certificate_is_refused():
    found = faults(new("a.example.com", arn="arn:aws:iam::1:server-certificate/x"))
    assert sorted(found) == ["arn", "domainNames", "hostedZoneId"]
    assert (
        found["hostedZoneId"] == "describes a new certificate, but arn names an existing one: remove either"
    )


def test_every_faulty_name_is_reported_at_once():
    long = f"{'a' * 60}.example.com"
    found = faults(
        new(long, "*.*.example.com", "a.example.com", "a.example.com", long, hosted_zone_id="example.com")
    )
    assert sorted(found) == [
        "domainNames[0]",
        "domainNames[1]",
        "domainNames[3]",
        "domainNames[4]",
        "hostedZoneId",
    ]
    assert "more than 64 characters" in found["domainNames[0]"]
    assert found["domainNames[3]"] == "repeats a.example.com; give each name once"
