"""What a run on the virtual clock amounts to: its bars, its critical path, its lower bound, and who held it up."""

import dataclasses
from collections.abc import Iterable, Mapping

from localcloud.simulation.clock_log import Entry
from localcloud.simulation.orders_state import Resources
from localcloud.simulation.timeline_parts import Deletes, Makes, Wait


@dataclasses.dataclass(frozen=True)
class Bar:
    """One operation."""

    urn: str
    verb: str
    begin: float
    """Virtual seconds since the run began."""
    end: float
    source: str
    """Where its delay comes from."""
    outcome: str
    held_up: float
    """Virtual seconds by which the run would be shorter if it took no time."""
    critical: bool
    """Whether the run's end waited for it."""
    waited_for: str
    """URN of what it waited for last; empty when it began at once."""
    reason: str
    """Why it had to wait for that; empty when nothing needs it."""
    real_seconds: float
    """What its real work took on this machine."""

    @property
    def name(self) -> str:
        """Name in the program."""
        return self.urn.rsplit("::", 1)[-1]

    @property
    def type(self) -> str:
        """Pulumi type token."""
        return self.urn.split("::")[-2].rsplit("$", 1)[-1]


@dataclasses.dataclass(frozen=True)
class Timeline:
    """One run."""

    bars: tuple[Bar, ...]
    """In the order of their beginning."""
    makespan: float
    """Virtual seconds from the first beginning to the last end."""
    lower_bound: float
    """Longest path of needed orders: no engine could be faster with these delays."""
    engine_bound: float
    """What this engine would take if nothing but needed orders were declared; more than `lower_bound` on the way
    down, where it deletes in rounds."""
    needless: tuple[Wait, ...]
    """Needless waits, the longest first."""
    unexplained: float
    """The latest beginning, in virtual seconds, that no order explains: how exact the clock was."""
    real_seconds: float
    """What the run took on this machine."""

    @property
    def ratio(self) -> float:
        """Makespan as a share of the lower bound; 1 for a run without operations."""
        return self.makespan / self.lower_bound if self.lower_bound else 1.0

    @property
    def engine_ratio(self) -> float:
        """Makespan as a share of what this engine could reach."""
        return self.makespan / self.engine_bound if self.engine_bound else 1.0


def timeline_of(entries: Iterable[Entry], before: Resources, after: Resources) -> Timeline:
    """Explain a run by the stack's state before it (for what was deleted) and after it (for what was made)."""
    operations = [entry for entry in entries if entry.urn]
    makes = {e.urn: e for e in operations if e.verb != "delete" and e.urn in after}
    deletes = {e.urn: e for e in operations if e.verb == "delete" and e.urn in before}
    made, deleted = Makes(after, _taken(makes)), Deletes(before, _taken(deletes))
    bars: list[Bar] = []
    for one in operations:
        part = deleted if one.verb == "delete" else made
        bars.append(_bar(one, part if one.urn in (deletes if one.verb == "delete" else makes) else None))
    begin = min((e.virtual_begin for e in operations), default=0.0)
    late = [makes[urn].virtual_end - made.ends[urn] for urn in made.critical]
    return Timeline(
        bars=tuple(sorted(bars, key=lambda bar: (bar.begin, bar.end, bar.name))),
        makespan=max((e.virtual_end for e in operations), default=0.0) - begin,
        # What is replaced or left over is deleted when all is made; side by side is the least it could be.
        lower_bound=max(made.lower_bound, deleted.lower_bound),
        engine_bound=made.lower_bound + deleted.engine_bound,
        needless=tuple(sorted([*made.needless(), *deleted.needless()], key=lambda wait: -wait.seconds)),
        unexplained=max(late, default=0.0),
        real_seconds=max((e.real_end for e in operations), default=0.0)
        - min((e.real_begin for e in operations), default=0.0),
    )


def _taken(entries: Mapping[str, Entry]) -> dict[str, float]:
    return {urn: entry.virtual_end - entry.virtual_begin for urn, entry in entries.items()}


def _bar(entry: Entry, part: Makes | Deletes | None) -> Bar:
    waited_for, reason = part.cause(entry.urn) if part else ("", "")
    return Bar(
        urn=entry.urn,
        verb=entry.verb,
        begin=entry.virtual_begin,
        end=entry.virtual_end,
        source=entry.source,
        outcome=entry.outcome or "still under way",
        held_up=part.held_up.get(entry.urn, 0.0) if part else 0.0,
        critical=part is not None and entry.urn in part.critical,
        waited_for=waited_for,
        reason=reason,
        real_seconds=entry.real_end - entry.real_begin,
    )
