"""vLLM's command line, as far as a client can notice what stands in it."""

import dataclasses
import re
from collections.abc import Sequence

NEWEST = (0, 33, 0)
"""What a server of unknown version is taken for."""

_LIST_FLAGS = ("served-model-name", "api-key")
_VERSION = re.compile(r"^v?(\d+)\.(\d+)\.(\d+)")


@dataclasses.dataclass(frozen=True)
class VllmSettings:
    """The settings of one server; defaults are vLLM's own (0.33.0)."""

    served_names: tuple[str, ...]
    root: str
    """What ``/v1/models`` shows as the model's root: the checkpoint's path or URI."""
    port: int = 8000
    max_model_len: int = 131072
    """vLLM takes it from the model when it is not given; the stand-in has no model to ask."""
    max_num_seqs: int = 1024
    max_queued: int = 0
    """Requests that may wait; 0 is no limit."""
    keep_alive_seconds: float = 0
    """Interval of the comments in a silent stream; 0 is never."""
    shutdown_seconds: float = 0
    api_keys: tuple[str, ...] = ()
    version: tuple[int, int, int] = NEWEST

    @property
    def version_text(self) -> str:
        """The version as ``/version`` says it."""
        return ".".join(str(part) for part in self.version)

    @property
    def guarded_prefixes(self) -> tuple[str, ...]:
        """Path prefixes that need the key (vLLM's ``server_utils.py`` and its history)."""
        if self.version < (0, 22, 0):
            return ("/v1",)
        if self.version < (0, 27, 1):
            return ("/v1", "/v2", "/inference")
        return ("/v1", "/v2", "/inference", "/cohere")


def version_of(image: str) -> tuple[int, int, int]:
    """The version at the beginning of an image's tag; `NEWEST` where there is none."""
    _, _, tag = image.partition("@")[0].rpartition("/")[2].partition(":")
    match = _VERSION.match(tag)
    return (int(match[1]), int(match[2]), int(match[3])) if match else NEWEST


def parse(words: Sequence[str], image: str, environment_key: str = "") -> VllmSettings:
    """The settings of ``vllm serve`` from its command line, image and the key in ``VLLM_API_KEY``.

    ``--api-key`` goes before the variable, as in vLLM. Raises ValueError if a number is none: vLLM would not start.
    """
    flags, positional = _flags(words)
    model = flags.get("model", positional[:1] or [""])[-1]
    names = tuple(flags.get("served-model-name") or (model,))
    keys = tuple(key for key in flags.get("api-key") or (environment_key,) if key)
    settings = VllmSettings(names, model, api_keys=keys, version=version_of(image))
    numbers = {
        "port": "port",
        "max_model_len": "max-model-len",
        "max_num_seqs": "max-num-seqs",
        "max_queued": "max-num-queued-reqs",
        "keep_alive_seconds": "sse-keep-alive-interval",
        "shutdown_seconds": "shutdown-timeout",
    }
    given = {field: int(flags[flag][-1]) for field, flag in numbers.items() if flags.get(flag)}
    return dataclasses.replace(settings, **given)


def _flags(words: Sequence[str]) -> tuple[dict[str, list[str]], list[str]]:
    """Values by flag, and the words that belong to none."""
    flags: dict[str, list[str]] = {}
    positional: list[str] = []
    current = ""
    for word in words:
        if word.startswith("--"):
            name, equals, value = word[2:].partition("=")
            current = name.replace("_", "-")
            flags[current] = [value] if equals else []
            if equals and current not in _LIST_FLAGS:
                current = ""
        elif current:
            flags[current].append(word)
            if current not in _LIST_FLAGS:
                current = ""
        elif word not in ("vllm", "serve"):
            positional.append(word)
    return flags, positional
