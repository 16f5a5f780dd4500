"""IAM documents are refused in IAM's words."""

import json
from typing import Any

import pytest

from localcloud.aws.documents import Kind, check_document, principals, size
from localcloud.aws.errors import AwsError

ALLOW: dict[str, Any] = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}
TRUST: dict[str, Any] = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "x"}}


def document(*statements: Any, **more: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements), **more})


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("identity", document(ALLOW)),
        ("identity", document({**ALLOW, "Sid": "One1"}, {**ALLOW, "Sid": "Two"})),
        ("identity", document({**ALLOW, "Action": "*", "Resource": "*"})),
        ("identity", document({"Effect": "Deny", "NotAction": ["iam:*"], "NotResource": ["*"]})),
        ("trust", document(TRUST)),
        ("resource", document({**ALLOW, "Principal": "*", "Sid": "with a space"})),
    ],
)
def test_valid_documents_pass(kind: Kind, text: str) -> None:
    assert check_document(text, kind)


@pytest.mark.parametrize(
    ("kind", "text", "message"),
    [
        ("identity", "{", "invalid Json"),
        ("identity", "[]", "Syntax errors"),
        ("identity", document(), "Syntax errors"),
        ("identity", document(ALLOW, Version="2020-01-01"), "Syntax errors"),
        ("identity", document(ALLOW, Extra=1), "Syntax errors"),
        ("identity", document({**ALLOW, "Effect": "Maybe"}), "Syntax errors"),
        ("identity", document({**ALLOW, "Conditions": {}}), "Syntax errors"),
        ("identity", document({**ALLOW, "Action": "GetObject"}), "must be prefaced by a vendor"),
        ("identity", document({"Effect": "Allow", "Resource": "*"}), "must contain actions"),
        ("identity", document({"Effect": "Allow", "Action": "s3:*"}), "must contain resources"),
        ("identity", document({**ALLOW, "Resource": "bucket"}), 'must be in ARN format or "*"'),
        ("identity", document({**ALLOW, "Principal": "*"}), "should not specify a principal"),
        ("identity", document({**ALLOW, "Sid": "a-b"}), "must be alpha numeric"),
        ("identity", document({**ALLOW, "Sid": "A"}, {**ALLOW, "Sid": "A"}), "must be unique"),
        ("trust", document({**TRUST, "Resource": "*"}), "prohibited field Resource"),
        (
            "trust",
            document({"Effect": "Allow", "Action": "sts:AssumeRole"}),
            "Missing required field Principal",
        ),
    ],
)
def test_faults_are_refused(kind: Kind, text: str, message: str) -> None:
    with pytest.raises(AwsError, match=message) as caught:
        check_document(text, kind)
    assert caught.value.code == "MalformedPolicyDocument"


def test_principals_are_found_in_each_form() -> None:
    statements = check_document(
        document(TRUST, {**TRUST, "Principal": {"AWS": ["a", "b"]}}, {**TRUST, "Principal": "*"}), "trust"
    )
    assert principals(statements, "AWS") == ["a", "b", "*"]
    assert principals(statements, "Service") == ["x", "*"]


def test_white_space_does_not_count() -> None:
    assert size('{ "a" :\n 1 }') == len('{"a":1}')
