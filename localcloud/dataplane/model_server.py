"""One vLLM server, stood in for: its paths, its key, its queue, its streams and its end.

Source: vLLM 0.33.0, ``entrypoints/openai/api_server.py`` and ``entrypoints/serve/``.
"""

import contextlib
import hashlib
import secrets
import threading
import time
from collections.abc import Callable, Generator, Iterable, Sequence

from localcloud.dataplane.exchange import (
    RefusedError,
    Request,
    Response,
    json_response,
    text_response,
)
from localcloud.dataplane.generation import Generation, count_tokens, generate
from localcloud.dataplane.metrics import Metrics
from localcloud.dataplane.openai_answers import KEEP_ALIVE, Answer, model_list
from localcloud.dataplane.openai_requests import RequestRefusedError, Wanted, body_of, wanted
from localcloud.dataplane.pod_spec import Pace
from localcloud.dataplane.vllm_settings import VllmSettings

_METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_PATHS = {
    "/health": ("GET",),
    "/ping": ("GET", "POST"),
    "/version": ("GET",),
    "/metrics": ("GET",),
    "/v1/models": ("GET",),
    "/v1/chat/completions": ("POST",),
    "/v1/completions": ("POST",),
    "/invocations": ("POST",),
}
_ABSENT = ("/v1/responses", "/v1/messages", "/tokenize", "/detokenize")
"""Paths of vLLM that the stand-in does not have."""


def digest(key: str) -> bytes:
    """What a server keeps of a key, as vLLM does."""
    return hashlib.sha256(key.encode()).digest()


