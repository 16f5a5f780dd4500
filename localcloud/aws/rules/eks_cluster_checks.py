"""What EKS refuses of a cluster, and the names that its rules share."""

import ipaddress

from localcloud.aws.documents import check_document, principals
from localcloud.aws.errors import AwsError
from localcloud.aws.rules.base import Call, Reference, text, values_at
from localcloud.aws.rules.iam import ROLE
from localcloud.aws.rules.key_use import GRANT, why_not_usable
from localcloud.aws.rules.network import SECURITY_GROUP, SUBNET, VPC, vpc_blocks
from localcloud.kube.fields import at
from localcloud.providers.protocol import Properties, ProviderError

CLUSTER = "aws:eks/cluster:Cluster"
NODE_GROUP = "aws:eks/nodeGroup:NodeGroup"
ADDON = "aws:eks/addon:Addon"
ACCESS_ENTRY = "aws:eks/accessEntry:AccessEntry"
POLICY_ASSOCIATION = "aws:eks/accessPolicyAssociation:AccessPolicyAssociation"
POD_IDENTITY = "aws:eks/podIdentityAssociation:PodIdentityAssociation"

# In standard or extended support on 2026-11-21.
VERSIONS = ("1.31", "1.32", "1.33", "1.34", "1.35", "1.36")

CLUSTER_REFERENCE = Reference(
    "clusterName", (CLUSTER,), "ResourceNotFoundException", "No cluster found for name: {}."
)

_PRIVATE = tuple(ipaddress.IPv4Network(one) for one in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))
_SERVICE_SIZES = range(12, 25)


def minor(version: str) -> int:
    """The minor number of a Kubernetes version."""
    return int(version.split(".")[1])


def check_role(call: Call, arn: str, service: str, message: str) -> None:
    """Raise EKS's refusal of a role that is not there or does not trust a service."""
    found = call.store.find(ROLE, arn=arn)
    if found and found[0].origin == "account":
        return
    document = found[0].state.get("assumeRolePolicy") if found else None
    if document is None or service not in principals(check_document(document, "trust"), "Service"):
        raise AwsError("InvalidParameterException", message)


def check_single(call: Call) -> None:
    """Raise a refusal of a second cluster: there is one control plane."""
    others = call.store.all(CLUSTER)
    if others:
        raise ProviderError(
            "the local cloud runs one Kubernetes control plane, and it already serves the cluster "
            f"{others[0].id}: delete that cluster first, or use a local cloud of its own (`--root`)"
        )


def check_network(call: Call, inputs: Properties) -> None:
    """Raise EKS's refusal of a network configuration."""
    config = at(inputs, "vpcConfig")
    subnets = [call.store.get(SUBNET, id_) for id_ in values_at(config, "subnetIds")]
    found = [one for one in subnets if one]
    if len({one.state.get("availabilityZone") for one in found}) < 2:
        raise AwsError("InvalidParameterException", "Subnets specified must be in at least two different AZs")
    if len({one.state.get("vpcId") for one in found}) > 1:
        raise AwsError("InvalidParameterException", "Subnets specified must be in the same VPC")
    vpc = text(found[0].state.get("vpcId"))
    for id_ in values_at(config, "securityGroupIds"):
        group = call.store.get(SECURITY_GROUP, id_)
        if group and group.state.get("vpcId") != vpc:
            raise AwsError(
                "InvalidParameterException",
                f"Security group(s) {id_} are not in the same VPC as the subnets",
            )
    service = at(inputs, "kubernetesNetworkConfig").get("serviceIpv4Cidr")
    owner = call.store.get(VPC, vpc)
    if service and owner:
        block = ipaddress.IPv4Network(service)
        if any(block.overlaps(ipaddress.IPv4Network(one)) for one in vpc_blocks(call, owner)):
            raise AwsError(
                "InvalidParameterException",
                "The specified KubernetesNetworkConfig serviceIpv4Cidr conflicts with a CIDR block of the VPC",
            )
    _check_zones(call, inputs, [text(one.state.get("availabilityZone")) for one in found])
    _check_addresses(inputs)
    if config.get("endpointPublicAccess") is False and not config.get("endpointPrivateAccess"):
        raise AwsError(
            "InvalidParameterException",
            "Private and public endpoint access cannot be false",
        )


