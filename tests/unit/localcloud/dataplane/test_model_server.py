"""A model server's stand-in answers as vLLM does: paths, key, bodies, streams, errors, counters and its end."""

import threading
from typing import Any

import pytest

from localcloud.dataplane.exchange import RefusedError, TargetSilentError
from localcloud.dataplane.model_server import ModelServer, digest
from localcloud.dataplane.pod_spec import Pace
from localcloud.dataplane.vllm_settings import VllmSettings
from tests.unit.localcloud.dataplane.asking import content, events, request, whole

CHAT = "/v1/chat/completions"
COMPLETE = "/v1/completions"
HELLO: dict[str, Any] = {"model": "Laguna", "messages": [{"role": "user", "content": "Say hello"}]}
PROMPT: dict[str, Any] = {"model": "Laguna", "prompt": "def add(a, b):"}


def server(pace: Pace | None = None, **settings: Any) -> ModelServer:
    given: dict[str, Any] = {
        "served_names": ("Laguna",),
        "root": "/models/m",
        "max_model_len": 64,
        **settings,
    }
    return ModelServer(VllmSettings(**given), [digest("right")], pace or Pace())


def ask(path: str, body: Any = None, on: ModelServer | None = None, **more: Any) -> Any:
    return (on or server()).answer(request(path, body, key="right", **more))


def metric(on: ModelServer, name: str, *labels: str) -> float:
    lines = [
        line
        for line in whole(on.answer(request("/metrics"))).decode().splitlines()
        if line.startswith(f"vllm:{name}{{") and all(label in line for label in labels)
    ]
    assert len(lines) == 1, lines
    return float(lines[0].split()[-1])


@pytest.mark.parametrize("path", ["/v1/models", CHAT, "/v1/none", "/v1x", "/v2/rerank", "/cohere/v2/chat"])
@pytest.mark.parametrize("header", ["", "Bearer wrong", "Basic right", "right"])
def test_guarded_paths_need_the_key(path: str, header: str) -> None:
    response = server().answer(request(path, authorization=header))
    assert (response.status, whole(response)) == (401, b'{"error":"Unauthorized"}')


@pytest.mark.parametrize("path", ["/health", "/ping", "/version", "/metrics"])
def test_the_other_paths_are_open(path: str) -> None:
    assert server().answer(request(path)).status == 200


def test_sagemakers_path_generates_without_a_key_as_vllm_does() -> None:
    response = server().answer(request("/invocations", HELLO))
    assert content(response)["object"] == "chat.completion"
    assert content(server().answer(request("/invocations", PROMPT)))["object"] == "text_completion"


def test_a_server_without_a_key_asks_for_none() -> None:
    assert ModelServer(VllmSettings(("m",), "m")).answer(request("/v1/models")).status == 200


def test_the_scheme_is_read_in_any_case() -> None:
    assert server().answer(request("/v1/models", authorization="bEARER right")).status == 200


def test_the_list_shows_the_served_model() -> None:
    listed = content(ask("/v1/models"))
    assert listed["object"] == "list"
    [card] = listed["data"]
    assert (card["id"], card["root"], card["max_model_len"]) == ("Laguna", "/models/m", 64)
    assert card["owned_by"] == "vllm"


def test_a_chat_answer_has_vllms_form_and_names_the_stand_in() -> None:
    answer = content(ask(CHAT, HELLO))
    [choice] = answer["choices"]
    assert answer["object"] == "chat.completion"
    assert answer["model"] == "Laguna"
    assert answer["id"].startswith("chatcmpl-")
    assert choice["message"]["role"] == "assistant"
    assert "Stand-in for Laguna" in choice["message"]["content"]
    assert choice["finish_reason"] == "stop"
    assert answer["system_fingerprint"] == "inference-plane-stand-in"
    words = len(choice["message"]["content"].split())
    assert answer["usage"]["completion_tokens"] == words
    assert answer["usage"]["prompt_tokens"] == 2
    assert answer["usage"]["total_tokens"] == 2 + words


def test_a_completion_is_sixteen_tokens_long_unless_told_otherwise() -> None:
    answer = content(ask(COMPLETE, PROMPT))
    assert answer["object"] == "text_completion"
    assert answer["usage"]["completion_tokens"] == 16
    assert answer["choices"][0]["finish_reason"] == "length"


def test_the_same_request_gets_the_same_text_and_another_one_another() -> None:
    def text(prompt: str) -> str:
        return content(ask(COMPLETE, {"prompt": prompt, "max_tokens": 20}))["choices"][0]["text"]

    assert text("a b") == text("a b")
    assert text("a b") != text("a c")


def test_several_choices_differ() -> None:
    choices = content(ask(CHAT, {**HELLO, "n": 3}))["choices"]
    assert [choice["index"] for choice in choices] == [0, 1, 2]
    assert len({choice["message"]["content"] for choice in choices}) == 3


