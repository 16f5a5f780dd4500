"""One row of the upgrade matrix: a change that users make to a running stack, and what its author promises."""

import dataclasses
from collections.abc import Callable
from typing import Any

Edit = Callable[[dict[str, Any]], None]
"""Changes a parsed YAML file in place."""

FIRST_VERSION, BASE_VERSION = "1.34", "1.35"
"""Kubernetes versions: of the stack's first deployment, and of the state that all other rows begin from."""


@dataclasses.dataclass(frozen=True)
class Row:
    """One change, and what its author promises about it."""

    name: str
    """Name of its golden file."""
    area: str
    """Heading in the document."""
    what: str
    """What changes, for readers of the document; Markdown."""
    note: str
    """Whether anything stands still, and what to mind; Markdown."""
    settings: tuple[Edit, ...] = ()
    """Changes of the stack file."""
    account: tuple[Edit, ...] = ()
    """Changes of what the account holds: what has to be there before the change."""
    program: str = "as-it-is"
    """The program to run, of `PROGRAMS`."""
    loses: frozenset[str] = frozenset()
    """Names of kept resources that the change replaces or deletes."""
    refused: str = ""
    """What the preview says when it refuses the change."""
    unsafe: bool = False
    """Whether the change is a mistake that the check must catch: it loses what nobody said it would."""
    not_applied: str = ""
    """Why the change is only previewed, and not applied."""
    loses_on_the_way_back: frozenset[str] = frozenset()
    """The same as ``loses`` for taking the change back."""
    after: str = ""
    """Name of the row whose result this one begins from; it is tried by `make test-full` only."""
    program_back: str = "as-it-is"
    """The program that takes the change back, of `PROGRAMS`."""
    no_way_back: str = ""
    """What is refused when the change is taken back."""
    quick: bool = False
    """Whether `make test` previews it; `make test-full` previews and applies all."""


def put(path: str, value: Any) -> Edit:
    """Set the key at a dotted path of the stack file's own namespace."""

    def edit(content: dict[str, Any]) -> None:
        first, *rest = path.split(".")
        config: dict[str, Any] = content["config"]
        if not rest:
            config[f"inference-plane:{first}"] = value
            return
        target = config.setdefault(f"inference-plane:{first}", {})
        for part in rest[:-1]:
            target = target.setdefault(part, {})
        target[rest[-1]] = value

    return edit


def drop(path: str) -> Edit:
    """Remove the key at a dotted path of the stack file's own namespace."""

    def edit(content: dict[str, Any]) -> None:
        first, *rest = path.split(".")
        target: dict[str, Any] = content["config"][f"inference-plane:{first}"]
        for part in rest[:-1]:
            target = target[part]
        del target[rest[-1]]

    return edit


OTHER_RESERVATION = "cr-0aaaaaaaaaaaaaaa1"
P5EN_RESERVATION = "cr-0aaaaaaaaaaaaaaa2"


def more_reservations(account: dict[str, Any]) -> None:
    """What every row finds in the account beside the local cloud's default: capacity to move to."""
    account["capacityReservations"] += [
        {"id": OTHER_RESERVATION, "instanceType": "p5e.48xlarge", "zone": "us-east-2b", "count": 1},
        {"id": P5EN_RESERVATION, "instanceType": "p5en.48xlarge", "zone": "us-east-2b", "count": 1},
    ]
    account["instanceOfferings"]["p5en.48xlarge"] = ["us-east-2b", "us-east-2c"]
