"""EKS clusters, add-ons, access entries and pod identities."""

from typing import Any

from tests.engine.programs.refusals.cases.account import (
    DENYING_KEY,
    DISABLED_KEY,
    ELSEWHERE_KEY,
    KEY,
    PENDING_KEY,
)
from tests.engine.programs.refusals.cases.case import Case, Ref, Resource, Topic, create, delete, merged
from tests.engine.programs.refusals.cases.documents import ACCOUNT, ADMIN, NOBODY, trust_service

CLUSTER = "aws:eks/cluster:Cluster"
ADDON = "aws:eks/addon:Addon"
ENTRY = "aws:eks/accessEntry:AccessEntry"
ASSOCIATION = "aws:eks/accessPolicyAssociation:AccessPolicyAssociation"
POD_IDENTITY = "aws:eks/podIdentityAssociation:PodIdentityAssociation"
ROLE = "aws:iam/role:Role"
ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"

ONE_CLUSTER = "the local cloud runs one Kubernetes control plane"
"""What the neighbours of refused clusters meet: AWS takes them, a local cloud has room for one."""

_INVALID = "InvalidParameterException"
_IN_USE = "ResourceInUseException"
_ROLE = f"arn:aws:iam::{ACCOUNT}:role/cluster"
_VIEW = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"


def _role(name: str) -> str:
    return f"arn:aws:iam::{ACCOUNT}:role/{name}"


def _network(*subnets: str, **more: object) -> dict[str, Any]:
    return {"vpcConfig": {"subnetIds": [Ref(one) for one in subnets], **more}}


PLANE = {
    "name": "plane",
    "version": "1.34",
    "roleArn": _ROLE,
    **_network("subnet-a", "subnet-b", securityGroupIds=[Ref("cluster-group")]),
    "accessConfig": {"authenticationMode": "API_AND_CONFIG_MAP"},
}
_BASE = merged(PLANE, {"name": None, **_network("subnet-a", "subnet-b")})

_GROUND = (
    Resource("cluster-role", ROLE, {"name": "cluster", "assumeRolePolicy": trust_service("eks.amazonaws.com")}),
    Resource("node-role", ROLE, {"name": "nodes", "assumeRolePolicy": trust_service("ec2.amazonaws.com")}),
    *(
        Resource(
            f"node-role-{name}", ATTACHMENT, {"role": "nodes", "policyArn": f"arn:aws:iam::aws:policy/{name}"},
            ("node-role",),
        )
        for name in ("AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryPullOnly")
    ),
    Resource("pod-role", ROLE, {"name": "pods", "assumeRolePolicy": trust_service("pods.eks.amazonaws.com")}),
    Resource("cluster-group", "aws:ec2/securityGroup:SecurityGroup", {"vpcId": Ref("vpc")}),
    Resource(
        "subnet-d", "aws:ec2/subnet:Subnet",
        {"vpcId": Ref("vpc"), "cidrBlock": "10.0.6.0/24", "availabilityZone": "us-east-2d"},
    ),
    Resource("plane", CLUSTER, PLANE, needs=("cluster-role", "private-route", "subnet-a-table", "subnet-b-table")),
    Resource("addon", ADDON, {"clusterName": "plane", "addonName": "eks-node-monitoring-agent"}, ("plane",)),
    Resource("entry", ENTRY, {"clusterName": "plane", "principalArn": ADMIN}, ("plane",)),
    Resource(
        "pod-identity", POD_IDENTITY,
        {"clusterName": "plane", "namespace": "models", "serviceAccount": "taken", "roleArn": _role("pods")},
        ("plane", "pod-role"),
    ),
)  # fmt: skip


def _cluster(
    id_: str, what: str, wrong: Any, right: Any, code: str, says: str, *, base: Any = None, **more: str
) -> Case:
    case = create(id_, what, CLUSTER, base or _BASE, wrong, right, code, says, **more)
    return Case(**{**vars(case), "beyond": ONE_CLUSTER})


