"""What changes between two sets of inputs, and which changes replace a resource.

Which inputs replace is measured (``replacements.json``): per Terraform type, the paths whose change the real
Terraform AWS provider 5.100.0 planned as a replacement. Pulumi flattens single blocks and pluralises lists, so
paths are compared in a form that ignores case, underscores and plurals.
"""

import functools
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, cast

from localcloud.aws.types import Field, Shape, Type
from localcloud.providers.protocol import UNKNOWN, Change, Properties

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
}

# Lists whose order matters to AWS or to the provider; every other list of plain values is a set.
_ORDERED = frozenset({"instanceTypes", "allocationStrategies", "command", "entryPoints"})

# Lists of objects that are sets in the provider.
_OBJECT_SETS = frozenset(
    {"egress", "ingress", "routes", "taints", "encryptionConfigurations", "podIdentityAssociations"}
)


class Step(NamedTuple):
    """One changed value: its path for people, and its path without indices and keys."""

    path: str
    plain: tuple[str, ...]
    kind: str


@functools.cache
def _measured() -> dict[str, Any]:
    return json.loads((Path(__file__).parent / "replacements.json").read_text())


def terraform_type(token: str) -> str | None:
    """The measured Terraform type of a Pulumi type; None when it was not measured."""
    _, module, name = token.split(":")
    known = _measured()
    snake = _snake(name)
    for candidate in (
        _TERRAFORM_TYPES.get(token, ""),
        f"aws_{module.split('/')[0]}_{snake}",
        f"aws_{snake}",
    ):
        if candidate in known:
            return candidate
    return None


@functools.cache
def _replacing(token: str) -> frozenset[tuple[str, ...]] | None:
    terraform = terraform_type(token)
    if terraform is None:
        return None
    return frozenset(_canonical(path.split(".")) for path in _measured()[terraform]["replace"])


def changes(
    shape: Shape,
    old: Properties,
    new: Properties,
    *,
    defaults: Properties,
    identity: frozenset[str] = frozenset(),
) -> tuple[Change, ...]:
    """Changes from old inputs to new ones.

    ``defaults`` are values that the provider takes for missing inputs; ``identity`` names the inputs that
    replace a resource of a type that was not measured.
    """
    differ = _Differ(shape, defaults)
    replacing = _replacing(shape.token)
    result: list[Change] = []
    for step in differ.steps(old, new):
        replace = step.plain[0] == "region" or (
            step.plain[0] in identity
            if replacing is None
            else any(_canonical(step.plain[:size]) in replacing for size in range(1, len(step.plain) + 1))
            and not _settled_below(replacing, step, shape.token)
        )
        result.append(Change(step.path, step.kind, replace))
    return tuple(result)


def _settled_below(replacing: frozenset[tuple[str, ...]], step: Step, token: str) -> bool:
    """Whether a nested path was itself measured as updated in place, although a block above it replaces."""
    plain = _canonical(step.plain)
    terraform = terraform_type(token)
    if terraform is None or plain in replacing:
        return False
    in_place = {_canonical(path.split(".")) for path in _measured()[terraform]["in_place"]}
    return plain in in_place


