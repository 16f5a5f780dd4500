"""Lets a component wait with one child instead of with all of them."""

from collections.abc import Sequence
from typing import Optional, cast

import pulumi


def waiting_children(
    opts: Optional[pulumi.ResourceOptions],
) -> tuple[pulumi.ResourceOptions, list[pulumi.Resource]]:
    """The component's own options without ``depends_on``, and the resources that were in it.

    What a component depends on, every child waits for, and on the way down none of it is deleted before the last
    child. A component whose roles and templates need nothing of it takes it out of its options, and gives it to
    the child that does. Raises ``TypeError`` for a ``depends_on`` that is not known when the program runs.
    """
    own = pulumi.ResourceOptions.merge(None, opts)
    given = own.depends_on
    own.depends_on = None
    if given is None:
        return own, []
    if isinstance(given, pulumi.Resource):
        return own, [given]
    if not isinstance(given, Sequence):
        raise TypeError("depends_on must be a list of resources here, not an output")
    return own, list(cast("Sequence[pulumi.Resource]", given))
