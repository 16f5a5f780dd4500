"""Faults that happen inside the simulated account: what is not seen yet, and capacity that comes late."""

import contextlib
import contextvars
import dataclasses
import json
from collections.abc import Callable, Generator
from typing import TypeVar

from localcloud.aws.store import Record, Store
from localcloud.home import Home
from localcloud.providers.protocol import Properties, ProviderError
from localcloud.simulation.clock import NoClock, clock_of
from localcloud.simulation.faults_file import LateCapacity
from localcloud.simulation.faults_state import FaultState
from localcloud.simulation.operations import Operation

PROPAGATION_SECONDS = 120.0
"""How long the published provider goes on asking when a role is not seen yet (its IAM ``propagationTimeout``)."""

CAPACITY_SECONDS = 1200.0
"""After about 20 minutes without capacity EKS gives a node group up (terraform-aws-modules/terraform-aws-eks#1910)."""

Result = TypeVar("Result")


@dataclasses.dataclass
class UnderWay:
    """The operation of this thread, and what it is to meet inside the account."""

    operation: Operation
    late_capacity: LateCapacity | None = None


_under_way: contextvars.ContextVar[UnderWay | None] = contextvars.ContextVar("under_way", default=None)


@contextlib.contextmanager
def under_way(operation: Operation) -> Generator[UnderWay]:
    """Makes an operation known to what happens inside the account."""
    entry = UnderWay(operation)
    token = _under_way.set(entry)
    try:
        yield entry
    finally:
        _under_way.reset(token)


def pause(home: Home, seconds: float) -> None:
    """Let simulated time pass inside the operation; it lasts that much longer."""
    entry = _under_way.get()
    if entry:
        entry.operation.more_seconds += seconds
    clock_of(home).sleep(seconds)


def seen_by(
    home: Home, store: Store, type_: str, inputs: Properties, work: Callable[[Store], Result]
) -> Result:
    """The result of ``work`` with what AWS shows to a resource of that type and inputs at this moment.

    While something that the inputs name is not visible yet, the answer is AWS's refusal; it is asked again, as the
    published provider does, until that shows or the provider's patience is over.
    """
    state = FaultState(home)
    waited = 0.0
    while True:
        unseen = {
            key: left
            for key, left in state.unseen(clock_of(home).now()).items()
            if key[0] != type_ and _names(inputs, store.get(*key))
        }
        if not unseen:
            return work(store)
        try:
            return work(store.without(unseen))
        except ProviderError:
            wait = min(*unseen.values(), PROPAGATION_SECONDS - waited)
            if wait <= 0:
                raise
            pause(home, wait)
            if isinstance(clock_of(home), NoClock):
                state.let_pass(wait)
            waited += wait


def _names(inputs: Properties, record: Record | None) -> bool:
    """Whether inputs name a resource, by its id or ARN, anywhere in them."""
    if record is None:
        return False
    text = json.dumps(inputs)
    wanted = [record.id, record.state.get("arn"), record.state.get("name")]
    return any(isinstance(one, str) and one in text for one in wanted)


def wait_for_capacity(home: Home, what: str, zones: str) -> None:
    """Wait for capacity that comes late; raises EC2's refusal when EKS gives up first."""
    entry = _under_way.get()
    fault = entry.late_capacity if entry else None
    if entry is None or fault is None:
        return
    entry.late_capacity = None
    pause(home, min(fault.seconds, CAPACITY_SECONDS))
    if fault.seconds > CAPACITY_SECONDS:
        raise ProviderError(
            "unexpected state 'CREATE_FAILED', wanted target 'ACTIVE'. last error: AsgInstanceLaunchFailures: "
            "Could not launch On-Demand Instances. InsufficientInstanceCapacity - We currently do not have sufficient "
            f"{what} capacity in the Availability Zone you requested ({zones}). Our system will be working on "
            "provisioning additional capacity.",
        )
