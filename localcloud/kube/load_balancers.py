"""What the AWS Load Balancer Controller (v3.5.0) does to Ingresses, as pure decisions.

Covered: class and group membership, finalizers, the load balancer of each group, what ends in
``FailedBuildModel``, and the address in the status. Left out: target group bindings, admission webhooks and
pods' readiness gates.

The order is the controller's: an Ingress that joins a group gets the finalizer first; one that leaves loses it
once the group's load balancer has been brought up to date without it, or is gone. A group that cannot be built
therefore holds those that want to leave it.
"""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence

from localcloud.kube.fields import annotation, at, each
from localcloud.kube.load_balancer_models import Model, build
from localcloud.kube.load_balancer_settings import Member, ModelError, Object, Settings, World

CLASS_CONTROLLER = "ingress.k8s.aws/alb"
"""``spec.controller`` of the IngressClasses that the controller serves."""

DEPLOYMENT_LABEL = "app.kubernetes.io/name=aws-load-balancer-controller"
"""Label of the controller's Deployment."""

_CLASS_ANNOTATION = "kubernetes.io/ingress.class"
_GROUP_FINALIZER = "group.ingress.k8s.aws/"
_IMPLICIT_FINALIZER = "ingress.k8s.aws/resources"
_SETTING = "group.name"


@dataclasses.dataclass(frozen=True)
class Change:
    """What should become of one Ingress's finalizers."""

    ingress: Object
    finalizers: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Group:
    """What should become of one group and its load balancer."""

    stack: str
    members: tuple[Change, ...] = ()
    """Ingresses that the load balancer serves; they get the finalizer before it is made."""
    leaving: tuple[Change, ...] = ()
    """Ingresses that lose the finalizer after it has been brought up to date."""
    model: Model | None = None
    """The load balancer; None without members: it is to go."""
    problem: str = ""
    """Reason of a ``FailedBuildModel`` event: the load balancer stays as it is."""
    unknown: bool = False
    """A member's class cannot be resolved, which may be a slip: the group is left alone."""


def running_settings(deployments: Iterable[Object]) -> Settings | None:
    """The flags of the controller, or None while no replica of it is available."""
    for deployment in deployments:
        if not int(at(deployment, "status").get("availableReplicas") or 0):
            continue
        containers = each(deployment, "spec", "template", "spec", "containers")
        arguments = [str(a) for container in containers for a in container.get("args") or ()]
        flags: dict[str, str] = {}
        for argument in arguments:
            flag, _, value = argument.removeprefix("--").partition("=")
            flags[flag] = value
        tags = (pair.partition("=") for pair in flags.get("default-tags", "").split(",") if pair)
        return Settings(
            cluster_name=flags.get("cluster-name", ""),
            region=flags.get("aws-region") or "us-east-1",
            target_type=flags.get("default-target-type") or "instance",
            scheme=flags.get("default-load-balancer-scheme") or "internal",
            vpc_id=flags.get("aws-vpc-id", ""),
            tags=tuple((key, value) for key, _, value in tags),
        )
    return None


def reconcile(ingresses: Iterable[Object], settings: Settings, world: World) -> list[Group]:
    """What should become of every group that the controller has or had to do with."""
    members: dict[str, list[Member]] = {}
    leaving: dict[str, list[Change]] = {}
    unknown: set[str] = set()
    names: dict[str, str] = {}
    for ingress in sorted(ingresses, key=_name):
        held = tuple(str(one) for one in ingress["metadata"].get("finalizers") or ())
        served, params = _classify(ingress, world)
        own = ""
        if served and not ingress["metadata"].get("deletionTimestamp"):
            member = Member(ingress, params or {})
            group = str(at(member.params, "spec", "group").get("name") or member.setting(_SETTING))
            own = f"{_GROUP_FINALIZER}{group}" if group else _IMPLICIT_FINALIZER
            stack = group or member.name
            names[stack] = group
            members.setdefault(stack, []).append(member)
        for finalizer in held:
            if not is_ours(finalizer) or finalizer == own:
                continue
            stack = _stack(finalizer, ingress)
            if params is None and not ingress["metadata"].get("deletionTimestamp"):
                unknown.add(stack)
            else:
                rest = tuple(one for one in held if one != finalizer)
                leaving.setdefault(stack, []).append(Change(ingress, rest))
    stacks = dict.fromkeys([*members, *leaving, *sorted(unknown)])
    return [
        Group(stack, leaving=tuple(leaving.get(stack, ())), unknown=True)
        if stack in unknown
        else _group(
            stack, names.get(stack, ""), members.get(stack, []), leaving.get(stack, []), settings, world
        )
        for stack in stacks
    ]