def _key(key: str) -> dict[str, Any]:
    return {"encryptionConfig": {"provider": {"keyArn": key}, "resources": ["secrets"]}}


def _auto(**changes: Any) -> dict[str, Any]:
    """Inputs of Auto Mode, all three switches on."""
    return {
        **_BASE,
        "bootstrapSelfManagedAddons": False,
        "computeConfig": {"enabled": True, "nodePools": ["system"], "nodeRoleArn": _role("nodes")},
        "kubernetesNetworkConfig": {"elasticLoadBalancing": {"enabled": True}},
        "storageConfig": {"blockStorage": {"enabled": True}},
        **changes,
    }


def _service(block: str) -> dict[str, Any]:
    return {"kubernetesNetworkConfig": {"serviceIpv4Cidr": block}}


_CLUSTERS = (
    _cluster(
        "cluster-version", "A Kubernetes version that EKS does not support", {"version": "1.29"},
        {"version": "1.33"}, _INVALID, "unsupported Kubernetes version 1.29",
    ),
    _cluster("cluster-trust", "A cluster role that does not trust EKS", {"roleArn": _role("nodes")}, {"roleArn": _ROLE},
             _INVALID, "could not be assumed because it does not exist or the trusted entity is not correct"),
    _cluster("cluster-role-missing", "A cluster role that is not there", {"roleArn": NOBODY}, {"roleArn": _ROLE},
             _INVALID, "could not be assumed because it does not exist"),
    _cluster("cluster-zones", "A cluster in one zone", _network("subnet-a", "second-subnet-a"),
             _network("subnet-a", "subnet-b"), _INVALID, "Subnets specified must be in at least two different AZs"),
    _cluster("cluster-zone-full", "A cluster in a zone where EKS has no room", _network("subnet-a", "subnet-d"),
             None, "UnsupportedAvailabilityZoneException",
             "does not currently have sufficient capacity to support the cluster. Retry and choose from these",
             setting="zones.eks"),
    _cluster(
        "cluster-subnet-missing", "A cluster in a subnet that is not there",
        _network("subnet-a", "subnet-b") | {"vpcConfig": {"subnetIds": [Ref("subnet-a"), "subnet-00000000000000000"]}},
        _network("subnet-a", "subnet-b"), _INVALID, "The subnet ID 'subnet-00000000000000000' does not exist",
    ),
    _cluster("cluster-vpcs", "A cluster in two VPCs", _network("subnet-a", "other-subnet-b"),
             _network("subnet-a", "subnet-b"), _INVALID, "Subnets specified must be in the same VPC"),
    _cluster("cluster-group-vpc", "A cluster with a security group of another VPC",
             _network("subnet-a", "subnet-b", securityGroupIds=[Ref("other-group")]),
             _network("subnet-a", "subnet-b", securityGroupIds=[Ref("group")]),
             _INVALID, "are not in the same VPC as the subnets"),
    _cluster("cluster-group-missing", "A cluster with a security group that is not there",
             _network("subnet-a", "subnet-b", securityGroupIds=["sg-00000000000000000"]),
             _network("subnet-a", "subnet-b", securityGroupIds=[Ref("group")]),
             _INVALID, "The security group 'sg-00000000000000000' does not exist"),
    _cluster("cluster-shut", "A cluster that nobody can reach",
             _network("subnet-a", "subnet-b", endpointPrivateAccess=False, endpointPublicAccess=False),
             _network("subnet-a", "subnet-b", endpointPrivateAccess=True, endpointPublicAccess=False),
             _INVALID, "Private and public endpoint access cannot be false"),
    _cluster("cluster-public-cidrs", "Private addresses that may reach the public endpoint",
             _network("subnet-a", "subnet-b", publicAccessCidrs=["10.0.0.0/8"]),
             _network("subnet-a", "subnet-b", publicAccessCidrs=["198.51.100.0/24"]),
             _INVALID, "The following CIDRs are not allowed in publicAccessCidrs: [10.0.0.0/8]"),
    _cluster("cluster-service-overlap", "Service addresses that overlap the VPC's", _service("10.0.0.0/20"),
             _service("172.20.0.0/20"), _INVALID, "serviceIpv4Cidr conflicts with a CIDR block of the VPC"),
    _cluster("cluster-service-range", "Service addresses that are not private", _service("100.64.0.0/20"),
             _service("192.168.0.0/20"), _INVALID, "The specified serviceIpv4Cidr 100.64.0.0/20 is not valid"),
    _cluster("cluster-service-size", "A service range smaller than /24", _service("172.20.0.0/28"),
             _service("172.20.0.0/24"), _INVALID, "The specified serviceIpv4Cidr 172.20.0.0/28 is not valid"),
    _cluster("cluster-key-elsewhere", "Secrets encrypted with a key of another region", _key(ELSEWHERE_KEY), _key(KEY),
             _INVALID, "The keyArn in encryptionConfig provider is invalid"),
    _cluster("cluster-key-disabled", "Secrets encrypted with a disabled key", _key(DISABLED_KEY), _key(KEY),
             "InvalidRequestException", "is disabled.", setting="keys.state"),
    _cluster(
        "cluster-key-pending", "Secrets encrypted with a key that is pending deletion", _key(PENDING_KEY), _key(KEY),
        "InvalidRequestException", "is pending deletion.", setting="keys.state",
    ),
    _cluster("cluster-key-denying", "Secrets encrypted with a key that the caller may not share", _key(DENYING_KEY),
             _key(KEY), "InvalidRequestException", "User not authorized to perform kms:CreateGrant operation",
             setting="keys.policy", seen="https://github.com/kubernetes-sigs/cluster-api-provider-aws/issues/2432"),
    _cluster("cluster-name-taken", "A cluster whose name is taken", {"name": "plane"}, {"name": "plain"},
             _IN_USE, "Cluster already exists with name: plane"),
    _cluster(
        "auto-half", "Auto Mode with one of its switches off",
        {"storageConfig": {"blockStorage": {"enabled": False}}},
        {"storageConfig": {"blockStorage": {"enabled": True}}}, _INVALID,
        "are all either fully enabled or fully disabled.", base=_auto(),
    ),
    _cluster(
        "auto-addons", "Auto Mode with self-managed add-ons", {"bootstrapSelfManagedAddons": True},
        {"bootstrapSelfManagedAddons": False}, _INVALID, "bootstrapSelfManagedAddons must be set to false.",
        base=_auto(),
    ),
    _cluster(
        "auto-access", "Auto Mode with access by ConfigMap", {"accessConfig": {"authenticationMode": "CONFIG_MAP"}},
        {"accessConfig": {"authenticationMode": "API"}}, _INVALID, "EKS Auto Mode requires the authentication mode",
        base=_auto(),
    ),
    _cluster("auto-pools", "Auto Mode with a node role and no node pools",
             {"computeConfig": {"enabled": True, "nodeRoleArn": _role("nodes")}},
             {"computeConfig": {"enabled": True, "nodeRoleArn": _role("nodes"), "nodePools": ["system"]}},
             _INVALID, "nodePool value(s) must be provided.", base=_auto()),
)  # fmt: skip

