"""The virtual clock's file: what time it is, and every operation with its virtual and its real times.

All provider processes of one engine run share it. A run is named by the engine's process id and start time, so
the next run begins at zero by itself, and nobody has to clean up after a killed one.
"""

import contextlib
import dataclasses
import sqlite3
import threading
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any, Literal

_SCHEMA = """
CREATE TABLE IF NOT EXISTS runs (
  run TEXT PRIMARY KEY,
  began REAL NOT NULL,  -- real
  now REAL NOT NULL,    -- virtual
  moved REAL NOT NULL,  -- real: something began or ended, or the time changed
  jumped REAL NOT NULL  -- real: the time changed
);
CREATE TABLE IF NOT EXISTS entries (
  id INTEGER PRIMARY KEY,
  run TEXT NOT NULL,
  pid INTEGER NOT NULL,
  started REAL NOT NULL,
  urn TEXT NOT NULL,
  verb TEXT NOT NULL,
  phase TEXT NOT NULL,
  outcome TEXT NOT NULL DEFAULT '',
  seconds REAL NOT NULL DEFAULT 0,
  source TEXT NOT NULL DEFAULT '',
  due REAL,
  virtual_begin REAL NOT NULL,
  virtual_end REAL,
  real_begin REAL NOT NULL,
  real_end REAL
);
CREATE INDEX IF NOT EXISTS by_phase ON entries (run, phase);
CREATE TABLE IF NOT EXISTS watchers (run TEXT NOT NULL, thread INTEGER NOT NULL);
"""

_KEPT_RUNS = 8
_BUSY_SECONDS = 60

Phase = Literal["busy", "waiting", "done", "lost"]
"""Doing real work; waiting for its time to come; ended; its process was killed."""


@dataclasses.dataclass(frozen=True)
class Entry:
    """One operation of one run."""

    urn: str
    verb: str
    """``create``, ``update`` or ``delete``; ``sleep`` for a pause outside of an operation."""
    phase: Phase
    outcome: str
    """``succeeded``, ``failed`` (the resource was left behind), ``refused`` (nothing happened) or ``lost``."""
    seconds: float
    """Virtual seconds that it had to take."""
    source: str
    """Where that figure comes from."""
    virtual_begin: float
    virtual_end: float
    real_begin: float
    """Seconds since the epoch."""
    real_end: float
    """When its real work was done; it went on waiting in virtual time."""


@dataclasses.dataclass(frozen=True)
class Moment:
    """What the clock knows about a run."""

    now: float
    """Virtual seconds since the run began."""
    moved: float
    jumped: float
    busy: int
    """Operations that do real work."""
    released: int
    """Operations whose time has come and that have not ended yet."""
    next_due: float | None
    """The earliest virtual time that somebody waits for."""


