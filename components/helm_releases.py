"""Helm releases the way every component installs them, and Helm values laid over each other."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

import pulumi
import pulumi_kubernetes as kubernetes

from components.versions import ChartVersion

_HISTORY = 10
_DELETE_SECONDS = 600


def helm_release(
    resource_name: str,
    *,
    chart: ChartVersion,
    release_name: str,
    namespace: str,
    values: Mapping[str, Any],
    timeout_seconds: int,
    parent: pulumi.Resource,
    depends_on: Sequence[pulumi.Resource] = (),
    disable_openapi_validation: bool = False,
) -> kubernetes.helm.v3.Release:
    """A Helm release under a fixed name that either comes up within its timeout or is rolled back.

    ``chart.repository`` is ``https://…``, ``oci://…``, or empty where ``chart.chart`` is a path; an empty
    ``chart.version`` leaves the version to the chart on disk.
    """
    repository, name, version = chart
    by_reference = repository.startswith("oci://")
    return kubernetes.helm.v3.Release(
        resource_name,
        name=release_name,
        namespace=namespace,
        chart=f"{repository}/{name}" if by_reference else name,
        repository_opts={"repo": repository} if repository and not by_reference else None,
        version=version or None,
        values=values,
        # Without both, a failed install keeps the name and every later attempt is refused.
        atomic=True,
        cleanup_on_fail=True,
        timeout=timeout_seconds,
        # Each revision is a Secret in the namespace; without a limit they add up for ever.
        max_history=_HISTORY,
        disable_openapi_validation=disable_openapi_validation or None,
        # The name is fixed and charts make cluster-wide objects: a replacement cannot come first.
        opts=pulumi.ResourceOptions(
            parent=parent,
            depends_on=list(depends_on),
            delete_before_replace=True,
            # An install may wait for models to load; what is not gone by then is held, and waiting does not help.
            custom_timeouts=pulumi.CustomTimeouts(delete=f"{min(timeout_seconds, _DELETE_SECONDS)}s"),
        ),
    )


def merge_values(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Helm's own rule: maps are merged key by key, everything else (lists too) is replaced."""
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        if isinstance(old, Mapping) and isinstance(value, Mapping):
            merged[key] = merge_values(cast("Mapping[str, Any]", old), cast("Mapping[str, Any]", value))
        else:
            merged[key] = value
    return merged
