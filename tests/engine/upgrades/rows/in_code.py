"""Changes in a program's code: renamed, reparented and retyped, with an alias and without."""

from tests.engine.upgrades.rows.phrases import ALIAS, CAUGHT, ROLLS_MODELS
from tests.engine.upgrades.rows.row import Row

CODE = (
    Row(
        name="system-ami-release",
        area="Versions of this project",
        what="Pinned AMI release (`components/versions.py`)",
        note="Both node groups roll, system nodes new before old. " + ROLLS_MODELS,
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
        note=ALIAS,
        program="vpc-renamed",
        program_back="vpc-named-back",
        quick=True,
    ),
    Row(
        name="cluster-renamed",
        area="Changes in code",
        what='Rename a component (`EksCluster("cluster")`), with an alias',
        note=ALIAS,
        program="cluster-renamed",
        program_back="cluster-named-back",
    ),
    Row(
        name="bucket-renamed",
        area="Changes in code",
        what='Rename a component (`CheckpointBucket("checkpoints")`), with an alias',
        note=ALIAS,
        program="bucket-renamed",
        program_back="bucket-named-back",
    ),
    Row(
        name="bucket-reparented",
        area="Changes in code",
        what="Move a component below another, with an alias",
        note=ALIAS,
        program="bucket-reparented",
        program_back="bucket-reparented-back",
    ),
    Row(
        name="vpc-retyped",
        area="Changes in code",
        what="Rename a component's class (its type token), with an alias",
        note=ALIAS,
        program="vpc-retyped",
        program_back="vpc-retyped-back",
    ),
    Row(
        name="vpc-renamed-without-alias",
        area="Changes in code",
        what='Rename a component (`Vpc("network")`), **without** an alias',
        note=CAUGHT,
        program="vpc-renamed-without-alias",
        unsafe=True,
        quick=True,
    ),
    Row(
        name="cluster-renamed-without-alias",
        area="Changes in code",
        what='Rename a component (`EksCluster("cluster")`), **without** an alias',
        note=CAUGHT,
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
        note=CAUGHT,
        program="vpc-retyped-without-alias",
        unsafe=True,
    ),
)
