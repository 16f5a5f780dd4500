"""EKS's reading operations, answered from the account: moto has no add-ons, access entries or Pod Identity."""

from typing import Any

from components.versions import ADDONS, KUBERNETES_DEFAULT, KUBERNETES_SUPPORTED
from localcloud.api.beside.registry import Arguments, answers, prepares, refused
from localcloud.api.eks_objects import policy_shown, shown
from localcloud.api.libraries import module
from localcloud.api.mirrors.base import tags_of
from localcloud.api.world import World
from localcloud.aws.rules.eks_cluster_checks import (
    ACCESS_ENTRY,
    ADDON,
    CLUSTER,
    NODE_GROUP,
    POD_IDENTITY,
    POLICY_ASSOCIATION,
)
from localcloud.aws.store import Record

_NAMES = {
    NODE_GROUP: "nodeGroupName",
    ADDON: "addonName",
    ACCESS_ENTRY: "principalArn",
    POD_IDENTITY: "associationId",
}
_MISSING = {
    NODE_GROUP: "No node group found for name: {}.",
    ADDON: "No addon: {} found in cluster: {cluster}",
    ACCESS_ENTRY: "The specified principalArn could not be found. You can view your available access entries with "
    "'list-access-entries'.",
    POD_IDENTITY: "No pod identity association found for name: {}",
}


def the_cluster(world: World, name: str) -> Record:
    """The record of a cluster; EKS's refusal when there is none."""
    record = world.store.get(CLUSTER, name)
    if record is None:
        raise refused("ResourceNotFoundException", f"No cluster found for name: {name}.")
    return record


def the_part(world: World, type_: str, cluster: str, name: str) -> Record:
    """The record of a part of a cluster, by its name there; EKS's refusal when there is none."""
    the_cluster(world, cluster)
    for record in world.store.find(type_, clusterName=cluster):
        if name in (record.state.get(_NAMES[type_]), record.id):
            return record
    raise refused("ResourceNotFoundException", _MISSING[type_].format(name, cluster=cluster))


def _names(world: World, type_: str, cluster: str) -> list[str]:
    the_cluster(world, cluster)
    return [str(one.state[_NAMES[type_]]) for one in world.store.find(type_, clusterName=cluster)]


@prepares
def route(world: World) -> None:
    """moto's router asks botocore's model which operation a path means, but Flask must let the paths in."""
    del world
    urls = module("moto.eks.urls")
    for path in (
        "/clusters/(?P<name>[^/]+)/(?P<rest>.+)$",
        "/addons/(?P<rest>.+)$",
        "/cluster-versions$",
        "/cluster-registrations(?P<rest>.*)$",
        "/eks-anywhere-subscriptions(?P<rest>.*)$",
    ):
        urls.url_paths.setdefault("{0}" + path, urls.response.dispatch)


@answers("eks", "ListClusters")
def list_clusters(world: World, given: Arguments) -> Arguments:
    """Names."""
    del given
    return {"clusters": [one.id for one in world.store.all(CLUSTER)]}


@answers("eks", "DescribeCluster")
def describe_cluster(world: World, given: Arguments) -> Arguments:
    """One cluster."""
    return {"cluster": shown(the_cluster(world, given["name"]))}


@answers("eks", "ListNodegroups")
def list_nodegroups(world: World, given: Arguments) -> Arguments:
    """Names."""
    return {"nodegroups": _names(world, NODE_GROUP, given["clusterName"])}


@answers("eks", "DescribeNodegroup")
def describe_nodegroup(world: World, given: Arguments) -> Arguments:
    """One node group."""
    return {"nodegroup": shown(the_part(world, NODE_GROUP, given["clusterName"], given["nodegroupName"]))}


@answers("eks", "ListAddons")
def list_addons(world: World, given: Arguments) -> Arguments:
    """Names."""
    return {"addons": _names(world, ADDON, given["clusterName"])}


@answers("eks", "DescribeAddon")
def describe_addon(world: World, given: Arguments) -> Arguments:
    """One add-on."""
    return {"addon": shown(the_part(world, ADDON, given["clusterName"], given["addonName"]))}


@answers("eks", "ListAccessEntries")
def list_access_entries(world: World, given: Arguments) -> Arguments:
    """Principals."""
    return {"accessEntries": _names(world, ACCESS_ENTRY, given["clusterName"])}


