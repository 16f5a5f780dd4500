"""``python -m ops sweep``: what carries our tags and is in no state, and how it would be deleted."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ops.finders import find_all, live_clusters
from ops.findings import Found, Leftover, in_order
from ops.ownership import owner, reason
from ops.removal import remove
from ops.session import AWS_ERRORS, Aws, OpsError, connect, told
from ops.states import State, read_states

NOTHING_LEFT, SOMETHING_LEFT, NOT_ALL_SEEN = 0, 1, 2
"""Exit codes: the account is clean; something is left (or could not be deleted); not everything could be looked at."""

_EPILOG = """\
exit codes: 0 nothing is left; 1 something is left; 2 not everything could be looked at (no credentials, no rights)

What belongs to a cluster that still exists is in use and is never deleted; --all lists it too. What only carries
the stack's tags is listed and never deleted. State members are neither listed nor deleted."""


def add_parser(commands: Any) -> None:
    """Add the command to an argument parser's subcommands."""
    parser = commands.add_parser(
        "sweep", help=__doc__, description=__doc__, epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument(
        "--stack", action="append", default=[], help="a Pulumi stack (default: the selected one)"
    )
    parser.add_argument(
        "--state", action="append", default=[], type=Path, help="a file of `pulumi stack export`"
    )
    parser.add_argument("--no-state", action="store_true", help="there is no stack any more; needs --cluster")
    parser.add_argument(
        "--cluster", action="append", default=[], help="an EKS cluster (default: the stacks')"
    )
    parser.add_argument(
        "--tag", action="append", default=[], metavar="KEY=VALUE", help="a further tag of ours"
    )
    parser.add_argument(
        "--all", action="store_true", help="list what is in use by a cluster that exists, too"
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--dry-run", action="store_true", help="only list; this is the default")
    parser.add_argument(
        "--delete", action="store_true", help="delete what belonged to a cluster that is gone"
    )
    parser.add_argument("--yes", action="store_true", help="confirm --delete")
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Find, print, and delete if told to."""
    if given.delete and given.dry_run:
        raise OpsError("--delete and --dry-run contradict each other")
    if given.no_state and (given.stack or given.state or not given.cluster):
        raise OpsError("--no-state goes with --cluster, and without --stack and --state")
    states = [] if given.no_state else read_states(given.stack, given.state)
    aws = connect()
    leftovers, problems = look(aws, states, given.cluster, dict(map(_pair, given.tag)))
    shown = [one for one in leftovers if given.all or not one.in_use_by]
    used = len(leftovers) - sum(1 for one in leftovers if not one.in_use_by)
    _print(aws, shown, used, problems, as_json=given.json)
    left = any(not one.in_use_by for one in leftovers)
    if given.delete:
        left = _delete(aws, [one for one in leftovers if one.call], confirmed=given.yes) or any(
            not one.call and not one.in_use_by and not one.found.follows for one in leftovers
        )
    return NOT_ALL_SEEN if problems else SOMETHING_LEFT if left else NOTHING_LEFT


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals:
        raise OpsError(f"--tag {text}: expected KEY=VALUE")
    return key, value


def look(
    aws: Aws, states: Sequence[State], clusters: Sequence[str], tags: dict[str, str]
) -> tuple[list[Leftover], list[str]]:
    """Everything of ours that is in none of the states, in the order of deletion, and what could not be seen."""
    named = frozenset(
        [*clusters, *(name for one in states for name in (*one.clusters, one.planned_cluster) if name)]
    )
    wanted = dict(tags)
    for one in states:
        wanted.update(one.default_tags)
    if not named and not wanted:
        raise OpsError("neither a cluster nor tags are known from the state: name the cluster with --cluster")
    in_states = frozenset(member for one in states for member in one.members)
    try:
        alive = live_clusters(aws, named) | frozenset(name for one in states for name in one.clusters)
    except AWS_ERRORS as error:
        raise OpsError(
            f"EKS does not say which clusters exist ({told(error)}); nothing was looked at"
        ) from None
    found, problems = find_all(aws, named, wanted)
    ours = [_judge(one, named, wanted, alive) for one in found if not _is_member(one, in_states)]
    return in_order([one for one in ours if one]), problems


def _is_member(found: Found, members: frozenset[str]) -> bool:
    return bool({found.arn, found.id, found.arn.rsplit("/", 1)[-1]} & members)


def _judge(
    found: Found, clusters: frozenset[str], tags: dict[str, str], alive: frozenset[str]
) -> Leftover | None:
    by = reason(found.tags, clusters, tags)
    cluster = owner(found.tags, clusters)
    return Leftover(found, by, cluster, cluster if cluster in alive else "") if by else None


def _print(aws: Aws, shown: Sequence[Leftover], used: int, problems: Sequence[str], *, as_json: bool) -> None:
    if as_json:
        content = {
            "account": aws.account_id,
            "region": aws.region,
            "inUse": used,
            "notSeen": list(problems),
            "leftovers": [_json(one) for one in shown],
        }
        sys.stdout.write(json.dumps(content, indent=2) + "\n")
        return
    sys.stdout.write(f"account {aws.account_id}, region {aws.region}\n")
    for problem in problems:
        sys.stderr.write(f"not looked at: {problem}\n")
    if used:
        sys.stdout.write(f"{used} things are in use by a cluster that exists (--all lists them)\n")
    if not shown:
        sys.stdout.write("nothing is left over\n")
        return
    rows = [("KIND", "ID", "STATE", "OURS BY", "WHAT TO DO")]
    rows += [(one.found.kind, one.found.id, one.found.state, one.by, one.what_to_do) for one in shown]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        sys.stdout.write(line.rstrip() + "\n")


def _json(one: Leftover) -> dict[str, Any]:
    return {
        "arn": one.found.arn,
        "kind": one.found.kind,
        "id": one.found.id,
        "state": one.found.state,
        "tags": dict(sorted(one.found.tags.items())),
        "oursBy": one.by,
        "cluster": one.cluster,
        "inUseBy": one.in_use_by,
        "goesWith": one.found.follows,
        "call": one.call,
    }


def _delete(aws: Aws, wanted: Sequence[Leftover], *, confirmed: bool) -> bool:
    """Delete in order; returns whether something of it is left."""
    if not wanted:
        return False
    if not confirmed:
        raise OpsError(f"{len(wanted)} things would be deleted, as listed: say --delete --yes")
    left = False
    for one in wanted:
        problem = remove(aws, one)
        left = left or bool(problem)
        sys.stderr.write(f"{one.call} {one.found.id}: {problem or 'done'}\n")
    return left
