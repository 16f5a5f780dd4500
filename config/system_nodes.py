"""Settings of the system nodes: the CPU nodes for controllers and add-ons."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from components.instance_types import CPU_INSTANCE_TYPES
from config.area import Area, Fault, rule
from config.formats import Expected

CpuInstanceType = Annotated[
    str,
    Expected(
        lambda name: name in CPU_INSTANCE_TYPES,
        f"an instance type that is known here: {', '.join(CPU_INSTANCE_TYPES)}",
    ),
]


class SystemNodes(Area):
    """A managed node group without GPUs: the GPU nodes' taint keeps controllers off those."""

    instance_types: Annotated[tuple[CpuInstanceType, ...], Field(min_length=1)] = ("m7i.xlarge",)
    """Instance types to choose from, in order of preference."""
    desired_size: Annotated[int, Field(ge=1)] = 2
    """Nodes to run. Controllers run two replicas, on two nodes if there are two."""
    min_size: Annotated[int, Field(ge=1)] = 2
    """Fewest nodes."""
    max_size: Annotated[int, Field(ge=1)] = 3
    """Most nodes; one above `desiredSize` lets an update start a node before it drains one."""
    volume_size_gib: Annotated[int, Field(ge=20, le=16384)] = 50
    """Root volume in GiB, encrypted gp3."""

    @rule("min_size", "desired_size", "max_size")
    def _sizes_are_in_order(self) -> Iterator[Fault]:
        if not self.min_size <= self.desired_size <= self.max_size:
            yield Fault(
                "desiredSize",
                f"is {self.desired_size}; it must lie between minSize ({self.min_size}) and maxSize "
                f"({self.max_size})",
            )
