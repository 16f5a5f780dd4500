"""Bodies of completion requests, checked as vLLM checks them, with its words for what is wrong.

Source: vLLM's ``entrypoints/openai/{completion,chat_completion}/protocol.py``, ``entrypoints/serve/utils/`` and
``sampling_params.py``. Fields that change nothing in the stand-in's answer are accepted unread, as vLLM accepts
fields that it does not know.
"""

import dataclasses
import json
from collections.abc import Mapping
from typing import Any, cast

from localcloud.dataplane.generation import count_tokens
from localcloud.dataplane.vllm_settings import VllmSettings

_COMPLETION_MAX_TOKENS = 16


class RequestRefusedError(Exception):
    """A request that vLLM refuses, with the fields of its error body."""

    def __init__(self, status: int, type_: str, message: str, param: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.type = type_
        self.param = param

    def content(self) -> dict[str, Any]:
        """The body of the answer."""
        error = {"message": str(self), "type": self.type, "param": self.param, "code": self.status}
        return {"error": error}


@dataclasses.dataclass(frozen=True)
class Wanted:
    """What a checked request asks for."""

    model: str
    prompts: tuple[str, ...]
    max_tokens: int
    chat: bool
    n: int = 1
    stop: tuple[str, ...] = ()
    include_stop: bool = False
    ignore_eos: bool = False
    min_tokens: int = 0
    echo: bool = False
    stream: bool = False
    include_usage: bool = False
    continuous_usage: bool = False


def _invalid(type_: str, field: str, message: str, given: Any) -> RequestRefusedError:
    error = {"type": type_, "loc": ("body", field), "msg": message, "input": given}
    text = f"1 validation error:\n  {error}"
    return RequestRefusedError(400, "Bad Request", text, f"body.{field}")


def _bad(message: str, param: str, given: Any = None) -> RequestRefusedError:
    shown = f"(parameter={param}, value={given})" if given is not None else f"(parameter={param})"
    return RequestRefusedError(400, "BadRequestError", f"{message} {shown}", param)


def body_of(content_type: str, body: bytes) -> dict[str, Any]:
    """The JSON object of a request's body."""
    if content_type.partition(";")[0].strip().lower() != "application/json":
        message = "Unsupported Media Type: Only 'application/json' is allowed"
        raise RequestRefusedError(400, "Bad Request", f"1 validation error:\n  {message}")
    try:
        content = json.loads(body)
    except json.JSONDecodeError as error:
        shown = {
            "type": "json_invalid",
            "loc": ("body", error.pos),
            "msg": "JSON decode error",
            "input": {},
            "ctx": {"error": error.msg},
        }
        text = f"1 validation error:\n  {shown}"
        raise RequestRefusedError(400, "Bad Request", text, f"body.{error.pos}") from None
    except UnicodeDecodeError:
        raise RequestRefusedError(400, "Bad Request", "There was an error parsing the body", None) from None
    if not isinstance(content, dict):
        shown = {
            "type": "model_attributes_type",
            "loc": ("body",),
            "msg": "Input should be a valid dictionary or object to extract fields from",
            "input": content,
        }
        raise RequestRefusedError(400, "Bad Request", f"1 validation error:\n  {shown}", "body")
    return cast("dict[str, Any]", content)


def _whole(body: Mapping[str, Any], field: str) -> int | None:
    value = body.get(field)
    if value is None or isinstance(value, int):
        return None if value is None else int(value)
    if isinstance(value, float):
        if value.is_integer():
            return int(value)
        message = "Input should be a valid integer, got a number with a fractional part"
        raise _invalid("int_from_float", field, message, value)
    if not isinstance(value, str):
        raise _invalid("int_type", field, "Input should be a valid integer", value)
    try:
        return int(value)
    except ValueError:
        message = "Input should be a valid integer, unable to parse string as an integer"
        raise _invalid("int_parsing", field, message, value) from None


def _flag(body: Mapping[str, Any], field: str) -> bool:
    value = body.get(field)
    if value is None or isinstance(value, bool):
        return bool(value)
    if value in (0, 1):
        return bool(value)
    known = {"true": True, "false": False, "1": True, "0": False, "yes": True, "no": False}
    if isinstance(value, str) and value.lower() in known:
        return known[value.lower()]
    raise _invalid("bool_parsing", field, "Input should be a valid boolean, unable to interpret input", value)


def _stop(body: Mapping[str, Any]) -> tuple[str, ...]:
    value = body.get("stop")
    if value is None:
        return ()
    if isinstance(value, str):
        return (value,) if value else ()
    entries = cast("list[Any]", value) if isinstance(value, list) else [None]
    if not all(isinstance(entry, str) for entry in entries):
        raise _invalid("list_type", "stop", "Input should be a valid list", value)
    if "" in entries:
        raise _bad("stop cannot contain an empty string.", "stop", value)
    return tuple(str(entry) for entry in entries)


def _text_of(message: Any, index: int) -> str:
    if not isinstance(message, dict) or not isinstance(cast("dict[str, Any]", message).get("role"), str):
        raise _invalid("missing", f"messages.{index}.role", "Field required", message)
    content: Any = cast("dict[str, Any]", message).get("content")
    if isinstance(content, str) or content is None:
        return content or ""
    if not isinstance(content, list):
        raise _invalid("string_type", f"messages.{index}.content", "Input should be a valid string", content)
    parts = [cast("dict[str, Any]", part) for part in cast("list[Any]", content) if isinstance(part, dict)]
    return " ".join(str(part.get("text") or "") for part in parts)


def _chat_prompts(body: Mapping[str, Any]) -> tuple[str, ...]:
    if "messages" not in body:
        raise _invalid("missing", "messages", "Field required", dict(body))
    messages = body["messages"]
    if not isinstance(messages, list) or not messages:
        raise _invalid("list_type", "messages", "Input should be a valid list", messages)
    texts = [_text_of(message, index) for index, message in enumerate(cast("list[Any]", messages))]
    return ("\n".join(texts),)


def _completion_prompts(body: Mapping[str, Any]) -> tuple[str, ...]:
    prompt = body.get("prompt")
    if prompt is None or prompt == "":
        raise _bad("Either prompt or prompt_embeds must be provided and non-empty.", "prompt")
    if isinstance(prompt, str):
        return (prompt,)
    if not isinstance(prompt, list) or not prompt:
        raise _invalid("string_type", "prompt", "Input should be a valid string", prompt)
    entries = cast("list[Any]", prompt)
    if all(isinstance(entry, int) for entry in entries):
        return (" ".join(str(entry) for entry in entries),)
    return tuple(
        " ".join(str(token) for token in cast("list[Any]", entry)) if isinstance(entry, list) else str(entry)
        for entry in entries
    )


def wanted(body: Mapping[str, Any], settings: VllmSettings, *, chat: bool) -> Wanted:
    """Check the body of a chat or completion request; raises `RequestRefusedError`.

    A request without a model gets the served one, as in vLLM.
    """
    prompts = _chat_prompts(body) if chat else _completion_prompts(body)
    stream, options = _flag(body, "stream"), body.get("stream_options")
    if options and not stream:
        raise _bad("Stream options can only be defined when `stream=True`.", "stream_options")
    usage = cast("dict[str, Any]", options) if isinstance(options, dict) and options else None
    model = body.get("model")
    if model is not None and not isinstance(model, str):
        raise _invalid("string_type", "model", "Input should be a valid string", model)
    if model and model not in settings.served_names:
        text = f"The model `{model}` does not exist."
        raise RequestRefusedError(404, "NotFoundError", text, "model")
    n = 1 if body.get("n") is None else _whole(body, "n") or 0
    if n < 1:
        raise _bad(f"n must be at least 1, got {n}.", "n", n)
    return Wanted(
        model=model or settings.served_names[0],
        prompts=prompts,
        max_tokens=_max_tokens(body, prompts, settings, chat=chat),
        chat=chat,
        n=n,
        stop=_stop(body),
        include_stop=_flag(body, "include_stop_str_in_output"),
        ignore_eos=_flag(body, "ignore_eos"),
        min_tokens=_whole(body, "min_tokens") or 0,
        echo=_flag(body, "echo"),
        stream=stream,
        include_usage=usage is not None and usage.get("include_usage", True) is not False,
        continuous_usage=usage is not None and bool(usage.get("continuous_usage_stats")),
    )


def _max_tokens(
    body: Mapping[str, Any], prompts: tuple[str, ...], settings: VllmSettings, *, chat: bool
) -> int:
    given = _whole(body, "max_completion_tokens") if chat else None
    if given is None:
        given = _whole(body, "max_tokens")
    length, most = settings.max_model_len, max(count_tokens(prompt) for prompt in prompts)
    asked = given if given is not None else (0 if chat else _COMPLETION_MAX_TOKENS)
    if asked > length:
        text = f"max_tokens={asked} cannot be greater than max_model_len=max_total_tokens={length}."
        raise _bad(text, "max_tokens", asked)
    if most + max(asked, 1 if chat else asked) > length:
        raise _bad(
            f"You passed {most} input tokens and requested {asked} output tokens. However, the model's context "
            f"length is only {length} tokens, resulting in a maximum input length of {length - asked} tokens. "
            "Please reduce the length of the input prompt.",
            "input_tokens",
            most,
        )
    if given is not None and given < 1:
        raise _bad(f"max_tokens must be at least 1, got {given}.", "max_tokens", given)
    return given if given is not None else (length - most if chat else _COMPLETION_MAX_TOKENS)
