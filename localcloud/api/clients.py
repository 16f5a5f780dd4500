"""boto3 clients whose requests never leave the process: a WSGI application answers them."""

import functools
import io
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urlsplit

from localcloud.api.libraries import module

ENDPOINT = "http://127.0.0.1"
"""Where the clients believe they send to; nothing is ever connected."""


_NOBODY = "local-cloud"
"""Key and secret: requests must be signed, by whoever."""


@functools.cache
def _models() -> Any:
    """What loads the services' models, and keeps them."""
    return module("botocore.loaders").create_loader()


class Clients:
    """Clients of every service, made on first use, answered by one application."""

    def __init__(self, application: Any, region: str) -> None:
        self._application = application
        self._made: dict[str, Any] = {}
        self._session = module("boto3").session.Session(
            aws_access_key_id=_NOBODY, aws_secret_access_key=_NOBODY, region_name=region
        )
        self._session.events.register("before-send", self._answer)
        # The clients and moto's serializers read the same models: one copy of them is enough.
        self._session._session.register_component("data_loader", _models())
        module("moto.core.utils").create_loader = _models

    def client(self, service: str) -> Any:
        """The client of a service, by boto3's name for it."""
        if service not in self._made:
            config = module("botocore.config").Config(
                s3={"addressing_style": "path"}, retries={"mode": "standard", "total_max_attempts": 1}
            )
            self._made[service] = self._session.client(service, endpoint_url=ENDPOINT, config=config)
        return self._made[service]

    def _answer(self, request: Any, **_: Any) -> Any:
        parts = urlsplit(str(request.url))
        body = request.body
        if hasattr(body, "read"):
            body = body.read()
        headers = {key: _text(value) for key, value in request.headers.items()}
        environ = module("werkzeug.test").EnvironBuilder(
            path=parts.path,
            query_string=parts.query,
            base_url=ENDPOINT,
            method=request.method,
            headers=headers,
            data=body.encode() if isinstance(body, str) else body or b"",
        )
        answered = module("werkzeug.test").run_wsgi_app(
            self._application, environ.get_environ(), buffered=True
        )
        content, status, answer_headers = answered
        return module("botocore.awsrequest").AWSResponse(
            request.url, int(status.split()[0]), dict(answer_headers), _Raw(b"".join(_parts(content)))
        )


class _Raw(io.BytesIO):
    """A response body as botocore reads it."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        """All of it."""
        yield self.read()


def _parts(content: Iterable[bytes]) -> Iterable[bytes]:
    return content


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
