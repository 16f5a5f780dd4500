"""Workers of Pulumi's Python SDK while time is simulated."""

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor

SPEED_VARIABLE = "INFERENCE_PLANE_SPEED"
"""``max``, or how many virtual seconds may pass in a real one. Unset: no clock."""

WORKERS = 64
"""As many as a provider's server has, and what a timed run gives to ``pulumi --parallel``."""


def with_simulated_time(loop: asyncio.AbstractEventLoop) -> None:
    """Give the event loop a worker for every registration, if a clock was asked for.

    Each registration blocks a worker of the SDK until its resource is there, and by default there are four more
    workers than processors: a machine with two would simulate a slower deployment than one with sixteen.
    """
    if os.environ.get(SPEED_VARIABLE):
        loop.set_default_executor(ThreadPoolExecutor(max_workers=WORKERS))
