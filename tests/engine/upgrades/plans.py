"""What a run of the engine does to each resource, in a form that people review; and what no change may do."""

import dataclasses
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

KEPT = {
    "aws:ec2/vpc:Vpc": "every subnet, node and address lies in it",
    "aws:ec2/subnet:Subnet": "nodes, load balancers and endpoints lie in it",
    "aws:eks/cluster:Cluster": "everything that runs in it would be gone",
    "aws:s3/bucket:Bucket": "it holds the checkpoints",
    "aws:kms/key:Key": "what it encrypted could not be read again",
    "aws:acm/certificate:Certificate": "the load balancer serves it",
}
"""Types that a change must not replace or delete unless its row says so, and what is lost with each."""

_CHANGES = ("create", "update", "replace", "delete")


@dataclasses.dataclass(frozen=True)
class Step:
    """What a run does to one resource."""

    op: str
    """``create``, ``update``, ``replace`` or ``delete``."""
    urn: str
    paths: tuple[str, ...] = ()
    """Changed inputs of an update; of a replacement, those inputs that cause it."""
    delete_first: bool = False
    """Whether a replacement deletes the old resource before it makes the new one."""

    @property
    def type(self) -> str:
        """Pulumi type token."""
        return self.urn.split("::")[2].rsplit("$", 1)[-1]

    @property
    def name(self) -> str:
        """Name in the program."""
        return self.urn.split("::")[-1]


def planned(events: str) -> list[Step]:
    """The steps of ``pulumi up --json``, or of a preview that tells its events: one JSON event per line."""
    found: list[Mapping[str, Any]] = []
    for line in events.splitlines():
        if '"resourcePreEvent"' in line:
            found.append(json.loads(line)["resourcePreEvent"]["metadata"])
    return _steps(found)


def _steps(raw: Iterable[Mapping[str, Any]]) -> list[Step]:
    steps: dict[str, Step] = {}
    deleted: set[str] = set()
    made: set[str] = set()
    for one in raw:
        urn, op = one["urn"], one["op"]
        state = one.get("new") or one.get("old") or {}
        if "pulumi:pulumi:Stack" in urn.split("::")[2].rsplit("$", 1)[-1] or not state.get("custom"):
            continue
        if op == "delete-replaced" and urn not in made:
            deleted.add(urn)
        if op == "create-replacement":
            made.add(urn)
        if op in _CHANGES:
            steps[urn] = Step(op, urn, _paths(one, op))
    return sorted(
        (dataclasses.replace(step, delete_first=step.urn in deleted) for step in steps.values()),
        key=lambda step: (step.type, step.name, step.op),
    )


def _paths(one: Mapping[str, Any], op: str) -> tuple[str, ...]:
    detailed: Mapping[str, Any] = one.get("detailedDiff") or {}
    if op == "replace":
        causes = [path for path, change in detailed.items() if "replace" in str(change.get("diffKind"))]
        return _short(causes or one.get("keys") or ())
    return _short(detailed) if op == "update" else ()


def _short(paths: Iterable[str]) -> tuple[str, ...]:
    """Paths without places in lists, and only the objects of a rendered chart: what people review."""
    objects = (re.sub(r'^(manifest\["[^"]*"\]).*', r"\1", path) for path in paths)
    return tuple(sorted({re.sub(r"\[\d+\]", "[]", path) for path in objects}))


def summary(steps: Iterable[Step]) -> dict[str, Any]:
    """The steps as the golden files hold them: operation, then resource, then the inputs behind it."""
    result: dict[str, Any] = {}
    for step in steps:
        of_op = result.setdefault(step.op, {})
        key = f"{step.type} {step.name}"
        if step.op == "update":
            of_op[key] = list(step.paths)
        elif step.op == "replace":
            order = "delete first" if step.delete_first else "create first"
            of_op[key] = {"because": list(step.paths), "order": order}
        else:
            of_op[key] = []
    return result


def violations(steps: Iterable[Step], loses: Iterable[str] = ()) -> list[str]:
    """Why a run is not safe: each kept resource that it replaces or deletes, though ``loses`` does not name it.

    ``loses`` holds names in the program. A name in it that stays after all is a fault as well.
    """
    listed = list(steps)
    allowed = set(loses)
    return [*_losses(listed, allowed), *_unlost(listed, allowed)]


def _losses(steps: list[Step], allowed: set[str]) -> Iterator[str]:
    made = [step for step in steps if step.op == "create"]
    for step in steps:
        if step.op not in ("replace", "delete") or step.type not in KEPT or step.name in allowed:
            continue
        what = f"{step.type} {step.name!r}"
        twins = [other.name for other in made if other.type == step.type]
        if step.op == "replace":
            causes = ", ".join(step.paths) or "a change of its provider"
            yield f"{what} would be replaced, because of {causes}: {KEPT[step.type]}"
        elif twins:
            yield (
                f"{what} would be deleted and made anew as {' or '.join(map(repr, sorted(twins)))}: "
                f"{KEPT[step.type]}. A resource's identity is its name, type and parent in the program; "
                "whoever changes one of them has to add an alias with the old one"
            )
        else:
            yield f"{what} would be deleted: {KEPT[step.type]}"


def _unlost(steps: list[Step], allowed: set[str]) -> Iterator[str]:
    lost = {step.name for step in steps if step.op in ("replace", "delete") and step.type in KEPT}
    for name in sorted(allowed - lost):
        yield f"{name!r} is said to be lost, but stays: take it out of the row"


def unforeseen(preview: Mapping[str, Any], done: Mapping[str, Any]) -> dict[str, list[str]]:
    """What a run did beyond its preview, or left out of it, by operation; both as `summary` gives them.

    A preview may announce an update that turns out to be none: a value was not known before.
    """
    found: dict[str, list[str]] = {}
    for op in _CHANGES:
        before, after = set(preview.get(op, {})), set(done.get(op, {}))
        if surprise := sorted(after - before if op == "update" else after ^ before):
            found[op] = surprise
    return found
