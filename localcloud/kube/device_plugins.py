"""What the kubelet and a device plugin do on a real node: devices are allocatable while the plugin runs there."""

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

from localcloud.kube.fields import annotation, at
from localcloud.kube.readiness import condition


@dataclasses.dataclass(frozen=True)
class Device:
    """One kind of device and the plugin that advertises it."""

    resource: str
    """Extended resource that the plugin advertises."""
    node_annotation: str
    """Annotation of a simulated node: how many devices its instance type has."""
    pod_label: str
    """Label of the plugin's pods, ``key=value``."""


DEVICES = (
    Device("nvidia.com/gpu", "localcloud.inference-plane/gpus", "app=nvidia-device-plugin-daemonset"),
    Device(
        "vpc.amazonaws.com/efa",
        "localcloud.inference-plane/efa",
        "localcloud.inference-plane/stands-for=efa-device-plugin",
    ),
)
"""Every device that a stand-in advertises."""


def nodes_with_ready_pod(pods: Iterable[Mapping[str, Any]]) -> set[str]:
    """Names of the nodes where one of the pods is ready."""
    return {
        str(at(pod, "spec").get("nodeName"))
        for pod in pods
        if condition(pod, "Ready").get("status") == "True" and not pod["metadata"].get("deletionTimestamp")
    }


def status_patch(node: Mapping[str, Any], running: Mapping[str, set[str]]) -> dict[str, Any] | None:
    """The merge patch of a node's status that its plugins call for, or None when it is right already.

    ``running`` holds, by resource, the names of the nodes with a ready plugin pod. Only nodes that carry a
    device's annotation are touched.
    """
    wanted: dict[str, str | None] = {}
    for device in DEVICES:
        count = annotation(node, device.node_annotation)
        if not count.isdigit() or int(count) == 0:
            continue
        present = node["metadata"]["name"] in running.get(device.resource, set())
        # A null in a merge patch takes the field away.
        wanted[device.resource] = count if present else None
    changes = {
        field: {name: value for name, value in wanted.items() if at(node, "status", field).get(name) != value}
        for field in ("capacity", "allocatable")
    }
    changes = {field: values for field, values in changes.items() if values}
    return {"status": changes} if changes else None
