"""Makes records of what users make through the AWS API past any program, so that it counts as it does at AWS.

A user's interface keeps its subnet, a user's bucket takes its name, a user's instance counts against the quota; all
of it is there again after a restart. Looks before and after each changing request tell what the request did.
"""

import dataclasses

from localcloud.api.synchronizer import Key
from localcloud.api.user_resources import KEY, KINDS, Seen
from localcloud.api.world import World
from localcloud.aws.rules.network import INSTANCE, NETWORK_INTERFACE
from localcloud.aws.store import GONE, USER, Record

_BEFORE_DELETION = "__beforeDeletion"
"""Whose a key was before a user scheduled its deletion."""
_PENDING = "pending-deletion"

Looks = dict[Key, Seen]


class Users:
    """What users made, and the keys whose deletion they scheduled."""

    def __init__(self, world: World) -> None:
        self._world = world

    def look(self, signing_name: str) -> Looks:
        """Every resource of these types that no program, controller or service made."""
        simulator, applied = self._world.simulator, self._world.synchronizer.applied
        seen: Looks = {}
        for type_, kind in KINDS.items():
            if not simulator.uses(kind.service) and signing_name != kind.service:
                continue
            for one in kind.listed(self._world, simulator.backend(kind.service)):
                record = applied.get((type_, one.id))
                if record is None or record.origin == USER or type_ == KEY:
                    seen[type_, one.id] = one
        return seen

    def keep(self, before: Looks, after: Looks) -> None:
        """Write what the request between two looks did; moto has it already."""
        self._bind_interfaces(before, after)
        store = self._world.store
        with store.transaction():
            for key in before:
                if key not in after and self._is_users(key):
                    store.delete(*key)
                    self._world.synchronizer.applied.pop(key, None)
            for key, one in after.items():
                was = before.get(key)
                if one == was:
                    continue
                if key[0] == KEY and was and was.state.get("keyState") != one.state.get("keyState"):
                    self._schedule(key, one)
                elif was is None or self._is_users(key):
                    self._put(Record(*key, "", dict(one.inline or {}), one.state, origin=USER))

    def _bind_interfaces(self, before: Looks, after: Looks) -> None:
        """The interface that a launch makes goes with its instance; moto would keep it."""
        for key, one in after.items():
            primary = (NETWORK_INTERFACE, str(one.state.get("primaryNetworkInterfaceId")))
            if key[0] == INSTANCE and key not in before and primary in after and primary not in before:
                self._world.simulator.backend("ec2").enis[primary[1]].delete_on_termination = True
                after[primary].state["deleteOnTermination"] = True

    def _is_users(self, key: Key) -> bool:
        record = self._world.synchronizer.applied.get(key)
        return record is not None and record.origin == USER

    def _schedule(self, key: Key, now: Seen) -> None:
        """A key waits for its deletion, or does not any more."""
        record = self._world.synchronizer.applied.get(key)
        if record is None:
            return
        state = dict(record.state)
        if now.state.get("keyState") == _PENDING:
            state[_BEFORE_DELETION] = record.origin
            state |= {name: now.state[name] for name in ("keyState", "isEnabled", "deletionDate")}
            self._put(dataclasses.replace(record, state=state, origin=next(iter(GONE))))
            return
        # A key that a program had deleted belongs to nobody's program when it comes back; KMS leaves it disabled.
        origin = str(state.pop(_BEFORE_DELETION, USER))
        state = {name: value for name, value in state.items() if name not in ("keyState", "deletionDate")}
        self._put(dataclasses.replace(record, state={**state, "isEnabled": False}, origin=origin))

    def _put(self, record: Record) -> None:
        self._world.store.put(record)
        self._world.synchronizer.applied[record.type, record.id] = record