_UPDATES = (
    Case("cluster-skip", "An upgrade that skips a Kubernetes version", CLUSTER, _INVALID,
         "Unsupported Kubernetes minor version update from 1.34 to 1.36", "update", target="plane",
         refused=merged(PLANE, {"version": "1.36"}), allowed=merged(PLANE, {"version": "1.35"})),
    Case("cluster-access-back", "Giving up access by the EKS API", CLUSTER, _INVALID,
         "Unsupported authentication mode update from API_AND_CONFIG_MAP to CONFIG_MAP", "update", target="plane",
         refused=merged(PLANE, {"accessConfig": {"authenticationMode": "CONFIG_MAP"}}),
         allowed=merged(PLANE, {"accessConfig": {"authenticationMode": "API"}})),
)  # fmt: skip

_OF_PLANE = {"clusterName": "plane"}
_SCOPE = {"accessScope": {"type": "cluster"}, "policyArn": _VIEW}
_PODS = {**_OF_PLANE, "namespace": "models", "roleArn": _role("pods")}

_ADDONS = (
    create("addon-cluster-missing", "An add-on of a cluster that is not there", ADDON,
           {"addonName": "eks-pod-identity-agent"}, {"clusterName": "none"}, _OF_PLANE,
           "ResourceNotFoundException", "No cluster found for name: none."),
    create("addon-unknown", "An add-on that EKS does not have", ADDON, _OF_PLANE, {"addonName": "nothing"},
           {"addonName": "aws-mountpoint-s3-csi-driver"}, _INVALID, "Addon nothing specified is not supported"),
    create("addon-kube-proxy", "A kube-proxy of another Kubernetes version", ADDON,
           {**_OF_PLANE, "addonName": "kube-proxy"}, {"addonVersion": "v1.35.3-eksbuild.5"},
           {"addonVersion": "v1.34.6-eksbuild.2"}, _INVALID, "Addon version specified is not supported",
           seen="https://github.com/hashicorp/terraform-provider-aws/issues/33385"),
    create("addon-coredns", "A CoreDNS that is not for the Kubernetes version", ADDON,
           {**_OF_PLANE, "addonName": "coredns"}, {"addonVersion": "v1.14.2-eksbuild.4"},
           {"addonVersion": "v1.12.4-eksbuild.10"}, _INVALID, "Addon version specified is not supported",
           seen="https://github.com/hashicorp/terraform-provider-aws/issues/32238"),
    create("addon-taken", "An add-on that the cluster has already", ADDON, _OF_PLANE,
           {"addonName": "eks-node-monitoring-agent"}, {"addonName": "vpc-cni"}, _IN_USE, "Addon already exists."),
    create(
        "addon-values", "Add-on settings that are no JSON object", ADDON,
        {**_OF_PLANE, "addonName": "metrics-server"}, {"configurationValues": "{"}, {"configurationValues": "{}"},
        _INVALID, "ConfigurationValue provided in request is not supported",
    ),
    create(
        "addon-role", "An add-on with a role that is not there", ADDON,
        {**_OF_PLANE, "addonName": "snapshot-controller"}, {"serviceAccountRoleArn": NOBODY},
        {"serviceAccountRoleArn": ADMIN}, _INVALID, "role/Nobody cannot be found.",
    ),
)  # fmt: skip

