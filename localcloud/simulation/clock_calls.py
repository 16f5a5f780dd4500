"""Counts a provider's other calls (checks, diffs, reads) as work: the engine waits for their answers."""

import os
from collections.abc import Callable
from typing import Any

import grpc

from localcloud.home import Home
from localcloud.simulation.clock import SPEED_VARIABLE, Clock, clock_of

_OPERATIONS = frozenset({"Create", "Update", "Delete"})
"""Calls that the clock wraps by themselves."""


class _Calls(grpc.ServerInterceptor):
    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def intercept_service(self, continuation: Any, handler_call_details: Any) -> Any:
        """Wrap every call that is no operation."""
        handler = continuation(handler_call_details)
        method = str(handler_call_details.method).rsplit("/", 1)[-1]
        if handler is None or handler.unary_unary is None or method in _OPERATIONS:
            return handler
        answer: Callable[[Any, Any], Any] = handler.unary_unary

        def counted(request: Any, context: Any) -> Any:
            with self._clock.call(method):
                return answer(request, context)

        return grpc.unary_unary_rpc_method_handler(
            counted, handler.request_deserializer, handler.response_serializer
        )


def call_interceptors() -> list[grpc.ServerInterceptor]:
    """What a provider's server needs for the clock; nothing when no run asks for one."""
    if not os.environ.get(SPEED_VARIABLE):
        return []
    clock = clock_of(Home.from_environment())
    return [_Calls(clock)] if isinstance(clock, Clock) else []
