"""Changes of the node groups."""

from typing import Any

from tests.engine.upgrades.rows.phrases import NEW_GPU_GROUP, NEW_SYSTEM_GROUP, NO_STOP, ROLLS_MODELS
from tests.engine.upgrades.rows.row import OTHER_RESERVATION, P5EN_RESERVATION, Row, drop, put


def _second_instance(account: dict[str, Any]) -> None:
    account["capacityReservations"][0]["count"] = 2


NODES = (
    Row(
        name="gpu-ami-release",
        area="GPU nodes",
        what="Another AMI release of the GPU nodes",
        note=ROLLS_MODELS,
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
        note=NEW_GPU_GROUP,
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
        note="A new version of the launch template. " + ROLLS_MODELS,
        settings=(put("gpuNodes.capacity.reservationId", OTHER_RESERVATION),),
    ),
    Row(
        name="gpu-resource-group",
        area="GPU nodes",
        what="From one reservation to a resource group of reservations",
        note="A new version of the launch template. " + ROLLS_MODELS,
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
        note="A new version of the launch template. " + ROLLS_MODELS,
        settings=(put("gpuNodes.volume.sizeGib", 500),),
    ),
    Row(
        name="gpu-instance-store",
        area="GPU nodes",
        what="Instance store: `none` to `raid0`",
        note="A new version of the launch template. " + ROLLS_MODELS,
        settings=(put("gpuNodes.instanceStore", "raid0"),),
    ),
    Row(
        name="efa-on",
        area="GPU nodes",
        what="Switch EFA on",
        note="A new version of the launch template. " + ROLLS_MODELS,
        settings=(put("gpuNodes.efa", True),),
    ),
    Row(
        name="bottlerocket",
        area="GPU nodes",
        what="AMI: AL2023 to Bottlerocket",
        note=NEW_GPU_GROUP,
        settings=(put("gpuNodes.ami", "bottlerocket"),),
    ),
    Row(
        name="system-instance-type",
        area="System nodes",
        what="Another instance type of the system nodes",
        note=NEW_SYSTEM_GROUP,
        settings=(put("systemNodes.instanceTypes", ["m7i.2xlarge"]),),
    ),
    Row(
        name="system-node-count",
        area="System nodes",
        what="More system nodes",
        note=NO_STOP,
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
