"""The resources of a stack's state, as far as their order is concerned."""

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from typing import Any


@dataclasses.dataclass(frozen=True)
class Resource:
    """One resource of the state."""

    urn: str
    type: str
    """Pulumi type token."""
    custom: bool
    """Whether a provider makes it; False for components."""
    parent: str
    """URN, or empty."""
    provider: str
    """URN of its provider, or empty."""
    dependencies: frozenset[str]
    """URNs of everything that the engine waits for, by data or by ``depends_on``."""
    data: frozenset[str]
    """URNs of what its inputs are computed from."""
    inputs: Mapping[str, Any] = dataclasses.field(default_factory=dict[str, Any])
    outputs: Mapping[str, Any] = dataclasses.field(default_factory=dict[str, Any])

    @property
    def name(self) -> str:
        """Name in the program."""
        return self.urn.rsplit("::", 1)[-1]


class Resources(Mapping[str, Resource]):
    """Resources by URN, with the look-ups that orders need."""

    def __init__(self, resources: Iterable[Resource]) -> None:
        self._by_urn = {resource.urn: resource for resource in resources}
        self._children: dict[str, list[str]] = {}
        for resource in self._by_urn.values():
            self._children.setdefault(resource.parent, []).append(resource.urn)

    def __getitem__(self, urn: str) -> Resource:
        return self._by_urn[urn]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_urn)

    def __len__(self) -> int:
        return len(self._by_urn)

    def of(self, *types: str) -> list[Resource]:
        """All resources of these types."""
        return [resource for resource in self._by_urn.values() if resource.type in types]

    def below(self, urn: str) -> Iterator[str]:
        """URNs of everything inside a component, at any depth."""
        for child in self._children.get(urn, []):
            yield child
            yield from self.below(child)

    def ancestors(self, urn: str) -> Iterator[Resource]:
        """The components that a resource is in, innermost first."""
        parent = self._by_urn[urn].parent if urn in self._by_urn else ""
        while parent in self._by_urn:
            yield self._by_urn[parent]
            parent = self._by_urn[parent].parent


def resources_of(state: Iterable[Mapping[str, Any]]) -> Resources:
    """Read the ``resources`` of a checkpoint; what waits for its deletion is left out."""
    return Resources(_resource(row) for row in state if not row.get("delete"))


def _resource(row: Mapping[str, Any]) -> Resource:
    by_property: Mapping[str, list[str] | None] = row.get("propertyDependencies") or {}
    return Resource(
        urn=row["urn"],
        type=row["type"],
        custom=bool(row.get("custom")),
        parent=row.get("parent") or "",
        provider=(row.get("provider") or "").rpartition("::")[0],
        dependencies=frozenset(row.get("dependencies") or []),
        data=frozenset(urn for urns in by_property.values() for urn in urns or []),
        inputs=row.get("inputs") or {},
        outputs=row.get("outputs") or {},
    )
