"""Which pods stand behind a Service's port: what target groups and cluster DNS both go by."""

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

from localcloud.kube.fields import at, each

Object = Mapping[str, Any]

_SERVICE_LABEL = "kubernetes.io/service-name"


@dataclasses.dataclass(frozen=True)
class Target:
    """A ready endpoint."""

    pod_uid: str
    address: str
    port: int


def service_port(service: Object, wanted: int | str) -> dict[str, Any] | None:
    """The port of a Service by its name or number."""
    key = "name" if isinstance(wanted, str) else "port"
    return next((port for port in each(service, "spec", "ports") if port.get(key) == wanted), None)


def ready_targets(service: Object, port: int | str, slices: Iterable[Object]) -> list[Target] | None:
    """Ready endpoints of a Service's port; None when the Service has no such port."""
    found = service_port(service, port)
    if found is None:
        return None
    metadata = service["metadata"]
    targets: list[Target] = []
    for one in slices:
        mine = at(one, "metadata", "labels").get(_SERVICE_LABEL) == metadata["name"]
        if not mine or one["metadata"]["namespace"] != metadata["namespace"]:
            continue
        numbers = [
            p["port"] for p in each(one, "ports") if (p.get("name") or "") == (found.get("name") or "")
        ]
        for endpoint in each(one, "endpoints"):
            conditions = at(endpoint, "conditions")
            if conditions.get("ready") is False or conditions.get("terminating"):
                continue
            uid = str(at(endpoint, "targetRef").get("uid") or "")
            targets += [
                Target(uid, str(address), int(number))
                for number in numbers
                for address in endpoint.get("addresses") or ()
            ]
    return sorted(targets, key=lambda target: (target.address, target.port))
