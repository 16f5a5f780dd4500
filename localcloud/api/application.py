"""The WSGI application of a local cloud's AWS API: moto, kept in step before and followed up after each request."""

import json
import logging
import threading
import traceback
from collections.abc import Callable, Iterable
from typing import Any
from xml.sax.saxutils import escape

import psutil

from localcloud.api.beside.registry import install
from localcloud.api.drift import Drift
from localcloud.api.objects import note_objects
from localcloud.api.requests import Asked, asked
from localcloud.api.users import Users
from localcloud.api.world import World
from localcloud.home import Home

_log = logging.getLogger(__name__)

STATUS_PATH = "/_localcloud/status"
"""Not AWS's: how far the API is in step, as JSON."""

_REST_XML = ("s3", "route53", "cloudfront")
"""Services whose errors are XML though their requests are no forms."""

Environ = dict[str, Any]


class Application:
    """Answers one request at a time: what a request sees is all that the stack has finished, and nothing half."""

    def __init__(self, home: Home, provider: Any = None) -> None:
        self.world = World(home, provider)
        self._drift = Drift(self.world)
        self._users = Users(self.world)
        self._lock = threading.Lock()
        install(self.world)
        with self._lock:
            self.world.catch_up()

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """A WSGI call."""
        with self._lock:
            self.world.catch_up()
            if environ.get("PATH_INFO") == STATUS_PATH:
                return _json(start_response, "200 OK", self.status())
            request = asked(environ)
            if not request.changes:
                answer = self._answer(request, environ, start_response)
            else:
                before, users = self._drift.look(request.service), self._users.look(request.service)
                answer = self._answer(request, environ, start_response)
                self._users.keep(users, self._users.look(request.service))
                self._drift.carry_back(before, self._drift.look(request.service))
            if request.changes or request.objects:
                note_objects(self.world)
            return answer

    def status(self) -> dict[str, Any]:
        """How many resources are mirrored, what moto refused, and the memory that the process uses."""
        synchronizer = self.world.synchronizer
        return {
            "mirrored": len(synchronizer.applied),
            "problems": {" ".join(key): text for key, text in sorted(synchronizer.problems.items())},
            "memoryMb": round(psutil.Process().memory_info().rss / 1e6, 1),
        }

    def _answer(
        self, request: Asked, environ: Environ, start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        try:
            return list(self.world.simulator.application(environ, start_response))
        except NotImplementedError:
            told = f"neither moto nor the local cloud answers {request.service} {request.operation}"
        except Exception as error:  # a fault of moto's, to be told to the caller and not to end the server
            _log.exception("%s %s failed", request.service, request.operation)
            told = f"{type(error).__name__}: {error} ({traceback.extract_tb(error.__traceback__)[-1]})"
        return _unanswered(start_response, request, told)


def _unanswered(start_response: Callable[..., Any], request: Asked, told: str) -> Iterable[bytes]:
    """An error in the protocol of the service; 501 and not 500, which the SDKs would try again."""
    status, code = "501 Not Implemented", "NotImplemented"
    if not (request.form or request.service in _REST_XML):
        return _json(start_response, status, {"__type": code, "code": code, "message": told})
    error = f"<Error><Code>{code}</Code><Message>{escape(told)}</Message></Error>"
    if request.service == "ec2":
        error = f"<Response><Errors>{error}</Errors></Response>"
    elif request.form:
        error = f"<ErrorResponse>{error}</ErrorResponse>"
    return _body(start_response, status, "text/xml", error)


def _json(start_response: Callable[..., Any], status: str, content: dict[str, Any]) -> Iterable[bytes]:
    return _body(start_response, status, "application/json", json.dumps(content))


def _body(start_response: Callable[..., Any], status: str, type_: str, text: str) -> Iterable[bytes]:
    body = text.encode()
    start_response(status, [("Content-Type", type_), ("Content-Length", str(len(body)))])
    return [body]
