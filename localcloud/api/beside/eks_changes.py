"""EKS's changing operations: carried out by the simulated account's own rules, as if a program had asked.

Nodes really come and go on the Kubernetes control plane, and what AWS would refuse is refused. Clusters and node
groups are made by programs only.
"""

import dataclasses
import datetime
import secrets
from typing import Any

from localcloud.api.beside.eks_reads import by_arn, the_cluster, the_part
from localcloud.api.beside.registry import Arguments, answers
from localcloud.api.drift import patched
from localcloud.api.eks_objects import policy_shown, shown
from localcloud.api.mirrors.base import items, tags_of
from localcloud.api.world import World
from localcloud.aws.rules.base import plain
from localcloud.aws.rules.eks_cluster_checks import (
    ACCESS_ENTRY,
    ADDON,
    NODE_GROUP,
    POD_IDENTITY,
    POLICY_ASSOCIATION,
)
from localcloud.aws.store import USER, Record
from localcloud.kube.fields import at, each

_SECONDS = 300.0


def _change(world: World, record: Record, **inputs: Any) -> Record:
    """Update a resource with some inputs changed."""
    new = {**record.inputs, **inputs}
    world.provider.update(
        record.type, record.id, plain(record.state), record.inputs, new, preview=False, timeout=_SECONDS
    )
    changed = world.store.get(record.type, record.id)
    assert changed is not None
    if changed.origin != record.origin:  # an update by a program makes a resource the program's
        changed = dataclasses.replace(changed, origin=record.origin)
        world.store.put(changed)
    return changed


def _remove(world: World, record: Record) -> None:
    world.provider.delete(record.type, record.id, plain(record.state), timeout=_SECONDS)


def _going(world: World, record: Record, key: str) -> Arguments:
    """Delete a resource; the answer still shows it, under ``key``, as going."""
    answer = {key: {**shown(record), "status": "DELETING"}}
    _remove(world, record)
    return answer


def _make(world: World, type_: str, **inputs: Any) -> Record:
    """Create a resource that belongs to no program."""
    given = {key: value for key, value in inputs.items() if value not in (None, [], {})}
    id_, _ = world.provider.create(type_, "", given, preview=False, timeout=_SECONDS)
    record = world.store.get(type_, id_)
    assert record is not None
    made = Record(type_, id_, "", record.inputs, record.state, origin=USER)
    world.store.put(made)
    return made


def _update(kind: str, **parameters: Any) -> Arguments:
    """EKS's note of an update: here it is done when it is answered."""
    return {
        "update": {
            "id": secrets.token_hex(16),
            "status": "Successful",
            "type": kind,
            "params": [{"type": key, "value": str(value)} for key, value in parameters.items()],
            "createdAt": datetime.datetime.now(tz=datetime.UTC),
            "errors": [],
        }
    }


@answers("eks", "UpdateNodegroupConfig")
def update_nodegroup_config(world: World, given: Arguments) -> Arguments:
    """Sizes, labels, taints, update and repair settings."""
    record = the_part(world, NODE_GROUP, given["clusterName"], given["nodegroupName"])
    inputs: Arguments = {}
    for name in ("scalingConfig", "updateConfig", "nodeRepairConfig"):
        if given.get(name):
            inputs[name] = {**(record.inputs.get(name) or {}), **given[name]}
    if labels := given.get("labels"):
        kept = {**at(record.inputs, "labels"), **at(labels, "addOrUpdateLabels")}
        gone: list[str] = labels.get("removeLabels") or []
        inputs["labels"] = {key: value for key, value in kept.items() if key not in gone}
    if taints := given.get("taints"):
        changed = [*each(taints, "addOrUpdateTaints"), *each(taints, "removeTaints")]
        keys = {(one["key"], one["effect"]) for one in changed}
        kept_taints = each(record.inputs, "taints")
        inputs["taints"] = [
            *(one for one in kept_taints if (one["key"], one["effect"]) not in keys),
            *each(taints, "addOrUpdateTaints"),
        ]
    _change(world, record, **inputs)
    return _update("ConfigUpdate", **(given.get("scalingConfig") or {}))


