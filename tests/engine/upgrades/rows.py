"""The upgrade matrix: every change that users make to a running stack, one row each."""

import dataclasses
from collections.abc import Callable
from typing import Any

Edit = Callable[[dict[str, Any]], None]
"""Changes a parsed YAML file in place."""

FIRST_VERSION, BASE_VERSION = "1.34", "1.35"
"""Kubernetes versions: of the stack's first deployment, and of the state that all other rows begin from."""


@dataclasses.dataclass(frozen=True)
class Row:
    """One change, and what its author promises about it."""

    name: str
    """Name of its golden file."""
    area: str
    """Heading in the document."""
    what: str
    """What changes, for readers of the document; Markdown."""
    note: str
    """Whether anything stands still, and what to mind; Markdown."""
    settings: tuple[Edit, ...] = ()
    """Changes of the stack file."""
    account: tuple[Edit, ...] = ()
    """Changes of what the account holds: what has to be there before the change."""
    program: str = "as-it-is"
    """The program to run, of `PROGRAMS`."""
    loses: frozenset[str] = frozenset()
    """Names of kept resources that the change replaces or deletes."""
    refused: str = ""
    """What the preview says when it refuses the change."""
    unsafe: bool = False
    """Whether the change is a mistake that the check must catch: it loses what nobody said it would."""
    not_applied: str = ""
    """Why the change is only previewed, and not applied."""
    loses_on_the_way_back: frozenset[str] = frozenset()
    """The same as ``loses`` for taking the change back."""
    after: str = ""
    """Name of the row whose result this one begins from; it is tried by `make test-full` only."""
    program_back: str = "as-it-is"
    """The program that takes the change back, of `PROGRAMS`."""
    no_way_back: str = ""
    """What is refused when the change is taken back."""
    quick: bool = False
    """Whether `make test` previews it; `make test-full` previews and applies all."""


def put(path: str, value: Any) -> Edit:
    """Set the key at a dotted path of the stack file's own namespace."""

    def edit(content: dict[str, Any]) -> None:
        first, *rest = path.split(".")
        config: dict[str, Any] = content["config"]
        if not rest:
            config[f"inference-plane:{first}"] = value
            return
        target = config.setdefault(f"inference-plane:{first}", {})
        for part in rest[:-1]:
            target = target.setdefault(part, {})
        target[rest[-1]] = value

    return edit


def drop(path: str) -> Edit:
    """Remove the key at a dotted path of the stack file's own namespace."""

    def edit(content: dict[str, Any]) -> None:
        first, *rest = path.split(".")
        target: dict[str, Any] = content["config"][f"inference-plane:{first}"]
        for part in rest[:-1]:
            target = target[part]
        del target[rest[-1]]

    return edit


def _rename_point(content: dict[str, Any]) -> None:
    models: dict[str, Any] = content["config"]["inference-plane:models"]
    models["point-two"] = models.pop("point")


def _second_instance(account: dict[str, Any]) -> None:
    account["capacityReservations"][0]["count"] = 2


OTHER_RESERVATION = "cr-0aaaaaaaaaaaaaaa1"
P5EN_RESERVATION = "cr-0aaaaaaaaaaaaaaa2"


def more_reservations(account: dict[str, Any]) -> None:
    """What every row finds in the account beside the local cloud's default: capacity to move to."""
    account["capacityReservations"] += [
        {"id": OTHER_RESERVATION, "instanceType": "p5e.48xlarge", "zone": "us-east-2b", "count": 1},
        {"id": P5EN_RESERVATION, "instanceType": "p5en.48xlarge", "zone": "us-east-2b", "count": 1},
    ]
    account["instanceOfferings"]["p5en.48xlarge"] = ["us-east-2b", "us-east-2c"]


_ROLLS_MODELS = "**The GPU nodes roll** ([what that means](#when-gpu-nodes-roll))."
_NEW_GPU_GROUP = (
    "EKS cannot change this in place. **The GPU node group is replaced, and all models are down meanwhile** "
    "([why, and what to do](#when-capacity-is-reserved-in-full))."
)
_NEW_SYSTEM_GROUP = (
    "EKS cannot change this in place: a new system node group starts first, then the old one is drained and "
    "deleted. Controllers run two replicas and move; models are not touched."
)
_NO_STOP = "Nothing stands still."
_ALIAS = (
    "With the alias, resources stay what they are and the state learns their new names; only `Name` tags may "
    "change. Keep the alias for as long as a stack may still know the old name."
)
_CAUGHT = "The old name's resources would be deleted. The check refuses it: add an alias."

