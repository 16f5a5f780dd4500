"""Policy documents that cases share."""

import json
from collections.abc import Mapping
from typing import Any

ACCOUNT = "111122223333"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
ADMIN = f"arn:aws:iam::{ACCOUNT}:role/Admin"
NOBODY = f"arn:aws:iam::{ACCOUNT}:role/Nobody"


def policy(*statements: Mapping[str, Any]) -> str:
    """A policy document; each statement may leave out what an ordinary one says."""
    ordinary = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    return document(*({**ordinary, **one} for one in statements))


def document(*statements: Mapping[str, Any]) -> str:
    """A policy document of these statements; a value of None leaves an element out."""
    kept = [{key: value for key, value in one.items() if value is not None} for one in statements]
    return json.dumps({"Version": "2012-10-17", "Statement": kept})


def trust(principal: Mapping[str, Any], action: str = "sts:AssumeRole") -> str:
    """A role's trust policy for one principal."""
    return document({"Effect": "Allow", "Action": action, "Principal": dict(principal)})


def trust_service(*services: str) -> str:
    """A role's trust policy for AWS services."""
    return trust({"Service": list(services)})
