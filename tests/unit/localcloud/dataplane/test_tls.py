"""A listener has the certificates that the controller gives it, and shows the one that fits the server name."""

from typing import Any

import pytest

from localcloud.dataplane.tls import Names, choose, listener_certificates

WILD: Names = ("*.models.example.com",)
EXACT: Names = ("a.models.example.com", "b.example.com")


@pytest.mark.parametrize(
    ("host", "offered", "expected"),
    [
        ("a.models.example.com", [WILD, EXACT], EXACT),
        ("c.models.example.com", [EXACT, WILD], WILD),
        ("unknown.example.org", [EXACT, WILD], EXACT),
        ("", [WILD, EXACT], WILD),
        ("a.models.example.com", [], None),
    ],
)
def test_the_closest_certificate_is_shown_and_the_default_where_none_fits(
    host: str, offered: list[Names], expected: Names | None
) -> None:
    assert choose(host, offered) == expected


def certificate(arn: str, *names: str, status: str | None = "ISSUED") -> dict[str, Any]:
    return {"arn": arn, "domainName": names[0], "subjectAlternativeNames": sorted(names), "status": status}


def test_named_certificates_come_in_their_order_and_with_all_their_names() -> None:
    account = [certificate("arn:a", *EXACT), certificate("arn:w", *WILD, status=None)]
    assert listener_certificates(["arn:w", "arn:a", "arn:gone"], [], account) == [WILD, EXACT]


def test_a_certificate_that_is_not_issued_is_on_no_listener() -> None:
    account = [certificate("arn:a", *EXACT, status="PENDING_VALIDATION")]
    assert listener_certificates(["arn:a"], ["b.example.com"], account) == []


def test_hosts_without_a_named_certificate_find_theirs_by_name() -> None:
    account = [certificate("arn:a", *EXACT), certificate("arn:w", *WILD)]
    assert listener_certificates([], ["b.example.com", "c.models.example.com"], account) == [EXACT, WILD]
    assert listener_certificates([], ["none.example.org"], account) == []