@answers("eks", "DescribeAccessEntry")
def describe_access_entry(world: World, given: Arguments) -> Arguments:
    """One access entry."""
    return {"accessEntry": shown(the_part(world, ACCESS_ENTRY, given["clusterName"], given["principalArn"]))}


@answers("eks", "ListAssociatedAccessPolicies")
def list_associated_access_policies(world: World, given: Arguments) -> Arguments:
    """What a principal may do."""
    cluster, principal = given["clusterName"], given["principalArn"]
    the_part(world, ACCESS_ENTRY, cluster, principal)
    found = world.store.find(POLICY_ASSOCIATION, clusterName=cluster, principalArn=principal)
    return {
        "clusterName": cluster,
        "principalArn": principal,
        "associatedAccessPolicies": [policy_shown(one) for one in found],
    }


@answers("eks", "ListPodIdentityAssociations")
def list_pod_identity_associations(world: World, given: Arguments) -> Arguments:
    """In short: without the roles."""
    the_cluster(world, given["clusterName"])
    wanted = {key: given[key] for key in ("namespace", "serviceAccount") if given.get(key)}
    keys = ("clusterName", "namespace", "serviceAccount", "associationArn", "associationId")
    found = world.store.find(POD_IDENTITY, clusterName=given["clusterName"], **wanted)
    return {"associations": [{key: one.state[key] for key in keys} for one in found]}


@answers("eks", "DescribePodIdentityAssociation")
def describe_pod_identity_association(world: World, given: Arguments) -> Arguments:
    """One association."""
    record = the_part(world, POD_IDENTITY, given["clusterName"], given["associationId"])
    return {"association": shown(record)}


@answers("eks", "ListFargateProfiles")
def list_fargate_profiles(world: World, given: Arguments) -> Arguments:
    """None: no program here makes any."""
    the_cluster(world, given["clusterName"])
    return {"fargateProfileNames": []}


@answers("eks", "DescribeClusterVersions")
def describe_cluster_versions(world: World, given: Arguments) -> Arguments:
    """The Kubernetes versions of our table."""
    del world
    wanted: list[str] = given.get("clusterVersions") or list(KUBERNETES_SUPPORTED)
    rows = [
        {
            "clusterVersion": version,
            "clusterType": "eks",
            "defaultVersion": version == KUBERNETES_DEFAULT,
            "status": "standard-support",
            "versionStatus": "STANDARD_SUPPORT",
        }
        for version in reversed(KUBERNETES_SUPPORTED)
        if version in wanted
    ]
    return {"clusterVersions": rows}


@answers("eks", "DescribeAddonVersions")
def describe_addon_versions(world: World, given: Arguments) -> Arguments:
    """The add-on versions of our table, each for its Kubernetes versions."""
    del world
    table: dict[str, dict[str, list[str]]] = {}
    for kubernetes, addons in ADDONS.items():
        if given.get("kubernetesVersion") in (None, kubernetes):
            for addon, version in addons.items():
                table.setdefault(addon, {}).setdefault(version, []).append(kubernetes)
    return {
        "addons": [
            {
                "addonName": addon,
                "publisher": "eks",
                "owner": "aws",
                "addonVersions": [_version(version, fits) for version, fits in versions.items()],
            }
            for addon, versions in table.items()
            if given.get("addonName") in (None, addon)
        ]
    }


def _version(version: str, kubernetes: list[str]) -> dict[str, Any]:
    return {
        "addonVersion": version,
        "architecture": ["amd64", "arm64"],
        "compatibilities": [
            {"clusterVersion": one, "platformVersions": ["*"], "defaultVersion": True} for one in kubernetes
        ],
        "requiresConfiguration": False,
    }


@answers("eks", "ListTagsForResource")
def list_tags_for_resource(world: World, given: Arguments) -> Arguments:
    """A resource's tags."""
    return {"tags": tags_of(by_arn(world, given["resourceArn"]))}


def by_arn(world: World, arn: str) -> Record:
    """The record of one of EKS's resources; EKS's refusal when there is none."""
    for record in world.store.all(CLUSTER, NODE_GROUP, ADDON, ACCESS_ENTRY, POD_IDENTITY):
        state = record.state
        if arn in (state.get("arn"), state.get("accessEntryArn"), state.get("associationArn")):
            return record
    raise refused("NotFoundException", f"Resource was not found: {arn}")
