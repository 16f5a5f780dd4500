"""Whether models fit on GPU nodes, as the scheduler would place them: each replica whole, on one node."""

from collections.abc import Iterable
from typing import NamedTuple


class Demand(NamedTuple):
    """One replica of a model."""

    model: str
    """Key of the model."""
    gpus: int
    """GPUs that it takes, all on one node."""


class Misfit(NamedTuple):
    """A replica that has no place once all that could be placed is."""

    demand: Demand
    """The replica."""
    free: tuple[int, ...]
    """GPUs left on each node at that point."""


def misfits(demands: Iterable[Demand], nodes: int, gpus_per_node: int) -> list[Misfit]:
    """Replicas that do not fit on ``nodes`` nodes of ``gpus_per_node`` GPUs; empty if all do.

    Biggest first, each on the first node with room. For sizes and nodes that are powers of two this is
    exact: a bigger replica never leaves a gap that smaller ones cannot fill.
    """
    free = [gpus_per_node] * nodes
    left_out: list[Misfit] = []
    for demand in sorted(demands, key=lambda demand: -demand.gpus):
        node = next((index for index, gpus in enumerate(free) if gpus >= demand.gpus), None)
        if node is None:
            left_out.append(Misfit(demand, tuple(free)))
        else:
            free[node] -= demand.gpus
    return left_out
