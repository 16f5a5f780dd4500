"""Programs that differ from the plane's own by one change in code: what a fork or a next version might do."""

import runpy
from collections.abc import Callable
from typing import Any

import pulumi

from components import alb_controller, external_dns, gpu_operator, versions
from components.checkpoint_bucket import CheckpointBucket
from components.eks_cluster import EksCluster
from components.vpc import Vpc
from localcloud.home import PROJECT
from plane import foundation

NEXT_SYSTEM_RELEASE = "1.35.7-20260901"
"""A later AMI release than the pinned one."""

NEXT_CHARTS = {
    "aws-load-balancer-controller": "3.6.0",
    "gpu-operator": "v26.8.0",
    "external-dns": "1.20.0",
}
"""Later versions of published charts than the pinned ones."""


class Storage(pulumi.ComponentResource):
    """A component around the bucket, as a reader might introduce one."""

    def __init__(self) -> None:
        super().__init__("inference-plane:index:Storage", "storage")
        self.register_outputs({})


def _merged(opts: pulumi.ResourceOptions | None, more: pulumi.ResourceOptions) -> pulumi.ResourceOptions:
    return pulumi.ResourceOptions.merge(opts, more)


def _renamed(component: Any, attribute: str, old: str, new: str, *, alias: bool) -> Callable[[], None]:
    def patch() -> None:
        def make(name: str, args: Any, opts: pulumi.ResourceOptions | None = None) -> Any:
            assert name == old, f"the component is called {name!r} by now: adapt this program"
            aliases: list[Any] = [pulumi.Alias(name=old)] if alias else []
            return component(new, args, _merged(opts, pulumi.ResourceOptions(aliases=aliases)))

        setattr(foundation, attribute, make)

    return patch


def _reparented(*, alias: bool) -> Callable[[], None]:
    def patch() -> None:
        def make(name: str, args: Any, opts: pulumi.ResourceOptions | None = None) -> CheckpointBucket:
            # Without `parent`, an alias says: no parent but the stack.
            aliases: list[Any] = [pulumi.Alias(parent=None)] if alias else []
            more = pulumi.ResourceOptions(parent=Storage(), aliases=aliases)
            return CheckpointBucket(name, args, _merged(opts, more))

        setattr(foundation, "CheckpointBucket", make)  # noqa: B010 -- the type is another on purpose

    return patch


def _retyped(*, alias: bool) -> Callable[[], None]:
    def patch() -> None:
        component: Any = pulumi.ComponentResource
        old = component.__init__

        def init(self: Any, t: str, name: str, props: Any = None, opts: Any = None, **rest: Any) -> None:
            if t == "inference-plane:index:Vpc":
                aliases: list[Any] = [pulumi.Alias(type_=t)] if alias else []
                t, opts = (
                    "inference-plane:index:Network",
                    _merged(opts, pulumi.ResourceOptions(aliases=aliases)),
                )
            old(self, t, name, props, opts, **rest)

        component.__init__ = init

    return patch


def _chart(module: Any, constant: str) -> Callable[[], None]:
    def patch() -> None:
        pinned: versions.ChartVersion = getattr(module, constant)
        setattr(module, constant, pinned._replace(version=NEXT_CHARTS[pinned.chart]))

    return patch


def _next_system_release() -> None:
    versions.AMI_RELEASES["1.35"]["al2023"] = NEXT_SYSTEM_RELEASE


PROGRAMS: dict[str, Callable[[], None]] = {
    "as-it-is": lambda: None,
    "vpc-renamed": _renamed(Vpc, "Vpc", "network", "private-network", alias=True),
    "vpc-renamed-without-alias": _renamed(Vpc, "Vpc", "network", "private-network", alias=False),
    "cluster-renamed": _renamed(EksCluster, "EksCluster", "cluster", "control-plane", alias=True),
    "cluster-renamed-without-alias": _renamed(
        EksCluster, "EksCluster", "cluster", "control-plane", alias=False
    ),
    "bucket-renamed": _renamed(CheckpointBucket, "CheckpointBucket", "checkpoints", "weights", alias=True),
    "bucket-renamed-without-alias": _renamed(
        CheckpointBucket, "CheckpointBucket", "checkpoints", "weights", alias=False
    ),
    "bucket-reparented": _reparented(alias=True),
    "bucket-reparented-without-alias": _reparented(alias=False),
    "vpc-retyped": _retyped(alias=True),
    "vpc-retyped-without-alias": _retyped(alias=False),
    "alb-controller-chart": _chart(alb_controller, "ALB_CONTROLLER"),
    "gpu-operator-chart": _chart(gpu_operator, "GPU_OPERATOR"),
    "external-dns-chart": _chart(external_dns, "EXTERNAL_DNS"),
    "ami-releases": _next_system_release,
}
"""What each program changes in the plane's code before it runs it."""


def run(name: str) -> None:
    """Change the code, then run the plane's own program."""
    PROGRAMS[name]()
    runpy.run_path(str(PROJECT / "__main__.py"), run_name="__main__")
