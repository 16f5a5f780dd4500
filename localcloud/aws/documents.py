"""What IAM refuses in a policy document, in its own words."""

import json
import re
from typing import Any, Literal, cast

from localcloud.aws.errors import AwsError

Kind = Literal["identity", "trust", "resource"]
"""Policy of an identity, of a role's trust, or of a resource such as a bucket or key."""

_ACTION = re.compile(r"^(\*|[A-Za-z0-9-]+:[A-Za-z0-9*?]+)$")
_ARN = re.compile(r"^(\*|arn:[a-z-]+:[a-z0-9*-]*:[a-z0-9*-]*:[0-9*]*:.+)$")
_VERSIONS = ("2012-10-17", "2008-10-17")


def check_document(document: Any, kind: Kind, code: str = "MalformedPolicyDocument") -> list[dict[str, Any]]:
    """The statements of a policy document; raises `AwsError` with ``code`` if the document is not valid."""
    try:
        parsed: Any = json.loads(document) if isinstance(document, str) else document
    except ValueError:
        raise AwsError(code, "This policy contains invalid Json") from None
    if not isinstance(parsed, dict):
        raise AwsError(code, "Syntax errors in policy.")
    policy = cast("dict[str, Any]", parsed)
    if policy.get("Version", _VERSIONS[0]) not in _VERSIONS or set(policy) - {"Version", "Id", "Statement"}:
        raise AwsError(code, "Syntax errors in policy.")
    statements = _list(policy.get("Statement"))
    if not statements:
        raise AwsError(code, "Syntax errors in policy.")
    sids: set[str] = set()
    for statement in statements:
        _check_statement(statement, kind, code)
        sid = statement.get("Sid")
        if sid in sids:
            raise AwsError(code, "Statement IDs (SID) in a single policy must be unique.")
        if sid is not None:
            sids.add(sid)
    return statements


def _check_statement(statement: Any, kind: Kind, code: str) -> None:
    allowed = {"Sid", "Effect", "Action", "NotAction", "Condition"}
    allowed |= {"Resource", "NotResource"} if kind != "trust" else set()
    allowed |= {"Principal", "NotPrincipal"} if kind != "identity" else set()
    parts = cast("dict[str, Any]", statement) if isinstance(statement, dict) else {}
    if kind == "trust" and {"Resource", "NotResource"} & set(parts):
        raise AwsError(code, "Has prohibited field Resource")
    if kind == "identity" and {"Principal", "NotPrincipal"} & set(parts):
        raise AwsError(code, "Policy document should not specify a principal.")
    if set(parts) - allowed or parts.get("Effect") not in ("Allow", "Deny"):
        raise AwsError(code, "Syntax errors in policy.")
    if kind == "identity" and not re.fullmatch(r"[A-Za-z0-9]*", str(parts.get("Sid", ""))):
        raise AwsError(code, "Statement IDs (SID) in a single policy must be alpha numeric.")
    actions = [*_list(parts.get("Action")), *_list(parts.get("NotAction"))]
    if not actions:
        raise AwsError(code, "Policy statement must contain actions.")
    if not all(isinstance(action, str) and _ACTION.fullmatch(action) for action in actions):
        raise AwsError(code, "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.")
    resources = [*_list(parts.get("Resource")), *_list(parts.get("NotResource"))]
    if kind != "trust" and not resources:
        raise AwsError(code, "Policy statement must contain resources.")
    for resource in resources:
        if not isinstance(resource, str) or not _ARN.fullmatch(resource):
            raise AwsError(code, f'Resource {resource} must be in ARN format or "*".')
    if kind != "identity" and not (parts.get("Principal") or parts.get("NotPrincipal")):
        raise AwsError(code, "Missing required field Principal")


def principals(statements: list[dict[str, Any]], kind: str) -> list[str]:
    """Every principal of a kind (``AWS``, ``Service``, ``Federated``) that the statements name."""
    found: list[str] = []
    for statement in statements:
        principal = statement.get("Principal")
        if principal == "*":
            found.append("*")
        elif isinstance(principal, dict):
            found.extend(_list(cast("dict[str, Any]", principal).get(kind)))
    return found


def size(document: str) -> int:
    """Characters that count against a quota: IAM leaves white space out."""
    return len(re.sub(r"\s", "", document))


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    return cast("list[Any]", value) if isinstance(value, list) else [value]