MODELS = (
    Row(
        name="model-added",
        area="Models",
        what="Add a model that fits on the nodes",
        note="Nothing stands still; the release waits until the new model is ready.",
        settings=(
            put(
                "models.mini",
                {
                    "modelName": "Mini",
                    "modelType": "completion",
                    "gpus": 1,
                    "hostname": "mini.models.example.com",
                },
            ),
        ),
    ),
    Row(
        name="model-removed",
        area="Models",
        what="Remove a model",
        note="Its endpoint is gone at once, its checkpoint stays in the bucket; the others are not touched.",
        settings=(drop("models.point"),),
    ),
    Row(
        name="model-renamed",
        area="Models",
        what="Rename a model: another key, the same host name",
        note=(
            "To the chart, it is a new model: Helm makes the new Deployment before it deletes the old one, and both "
            "need GPUs for that time. Copy the checkpoint to the new prefix first, or set `checkpointPrefix`."
        ),
        settings=(_rename_point,),
        quick=True,
    ),
    Row(
        name="model-gpus",
        area="Models",
        what="Change the number of GPUs of a model",
        note=(
            "Its pod is replaced. Without free GPUs for both, the old pod goes first and the model is down while "
            "the new one loads."
        ),
        settings=(put("models.laguna-xs.gpus", 2),),
    ),
    Row(
        name="model-hostname",
        area="Models",
        what="Change the host name of a model",
        note="The old name stops at once; the certificate and DNS must know the new one before.",
        settings=(put("models.point.hostname", "fast.models.example.com"),),
    ),
    Row(
        name="model-replicas",
        area="Models",
        what="Change the number of replicas",
        note=_NO_STOP,
        settings=(put("models.point.replicas", 2),),
    ),
    Row(
        name="image-tag",
        area="Models",
        what="Change the image tag of the model server",
        note=(
            "Every model's pod is replaced, one model beside the other. Push the image first. A pod that does not "
            "become ready within `chart.timeoutSeconds` rolls the release back."
        ),
        settings=(put("images.tag", "v0.34.0"),),
    ),
    Row(
        name="serving-chart",
        area="Models",
        what="Another version of the serving chart",
        note="What Helm does depends on the chart: compare `helm template` of both. A failed upgrade rolls back.",
        settings=(put("chart.path", "{charts}/inference-next"),),
    ),
)

NETWORK = (
    Row(
        name="zone-added",
        area="Network",
        what="Add an availability zone",
        note=(
            "Add it at the end of the list: the single NAT gateway stands in the first zone. The subnets that are "
            "there keep their addresses. Nodes of a managed node group lie in the subnets it "
            "was made with, so the system nodes are replaced, the new ones first; models are not touched."
        ),
        settings=(put("network.availabilityZones", ["us-east-2a", "us-east-2b", "us-east-2c"]),),
        loses_on_the_way_back=frozenset({"network-public-c", "network-private-c"}),
        quick=True,
    ),
    Row(
        name="nat-per-zone",
        area="Network",
        what="NAT gateway: `single` to `per-zone`",
        note="The routes of the other zones change to their own gateway: connections through the old one break.",
        settings=(put("network.nat", "per-zone"),),
    ),
    Row(
        name="flow-logs-on",
        area="Network",
        what="Switch flow logs on",
        note=_NO_STOP,
        settings=(put("network.flowLogs", True),),
    ),
    Row(
        name="vpc-cidr",
        area="Network",
        what="Change the VPC's network (`network.cidr`)",
        note=(
            "**Replaces everything**: the network of a VPC cannot change, and the cluster lies in its subnets. Make "
            "a second stack and move to it instead."
        ),
        settings=(put("network.cidr", "10.1.0.0/16"),),
        loses=frozenset(
            {
                "network-vpc",
                "network-private-a",
                "network-private-b",
                "network-public-a",
                "network-public-b",
            }
        ),
        not_applied="EKS refuses subnets of another VPC for a cluster that exists.",
    ),
)

