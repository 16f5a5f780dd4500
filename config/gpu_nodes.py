"""Settings of the GPU nodes: instance type, where the instances come from, disks and drivers."""

import re
from collections.abc import Iterator
from typing import Annotated, Literal, Optional

from pydantic import Field

from components.instance_types import GPU_INSTANCE_TYPES, INSTANCE_TYPES
from components.versions import AMI_RELEASES, KUBERNETES_DEFAULT
from config.area import Area, Fault, rule
from config.formats import AvailabilityZone, Expected, ReservationId, ResourceGroupArn

GpuInstanceType = Annotated[
    str,
    Expected(
        lambda name: name in GPU_INSTANCE_TYPES,
        f"a GPU instance type that is known here: {', '.join(GPU_INSTANCE_TYPES)}",
    ),
]

_RELEASE_FORMATS: dict[str, tuple[str, str]] = {
    "al2023": (r"1\.\d\d\.\d+-\d{8}", AMI_RELEASES[KUBERNETES_DEFAULT]["al2023"]),
    "bottlerocket": (r"\d+\.\d+\.\d+-[0-9a-f]{8}", AMI_RELEASES[KUBERNETES_DEFAULT]["bottlerocket"]),
}


def is_release_of(ami: str, release: str) -> bool:
    """Whether ``release`` is written as releases of that AMI family are."""
    return re.fullmatch(_RELEASE_FORMATS[ami][0], release) is not None


class Capacity(Area):
    """Where the instances come from: exactly one of the four sources."""

    reservation_id: Optional[ReservationId] = None
    """On-Demand Capacity Reservation (ODCR) to launch into."""
    resource_group_arn: Optional[ResourceGroupArn] = None
    """Resource group of ODCRs: it can grow without a change here."""
    capacity_block_id: Optional[ReservationId] = None
    """Capacity Block for ML that you bought; nodes come up once it has started and go before it ends."""
    on_demand: bool = False
    """Launch on demand, with no reservation. The large types are rarely to be had this way."""
    availability_zone: Optional[AvailabilityZone] = None
    """Zone of the reservation, as your own account names it. Required unless `onDemand`; with it, the one
    zone to launch in."""

    @property
    def kind(self) -> Literal["odcr", "resource-group", "capacity-block", "on-demand"]:
        """Which of the four sources is given."""
        if self.reservation_id is not None:
            return "odcr"
        if self.resource_group_arn is not None:
            return "resource-group"
        return "capacity-block" if self.capacity_block_id is not None else "on-demand"

    @rule("reservation_id", "resource_group_arn", "capacity_block_id", "on_demand")
    def _one_source(self) -> Iterator[Fault]:
        sources = {
            "reservationId": self.reservation_id,
            "resourceGroupArn": self.resource_group_arn,
            "capacityBlockId": self.capacity_block_id,
            "onDemand": self.on_demand or None,
        }
        given = [key for key, value in sources.items() if value is not None]
        if len(given) != 1:
            yield Fault(
                "",
                f"names {len(given)} sources ({', '.join(given) or 'none'}); give exactly one of "
                "reservationId, resourceGroupArn, capacityBlockId, or onDemand: true",
            )

    @rule("availability_zone", "on_demand")
    def _zone_of_the_reservation(self) -> Iterator[Fault]:
        if not self.on_demand and self.availability_zone is None:
            yield Fault(
                "availabilityZone", "is required: the zone of the reservation, for nodes launch nowhere else"
            )


class Volume(Area):
    """The root volume: encrypted gp3."""

    size_gib: Annotated[int, Field(ge=50, le=16384)] = 300
    """Size in GiB. Images and, without an instance store, whole checkpoints are kept on it."""
    iops: Annotated[int, Field(ge=3000, le=16000)] = 6000
    """I/O operations per second."""
    throughput: Annotated[int, Field(ge=125, le=1000)] = 500
    """MiB per second; at most a quarter of `iops`."""

    @rule("throughput", "iops")
    def _throughput_fits_the_iops(self) -> Iterator[Fault]:
        if self.throughput * 4 > self.iops:
            yield Fault(
                "throughput",
                f"is {self.throughput}; gp3 gives at most a quarter of iops, {self.iops // 4} MiB/s here",
            )


