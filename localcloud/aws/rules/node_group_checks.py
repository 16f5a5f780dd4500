"""What EKS refuses of a node group."""

from components.instance_types import INSTANCE_TYPES
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
from localcloud.aws.rules.node_group_inputs import group_name, group_taints, instance_types, node_labels
from localcloud.aws.store import Record
from localcloud.kube.fields import at, each
from localcloud.providers.protocol import Properties

_RESERVED_PREFIXES = ("kubernetes.io/", "k8s.io/", "eks.amazonaws.com/")
_RETIRED_AMI_TYPES = ("AL2_x86_64", "AL2_x86_64_GPU", "AL2_ARM_64")


def check_sizes(inputs: Properties) -> None:
    """Raise EKS's refusal of a scaling configuration."""
    sizes: Properties = inputs["scalingConfig"]
    least, desired, most = sizes["minSize"], sizes["desiredSize"], sizes["maxSize"]
    if most < 1:
        raise AwsError("InvalidParameterException", "maxSize must be at least 1")
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


def check_versions(inputs: Properties, cluster: Record) -> None:
    """Raise EKS's refusal of a Kubernetes version, AMI type or AMI release."""
    current = text(cluster.state.get("version"))
    version = text(inputs.get("version")) or current
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


def check_template(inputs: Properties, template: Properties) -> None:
    """Raise EKS's refusal of a launch template beside the group's own inputs."""
    if not inputs.get("launchTemplate"):
        if inputs.get("capacityType") == "CAPACITY_BLOCK":
            raise AwsError("InvalidParameterException", "Capacity Blocks require a launch template.")
        return
    code = "InvalidRequestException"
    own_type = template.get("instanceType")
    market = at(template, "instanceMarketOptions").get("marketType")
    if own_type and inputs.get("instanceTypes"):
        raise AwsError(code, "Cannot specify instance types in launch template and API request")
    if inputs.get("diskSize"):
        raise AwsError("InvalidParameterException", "Disk size must be specified within the launch template.")
    if template.get("iamInstanceProfile"):
        raise AwsError(
            "InvalidParameterException",
            "Your launch template cannot specify an IAM instance profile: the node role is part of the API request.",
        )
    if template.get("imageId") and inputs.get("amiType") not in (None, "CUSTOM"):
        raise AwsError(
            "InvalidParameterException",
            "You cannot specify an AMI Type other than CUSTOM, when specifying an image id in your launch template.",
        )
    if market == "spot":
        raise AwsError(code, "Cannot specify Spot instance market options in the launch template")
    block = inputs.get("capacityType") == "CAPACITY_BLOCK"
    if block != (market == "capacity-block"):
        raise AwsError(
            "InvalidParameterException",
            "Capacity type CAPACITY_BLOCK and the launch template's market type capacity-block go together: "
            f"capacity type is {inputs.get('capacityType', 'ON_DEMAND')}, market type is {market or 'not set'}.",
        )
    if block and not own_type:
        raise AwsError(
            "InvalidParameterException",
            "A node group of a Capacity Block needs the instance type in its launch template.",
        )
    _check_interfaces(inputs, template)


def _check_interfaces(inputs: Properties, template: Properties) -> None:
    interfaces = each(template, "networkInterfaces")
    if any(one.get("subnetId") for one in interfaces):
        raise AwsError(
            "InvalidParameterException",
            "Subnets must be specified in the API request, not in the launch template.",
        )
    for name in instance_types(inputs, template):
        type_ = INSTANCE_TYPES.get(name)
        if type_ is None:
            continue
        efa = [one for one in interfaces if one.get("interfaceType") in ("efa", "efa-only")]
        if len(efa) > type_.efa_interfaces:
            raise AwsError(
                "InvalidParameterCombination",
                f"EFA interfaces are limited to {type_.efa_interfaces} on {name}; the launch template has {len(efa)}.",
            )
        cards = {int(one.get("networkCardIndex") or 0) for one in interfaces}
        if cards and max(cards) >= type_.network_cards:
            raise AwsError(
                "InvalidParameterValue",
                f"Network card index {max(cards)} is not valid: {name} has {type_.network_cards} network cards.",
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
    for group in values_at(template, "vpcSecurityGroupIds"):
        if call.store.get(SECURITY_GROUP, group) is None:
            raise AwsError("InvalidGroup.NotFound", f"The security group '{group}' does not exist")
    interfaces = each(template, "networkInterfaces")
    for one in subnets:
        if not _is_public(call, one):
            continue
        if len(interfaces) > 1:
            raise AwsError(
                "InvalidParameterCombination",
                "The associatePublicIPAddress parameter cannot be specified when launching with multiple network "
                f"interfaces: {one.id} is a public subnet.",
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