@answers("eks", "UpdateNodegroupVersion")
def update_nodegroup_version(world: World, given: Arguments) -> Arguments:
    """Kubernetes version, AMI release, launch template version."""
    record = the_part(world, NODE_GROUP, given["clusterName"], given["nodegroupName"])
    inputs = {key: given[key] for key in ("version", "releaseVersion") if given.get(key)}
    if template := given.get("launchTemplate"):
        inputs["launchTemplate"] = {
            **(record.inputs.get("launchTemplate") or {}),
            "version": template["version"],
        }
    _change(world, record, **inputs)
    return _update("VersionUpdate", **inputs)


@answers("eks", "DeleteNodegroup")
def delete_nodegroup(world: World, given: Arguments) -> Arguments:
    """The group and its nodes."""
    record = the_part(world, NODE_GROUP, given["clusterName"], given["nodegroupName"])
    return _going(world, record, "nodegroup")


@answers("eks", "UpdateClusterConfig")
def update_cluster_config(world: World, given: Arguments) -> Arguments:
    """Network, logging, access and deletion protection."""
    record = the_cluster(world, given["name"])
    inputs: Arguments = {}
    if network := given.get("resourcesVpcConfig"):
        inputs["vpcConfig"] = {**record.inputs["vpcConfig"], **network}
    for name in ("accessConfig", "upgradePolicy", "zonalShiftConfig"):
        if given.get(name):
            inputs[name] = {**(record.inputs.get(name) or {}), **given[name]}
    if given.get("deletionProtection") is not None:
        inputs["deletionProtection"] = given["deletionProtection"]
    if logging := given.get("logging"):
        enabled: list[str] = items(record.inputs.get("enabledClusterLogTypes"))
        for setup in each(logging, "clusterLogging"):
            types: list[str] = setup.get("types") or []
            enabled = [one for one in enabled if one not in types] + (types if setup.get("enabled") else [])
        inputs["enabledClusterLogTypes"] = enabled
    _change(world, record, **inputs)
    return _update("ConfigUpdate")


@answers("eks", "UpdateClusterVersion")
def update_cluster_version(world: World, given: Arguments) -> Arguments:
    """Kubernetes version."""
    _change(world, the_cluster(world, given["name"]), version=given["version"])
    return _update("VersionUpdate", Version=given["version"])


@answers("eks", "DeleteCluster")
def delete_cluster(world: World, given: Arguments) -> Arguments:
    """The cluster; refused while it has node groups."""
    record = the_cluster(world, given["name"])
    return _going(world, record, "cluster")


@answers("eks", "CreateAddon")
def create_addon(world: World, given: Arguments) -> Arguments:
    """An add-on that belongs to no program."""
    the_cluster(world, given["clusterName"])
    record = _make(
        world,
        ADDON,
        clusterName=given["clusterName"],
        addonName=given["addonName"],
        addonVersion=given.get("addonVersion"),
        configurationValues=given.get("configurationValues"),
        serviceAccountRoleArn=given.get("serviceAccountRoleArn"),
        resolveConflictsOnCreate=given.get("resolveConflicts"),
        tags=given.get("tags"),
        tagsAll=given.get("tags"),
    )
    return {"addon": shown(record)}


@answers("eks", "UpdateAddon")
def update_addon(world: World, given: Arguments) -> Arguments:
    """Version, configuration, role."""
    record = the_part(world, ADDON, given["clusterName"], given["addonName"])
    names = ("addonVersion", "configurationValues", "serviceAccountRoleArn")
    _change(world, record, **{name: given[name] for name in names if given.get(name) is not None})
    return _update("AddonUpdate", AddonVersion=given.get("addonVersion") or record.state.get("addonVersion"))


@answers("eks", "DeleteAddon")
def delete_addon(world: World, given: Arguments) -> Arguments:
    """The add-on and its workloads."""
    record = the_part(world, ADDON, given["clusterName"], given["addonName"])
    return _going(world, record, "addon")


