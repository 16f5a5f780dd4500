"""What Pulumi's states hold: ids and ARNs of AWS resources, clusters, and the tags that a stack puts on everything."""

import dataclasses
import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from ops.session import OpsError

_CLUSTER = "aws:eks/cluster:Cluster"
_PROVIDER = "pulumi:providers:aws"
_STACK = "pulumi:pulumi:Stack"


@dataclasses.dataclass(frozen=True)
class State:
    """One stack's state, as far as it says what exists."""

    name: str
    """Where it was read from."""
    members: frozenset[str]
    """Ids and ARNs of everything in it."""
    clusters: frozenset[str]
    """EKS clusters in it."""
    planned_cluster: str
    """Output ``clusterName``: what the cluster is called, also when it is gone already."""
    default_tags: Mapping[str, str]
    """Tags that the stack's AWS provider puts on everything."""


def parse(name: str, text: str) -> State:
    """The state in the format of ``pulumi stack export``; raises `OpsError` for anything else."""
    try:
        resources: list[dict[str, Any]] = json.loads(text)["deployment"].get("resources") or []
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise OpsError(
            f"{name} is no export of a Pulumi stack ({error}): use `pulumi stack export`"
        ) from None
    members: set[str] = set()
    clusters: set[str] = set()
    planned, tags = "", dict[str, str]()
    for one in resources:
        outputs: dict[str, Any] = one.get("outputs") or {}
        type_ = str(one.get("type"))
        if type_ == _STACK:
            planned = str(outputs.get("clusterName") or "")
        elif type_ == _PROVIDER:
            tags = _default_tags(one.get("inputs") or {}) or tags
        elif one.get("custom") and type_.startswith("aws:"):
            members |= {str(value) for value in (one.get("id"), outputs.get("arn")) if value}
            if type_ == _CLUSTER:
                clusters.add(str(outputs.get("name") or one.get("id")))
    return State(name, frozenset(members), frozenset(clusters), planned, tags)


def _default_tags(inputs: Mapping[str, Any]) -> dict[str, str]:
    given = inputs.get("defaultTags")
    if isinstance(given, str):  # a provider's nested settings are JSON text
        try:
            given = json.loads(given)
        except ValueError:
            return {}
    tags = cast("dict[str, Any]", given).get("tags") if isinstance(given, dict) else None
    return {str(k): str(v) for k, v in cast("dict[str, Any]", tags or {}).items()}


def read_states(stacks: Sequence[str], files: Sequence[Path]) -> list[State]:
    """The states of named stacks and of exported files; without either, of the stack that is selected."""
    found = [parse(f"stack {name}", _export(["--stack", name])) for name in stacks]
    for path in files:
        try:
            found.append(parse(str(path), path.read_text()))
        except OSError as error:
            raise OpsError(f"{path} cannot be read: {error.strerror}") from None
    if not stacks and not files:
        found.append(parse("the selected stack", _export([])))
    return found


def _export(flags: Sequence[str]) -> str:
    try:
        run = subprocess.run(
            ["pulumi", "stack", "export", "--non-interactive", *flags],
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
    except FileNotFoundError:
        raise OpsError("pulumi is not on PATH: give exported states with --state FILE") from None
    if run.returncode:
        raise OpsError(
            f"`pulumi stack export {' '.join(flags)}` failed: {run.stderr.strip()}\n"
            "name the stack with --stack, give an export with --state, or say --no-state when there is none any more"
        )
    return run.stdout
