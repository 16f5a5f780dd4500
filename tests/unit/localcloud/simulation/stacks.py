"""States of small stacks for tests of orders and timelines."""

from collections.abc import Mapping
from typing import Any

from localcloud.simulation.clock_log import Entry
from localcloud.simulation.orders_state import Resources, resources_of

STACK = "urn:pulumi:dev::inference-plane"


def urn(type_: str, name: str) -> str:
    return f"{STACK}::{type_}::{name}"


def row(
    type_: str,
    name: str,
    /,
    *,
    parent: str = "",
    data: Mapping[str, list[str]] | None = None,
    depends_on: tuple[str, ...] = (),
    provider: str = "",
    outputs: Mapping[str, Any] | None = None,
    **inputs: Any,
) -> dict[str, Any]:
    """A resource as it stands in a checkpoint."""
    by_property = dict(data or {})
    return {
        "urn": urn(type_, name),
        "type": type_,
        "custom": type_.split(":")[0] in ("aws", "kubernetes", "pulumi") and type_ != "pulumi:pulumi:Stack",
        "parent": parent,
        "provider": f"{provider}::id" if provider else "",
        "dependencies": [*depends_on, *(one for urns in by_property.values() for one in urns)],
        "propertyDependencies": by_property,
        "inputs": inputs,
        "outputs": {**inputs, **(outputs or {})},
    }


def stack(*rows: dict[str, Any]) -> Resources:
    return resources_of(rows)


def entry(urn_: str, begin: float, end: float, verb: str = "create", outcome: str = "succeeded") -> Entry:
    return Entry(urn_, verb, "done", outcome, end - begin, "measured: here", begin, end, 100.0, 100.5)