def _check_zones(call: Call, inputs: Properties, zones: list[str]) -> None:
    full = [one.name for one in call.account.zones if not one.eks]
    for zone in zones:
        if zone in full:
            others = ", ".join(one.name for one in call.account.zones if one.eks)
            raise AwsError(
                "UnsupportedAvailabilityZoneException",
                f"Cannot create cluster '{inputs.get('name')}' because {zone}, the targeted availability zone, does "
                "not currently have sufficient capacity to support the cluster. Retry and choose from these "
                f"availability zones: {others}",
            )


def _check_addresses(inputs: Properties) -> None:
    """Service addresses are private ones; the endpoint is opened to public ones."""
    service = at(inputs, "kubernetesNetworkConfig").get("serviceIpv4Cidr")
    block = ipaddress.IPv4Network(service) if service else None
    if block and (block.prefixlen not in _SERVICE_SIZES or not any(block.subnet_of(one) for one in _PRIVATE)):
        raise AwsError(
            "InvalidParameterException",
            f"The specified serviceIpv4Cidr {service} is not valid: it must lie within 10.0.0.0/8, 172.16.0.0/12 or "
            "192.168.0.0/16 and be between /24 and /12 in size.",
        )
    private = [
        one
        for one in values_at(inputs, "vpcConfig.publicAccessCidrs")
        if any(ipaddress.IPv4Network(one).subnet_of(range_) for range_ in _PRIVATE)
    ]
    if private:
        raise AwsError(
            "InvalidParameterException",
            f"The following CIDRs are not allowed in publicAccessCidrs: [{', '.join(private)}]",
        )


def check_key(call: Call, key: str) -> None:
    """Raise EKS's refusal of a key for the encryption of secrets."""
    match why_not_usable(call, key, actions=GRANT):
        case "missing":
            raise AwsError(
                "InvalidParameterException", f"The keyArn in encryptionConfig provider is invalid: {key}"
            )
        case "disabled":
            raise AwsError("InvalidRequestException", f"KMS key {key} is disabled.")
        case "pending-deletion":
            raise AwsError("InvalidRequestException", f"KMS key {key} is pending deletion.")
        case "denied":
            raise AwsError(
                "InvalidRequestException", "User not authorized to perform kms:CreateGrant operation"
            )
        case None:
            pass


def check_access_mode(before: str, after: str) -> None:
    """Raise EKS's refusal of a way back: access by the API is for ever."""
    modes = ("CONFIG_MAP", "API_AND_CONFIG_MAP", "API")
    if before in modes and after in modes and modes.index(after) < modes.index(before):
        raise AwsError(
            "InvalidParameterException", f"Unsupported authentication mode update from {before} to {after}"
        )


def check_auto_mode(inputs: Properties) -> None:
    """Raise EKS's refusal of half-switched Auto Mode."""
    switches = {
        bool(at(inputs, "computeConfig").get("enabled")),
        bool(at(inputs, "kubernetesNetworkConfig", "elasticLoadBalancing").get("enabled")),
        bool(at(inputs, "storageConfig", "blockStorage").get("enabled")),
    }
    if len(switches) > 1:
        raise AwsError(
            "InvalidParameterException",
            "For EKS Auto Mode, please ensure that all required configs, including computeConfig, "
            "kubernetesNetworkConfig, and blockStorage are all either fully enabled or fully disabled.",
        )
    if True in switches and inputs.get("bootstrapSelfManagedAddons") is not False:
        raise AwsError(
            "InvalidParameterException",
            "When EKS Auto Mode is enabled, bootstrapSelfManagedAddons must be set to false.",
        )
    if (
        True in switches
        and at(inputs, "accessConfig").get("authenticationMode", "CONFIG_MAP") == "CONFIG_MAP"
    ):
        raise AwsError(
            "InvalidParameterException",
            "EKS Auto Mode requires the authentication mode API or API_AND_CONFIG_MAP.",
        )
    compute = at(inputs, "computeConfig")
    if bool(compute.get("nodeRoleArn")) != bool(compute.get("nodePools")):
        raise AwsError(
            "InvalidParameterException",
            "When Compute Config nodeRoleArn is not null or empty, nodePool value(s) must be provided.",
        )
