"""Which lists are sets, and which inputs keep their value when they are no longer given.

``provider_schemas.json`` was taken from the published schema of the Terraform AWS provider 6.47.0 (types `set` and
`list`; attributes that are optional and computed); inputs that are newer follow the SDK's documentation. Types
that are not in it follow what most of the provider does.
"""

import functools
import json
from pathlib import Path

from localcloud.aws.types import Shape

# Used for types without a schema: lists of plain values whose order matters, lists of objects whose order does not.
_ORDERED = frozenset({"instanceTypes", "allocationStrategies", "command", "entryPoints"})
_OBJECT_SETS = frozenset(
    {"egress", "ingress", "routes", "taints", "encryptionConfigurations", "podIdentityAssociations"}
)


@functools.cache
def _schemas() -> dict[str, dict[str, frozenset[str]]]:
    raw: dict[str, dict[str, list[str]]] = json.loads(
        (Path(__file__).parent / "provider_schemas.json").read_text()
    )
    return {token: {key: frozenset(paths) for key, paths in schema.items()} for token, schema in raw.items()}


def known_types() -> frozenset[str]:
    """Resource types whose schema is known."""
    return frozenset(_schemas())


def paths(token: str, key: str) -> frozenset[str]:
    """Paths of a type that are ``sets``, ``lists`` or ``kept``."""
    return _schemas().get(token, {}).get(key, frozenset())


def is_set(token: str, path: tuple[str, ...], *, of_objects: bool) -> bool:
    """Whether the order of a list means nothing."""
    dotted = ".".join(path)
    if token in _schemas():
        return dotted in paths(token, "sets")
    return path[-1] in _OBJECT_SETS if of_objects else path[-1] not in _ORDERED


def keeps_its_value(shape: Shape, path: tuple[str, ...]) -> bool:
    """Whether AWS keeps the value of an input that is no longer given."""
    if shape.token in _schemas():
        return ".".join(path) in paths(shape.token, "kept")
    field, output = shape.inputs.get(path[0]), shape.outputs.get(path[0])
    if len(path) > 1 or field is None or output is None or field.required:
        return False
    return output.required and field.type.kind != "boolean"
