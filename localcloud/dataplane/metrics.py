"""vLLM's metrics in Prometheus' text format; what is counted really happened.

Source: vLLM 0.33.0, ``v1/metrics/loggers.py``. Names, labels and buckets are its own; metrics of parts that a
stand-in does not have (prefix cache, KV cache, preemption) are there and stay zero.
"""

import bisect
import threading
from collections.abc import Sequence

_TIME_TO_FIRST = (
    0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0, 20.0, 40.0, 80.0,
    160.0, 640.0, 2560.0,
)  # fmt: skip
_BETWEEN = (
    0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0, 20.0, 40.0, 80.0,
)  # fmt: skip
_WHOLE = (
    0.3, 0.5, 0.8, 1.0, 1.5, 2.0, 2.5, 5.0, 10.0, 15.0, 20.0, 30.0, 40.0, 50.0, 60.0, 120.0, 240.0, 480.0, 960.0,
    1920.0, 7680.0,
)  # fmt: skip

_GAUGES = {
    "num_requests_running": "Number of requests in model execution batches.",
    "num_requests_waiting": "Number of requests waiting to be processed.",
    "kv_cache_usage_perc": "KV-cache usage. 1 means 100 percent usage.",
}
_COUNTERS = {
    "num_preemptions": "Cumulative number of preemption from the engine.",
    "prompt_tokens": "Number of prefill tokens processed.",
    "generation_tokens": "Number of generation tokens processed.",
    "prefix_cache_queries": "Prefix cache queries, in terms of number of queried tokens.",
    "prefix_cache_hits": "Prefix cache hits, in terms of number of cached tokens.",
}
_HISTOGRAMS = {
    "time_to_first_token_seconds": "Histogram of time to first token in seconds.",
    "inter_token_latency_seconds": "Histogram of inter-token latency in seconds.",
    "e2e_request_latency_seconds": "Histogram of e2e request latency in seconds.",
    "request_queue_time_seconds": "Histogram of time spent in WAITING phase for request.",
    "request_prompt_tokens": "Number of prefill tokens processed.",
    "request_generation_tokens": "Number of generation tokens processed.",
}
_REASONS: tuple[str, ...] = ("stop", "length", "abort", "error", "repetition")


def _token_buckets(most: int) -> tuple[float, ...]:
    """1, 2, 5, 10, 20, 50 … up to the longest possible request."""
    steps = (mantissa * 10**exponent for exponent in range(12) for mantissa in (1, 2, 5))
    return tuple(float(step) for step in steps if step <= most)


class _Histogram:
    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.sum = 0.0

    def observe(self, value: float) -> None:
        self.counts[bisect.bisect_left(self.bounds, value)] += 1
        self.sum += value


class Metrics:
    """The counters of one model server; safe for threads."""

    def __init__(self, model_name: str, max_model_len: int) -> None:
        self._labels = f'engine="0",model_name="{_escaped(model_name)}"'
        self._lock = threading.Lock()
        self._gauges = dict.fromkeys(_GAUGES, 0)
        self._counters = dict.fromkeys(_COUNTERS, 0)
        self._finished = dict.fromkeys(_REASONS, 0)
        tokens = _token_buckets(max_model_len)
        bounds = {
            "time_to_first_token_seconds": _TIME_TO_FIRST,
            "inter_token_latency_seconds": _BETWEEN,
            "request_prompt_tokens": tokens,
            "request_generation_tokens": tokens,
        }
        self._histograms = {name: _Histogram(bounds.get(name, _WHOLE)) for name in _HISTOGRAMS}

    def move(self, gauge: str, by: int) -> None:
        """Change a gauge."""
        with self._lock:
            self._gauges[gauge] += by

    def gauge(self, name: str) -> int:
        """What a gauge says now."""
        with self._lock:
            return self._gauges[name]

    def count(self, counter: str, by: int) -> None:
        """Add to a counter."""
        with self._lock:
            self._counters[counter] += by

    def observe(self, histogram: str, value: float) -> None:
        """Add an observation."""
        with self._lock:
            self._histograms[histogram].observe(value)

    def finished(self, reason: str) -> None:
        """Count a request that ended, by its reason."""
        with self._lock:
            self._finished[reason] += 1

    def text(self) -> str:
        """Everything in Prometheus' text format."""
        lines: list[str] = []
        with self._lock:
            for name, value in self._gauges.items():
                lines += [
                    *_head(name, _GAUGES[name], "gauge"),
                    f"vllm:{name}{{{self._labels}}} {float(value)}",
                ]
            for name, value in self._counters.items():
                lines += _head(name, _COUNTERS[name], "counter", "_total")
                lines.append(f"vllm:{name}_total{{{self._labels}}} {float(value)}")
            lines += _head(
                "request_success", "Count of successfully processed requests.", "counter", "_total"
            )
            for reason, value in self._finished.items():
                labels = f'engine="0",finished_reason="{reason}",{self._labels.partition(",")[2]}'
                lines.append(f"vllm:request_success_total{{{labels}}} {float(value)}")
            for name, histogram in self._histograms.items():
                lines += _head(name, _HISTOGRAMS[name], "histogram")
                lines += self._histogram_lines(name, histogram)
        return "\n".join(lines) + "\n"

    def _histogram_lines(self, name: str, histogram: _Histogram) -> list[str]:
        lines: list[str] = []
        total = 0
        for bound, count in zip([*map(str, histogram.bounds), "+Inf"], histogram.counts, strict=True):
            total += count
            labels = f'engine="0",le="{bound}",{self._labels.partition(",")[2]}'
            lines.append(f"vllm:{name}_bucket{{{labels}}} {float(total)}")
        lines.append(f"vllm:{name}_count{{{self._labels}}} {float(total)}")
        lines.append(f"vllm:{name}_sum{{{self._labels}}} {histogram.sum}")
        return lines


def _head(name: str, text: str, kind: str, suffix: str = "") -> list[str]:
    return [f"# HELP vllm:{name}{suffix} {text}", f"# TYPE vllm:{name}{suffix} {kind}"]


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
