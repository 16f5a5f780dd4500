"""Bodies of answers in vLLM's form, whole and as a stream of events.

Source: vLLM's ``entrypoints/openai/{models,completion,chat_completion}/{protocol,serving}.py``.
"""

import json
import uuid
from collections.abc import Sequence
from typing import Any

from localcloud.dataplane.exchange import STAND_IN_FINGERPRINT
from localcloud.dataplane.generation import Generation
from localcloud.dataplane.openai_requests import Wanted
from localcloud.dataplane.vllm_settings import VllmSettings

DONE = b"data: [DONE]\n\n"
"""The end of every stream."""

KEEP_ALIVE = b": keep-alive\n\n"
"""What keeps a silent stream open."""


def model_list(settings: VllmSettings, created: int) -> dict[str, Any]:
    """The body of ``/v1/models``."""
    permission = {
        "object": "model_permission",
        "created": created,
        "allow_create_engine": False,
        "allow_sampling": True,
        "allow_logprobs": True,
        "allow_search_indices": False,
        "allow_view": True,
        "allow_fine_tuning": False,
        "organization": "*",
        "group": None,
        "is_blocking": False,
    }
    cards = [
        {
            "id": name,
            "object": "model",
            "created": created,
            "owned_by": "vllm",
            "root": settings.root,
            "parent": None,
            "max_model_len": settings.max_model_len,
            "permission": [{"id": f"modelperm-{uuid.uuid4().hex}", **permission}],
        }
        for name in settings.served_names
    ]
    return {"object": "list", "data": cards}


def usage(prompt_tokens: int, completion_tokens: int) -> dict[str, Any]:
    """The usage of an answer."""
    return {
        "prompt_tokens": prompt_tokens,
        "total_tokens": prompt_tokens + completion_tokens,
        "completion_tokens": completion_tokens,
    }


class Answer:
    """The answer to one request: its identity, and its bodies."""

    def __init__(self, wanted: Wanted, created: int, prompt_tokens: int) -> None:
        self._wanted = wanted
        self._prompt_tokens = prompt_tokens
        prefix = "chatcmpl" if wanted.chat else "cmpl"
        self._head = {"id": f"{prefix}-{uuid.uuid4().hex}", "created": created, "model": wanted.model}

    def whole(self, generations: Sequence[Generation]) -> dict[str, Any]:
        """The body of an answer that is not streamed."""
        make = self._chat_choice if self._wanted.chat else self._completion_choice
        return {
            **self._head,
            "object": "chat.completion" if self._wanted.chat else "text_completion",
            "choices": [make(index, generation) for index, generation in enumerate(generations)],
            "service_tier": None,
            "system_fingerprint": STAND_IN_FINGERPRINT,
            "usage": {**usage(self._prompt_tokens, _tokens(generations)), "prompt_tokens_details": None},
            "kv_transfer_params": None,
        }

    def _chat_choice(self, index: int, generation: Generation) -> dict[str, Any]:
        message: dict[str, Any] = {
            "role": "assistant",
            "content": generation.text,
            "refusal": None,
            "annotations": None,
            "audio": None,
            "function_call": None,
            "tool_calls": [],
            "reasoning": None,
        }
        return {"index": index, "message": message, "logprobs": None, **_ending(generation)}

    def _completion_choice(self, index: int, generation: Generation) -> dict[str, Any]:
        prompts = self._wanted.prompts
        echoed = prompts[index // self._wanted.n] if self._wanted.echo else ""
        return {"index": index, "text": echoed + generation.text, "logprobs": None, **_ending(generation)}

    def opening(self, choices: int) -> list[bytes]:
        """The events before the first token: the role of each chat message, the echo of a completion."""
        if self._wanted.chat:
            delta = {"role": "assistant", "content": ""}
            made = [
                {"index": i, "delta": delta, "logprobs": None, "finish_reason": None} for i in range(choices)
            ]
        elif self._wanted.echo:
            prompts, n = self._wanted.prompts, self._wanted.n
            made = [
                {"index": i, "text": prompts[i // n], "logprobs": None, "finish_reason": None}
                for i in range(choices)
            ]
        else:
            made = []
        return [self._event([choice], 0) for choice in made]

    def token(self, index: int, generation: Generation, position: int, done: int) -> bytes:
        """The event of one token; the last one also says why it is the last. ``done`` counts all tokens so far."""
        piece = generation.pieces[position]
        last = position == len(generation.pieces) - 1
        ending = _ending(generation) if last else {"finish_reason": None}
        text = {"delta": {"content": piece}} if self._wanted.chat else {"text": piece}
        return self._event([{"index": index, **text, "logprobs": None, **ending}], done)

    def closing(self, generations: Sequence[Generation]) -> list[bytes]:
        """The usage, if it was asked for, and the end of the stream."""
        total = usage(self._prompt_tokens, _tokens(generations))
        counted = [self._write({"choices": [], "usage": total})] if self._wanted.include_usage else []
        return [*counted, DONE]

    def _event(self, choices: list[dict[str, Any]], done: int) -> bytes:
        content: dict[str, Any] = {"choices": choices}
        if self._wanted.continuous_usage:
            content["usage"] = usage(self._prompt_tokens, done)
        return self._write(content)

    def _write(self, content: dict[str, Any]) -> bytes:
        kind = "chat.completion.chunk" if self._wanted.chat else "text_completion"
        full = {
            "id": self._head["id"],
            "object": kind,
            "created": self._head["created"],
            "model": self._head["model"],
            "system_fingerprint": STAND_IN_FINGERPRINT,
            **content,
        }
        return f"data: {json.dumps(full, ensure_ascii=False, separators=(',', ':'))}\n\n".encode()


def _tokens(generations: Sequence[Generation]) -> int:
    return sum(generation.tokens for generation in generations)


def _ending(generation: Generation) -> dict[str, Any]:
    return {"finish_reason": generation.finish_reason, "stop_reason": generation.stop_reason}
