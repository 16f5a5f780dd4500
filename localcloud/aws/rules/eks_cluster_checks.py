"""What EKS refuses of a cluster, and the names that its rules share."""

import ipaddress

from localcloud.aws.documents import check_document, principals
from localcloud.aws.errors import AwsError
from localcloud.aws.rules.base import Call, Reference, text, values_at
from localcloud.aws.rules.iam import ROLE
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
    if config.get("endpointPublicAccess") is False and not config.get("endpointPrivateAccess"):
        raise AwsError(
            "InvalidParameterException",
            "Private and public endpoint access cannot be false",
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
