"""The two halves of a run: what was made, and what was deleted, which the engine orders differently."""

import dataclasses
import itertools
from collections.abc import Iterable, Iterator, Mapping

from localcloud.simulation.orders import (
    Before,
    engine_makes,
    least_rounds,
    needed,
    reasons,
    round_seconds,
    rounds,
    waits,
)
from localcloud.simulation.orders_graph import ancestors, ends, held_up, longest_path, makespan
from localcloud.simulation.orders_state import Resources

_NOTICEABLE = 0.5
"""Virtual seconds below which nothing is reported."""


@dataclasses.dataclass(frozen=True)
class Wait:
    """A wait on the critical path that nothing needs."""

    waiting: str
    """URN of what waited."""
    waited_for: str
    """URN of what it waited for."""
    declared_by: str
    """URN of the resource or component that depends on it; empty when the engine's rounds are the cause."""
    seconds: float
    """Virtual seconds by which the run would be shorter without it."""


class Makes:
    """Creates and updates: each begins when everything that it depends on is there."""

    def __init__(self, stack: Resources, seconds: Mapping[str, float]) -> None:
        self._stack, self._seconds = stack, seconds
        self._engine: Before = engine_makes(stack)
        before = needed(stack)
        self._above = ancestors(before)
        self._reasons = reasons(stack)
        self.ends = ends(self._engine, seconds)
        """When each has to end by the engine's orders."""
        self.lower_bound = makespan(before, seconds)
        """Longest path of needed orders."""
        self.critical = longest_path(self._engine, seconds)
        """Longest path of the engine's orders."""
        self.held_up = held_up(lambda given: makespan(self._engine, given), seconds)
        """Seconds that would go if one took no time."""

    def cause(self, urn: str) -> tuple[str, str]:
        """What it waited for last, and why that is needed."""
        last = self._last(self._engine[urn])
        if not last:
            return "", ""
        if (last, urn) in self._reasons:
            return last, self._reasons[last, urn]
        return last, "its inputs are computed from it" if last in self._above[urn] else ""

    def _last(self, firsts: Iterable[str]) -> str:
        """The last to end of those, looking through what took no time."""
        found = max((one for one in firsts if self.ends[one] > 0), key=self.ends.__getitem__, default="")
        while found and not self._seconds.get(found):
            found = max(self._engine[found], key=self.ends.__getitem__, default="")
        return found

    def needless(self) -> Iterator[Wait]:
        """Waits of the critical path that are in no needed order."""
        whole = makespan(self._engine, self._seconds)
        for urn in self.critical:
            spare = {one for one in self._engine[urn] if one not in self._above[urn]}
            last = self._last(spare)
            if not last:
                continue
            without = {**self._engine, urn: self._engine[urn] - spare}
            saved = whole - makespan(without, self._seconds)
            if saved < _NOTICEABLE:
                continue
            owner = next((who.urn for first, who in waits(self._stack, urn) if first == last), urn)
            yield Wait(urn, last, owner, saved)


class Deletes:
    """Deletes: the engine's rounds, each as long as its slowest member."""

    def __init__(self, stack: Resources, seconds: Mapping[str, float]) -> None:
        self._seconds = seconds
        self._round = {urn: number for urn, number in rounds(stack).items() if urn in seconds}
        before = needed(stack, deleting=True)
        self._above = ancestors(before)
        self._path = set(longest_path(before, seconds))
        self.lower_bound = makespan(before, seconds)
        """Longest path of needed orders."""
        self.engine_bound = round_seconds(least_rounds(stack), seconds)
        """What the engine would take if only needed orders were declared."""
        self.critical = self._slowest()
        """The member of each round that the next one waited for."""
        self.held_up = held_up(lambda given: round_seconds(self._round, given), seconds)
        """Seconds that would go if one took no time."""

    def _slowest(self) -> list[str]:
        slowest: dict[int, str] = {}
        for urn in sorted(self._seconds, key=lambda one: (-self._seconds[one], one not in self._path)):
            slowest.setdefault(self._round[urn], urn)
        return [slowest[number] for number in sorted(slowest) if self._seconds[slowest[number]] > 0]

    def cause(self, urn: str) -> tuple[str, str]:
        """The slowest of the round before, and why it had to go first."""
        before = [one for one in self.critical if self._round[one] < self._round[urn]]
        if not before:
            return "", ""
        last = before[-1]
        return last, "it uses it, or stands in the table of orders" if last in self._above[urn] else ""

    def needless(self) -> Iterator[Wait]:
        """Slow members of a round for which nothing on the longest needed path had to wait."""
        for urn, following in itertools.pairwise(self.critical):
            if urn not in self._path and self.held_up[urn] >= _NOTICEABLE:
                yield Wait(following, urn, "", self.held_up[urn])
