"""Requests and responses as the parts of the data plane hand them to each other, and how a stand-in signs them."""

import dataclasses
import json
import threading
import time
from collections.abc import Generator, Mapping
from typing import Any
from urllib.parse import urlsplit

STAND_IN_HEADER = "X-Inference-Plane-Stand-In"
"""Header of every answer; its value says which part answered."""

STAND_IN_FINGERPRINT = "inference-plane-stand-in"
"""``system_fingerprint`` of every generated answer."""


class RefusedError(Exception):
    """Nothing listens where the request was sent, or the listener broke the connection before it answered."""


class TargetSilentError(Exception):
    """A server said nothing for longer than the one who waits is willing to wait."""


class Silence:
    """Counts how long an answer has been silent; ``limit`` is in seconds, None waits for ever."""

    def __init__(self, limit: float | None = None) -> None:
        self._limit = limit
        self._since = time.monotonic()

    def heard(self) -> None:
        """Bytes went over the line: the silence begins anew."""
        self._since = time.monotonic()

    def left(self) -> float | None:
        """Seconds until the limit, None without one."""
        return None if self._limit is None else self._since + self._limit - time.monotonic()

    def wait(self, seconds: float, broken: threading.Event) -> None:
        """Be silent; raises `TargetSilentError` at the limit and `RefusedError` once ``broken`` is set."""
        left = self.left()
        if broken.wait(seconds if left is None else max(0.0, min(seconds, left))):
            raise RefusedError("the connection was broken")
        if left is not None and left <= seconds:
            raise TargetSilentError


@dataclasses.dataclass(frozen=True)
class Request:
    """One HTTP request."""

    method: str
    target: str
    """Path and query as sent."""
    headers: Mapping[str, str]
    """By lower-case name."""
    body: bytes = b""
    client: str = "127.0.0.1"
    silence: Silence = dataclasses.field(default_factory=Silence)

    @property
    def path(self) -> str:
        """The path without the query."""
        return urlsplit(self.target).path if self.target.startswith("http") else self.target.partition("?")[0]

    @property
    def host(self) -> str:
        """The Host header in lower case, without a port."""
        return urlsplit(f"//{self.headers.get('host', '')}").hostname or ""


@dataclasses.dataclass(frozen=True)
class Response:
    """One HTTP response; a body of pieces is streamed."""

    status: int
    headers: Mapping[str, str]
    body: bytes | Generator[bytes] = b""


def json_response(status: int, content: Any, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON response as Starlette writes it: without spaces."""
    body = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    return Response(status, {"content-type": "application/json", **(headers or {})}, body)


def text_response(status: int, text: str, content_type: str = "text/plain; charset=utf-8") -> Response:
    """A response with text."""
    return Response(status, {"content-type": content_type}, text.encode())
