"""The orders that AWS and Kubernetes ask for and that no input of a resource expresses.

Each names its reason. Where one thing takes another's id, name or ARN, the engine knows the order by itself and
nothing stands here.
"""

import dataclasses
from collections.abc import Callable
from typing import Literal

from localcloud.simulation import orders_aws as aws
from localcloud.simulation import orders_kubernetes as kubernetes
from localcloud.simulation.orders_kinds import Pairs
from localcloud.simulation.orders_state import Resources


@dataclasses.dataclass(frozen=True)
class Order:
    """One rule, and the pairs of a stack's resources that it holds for."""

    name: str
    when: Literal["both", "create"]
    """``both``: on the way down the second also has to be gone before the first is deleted."""
    reason: str
    pairs: Callable[[Resources], Pairs]


ORDERS: tuple[Order, ...] = (
    Order(
        "a role's policies before what uses the role",
        "both",
        "EKS and nodes act with the role at once: without its policies a cluster is refused, nodes cannot join, and "
        "on the way down they could no longer give back their network interfaces (EKS user guide, node IAM role)",
        aws.policies_before_users,
    ),
    Order(
        "the log group before the cluster",
        "both",
        "EKS makes /aws/eks/<name>/cluster itself, without retention, when it is not there, and again when it is "
        "deleted while the cluster still logs",
        aws.log_group_before_cluster,
    ),
    Order(
        "the internet gateway before NAT gateways and addresses",
        "both",
        "CreateNatGateway answers Gateway.NotAttached without it; it cannot be detached while the VPC has mapped "
        "public addresses (DependencyViolation)",
        aws.gateway_before_addresses,
    ),
    Order(
        "routes before nodes",
        "both",
        "a node that cannot reach EKS, ECR and STS does not join, and the group fails after 15 to 30 minutes with "
        "NodeCreationFailure; draining needs the same way out",
        aws.way_out_before_nodes,
    ),
    Order(
        "interface endpoints before nodes without NAT",
        "both",
        "in a VPC without a way out they are the only way to EKS, ECR, EC2 and STS (EKS user guide, private clusters)",
        aws.endpoints_before_nodes,
    ),
    Order(
        "vpc-cni and kube-proxy before nodes",
        "both",
        "a node becomes Ready only with a network plugin, and its pods reach Services only with kube-proxy; on the way "
        "down the plugin gives the pods' addresses back",
        aws.network_before_nodes,
    ),
    Order(
        "nodes before Deployment-type add-ons",
        "both",
        "without a node their pods stay Pending and the add-on DEGRADED; its creation fails after 20 minutes",
        aws.nodes_before_deployments,
    ),
    Order(
        "nodes before charts",
        "both",
        "Helm waits for ready Deployments, which need nodes; pods that still run need their kubelet to end",
        kubernetes.nodes_before_charts,
    ),
    Order(
        "cluster DNS before charts that call AWS",
        "both",
        "their pods resolve the names of AWS APIs and Services through CoreDNS; device plugins and the GPU operator "
        "only talk to the API server, by address",
        kubernetes.dns_before_charts,
    ),
    Order(
        "controllers and their class before the models",
        "both",
        "the load balancer controller's webhooks must answer when an Ingress is made, and it takes the finalizer off "
        "an Ingress that is deleted; records and device plugins likewise follow what the models' release makes",
        kubernetes.controllers_before_models,
    ),
    Order(
        "a chart's CRDs before objects of them",
        "both",
        "the API server refuses a kind that it does not know; the controller removes its finalizers",
        kubernetes.crds_before_objects,
    ),
    Order(
        "a class's parameters before the class",
        "both",
        "the controller refuses Ingresses of a class whose parameters are not there",
        kubernetes.parameters_before_class,
    ),
    Order(
        "the GPU operator before the models",
        "create",
        "pods that ask for nvidia.com/gpu stay Pending, within Helm's timeout, until the device plugin runs",
        kubernetes.gpus_before_models,
    ),
    Order(
        "access entries before Kubernetes objects",
        "both",
        "whoever is not the cluster's creator is Unauthorized without its entry",
        kubernetes.entries_before_objects,
    ),
    Order(
        "a namespace before what is in it",
        "both",
        "the API server refuses objects in a namespace that is not there, and takes them along when it goes",
        kubernetes.namespace_before_contents,
    ),
    Order(
        "Secrets before the pods that read them",
        "create",
        "a container does not start without the Secret of its environment (CreateContainerConfigError)",
        kubernetes.secrets_before_pods,
    ),
    Order(
        "a bucket's access settings one after the other",
        "both",
        "S3 answers OperationAborted to two changes of a bucket's access at one time",
        aws.bucket_settings_in_turn,
    ),
    Order(
        "versioning before lifecycle rules",
        "create",
        "rules for noncurrent versions have no meaning before it (S3 provider guide, lifecycle with versioning)",
        aws.versioning_before_lifecycle,
    ),
    Order(
        "a service account's role before the models",
        "both",
        "pods get credentials when they are admitted, and download their checkpoint with them at once",
        kubernetes.permissions_before_pods,
    ),
    Order(
        "checkpoints and images before the models",
        "both",
        "the pods download the checkpoint and pull the image when they start, and may start again until they are gone",
        kubernetes.checkpoints_before_models,
    ),
)
"""Every order; `localcloud/simulation/orders.py` adds those that follow from data."""
