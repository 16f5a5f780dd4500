"""Changes of the cluster."""

from tests.engine.upgrades.rows.phrases import NO_STOP, ROLLS_MODELS
from tests.engine.upgrades.rows.row import BASE_VERSION, FIRST_VERSION, Row, put

CLUSTER = (
    Row(
        name="kubernetes-version",
        area="Cluster",
        what=f"Kubernetes {FIRST_VERSION} to {BASE_VERSION}",
        note=(
            "In place: the control plane first (about 10 minutes, its API stays reachable), then both node groups "
            "roll, then the add-ons follow. "
            + ROLLS_MODELS
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
        note=NO_STOP,
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
        note=NO_STOP,
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
            "new version rolls both node groups: change tags together with an AMI release. " + ROLLS_MODELS
        ),
        settings=(put("tags.costCentre", "4711"),),
    ),
)
