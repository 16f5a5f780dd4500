"""Which tags make a thing ours: those of a cluster's controllers and nodes, and those of a stack."""

from collections.abc import Mapping

_VALUE_TAGS = (
    "elbv2.k8s.aws/cluster",  # AWS Load Balancer Controller
    "eks:cluster-name",  # EKS: instances and volumes of node groups
    "aws:eks:cluster-name",  # EKS: cluster security group, instances
    "eks:eks-cluster-name",  # Karpenter and EKS Auto Mode
    "cluster.k8s.amazonaws.com/name",  # VPC CNI: further interfaces of nodes
    "KubernetesCluster",  # EBS CSI driver
)
_OWNED_TAG = "kubernetes.io/cluster/{}"
_NODE_POOL = "karpenter.sh/nodepool"


def cluster_tags(cluster: str) -> list[tuple[str, str]]:
    """Key and value of each tag that makes a thing a cluster's own.

    ``kubernetes.io/cluster/<name>=shared`` is none of them: it marks what the cluster may use and does not own.
    Karpenter's ``karpenter.sh/nodepool`` names no cluster; it comes with one of these.
    """
    return [*((key, cluster) for key in _VALUE_TAGS), (_OWNED_TAG.format(cluster), "owned")]


def owner(tags: Mapping[str, str], clusters: frozenset[str]) -> str:
    """The one of these clusters that a thing belongs to; empty when it is none's."""
    for cluster in sorted(clusters):
        if any(tags.get(key) == value for key, value in cluster_tags(cluster)):
            return cluster
    return ""


def reason(tags: Mapping[str, str], clusters: frozenset[str], stack_tags: Mapping[str, str]) -> str:
    """The tags by which a thing is ours, for people; empty when it is not."""
    for cluster in sorted(clusters):
        for key, value in cluster_tags(cluster):
            if tags.get(key) == value:
                pool = tags.get(_NODE_POOL)
                return f"{key}={value}" + (f", {_NODE_POOL}={pool}" if pool else "")
    if stack_tags and stack_tags.items() <= tags.items():
        return ", ".join(f"{key}={value}" for key, value in sorted(stack_tags.items()))
    return ""
