"""Keeps moto in step with the simulated account: what changed in the store is made so in moto."""

import logging
from collections.abc import Callable

from localcloud.api.mirrors.base import Mirror, load_mirrors, rank_of
from localcloud.api.simulator import Simulator
from localcloud.aws.store import Record, Store

_log = logging.getLogger(__name__)

Key = tuple[str, str]


class Synchronizer:
    """Applies the store's changes. Not for several threads at once."""

    def __init__(self, store: Store, simulator: Simulator) -> None:
        self._store = store
        self._mirrors: dict[str, Mirror] = {type_: kind(simulator) for type_, kind in load_mirrors().items()}
        self._sequence = 0
        self._first = True
        self.applied: dict[Key, Record] = {}
        """The records that moto has, as it has them."""
        self.problems: dict[Key, str] = {}
        """What moto refused, and so does not have as the account has it; tried again with each change."""

    def mirror(self, type_: str) -> Mirror:
        """The mirror of a type."""
        return self._mirrors[type_]

    def apply(self) -> bool:
        """Bring moto up to date; says whether anything was to do. What moto refuses is noted, not raised."""
        latest, changed = self._store.changed_since(self._sequence)
        if not changed and not self._first:
            return False
        keys = dict.fromkeys([*changed, *self.problems])
        wanted: dict[Key, Record] = {}
        if self._first:
            wanted = {(one.type, one.id): one for one in self._store.everything()}
            keys |= dict.fromkeys(wanted)
        else:
            for key in keys:
                if (found := self._store.get(*key)) is not None:
                    wanted[key] = found
        # What was written meanwhile comes with the next call.
        self._first, self._sequence = False, latest
        mine = [key for key in keys if key[0] in self._mirrors]
        order = {key: index for index, key in enumerate(wanted)}
        gone = sorted((key for key in mine if key not in wanted), key=lambda key: -rank_of(key[0]))
        there = sorted((key for key in mine if key in wanted), key=lambda key: (rank_of(key[0]), order[key]))
        late = [key for key in gone if not self._remove(key)]
        for key in there:
            self._bring(wanted[key])
        for key in late:
            self._remove(key)
        return True

    def _remove(self, key: Key) -> bool:
        record = self.applied.get(key)
        if record is None:
            self.problems.pop(key, None)
            return True
        if not self._tried(key, lambda: self._mirrors[key[0]].remove(record)):
            return False
        del self.applied[key]
        return True

    def _bring(self, record: Record) -> None:
        key = (record.type, record.id)
        old = self.applied.get(key)
        if (
            old is not None
            and (old.inputs, old.state) == (record.inputs, record.state)
            and key not in self.problems
        ):
            return
        mirror = self._mirrors[record.type]

        def work() -> None:
            if key not in self.applied:
                mirror.make(record)
                self.applied[key] = record
            mirror.settle(record)
            self.applied[key] = record

        self._tried(key, work)

    def _tried(self, key: Key, work: Callable[[], None]) -> bool:
        try:
            work()
        except Exception as error:  # moto fails in many ways, and one resource must not keep the others away
            text = f"{type(error).__name__}: {error}"
            if self.problems.get(key) != text:
                _log.exception("moto does not take %s %s", *key)
            self.problems[key] = text
            return False
        self.problems.pop(key, None)
        return True