class ModelServer:
    """Answers as vLLM with these settings would; usable from many threads."""

    def __init__(
        self,
        settings: VllmSettings,
        keys: Iterable[bytes] = (),
        pace: Pace = Pace(),  # noqa: B008 -- frozen
        idle: Callable[[], None] = lambda: None,
    ) -> None:
        self.settings = settings
        self.metrics = Metrics(settings.served_names[0], settings.max_model_len)
        self._keys = tuple(keys)
        self._pace = pace
        self._idle = idle
        self._created = int(time.time())
        self._slots = threading.BoundedSemaphore(settings.max_num_seqs)
        self._under_way = 0
        self._lock = threading.Lock()
        self._broken = threading.Event()

    @property
    def under_way(self) -> int:
        """Requests that are being answered."""
        with self._lock:
            return self._under_way

    def abort(self) -> None:
        """Break every connection, as the end of the process does."""
        self._broken.set()

    def answer(self, request: Request) -> Response:
        """Answer one request; raises `RefusedError` or `TargetSilentError` where no answer comes."""
        if self._broken.is_set():
            raise RefusedError("connection refused")
        if not self._may(request):
            return json_response(401, {"error": "Unauthorized"})
        try:
            return self._route(request)
        except RequestRefusedError as error:
            return json_response(error.status, error.content())

    def _may(self, request: Request) -> bool:
        if not self._keys or request.method == "OPTIONS":
            return True
        if not request.path.startswith(self.settings.guarded_prefixes):
            return True
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        matches = [secrets.compare_digest(digest(given), key) for key in self._keys]
        return scheme.lower() == "bearer" and any(matches)

    def _route(self, request: Request) -> Response:
        path = request.path
        if path in _ABSENT:
            raise RequestRefusedError(
                501, "Not Implemented", f"The stand-in of the local cloud has no {path}."
            )
        methods = _PATHS.get(path)
        if methods is None:
            raise RequestRefusedError(404, "Not Found", "Not Found")
        if request.method not in methods:
            raise RequestRefusedError(405, "Method Not Allowed", "Method Not Allowed")
        if path in ("/health", "/ping"):
            return Response(200, {})
        if path == "/version":
            return json_response(200, {"version": self.settings.version_text})
        if path == "/metrics":
            return text_response(200, self.metrics.text(), _METRICS_TYPE)
        if path == "/v1/models":
            return json_response(200, model_list(self.settings, self._created))
        body = body_of(request.headers.get("content-type", ""), request.body)
        # SageMaker's path takes either body; vLLM tells them apart by their fields.
        chat = path == "/v1/chat/completions" or (path == "/invocations" and "messages" in body)
        return self._complete(request, wanted(body, self.settings, chat=chat))

    def _complete(self, request: Request, what: Wanted) -> Response:
        limit, waiting = self.settings.max_queued, self.metrics.gauge("num_requests_waiting")
        if limit and waiting >= limit:
            raise RequestRefusedError(503, "Service Unavailable", "The request queue is full.")
        generations = [
            generate(
                what.model,
                prompt,
                choice,
                max_tokens=what.max_tokens,
                stop=what.stop,
                include_stop=what.include_stop,
                ignore_eos=what.ignore_eos,
                min_tokens=what.min_tokens,
            )
            for prompt in what.prompts
            for choice in range(what.n)
        ]
        prompt_tokens = sum(count_tokens(prompt) for prompt in what.prompts)
        answer = Answer(what, int(time.time()), prompt_tokens)
        events = self._events(request, answer, generations, prompt_tokens, stream=what.stream)
        if what.stream:
            return Response(200, {"content-type": "text/event-stream; charset=utf-8"}, events)
        for _ in events:
            pass
        return json_response(200, answer.whole(generations))

    def _events(
        self,
        request: Request,
        answer: Answer,
        generations: Sequence[Generation],
        prompt_tokens: int,
        *,
        stream: bool,
    ) -> Generator[bytes]:
        """Generate at the server's pace. Counting is in here: a stream that nobody reads never began."""
        # A silent stream is kept open by comments; nothing can be sent before an answer that is not streamed.
        every = self.settings.keep_alive_seconds if stream else 0
        started = time.monotonic()
        reasons = ["abort"] * len(generations)
        with self._counted():
            try:
                yield from self._wait_for_slot(request)
                self.metrics.observe("request_queue_time_seconds", time.monotonic() - started)
                try:
                    yield from self._pause(request, self._pace.first_token, every)
                    self.metrics.count("prompt_tokens", prompt_tokens)
                    self.metrics.observe("request_prompt_tokens", prompt_tokens)
                    self.metrics.observe("time_to_first_token_seconds", time.monotonic() - started)
                    yield from self._send(request, answer.opening(len(generations)) if stream else [])
                    yield from self._tokens(request, answer, generations, every, stream=stream)
                    reasons = [generation.finish_reason for generation in generations]
                finally:
                    self.metrics.move("num_requests_running", -1)
                    self._slots.release()
                yield from self._send(request, answer.closing(generations) if stream else [])
            finally:
                self.metrics.observe("e2e_request_latency_seconds", time.monotonic() - started)
                for reason in reasons:
                    self.metrics.finished(reason)

    @contextlib.contextmanager
    def _counted(self) -> Generator[None]:
        with self._lock:
            self._under_way += 1
        try:
            yield
        finally:
            with self._lock:
                self._under_way -= 1
                last = not self._under_way
            if last:
                self._idle()

    def _wait_for_slot(self, request: Request) -> Generator[bytes]:
        self.metrics.move("num_requests_waiting", 1)
        try:
            while not self._slots.acquire(timeout=0.05):
                request.silence.wait(0, self._broken)
        finally:
            self.metrics.move("num_requests_waiting", -1)
        self.metrics.move("num_requests_running", 1)
        yield from ()

    def _tokens(
        self,
        request: Request,
        answer: Answer,
        generations: Sequence[Generation],
        every: float,
        *,
        stream: bool,
    ) -> Generator[bytes]:
        done = 0
        longest = max(len(generation.pieces) for generation in generations)
        for position in range(longest):
            before = time.monotonic()
            if position:
                yield from self._pause(request, self._pace.per_token, every)
                self.metrics.observe("inter_token_latency_seconds", time.monotonic() - before)
            for index, generation in enumerate(generations):
                if position < len(generation.pieces):
                    done += 1
                    self.metrics.count("generation_tokens", 1)
                    if stream:
                        yield from self._send(request, [answer.token(index, generation, position, done)])
        for generation in generations:
            self.metrics.observe("request_generation_tokens", generation.tokens)

    def _send(self, request: Request, events: Iterable[bytes]) -> Generator[bytes]:
        for event in events:
            if self._broken.is_set():
                raise RefusedError("the connection was broken")
            request.silence.heard()
            yield event

    def _pause(self, request: Request, seconds: float, every: float) -> Generator[bytes]:
        while every and seconds > every:
            request.silence.wait(every, self._broken)
            yield from self._send(request, [KEEP_ALIVE])
            seconds -= every
        if seconds:
            request.silence.wait(seconds, self._broken)


class PlainServer:
    """Stands in for a container that is no model server: a page that says so, on every path."""

    def __init__(self, pod: str, image: str) -> None:
        self._text = (
            f"Stand-in of the local cloud for pod {pod} (image {image}). Nothing of the image runs here.\n"
        )

    def answer(self, request: Request) -> Response:
        """The page."""
        del request
        return text_response(200, self._text)