CLUSTER = (
    Row(
        name="kubernetes-version",
        area="Cluster",
        what=f"Kubernetes {FIRST_VERSION} to {BASE_VERSION}",
        note=(
            "In place: the control plane first (about 10 minutes, its API stays reachable), then both node groups "
            "roll, then the add-ons follow. "
            + _ROLLS_MODELS
            + " EKS takes one minor version at a time and no step back."
        ),
        settings=(put("cluster.kubernetesVersion", BASE_VERSION),),
        no_way_back="EKS cannot go back to an earlier minor version",
        quick=True,
    ),
    Row(
        name="access-entry-added",
        area="Cluster",
        what="Add an access entry",
        note=_NO_STOP,
        settings=(
            put(
                "cluster.accessEntries",
                [
                    {
                        "name": "platform",
                        "principalArn": "arn:aws:iam::111122223333:role/PlatformEngineer",
                        "policy": "AmazonEKSViewPolicy",
                    }
                ],
            ),
        ),
    ),
    Row(
        name="endpoint-private",
        area="Cluster",
        what="API endpoint: public to private only",
        note="From then on, run Pulumi and kubectl from inside the VPC; models are not touched.",
        settings=(put("cluster.endpointPublicAccess", False),),
    ),
    Row(
        name="endpoint-cidrs",
        area="Cluster",
        what="Limit the public API endpoint to some networks",
        note="Your own address must be among them, or the next run cannot reach the cluster.",
        settings=(put("cluster.publicAccessCidrs", ["198.51.100.0/24"]),),
    ),
    Row(
        name="log-retention",
        area="Cluster",
        what="Log retention in days",
        note="Older entries are deleted when the time gets shorter.",
        settings=(put("cluster.logRetentionDays", 30),),
    ),
    Row(
        name="log-types",
        area="Cluster",
        what="Other control plane logs",
        note=_NO_STOP,
        settings=(put("cluster.logTypes", ["api", "audit", "authenticator", "scheduler"]),),
    ),
    Row(
        name="deletion-protection",
        area="Cluster",
        what="Switch deletion protection on",
        note="Switch it off again before you destroy the stack.",
        settings=(put("cluster.deletionProtection", True),),
    ),
    Row(
        name="cluster-name",
        area="Cluster",
        what="Change the cluster's name",
        note=(
            "Names of roles and of the bucket follow from it: it would replace the cluster and the bucket, and the "
            "bucket's protection refuses that. Make a second stack instead."
        ),
        settings=(put("cluster.name", "inference-two"),),
        refused="marked for protection",
    ),
    Row(
        name="tag-added",
        area="Cluster",
        what="Add a tag",
        note=(
            "Every AWS resource gets it in place. Instances and volumes take tags from the launch template, whose "
            "new version rolls both node groups: change tags together with an AMI release. " + _ROLLS_MODELS
        ),
        settings=(put("tags.costCentre", "4711"),),
    ),
)

NODES = (
    Row(
        name="gpu-ami-release",
        area="GPU nodes",
        what="Another AMI release of the GPU nodes",
        note=_ROLLS_MODELS,
        settings=(put("gpuNodes.amiRelease", "1.35.7-20260901"),),
    ),
    Row(
        name="gpu-node-count",
        area="GPU nodes",
        what="More nodes",
        note="Nothing stands still. The reservation must hold the instances.",
        settings=(put("gpuNodes.count", 2),),
        account=(_second_instance,),
    ),
    Row(
        name="gpu-instance-type",
        area="GPU nodes",
        what="Another instance type, with its reservation",
        note=_NEW_GPU_GROUP,
        settings=(
            put("gpuNodes.instanceType", "p5en.48xlarge"),
            put("gpuNodes.capacity.reservationId", P5EN_RESERVATION),
        ),
        quick=True,
    ),
    Row(
        name="gpu-reservation",
        area="GPU nodes",
        what="Another reservation of the same type and zone",
        note="A new version of the launch template. " + _ROLLS_MODELS,
        settings=(put("gpuNodes.capacity.reservationId", OTHER_RESERVATION),),
    ),
    Row(
        name="gpu-resource-group",
        area="GPU nodes",
        what="From one reservation to a resource group of reservations",
        note="A new version of the launch template. " + _ROLLS_MODELS,
        settings=(
            drop("gpuNodes.capacity.reservationId"),
            put(
                "gpuNodes.capacity.resourceGroupArn",
                "arn:aws:resource-groups:us-east-2:111122223333:group/inference-gpus",
            ),
        ),
    ),
    Row(
        name="gpu-volume",
        area="GPU nodes",
        what="A bigger root volume",
        note="A new version of the launch template. " + _ROLLS_MODELS,
        settings=(put("gpuNodes.volume.sizeGib", 500),),
    ),
    Row(
        name="gpu-instance-store",
        area="GPU nodes",
        what="Instance store: `none` to `raid0`",
        note="A new version of the launch template. " + _ROLLS_MODELS,
        settings=(put("gpuNodes.instanceStore", "raid0"),),
    ),
    Row(
        name="efa-on",
        area="GPU nodes",
        what="Switch EFA on",
        note="A new version of the launch template. " + _ROLLS_MODELS,
        settings=(put("gpuNodes.efa", True),),
    ),
    Row(
        name="bottlerocket",
        area="GPU nodes",
        what="AMI: AL2023 to Bottlerocket",
        note=_NEW_GPU_GROUP,
        settings=(put("gpuNodes.ami", "bottlerocket"),),
    ),
    Row(
        name="system-instance-type",
        area="System nodes",
        what="Another instance type of the system nodes",
        note=_NEW_SYSTEM_GROUP,
        settings=(put("systemNodes.instanceTypes", ["m7i.2xlarge"]),),
    ),
    Row(
        name="system-node-count",
        area="System nodes",
        what="More system nodes",
        note=_NO_STOP,
        settings=(put("systemNodes.desiredSize", 3),),
    ),
    Row(
        name="system-volume",
        area="System nodes",
        what="A bigger root volume of the system nodes",
        note="A new version of the launch template: the system nodes roll, new before old; models are not touched.",
        settings=(put("systemNodes.volumeSizeGib", 100),),
    ),
)

