"""Processes are found again and ended by id, and never mistaken for others."""

import dataclasses
import os
import sys
from pathlib import Path

from localcloud.processes import Process, Processes

SLEEPER = [sys.executable, "-c", "import time; time.sleep(60)"]


def make(folder: Path) -> Processes:
    return Processes(folder / "processes.json", folder / "logs")


def test_a_started_process_is_found_again_by_another_record_of_the_same_folder(tmp_path: Path) -> None:
    first = make(tmp_path)
    started = first.start("sleeper", SLEEPER, os.environ)
    try:
        assert make(tmp_path).running("sleeper") == started
    finally:
        assert first.stop_all() == ["sleeper"]
    assert started.running() is None


def test_a_second_start_reuses_the_running_process(tmp_path: Path) -> None:
    processes = make(tmp_path)
    first = processes.start("sleeper", SLEEPER, os.environ)
    second = processes.start("sleeper", SLEEPER, os.environ)
    processes.stop_all()
    assert first == second


def test_a_process_id_that_was_reused_is_not_ours(tmp_path: Path) -> None:
    processes = make(tmp_path)
    started = processes.start("sleeper", SLEEPER, os.environ)
    earlier = dataclasses.replace(started, started=started.started - 100)
    assert earlier.running() is None
    processes.stop_all()


def test_stopping_ends_only_recorded_processes(tmp_path: Path) -> None:
    ours, theirs = make(tmp_path / "a"), make(tmp_path / "b")
    for processes in (ours, theirs):
        processes._record.parent.mkdir()
    ours.start("sleeper", SLEEPER, os.environ)
    other = theirs.start("sleeper", SLEEPER, os.environ)
    ours.stop_all()
    assert other.running()
    theirs.stop_all()


def test_a_process_that_ignores_termination_is_ended_all_the_same(tmp_path: Path) -> None:
    processes = make(tmp_path)
    deaf = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
        "print('deaf', flush=True); time.sleep(60)"
    )
    started = processes.start("deaf", [sys.executable, "-u", "-c", deaf], os.environ)
    while "deaf" not in processes.log_tail("deaf"):
        os.sched_yield()
    processes.stop_all()
    assert started.running() is None


def test_nothing_recorded_means_nothing_to_stop(tmp_path: Path) -> None:
    assert make(tmp_path).stop_all() == []
    assert Process("gone", 2**22 + 1, 0.0).running() is None
