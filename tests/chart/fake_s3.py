"""An S3 bucket in memory: as a client object for unit tests, and as a server on loopback for the real botocore."""

import hashlib
import http.server
import threading
import urllib.parse
from collections.abc import Callable, Iterator
from typing import Any
from xml.sax.saxutils import escape

from botocore.exceptions import ClientError


class Bucket:
    """Objects by key; it remembers what was asked for."""

    def __init__(self, objects: dict[str, bytes], page_size: int = 1000) -> None:
        self.objects = dict(objects)
        self.page_size = page_size
        self.requests: list[tuple[str, int]] = []
        self.before_body: Callable[[str, int], bytes | None] = lambda key, start: None
        """Called before each read with key and first byte; it may raise, or return other bytes."""

    def etag(self, key: str) -> str:
        return f'"{hashlib.md5(self.objects[key]).hexdigest()}"'  # noqa: S324 -- what S3 does

    def page(self, prefix: str, token: str | None) -> tuple[list[str], str | None]:
        keys = [key for key in sorted(self.objects) if key.startswith(prefix)]
        start = int(token or 0)
        rest = keys[start + self.page_size :]
        return keys[start : start + self.page_size], str(start + self.page_size) if rest else None

    def read(self, key: str, byte_range: str, if_match: str) -> bytes | None:
        """The bytes, or None if the object is no longer the one that was listed."""
        if self.etag(key) != if_match:
            return None
        first, last = (int(number) for number in byte_range.removeprefix("bytes=").split("-"))
        self.requests.append((key, first))
        instead = self.before_body(key, first)
        return self.objects[key][first : last + 1] if instead is None else instead


class Body:
    def __init__(self, content: bytes) -> None:
        self._content = content

    def iter_chunks(self, size: int) -> Iterator[bytes]:
        for start in range(0, len(self._content), size):
            yield self._content[start : start + size]


class Client:
    """The two calls of an S3 client that the downloader makes."""

    def __init__(self, bucket: Bucket) -> None:
        self.bucket = bucket

    def list_objects_v2(self, **request: str) -> dict[str, Any]:
        keys, token = self.bucket.page(request["Prefix"], request.get("ContinuationToken"))
        answer: dict[str, Any] = {"IsTruncated": token is not None}
        if keys:
            answer["Contents"] = [
                {"Key": k, "Size": len(self.bucket.objects[k]), "ETag": self.bucket.etag(k)} for k in keys
            ]
        if token:
            answer["NextContinuationToken"] = token
        return answer

    def get_object(self, **request: str) -> dict[str, Any]:
        content = self.bucket.read(request["Key"], request["Range"], request["IfMatch"])
        if content is None:
            raise ClientError({"Error": {"Code": "PreconditionFailed"}}, "GetObject")
        return {"Body": Body(content)}


def serve(bucket: Bucket) -> http.server.ThreadingHTTPServer:
    """A started server that answers for the bucket called ``checkpoints`` and denies every other."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- the base class's name
            del format, args

        def do_GET(self) -> None:
            url = urllib.parse.urlsplit(self.path)
            name, _, key = urllib.parse.unquote(url.path).lstrip("/").partition("/")
            query = dict(urllib.parse.parse_qsl(url.query))
            if name != "checkpoints":
                self._answer(403, b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>")
            elif not key:
                keys, token = bucket.page(query.get("prefix", ""), query.get("continuation-token"))
                self._answer(200, _listing(bucket, keys, token))
            else:
                content = bucket.read(key, self.headers["Range"], self.headers["If-Match"])
                if content is None:
                    self._answer(412, b"<Error><Code>PreconditionFailed</Code></Error>")
                else:
                    self._answer(206, content)

        def _answer(self, status: int, content: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def _listing(bucket: Bucket, keys: list[str], token: str | None) -> bytes:
    contents = "".join(
        f"<Contents><Key>{escape(key)}</Key><Size>{len(bucket.objects[key])}</Size>"
        f"<ETag>{escape(bucket.etag(key))}</ETag></Contents>"
        for key in keys
    )
    more = f"<NextContinuationToken>{token}</NextContinuationToken>" if token else ""
    truncated = str(bool(token)).lower()
    return f"<ListBucketResult><IsTruncated>{truncated}</IsTruncated>{contents}{more}</ListBucketResult>".encode()