ENTRY = (
    Row(
        name="alb-internal",
        area="Entry and access",
        what="Load balancer: internet-facing to internal",
        note=(
            "AWS cannot change the scheme of a load balancer: the controller makes a new one, with a new address. "
            "**Models cannot be reached** until it is active (about 3 minutes) and DNS names it."
        ),
        settings=(put("ingress.scheme", "internal"),),
    ),
    Row(
        name="alb-idle-timeout",
        area="Entry and access",
        what="Idle timeout of the load balancer",
        note="The servers' keep-alive follows, so every model's pod is replaced, one model beside the other.",
        settings=(put("ingress.idleTimeoutSeconds", 900),),
    ),
    Row(
        name="alb-group",
        area="Entry and access",
        what="Another load balancer group (`ingress.groupName`)",
        note="The controller makes a new load balancer with a new address, and deletes the old one.",
        settings=(put("ingress.groupName", "models"),),
    ),
    Row(
        name="certificate-created",
        area="Entry and access",
        what="Certificate: an existing one to a new one of the stack, with DNS",
        note=(
            "The new certificate is issued before the listener changes to it: nothing stands still. ExternalDNS "
            "takes over the host names' records."
        ),
        settings=(
            drop("ingress.certificate.arn"),
            put("ingress.certificate.hostedZoneId", "Z0123456789ABCDEFGHIJ"),
        ),
        loses_on_the_way_back=frozenset({"certificate-certificate"}),
    ),
    Row(
        name="pod-identity",
        area="Entry and access",
        what="Permissions of model pods: IRSA to Pod Identity (`access.mode`)",
        note=(
            "The role stays, only its trust changes. Pods read the bucket when they start: those that serve are not "
            "touched, those that start during the change may have to try again. Then restart the models' pods "
            "(`kubectl rollout restart deployment -n poolside-models`), so that they hold the new credentials."
        ),
        settings=(put("access.mode", "pod-identity"),),
        quick=True,
    ),
    Row(
        name="bucket-versioning",
        area="Bucket and images",
        what="Switch bucket versioning on",
        note="Nothing stands still. S3 never forgets it: switched off again, versioning is suspended.",
        settings=(put("checkpoints.versioning", True),),
        quick=True,
    ),
    Row(
        name="bucket-name",
        area="Bucket and images",
        what="Change the bucket's name",
        note="It would replace the bucket and lose the checkpoints; its protection refuses that.",
        settings=(put("checkpoints.bucketName", "other-checkpoints-111122223333"),),
        refused="marked for protection",
    ),
    Row(
        name="bucket-encryption",
        area="Bucket and images",
        what="Encryption: KMS key to S3's own keys",
        note=(
            "It would delete the key that the checkpoints are encrypted with; its protection refuses that. Copy "
            "the objects to a second bucket first."
        ),
        settings=(put("checkpoints.encryption", "sse-s3"),),
        refused="is protected",
    ),
    Row(
        name="repository-added",
        area="Bucket and images",
        what="Add an image repository",
        note=_NO_STOP,
        settings=(put("images.repositories", ["atlas", "public-docs", "router"]),),
    ),
    Row(
        name="repository-removed",
        area="Bucket and images",
        what="Remove an image repository",
        note="ECR refuses to delete one that holds images: delete those first.",
        settings=(put("images.repositories", ["atlas"]),),
    ),
)