class ClockLog:
    """Reads and writes the file. Safe for threads and processes; writers take turns."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._local = threading.local()

    @contextlib.contextmanager
    def transaction(self) -> Generator[sqlite3.Connection]:
        """Everything inside happens at once or not at all."""
        connection = self._connection()
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")

    def open_run(self, run: str, watcher: int, wall: float, real: float) -> None:
        """Join a run, or begin it at zero; forgets all but the latest ones."""
        with self.transaction() as connection:
            connection.execute("INSERT OR IGNORE INTO runs VALUES (?, ?, 0, ?, ?)", (run, wall, real, real))
            connection.execute("INSERT INTO watchers VALUES (?, ?)", (run, watcher))
            rows = connection.execute("SELECT run FROM runs ORDER BY began DESC").fetchall()
            for (old,) in rows[_KEPT_RUNS:]:
                for table in ("runs", "entries", "watchers"):
                    connection.execute(f"DELETE FROM {table} WHERE run = ?", (old,))  # noqa: S608 -- our table

    def watchers(self, run: str) -> set[int]:
        """Native ids of the threads that only look at the clock."""
        rows = self._connection().execute("SELECT thread FROM watchers WHERE run = ?", (run,))
        return {thread for (thread,) in rows}

    def moment(self, run: str) -> Moment:
        """How the run stands."""
        connection = self._connection()
        now, moved, jumped = connection.execute(
            "SELECT now, moved, jumped FROM runs WHERE run = ?", (run,)
        ).fetchone()
        busy, released, due = connection.execute(
            "SELECT COALESCE(SUM(phase = 'busy'), 0), COALESCE(SUM(phase = 'waiting' AND due <= ?), 0), "
            "MIN(CASE WHEN phase = 'waiting' THEN due END) FROM entries "
            "WHERE run = ? AND phase IN ('busy', 'waiting')",
            (now, run),
        ).fetchone()
        return Moment(now, moved, jumped, busy, released, due)

    def due(self, run: str, pid: int) -> set[int]:
        """Entries of a process whose time has come."""
        rows = self._connection().execute(
            "SELECT entries.id FROM entries JOIN runs USING (run) "
            "WHERE run = ? AND pid = ? AND phase = 'waiting' AND due <= runs.now",
            (run, pid),
        )
        return {row for (row,) in rows}

    def processes(self, run: str) -> set[tuple[int, float]]:
        """Process id and start time of everyone with an operation under way."""
        rows = self._connection().execute(
            "SELECT DISTINCT pid, started FROM entries WHERE run = ? AND phase IN ('busy', 'waiting')", (run,)
        )
        return {(pid, started) for pid, started in rows}

    def insert(self, connection: sqlite3.Connection, run: str, values: dict[str, Any]) -> int:
        """Add an entry; returns its number."""
        columns = ", ".join(["run", *values])
        marks = ", ".join("?" * (len(values) + 1))
        cursor = connection.execute(
            f"INSERT INTO entries ({columns}) VALUES ({marks})",  # noqa: S608 -- our columns
            (run, *values.values()),
        )
        assert cursor.lastrowid is not None
        return cursor.lastrowid

    def change(self, connection: sqlite3.Connection, entry: int, values: dict[str, Any]) -> None:
        """Change columns of an entry."""
        columns = ", ".join(f"{column} = ?" for column in values)
        connection.execute(
            f"UPDATE entries SET {columns} WHERE id = ?",  # noqa: S608 -- our columns
            (*values.values(), entry),
        )

    def remove(self, connection: sqlite3.Connection, entry: int) -> None:
        """Forget an entry."""
        connection.execute("DELETE FROM entries WHERE id = ?", (entry,))

    def touch(self, connection: sqlite3.Connection, run: str) -> None:
        """Note that something has just begun or ended."""
        connection.execute("UPDATE runs SET moved = ? WHERE run = ?", (time.monotonic(), run))

    def latest_run(self, since: float = 0.0) -> str | None:
        """The run that began last, and not before that many seconds since the epoch."""
        query = "SELECT run FROM runs WHERE began >= ? ORDER BY began DESC LIMIT 1"
        row = self._connection().execute(query, (since,)).fetchone()
        return row[0] if row else None

    def entries(self, run: str) -> list[Entry]:
        """The operations of a run in the order of their beginning. One that has not ended lasts until now."""
        rows = self._connection().execute(
            "SELECT urn, verb, phase, outcome, seconds, source, virtual_begin, "
            "COALESCE(virtual_end, runs.now), real_begin, COALESCE(real_end, real_begin) "
            "FROM entries JOIN runs USING (run) WHERE run = ? ORDER BY virtual_begin, id",
            (run,),
        )
        return [Entry(*row) for row in rows]

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(self._path, timeout=_BUSY_SECONDS, isolation_level=None)
            connection.execute("PRAGMA journal_mode = WAL")
            # Nobody needs the times of a machine that has lost its power.
            connection.execute("PRAGMA synchronous = OFF")
            connection.executescript(_SCHEMA)
            self._local.connection = connection
        return connection
