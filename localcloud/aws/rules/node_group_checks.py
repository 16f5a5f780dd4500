"""What EKS refuses of a node group."""

from localcloud.aws.errors import AwsError
from localcloud.aws.rules.base import Call, text, values_at
from localcloud.aws.rules.eks_cluster_checks import VERSIONS, minor
from localcloud.aws.rules.network import (
    ASSOCIATION,
    INTERNET_GATEWAY,
    ROUTE,
    SECURITY_GROUP,
    SUBNET,
)
from localcloud.aws.rules.node_group_inputs import group_name, group_taints, node_labels
from localcloud.aws.rules.node_group_templates import PUBLIC_ADDRESSES
from localcloud.aws.store import Record
from localcloud.kube.fields import each
from localcloud.providers.protocol import Properties

_RESERVED_PREFIXES = ("kubernetes.io/", "k8s.io/", "eks.amazonaws.com/")
_RETIRED_AMI_TYPES = ("AL2_x86_64", "AL2_x86_64_GPU", "AL2_ARM_64")


def check_sizes(call: Call, inputs: Properties) -> None:
    """Raise EKS's refusal of a scaling configuration."""
    sizes: Properties = inputs["scalingConfig"]
    least, desired, most = sizes["minSize"], sizes["desiredSize"], sizes["maxSize"]
    if most < 1:
        raise AwsError("InvalidParameterException", "maxSize must be at least 1")
    limit = call.account.quotas.nodes_per_node_group
    if most > limit:
        raise AwsError(
            "InvalidParameterException", f"maxSize {most} can't be greater than {limit} nodes per node group"
        )
    if desired > most:
        raise AwsError(
            "InvalidParameterException", f"desired capacity {desired} can't be greater than max size {most}"
        )
    if least > desired:
        raise AwsError(
            "InvalidParameterException",
            f"Minimum capacity {least} can't be greater than desired size {desired}",
        )


def check_labels(inputs: Properties) -> None:
    """Raise EKS's refusal of labels or taints."""
    for key in node_labels(inputs):
        if key.startswith(_RESERVED_PREFIXES):
            raise AwsError(
                "InvalidParameterException",
                f"Label cannot contain reserved prefixes [{', '.join(_RESERVED_PREFIXES)}]: {key}",
            )
    if len(group_taints(inputs)) > 50:
        raise AwsError("InvalidParameterException", "Maximum number of taints is 50")


def check_versions(inputs: Properties, cluster: Record, record: Record | None) -> None:
    """Raise EKS's refusal of a Kubernetes version, AMI type or AMI release.

    A group that is there (``record``) and names no version keeps its own, whatever became of the cluster.
    """
    current = text(cluster.state.get("version"))
    version = text(inputs.get("version")) or (text(record.state.get("version")) if record else "") or current
    release, ami = text(inputs.get("releaseVersion")), text(inputs.get("amiType"))
    if version not in VERSIONS or minor(version) > minor(current):
        raise AwsError(
            "InvalidParameterException",
            f"Requested Nodegroup version {version} is not valid for a cluster of version {current}",
        )
    if ami in _RETIRED_AMI_TYPES and minor(version) > 32:
        raise AwsError(
            "InvalidParameterException",
            f"AMI Type {ami} is only supported for kubernetes versions 1.32 or earlier",
        )
    # Bottlerocket counts its own releases; the other families begin with the Kubernetes version.
    if release and not ami.startswith("BOTTLEROCKET") and not release.startswith(f"{version}."):
        raise AwsError(
            "InvalidParameterException",
            f"Requested release version {release} is not valid for kubernetes version {version}.",
        )


def check_subnets(call: Call, inputs: Properties, cluster: Record, template: Properties) -> None:
    """Raise EKS's refusal of subnets or security groups."""
    subnets = [one for one in (call.store.get(SUBNET, id_) for id_ in inputs["subnetIds"]) if one]
    vpc = cluster.state["vpcConfig"]["vpcId"]
    strangers = [one.id for one in subnets if one.state.get("vpcId") != vpc]
    if strangers:
        raise AwsError(
            "InvalidParameterException",
            f"Subnets {', '.join(strangers)} are not in the VPC {vpc} of the cluster.",
        )
    if inputs.get("capacityType") == "CAPACITY_BLOCK" and len(subnets) != 1:
        raise AwsError(
            "InvalidParameterException",
            f"A node group of a Capacity Block takes exactly one subnet, in the block's zone; got {len(subnets)}.",
        )
    for id_ in {
        *values_at(template, "vpcSecurityGroupIds"),
        *values_at(template, "networkInterfaces.securityGroups"),
    }:
        group = call.store.get(SECURITY_GROUP, id_)
        if group is None:
            raise AwsError("InvalidGroup.NotFound", f"The security group '{id_}' does not exist")
        if group.state.get("vpcId") != vpc:
            raise AwsError(
                "InvalidParameter",
                f"Security group {id_} and subnet {subnets[0].id} belong to different networks.",
            )
    interfaces = each(template, "networkInterfaces")
    for one in subnets:
        if not _is_public(call, one):
            continue
        if len(interfaces) > 1:
            raise AwsError(
                "InvalidParameterCombination",
                f"{PUBLIC_ADDRESSES} {one.id} is a public subnet.",
            )
        if not one.state.get("mapPublicIpOnLaunch"):
            raise AwsError(
                "Ec2SubnetInvalidConfiguration",
                f"One or more Amazon EC2 Subnets of [{one.id}] for node group {group_name(inputs)} does not "
                "automatically assign public IP addresses to instances launched into it.",
            )


def _is_public(call: Call, subnet: Record) -> bool:
    gateways = {one.id for one in call.store.all(INTERNET_GATEWAY)}
    return any(
        route.state.get("gatewayId") in gateways
        for association in call.store.find(ASSOCIATION, subnetId=subnet.id)
        for route in call.store.find(ROUTE, routeTableId=association.state["routeTableId"])
    )
