"""Pure arithmetic on orders: when everything could begin, what the longest path is, and who holds up how much."""

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import TypeVar

Node = TypeVar("Node", bound=Hashable)


class CycleError(ValueError):
    """Orders that contradict each other."""


def sorted_nodes(before: Mapping[Node, Iterable[Node]]) -> list[Node]:
    """Every node after all that come before it; raises `CycleError` if that is impossible."""
    done: dict[Node, bool] = {}
    order: list[Node] = []
    for root in before:
        stack: list[tuple[Node, bool]] = [(root, False)]
        while stack:
            node, leaving = stack.pop()
            if leaving:
                done[node] = True
                order.append(node)
                continue
            if node in done:
                if not done[node]:
                    raise CycleError(f"{node} comes before itself")
                continue
            done[node] = False
            stack.append((node, True))
            for other in before.get(node, ()):
                if done.get(other) is False:
                    raise CycleError(f"{other} and {node} come before each other")
                if other not in done:
                    stack.append((other, False))
    return order


def ends(before: Mapping[Node, Iterable[Node]], seconds: Mapping[Node, float]) -> dict[Node, float]:
    """The earliest end of each node: it begins when all that come before it have ended."""
    end: dict[Node, float] = {}
    for node in sorted_nodes(before):
        begin = max((end[other] for other in before.get(node, ())), default=0.0)
        end[node] = begin + seconds.get(node, 0.0)
    return end


def makespan(before: Mapping[Node, Iterable[Node]], seconds: Mapping[Node, float]) -> float:
    """The longest path: nothing that respects the orders can be faster."""
    return max(ends(before, seconds).values(), default=0.0)


def longest_path(before: Mapping[Node, Iterable[Node]], seconds: Mapping[Node, float]) -> list[Node]:
    """The nodes of a longest path that take time, first to last."""
    end = ends(before, seconds)
    path: list[Node] = []
    node = max(end, key=lambda one: end[one], default=None)
    while node is not None:
        if seconds.get(node, 0.0) > 0:
            path.append(node)
        # The last to end is who it waited for.
        node = max(before.get(node, ()), key=lambda one: end[one], default=None)
    return path[::-1]


def held_up(
    total: Callable[[Mapping[Node, float]], float], seconds: Mapping[Node, float]
) -> dict[Node, float]:
    """By how many seconds the whole would be shorter if a node took no time, for each node.

    ``total`` gives the makespan for given seconds. The figures do not add up to the makespan: two nodes side by
    side hide each other.
    """
    whole = total(seconds)
    return {node: whole - total({**seconds, node: 0.0}) for node in seconds}


def ancestors(before: Mapping[Node, Iterable[Node]]) -> dict[Node, frozenset[Node]]:
    """Everything that comes before each node, directly or not."""
    found: dict[Node, frozenset[Node]] = {}
    for node in sorted_nodes(before):
        direct = set(before.get(node, ()))
        found[node] = frozenset(direct.union(*(found[other] for other in direct)))
    return found


def depths(below: Mapping[Node, Iterable[Node]]) -> dict[Node, int]:
    """Length of the longest chain below each node, 0 at the bottom."""
    depth: dict[Node, int] = {}
    for node in sorted_nodes(below):
        depth[node] = max((depth[other] + 1 for other in below.get(node, ())), default=0)
    return depth
