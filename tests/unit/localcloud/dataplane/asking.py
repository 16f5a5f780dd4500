"""Requests for the stand-in's parts, and what comes back."""

import json
from typing import Any

from localcloud.dataplane.exchange import Request, Response, Silence


def request(
    path: str,
    body: Any = None,
    *,
    method: str = "",
    key: str = "",
    limit: float | None = None,
    **headers: str,
) -> Request:
    """A JSON POST with a body, else a GET."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    if body is not None:
        given.setdefault("content-type", "application/json")
    if key:
        given["authorization"] = f"Bearer {key}"
    data = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else b""
    verb = method or ("GET" if body is None else "POST")
    return Request(verb, path, given, data, silence=Silence(limit))


def whole(response: Response) -> bytes:
    """The body, a stream read to its end."""
    return response.body if isinstance(response.body, bytes) else b"".join(response.body)


def content(response: Response) -> Any:
    """The JSON of a response."""
    return json.loads(whole(response))


def events(response: Response) -> list[Any]:
    """The events of a stream, checked for their form; ``[DONE]`` is a string."""
    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
    *lines, rest = whole(response).decode().split("\n\n")
    assert rest == ""
    assert all(line.startswith(("data: ", ": keep-alive")) for line in lines), lines
    datas = [line.removeprefix("data: ") for line in lines if line.startswith("data: ")]
    return [data if data == "[DONE]" else json.loads(data) for data in datas]