@answers("eks", "CreateAccessEntry")
def create_access_entry(world: World, given: Arguments) -> Arguments:
    """An access entry that belongs to no program."""
    the_cluster(world, given["clusterName"])
    record = _make(
        world,
        ACCESS_ENTRY,
        clusterName=given["clusterName"],
        principalArn=given["principalArn"],
        kubernetesGroups=given.get("kubernetesGroups"),
        type=given.get("type"),
        userName=given.get("username"),
        tags=given.get("tags"),
        tagsAll=given.get("tags"),
    )
    return {"accessEntry": shown(record)}


@answers("eks", "UpdateAccessEntry")
def update_access_entry(world: World, given: Arguments) -> Arguments:
    """Groups and user name."""
    record = the_part(world, ACCESS_ENTRY, given["clusterName"], given["principalArn"])
    inputs: Arguments = {}
    if given.get("kubernetesGroups") is not None:
        inputs["kubernetesGroups"] = given["kubernetesGroups"]
    if given.get("username"):
        inputs["userName"] = given["username"]
    return {"accessEntry": shown(_change(world, record, **inputs))}


@answers("eks", "DeleteAccessEntry")
def delete_access_entry(world: World, given: Arguments) -> Arguments:
    """The entry, and what it may do."""
    cluster, principal = given["clusterName"], given["principalArn"]
    record = the_part(world, ACCESS_ENTRY, cluster, principal)
    for one in world.store.find(POLICY_ASSOCIATION, clusterName=cluster, principalArn=principal):
        _remove(world, one)
    _remove(world, record)
    return {}


@answers("eks", "AssociateAccessPolicy")
def associate_access_policy(world: World, given: Arguments) -> Arguments:
    """What a principal may do."""
    the_part(world, ACCESS_ENTRY, given["clusterName"], given["principalArn"])
    record = _make(
        world,
        POLICY_ASSOCIATION,
        clusterName=given["clusterName"],
        principalArn=given["principalArn"],
        policyArn=given["policyArn"],
        accessScope=given["accessScope"],
    )
    return {
        "clusterName": given["clusterName"],
        "principalArn": given["principalArn"],
        "associatedAccessPolicy": policy_shown(record),
    }


@answers("eks", "DisassociateAccessPolicy")
def disassociate_access_policy(world: World, given: Arguments) -> Arguments:
    """Take it back."""
    wanted = {key: given[key] for key in ("clusterName", "principalArn", "policyArn")}
    for one in world.store.find(POLICY_ASSOCIATION, **wanted):
        _remove(world, one)
    return {}


@answers("eks", "CreatePodIdentityAssociation")
def create_pod_identity_association(world: World, given: Arguments) -> Arguments:
    """An association that belongs to no program."""
    the_cluster(world, given["clusterName"])
    record = _make(
        world,
        POD_IDENTITY,
        clusterName=given["clusterName"],
        namespace=given["namespace"],
        serviceAccount=given["serviceAccount"],
        roleArn=given["roleArn"],
        tags=given.get("tags"),
        tagsAll=given.get("tags"),
    )
    return {"association": shown(record)}


@answers("eks", "UpdatePodIdentityAssociation")
def update_pod_identity_association(world: World, given: Arguments) -> Arguments:
    """Its role."""
    record = the_part(world, POD_IDENTITY, given["clusterName"], given["associationId"])
    return {"association": shown(_change(world, record, roleArn=given["roleArn"]))}


@answers("eks", "DeletePodIdentityAssociation")
def delete_pod_identity_association(world: World, given: Arguments) -> Arguments:
    """The association."""
    record = the_part(world, POD_IDENTITY, given["clusterName"], given["associationId"])
    answer = {"association": shown(record)}
    _remove(world, record)
    return answer


@answers("eks", "TagResource")
def tag_resource(world: World, given: Arguments) -> Arguments:
    """Add or change tags."""
    record = by_arn(world, given["resourceArn"])
    world.store.put(patched(record, {"tagsAll": {**tags_of(record), **given["tags"]}}))
    return {}


@answers("eks", "UntagResource")
def untag_resource(world: World, given: Arguments) -> Arguments:
    """Remove tags."""
    record = by_arn(world, given["resourceArn"])
    kept = {key: value for key, value in tags_of(record).items() if key not in given["tagKeys"]}
    world.store.put(patched(record, {"tagsAll": kept}))
    return {}