class _Differ:
    def __init__(self, shape: Shape, defaults: Properties) -> None:
        self._shape = shape
        self._defaults = defaults

    def steps(self, old: Properties, new: Properties) -> Iterator[Step]:
        """Every changed value."""
        fields = {**self._shape.inputs, "tagsAll": Field(Type("map", Type("string")), required=False)}
        for name in sorted({*old, *new}):
            if name.startswith("__"):
                continue
            before = old.get(name, self._defaults.get(name))
            after = new.get(name, self._defaults.get(name))
            if name not in new and name not in self._defaults and self._keeps_its_value(name):
                continue
            field = fields.get(name)
            yield from self._compare(field.type if field else Type("any"), before, after, name, (name,))

    def _keeps_its_value(self, name: str) -> bool:
        """Whether AWS keeps the value of an input that is no longer given (optional and computed)."""
        field = self._shape.inputs.get(name)
        output = self._shape.outputs.get(name)
        if field is None or output is None or field.required:
            return False
        return output.required and field.type.kind != "boolean"

    def _compare(self, type_: Type, old: Any, new: Any, path: str, plain: tuple[str, ...]) -> Iterator[Step]:
        if _same(old, new):
            return
        if _is_mapping(old, type_) or _is_mapping(new, type_):
            yield from self._compare_fields(type_, old, new, path, plain)
        elif type_.kind == "list" and UNKNOWN not in (old, new):
            yield from self._compare_lists(type_, old or [], new or [], path, plain)
        else:
            yield Step(path, plain, _kind(old, new))

    def _compare_fields(
        self, type_: Type, old: Any, new: Any, path: str, plain: tuple[str, ...]
    ) -> Iterator[Step]:
        if UNKNOWN in (old, new) or (type_.kind == "object" and not (old and new) and not type_.fields):
            yield Step(path, plain, _kind(old, new))
            return
        before, after = cast("Mapping[str, Any]", old or {}), cast("Mapping[str, Any]", new or {})
        found = False
        for name in sorted({*before, *after}):
            field = type_.fields.get(name)
            inner = field.type if field else type_.item or Type("any")
            nested = plain if type_.kind == "map" else (*plain, name)
            for step in self._compare(inner, before.get(name), after.get(name), _join(path, name), nested):
                found = True
                yield step
        if not found and bool(old) != bool(new):
            yield Step(path, plain, _kind(old, new))

    def _compare_lists(
        self, type_: Type, old: list[Any], new: list[Any], path: str, plain: tuple[str, ...]
    ) -> Iterator[Step]:
        item = type_.item or Type("any")
        name = plain[-1]
        is_set = name in _OBJECT_SETS if item.kind == "object" else name not in _ORDERED
        if is_set:
            gone = [one for one in old if not _among(one, new)]
            come = [one for one in new if not _among(one, old)]
            if len(gone) == len(come) == 1 and item.kind == "object":
                index = new.index(come[0])
                yield from self._compare(item, gone[0], come[0], f"{path}[{index}]", plain)
                return
            for one in come:
                yield Step(f"{path}[{new.index(one)}]", plain, "add")
            for one in gone:
                yield Step(f"{path}[{old.index(one)}]", plain, "delete")
            return
        for index in range(max(len(old), len(new))):
            before = old[index] if index < len(old) else None
            after = new[index] if index < len(new) else None
            yield from self._compare(item, before, after, f"{path}[{index}]", plain)


def _same(old: Any, new: Any) -> bool:
    """Whether two values mean the same: empty is missing, JSON documents are compared as JSON."""
    if old == new:
        return True
    if _is_empty(old) and _is_empty(new):
        return True
    if isinstance(old, str) and isinstance(new, str) and old[:1] in "{[" and new[:1] in "{[":
        try:
            return _document(json.loads(old)) == _document(json.loads(new))
        except ValueError:
            return False
    return False


def _document(value: Any, name: str = "") -> Any:
    """A JSON document in the form in which AWS compares policies: one-element lists are their element."""
    if isinstance(value, dict):
        return {key: _document(item, key) for key, item in cast("dict[str, Any]", value).items()}
    if isinstance(value, list):
        items = [_document(item) for item in cast("list[Any]", value)]
        if name in ("Action", "NotAction", "Resource", "NotResource", "AWS", "Service", "Federated"):
            items = sorted(items, key=str)
        return items[0] if len(items) == 1 else items
    return value


def _is_empty(value: Any) -> bool:
    return value is None or value in ("", [], {})


def _is_mapping(value: Any, type_: Type) -> bool:
    return isinstance(value, dict) and type_.kind in ("object", "map", "any")


def _among(value: Any, values: list[Any]) -> bool:
    return any(_same(value, other) for other in values)


def _kind(old: Any, new: Any) -> str:
    if _is_empty(old):
        return "add"
    return "delete" if _is_empty(new) else "update"


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if name.replace("_", "a").isalnum() else f'{path}["{name}"]'


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


@functools.cache
def _canonical_segment(segment: str) -> str:
    plain = segment.replace("_", "").lower()
    if plain.endswith("ies"):
        return f"{plain[:-3]}y"
    return plain[:-1] if plain.endswith("s") and not plain.endswith("ss") else plain


def _canonical(path: list[str] | tuple[str, ...]) -> tuple[str, ...]:
    return tuple(_canonical_segment(segment) for segment in path)