CODE = (
    Row(
        name="system-ami-release",
        area="Versions of this project",
        what="Pinned AMI release (`components/versions.py`)",
        note="Both node groups roll, system nodes new before old. " + _ROLLS_MODELS,
        program="ami-releases",
    ),
    Row(
        name="alb-controller-chart",
        area="Versions of this project",
        what="Chart version of the AWS Load Balancer Controller",
        note=(
            "Two replicas change one by one; the load balancer serves on. Helm does not upgrade the chart's CRDs: "
            "apply those of the new version first."
        ),
        program="alb-controller-chart",
        quick=True,
    ),
    Row(
        name="gpu-operator-chart",
        area="Versions of this project",
        what="Chart version of the GPU operator",
        note="The device plugin restarts on each node: pods that run keep their GPUs, new ones wait for seconds.",
        program="gpu-operator-chart",
    ),
    Row(
        name="external-dns-chart",
        area="Versions of this project",
        what="Chart version of ExternalDNS, where the stack has it",
        note="Records stay while its one replica changes; new host names wait for seconds.",
        program="external-dns-chart",
        after="certificate-created",
    ),
    Row(
        name="vpc-renamed",
        area="Changes in code",
        what='Rename a component (`Vpc("network")`), with an alias',
        note=_ALIAS,
        program="vpc-renamed",
        program_back="vpc-named-back",
        quick=True,
    ),
    Row(
        name="cluster-renamed",
        area="Changes in code",
        what='Rename a component (`EksCluster("cluster")`), with an alias',
        note=_ALIAS,
        program="cluster-renamed",
        program_back="cluster-named-back",
    ),
    Row(
        name="bucket-renamed",
        area="Changes in code",
        what='Rename a component (`CheckpointBucket("checkpoints")`), with an alias',
        note=_ALIAS,
        program="bucket-renamed",
        program_back="bucket-named-back",
    ),
    Row(
        name="bucket-reparented",
        area="Changes in code",
        what="Move a component below another, with an alias",
        note=_ALIAS,
        program="bucket-reparented",
        program_back="bucket-reparented-back",
    ),
    Row(
        name="vpc-retyped",
        area="Changes in code",
        what="Rename a component's class (its type token), with an alias",
        note=_ALIAS,
        program="vpc-retyped",
        program_back="vpc-retyped-back",
    ),
    Row(
        name="vpc-renamed-without-alias",
        area="Changes in code",
        what='Rename a component (`Vpc("network")`), **without** an alias',
        note=_CAUGHT,
        program="vpc-renamed-without-alias",
        unsafe=True,
        quick=True,
    ),
    Row(
        name="cluster-renamed-without-alias",
        area="Changes in code",
        what='Rename a component (`EksCluster("cluster")`), **without** an alias',
        note=_CAUGHT,
        program="cluster-renamed-without-alias",
        unsafe=True,
    ),
    Row(
        name="bucket-renamed-without-alias",
        area="Changes in code",
        what='Rename a component (`CheckpointBucket("checkpoints")`), **without** an alias',
        note="The bucket's protection refuses it in the preview already.",
        program="bucket-renamed-without-alias",
        refused="is protected",
        quick=True,
    ),
    Row(
        name="bucket-reparented-without-alias",
        area="Changes in code",
        what="Move a component below another, **without** an alias",
        note="The bucket's protection refuses it in the preview already.",
        program="bucket-reparented-without-alias",
        refused="is protected",
    ),
    Row(
        name="vpc-retyped-without-alias",
        area="Changes in code",
        what="Rename a component's class (its type token), **without** an alias",
        note=_CAUGHT,
        program="vpc-retyped-without-alias",
        unsafe=True,
    ),
)

ROWS: tuple[Row, ...] = (*MODELS, *NETWORK, *CLUSTER, *NODES, *ENTRY, *CODE)
"""Every row, in the order of the document."""

NAMED: dict[str, Row] = {row.name: row for row in ROWS}
"""Rows by name."""
