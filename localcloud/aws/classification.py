"""What a change of each input does: replace the resource, update it in place, or nothing that AWS would notice.

Two tables decide. ``replacements.json`` was measured: per Terraform type, what the real Terraform AWS provider
5.100.0 planned for a change of each path. ``settled.json`` is reviewed by people: inputs that are newer than the
measurement, that it could not settle, that only the provider itself uses, or that depend on other values, each
with its source. A nested input in neither table does what its block does.
"""

import dataclasses
import enum
import functools
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from localcloud.aws.shapes import shape_of
from localcloud.aws.terraform_names import canonical, measurements, terraform_type
from localcloud.aws.types import Field, Type

Path_ = tuple[str, ...]
"""Path of an input without list indices and map keys, for example ``("vpcConfig", "subnetIds")``."""


class Kind(enum.StrEnum):
    """What a change of an input does."""

    REPLACE = "replace"
    """The resource is made anew."""
    IN_PLACE = "in-place"
    """AWS changes the resource."""
    CONDITIONAL = "conditional"
    """Replaced or not, depending on values: `localcloud.aws.conditions`."""
    CREATE_ONLY = "create-only"
    """Said once, when the resource is made; a later change is noted in the state and nothing else."""
    PROVIDER_ONLY = "provider-only"
    """Tells the provider how to work; AWS never sees it."""
    READ_ONLY = "read-only"
    """AWS decides it; the provider refuses a value."""


@dataclasses.dataclass(frozen=True)
class Class:
    """The class of one input."""

    kind: Kind
    source: str
    """Why: a measured Terraform path, or the reason in the reviewed table."""
    returned: bool = True
    """Whether AWS tells the value when it is asked for the resource."""


@functools.cache
def _settled() -> dict[str, dict[str, Class]]:
    raw = json.loads((Path(__file__).parent / "settled.json").read_text())
    return {token: {path: _entry(one) for path, one in entries.items()} for token, entries in raw.items()}


def _entry(one: dict[str, str | bool]) -> Class:
    kind = Kind(str(one["kind"]))
    returned = kind not in (Kind.CREATE_ONLY, Kind.PROVIDER_ONLY) and one.get("returned", True) is True
    return Class(kind, str(one["why"]), returned)


@functools.cache
def settled_paths(token: str) -> frozenset[str]:
    """Paths of a type in the reviewed table."""
    return frozenset(_settled().get(token, {}))


@functools.cache
def _measured(token: str) -> dict[Path_, Class]:
    terraform = terraform_type(token)
    if terraform is None:
        return {}
    found = measurements()[terraform]
    kinds = ((Kind.IN_PLACE, found["in_place"]), (Kind.REPLACE, found["replace"]))
    return {
        canonical(path.split(".")): Class(kind, f"measured: {terraform}.{path}")
        for kind, paths in kinds
        for path in paths
    }


@functools.cache
def classify(token: str) -> Mapping[Path_, Class]:
    """The class of every input of a resource type, nested ones and the blocks around them included.

    An input that no table knows is missing from the answer.
    """
    found: dict[Path_, Class] = {}
    blocks: list[Path_] = []
    for path, type_ in inputs_of(shape_of(token).inputs):
        known = _known(token, path)
        if known is None and len(path) > 1 and path[:-1] in found:
            block = found[path[:-1]]
            known = Class(block.kind, f"as its block: {block.source}", block.returned)
        if known is not None:
            found[path] = known
        elif type_.fields:
            blocks.append(path)
    for block in reversed(blocks):
        inside = [one for path, one in found.items() if path[:-1] == block]
        if inside:
            replaced = any(one.kind is Kind.REPLACE for one in inside)
            found[block] = Class(Kind.REPLACE if replaced else Kind.IN_PLACE, "as the inputs in it")
    return found


def _known(token: str, path: Path_) -> Class | None:
    dotted = ".".join(path)
    table = _settled()
    return table.get(token, {}).get(dotted) or table["*"].get(dotted) or _measured(token).get(canonical(path))


def inputs_of(fields: Mapping[str, Field], before: Path_ = ()) -> Iterator[tuple[Path_, Type]]:
    """Every input and its type, blocks before what is in them; a list of blocks counts as its block."""
    for name, field in fields.items():
        type_ = field.type
        while type_.kind == "list" and type_.item is not None:
            type_ = type_.item
        yield (*before, name), type_
        if type_.kind == "object":
            yield from inputs_of(type_.fields, (*before, name))


def class_at(token: str, path: Path_) -> Class | None:
    """The class of the input at a path, or of the nearest block around it."""
    known = classify(token)
    for size in range(len(path), 0, -1):
        if path[:size] in known:
            return known[path[:size]]
    return None
