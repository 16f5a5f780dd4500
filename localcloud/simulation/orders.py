"""What has to come before what, and what the engine makes come before what.

*Needed* orders follow from data (one input is computed from another resource) or stand in `orders_table.py`. The
engine keeps more: everything in ``depends_on``, everything that a component depends on for each of its children,
and, on the way down, its rounds (`rounds`).
"""

from collections.abc import Iterator, Mapping

from localcloud.simulation.orders_graph import depths
from localcloud.simulation.orders_state import Resource, Resources
from localcloud.simulation.orders_table import ORDERS

Before = dict[str, set[str]]
"""By URN: the URNs that come first."""


def needed(stack: Resources, *, deleting: bool = False) -> Before:
    """For each resource, what has to be there before it is made; in reverse when everything is deleted."""
    before: Before = {urn: set() for urn in stack}
    for resource in stack.values():
        # Data through a component's output names the resource that it comes from as well.
        before[resource.urn] |= {urn for urn in resource.data if urn in stack and stack[urn].custom}
        if resource.provider in stack:
            before[resource.urn].add(resource.provider)
    for order in ORDERS:
        if deleting and order.when == "create":
            continue
        for first, second in order.pairs(stack):
            if first != second:
                before[second].add(first)
    return reversed_(before) if deleting else before


def reasons(stack: Resources) -> dict[tuple[str, str], str]:
    """Why the table asks for an order, by first and second URN."""
    return {pair: order.reason for order in ORDERS for pair in order.pairs(stack)}


def reversed_(before: Mapping[str, set[str]]) -> Before:
    """The orders of a teardown: what came last goes first."""
    after: Before = {urn: set() for urn in before}
    for second, firsts in before.items():
        for first in firsts:
            after[first].add(second)
    return after


def engine_makes(stack: Resources) -> Before:
    """For each resource, everything that the engine waits for before it makes it."""
    return {urn: {first for first, _ in waits(stack, urn)} for urn in stack}


def waits(stack: Resources, urn: str) -> Iterator[tuple[str, Resource]]:
    """What the engine waits for before it makes a resource, each with who says so.

    That is the resource itself, or a component that it is in: a component that depends on something is
    registered after it, and its children after their component.
    """
    resource = stack[urn]
    for owner in (resource, *stack.ancestors(urn)):
        for first in owner.dependencies:
            # A component that is built elsewhere is there when all of its children are.
            made = [first] if first in stack and stack[first].custom else stack.below(first)
            yield from ((one, owner) for one in made if one in stack and one != urn)
    if resource.provider in stack:
        yield resource.provider, resource


def rounds(stack: Resources) -> dict[str, int]:
    """The round in which the engine deletes each resource, 0 first.

    It does not delete a resource as soon as nothing needs it any more. It sorts all into rounds by the length of
    the longest chain of dependencies, parents and providers below each, deletes the highest round first, and
    waits for all of a round before it begins the next (Pulumi's `ScheduleDeletes`).
    """
    below: Before = {}
    for resource in stack.values():
        firsts = {*resource.dependencies, resource.parent, resource.provider}
        # Whoever depends on a component goes before all of its children.
        inside = {child for urn in resource.dependencies if urn in stack for child in stack.below(urn)}
        below[resource.urn] = {urn for urn in firsts if urn in stack} | inside
    return _from_the_top(below)


def least_rounds(stack: Resources) -> dict[str, int]:
    """The rounds that the engine would form if nothing were declared but what is needed.

    Components and their parents stay: they are part of every name.
    """
    before = needed(stack)
    parents = {one.urn: {one.parent} & stack.keys() for one in stack.values()}
    return _from_the_top({urn: before[urn] | parents[urn] for urn in stack})


def round_seconds(round_of: Mapping[str, int], seconds: Mapping[str, float]) -> float:
    """How long a teardown takes in rounds: each as long as its slowest member."""
    longest: dict[int, float] = {}
    for urn, taken in seconds.items():
        number = round_of.get(urn, 0)
        longest[number] = max(longest.get(number, 0.0), taken)
    return sum(longest.values())


def _from_the_top(below: Before) -> dict[str, int]:
    depth = depths(below)
    highest = max(depth.values(), default=0)
    return {urn: highest - level for urn, level in depth.items()}
