"""Runs a command of the engine on the virtual clock, and writes its timeline."""

import contextlib
import os
import time
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import Any

from localcloud.home import Home
from localcloud.simulation.clock import CLOCK_FILE, SPEED_VARIABLE, parse_speed
from localcloud.simulation.clock_log import ClockLog
from localcloud.simulation.clock_workers import WORKERS
from localcloud.simulation.orders_state import resources_of
from localcloud.simulation.timeline import duration, page
from localcloud.simulation.timeline_model import Timeline, timeline_of

State = Callable[[], Sequence[dict[str, Any]]]
"""Reads the resources of the stack's state."""


class TimelineError(Exception):
    """A timeline or a speed that cannot be had; the text says what would be right."""


class TimedRun:
    """One command on the virtual clock, or without one where nobody asked for it."""

    def __init__(self, *, wanted: bool) -> None:
        self.flags: tuple[str, ...] = ("--parallel", str(WORKERS)) if wanted else ()
        """Flags for ``pulumi``: how many operations may run at once must not depend on this machine's cores."""
        self.timeline: Timeline | None = None
        """What the run amounted to, once it has ended; None without a clock."""


@contextlib.contextmanager
def timed(home: Home, state: State, title: str, speed: str | None, file: Path | None) -> Generator[TimedRun]:
    """Let the engine that is started inside run at ``speed`` (``max`` with a ``file``), and write the page.

    The page is written when the run fails, too. Raises `TimelineError` for a wrong speed and for a file in a
    folder that is not there, before anything runs.
    """
    if speed is None and file is None:
        yield TimedRun(wanted=False)
        return
    wanted = speed or "max"
    try:
        parse_speed(wanted)
    except ValueError as error:
        raise TimelineError(str(error)) from None
    if file is not None and (file.is_dir() or not file.absolute().parent.is_dir()):
        raise TimelineError(f"the timeline cannot be written to {file}: give a file in a folder that exists")
    run = TimedRun(wanted=True)
    before, began = resources_of(state()), time.time()
    kept = os.environ.get(SPEED_VARIABLE)
    os.environ[SPEED_VARIABLE] = wanted
    try:
        yield run
    finally:
        if kept is None:
            del os.environ[SPEED_VARIABLE]
        else:
            os.environ[SPEED_VARIABLE] = kept
        log = ClockLog(home.root / CLOCK_FILE)
        latest = log.latest_run(since=began)
        run.timeline = timeline_of(log.entries(latest) if latest else [], before, resources_of(state()))
        if file is not None:
            file.write_text(page(run.timeline, title), encoding="utf-8")


def summary(timeline: Timeline) -> str:
    """One line for the terminal."""
    told = (
        f"{duration(timeline.makespan)} of simulated time for {len(timeline.bars)} operations; lower bound "
        f"{duration(timeline.lower_bound)}, ratio {timeline.ratio:.3f}"
    )
    if timeline.engine_bound <= timeline.lower_bound:
        return told
    return f"{told} ({timeline.engine_ratio:.3f} of what the engine's rounds allow)"
