"""The local cloud's commands; `make` calls them, ``python -m localcloud --help`` lists them."""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

from localcloud.aws.account import AccountError
from localcloud.cloud import Cloud
from localcloud.control_plane import ControlPlaneError
from localcloud.home import PROJECT
from localcloud.report import model_table
from localcloud.simulation.faults_file import FaultsFileError, read_faults, take_in
from localcloud.simulation.timeline_command import TimedRun, TimelineError, summary, timed
from localcloud.stack import Stack, StackError
from localcloud.teardown import restore_controller
from localcloud.tools import ToolError, say


def main() -> int:
    """Run one command; known problems end as one message without a traceback."""
    parser = argparse.ArgumentParser(prog="python -m localcloud", description=__doc__)
    parser.add_argument("command", choices=sorted(_COMMANDS))
    parser.add_argument("--stack", default="dev", help="which Pulumi.<stack>.yaml (default: dev)")
    parser.add_argument("--root", type=Path, help="folder of the local cloud (default: .localcloud/<stack>)")
    parser.add_argument("--force", action="store_true", help="down: throw the local cloud away as it is")
    parser.add_argument("--faults", type=Path, help="up: a file of faults to meet (docs/faults.md)")
    parser.add_argument(
        "--speed", help="up, down: simulate time, at `max` or virtual seconds per real second"
    )
    parser.add_argument("--timeline", type=Path, help="up, down: simulate time, and write this HTML page")
    given = parser.parse_args()
    stack = Stack(Cloud(given.root or PROJECT / ".localcloud" / given.stack), given.stack)
    try:
        return _COMMANDS[given.command](stack, given)
    except (ToolError, ControlPlaneError, StackError, AccountError, FaultsFileError, TimelineError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    except KeyboardInterrupt:
        return 130


def _up(stack: Stack, given: argparse.Namespace) -> int:
    """Start the local cloud and deploy the stack on it."""
    if given.faults:
        take_in(given.faults, stack.cloud.home)
    read_faults(stack.cloud.home.faults_file)
    started = time.monotonic()
    say("starting the local cloud")
    stack.cloud.prepare()
    stack.prepare()
    stack.cloud.start()
    say(f"local cloud ready after {time.monotonic() - started:.0f} s: {stack.cloud.home.root}")
    stack.recover()
    title = f"Deployment of {stack.name}"
    with timed(stack.cloud.home, stack.resources, title, given.speed, given.timeline) as run:
        code = stack.pulumi("up", "--yes", "--skip-preview", "--suppress-outputs", *run.flags)
    _tell(run, given)
    if code:
        say("the update failed; mend what it says and run `make up` again: it goes on where it stopped")
        return code
    kubectl = str(stack.cloud.home.bin / "kubectl")
    sys.stdout.write("\n" + model_table(stack.outputs(), kubectl, stack.environment()) + "\n")
    say(
        f"\ndone in {time.monotonic() - started:.0f} s\n"
        "next: edit Pulumi.dev.yaml and `make preview`, look around with `make shell`, end it with `make down`"
    )
    return 0


def _preview(stack: Stack, given: argparse.Namespace) -> int:
    """Show what `up` would do; needs no running cluster."""
    del given
    stack.cloud.prepare()
    stack.prepare()
    # A first preview would print every property of everything; a later one is about what changes.
    details = ["--diff"] if stack.resources() else []
    return stack.pulumi("preview", *details, "--suppress-outputs")


def _down(stack: Stack, given: argparse.Namespace) -> int:
    """Destroy the stack and end every process of the local cloud."""
    if not stack.cloud.home.root.exists():
        say("there is no local cloud to take down")
        return 0
    if not given.force and stack.state_file.exists():
        stack.cloud.prepare()
        stack.prepare()
        if stack.resources() or stack.pending_operations():
            stack.cloud.start()
            stack.recover()
            restore_controller(stack)
            # The checkpoint bucket is protected; what is simulated may go.
            flags = ("--yes", "--skip-preview", "--ignore-protect", "--suppress-outputs")
            title = f"Teardown of {stack.name}"
            with timed(stack.cloud.home, stack.resources, title, given.speed, given.timeline) as run:
                code = stack.pulumi("destroy", *flags, *run.flags)
            _tell(run, given)
            if code:
                say("destroy failed; run `make down` again, or throw it all away with `make down FORCE=1`")
                return code
    stack.cloud.discard()
    say("the local cloud is gone; its account file stays")
    return 0


def _tell(run: TimedRun, given: argparse.Namespace) -> None:
    if run.timeline:
        say(summary(run.timeline) + (f"\ntimeline: {given.timeline}" if given.timeline else ""))


def _recover(stack: Stack, given: argparse.Namespace) -> int:
    """Write into the state what a killed command did; `up`, `down` and the shell's `pulumi` do so themselves."""
    del given
    stack.cloud.start()
    stack.recover()
    return 0


def _shell(stack: Stack, given: argparse.Namespace) -> int:
    """Open a shell in which plain pulumi, kubectl, helm and aws work on the local cloud."""
    del given
    stack.cloud.prepare()
    stack.prepare()
    stack.cloud.start()
    shell = os.environ.get("SHELL", "/bin/sh")
    say(f"pulumi, kubectl, helm and aws now work on the local cloud; stack {stack.name}; leave with `exit`")
    return subprocess.run([shell], cwd=PROJECT, env=stack.environment(), check=False).returncode


def _status(stack: Stack, given: argparse.Namespace) -> int:
    """Show the local cloud's processes and their memory."""
    del given
    memory = stack.cloud.control_plane.processes.memory_mb()
    for name, megabytes in memory.items():
        sys.stdout.write(f"{name:26}{megabytes:7.0f} MB\n")
    sys.stdout.write(f"{'together':26}{sum(memory.values()):7.0f} MB\n")
    return 0


_COMMANDS = {
    "up": _up,
    "preview": _preview,
    "down": _down,
    "recover": _recover,
    "shell": _shell,
    "status": _status,
}


if __name__ == "__main__":
    sys.exit(main())
