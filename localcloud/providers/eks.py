"""The `eks` provider of the local cloud: it builds `eks:index:Cluster` from resources of the `aws` provider."""

import asyncio
import os
import sys
import threading
import time
from importlib import metadata

from pulumi import Inputs, ResourceOptions
from pulumi.provider import ConstructResult, Provider, main

from localcloud.eks.cluster import Cluster
from localcloud.simulation.clock_workers import with_simulated_time


class EksProvider(Provider):
    """Builds remote components."""

    def __init__(self) -> None:
        super().__init__(version=metadata.version("pulumi-eks"))

    def construct(
        self, name: str, resource_type: str, inputs: Inputs, options: ResourceOptions | None = None
    ) -> ConstructResult:
        """Expand one component."""
        if resource_type != "eks:index:Cluster":
            raise ValueError(
                f"the local cloud's eks provider builds eks:index:Cluster only, not {resource_type}"
            )
        with_simulated_time(asyncio.get_running_loop())
        cluster = Cluster(name, inputs, options or ResourceOptions())
        return ConstructResult(urn=cluster.urn, state=cluster.state)


def _end_with_parent() -> None:
    """An engine that is killed cannot end its plugins: they must notice."""
    parent = os.getppid()
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(0)


if __name__ == "__main__":
    threading.Thread(target=_end_with_parent, daemon=True).start()
    main(EksProvider(), sys.argv[1:])
