"""Pulumi's names of types and inputs in the words of the Terraform provider, in which they were measured.

Pulumi flattens single blocks, writes camelCase and pluralises lists, so paths are compared in a form that ignores
case, underscores and plurals.
"""

import functools
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TypedDict

# Pulumi tokens whose Terraform name is not `aws_<module>_<name>` or `aws_<name>`.
_TERRAFORM_TYPES = {
    "aws:amp/workspace:Workspace": "aws_prometheus_workspace",
    "aws:amp/ruleGroupNamespace:RuleGroupNamespace": "aws_prometheus_rule_group_namespace",
    "aws:amp/alertManagerDefinition:AlertManagerDefinition": "aws_prometheus_alert_manager_definition",
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": "aws_iam_openid_connect_provider",
    "aws:lb/loadBalancer:LoadBalancer": "aws_lb",
    "aws:ec2/vpcEndpointRouteTableAssociation:VpcEndpointRouteTableAssociation": (
        "aws_vpc_endpoint_route_table_association"
    ),
    "aws:s3/bucketObject:BucketObject": "aws_s3_object",
    "aws:s3/bucketObjectv2:BucketObjectv2": "aws_s3_object",
}

_IRREGULAR = {"aliases": "alia"}


class Measured(TypedDict):
    """Terraform paths of one type, by what a change of each was planned as."""

    replace: list[str]
    in_place: list[str]
    unsettled: list[str]


@functools.cache
def measurements() -> dict[str, Measured]:
    """What the real Terraform AWS provider 5.100.0 planned for a change of each input, by Terraform type."""
    return json.loads((Path(__file__).parent / "replacements.json").read_text())


@functools.cache
def terraform_type(token: str) -> str | None:
    """The measured Terraform type of a Pulumi type; None when it was not measured."""
    _, module, name = token.split(":")
    known = measurements()
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
    for candidate in (_TERRAFORM_TYPES.get(token, ""), f"aws_{module.split('/')[0]}_{snake}", f"aws_{snake}"):
        if candidate in known:
            return candidate
    return None


def canonical(path: Sequence[str]) -> tuple[str, ...]:
    """A path without case, underscores and plurals."""
    return tuple(_segment(segment) for segment in path)


@functools.cache
def _segment(segment: str) -> str:
    plain = segment.replace("_", "").lower()
    if plain in _IRREGULAR:
        return _IRREGULAR[plain]
    if plain.endswith("ies"):
        return f"{plain[:-3]}y"
    if plain.endswith("sses"):
        return plain[:-2]
    return plain[:-1] if plain.endswith("s") and not plain.endswith("ss") else plain
