"""What an interrupted command made without writing it down: found in the simulated account and the cluster."""

from collections.abc import Sequence
from typing import Any

from localcloud.aws.store import Store
from localcloud.home import Home


def recovered_ids(home: Home, pending: Sequence[dict[str, Any]]) -> dict[str, str]:
    """Ids, by URN, of those pending creates whose resource exists."""
    store = Store(home.aws_state)
    found: dict[str, str] = {}
    for resource in pending:
        urn, type_ = resource["urn"], resource["type"]
        inputs: dict[str, Any] = resource.get("inputs") or {}
        if type_.startswith("aws:"):
            id_ = store.id_of(type_, urn.rsplit("::", 1)[-1])
        elif type_.startswith("kubernetes:helm.sh/v3:Release"):
            id_ = f"{inputs.get('namespace', 'default')}/{inputs['name']}"
        elif type_.startswith("kubernetes:"):
            metadata: dict[str, Any] = inputs.get("metadata") or {}
            namespace = metadata.get("namespace")
            id_ = f"{namespace}/{metadata['name']}" if namespace else metadata.get("name")
        else:
            id_ = None
        if id_:
            found[urn] = id_
    return found
