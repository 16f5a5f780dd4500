"""Runs the whole kill matrix on two local clouds at once and writes its result: ``python -m tests.engine.kills``.

Interrupted, it goes on where it stopped, as long as its folder is kept; ``--fresh`` throws the folder away.
"""

import argparse
import shutil
import sys
from pathlib import Path

import psutil

from localcloud.cloud import Cloud
from localcloud.home import PROJECT
from tests.engine.kills.lane import Result
from tests.engine.kills.page import page

LANES = {
    "first": (
        "reference",
        "walk-up",
        "at-once-change",
        "walk-destroy-even",
        "at-once-up",
        "partial-even",
    ),
    "second": (
        "reference",
        "up",
        "walk-change",
        "walk-destroy-odd",
        "up",
        "at-once-change",
        "at-once-destroy",
        "partial-odd",
    ),
}
"""Steps of each lane, about as long as each other."""

PAGE = PROJECT / "docs" / "kill-matrix.md"


def main() -> int:
    """Run every step that is left; write the page when all have passed."""
    parser = argparse.ArgumentParser(prog="python -m tests.engine.kills", description=__doc__)
    parser.add_argument("--folder", type=Path, default=PROJECT / ".localcloud" / "kill-matrix")
    parser.add_argument("--fresh", action="store_true", help="begin anew")
    given = parser.parse_args()
    folder: Path = given.folder.resolve()
    if given.fresh and folder.exists():
        for name in LANES:
            Cloud(folder / name / "cloud").stop()
        shutil.rmtree(folder)
    lanes = {
        name: psutil.Popen([sys.executable, "-m", "tests.engine.kills.lane", str(folder / name), *steps])
        for name, steps in LANES.items()
    }

    def ended(one: psutil.Process) -> None:
        # At once: the other lane may have long to go.
        for name, lane in lanes.items():
            if lane.pid == one.pid:
                sys.stderr.write(f"{name}: {'failed' if lane.returncode else 'is through'}\n")

    psutil.wait_procs(lanes.values(), callback=ended)
    if any(lane.returncode for lane in lanes.values()):
        sys.stderr.write(f"the kill matrix is not complete; run it again to go on ({folder})\n")
        return 1
    results = [Result.read(folder / name) for name in LANES]
    operations = Result.operations(folder / "first")
    PAGE.write_text(page(results, operations))
    sys.stdout.write(f"wrote {PAGE.relative_to(PROJECT)}\n{page(results, operations)}")
    shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
