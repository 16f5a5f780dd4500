"""Outputs whose value is known at preview although they wait for resources."""

from typing import TypeVar

import pulumi

T = TypeVar("T")


def known_after(value: T, *resources: pulumi.Resource) -> pulumi.Output[T]:
    """``value`` as an output that depends on ``resources``; known at preview, unlike a computed property.

    A resource's URN is known at preview, its id is not: through the URNs the value carries the dependencies.
    """
    return pulumi.Output.all(*(resource.urn for resource in resources)).apply(lambda _: value)
