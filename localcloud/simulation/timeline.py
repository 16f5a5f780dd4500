"""Writes a run on the virtual clock as one self-contained HTML page."""

import html
import string
from pathlib import Path

from localcloud.simulation.timeline_model import Bar, Timeline
from localcloud.simulation.timeline_parts import Wait

_PAGE = Path(__file__).with_name("timeline_page.html")
_STEPS = (1, 5, 10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400)
"""Seconds between two marks of the axis."""


def duration(seconds: float) -> str:
    """Virtual time for people: ``45 s``, ``10:30`` (minutes) or ``1:02:03``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"


def page(timeline: Timeline, title: str) -> str:
    """The page as text; every name in it is escaped."""
    whole = timeline.makespan or 1.0
    step = next((step for step in _STEPS if whole / step <= 12), _STEPS[-1])
    return string.Template(_PAGE.read_text(encoding="utf-8")).substitute(
        title=html.escape(title),
        lead=_lead(timeline),
        figures=_figures(timeline),
        waits=_waits(timeline),
        grid=f"{100 * step / whole:.4f}",
        ticks=_ticks(whole, step),
        rows="\n".join(_row(bar, number, timeline) for number, bar in enumerate(timeline.bars)),
        notes=_notes(timeline),
    )


def _lead(timeline: Timeline) -> str:
    if not timeline.bars:
        return "Nothing changed: no operation was needed."
    count = len(timeline.bars)
    return (
        f"{count} operation{'s' if count != 1 else ''} in {duration(timeline.makespan)} of simulated time. "
        "Open a row to see how long it takes and how that is known. Delays are those of an AWS account, measured "
        "or estimated; the real engine decided what ran when."
    )


def _figures(timeline: Timeline) -> str:
    figures = [
        ("makespan", duration(timeline.makespan), "makespan: from the first start to the last end"),
        ("bound", duration(timeline.lower_bound), "lower bound: the longest path of needed orders"),
        ("ratio", f"{timeline.ratio:.3f}", "makespan ÷ lower bound"),
    ]
    if timeline.engine_bound > timeline.lower_bound:
        said = (
            "what this engine could reach, for it deletes in rounds; "
            f"makespan ÷ that is {timeline.engine_ratio:.3f}"
        )
        figures.append(("engine-bound", duration(timeline.engine_bound), said))
    figures.append(("real", f"{timeline.real_seconds:.0f} s", "real time of this simulation"))
    return "".join(f'<li><b id="{name}">{value}</b><span>{text}</span></li>' for name, value, text in figures)


def _waits(timeline: Timeline) -> str:
    if not timeline.needless:
        return '<p id="needless">None on the critical path.</p>'
    return f'<ul class="waits" id="needless">{"".join(_wait(wait) for wait in timeline.needless)}</ul>'


def _wait(wait: Wait) -> str:
    waiting, first = _name(wait.waiting), _name(wait.waited_for)
    if not wait.declared_by:
        why = "which the engine deletes in a round before it"
    elif wait.declared_by == wait.waiting:
        why = "by its own <code>depends_on</code>"
    else:
        why = f"because {_name(wait.declared_by)}, which it is in, depends on it"
    return f"<li><b>{waiting}</b> waited for <b>{first}</b>, {why}: costs {duration(wait.seconds)}</li>"


def _name(urn: str) -> str:
    return html.escape(urn.rsplit("::", 1)[-1])


def _ticks(whole: float, step: int) -> str:
    marks = [second for second in range(0, int(whole) + 1, step) if second == 0 or whole - second > step / 2]
    return "".join(
        f'<span style="left:{100 * second / whole:.3f}%">{duration(second)}</span>' for second in marks
    ) + (f'<span style="left:100%">{duration(whole)}</span>' if whole > 1 else "")


def _row(bar: Bar, number: int, timeline: Timeline) -> str:
    whole = timeline.makespan or 1.0
    kind = html.escape(bar.type.rsplit(":", 1)[-1])
    share = bar.held_up / whole
    classes = [bar.verb, *(["critical"] if bar.critical else [])]
    if bar.outcome != "succeeded":
        classes.append("broken")
    name, took = html.escape(bar.name), bar.end - bar.begin
    said = f"{bar.verb}, from {duration(bar.begin)} to {duration(bar.end)}"
    return (
        f'<li class="{html.escape(" ".join(classes))}" data-number="{number}" data-begin="{bar.begin:.3f}" '
        f'data-took="{took:.3f}" data-held="{bar.held_up:.3f}" data-type="{html.escape(bar.type)}">'
        f'<details><summary><span class="name" title="{name}">{name} <small>{kind}</small></span>'
        f'<span class="track" role="img" aria-label="{said}{", on the critical path" if bar.critical else ""}" '
        f'title="{said}"><i class="bar" style="left:{100 * bar.begin / whole:.4f}%;'
        f'width:{100 * took / whole:.4f}%"></i></span>'
        f'<span class="number">{duration(took)}</span><span class="number">{_percent(share)}</span></summary>'
        f"{_details(bar, share)}</details></li>"
    )


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if share >= 0.005 else "-"


def _details(bar: Bar, share: float) -> str:
    waited = _name(bar.waited_for) if bar.waited_for else "nothing"
    if bar.waited_for:
        waited += f": {html.escape(bar.reason)}" if bar.reason else " (nothing needs that)"
    rows = [
        ("operation", f"{html.escape(bar.verb)} of {html.escape(bar.type)}, {html.escape(bar.outcome)}"),
        ("simulated", f"{duration(bar.begin)} to {duration(bar.end)}, {duration(bar.end - bar.begin)}"),
        ("how we know", html.escape(bar.source)),
        ("waited last for", waited),
        (
            "holds up",
            f"{duration(bar.held_up)} of the whole ({100 * share:.1f} %) would go if it took no time",
        ),
        ("real work", f"{bar.real_seconds:.1f} s on this machine"),
        ("URN", html.escape(bar.urn)),
    ]
    return "<dl>" + "".join(f"<dt>{term}</dt><dd>{text}</dd>" for term, text in rows) + "</dl>"


def _notes(timeline: Timeline) -> str:
    notes = "Shares do not add up to 100 %: of two things side by side, neither holds up the whole by itself."
    if timeline.unexplained > 0.5:
        notes += (
            f" An operation of the critical path began {duration(timeline.unexplained)} later than its orders "
            "explain: the engine was slow to start it, or a fault delayed it."
        )
    return notes
