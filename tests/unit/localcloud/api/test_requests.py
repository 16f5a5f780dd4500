"""Which requests may change something: after those, what is different is carried back."""

import io
from typing import Any

import pytest

from localcloud.api.requests import asked


def request(
    service: str, method: str = "GET", path: str = "/", query: str = "", **more: Any
) -> dict[str, Any]:
    scope = f"AWS4-HMAC-SHA256 Credential=key/20260101/us-east-2/{service}/aws4_request, SignedHeaders=host"
    return {
        "HTTP_AUTHORIZATION": scope,
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        **more,
    }


def form(service: str, body: str) -> dict[str, Any]:
    body_of_form = {"wsgi.input": io.BytesIO(body.encode()), "CONTENT_LENGTH": str(len(body))}
    kind = "application/x-www-form-urlencoded; charset=utf-8"
    return {**request(service, "POST", CONTENT_TYPE=kind), **body_of_form}


@pytest.mark.parametrize(
    ("given", "service", "operation", "changes", "objects"),
    [
        (form("ec2", "Action=DescribeVpcs&Version=2016-11-15"), "ec2", "DescribeVpcs", False, False),
        (form("ec2", "Action=DeleteVpc&VpcId=vpc-1"), "ec2", "DeleteVpc", True, False),
        (form("iam", "Action=ListRoles"), "iam", "ListRoles", False, False),
        (request("kms", "POST", HTTP_X_AMZ_TARGET="TrentService.Encrypt"), "kms", "Encrypt", False, False),
        (
            request("kms", "POST", HTTP_X_AMZ_TARGET="TrentService.TagResource"),
            "kms",
            "TagResource",
            True,
            False,
        ),
        (request("eks", "GET", "/clusters"), "eks", "GET", False, False),
        (request("eks", "DELETE", "/clusters/x"), "eks", "DELETE", True, False),
        (request("s3", "PUT", "/bucket", "encryption"), "s3", "PUT", True, False),
        (request("s3", "PUT", "/bucket/a/key"), "s3", "PUT", False, True),
        (request("s3", "DELETE", "/bucket/a/key"), "s3", "DELETE", False, True),
        (request("s3", "POST", "/bucket", "delete"), "s3", "POST", False, True),
        (request("s3", "GET", "/bucket/a/key"), "s3", "GET", False, False),
        (request("s3", "DELETE", "/bucket"), "s3", "DELETE", True, False),
    ],
)
def test_requests(given: dict[str, Any], service: str, operation: str, changes: bool, objects: bool) -> None:
    found = asked(given)
    assert (found.service, found.operation, found.changes, found.objects) == (
        service,
        operation,
        changes,
        objects,
    )


def test_the_body_of_a_form_can_be_read_again() -> None:
    body = "Action=DeleteVpc&VpcId=vpc-1"
    given = form("ec2", body)
    asked(given)
    assert given["wsgi.input"].read().decode() == body
