"""Makes moto give new EC2 resources the ids that they have in the simulated account."""

import contextlib
from collections.abc import Generator
from typing import Any

from localcloud.api.libraries import module


class Ids:
    """The ids that moto takes next. Every EC2 id of moto comes from one function, which this replaces."""

    def __init__(self) -> None:
        self._waiting: dict[str, list[str]] = {}
        utils = module("moto.ec2.utils")
        self._original: Any = getattr(utils.random_id, "original", utils.random_id)

        def random_id(prefix: str = "", size: int = 17) -> str:
            waiting = self._waiting.get(prefix)
            return waiting.pop(0) if waiting else str(self._original(prefix, size))

        random_id.original = self._original  # type: ignore[attr-defined]
        utils.random_id = random_id

    @contextlib.contextmanager
    def forced(self, *ids: str) -> Generator[None]:
        """Inside, the first new resources of each id prefix get these ids, in their order; empty ones are left out."""
        before = self._waiting
        self._waiting = {}
        for id_ in ids:
            if id_:
                self._waiting.setdefault(id_.rsplit("-", 1)[0], []).append(id_)
        try:
            yield
        finally:
            self._waiting = before
