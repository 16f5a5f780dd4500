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


_VPC, _NETWORK, _STORAGE = (f"inference-plane:index:{name}" for name in ("Vpc", "Network", "Storage"))


class Storage(pulumi.ComponentResource):
    """A component around the bucket, as a reader might introduce one."""

    def __init__(self) -> None:
        super().__init__(_STORAGE, "storage")
        self.register_outputs({})


def _merged(opts: pulumi.ResourceOptions | None, more: pulumi.ResourceOptions) -> pulumi.ResourceOptions:
    return pulumi.ResourceOptions.merge(opts, more)


def _renamed(component: Any, attribute: str, old: str, new: str, *, once: str | None) -> Callable[[], None]:
    """Call the component ``new`` instead of ``old``; ``once`` is the name that an alias gives, if there is one."""

    def patch() -> None:
        def make(name: str, args: Any, opts: pulumi.ResourceOptions | None = None) -> Any:
            assert name == old, f"the component is called {name!r} by now: adapt this program"
            aliases: list[Any] = [pulumi.Alias(name=once)] if once else []
            return component(new, args, _merged(opts, pulumi.ResourceOptions(aliases=aliases)))

        setattr(foundation, attribute, make)

    return patch


def _reparented(*, alias: bool) -> Callable[[], None]:
    def patch() -> None:
        def make(name: str, args: Any, opts: pulumi.ResourceOptions | None = None) -> CheckpointBucket:
            # Without a parent, an alias says: no parent but the stack.
            aliases: list[Any] = [pulumi.Alias(parent=None)] if alias else []
            more = pulumi.ResourceOptions(parent=Storage(), aliases=aliases)
            return CheckpointBucket(name, args, _merged(opts, more))

        setattr(foundation, "CheckpointBucket", make)  # noqa: B010 -- the type is another on purpose

    return patch


def _parent_taken_back() -> None:
    def make(name: str, args: Any, opts: pulumi.ResourceOptions | None = None) -> CheckpointBucket:
        storage = f"urn:pulumi:{pulumi.get_stack()}::{pulumi.get_project()}::{_STORAGE}::storage"
        aliases: list[Any] = [pulumi.Alias(parent=storage)]
        return CheckpointBucket(name, args, _merged(opts, pulumi.ResourceOptions(aliases=aliases)))

    setattr(foundation, "CheckpointBucket", make)  # noqa: B010 -- the type is another on purpose


def _retyped(new: str, *, once: str | None) -> Callable[[], None]:
    """Give the class Vpc the type token ``new``; ``once`` is the token that an alias gives, if there is one."""

    def patch() -> None:
        component: Any = pulumi.ComponentResource
        original = component.__init__

        def init(self: Any, t: str, name: str, props: Any = None, opts: Any = None, **rest: Any) -> None:
            if t == _VPC:
                aliases: list[Any] = [pulumi.Alias(type_=once)] if once else []
                t, opts = new, _merged(opts, pulumi.ResourceOptions(aliases=aliases))
            original(self, t, name, props, opts, **rest)

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
    "vpc-renamed": _renamed(Vpc, "Vpc", "network", "private-network", once="network"),
    "vpc-renamed-without-alias": _renamed(Vpc, "Vpc", "network", "private-network", once=None),
    "vpc-named-back": _renamed(Vpc, "Vpc", "network", "network", once="private-network"),
    "cluster-renamed": _renamed(EksCluster, "EksCluster", "cluster", "control-plane", once="cluster"),
    "cluster-renamed-without-alias": _renamed(
        EksCluster, "EksCluster", "cluster", "control-plane", once=None
    ),
    "cluster-named-back": _renamed(EksCluster, "EksCluster", "cluster", "cluster", once="control-plane"),
    "bucket-renamed": _renamed(
        CheckpointBucket, "CheckpointBucket", "checkpoints", "weights", once="checkpoints"
    ),
    "bucket-renamed-without-alias": _renamed(
        CheckpointBucket, "CheckpointBucket", "checkpoints", "weights", once=None
    ),
    "bucket-named-back": _renamed(
        CheckpointBucket, "CheckpointBucket", "checkpoints", "checkpoints", once="weights"
    ),
    "bucket-reparented": _reparented(alias=True),
    "bucket-reparented-without-alias": _reparented(alias=False),
    "bucket-reparented-back": _parent_taken_back,
    "vpc-retyped": _retyped(_NETWORK, once=_VPC),
    "vpc-retyped-without-alias": _retyped(_NETWORK, once=None),
    "vpc-retyped-back": _retyped(_VPC, once=_NETWORK),
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
