"""The virtual clock, with threads and with processes."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from localcloud.home import PROJECT, Home
from localcloud.providers.protocol import PartialFailureError, ProviderError
from localcloud.simulation.clock import (
    SPEED_VARIABLE,
    NoClock,
    SpeedError,
    clock_of,
    parse_speed,
    time_around,
)
from localcloud.simulation.clock_log import ClockLog, Entry
from localcloud.simulation.operations import nothing_around
from tests.unit.localcloud.simulation.clocks import NAT, ROLE, RUN, clock, operation

NAT_SECONDS = 105


def entries(folder: Path) -> dict[str, Entry]:
    return {one.urn.split("::")[-1]: one for one in ClockLog(folder / "clock.sqlite3").entries(RUN)}


def together(*actions: Callable[[], None]) -> None:
    threads = [threading.Thread(target=action) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
        assert not thread.is_alive()


def test_a_long_operation_takes_its_virtual_time_and_hardly_any_real_time(tmp_path: Path) -> None:
    ticking = clock(tmp_path)
    began = time.monotonic()
    with ticking.operation(operation(NAT, "nat")):
        assert ticking.now() == 0
    assert ticking.now() == NAT_SECONDS
    assert time.monotonic() - began < 5
    entry = entries(tmp_path)["nat"]
    assert (entry.virtual_begin, entry.virtual_end, entry.outcome) == (0, NAT_SECONDS, "succeeded")
    assert entry.source.startswith("measured")


def test_operations_side_by_side_share_the_time_and_others_follow_at_the_end_of_what_they_need(
    tmp_path: Path,
) -> None:
    ticking = clock(tmp_path)

    def chain() -> None:
        for name in ("role-1", "role-2"):
            with ticking.operation(operation(ROLE, name)):
                pass

    def long() -> None:
        with ticking.operation(operation(NAT, "nat")):
            pass

    together(chain, long)
    found = {name: (one.virtual_begin, one.virtual_end) for name, one in entries(tmp_path).items()}
    assert found == {"role-1": (0, 1), "role-2": (1, 2), "nat": (0, NAT_SECONDS)}


def test_time_stands_still_while_an_operation_does_real_work(tmp_path: Path) -> None:
    ticking = clock(tmp_path, rest=0.01)

    def busy() -> None:
        with ticking.operation(operation(NAT, "slow")):
            time.sleep(0.6)

    def quick() -> None:
        with ticking.operation(operation(ROLE, "quick")):
            pass
        # It could have ended after some milliseconds, and so could a second one.
        with ticking.operation(operation(ROLE, "next")):
            pass

    together(busy, quick)
    found = entries(tmp_path)
    assert found["slow"].virtual_end == NAT_SECONDS
    assert found["next"].virtual_begin == 1
    assert found["next"].real_begin >= found["slow"].real_end - 0.05


def test_more_seconds_of_a_fault_are_added(tmp_path: Path) -> None:
    ticking = clock(tmp_path)
    with ticking.operation(operation(ROLE, "late", more=59)):
        pass
    assert ticking.now() == 60


def test_another_call_of_the_provider_stops_time_and_leaves_no_trace(tmp_path: Path) -> None:
    ticking = clock(tmp_path, rest=0.01)
    seen: list[float] = []

    def check() -> None:
        with ticking.call("Check"):
            time.sleep(0.5)
            seen.append(ticking.now())

    def quick() -> None:
        with ticking.operation(operation(ROLE, "quick")):
            pass

    together(check, quick)
    assert seen == [0]
    assert set(entries(tmp_path)) == {"quick"}


def test_a_pause_inside_an_operation_lets_the_others_go_on(tmp_path: Path) -> None:
    ticking = clock(tmp_path)
    seen: list[float] = []

    def paused() -> None:
        with ticking.operation(operation(ROLE, "paused")):
            ticking.sleep(300)
            seen.append(ticking.now())

    def other() -> None:
        with ticking.operation(operation(NAT, "nat")):
            pass
        seen.append(ticking.now())

    together(paused, other)
    assert seen == [NAT_SECONDS, 300]
    assert entries(tmp_path)["paused"].virtual_end == 300


def test_a_pause_outside_of_an_operation_takes_virtual_time(tmp_path: Path) -> None:
    ticking = clock(tmp_path)
    ticking.sleep(7200)
    assert ticking.now() == 7200


def test_a_refusal_takes_a_second_and_a_failure_its_full_time(tmp_path: Path) -> None:
    ticking = clock(tmp_path)
    with pytest.raises(ProviderError), ticking.operation(operation(NAT, "refused")):
        raise ProviderError("no")
    with pytest.raises(ProviderError), ticking.operation(operation(NAT, "failed")):
        raise PartialFailureError("late", "id", {}, {})
    found = {
        name: (one.outcome, one.virtual_end - one.virtual_begin) for name, one in entries(tmp_path).items()
    }
    assert found == {"refused": ("refused", 1), "failed": ("failed", NAT_SECONDS)}


def test_a_given_speed_is_never_exceeded(tmp_path: Path) -> None:
    began = time.monotonic()
    ticking = clock(tmp_path, speed=200)
    with ticking.operation(operation(NAT, "nat")):
        pass
    took = time.monotonic() - began
    assert took >= NAT_SECONDS / 200
    assert took < 4


def start(folder: Path, type_: str, name: str, work: float) -> subprocess.Popen[str]:
    child = subprocess.Popen(
        [
            *(sys.executable, "-u", "-m", "tests.unit.localcloud.simulation.clocks"),
            *(str(folder), type_, name, str(work)),
        ],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "busy\n"
    return child


def test_two_processes_share_one_clock(tmp_path: Path) -> None:
    ticking = clock(tmp_path)
    with ticking.operation(operation(ROLE, "first")):
        child = start(tmp_path, NAT, "nat", 0.3)
    assert ticking.now() == 1
    with ticking.operation(operation(ROLE, "second")):
        pass
    assert child.wait(timeout=30) == 0
    found = {name: (one.virtual_begin, one.virtual_end) for name, one in entries(tmp_path).items()}
    assert found == {"first": (0, 1), "second": (1, 2), "nat": (0, NAT_SECONDS)}


def test_a_killed_provider_stops_nobody(tmp_path: Path) -> None:
    ticking = clock(tmp_path)
    child = start(tmp_path, NAT, "killed", 60)
    child.kill()
    child.wait(timeout=10)
    with ticking.operation(operation(ROLE, "role")):
        pass
    found = entries(tmp_path)
    assert (found["killed"].phase, found["killed"].outcome) == ("lost", "lost")
    assert found["role"].virtual_end == 1


def test_a_process_id_that_belongs_to_another_process_now_holds_up_nobody(tmp_path: Path) -> None:
    ticking = clock(tmp_path)
    log = ClockLog(tmp_path / "clock.sqlite3")
    with log.transaction() as connection:
        log.insert(
            connection,
            RUN,
            {
                "pid": psutil.Process().parent().pid,  # pyright: ignore[reportOptionalMemberAccess]
                "started": 12.0,
                "urn": "urn:pulumi:dev::inference-plane::x:y/z:Z::stale",
                "verb": "create",
                "phase": "busy",
                "virtual_begin": 0.0,
                "real_begin": 0.0,
            },
        )
    with ticking.operation(operation(ROLE, "role")):
        pass
    assert entries(tmp_path)["stale"].phase == "lost"


def test_without_a_request_there_is_no_clock_and_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(SPEED_VARIABLE, raising=False)
    home = Home(tmp_path)
    assert isinstance(clock_of(home), NoClock)
    assert time_around(home) is nothing_around
    began = time.monotonic()
    clock_of(home).sleep(3600)
    assert time.monotonic() - began < 0.5
    assert list(tmp_path.iterdir()) == []


def test_a_request_gives_one_clock_to_the_whole_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SPEED_VARIABLE, "max")
    home = Home(tmp_path)
    # In the place of the engine: the real parent runs other tests and is seldom at rest.
    with subprocess.Popen(["sleep", "60"]) as engine:
        try:
            monkeypatch.setattr(os, "getppid", lambda: engine.pid)
            ticking = clock_of(home)
            assert clock_of(home) is ticking
            with time_around(home)(operation(ROLE, "role")):
                pass
            assert ticking.now() == 1
        finally:
            engine.kill()


@pytest.mark.parametrize(("text", "speed"), [("max", float("inf")), ("60", 60.0), ("0.5", 0.5)])
def test_a_speed_is_max_or_a_number(text: str, speed: float) -> None:
    assert parse_speed(text) == speed


@pytest.mark.parametrize("text", ["0", "-1", "fast", "inf", "nan", ""])
def test_any_other_speed_is_refused(text: str) -> None:
    with pytest.raises(SpeedError, match="expected `max`"):
        parse_speed(text)
