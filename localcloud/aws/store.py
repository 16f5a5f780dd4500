"""The resources of one simulated account: a SQLite file that several processes and threads share."""

import contextlib
import copy
import dataclasses
import json
import sqlite3
import threading
import time
from collections.abc import Collection, Generator
from pathlib import Path
from typing import Any

_SCHEMA = """
CREATE TABLE IF NOT EXISTS resources (
  type TEXT NOT NULL,
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  inputs TEXT NOT NULL,
  state TEXT NOT NULL,
  origin TEXT NOT NULL,
  created REAL NOT NULL,
  PRIMARY KEY (type, id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS by_name ON resources (type, name, created);
CREATE TABLE IF NOT EXISTS changes (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT,
  type TEXT NOT NULL,
  id TEXT NOT NULL,
  UNIQUE (type, id)
);
"""

# One row for each resource that ever was, with the number of its latest change.
_TRIGGER = """
CREATE TRIGGER IF NOT EXISTS after_{event} AFTER {event} ON resources BEGIN
  DELETE FROM changes WHERE type = {row}.type AND id = {row}.id;
  INSERT INTO changes (type, id) VALUES ({row}.type, {row}.id);
END;
"""
_TRIGGERS = "".join(
    _TRIGGER.format(event=event, row=row)
    for event, row in (("INSERT", "NEW"), ("UPDATE", "NEW"), ("DELETE", "OLD"))
)

USER = "user"
"""Origin of what somebody made through the AWS API, past any program."""

GONE = frozenset({"deleted"})
"""Origins of what a program cannot see or change any more."""

_COLUMNS = "type, id, name, inputs, state, origin"
_BUSY_SECONDS = 60


@dataclasses.dataclass(frozen=True)
class Record:
    """One resource of the account."""

    type: str
    """Pulumi type token."""
    id: str
    name: str
    """Name in the Pulumi program; empty for what the account file brought."""
    inputs: dict[str, Any]
    """Checked inputs of the last create or update."""
    state: dict[str, Any]
    """Inputs and computed outputs."""
    origin: str = "stack"
    """Who made it: ``stack`` for a program, ``account`` for the account file, ``eks`` for EKS, ``aws`` for another
    service in the course of its work, ``controller`` for a controller that runs in the cluster, ``user`` for somebody
    with the AWS API, ``retained`` for what a program gave up without a delete, ``deleted`` for what AWS keeps for a
    waiting period."""


class Store:
    """Reads and writes records. Safe for threads and processes; writers take turns."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._local = threading.local()
        self._unseen: frozenset[tuple[str, str]] = frozenset()

    @contextlib.contextmanager
    def transaction(self) -> Generator[None]:
        """Everything inside happens at once or not at all, seen by nobody before its end."""
        connection = self._connection()
        if connection.in_transaction:
            yield
            return
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")

    def get(self, type_: str, id_: str) -> Record | None:
        """The resource of that type and id."""
        rows = self._rows("WHERE type = ? AND id = ?", type_, id_)
        return rows[0] if rows else None

    def all(self, *types: str) -> list[Record]:
        """Every resource of these types, oldest first."""
        marks = ", ".join("?" for _ in types)
        return self._rows(f"WHERE type IN ({marks}) ORDER BY created, id", *types)

    def everything(self) -> list[Record]:
        """Every resource of the account, oldest first."""
        return self._rows("ORDER BY created, type, id")

    def find(self, type_: str, **properties: Any) -> list[Record]:
        """Resources of a type whose state has these top-level values."""
        return [
            record
            for record in self.all(type_)
            if all(record.state.get(key) == value for key, value in properties.items())
        ]

    def put(self, record: Record) -> None:
        """Write a resource, new or changed."""
        self._connection().execute(
            "INSERT INTO resources (type, id, name, inputs, state, origin, created) VALUES (?,?,?,?,?,?,?) "
            "ON CONFLICT (type, id) DO UPDATE SET "
            "inputs = excluded.inputs, state = excluded.state, origin = excluded.origin",
            (
                record.type,
                record.id,
                record.name,
                json.dumps(record.inputs),
                json.dumps(record.state),
                record.origin,
                time.time(),
            ),
        )

    def delete(self, type_: str, id_: str) -> None:
        """Remove a resource; a missing one is no error."""
        self._connection().execute("DELETE FROM resources WHERE type = ? AND id = ?", (type_, id_))

    def replace_origin(self, origin: str, records: list[Record]) -> None:
        """Make exactly these the resources of an origin. What a program has since taken over stays its own."""
        with self.transaction():
            self._connection().execute("DELETE FROM resources WHERE origin = ?", (origin,))
            for record in records:
                if self.get(record.type, record.id) is None:
                    self.put(record)

    def changed_since(self, sequence: int) -> tuple[int, list[tuple[str, str]]]:
        """Type and id of what was written or removed after a change, oldest first, and the latest change's number.

        Start from 0 beside a reading of `everything`: resources older than this feed are not in it.
        """
        rows = self._connection().execute(
            "SELECT sequence, type, id FROM changes WHERE sequence > ? ORDER BY sequence", (sequence,)
        )
        found = rows.fetchall()
        return (found[-1][0] if found else sequence), [(type_, id_) for _, type_, id_ in found]

    def close(self) -> None:
        """Close this thread's connection."""
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is not None:
            connection.close()
            self._local.connection = None

    def without(self, unseen: Collection[tuple[str, str]]) -> "Store":
        """The same store, in the same transactions, to somebody who does not see these types and ids yet."""
        view = copy.copy(self)
        view._unseen = frozenset(unseen)
        return view

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(self._path, timeout=_BUSY_SECONDS, isolation_level=None)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.executescript(_SCHEMA + _TRIGGERS)
            self._local.connection = connection
        return connection

    def _rows(self, clause: str, *values: Any) -> list[Record]:
        rows = self._connection().execute(f"SELECT {_COLUMNS} FROM resources {clause}", values)  # noqa: S608 -- clauses are this module's own
        return [
            Record(type_, id_, name, json.loads(inputs), json.loads(state), origin)
            for type_, id_, name, inputs, state, origin in rows.fetchall()
            if (type_, id_) not in self._unseen
        ]
