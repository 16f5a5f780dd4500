from pathlib import Path

import pytest

from tests.unit.config.dev_stack import CERTIFICATE, GONE, Case, Changes, dev, each

_NAMES = {"domainNames": ["*.models.example.com"]}
_ZONE = {"hostedZoneId": "Z0123456789ABC"}


@each(
    Case(
        "an internet-facing load balancer needs an API key",
        {"vllmApiKey": False},
        "vllmApiKey",
        ("internet-facing", "pulumi config set --secret vllmApiKey", "allowUnauthenticated: true"),
        {"vllmApiKey": False, "ingress.allowUnauthenticated": True},
    ),
    Case(
        "an internet-facing load balancer is not open because it says false",
        {"vllmApiKey": False, "ingress.allowUnauthenticated": False},
        "vllmApiKey",
        ("is required",),
        {"vllmApiKey": False, "ingress.scheme": "internal"},
    ),
    Case(
        "a scheme is internal or internet-facing",
        {"ingress.scheme": "public"},
        "ingress.scheme",
        ("'public'", "'internal' or 'internet-facing'"),
        {"ingress.scheme": "internal"},
    ),
    Case(
        "a group name is lower case",
        {"ingress.groupName": "Poolside"},
        "ingress.groupName",
        ("'Poolside'", "a-z 0-9"),
        {"ingress.groupName": "team.poolside-1"},
    ),
    Case(
        "a connection is silent for 4000 seconds at most",
        {"ingress.idleTimeoutSeconds": 4001},
        "ingress.idleTimeoutSeconds",
        ("is 4001", "4000 or less"),
        {"ingress.idleTimeoutSeconds": 4000},
    ),
    Case(
        "a TLS policy knows TLS 1.3",
        {"ingress.sslPolicy": "ELBSecurityPolicy-2016-08"},
        "ingress.sslPolicy",
        ("'ELBSecurityPolicy-2016-08'", "TLS 1.3"),
        {"ingress.sslPolicy": "ELBSecurityPolicy-TLS13-1-3-2021-06"},
    ),
    Case(
        "a network that may connect is a network",
        {"ingress.inboundCidrs": ["192.0.2.0"]},
        "ingress.inboundCidrs[0]",
        ("'192.0.2.0'", "IPv4 network"),
        {"ingress.inboundCidrs": ["192.0.2.0/24"]},
    ),
    Case(
        "a certificate is required",
        {"ingress.certificate": GONE},
        "ingress.certificate",
        ("is required",),
        {},
    ),
    Case(
        "a certificate is given or made",
        {"ingress.certificate": _NAMES},
        "ingress.certificate",
        ("neither arn nor hostedZoneId",),
        {"ingress.certificate": {**_NAMES, **_ZONE}},
    ),
    Case(
        "a certificate's ARN is checked",
        {"ingress.certificate.arn": "arn:aws:iam::111122223333:server-certificate/models"},
        "ingress.certificate.arn",
        ("server-certificate", "arn:aws:acm:<region>:<account>:certificate/<id>"),
        {"ingress.certificate.arn": CERTIFICATE},
    ),
    Case(
        "a certificate is of the load balancer's region",
        {"ingress.certificate.arn": CERTIFICATE.replace("us-east-2", "us-east-1")},
        "ingress.certificate.arn",
        ("us-east-1", "the stack is in us-east-2"),
        {"ingress.certificate.arn": CERTIFICATE},
    ),
    Case(
        "a certificate is of the partition",
        {"ingress.certificate.arn": CERTIFICATE.replace("arn:aws:", "arn:aws-us-gov:")},
        "ingress.certificate.arn",
        ("partition aws-us-gov", "us-east-2 is in aws"),
        {"ingress.certificate.arn": CERTIFICATE},
    ),
    Case(
        "a certificate's names are host names",
        {"ingress.certificate.domainNames": ["*.models.example.com", "*.*.example.com"]},
        "ingress.certificate.domainNames[1]",
        ("'*.*.example.com'", "*.models.example.com"),
        {"ingress.certificate.domainNames": ["*.models.example.com", "*.example.com"]},
    ),
    Case(
        "a certificate's names are named once",
        {"ingress.certificate.domainNames": ["*.models.example.com", "*.models.example.com"]},
        "ingress.certificate.domainNames[1]",
        ("*.models.example.com", "second time"),
        {"ingress.certificate.domainNames": ["*.models.example.com", "models.example.com"]},
    ),
    Case(
        "a certificate has a name",
        {"ingress.certificate.domainNames": GONE},
        "ingress.certificate.domainNames",
        ("is required", "valid for"),
        {},
    ),
    Case(
        "a hosted zone id is checked",
        {"ingress.certificate.hostedZoneId": "models.example.com"},
        "ingress.certificate.hostedZoneId",
        ("'models.example.com'", "Z0123456789ABC"),
        {"ingress.certificate.hostedZoneId": "Z0123456789ABC"},
    ),
    Case(
        "records need a zone",
        {"ingress.externalDns": True},
        "ingress.externalDns",
        ("no zone", "certificate.hostedZoneId"),
        {"ingress.externalDns": True, "ingress.certificate.hostedZoneId": "Z0123456789ABC"},
    ),
)
def test_each_breach_is_told_at_its_path_and_its_neighbour_passes(case: Case, project: Path):
    case.check(project)


@pytest.mark.parametrize(
    ("changes", "kept"),
    [
        ({}, False),
        ({"ingress.certificate.hostedZoneId": "Z0123456789ABC"}, True),
        ({"ingress.certificate.hostedZoneId": "Z0123456789ABC", "ingress.externalDns": False}, False),
    ],
)
def test_records_are_kept_when_there_is_a_zone_unless_told_otherwise(
    changes: Changes, kept: bool, project: Path
):
    assert dev(project, changes).ingress.keeps_dns is kept


def test_an_api_key_may_be_kept_behind_an_internal_load_balancer(project: Path):
    settings = dev(project, {"ingress.scheme": "internal"})

    assert settings.has_api_key