class GpuNodes(Area):
    """The managed node group that models run on."""

    instance_type: GpuInstanceType = "p5e.48xlarge"
    """EC2 instance type; Poolside's architecture names p5e.48xlarge as the smallest for its models."""
    count: Annotated[int, Field(ge=0)] = 1
    """Nodes to run. All models together must fit on them; 0 waits for a reservation to start."""
    min_count: Annotated[int, Field(ge=0)] = 0
    """Fewest nodes that the group may be scaled to."""
    max_count: Optional[Annotated[int, Field(ge=1)]] = None
    """Most nodes that the group may be scaled to. Default: `count`, at least 1."""
    capacity: Capacity
    """Where the instances come from: exactly one source, and its zone."""
    ami: Literal["al2023", "bottlerocket"] = "al2023"
    """EKS-optimised AMI with NVIDIA drivers."""
    ami_release: Optional[str] = None
    """AMI release. Default: the one that this project pins for the Kubernetes version."""
    volume: Volume = Volume()
    """Root volume. The default is Poolside's 300 GB."""
    instance_store: Literal["none", "raid0"] = "none"
    """What to do with the local NVMe disks: nothing, or one RAID0 under images and pods' local data. `none` is
    the reference architecture's choice (its 300 GB volume); `raid0` takes far more and bigger checkpoints."""
    efa: bool = False
    """Whether nodes get every Elastic Fabric Adapter of the type, a placement group and the device plugin.
    Only models that span nodes gain from it."""
    operator_mode: Literal["device-plugin-only", "full"] = "device-plugin-only"
    """NVIDIA GPU Operator: only what the AMI lacks, or drivers and container toolkit too."""

    @property
    def most_count(self) -> int:
        """Most nodes that the group may be scaled to."""
        return max(self.count, 1) if self.max_count is None else self.max_count

    @property
    def packing_count(self) -> int:
        """Nodes that models are packed onto: those to run, or those there will be once scaled up from 0."""
        return self.count or self.most_count

    @rule("min_count", "count", "max_count")
    def _counts_are_in_order(self) -> Iterator[Fault]:
        if not self.min_count <= self.count <= self.most_count:
            yield Fault(
                "count",
                f"is {self.count}; it must lie between minCount ({self.min_count}) and maxCount "
                f"({self.most_count})",
            )

    @rule("ami", "ami_release")
    def _release_is_of_the_ami(self) -> Iterator[Fault]:
        if self.ami_release is not None and not is_release_of(self.ami, self.ami_release):
            example = _RELEASE_FORMATS[self.ami][1]
            yield Fault(
                "amiRelease", f"is {self.ami_release!r}; expected a release of {self.ami} such as {example}"
            )

    @rule("instance_store", "instance_type")
    def _raid_has_disks(self) -> Iterator[Fault]:
        if self.instance_store == "raid0" and not INSTANCE_TYPES[self.instance_type].nvme_gb:
            yield Fault("instanceStore", f"is raid0, but {self.instance_type} has no local NVMe disks")

    @rule("efa", "capacity.on_demand", "capacity.availability_zone")
    def _efa_has_one_zone(self) -> Iterator[Fault]:
        if self.efa and self.capacity.on_demand and self.capacity.availability_zone is None:
            yield Fault(
                "capacity.availabilityZone",
                "is required with efa: a cluster placement group lies in one zone",
            )

    @rule("efa", "instance_type")
    def _efa_has_adapters(self) -> Iterator[Fault]:
        if self.efa and not INSTANCE_TYPES[self.instance_type].efa_interfaces:
            yield Fault(
                "efa", f"is true, but {self.instance_type} has no Elastic Fabric Adapter; set it to false"
            )
