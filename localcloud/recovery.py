"""What an interrupted command did without the stack's state knowing: found, and written into that state.

One mechanism for everything that can be cut off: the engine killed, a provider killed, an answer lost. The journal
says which operations were begun, the simulated account and the cluster say what came of them, and the exported
state says what the engine knows. What exists and is not in the state is adopted; what an update or a delete may
have changed is read again by the refresh that follows.
"""

import dataclasses
import datetime
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from localcloud.aws.store import Store
from localcloud.background import own_cluster
from localcloud.home import Home
from localcloud.journal import Begun
from localcloud.kube.api import Api, NoSuchKindError
from localcloud.kube.kinds import RELEASE, api_version_and_kind, is_patch

Resource = dict[str, Any]
"""A resource of a deployment, as `pulumi stack export` prints it."""


@dataclasses.dataclass(frozen=True)
class Recovery:
    """What a recovery found and did to a deployment."""

    deployment: dict[str, Any]
    adopted: tuple[str, ...]
    """URNs of the resources that were written into the state."""
    targets: tuple[str, ...]
    """URNs of the resources whose state must be read again."""


def made(
    home: Home, begun: Sequence[Begun], resources: Sequence[Resource], api: Callable[[], Api]
) -> dict[str, str]:
    """Ids, by URN, of what was made by creates that were begun and is in no state.

    ``api`` connects to the cluster; it is called when Kubernetes objects were begun.
    """
    known = {(one["type"], one.get("id")) for one in resources if not one.get("pendingReplacement")}
    store = Store(home.aws_state)
    found: dict[str, str] = {}
    for one in begun:
        if one.verb != "create":
            continue
        if one.type.startswith("aws:"):
            records = [record for record in store.all(one.type) if record.origin == "stack"]
            ids = [record.id for record in records if record.name == one.name]
        elif one.type.startswith("kubernetes:"):
            ids = _object_ids(api, one)
        else:
            ids = []
        ids = [id_ for id_ in ids if (one.type, id_) not in known]
        if ids:
            found[one.urn] = ids[0]
            known.add((one.type, ids[0]))
    return found


def _object_ids(api: Callable[[], Api], one: Begun) -> list[str]:
    """The id of the object that was begun, if it is there and not older than that."""
    if one.type == RELEASE:
        name, namespace = str(one.identity["name"]), str(one.identity["namespace"])
        labels = f"owner=helm,name={name}"
        live = api().list("v1", "Secret", namespace, labelSelector=labels)
        id_ = f"{namespace}/{name}"
    else:
        api_version, kind = api_version_and_kind(one.type)
        metadata: dict[str, Any] = one.identity.get("metadata") or {}
        if is_patch(api_version, kind) or not metadata.get("name"):
            return []  # a Patch resource makes nothing; a generated name cannot be looked up
        try:
            _, namespaced = api().resource(api_version, kind)
        except NoSuchKindError:
            return []
        namespace = str(metadata.get("namespace") or "default") if namespaced else ""
        name = str(metadata["name"])
        got = api().get(api_version, kind, namespace, name)
        live = [got] if got else []
        id_ = f"{namespace}/{name}" if namespaced else name
    # An object that was there before is somebody else's. The API server gives whole seconds.
    return [id_] if any(_created(object_) >= int(one.at) for object_ in live) else []


def _created(live: Mapping[str, Any]) -> float:
    return datetime.datetime.fromisoformat(live["metadata"]["creationTimestamp"]).timestamp()


def recover(
    deployment: Mapping[str, Any],
    begun: Sequence[Begun],
    found: Mapping[str, str],
    earlier: Sequence[str] = (),
) -> Recovery:
    """The deployment with what was found in it, and without pending operations.

    ``earlier`` are the targets of a recovery that was itself interrupted.
    """
    operations: list[dict[str, Any]] = list(deployment.get("pending_operations") or [])
    pending = {one["resource"]["urn"]: one["resource"] for one in operations if one["type"] == "creating"}
    resources: list[Resource] = list(deployment.get("resources") or [])
    by_urn = {one.urn: one for one in begun if one.verb == "create"}
    for urn, id_ in found.items():
        resource = _adopted(pending.get(urn), by_urn[urn], id_, resources)
        resources = _with(resources, resource)
    touched = [*found, *earlier, *(one["resource"]["urn"] for one in operations)]
    touched += [one.urn for one in begun if not one.answered]
    present = {one["urn"] for one in resources}
    kept = {key: value for key, value in deployment.items() if key != "pending_operations"}
    targets = tuple(sorted({urn for urn in touched if urn in present}))
    return Recovery({**kept, "resources": in_order(resources)}, tuple(found), targets)


def _adopted(pending: Resource | None, begun: Begun, id_: str, resources: Sequence[Resource]) -> Resource:
    if pending:
        return {**pending, "id": id_, "outputs": pending.get("inputs") or {}}
    # The engine took note of the failure and dropped the rest: it gets it again when the program next says it. Until
    # then the resource counts as needing all there is, so that a destroy removes it first.
    custom = [one["urn"] for one in resources if one.get("custom") and not one.get("delete")]
    return {
        "urn": begun.urn,
        "custom": True,
        "type": begun.type,
        "id": id_,
        "inputs": begun.identity,
        "outputs": begun.identity,
        "provider": begun.provider,
        "dependencies": [urn for urn in custom if not urn.split("::")[2].endswith("pulumi:providers:pulumi")],
    }


def _with(resources: Sequence[Resource], new: Resource) -> list[Resource]:
    """The resources with a new one; an older one of its URN goes, or waits for its deletion."""
    result: list[Resource] = []
    for one in resources:
        if one["urn"] != new["urn"] or one.get("delete"):
            result.append(one)
        elif not one.get("pendingReplacement"):
            result.append({**one, "delete": True})
    return [*result, new]


def in_order(resources: Sequence[Resource]) -> list[Resource]:
    """The resources with everything behind what it needs, as the engine wants them; otherwise in the given order."""
    live = {one["urn"]: index for index, one in enumerate(resources) if not one.get("delete")}
    gone = {one["urn"]: index for index, one in enumerate(resources) if one.get("delete")}
    places = {**gone, **live}
    order: list[int] = []
    seen: set[int] = set()

    def visit(index: int) -> None:
        if index in seen:
            return
        seen.add(index)
        for urn in _needs(resources[index]):
            if urn in places and places[urn] != index:
                visit(places[urn])
        order.append(index)

    for index in range(len(resources)):
        visit(index)
    return [resources[index] for index in order]


def _needs(resource: Resource) -> list[str]:
    provider = str(resource.get("provider") or "").rpartition("::")[0]
    by_property = cast("dict[str, list[str] | None]", resource.get("propertyDependencies") or {})
    return [
        *([provider] if provider else []),
        *([resource["parent"]] if resource.get("parent") else []),
        *(resource.get("dependencies") or []),
        *(urn for urns in by_property.values() for urn in urns or []),
        *([resource["deletedWith"]] if resource.get("deletedWith") else []),
    ]


def admin_api(home: Home) -> Api:
    """The local cloud's own connection to its cluster."""
    return Api(own_cluster(home))
