"""The text that the stand-in generates: short, and the same for the same request. A word counts as a token."""

import dataclasses
import hashlib
import itertools
import re
from collections.abc import Iterator, Sequence

_TOKEN = re.compile(r"\s*\S+")
_WORDS = (
    "request", "route", "pod", "answer", "token", "model", "stream", "rule", "host", "path", "key", "probe", "node",
    "zone", "drain", "stop", "count", "batch", "queue", "cache", "shard", "layer", "head", "page", "block", "slot",
)  # fmt: skip
_LEAST, _SPREAD = 4, 8


@dataclasses.dataclass(frozen=True)
class Generation:
    """One generated choice."""

    pieces: tuple[str, ...]
    """Text of each token, in order; a stop string may have cut the last ones."""
    tokens: int
    """Tokens that were generated, the cut ones included."""
    finish_reason: str
    """``stop`` or ``length``."""
    stop_reason: str | None = None
    """The stop string that ended it."""

    @property
    def text(self) -> str:
        """The whole text."""
        return "".join(self.pieces)


def count_tokens(text: str) -> int:
    """The tokens of a prompt; an empty one still has its beginning."""
    return max(1, len(_TOKEN.findall(text)))


def _endless(model: str, prompt: str, choice: int) -> Iterator[str]:
    introduction = f"Stand-in for {model} on the local cloud: no model runs here."
    yield from _TOKEN.findall(introduction)
    for index in itertools.count():
        digest = hashlib.sha256(f"{model}\n{prompt}\n{choice}\n{index}".encode()).digest()
        yield f" {_WORDS[digest[0] % len(_WORDS)]}"


def generate(
    model: str,
    prompt: str,
    choice: int = 0,
    *,
    max_tokens: int,
    stop: Sequence[str] = (),
    include_stop: bool = False,
    ignore_eos: bool = False,
    min_tokens: int = 0,
) -> Generation:
    """Generate one choice; with ``ignore_eos`` it is as long as ``max_tokens`` allows."""
    digest = hashlib.sha256(f"{model}\n{prompt}\n{choice}".encode()).digest()
    natural = len(_TOKEN.findall(f"Stand-in for {model} on the local cloud: no model runs here."))
    natural = max(natural + _LEAST + digest[0] % _SPREAD, min_tokens)
    length = max_tokens if ignore_eos else min(natural, max_tokens)
    pieces: list[str] = []
    text = ""
    longest = max((len(entry) for entry in stop), default=0)
    for piece in itertools.islice(_endless(model, prompt, choice), length):
        begin = max(0, len(text) - longest)
        text += piece
        pieces.append(piece)
        found = [(at, entry) for entry in stop if (at := text.find(entry, begin)) >= 0]
        if found and len(pieces) > min_tokens:
            at, entry = min(found)
            kept = text[: at + len(entry) if include_stop else at]
            return Generation(_cut(pieces, len(kept)), len(pieces), "stop", entry)
    return Generation(tuple(pieces), len(pieces), "length" if length == max_tokens else "stop")


def _cut(pieces: Sequence[str], length: int) -> tuple[str, ...]:
    kept: list[str] = []
    for piece in pieces:
        kept.append(piece[:length])
        length -= len(kept[-1])
    return tuple(kept)
