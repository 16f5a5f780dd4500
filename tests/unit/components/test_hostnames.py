"""Which certificate covers which host, by table."""

import pytest

from components.hostnames import covers, is_certificate_name, is_host_name, validation_names


@pytest.mark.parametrize(
    ("names", "host", "expected"),
    [
        (["laguna.example.com"], "laguna.example.com", True),
        (["LAGUNA.example.com"], "laguna.Example.com", True),
        (["*.example.com"], "laguna.example.com", True),
        (["*.models.example.com", "example.com"], "xs.models.example.com", True),
        (["*.example.com"], "example.com", False),
        (["*.example.com"], "a.b.example.com", False),
        (["example.com"], "laguna.example.com", False),
        (["*.example.com"], "laguna.example.org", False),
        (["*.example.com"], ".example.com", False),
        (["*."], "localhost", False),
        ([], "laguna.example.com", False),
    ],
)
def test_a_wildcard_stands_for_exactly_one_label(names, host, expected):
    assert covers(names, host) is expected


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("laguna-m.example.com", True),
        ("1.example.com", True),
        ("example", False),
        ("-a.example.com", False),
        ("a-.example.com", False),
        ("a_b.example.com", False),
        ("A.example.com", False),
        ("a..example.com", False),
        ("example.com.", False),
        ("*.example.com", False),
        (f"{'a' * 63}.example.com", True),
        (f"{'a' * 64}.example.com", False),
        (".".join(["a" * 60] * 5), False),
        ("", False),
    ],
)
def test_host_names(host, expected):
    assert is_host_name(host) is expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [("*.example.com", True), ("example.com", True), ("*.*.example.com", False), ("*.com", False)],
)
def test_certificate_names(name, expected):
    assert is_certificate_name(name) is expected


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["*.example.com", "example.com"], ["example.com"]),
        (["example.com", "*.models.example.com"], ["example.com", "models.example.com"]),
        (["a.example.com", "*.a.example.com", "b.example.com"], ["a.example.com", "b.example.com"]),
        ([], []),
    ],
)
def test_a_wildcard_and_its_apex_share_one_validation_record(names, expected):
    assert validation_names(names) == expected
