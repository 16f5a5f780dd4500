"""When two texts mean the same to AWS: policies, JSON documents, names and ARNs in more than one spelling.

The real provider suppresses exactly these differences; every other difference of two texts is a change.
"""

import json
from collections.abc import Callable
from typing import Any, cast

_POLICIES = frozenset({"policy", "assumeRolePolicy"})
_DOCUMENTS = frozenset({"eventPattern", "redrivePolicy", "redriveAllowPolicy"})
_LIFECYCLE = "aws:ecr/lifecyclePolicy:LifecyclePolicy"
_DEFAULT_VERSION = "2008-10-17"
_PROTOCOLS = {"all": "-1", "1": "icmp", "6": "tcp", "17": "udp", "58": "icmpv6"}


def same_text(token: str, path: tuple[str, ...], old: str, new: str) -> bool:
    """Whether two texts of an input mean the same."""
    if old == new:
        return True
    if path and (path[-1] in _POLICIES or path[-1] in _DOCUMENTS):
        return _same_json(token, path[-1], old, new)
    spelling = _SPELLINGS.get((token, ".".join(path)))
    return spelling is not None and spelling(old) == spelling(new)


def _same_json(token: str, name: str, old: str, new: str) -> bool:
    try:
        before, after = json.loads(old), json.loads(new)
    except ValueError:
        return False
    if token == _LIFECYCLE:
        return _lifecycle(before) == _lifecycle(after)
    if name in _POLICIES and isinstance(before, dict) and isinstance(after, dict):
        return policy_form(cast("dict[str, Any]", before)) == policy_form(cast("dict[str, Any]", after))
    return before == after


def policy_form(policy: dict[str, Any]) -> Any:
    """A policy in a form in which documents that mean the same are equal.

    One element stands for a list of one, order means nothing, an account's id is its root user, and ``"*"`` is
    every AWS principal.
    """
    statements = sorted((_statement(one) for one in _list(policy.get("Statement"))), key=_text)
    other = {key: value for key, value in policy.items() if key not in ("Version", "Statement")}
    return {**other, "Version": policy.get("Version", _DEFAULT_VERSION), "Statement": statements}


def _statement(statement: Any) -> Any:
    if not isinstance(statement, dict):
        return statement
    form: dict[str, Any] = {}
    for key, value in cast("dict[str, Any]", statement).items():
        match key:
            case "Effect":
                form[key] = str(value).lower()
            case "Action" | "NotAction" | "Resource" | "NotResource":
                form[key] = _set(value)
            case "Principal" | "NotPrincipal":
                form[key] = _principal(value)
            case "Condition":
                form[key] = _condition(value)
            case _:
                form[key] = value
    if not form.get("Sid"):
        form.pop("Sid", None)
    return form


def _principal(value: Any) -> Any:
    kinds = cast("dict[str, Any]", value) if isinstance(value, dict) else {"AWS": value}
    return {kind: _set([_account(one) for one in _list(names)]) for kind, names in kinds.items()}


def _account(name: Any) -> Any:
    parts = str(name).split(":")
    return parts[4] if len(parts) == 6 and parts[2] == "iam" and parts[5] == "root" else name


def _condition(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    operators = cast("dict[str, Any]", value)
    return {
        operator: {key: _set(wanted) for key, wanted in cast("dict[str, Any]", keys).items()}
        if isinstance(keys, dict)
        else keys
        for operator, keys in operators.items()
    }


def _lifecycle(policy: Any) -> Any:
    if not isinstance(policy, dict):
        return policy
    document = cast("dict[str, Any]", policy)
    rules: list[Any] = []
    for one in _list(document.get("rules")):
        selection = {
            key: sorted(cast("list[str]", value)) if isinstance(value, list) else value
            for key, value in cast("dict[str, Any]", one.get("selection") or {}).items()
        }
        rules.append({**one, "selection": selection})
    return {**document, "rules": sorted(rules, key=lambda one: one.get("rulePriority") or 0)}


def _set(value: Any) -> list[str]:
    return sorted({_text(one) if isinstance(one, bool) else str(one) for one in _list(value)})


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    return cast("list[Any]", value) if isinstance(value, list) else [value]


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _domain(name: str) -> str:
    return name.rstrip(".").lower()


def _protocol(name: str) -> str:
    return _PROTOCOLS.get(name.lower(), name.lower())


def _last_part(name: str) -> str:
    return name.rsplit("/", 1)[-1]


_SPELLINGS: dict[tuple[str, str], Callable[[str], str]] = {
    ("aws:acm/certificate:Certificate", "domainName"): _domain,
    ("aws:acm/certificate:Certificate", "subjectAlternativeNames"): _domain,
    ("aws:ec2/flowLog:FlowLog", "logDestination"): lambda arn: arn.removesuffix(":*"),
    ("aws:ec2/securityGroup:SecurityGroup", "egress.protocol"): _protocol,
    ("aws:ec2/securityGroup:SecurityGroup", "ingress.protocol"): _protocol,
    ("aws:ec2/securityGroupRule:SecurityGroupRule", "protocol"): _protocol,
    ("aws:iam/openIdConnectProvider:OpenIdConnectProvider", "url"): lambda url: url.removeprefix("https://"),
    ("aws:kms/alias:Alias", "targetKeyId"): _last_part,
    ("aws:route53/record:Record", "name"): _domain,
    ("aws:route53/record:Record", "aliases.name"): _domain,
    ("aws:route53/zone:Zone", "name"): _domain,
    ("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule", "ipProtocol"): _protocol,
    ("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "ipProtocol"): _protocol,
}
