"""The timeline's page as text, and the command that writes it."""

import os
from html.parser import HTMLParser
from pathlib import Path

import pytest

from localcloud.home import Home
from localcloud.simulation.clock import SPEED_VARIABLE
from localcloud.simulation.timeline import duration, page
from localcloud.simulation.timeline_command import TimelineError, summary, timed
from localcloud.simulation.timeline_model import timeline_of
from tests.unit.localcloud.simulation.stacks import entry, row, stack, urn

KEY, CLUSTER = "aws:kms/key:Key", "aws:eks/cluster:Cluster"
EVIL = '<img src=x onerror="alert(1)">$title'


class Reader(HTMLParser):
    """Collects the tags, the attributes that could load something, and the text."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.loaded: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.loaded += [str(value) for name, value in attrs if name in ("src", "href", "srcset", "action")]

    def handle_data(self, data: str) -> None:
        self.text += data


def read(text: str) -> Reader:
    reader = Reader()
    reader.feed(text)
    return reader


def made(*names: str) -> str:
    rows = [row(KEY, name) for name in names]
    entries = [entry(urn(KEY, name), 0, 28) for name in names]
    return page(timeline_of(entries, stack(), stack(*rows)), "Deployment of dev")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (59.4, "59 s"), (59.6, "1:00"), (61, "1:01"), (2062, "34:22"), (3661, "1:01:01")],
)
def test_durations_are_for_people(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_names_are_escaped_and_no_field_of_the_template() -> None:
    text = made(EVIL)
    assert "<img" not in text
    assert "&lt;img src=x onerror=&quot;alert(1)&quot;&gt;$title" in text
    assert "img" not in read(text).tags


def test_the_page_loads_nothing_from_elsewhere() -> None:
    reader = read(made("key"))
    assert reader.loaded == ["data:,"]
    assert not reader.tags & {"img", "iframe", "object", "embed", "base"}
    assert "http://" not in made("key")
    assert "https://" not in made("key")


def test_the_page_tells_the_figures_the_source_of_each_delay_and_the_reason_of_each_wait() -> None:
    rows = [row(KEY, "key"), row(CLUSTER, "cluster", data={"encryptionConfig": [urn(KEY, "key")]})]
    entries = [entry(urn(KEY, "key"), 0, 28), entry(urn(CLUSTER, "cluster"), 28, 628)]
    text = read(page(timeline_of(entries, stack(), stack(*rows)), "x")).text
    for told in ("10:28", "1.000", "measured: here", "key: its inputs are computed from it", "96 %"):
        assert told in text
    assert "None on the critical path." in text


def test_a_run_without_operations_has_a_page_too() -> None:
    assert "Nothing changed" in page(timeline_of([], stack(), stack()), "x")


def test_without_speed_and_file_nothing_is_timed(tmp_path: Path) -> None:
    with timed(Home(tmp_path), list, "x", None, None) as run:
        assert SPEED_VARIABLE not in os.environ
        assert run.flags == ()
    assert run.timeline is None
    assert list(tmp_path.iterdir()) == []


def test_a_timed_run_asks_for_a_clock_only_while_it_lasts_and_writes_the_page_of_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(SPEED_VARIABLE, raising=False)
    file = tmp_path / "timeline.html"

    def fails() -> None:
        with timed(Home(tmp_path), list, "x", None, file):
            assert os.environ[SPEED_VARIABLE] == "max"
            raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        fails()
    assert SPEED_VARIABLE not in os.environ
    assert file.read_text().startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("speed", "file", "told"),
    [
        ("fast", None, "expected `max`"),
        (None, "missing/page.html", "folder that exists"),
        (None, ".", "folder"),
    ],
)
def test_what_cannot_be_had_is_refused_before_anything_runs(
    tmp_path: Path, speed: str | None, file: str | None, told: str
) -> None:
    target = tmp_path / file if file else None
    with pytest.raises(TimelineError, match=told), timed(Home(tmp_path), list, "x", speed, target):
        pytest.fail("it ran")


def test_the_summary_tells_the_ratio_and_for_a_teardown_the_engines_too() -> None:
    up = timeline_of([entry(urn(KEY, "key"), 0, 28)], stack(), stack(row(KEY, "key")))
    assert summary(up) == "28 s of simulated time for 1 operations; lower bound 28 s, ratio 1.000"
