"""``python -m ops <command>``: what a plane's operator does beside ``pulumi``."""

import argparse
import sys
from collections.abc import Sequence

from ops import sweep
from ops.session import OpsError

COULD_NOT_LOOK = 2
"""Exit code of a command that could not do its work."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; known problems end as one message without a traceback."""
    parser = argparse.ArgumentParser(prog="python -m ops", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    sweep.add_parser(commands)
    given = parser.parse_args(arguments)
    try:
        return int(given.run(given))
    except OpsError as error:
        sys.stderr.write(f"error: {error}\n")
        return COULD_NOT_LOOK
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
