"""What a timeline looks like in a real browser."""

from pathlib import Path
from typing import Any

import pytest

from localcloud.simulation.timeline_model import Timeline
from tests.browser import console, opened, requested

_BARS = """
return [...document.querySelectorAll('#rows > li')].map(row => {
  const track = row.querySelector('.track').getBoundingClientRect();
  const bar = row.querySelector('.bar').getBoundingClientRect();
  const style = getComputedStyle(row.querySelector('.bar'));
  return {name: row.querySelector('.name').title, left: (bar.left - track.left) / track.width,
    width: bar.width / track.width, pixels: bar.width, track: track.width, shadow: style.boxShadow,
    opacity: Number(style.opacity), mark: getComputedStyle(row.querySelector('.name'), '::before').content,
    critical: row.classList.contains('critical')};
});
"""
_OVERLAPS = """
const found = [];
const boxes = selector => [...document.querySelectorAll(selector)].filter(e => e.textContent.trim())
  .map(e => [e.textContent.trim(), e.getBoundingClientRect()]);
const check = list => list.forEach(([a, one], i) => list.slice(i + 1).forEach(([b, two]) => {
  if (one.left < two.right - 1 && two.left < one.right - 1 && one.top < two.bottom - 1 && two.top < one.bottom - 1)
    found.push([a, b]);
}));
check(boxes('#ticks span')); check(boxes('.figures li')); check(boxes('.axis > .number'));
document.querySelectorAll('summary').forEach(row =>
  check([...row.children].map(e => [row.textContent, e.getBoundingClientRect()])));
check([...document.querySelectorAll('summary')].map(e => [e.textContent, e.getBoundingClientRect()]));
return found;
"""


def assert_laid_out(page: Path, timeline: Timeline) -> None:
    """Every bar stands where its virtual times say, the critical path is marked, and nothing is loaded."""
    with opened(page) as chrome:
        bars: list[dict[str, Any]] = chrome.execute_script(_BARS)
        assert [bar["name"] for bar in bars] == [bar.name for bar in timeline.bars]
        for shown, bar in zip(bars, timeline.bars, strict=True):
            pixel = 1.5 / shown["track"]
            assert shown["track"] > 300
            assert shown["left"] == pytest.approx(bar.begin / timeline.makespan, abs=pixel), bar.name
            wanted = (bar.end - bar.begin) / timeline.makespan
            assert shown["width"] == pytest.approx(max(wanted, 2 / shown["track"]), abs=pixel), bar.name
            assert shown["critical"] == bar.critical
            # Marked by more than a colour: a frame round the bar and a sign before the name.
            assert (shown["shadow"] != "none") == bar.critical
            assert ("\u25c6" in shown["mark"]) == bar.critical
        assert chrome.execute_script(_OVERLAPS) == []
        widest = "return document.documentElement.scrollWidth - window.innerWidth"
        assert chrome.execute_script(widest) <= 0
        assert console(chrome) == []
        # The page itself is among them: the recording works.
        assert requested(chrome) == {page.as_uri()}


def assert_usable(page: Path, timeline: Timeline) -> None:
    """Sorting works, a row opens by keyboard and tells its delay's source, and the dark page is dark."""
    from selenium.webdriver.common.keys import Keys
    from selenium.webdriver.support.select import Select

    with opened(page, dark=True, width=800) as chrome:
        background = "return getComputedStyle(document.body).backgroundColor"
        assert chrome.execute_script(background) == "rgb(21, 24, 27)"
        Select(chrome.find_element("id", "order")).select_by_value("took")
        first = chrome.find_element("css selector", "#rows > li")
        longest = max(timeline.bars, key=lambda bar: bar.end - bar.begin)
        name = first.find_element("css selector", ".name").get_attribute("title")
        assert name in {b.name for b in timeline.bars if b.end - b.begin == longest.end - longest.begin}
        summary = first.find_element("css selector", "summary")
        assert not first.find_element("css selector", "dl").is_displayed()
        summary.send_keys(Keys.ENTER)
        details = first.find_element("css selector", "dl")
        assert details.is_displayed()
        bar = next(one for one in timeline.bars if one.name == name)
        assert bar.source in details.text
        assert bar.urn in details.text
        assert console(chrome) == []
    with opened(page) as chrome:
        background = "return getComputedStyle(document.body).backgroundColor"
        assert chrome.execute_script(background) == "rgb(251, 251, 250)"
