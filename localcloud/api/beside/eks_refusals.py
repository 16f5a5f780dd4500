"""What EKS is asked for in vain: changes that the simulated account and its one control plane do not follow."""

from localcloud.api.beside.registry import Arguments, Handler, answers, guards, refused
from localcloud.api.shapes import operation_model
from localcloud.api.world import World
from localcloud.aws.rules.network import INSTANCE
from localcloud.aws.store import Record

_ONE_CONTROL_PLANE = (
    "a local cloud has one Kubernetes control plane, and programs alone make {} on it: use `pulumi up`"
)

REFUSED = {
    "CreateCluster": _ONE_CONTROL_PLANE.format("clusters"),
    "CreateNodegroup": _ONE_CONTROL_PLANE.format("node groups"),
    "CreateFargateProfile": "a local cloud runs no Fargate pods",
    "DeleteFargateProfile": "a local cloud runs no Fargate pods",
    "AssociateEncryptionConfig": "set encryptionConfig in the program: this call cannot be taken back",
    "AssociateIdentityProviderConfig": "a local cloud's API server trusts no further identity provider",
    "DisassociateIdentityProviderConfig": "a local cloud's API server trusts no further identity provider",
    "CancelUpdate": "an update is done as soon as a local cloud answers it",
    "CreateCapability": "a local cloud runs no EKS capabilities",
    "UpdateCapability": "a local cloud runs no EKS capabilities",
    "DeleteCapability": "a local cloud runs no EKS capabilities",
    "CreateCertificateAuthority": "a local cloud's control plane keeps its one certificate authority",
    "ActivateCertificateAuthority": "a local cloud's control plane keeps its one certificate authority",
    "DeleteCertificateAuthority": "a local cloud's control plane keeps its one certificate authority",
    "CreateEksAnywhereSubscription": "a local cloud sells no subscriptions",
    "UpdateEksAnywhereSubscription": "a local cloud sells no subscriptions",
    "DeleteEksAnywhereSubscription": "a local cloud sells no subscriptions",
    "RegisterCluster": "a local cloud connects no clusters from elsewhere",
    "DeregisterCluster": "a local cloud connects no clusters from elsewhere",
    "StartInsightsRefresh": "a local cloud gathers no insights",
}
"""Changing operations of EKS that are refused, and why."""

_CODES = ("ClientException", "InvalidRequestException", "InvalidParameterException")
"""EKS's refusals of what a caller asks; each operation has some of them."""


def _refusal(operation: str, reason: str) -> Handler:
    def handler(world: World, given: Arguments) -> Arguments:
        del world, given
        known = {shape.name for shape in operation_model("eks", operation).error_shapes}
        code = next(one for one in _CODES if one in known)
        raise refused(code, f"{operation} is not available here: {reason}.")

    return handler


for _operation, _reason in REFUSED.items():
    answers("eks", _operation)(_refusal(_operation, _reason))


@guards("ec2", "TerminateInstances")
def keep_nodes(world: World, given: Arguments) -> None:
    """A node group's instances are its own."""
    for one in _nodes(world, given):
        raise refused("OperationNotPermitted", _told(one, "terminated"))


@guards("ec2", "StopInstances")
def keep_nodes_running(world: World, given: Arguments) -> None:
    """A node group's instances are its own."""
    for one in _nodes(world, given):
        raise refused("OperationNotPermitted", _told(one, "stopped"))


def _nodes(world: World, given: Arguments) -> list[Record]:
    ids: list[str] = given.get("InstanceIds") or []
    found = (world.store.get(INSTANCE, id_) for id_ in ids)
    return [one for one in found if one and one.state.get("nodeGroupId")]


def _told(node: Record, what: str) -> str:
    group = node.state["nodeGroupId"]
    return (
        f"The instance '{node.id}' may not be {what}: the local cloud would not replace the node. "
        f"Scale its node group ({group}) with UpdateNodegroupConfig instead."
    )
