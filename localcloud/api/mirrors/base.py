"""What every mirror does, and the registry of the types that have one."""

import functools
import importlib
from collections.abc import Callable
from typing import Any, ClassVar

from localcloud.api.simulator import Simulator
from localcloud.aws.store import Record

Properties = dict[str, Any]


class Mirror:
    """Carries the resources of one type over to moto: through its API, with our ids put in after."""

    service: ClassVar[str] = "ec2"
    """boto3's name of the service whose calls can change these resources."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator

    def make(self, record: Record) -> None:
        """Create the resource, with what can only be given at creation."""
        raise NotImplementedError

    def settle(self, record: Record) -> None:
        """Give the resource every setting that can change. Repeating it changes nothing."""

    def remove(self, record: Record) -> None:
        """Delete the resource. It may be gone already."""
        raise NotImplementedError

    def look(self, record: Record) -> Properties | None:
        """The settings as moto has them, in the provider's properties; None when the resource is gone.

        Only what differs between two looks is taken for a change, so the form needs to be the provider's for
        what a user can change, no more.
        """
        del record
        return {}

    # -- shared ----------------------------------------------------------------------------------------------

    @property
    def client(self) -> Any:
        """A boto3 client of the mirror's service."""
        return self.simulator.client(self.service)

    @property
    def backend(self) -> Any:
        """moto's objects of the mirror's service."""
        return self.simulator.backend(self.service)


_MODULES = (
    "logs",
    "kms",
    "iam",
    "iam_policies",
    "s3",
    "ecr",
    "networks",
    "security_groups",
    "gateways",
    "routes",
    "endpoints",
    "launch_templates",
    "instances",
    "acm",
    "load_balancing",
    "listeners",
    "route53",
)

_PLACES = 1000
_REGISTRY: dict[str, type[Mirror]] = {}
_RANKS: dict[str, int] = {}


def mirror(*tokens: str) -> Callable[[type[Mirror]], type[Mirror]]:
    """Class decorator: this class mirrors these resource types."""

    def register(kind: type[Mirror]) -> type[Mirror]:
        for token in tokens:
            _REGISTRY[token] = kind
            # By module, whichever is imported first, then as they stand in it.
            _RANKS[token] = _MODULES.index(kind.__module__.rsplit(".", 1)[-1]) * _PLACES + len(_RANKS)
        return kind

    return register


@functools.cache
def load_mirrors() -> dict[str, type[Mirror]]:
    """The mirror of each resource type."""
    for module in _MODULES:
        importlib.import_module(f"localcloud.api.mirrors.{module}")
    return _REGISTRY


def rank_of(token: str) -> int:
    """Place of a type in the order of creation."""
    return _RANKS[token]


def tags_of(record: Record) -> dict[str, str]:
    """Every tag of a resource, the default ones too."""
    state = record.state
    found: Properties = state.get("tagsAll") or state.get("tags") or {}
    return {key: str(value) for key, value in found.items()}


def tag_list(tags: dict[str, str], key: str = "Key", value: str = "Value") -> list[dict[str, str]]:
    """Tags as most services take them; without those that only AWS may set."""
    return [{key: name, value: text} for name, text in tags.items() if not name.startswith("aws:")]


def items(value: Any) -> list[Any]:
    """A list of the state that may be absent or null."""
    return list(value or [])


def given(**values: Any) -> Properties:
    """Keyword arguments without those that are not given: None, an empty text, an empty list."""
    return {key: value for key, value in values.items() if value not in (None, "", [], {})}
