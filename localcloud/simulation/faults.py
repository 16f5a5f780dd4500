"""Faults on request: which operation fails, how and when. The file and every kind: docs/faults.md."""

import contextlib
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

from localcloud.home import Home
from localcloud.providers.protocol import AnswerLostError, PartialFailureError, ProviderError
from localcloud.simulation.clock import clock_of
from localcloud.simulation.faults_account import under_way
from localcloud.simulation.faults_errors import (
    answer_lost,
    backoff_seconds,
    create_failed,
    throttled_out,
    timed_out,
)
from localcloud.simulation.faults_file import (
    CreateFailed,
    EngineKilled,
    FailsAfterMade,
    Fault,
    FaultsFileError,
    LateCapacity,
    NotYetVisible,
    ProviderKilled,
    Slow,
    Throttled,
    Timeout,
    read_faults,
)
from localcloud.simulation.faults_kills import Engine, kill_provider
from localcloud.simulation.faults_state import FaultState
from localcloud.simulation.operations import Around, Operation


def faults_around(home: Home, engine: Engine | None = None) -> Around:
    """The faults that the file ``faults.yaml`` of a local cloud asks for.

    Called when a provider starts: its parent is the engine then.
    """
    parent = engine or Engine()
    state = FaultState(home)

    @contextlib.contextmanager
    def around(operation: Operation) -> Generator[None]:
        with contextlib.ExitStack() as stack:
            entry = stack.enter_context(under_way(operation))
            for index, fault in enumerate(_faults(home)):
                if not fault.match.matches(operation) or not state.fires(index, fault, operation):
                    continue
                if isinstance(fault, LateCapacity):
                    entry.late_capacity = fault
                elif isinstance(fault, NotYetVisible):
                    stack.enter_context(_not_yet_visible(fault, operation, home))
                else:
                    stack.enter_context(_KINDS[fault.kind](fault, operation, parent))
            yield

    return around


def _faults(home: Home) -> Sequence[Fault]:
    try:
        return read_faults(home.faults_file)
    except FaultsFileError as error:
        raise ProviderError(str(error)) from None


@contextlib.contextmanager
def _throttled(fault: Throttled, operation: Operation, engine: Engine) -> Generator[None]:
    del engine
    operation.more_seconds += backoff_seconds(min(fault.throttles, fault.retries))
    if fault.throttles > fault.retries:
        raise throttled_out(operation, fault.retries)
    yield


@contextlib.contextmanager
def _slow(fault: Slow, operation: Operation, engine: Engine) -> Generator[None]:
    del engine
    operation.more_seconds += fault.seconds
    yield


@contextlib.contextmanager
def _timeout(fault: Timeout, operation: Operation, engine: Engine) -> Generator[None]:
    del engine
    operation.more_seconds += fault.seconds
    yield
    raise _kept(operation, timed_out(operation, fault.seconds))


@contextlib.contextmanager
def _create_failed(fault: CreateFailed, operation: Operation, engine: Engine) -> Generator[None]:
    del engine
    yield
    raise _kept(operation, create_failed(operation, fault.message))


def _kept(operation: Operation, message: str) -> ProviderError:
    """The failure of an operation whose resource stays: the engine keeps its id and state."""
    if operation.state is None:  # a delete: the engine keeps what it has
        return ProviderError(message)
    return PartialFailureError(message, operation.id, operation.state, operation.inputs)


@contextlib.contextmanager
def _fails_after_made(fault: FailsAfterMade, operation: Operation, engine: Engine) -> Generator[None]:
    del fault, engine
    yield
    raise AnswerLostError(answer_lost(operation))


@contextlib.contextmanager
def _not_yet_visible(fault: NotYetVisible, operation: Operation, home: Home) -> Generator[None]:
    yield
    FaultState(home).hide(operation.type, operation.id, clock_of(home).now() + fault.seconds)


@contextlib.contextmanager
def _engine_killed(fault: EngineKilled, operation: Operation, engine: Engine) -> Generator[None]:
    if fault.moment == "before":
        engine.kill()
        raise AnswerLostError("the engine was killed on request, before the operation")
    yield
    engine.kill()


@contextlib.contextmanager
def _provider_killed(fault: ProviderKilled, operation: Operation, engine: Engine) -> Generator[None]:
    del operation, engine
    if fault.moment == "before":
        kill_provider()
    yield
    kill_provider()


_KINDS: Mapping[str, Callable[[Any, Operation, Engine], AbstractContextManager[None]]] = {
    "throttled": _throttled,
    "slow": _slow,
    "timeout": _timeout,
    "fails-after-made": _fails_after_made,
    "create-failed": _create_failed,
    "provider-killed": _provider_killed,
    "engine-killed": _engine_killed,
}
"""Kinds that happen around an operation; the others happen inside the account: see `faults_account`."""
