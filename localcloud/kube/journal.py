"""Remembers creations that the engine has not confirmed yet, so that a killed `up` can be finished.

A killed engine forgets what its providers were creating; on the next run the published provider refuses the
object that is already there. Here the same resource (type and name) takes such an object up again.
"""

import hashlib
from pathlib import Path


class Journal:
    """One small file per unconfirmed creation."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def begin(self, type_: str, name: str, id_: str) -> None:
        """Note that the resource is about to create the object."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._file(type_, id_).write_text(name)

    def begun(self, type_: str, name: str, id_: str) -> bool:
        """Whether this very resource began to create that object and was never confirmed."""
        file = self._file(type_, id_)
        return file.exists() and file.read_text() == name

    def confirm(self, type_: str, id_: str) -> None:
        """Forget: the engine has shown that it knows the object, or the creation has failed."""
        self._file(type_, id_).unlink(missing_ok=True)

    def _file(self, type_: str, id_: str) -> Path:
        return self._folder / hashlib.sha256(f"{type_} {id_}".encode()).hexdigest()[:32]