def _group(
    stack: str,
    group: str,
    members: Sequence[Member],
    leaving: Sequence[Change],
    settings: Settings,
    world: World,
) -> Group:
    finalizer = f"{_GROUP_FINALIZER}{group}" if group else _IMPLICIT_FINALIZER
    joined = tuple(Change(one.ingress, _with(one.ingress, finalizer)) for one in members)
    if not members:
        return Group(stack, leaving=tuple(leaving))
    try:
        model = build(members, group, settings, world)
    except ModelError as error:
        return Group(stack, joined, tuple(leaving), problem=str(error))
    return Group(stack, joined, tuple(leaving), model)


def _with(ingress: Object, finalizer: str) -> tuple[str, ...]:
    held = [str(one) for one in ingress["metadata"].get("finalizers") or ()]
    return tuple(held) if finalizer in held else (*held, finalizer)


def _name(ingress: Object) -> str:
    return f"{ingress['metadata']['namespace']}/{ingress['metadata']['name']}"


def is_ours(finalizer: str) -> bool:
    """Whether the controller put a finalizer there."""
    return finalizer == _IMPLICIT_FINALIZER or finalizer.startswith(_GROUP_FINALIZER)


def _stack(finalizer: str, ingress: Object) -> str:
    """The group that a finalizer stands for."""
    return _name(ingress) if finalizer == _IMPLICIT_FINALIZER else finalizer.removeprefix(_GROUP_FINALIZER)


def _classify(ingress: Object, world: World) -> tuple[bool, Object | None]:
    """Whether the controller serves the Ingress, and its class's parameters; None when the class is not valid."""
    named = annotation(ingress, _CLASS_ANNOTATION)
    if named:
        return named == "alb", {}
    class_name = at(ingress, "spec").get("ingressClassName") or _default_class(world)
    if not class_name:
        return False, {}
    found = world.classes.get(class_name)
    if found is None:
        return False, None
    if at(found, "spec").get("controller") != CLASS_CONTROLLER:
        return False, {}
    reference = at(found, "spec", "parameters")
    if not reference:
        return True, {}
    params = world.params.get(str(reference.get("name")))
    known = (reference.get("apiGroup"), reference.get("kind")) == ("elbv2.k8s.aws", "IngressClassParams")
    if params is None or not known:
        return False, None
    selector = at(params, "spec").get("namespaceSelector")
    if selector and not selects(selector, world.namespace_labels(ingress["metadata"]["namespace"])):
        return False, None
    return True, params


def _default_class(world: World) -> str:
    name = "ingressclass.kubernetes.io/is-default-class"
    marked = [c["metadata"]["name"] for c in world.classes.values() if annotation(c, name) == "true"]
    return marked[0] if len(marked) == 1 else ""


def selects(selector: Object, labels: Mapping[str, str]) -> bool:
    """Whether a LabelSelector matches the labels."""
    if any(labels.get(key) != value for key, value in at(selector, "matchLabels").items()):
        return False
    for item in each(selector, "matchExpressions"):
        value, values = labels.get(item["key"]), item.get("values") or ()
        matches = {
            "In": value in values,
            "NotIn": value not in values,
            "Exists": value is not None,
            "DoesNotExist": value is None,
        }
        if not matches.get(str(item.get("operator")), False):
            return False
    return True
