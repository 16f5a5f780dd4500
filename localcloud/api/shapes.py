"""The provider's properties in the form of the AWS API, guided by botocore's model of the operation.

pulumi-aws spells an API's members in camelCase, flattens lists of one, writes tags as a map and some booleans as
text; otherwise the names are the API's.
"""

import re
from typing import Any, cast

from localcloud.api.libraries import module

_TAGS = {"Tags", "TagList", "tags"}
# Where pulumi-aws (after Terraform) calls a member by a name of its own.
_OWN_NAMES = {
    "VpcSecurityGroupIds": "SecurityGroupIds",
    "SecurityGroups": "Groups",
    "Ipv4Addresses": "PrivateIpAddresses",
    "ImdsSupport": "HttpTokens",
}


def operation_model(service: str, operation: str) -> Any:
    """botocore's model of an operation."""
    return module("moto.core.utils").get_service_model(service).operation_model(operation)


def to_api(shape: Any, value: Any) -> Any:
    """A value in the form of a botocore shape; members that the shape does not have are left out."""
    match shape.type_name:
        case "structure":
            return _structure(shape, value)
        case "list":
            return _list(shape, value)
        case "map":
            return {key: to_api(shape.value, one) for key, one in value.items()}
        case "boolean":
            return value if isinstance(value, bool) else str(value).lower() == "true"
        case "integer" | "long":
            return int(value)
        case "float" | "double":
            return float(value)
        case "string":
            return str(value)
        case _:
            return value


def _structure(shape: Any, value: Any) -> dict[str, Any]:
    if isinstance(value, list):  # a list of one that the API has as one
        items = cast("list[Any]", value)
        value = items[0] if items else {}
    result: dict[str, Any] = {}
    for key, one in cast("dict[str, Any]", value).items():
        name = _member(shape, key)
        if name is None or one is None or one == "" or key.startswith("__"):
            continue
        result[name] = to_api(shape.members[name], one)
    return result


def _list(shape: Any, value: Any) -> list[Any]:
    if isinstance(value, dict):
        found = cast("dict[str, Any]", value)
        if shape.member.type_name == "structure" and set(shape.member.members) >= {"Key", "Value"}:
            return [{"Key": key, "Value": text} for key, text in found.items()]
        return [to_api(shape.member, found)]
    return [to_api(shape.member, one) for one in value]


def _member(shape: Any, key: str) -> str | None:
    members = {name.lower(): name for name in shape.members}
    capital = key[:1].upper() + key[1:]
    candidates = [key, _OWN_NAMES.get(capital, ""), re.sub(r"s$", "", key), f"{key}s"]
    return next((members[one.lower()] for one in candidates if one.lower() in members), None)