def test_a_stop_string_ends_the_text_before_it() -> None:
    choice = content(ask(CHAT, {**HELLO, "stop": ["local", "never"]}))["choices"][0]
    assert choice["message"]["content"] == "Stand-in for Laguna on the "
    assert (choice["finish_reason"], choice["stop_reason"]) == ("stop", "local")


def test_the_token_limit_is_kept_and_ignore_eos_reaches_it() -> None:
    assert content(ask(CHAT, {**HELLO, "max_tokens": 3}))["usage"]["completion_tokens"] == 3
    assert content(ask(CHAT, {**HELLO, "max_completion_tokens": 2}))["usage"]["completion_tokens"] == 2
    long = content(ask(CHAT, {**HELLO, "max_tokens": 50, "ignore_eos": True}))
    assert long["usage"]["completion_tokens"] == 50
    assert long["choices"][0]["finish_reason"] == "length"


def test_an_echoed_prompt_comes_first() -> None:
    text = content(ask(COMPLETE, {**PROMPT, "echo": True}))["choices"][0]["text"]
    assert text.startswith("def add(a, b):Stand-in")


def test_a_streamed_chat_says_what_the_whole_one_says() -> None:
    *chunks, done = events(ask(CHAT, {**HELLO, "stream": True}))
    assert done == "[DONE]"
    assert chunks[0]["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    text = "".join(chunk["choices"][0]["delta"]["content"] for chunk in chunks)
    assert text == content(ask(CHAT, HELLO))["choices"][0]["message"]["content"]
    assert {chunk["object"] for chunk in chunks} == {"chat.completion.chunk"}
    assert len({chunk["id"] for chunk in chunks}) == 1
    reasons = [chunk["choices"][0]["finish_reason"] for chunk in chunks]
    assert reasons[-1] == "stop"
    assert set(reasons[:-1]) == {None}
    assert not any("usage" in chunk for chunk in chunks)


def test_a_streamed_completion_says_what_the_whole_one_says() -> None:
    *chunks, done = events(ask(COMPLETE, {**PROMPT, "stream": True, "n": 2}))
    assert done == "[DONE]"
    expected = content(ask(COMPLETE, {**PROMPT, "n": 2}))["choices"]
    for choice in expected:
        mine = [c for chunk in chunks for c in chunk["choices"] if c["index"] == choice["index"]]
        assert "".join(c["text"] for c in mine) == choice["text"]


def test_usage_is_streamed_when_it_is_asked_for() -> None:
    options = {"stream": True, "stream_options": {"include_usage": True}}
    *_, last, done = events(ask(CHAT, {**HELLO, **options}))
    assert done == "[DONE]"
    assert last["choices"] == []
    assert last["usage"] == {"prompt_tokens": 2, "total_tokens": 2 + last["usage"]["completion_tokens"]} | {
        "completion_tokens": content(ask(CHAT, HELLO))["usage"]["completion_tokens"]
    }
    options["stream_options"] = {"include_usage": False}
    assert all("usage" not in chunk for chunk in events(ask(CHAT, {**HELLO, **options}))[:-1])


@pytest.mark.parametrize(
    ("path", "body", "status", "kind", "param", "words"),
    [
        (CHAT, b"{", 400, "Bad Request", "body.1", "json_invalid"),
        (CHAT, b"[]", 400, "Bad Request", "body", "valid dictionary"),
        (CHAT, {"model": "Laguna"}, 400, "Bad Request", "body.messages", "Field required"),
        (CHAT, {**HELLO, "max_tokens": "x"}, 400, "Bad Request", "body.max_tokens", "int_parsing"),
        (CHAT, {**HELLO, "max_tokens": 0}, 400, "BadRequestError", "max_tokens", "at least 1, got 0"),
        (CHAT, {**HELLO, "n": 0}, 400, "BadRequestError", "n", "at least 1"),
        (CHAT, {**HELLO, "max_tokens": 65}, 400, "BadRequestError", "max_tokens", "max_model_len"),
        (
            CHAT,
            {**HELLO, "max_tokens": 63},
            400,
            "BadRequestError",
            "input_tokens",
            "context length is only 64",
        ),
        (
            CHAT,
            {**HELLO, "stream_options": {}, "stream": "maybe"},
            400,
            "Bad Request",
            "body.stream",
            "boolean",
        ),
        (
            CHAT,
            {**HELLO, "stream_options": {"include_usage": True}},
            400,
            "BadRequestError",
            "stream_options",
            "",
        ),
        (COMPLETE, {"model": "Laguna"}, 400, "BadRequestError", "prompt", "must be provided"),
        (
            CHAT,
            {**HELLO, "model": "gpt-4"},
            404,
            "NotFoundError",
            "model",
            "The model `gpt-4` does not exist.",
        ),
        ("/v1/none", {}, 404, "Not Found", None, "Not Found"),
        ("/v1/models", {}, 405, "Method Not Allowed", None, ""),
        ("/v1/responses", {}, 501, "Not Implemented", None, "stand-in"),
    ],
)
def test_errors_have_vllms_form(
    path: str, body: Any, status: int, kind: str, param: str | None, words: str
) -> None:
    response = ask(path, body)
    error = content(response)["error"]
    assert (response.status, error["code"], error["type"], error["param"]) == (status, status, kind, param)
    assert words in error["message"]


def test_a_body_that_is_not_json_by_its_type_is_refused() -> None:
    response = ask(CHAT, HELLO, content_type="text/plain")
    assert response.status == 400
    assert "Only 'application/json' is allowed" in content(response)["error"]["message"]


def test_a_request_without_a_model_gets_the_served_one() -> None:
    assert content(ask(CHAT, {"messages": HELLO["messages"]}))["model"] == "Laguna"


def test_metrics_count_what_happened() -> None:
    one = server()
    ask(CHAT, {**HELLO, "max_tokens": 3}, one)
    list(ask(COMPLETE, {**PROMPT, "max_tokens": 5, "stream": True}, one).body)
    ask(CHAT, {**HELLO, "model": "none"}, one)
    assert metric(one, "prompt_tokens_total") == 2 + 3
    assert metric(one, "generation_tokens_total") == 3 + 5
    assert metric(one, "request_success_total", 'finished_reason="length"', 'model_name="Laguna"') == 2
    assert metric(one, "request_success_total", 'finished_reason="abort"') == 0
    assert metric(one, "time_to_first_token_seconds_count") == 2
    assert metric(one, "request_generation_tokens_sum") == 8
    assert metric(one, "request_generation_tokens_bucket", 'le="5.0"') == 2
    assert metric(one, "request_generation_tokens_bucket", 'le="2.0"') == 0


def test_a_stream_that_the_client_leaves_counts_as_aborted_and_is_no_longer_under_way() -> None:
    one = server()
    stream = iter(ask(CHAT, {**HELLO, "stream": True}, one).body)
    next(stream)
    assert one.under_way == 1
    assert metric(one, "num_requests_running") == 1
    stream.close()  # type: ignore[attr-defined]
    assert one.under_way == 0
    assert metric(one, "num_requests_running") == 0
    assert metric(one, "request_success_total", 'finished_reason="abort"') == 1


def test_an_unread_stream_holds_nothing() -> None:
    one = server()
    ask(CHAT, {**HELLO, "stream": True}, one)
    assert one.under_way == 0


def test_no_more_run_at_once_than_the_server_takes() -> None:
    one = server(max_num_seqs=1)
    stream = iter(ask(CHAT, {**HELLO, "stream": True}, one).body)
    next(stream)
    with pytest.raises(TargetSilentError):
        ask(CHAT, HELLO, one, limit=0.1)
    assert metric(one, "num_requests_waiting") == 0
    stream.close()  # type: ignore[attr-defined]
    assert ask(CHAT, HELLO, one).status == 200


def test_a_full_queue_answers_503() -> None:
    one = server(max_num_seqs=1, max_queued=1)
    stream = iter(ask(CHAT, {**HELLO, "stream": True}, one).body)
    next(stream)
    waiter = threading.Thread(target=lambda: ask(CHAT, HELLO, one, limit=10), daemon=True)
    waiter.start()
    while metric(one, "num_requests_waiting") < 1:
        pass
    assert ask(CHAT, HELLO, one, limit=2).status == 503
    stream.close()  # type: ignore[attr-defined]
    waiter.join(5)
    assert not waiter.is_alive()


def test_an_answer_that_takes_too_long_for_its_reader_is_given_up() -> None:
    with pytest.raises(TargetSilentError):
        ask(CHAT, HELLO, server(Pace(first_token=5)), limit=0.05)


def test_comments_keep_a_silent_stream_open() -> None:
    one = server(Pace(first_token=0.5), keep_alive_seconds=0.05)
    body = whole(ask(CHAT, {**HELLO, "stream": True}, one, limit=0.3))
    assert body.startswith(b": keep-alive\n\n: keep-alive\n\n")
    assert body.endswith(b"data: [DONE]\n\n")
    silent = server(Pace(first_token=0.5))
    with pytest.raises(TargetSilentError):
        whole(ask(CHAT, {**HELLO, "stream": True}, silent, limit=0.3))


def test_an_aborted_server_breaks_its_streams_and_takes_no_new_requests() -> None:
    one = server(Pace(per_token=60))
    stream = iter(ask(CHAT, {**HELLO, "stream": True}, one).body)
    next(stream)
    next(stream)
    threading.Timer(0.05, one.abort).start()
    with pytest.raises(RefusedError):
        next(stream)
    assert one.under_way == 0
    with pytest.raises(RefusedError):
        ask("/v1/models", on=one)


def test_the_last_answer_is_told_to_who_waits_for_it() -> None:
    told: list[bool] = []
    one = ModelServer(VllmSettings(("m",), "m"), idle=lambda: told.append(True))
    one.answer(request(COMPLETE, PROMPT | {"model": "m"}))
    assert told == [True]
