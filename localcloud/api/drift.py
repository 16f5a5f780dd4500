"""Carries what a user changed through the AWS API back to the account, so that a refresh finds it.

Before and after each changing request the mirrors look at every resource of the service. What differs is what
the request did: a resource that is gone leaves the store, a changed property is written into its record.
"""

import dataclasses
from typing import Any

from localcloud.api.mirrors.base import Properties
from localcloud.api.synchronizer import Key
from localcloud.api.world import World
from localcloud.aws.rules.network import NETWORK_INTERFACE
from localcloud.aws.store import GONE, USER, Record

# Services whose calls change resources of others, by signing name; boto3's names stand in the mirrors.
_BOTO_NAMES = {"elasticloadbalancing": "elbv2"}
_REACHES_ALL = {"tagging", ""}

Looks = dict[Key, Properties | None]


class Drift:
    """What users changed since the request before."""

    def __init__(self, world: World) -> None:
        self._world = world

    def look(self, signing_name: str) -> Looks:
        """Every mirrored resource that a call of the service may change, as moto has it now; not the users' own."""
        service = _BOTO_NAMES.get(signing_name, signing_name)
        synchronizer = self._world.synchronizer
        return {
            key: mirror.look(record)
            for key, record in synchronizer.applied.items()
            if record.origin != USER
            and ((mirror := synchronizer.mirror(key[0])).service == service or service in _REACHES_ALL)
        }

    def carry_back(self, before: Looks, after: Looks) -> list[Key]:
        """Write the difference of two looks into the store; returns the resources that changed or went."""
        changed = [key for key in before if before[key] is not None and after.get(key) != before[key]]
        store, applied = self._world.store, self._world.synchronizer.applied
        with store.transaction():
            for key in changed:
                now, was = after.get(key), before[key]
                record = store.get(*key)
                if record is None or was is None or record.origin in GONE:
                    continue
                if now is None:
                    store.delete(*key)
                    applied.pop(key, None)
                    # What the service had made for it goes with it, in moto when the next request is answered.
                    for one in store.find(NETWORK_INTERFACE, serves=record.id):
                        store.delete(one.type, one.id)
                    continue
                merged = patched(record, {name: now[name] for name in now if now[name] != was.get(name)})
                store.put(merged)
                applied[key] = merged
        return changed


def patched(record: Record, changes: Properties) -> Record:
    """A record with properties changed past the program, as the provider would read them.

    Inputs follow where the program gives the property, tags always: a program's tags are all there should be.
    """
    inputs, state = dict(record.inputs), dict(record.state)
    for name, value in changes.items():
        if name == "tagsAll":
            before: dict[str, Any] = state.get("tagsAll") or state.get("tags") or {}
            for place in (inputs, state):
                place["tags"] = _tags(place.get("tags") or {}, before, value)
                place["tagsAll"] = dict(value)
            continue
        state[name] = value
        if name in inputs:
            inputs[name] = value
    return dataclasses.replace(record, inputs=inputs, state=state)


def _tags(own: dict[str, Any], before: dict[str, Any], now: dict[str, Any]) -> dict[str, Any]:
    """The resource's own tags after a change of all of them; unchanged default tags stay out."""
    kept = {key: value for key, value in own.items() if key in now}
    return kept | {key: value for key, value in now.items() if before.get(key) != value}
