"""What has become of the faults: counted in a file, because the processes that meet them are killed."""

import contextlib
import dataclasses
import hashlib
import sqlite3
from collections.abc import Generator
from pathlib import Path

from localcloud.home import Home
from localcloud.simulation.faults_file import Fault
from localcloud.simulation.operations import Operation, Verb

_SCHEMA = """
CREATE TABLE IF NOT EXISTS seen (fault TEXT PRIMARY KEY, matching INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS fired (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  place INTEGER NOT NULL, kind TEXT NOT NULL, verb TEXT NOT NULL, urn TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS unseen (type TEXT, id TEXT, visible REAL NOT NULL, PRIMARY KEY (type, id));
"""


@dataclasses.dataclass(frozen=True)
class Fired:
    """A fault that has happened."""

    place: int
    """Its place in the file, from 0."""
    kind: str
    verb: Verb
    urn: str


class FaultState:
    """Counts of one local cloud; safe for threads and processes."""

    def __init__(self, home: Home) -> None:
        self._path: Path = home.faults_state

    def fires(self, index: int, fault: Fault, operation: Operation) -> bool:
        """Count an operation that a fault matches, and tell whether the fault meets it."""
        with self._connected() as connection:
            row = connection.execute(
                "INSERT INTO seen VALUES (?, 1) ON CONFLICT (fault) DO UPDATE SET matching = matching + 1 "
                "RETURNING matching",
                (_key(index, fault),),
            ).fetchone()
            fires = fault.match.nth <= int(row[0]) < fault.match.nth + fault.match.times
            if fires:
                connection.execute(
                    "INSERT INTO fired (place, kind, verb, urn) VALUES (?, ?, ?, ?)",
                    (index, fault.kind, operation.verb, operation.urn),
                )
            return fires

    def fired(self) -> list[Fired]:
        """Every fault that has happened, oldest first."""
        if not self._path.exists():
            return []
        with self._connected() as connection:
            return [
                Fired(*row)
                for row in connection.execute("SELECT place, kind, verb, urn FROM fired ORDER BY number")
            ]

    def hide(self, type_: str, id_: str, visible: float) -> None:
        """Note that others do not see a resource before a simulated time."""
        with self._connected() as connection:
            connection.execute("INSERT OR REPLACE INTO unseen VALUES (?, ?, ?)", (type_, id_, visible))

    def unseen(self, now: float) -> dict[tuple[str, str], float]:
        """For how many simulated seconds more each resource is not seen, by type and id."""
        if not self._path.exists():
            return {}
        with self._connected() as connection:
            rows = connection.execute("SELECT type, id, visible FROM unseen WHERE visible > ?", (now,))
            return {(type_, id_): visible - now for type_, id_, visible in rows}

    def let_pass(self, seconds: float) -> None:
        """Bring forward when resources are seen: for runs without a clock."""
        with self._connected() as connection:
            connection.execute("UPDATE unseen SET visible = visible - ?", (seconds,))

    @contextlib.contextmanager
    def _connected(self) -> Generator[sqlite3.Connection]:
        connection = sqlite3.connect(self._path, timeout=60, isolation_level=None)
        try:
            connection.executescript(_SCHEMA)
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")
        finally:
            connection.close()


def _key(index: int, fault: Fault) -> str:
    """A fault that is edited, or moved within the file, starts counting anew."""
    return hashlib.sha256(f"{index} {fault.model_dump_json()}".encode()).hexdigest()[:32]
