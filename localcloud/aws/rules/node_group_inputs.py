"""What a node group's inputs say: sizes, labels, launch template, instance types and zones."""

from collections.abc import Mapping
from typing import Any

from localcloud.aws import names
from localcloud.aws.rules.base import Call, plain, text, values_at
from localcloud.aws.rules.launch import template_version
from localcloud.aws.rules.network import (
    INSTANCE,
    SUBNET,
)
from localcloud.aws.store import Record
from localcloud.kube.fields import at
from localcloud.providers.protocol import Properties


def group_name(inputs: Mapping[str, Any]) -> str:
    """Name of the group, also when it is made from a prefix."""
    return text(inputs.get("nodeGroupName")) or names.prefixed_name(text(inputs.get("nodeGroupNamePrefix")))


def desired_size(state: Mapping[str, Any]) -> int:
    """Instances that the group should have."""
    return int(at(state, "scalingConfig").get("desiredSize", 0))


def node_labels(state: Mapping[str, Any]) -> dict[str, str]:
    """Kubernetes labels that the group gives its nodes."""
    return dict(state.get("labels") or {})


def group_taints(state: Mapping[str, Any]) -> tuple[Mapping[str, str], ...]:
    """Taints that the group gives its nodes, in the EKS API's spelling."""
    return tuple(state.get("taints") or ())


def generation(state: Mapping[str, Any]) -> list[Any]:
    """What an instance is made from."""
    template = at(state, "launchTemplate")
    return [template.get("version"), state.get("version"), state.get("releaseVersion")]


def exchanges_instances(record: Record | None, inputs: Properties) -> bool:
    """Whether an update makes new instances in place of the old ones."""
    if record is None:
        return False
    new = {**record.state, **inputs}
    given = at(new, "launchTemplate")
    return generation(new) != generation(record.state) or given.get("version") in ("$Latest", "$Default")


def template_data(call: Call, inputs: Properties) -> Properties:
    """Data of the launch template version that the group names; empty without a launch template."""
    given = inputs.get("launchTemplate")
    return plain(template_version(call, given)[1]) if given else {}


def complete_template(call: Call, inputs: Properties) -> Properties:
    """The launch template under both its names."""
    given: Properties = inputs["launchTemplate"]
    found, _ = template_version(call, given)
    version = str(given.get("version", "$Default"))
    return {"id": found.id, "name": found.state.get("name"), "version": version}


def instance_types(inputs: Mapping[str, Any], template: Mapping[str, Any]) -> list[str]:
    """Types that the group may launch: its own, its launch template's, or EKS's default."""
    own = text(template.get("instanceType"))
    return list(inputs.get("instanceTypes") or []) or ([own] if own else ["t3.medium"])


def zones_of(call: Call, inputs: Mapping[str, Any]) -> list[str]:
    """Zones of the group's subnets, in their order."""
    subnets = [call.store.get(SUBNET, id_) for id_ in values_at(inputs, "subnetIds")]
    return [text(one.state.get("availabilityZone")) for one in subnets if one]


def instances_of(call: Call, group: str) -> list[Record]:
    """The group's instances, oldest first."""
    return call.store.find(INSTANCE, nodeGroupId=group)
