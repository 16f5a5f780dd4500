"""Argument checking that reports every fault of a component at once, each with its property path."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import pulumi


class ArgumentErrors:
    """Collects a component's argument faults and raises them together.

    Property paths are camelCase wire names (``capacityReservation.id``, ``subnetIds[1]``), as the engine
    and every Pulumi language print them.
    """

    def __init__(self, component: str) -> None:
        self._component = component
        self._faults: list[pulumi.InputPropertyErrorDetails] = []

    def add(self, path: str, reason: str) -> None:
        """Note one fault: what is wrong at ``path`` and what would be right."""
        self._faults.append({"property_path": path, "reason": reason})

    def require(self, args: Mapping[str, Any], *keys: str) -> None:
        """Note each of the snake_case ``keys`` that is missing or empty."""
        for key in keys:
            if args.get(key) is None or args.get(key) in ("", [], {}):
                self.add(wire_name(key), "is required")

    def one_of(self, path: str, value: object, allowed: Iterable[str]) -> None:
        """Note ``value`` unless it is one of ``allowed``; an Output cannot be checked and passes."""
        choices = list(allowed)
        if isinstance(value, str) and value not in choices:
            self.add(path, f"is {value!r}; it must be one of {', '.join(choices)}")

    def matches(self, path: str, value: object, pattern: str, expected: str) -> None:
        """Note ``value`` unless the whole of it matches ``pattern``; an Output passes."""
        if isinstance(value, str) and not re.fullmatch(pattern, value):
            self.add(path, f"is {value!r}; expected {expected}")

    def at_least(self, args: Mapping[str, Any], least: int, *keys: str) -> None:
        """Note each of the snake_case ``keys`` that is given and lower than ``least``."""
        for key in keys:
            value = args.get(key)
            if value is not None and int(value) < least:
                self.add(wire_name(key), f"is {value}; it must be at least {least}")

    def raise_if_any(self) -> None:
        """Raise ``pulumi.InputPropertiesError`` with every fault noted so far, if there is one."""
        if self._faults:
            lines = "".join(f"\n  - {fault['property_path']}: {fault['reason']}" for fault in self._faults)
            raise pulumi.InputPropertiesError(
                f"{self._component} has invalid arguments:{lines}", self._faults
            )


def wire_name(key: str) -> str:
    """The camelCase wire name of a snake_case argument."""
    head, *rest = key.split("_")
    return head + "".join(part.capitalize() for part in rest)
