"""Who may use a KMS key, by its key policy; and why a key cannot be used."""

import fnmatch
import json
from collections.abc import Sequence
from typing import Any, Literal, cast

from localcloud.aws.account import Account
from localcloud.aws.store import Record

Problem = Literal["missing", "disabled", "pending-deletion", "denied"]
"""Why a key is of no use: it is not in this region and account, it is switched off, or its policy says no."""


def default_key_policy(account: Account) -> str:
    """The policy that KMS gives a key whose maker gave none: IAM policies of the account decide."""
    statement = {
        "Action": "kms:*",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:{account.partition}:iam::{account.account_id}:root"},
        "Resource": "*",
        "Sid": "Enable IAM User Permissions",
    }
    return json.dumps(
        {"Id": "key-default-1", "Statement": [statement], "Version": "2012-10-17"}, separators=(",", ":")
    )


def key_problem(
    account: Account, key: Record | None, principal: str, actions: Sequence[str]
) -> Problem | None:
    """Why a principal cannot use a key for all of these actions; None when it can.

    ``principal`` is the ARN of a user or role, or the name of a service. What the account's IAM policies may
    decide (a key policy that names the account) is allowed to users and roles, whose own policies the local
    cloud does not look at; a service, and a service-linked role, must be named by the key policy itself (KMS
    developer guide, "Key policies", "Using service-linked roles"). Conditions of an Allow hold, those of a
    Deny do not.
    """
    if key is None:
        return "missing"
    if key.state.get("keyState") == "pending-deletion":
        return "pending-deletion"
    if key.state.get("isEnabled") is False:
        return "disabled"
    document: Any = key.state.get("policy") or default_key_policy(account)
    policy: Any = json.loads(document) if isinstance(document, str) else document
    statements = _list(policy.get("Statement"))
    for action in actions:
        denied = any(
            one.get("Effect") == "Deny"
            and not one.get("Condition")
            and _matches(account, one, principal, action)
            for one in statements
        )
        allowed = any(
            one.get("Effect") == "Allow" and _matches(account, one, principal, action) for one in statements
        )
        if denied or not allowed:
            return "denied"
    return None


def service_linked_role(account: Account, service: str, name: str) -> str:
    """ARN of the role that AWS keeps for one of its services, for example Auto Scaling's."""
    return f"arn:{account.partition}:iam::{account.account_id}:role/aws-service-role/{service}/{name}"


def _matches(account: Account, statement: dict[str, Any], principal: str, action: str) -> bool:
    if not any(fnmatch.fnmatchcase(action, pattern) for pattern in _list(statement.get("Action"))):
        return False
    named = statement.get("Principal")
    if named == "*":
        return True
    names: dict[str, Any] = cast("dict[str, Any]", named) if isinstance(named, dict) else {}
    if principal in _list(names.get("Service")):
        return True
    everyone = {"*", principal}
    if principal.startswith("arn:") and "/aws-service-role/" not in principal:
        everyone |= {f"arn:{account.partition}:iam::{account.account_id}:root", account.account_id}
    return bool(everyone & set(_list(names.get("AWS"))))


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    return cast("list[Any]", value) if isinstance(value, list) else [value]
