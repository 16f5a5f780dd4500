"""The dev stack up and down on the virtual clock: how long it would take, and whether the program holds it up."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from localcloud.cloud import Cloud
from localcloud.home import PROJECT
from localcloud.simulation.timeline_command import timed
from localcloud.simulation.timeline_model import Timeline
from localcloud.stack import Stack
from tests.engine.timelines import assert_laid_out, assert_usable

YES = ("--yes", "--skip-preview", "--suppress-outputs")
BAR = 1.05
"""Makespan as a share of the lower bound; more means that something waits for nothing."""

BAR_OF_ROUNDS = 1.20
"""The same on the way down, where the engine's rounds cost what no program can avoid (docs/timing.md)."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("timeline")


@pytest.fixture(scope="module")
def dev(folder: Path) -> Iterator[Stack]:
    cloud = Cloud(folder / "cloud")
    stack = Stack(cloud, "dev")
    cloud.prepare()
    stack.prepare()
    cloud.start()
    yield stack
    cloud.stop()


def run(stack: Stack, command: str, page: Path, *flags: str) -> Timeline:
    with timed(stack.cloud.home, stack.resources, f"{command} of dev", None, page) as timing:
        ended = stack.captured(command, *YES, *flags, *timing.flags)
    assert ended.returncode == 0, ended.stdout[-4000:]
    assert timing.timeline is not None
    return timing.timeline


@pytest.fixture(scope="module")
def up(dev: Stack, folder: Path) -> Timeline:
    return run(dev, "up", folder / "up.html")


@pytest.fixture(scope="module")
def down(up: Timeline, dev: Stack, folder: Path) -> Timeline:
    assert up.bars
    return run(dev, "destroy", folder / "down.html", "--ignore-protect")


def test_a_deployment_takes_tens_of_simulated_minutes_and_little_real_time(up: Timeline) -> None:
    assert 20 * 60 < up.makespan < 60 * 60
    assert up.real_seconds < up.makespan / 5
    assert len(up.bars) > 75
    assert {bar.outcome for bar in up.bars} == {"succeeded"}


def test_the_clock_is_exact(up: Timeline, down: Timeline) -> None:
    assert up.unexplained == 0
    assert down.unexplained == 0


def test_nothing_holds_the_deployment_up_that_it_does_not_need(up: Timeline) -> None:
    assert 1 <= up.ratio <= BAR, up.needless
    critical = [bar.name for bar in up.bars if bar.critical]
    assert critical[-1] == "serving-release"
    assert {"cluster-cluster-eksCluster", "gpu-nodes-nodes"} <= set(critical)


def test_the_program_adds_next_to_nothing_to_what_the_engines_rounds_cost_on_the_way_down(
    down: Timeline,
) -> None:
    assert 5 * 60 < down.makespan < 30 * 60
    assert down.engine_ratio <= BAR, down.needless
    assert 1 <= down.ratio <= BAR_OF_ROUNDS
    # No waiting in the list is the program's.
    assert [wait for wait in down.needless if wait.declared_by] == []


@pytest.mark.parametrize("which", ["up", "down"])
def test_the_page_is_laid_out_in_a_real_browser(
    which: str, folder: Path, request: pytest.FixtureRequest
) -> None:
    timeline: Timeline = request.getfixturevalue(which)
    assert_laid_out(folder / f"{which}.html", timeline)


def test_the_page_can_be_sorted_and_opened_by_keyboard_in_light_and_dark(up: Timeline, folder: Path) -> None:
    assert_usable(folder / "up.html", up)


@pytest.mark.full
def test_a_needless_dependency_raises_the_ratio_and_the_page_names_it(down: Timeline, folder: Path) -> None:
    assert down.bars
    program = folder / "program"
    tracked = subprocess.run(
        ["git", "ls-files", "-z"], cwd=PROJECT, capture_output=True, text=True, check=True
    ).stdout.split("\0")
    for name in tracked:
        if name.split("/")[0] in (
            "plane",
            "components",
            "config",
            "charts",
            "__main__.py",
        ) or name.startswith("Pulumi."):
            (program / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(PROJECT / name, program / name)
    compute = program / "plane" / "compute.py"
    wanted = "_gpu_args(settings, foundation), after_network)"
    text = compute.read_text()
    assert text.count(wanted) == 1
    opts = "foundation.in_aws(*vpc.routes, system)"
    compute.write_text(text.replace(wanted, f"_gpu_args(settings, foundation), {opts})"))
    cloud = Cloud(folder / "needless")
    stack = Stack(cloud, "dev", program)
    cloud.prepare()
    stack.prepare()
    cloud.start()
    try:
        timeline = run(stack, "up", folder / "needless.html")
    finally:
        cloud.stop()
    assert timeline.ratio > BAR
    wait = timeline.needless[0]
    assert wait.waiting.endswith("::gpu-nodes-nodes")
    assert wait.waited_for.endswith("::system-nodes-nodes")
    assert wait.seconds > 100
    assert (
        "<b>gpu-nodes-nodes</b> waited for <b>system-nodes-nodes</b>"
        in (folder / "needless.html").read_text()
    )
