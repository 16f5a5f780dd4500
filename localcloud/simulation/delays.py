"""How long one operation takes: the table's figure, refined by what is being made."""

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import PurePosixPath
from typing import Any, cast

from localcloud.simulation.delays_table import TABLE, Figures
from localcloud.simulation.operations import Operation

_OTHER = Figures(2, 2, 2, "estimate: a type without a figure of its own, one or two API calls")

_GIGABYTES_PER_GPU = 56.0
"""Checkpoint per GPU: Poolside's Laguna M.1 in FP8 is 226 GB on four GPUs, XS.2 66 GB on one."""

_GIGABYTES_PER_SECOND = 0.52
"""What a node's volume takes: 500 MiB/s, the default of GPU nodes; the network is faster."""

_IMAGE_SECONDS = 150.0
"""Pull and unpack of a model server's image of about 10 GB onto that volume."""

_LOAD_SECONDS = 180.0
"""Weights into GPU memory, compilation and CUDA graphs: two to four minutes for a warm page cache."""


@dataclasses.dataclass(frozen=True)
class Delay:
    """How long an operation takes, and how we know."""

    seconds: float
    """Virtual seconds from its beginning to its end."""
    source: str
    """``measured: …``, ``documented: …`` or ``estimate: …``."""


def delay_of(operation: Operation) -> Delay:
    """The delay of an operation on what it makes, changes or deletes; a type unknown here takes two seconds."""
    refine = _REFINED.get(operation.type)
    given = operation.removed if operation.verb == "delete" else operation.inputs
    figures = (refine and refine(given)) or TABLE.get(operation.type, _OTHER)
    return Delay(getattr(figures, operation.verb), figures.source)


def _endpoint(given: Mapping[str, Any]) -> Figures | None:
    if given.get("vpcEndpointType", "Gateway") == "Gateway":
        return Figures(6, 6, 6, "measured: 5 to 6 s for a gateway endpoint, which is a route")
    return None


def _node_group(given: Mapping[str, Any]) -> Figures | None:
    scaling = cast("Mapping[str, Any]", given.get("scalingConfig") or {})
    if scaling.get("desiredSize") == 0:
        return Figures(58, 60, 60, "measured: 58 s for a group without nodes")
    types = cast("list[str]", given.get("instanceTypes") or [])
    if "NVIDIA" in str(given.get("amiType")) or any(type_[:1] in "pg" for type_ in types):
        usual = TABLE["aws:eks/nodeGroup:NodeGroup"]
        return Figures(
            420,
            1200,
            usual.delete,
            "estimate: an instance with eight GPUs and terabytes of memory takes five to eight minutes to boot",
        )
    return None


_ADDONS: dict[str, Figures] = {
    "vpc-cni": Figures(35, 60, 12, "measured: 35 s before there are nodes; estimate: 12 s to remove"),
    "kube-proxy": Figures(24, 40, 12, "measured: 24 to 25 s; estimate: 12 s to remove"),
    "coredns": Figures(15, 40, 12, "measured: 14 to 56 s, most often 15 s; estimate: 12 s to remove"),
    "eks-pod-identity-agent": Figures(25, 40, 12, "measured: 25 s; estimate: 12 s to remove"),
}

_CHARTS: dict[str, Figures] = {
    "aws-load-balancer-controller": Figures(
        45, 45, 12, "measured: 45 s; estimate: 12 s to delete its objects"
    ),
    "gpu-operator": Figures(
        75,
        75,
        12,
        "estimate: operator and feature discovery are pulled and start; operands follow by themselves",
    ),
    "external-dns": Figures(30, 30, 12, "estimate: one small image is pulled and starts"),
    "aws-efa-k8s-device-plugin": Figures(20, 20, 10, "estimate: one DaemonSet of a small image"),
    "karpenter": Figures(
        45, 45, 12, "estimate: like the load balancer controller, two replicas with webhooks"
    ),
    "keda": Figures(60, 60, 15, "estimate: three Deployments, and an API service that has to answer"),
}


def _release(given: Mapping[str, Any]) -> Figures | None:
    values = cast("Mapping[str, Any]", given.get("values") or {})
    models = values.get("models")
    if isinstance(models, dict) and models:
        return _models(cast("Mapping[str, Any]", models))
    return _CHARTS.get(PurePosixPath(str(given.get("chart"))).name)


def _models(models: Mapping[str, Any]) -> Figures:
    gpus = sum(_gpus(model) for model in models.values())
    download = gpus * _GIGABYTES_PER_GPU / _GIGABYTES_PER_SECOND
    return Figures(
        round(_IMAGE_SECONDS + download + _LOAD_SECONDS),
        round(download + _LOAD_SECONDS),
        90,
        f"estimate: image {_IMAGE_SECONDS:.0f} s, {gpus * _GIGABYTES_PER_GPU:.0f} GB of checkpoints at "
        f"{_GIGABYTES_PER_SECOND} GB/s, {_LOAD_SECONDS:.0f} s to load; on the way down the servers drain and "
        "the controller deletes the load balancer, 30 to 60 s",
    )


def _gpus(model: Any) -> int:
    count: Any = cast("Mapping[str, Any]", model).get("gpus") if isinstance(model, dict) else None
    return int(count) if isinstance(count, int | float) else 1


_REFINED: dict[str, Callable[[Mapping[str, Any]], Figures | None]] = {
    "aws:ec2/vpcEndpoint:VpcEndpoint": _endpoint,
    "aws:eks/nodeGroup:NodeGroup": _node_group,
    "aws:eks/addon:Addon": lambda given: _ADDONS.get(str(given.get("addonName"))),
    "kubernetes:helm.sh/v3:Release": _release,
}
