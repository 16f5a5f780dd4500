"""Where a local cloud's AWS API listens."""

import json

from localcloud.home import Home

HOST = "127.0.0.1"
PORT_NAME = "aws-api"
"""The port's name in the ports file."""

_NOBODY = 1
"""A port on which nothing listens: what is called before the first start must not reach AWS instead."""


def port_of(home: Home) -> int | None:
    """The port, kept as long as the local cloud; None before its first start."""
    if not home.ports.exists():
        return None
    ports: dict[str, int] = json.loads(home.ports.read_text())
    return ports.get(PORT_NAME)


def endpoint_of(home: Home) -> str:
    """The URL for ``AWS_ENDPOINT_URL``: always on loopback, also before there is a server."""
    return f"http://{HOST}:{port_of(home) or _NOBODY}"
