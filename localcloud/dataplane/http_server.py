"""The HTTP/1.1 servers on loopback: connections, bodies, streams. What is answered is the caller's."""

import contextlib
import http.server
import socket
import ssl
import sys
import traceback
from collections.abc import Callable, Generator, Iterator
from http import HTTPStatus
from typing import Any

from localcloud.dataplane.exchange import (
    STAND_IN_HEADER,
    RefusedError,
    Request,
    Response,
    TargetSilentError,
)

_MOST_BYTES = 64 * 1024 * 1024
_HANDSHAKE_SECONDS = 10
_CONNECTION_SECONDS = 3600
"""A load balancer keeps a client's connection for so long (``client_keep_alive.seconds``)."""

Answer = Callable[[Request], Response]


class _BadRequestError(Exception):
    """A body that cannot be read; ends the connection."""


class Server(http.server.ThreadingHTTPServer):
    """Serves ``answer`` on a port of 127.0.0.1, with TLS if a context is given, until the process ends."""

    request_queue_size = 128
    daemon_threads = True
    allow_reuse_address = True

    def __init__(
        self,
        port: int,
        name: str,
        answer: Answer,
        say: Callable[[str], None],
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.name = name
        self.answer = answer
        self.say = say
        self.tls = tls
        super().__init__(("127.0.0.1", port), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A broken connection is the client's business; anything else is a mistake of ours, and goes to the log."""
        del request, client_address
        if not isinstance(sys.exc_info()[1], OSError):
            self.say(traceback.format_exc())


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = _CONNECTION_SECONDS
    server: Server  # pyright: ignore[reportIncompatibleVariableOverride]

    def setup(self) -> None:
        """Shake hands in this connection's own thread: a silent client must not hold up the others."""
        if self.server.tls is not None:
            self.request.settimeout(_HANDSHAKE_SECONDS)
            self.request = self.server.tls.wrap_socket(self.request, server_side=True)
        super().setup()
        # Small events must not wait for more of them.
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- the base class names it so
        """Requests are logged by `_serve`."""

    def _serve(self) -> None:
        status = 0
        try:
            request = Request(
                self.command,
                self.path,
                {name.lower(): value for name, value in self.headers.items()},
                self._body(),
                str(self.client_address[0]),
            )
            response = self.server.answer(request)
            status = response.status
            self._send(response)
        except _BadRequestError as error:
            status = 400
            self.close_connection = True
            self._send(Response(400, {"content-type": "text/plain"}, f"{error}\n".encode()))
        except (RefusedError, TargetSilentError):
            # Nothing listens, or the answer broke off: all that a client sees is the end of the connection.
            self.close_connection = True
        finally:
            if self.path.partition("?")[0] not in ("/health", "/metrics"):
                host = self.headers.get("host", "-")
                self.server.say(f"{self.server.name} {self.command} {host} {self.path} {status or 'broken'}")

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_CONNECT = _serve  # noqa: N815

    def _body(self) -> bytes:
        if self.headers.get("transfer-encoding", "").lower() == "chunked":
            return b"".join(self._chunks())
        length = self.headers.get("content-length", "0")
        if not length.isdigit() or int(length) > _MOST_BYTES:
            raise _BadRequestError(f"Content-Length {length!r} is no number up to {_MOST_BYTES}")
        return self.rfile.read(int(length))

    def _chunks(self) -> Iterator[bytes]:
        total = 0
        while True:
            try:
                size = int(self.rfile.readline(128).partition(b";")[0], 16)
            except ValueError:
                raise _BadRequestError("a chunk of the body has no size") from None
            total += size
            if size < 0 or total > _MOST_BYTES:
                raise _BadRequestError(f"the body is larger than {_MOST_BYTES} bytes")
            if size == 0:
                while self.rfile.readline(65536).strip():
                    continue
                return
            yield self.rfile.read(size)
            self.rfile.readline(8)

    def _send(self, response: Response) -> None:
        self.send_response_only(response.status, HTTPStatus(response.status).phrase)
        self.send_header("date", self.date_time_string())
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.send_header(STAND_IN_HEADER, self.server.name)
        if self.close_connection:
            self.send_header("connection", "close")
        body = response.body
        if isinstance(body, bytes):
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)
        else:
            self._stream(body)

    def _stream(self, pieces: Generator[bytes]) -> None:
        # HTTP/1.0 knows no chunks: there the end of the connection is the end of the body.
        chunked = self.request_version != "HTTP/1.0"
        if chunked:
            self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        with contextlib.closing(pieces):
            for piece in pieces:
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece) if chunked else piece)
        if chunked:
            self.wfile.write(b"0\r\n\r\n")
