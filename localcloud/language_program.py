"""Runs one Pulumi program for the language host: settings come as JSON on standard input."""

import asyncio
import gc
import json
import os
import runpy
import sys
import threading
import time
import traceback
from pathlib import Path

import pulumi
from pulumi.runtime import Settings, configure, run_in_stack, set_all_config

from localcloud.simulation.clock_workers import with_simulated_time

_BAIL = 32
"""Exit code that tells the host that the error has been reported already."""

_COLLECT_AFTER = 100_000
"""Objects between garbage collections: a program lives for seconds, and a sixth of them went into looking."""


def _leave_with(parent: int) -> None:
    """End this process when the language host is gone: a program without an engine would wait for ever."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


def main() -> int:
    """Run the program; the exit code says whether the host still has to report a failure."""
    gc.set_threshold(_COLLECT_AFTER)
    threading.Thread(target=_leave_with, args=(os.getppid(),), daemon=True).start()
    given = json.load(sys.stdin)
    sys.argv = [given["program"], *given["arguments"]]
    set_all_config(given["config"], given["secret_keys"])
    configure(
        Settings(
            project=given["project"],
            stack=given["stack"],
            monitor=given["monitor"],
            engine=given["engine"],
            parallel=given["parallel"],
            dry_run=given["dry_run"],
            organization=given["organization"],
            root_directory=given["root_directory"],
        )
    )
    target = Path(given["program"])
    sys.path.insert(0, str(target if target.is_dir() else target.parent))
    entry = target / "__main__.py" if target.is_dir() else target

    def program() -> None:
        runpy.run_path(str(entry), run_name="__main__")

    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    with_simulated_time(loop)
    try:
        loop.run_until_complete(run_in_stack(program))
    except pulumi.RunError as error:
        pulumi.log.error(str(error))
        return _BAIL
    except Exception:
        pulumi.log.error(f"Program failed with an unhandled exception:\n{traceback.format_exc()}")
        return _BAIL
    return 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.exit(code)