_ACCESS = (
    create("entry-cluster-missing", "An access entry of a cluster that is not there", ENTRY,
           {"principalArn": _role("PlatformEngineer")}, {"clusterName": "none"}, _OF_PLANE,
           "ResourceNotFoundException", "No cluster found for name: none."),
    create(
        "entry-principal", "An access entry for a role that is not there", ENTRY, _OF_PLANE,
        {"principalArn": NOBODY}, {"principalArn": _role("Reader")}, _INVALID,
        "The specified principalArn is invalid: invalid principal.",
    ),
    create("entry-session", "An access entry for a session", ENTRY, _OF_PLANE,
           {"principalArn": f"arn:aws:sts::{ACCOUNT}:assumed-role/Operator/me"}, {"principalArn": _role("Operator")},
           _INVALID, "The specified principalArn is invalid: invalid format."),
    create("entry-taken", "A second access entry of a principal", ENTRY, _OF_PLANE, {"principalArn": ADMIN},
           {"principalArn": _role("pods")}, _IN_USE, "The specified access entry resource is already in use"),
    create("entry-creator", "An access entry for the cluster's creator, who has one", ENTRY, _OF_PLANE,
           {"principalArn": f"arn:aws:iam::{ACCOUNT}:user/local-cloud"}, {"principalArn": _role("cluster")},
           _IN_USE, "The specified access entry resource is already in use on this cluster."),
    create("entry-groups", "An access entry for a group of Kubernetes itself", ENTRY,
           {**_OF_PLANE, "principalArn": _role("Auditor")}, {"kubernetesGroups": ["system:masters"]},
           {"kubernetesGroups": ["auditors"]}, _INVALID, "it cannot start with system:"),
    create("entry-type", "Kubernetes groups for an access entry of nodes", ENTRY,
           {**_OF_PLANE, "principalArn": _role("nodes"), "kubernetesGroups": ["a"]}, {"type": "EC2_LINUX"},
           {"type": "STANDARD"}, _INVALID, "An access entry of type EC2_LINUX takes no kubernetes groups."),
    create("association-entry", "An access policy for a principal without an entry", ASSOCIATION,
           {**_OF_PLANE, **_SCOPE}, {"principalArn": NOBODY}, {"principalArn": ADMIN},
           "ResourceNotFoundException", "The specified principalArn could not be found."),
    create("association-policy", "An access policy that EKS does not have", ASSOCIATION,
           {**_OF_PLANE, **_SCOPE, "principalArn": ADMIN}, {"policyArn": f"{_VIEW}X"},
           {"policyArn": _VIEW.replace("View", "Edit")}, _INVALID, "The policyArn parameter format is not valid"),
    create("association-scope", "An access policy for no namespace", ASSOCIATION,
           {**_OF_PLANE, "principalArn": ADMIN, "policyArn": _VIEW.replace("View", "Admin")},
           {"accessScope": {"type": "namespace"}}, {"accessScope": {"type": "namespace", "namespaces": ["models"]}},
           _INVALID, "The access scope is either of type cluster, or of type namespace with namespaces."),
    create("association-cluster-missing", "An access policy on a cluster that is not there", ASSOCIATION,
           {**_SCOPE, "policyArn": _VIEW.replace("View", "AdminView"), "principalArn": ADMIN}, {"clusterName": "none"},
           _OF_PLANE, "ResourceNotFoundException", "No cluster found for name: none."),
    create("pod-identity-role", "A pod identity whose role does not trust pods", POD_IDENTITY,
           {**_PODS, "serviceAccount": "loader"}, {"roleArn": _role("nodes")}, {"roleArn": _role("pods")},
           _INVALID, "it must trust pods.eks.amazonaws.com"),
    create(
        "pod-identity-taken", "A second pod identity of a service account", POD_IDENTITY, _PODS,
        {"serviceAccount": "taken"}, {"serviceAccount": "free"}, _IN_USE,
        "Association already exists: taken in models",
    ),
    create("pod-identity-cluster-missing", "A pod identity in a cluster that is not there", POD_IDENTITY,
           {**_PODS, "serviceAccount": "other"}, {"clusterName": "none"}, _OF_PLANE,
           "ResourceNotFoundException", "No cluster found for name: none."),
)  # fmt: skip

_DELETES = (
    delete("cluster-delete", "Deleting a cluster with node groups", CLUSTER, "plane", _IN_USE,
           "Cluster has nodegroups attached"),
    delete("cluster-group-delete", "Deleting the security group of a cluster", "aws:ec2/securityGroup:SecurityGroup",
           "cluster-group", "DependencyViolation", "has a dependent object"),
    delete("cluster-subnet-delete", "Deleting a subnet of a cluster", "aws:ec2/subnet:Subnet", "subnet-b",
           "DependencyViolation", "The subnet '"),
)  # fmt: skip

CLUSTERS = Topic(
    "EKS clusters, add-ons and access", (*_CLUSTERS, *_UPDATES, *_ADDONS, *_ACCESS, *_DELETES), _GROUND
)
