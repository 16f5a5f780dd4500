"""Compares deployments: the stack's state, the simulated account and the cluster, without what is random in them.

Ids of resources are replaced by the resources' names first, so that references are compared; what is random beyond
that (unique ids, addresses, certificates, times) is masked by its form.
"""

import dataclasses
import json
import re
import time
from collections import Counter
from typing import Any

from localcloud.aws.store import GONE, Store
from localcloud.kube.api import Api, UnreachableError
from localcloud.recovery import admin_api
from localcloud.stack import Stack

_BOOKKEEPING = {"created", "modified", "sourcePosition", "stackTrace"}
_SERVER_SIDE = {
    "resourceVersion",
    "uid",
    "creationTimestamp",
    "managedFields",
    "generation",
    "status",
    "selfLink",
    "clusterIP",
    "clusterIPs",
    "nodeName",
    "podCIDR",
    "podCIDRs",
    "revision",
    "ownerReferences",
    "deployment.kubernetes.io/revision",
    "deprecated.daemonset.template.generation",
    "meta.helm.sh/release-revision",
}
_UNORDERED = {"subnets", "subnetMappings"}
"""Lists that are in the order of ids, which are random."""
_MASKS = [
    (re.compile(pattern), mask)
    for pattern, mask in (
        (r"local-[\w-]{20,}", "<api-key>"),
        (r"[A-Za-z0-9+/]{40,}={0,2}", "<base64>"),
        (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "<uuid>"),
        (r"\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)", "<time>"),
        (r"127\.0\.0\.1:\d+", "<endpoint>"),
        (r"(?:[0-9a-f]{2}:){5}[0-9a-f]{2}", "<mac>"),
        (r"ip-\d+-\d+-\d+-\d+", "<ip>"),
        (r"\b(?:10|100|198|3|18|52|54)(?:\.\d{1,3}){3}\b(?!/)", "<ip>"),
        (r"(?<![A-Za-z])[A-Z0-9]{16,}(?![A-Za-z])", "<unique-id>"),
        (r"[0-9a-f]{8,}", "<hex>"),
        (r"-[0-9a-f]{7}(?=\b)", "-<hex>"),
        (r"\d{9,}", "<number>"),
    )
]
_SKIPPED_KINDS = {
    "Event",
    "Lease",
    "Endpoints",
    "EndpointSlice",
    "ControllerRevision",
    "ReplicaSet",
    "Pod",
    "FlowSchema",
    "PriorityLevelConfiguration",
    "APIService",
    "ComponentStatus",
    "CSINode",
    "IPAddress",
    "ServiceCIDR",
}
"""Kinds that follow from others, or that the API server keeps for itself; pods are counted by their workload."""


@dataclasses.dataclass(frozen=True)
class World:
    """A deployment without what is random in it: one line of JSON per thing, by what it is."""

    state: Counter[str]
    account: Counter[str]
    cluster: Counter[str]

    def differences(self, other: "World", *, only_more: bool = False) -> list[str]:
        """What this world has and the other has not (-), and the other way round (+); empty when they are equal.

        With ``only_more``, only the latter.
        """
        lines: list[str] = []
        for name in ("state", "account", "cluster"):
            ours, theirs = getattr(self, name), getattr(other, name)
            if not only_more:
                lines += [f"{name} - {line}" for line in sorted((ours - theirs).elements())]
            lines += [f"{name} + {line}" for line in sorted((theirs - ours).elements())]
        return lines

    @staticmethod
    def empty() -> "World":
        """Nothing at all."""
        return World(Counter(), Counter(), Counter())

    def to_json(self) -> dict[str, list[str]]:
        """For a file."""
        return {name: sorted(getattr(self, name).elements()) for name in ("state", "account", "cluster")}

    @staticmethod
    def from_json(data: dict[str, list[str]]) -> "World":
        """From a file."""
        return World(Counter(data["state"]), Counter(data["account"]), Counter(data["cluster"]))


def world(stack: Stack) -> World:
    """The deployment as it is now; the local cloud must be running."""
    export = stack.captured("stack export", "--show-secrets")
    assert export.returncode == 0, export.stdout
    resources: list[dict[str, Any]] = json.loads(export.stdout)["deployment"].get("resources") or []
    names = {
        one["id"]: f"<{one['type'].rsplit(':', 1)[-1]} {one['urn'].rsplit('::', 1)[-1]}>"
        for one in resources
        if one.get("id") and len(one["id"]) >= 12 and not one["type"].startswith("kubernetes:")
    }
    records = Store(stack.cloud.home.aws_state).everything()
    for record in records:
        if len(record.id) >= 12 and not record.name:
            names.setdefault(record.id, f"<{record.type.rsplit(':', 1)[-1]}>")
    masker = Masker(names)
    return World(
        Counter(masker.line(_resource(one)) for one in resources),
        Counter(
            masker.line(dataclasses.asdict(record))
            for record in records
            if record.origin not in ("account", *GONE)
        ),
        _cluster(stack, masker),
    )


