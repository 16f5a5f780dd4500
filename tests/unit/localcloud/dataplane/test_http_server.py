"""The HTTP servers: certificates by server name, bodies, streams, and connections that break."""

import http.client
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
import urllib3

from localcloud.certificates import ensure_certificates
from localcloud.dataplane.exchange import RefusedError, Request, Response, json_response
from localcloud.dataplane.http_server import Server
from localcloud.dataplane.tls import Certificates, Names


def echo(request: Request) -> Response:
    return json_response(
        200, {"method": request.method, "target": request.target, "body": request.body.decode()}
    )


@pytest.fixture
def serve() -> Iterator[Callable[..., int]]:
    """Start servers; they end with the test."""
    servers: list[Server] = []

    def start(
        answer: Callable[[Request], Response] = echo,
        tls: ssl.SSLContext | None = None,
        say: Callable[[str], None] = lambda _: None,
    ) -> int:
        server = Server(0, "test", answer, say, tls)
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        return server.server_address[1]

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def ask(port: int, method: str = "GET", path: str = "/", **more: Any) -> urllib3.BaseHTTPResponse:
    return urllib3.request(method, f"http://127.0.0.1:{port}{path}", retries=False, **more)


def test_every_answer_names_the_stand_in(serve: Callable[..., int]) -> None:
    assert ask(serve()).headers["X-Inference-Plane-Stand-In"] == "test"


def test_a_body_arrives_whole_with_a_length_or_in_chunks(serve: Callable[..., int]) -> None:
    port = serve()
    assert ask(port, "POST", "/a?b", body=b"hello").json() == {
        "method": "POST",
        "target": "/a?b",
        "body": "hello",
    }
    chunked = ask(port, "POST", body=iter([b"hel", b"lo"]), headers={"Transfer-Encoding": "chunked"})
    assert chunked.json()["body"] == "hello"


def test_a_connection_serves_several_requests(serve: Callable[..., int]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", serve())
    for body in ("a", "b"):
        connection.request("POST", "/", body)
        assert json.loads(connection.getresponse().read())["body"] == body
    connection.close()


def test_a_length_that_is_none_is_refused(serve: Callable[..., int]) -> None:
    response = ask(serve(), "POST", headers={"Content-Length": "many"})
    assert response.status == 400


def test_a_head_request_has_no_body(serve: Callable[..., int]) -> None:
    response = ask(serve(), "HEAD")
    assert (response.data, int(response.headers["content-length"]) > 0) == (b"", True)


def streaming(pieces: Callable[[], Generator[bytes]]) -> Callable[[Request], Response]:
    return lambda _: Response(200, {"content-type": "text/event-stream"}, pieces())


def test_pieces_of_a_stream_arrive_one_by_one(serve: Callable[..., int]) -> None:
    go_on = threading.Event()

    def pieces() -> Generator[bytes]:
        yield b"one"
        assert go_on.wait(5)
        yield b"two"

    response = ask(serve(streaming(pieces)), preload_content=False)
    stream = response.stream(decode_content=False)
    assert next(stream) == b"one"
    go_on.set()
    assert b"".join(stream) == b"two"


def test_a_stream_that_breaks_off_looks_broken_to_the_client(serve: Callable[..., int]) -> None:
    def pieces() -> Generator[bytes]:
        yield b"one"
        raise RefusedError("the pod is gone")

    with pytest.raises(urllib3.exceptions.ProtocolError):
        ask(serve(streaming(pieces)))


def test_a_client_that_leaves_ends_its_stream(serve: Callable[..., int]) -> None:
    ended = threading.Event()

    def pieces() -> Generator[bytes]:
        try:
            while not ended.wait(0.01):
                yield b"x" * 65536
        finally:
            ended.set()

    with socket.create_connection(("127.0.0.1", serve(streaming(pieces)))) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert client.recv(10)
    assert ended.wait(5)


def test_where_nothing_listens_the_connection_just_ends(serve: Callable[..., int]) -> None:
    def refuse(_: Request) -> Response:
        raise RefusedError("no listener")

    with pytest.raises(urllib3.exceptions.ProtocolError):
        ask(serve(refuse))


def test_a_mistake_of_ours_goes_to_the_log_and_a_client_that_leaves_does_not(
    serve: Callable[..., int],
) -> None:
    said: list[str] = []

    def wrong(_: Request) -> Response:
        raise KeyError("ours")

    def pieces() -> Generator[bytes]:
        yield b"x"
        raise BrokenPipeError

    for answer in (streaming(pieces), wrong):
        with pytest.raises(urllib3.exceptions.ProtocolError):
            ask(serve(answer, say=said.append))
    eventually = time.monotonic() + 5
    while not any("KeyError: 'ours'" in line for line in said):
        assert time.monotonic() < eventually
    assert sum("Traceback" in line for line in said) == 1


WILD: Names = ("*.models.example.com",)
EXACT: Names = ("a.models.example.com", "b.example.com")


@pytest.fixture
def authority(tmp_path: Path) -> Path:
    ensure_certificates(tmp_path)
    return tmp_path


def https(port: int, host: str, authority: Path) -> urllib3.BaseHTTPResponse:
    pool = urllib3.HTTPSConnectionPool(
        "127.0.0.1", port, ca_certs=str(authority / "ca.crt"), server_hostname=host, assert_hostname=host
    )
    return pool.request("GET", "/", headers={"Host": host}, retries=False)


def test_a_client_that_trusts_the_local_authority_is_served_by_name(
    serve: Callable[..., int], authority: Path
) -> None:
    port = serve(tls=Certificates(authority, authority, lambda _: [EXACT, WILD]).listener())
    for host in ("a.models.example.com", "b.example.com", "z.models.example.com"):
        assert https(port, host, authority).status == 200
    with pytest.raises(urllib3.exceptions.SSLError, match=r"mismatch|not match|doesn't match"):
        https(port, "other.example.org", authority)
    assert not list(authority.glob("certificate-*"))


def test_without_a_certificate_there_is_no_handshake(serve: Callable[..., int], authority: Path) -> None:
    port = serve(tls=Certificates(authority, authority, lambda _: []).listener())
    with pytest.raises(urllib3.exceptions.SSLError, match=r"(?i)handshake"):
        https(port, "a.models.example.com", authority)


def test_a_client_that_says_nothing_does_not_hold_up_the_others(
    serve: Callable[..., int], authority: Path
) -> None:
    port = serve(tls=Certificates(authority, authority, lambda _: [WILD]).listener())
    with socket.create_connection(("127.0.0.1", port)):
        assert https(port, "a.models.example.com", authority).status == 200