class Masker:
    """Takes the randomness out of JSON values."""

    def __init__(self, names: dict[str, str]) -> None:
        self._names = names
        longest_first = sorted(names, key=len, reverse=True)
        self._ids = re.compile("|".join(map(re.escape, longest_first))) if names else None

    def line(self, value: Any) -> str:
        """A value on one line, masked."""
        return json.dumps(self._clean(value), sort_keys=True)

    def _clean(self, value: Any) -> Any:
        if isinstance(value, dict):
            kept = {self.text(key): self._clean(one) for key, one in value.items() if key not in _SERVER_SIDE}
            for key in _UNORDERED & kept.keys():
                if isinstance(kept[key], list):
                    kept[key].sort(key=json.dumps)
            return {key: one for key, one in kept.items() if one not in (None, {}, [])}
        if isinstance(value, list):
            return [self._clean(one) for one in value]
        return self.text(value) if isinstance(value, str) else value

    def text(self, value: str) -> str:
        """A text, masked."""
        if self._ids:
            value = self._ids.sub(lambda found: self._names[found.group()], value)
        for pattern, mask in _MASKS:
            value = pattern.sub(mask, value)
        return value


def _resource(one: dict[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in one.items() if key not in _BOOKKEEPING}
    if one["type"].startswith("pulumi:providers:"):
        # A provider that a component plugin registers has its version in its inputs from the second run on.
        kept["inputs"] = {key: value for key, value in kept.get("inputs", {}).items() if key != "version"}
    if "dependencies" in kept:
        kept["dependencies"] = sorted(kept["dependencies"])
    if kept.get("propertyDependencies"):
        kept["propertyDependencies"] = {
            key: sorted(value or []) for key, value in kept["propertyDependencies"].items()
        }
    return kept


def _cluster(stack: Stack, masker: Masker) -> Counter[str]:
    """Every object of the cluster, with what was asked of it; pods as a number per workload."""
    api = admin_api(stack.cloud.home)
    lines: Counter[str] = Counter()
    groups = ["/api/v1"]
    for group in api.request("GET", "/apis")["groups"]:
        groups.append(f"/apis/{group['preferredVersion']['groupVersion']}")
    for path in groups:
        for kind in api.request("GET", path)["resources"]:
            if "/" in kind["name"] or "list" not in kind["verbs"] or kind["kind"] in _SKIPPED_KINDS:
                continue
            for live in _listed(api, f"{path}/{kind['name']}"):
                if _of_the_control_plane(kind["kind"], live):
                    continue
                lines[masker.line({"kind": kind["kind"], **_asked(kind["kind"], live)})] += 1
    for pod in api.list("v1", "Pod"):
        owner = (pod["metadata"].get("ownerReferences") or [{"kind": "none", "name": ""}])[0]
        name = re.sub(r"-[0-9a-f]{6,10}$", "", owner["name"])
        lines[f"pod of {owner['kind']} {pod['metadata']['namespace']}/{name}"] += 1
    return lines


def _listed(api: Api, path: str) -> list[dict[str, Any]]:
    """All objects of a kind; the API server asks for patience when a definition is new."""
    deadline = time.monotonic() + 30
    while True:
        try:
            return api.request("GET", path).get("items") or []
        except UnreachableError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)


def _asked(kind: str, live: dict[str, Any]) -> dict[str, Any]:
    metadata: dict[str, Any] = live["metadata"]
    if kind == "Secret" and live.get("type") == "helm.sh/release.v1":
        # One per revision, and a killed upgrade makes another.
        return {"release": metadata["labels"]["name"], "namespace": metadata["namespace"]}
    shown = {key: metadata.get(key) for key in ("name", "namespace", "labels", "finalizers")}
    if kind == "Secret" and "helm" in str(live.get("type")):
        shown["labels"] = None
    rest = {key: value for key, value in live.items() if key not in ("metadata", "status", "data")}
    return {"metadata": shown, **rest, "data": live.get("data") if kind == "ConfigMap" else None}


def _of_the_control_plane(kind: str, live: dict[str, Any]) -> bool:
    labels = live["metadata"].get("labels") or {}
    if labels.get("kubernetes.io/bootstrapping") or kind == "Namespace":
        return kind != "Namespace" or live["metadata"]["name"].startswith(("kube-", "default"))
    name = live["metadata"]["name"]
    if (kind, name) == ("Service", "kubernetes"):
        return True
    return name.startswith(("system:", "kube-root-ca", "extension-apiserver-authentication"))


def unbalanced(stack: Stack) -> list[str]:
    """Resources that are in the account or in the state and not in both, each of them once."""
    in_state = Counter(
        (one["type"], one["urn"].rsplit("::", 1)[-1], one["id"])
        for one in stack.resources()
        if one["type"].startswith("aws:") and one.get("custom")
    )
    in_account = Counter(
        (record.type, record.name, record.id)
        for record in Store(stack.cloud.home.aws_state).everything()
        if record.origin == "stack" and record.name
    )
    return [
        *(f"made, but in no state: {one}" for one in (in_account - in_state).elements()),
        *(f"in the state, but not made: {one}" for one in (in_state - in_account).elements()),
    ]
