"""What the AWS Load Balancer Controller (v3.5.0) does to Ingresses, as pure decisions.

Covered: class and group membership, finalizers, the checks of scheme, listeners, certificates, redirect,
load balancer attributes and target type that end in ``FailedBuildModel``, and the address in the status.
Left out: target groups and their bindings, rules, admission webhooks and pods' readiness gates.
"""

import dataclasses
import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, cast

from localcloud.kube.fields import annotation, at, each

CLASS_CONTROLLER = "ingress.k8s.aws/alb"
"""``spec.controller`` of the IngressClasses that the controller serves."""

DEPLOYMENT_LABEL = "app.kubernetes.io/name=aws-load-balancer-controller"
"""Label of the controller's Deployment."""

_PREFIX = "alb.ingress.kubernetes.io/"
_CLASS_ANNOTATION = "kubernetes.io/ingress.class"
_GROUP_FINALIZER = "group.ingress.k8s.aws/"
_IMPLICIT_FINALIZER = "ingress.k8s.aws/resources"
_SCHEMES = ("internal", "internet-facing")
_PROTOCOLS = ("HTTP", "HTTPS")

Object = Mapping[str, Any]


class ModelError(Exception):
    """Settings from which no load balancer can be built; the text is the controller's reason."""


@dataclasses.dataclass(frozen=True)
class Settings:
    """The running controller's flags."""

    cluster_name: str
    region: str
    target_type: str = "instance"
    scheme: str = "internal"


@dataclasses.dataclass(frozen=True)
class World:
    """What the controller looks up."""

    classes: Mapping[str, Object]
    """IngressClasses by name."""
    params: Mapping[str, Object]
    """IngressClassParams by name."""
    namespace_labels: Callable[[str], Mapping[str, str]]
    service_type: Callable[[str, str], str | None]
    """Type of the Service of that namespace and name; None when there is none."""
    certificate_names: Callable[[], Sequence[str]]
    """Host names, wildcards included, that the account's certificates cover."""


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What should become of one Ingress."""

    ingress: Object
    finalizers: tuple[str, ...]
    hostname: str | None = None
    """Address for the status; None leaves the status as it is."""
    problem: str = ""
    """Reason of a ``FailedBuildModel`` event."""


@dataclasses.dataclass(frozen=True)
class _Member:
    ingress: Object
    params: Object

    def setting(self, name: str) -> str:
        return annotation(self.ingress, _PREFIX + name)


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
        return Settings(
            cluster_name=flags.get("cluster-name", ""),
            region=flags.get("aws-region") or "us-east-1",
            target_type=flags.get("default-target-type") or "instance",
            scheme=flags.get("default-load-balancer-scheme") or "internal",
        )
    return None


def reconcile(ingresses: Iterable[Object], settings: Settings, world: World) -> list[Outcome]:
    """The outcome for every Ingress that the controller has or had to do with."""
    # Without a group each Ingress has a load balancer of its own.
    groups: dict[tuple[str, str], list[_Member]] = {}
    outcomes: list[Outcome] = []
    for ingress in sorted(ingresses, key=_name):
        held = tuple(ingress["metadata"].get("finalizers") or ())
        others = tuple(f for f in held if not _is_ours(f))
        if ingress["metadata"].get("deletionTimestamp"):
            outcomes.append(Outcome(ingress, others))
            continue
        served, params = _classify(ingress, world)
        if not served:
            # An IngressClass that cannot be resolved leaves members alone: it may be a slip.
            if held != others and params is not None:
                outcomes.append(Outcome(ingress, others))
            continue
        member = _Member(ingress, params or {})
        group = _group(member)
        groups.setdefault((group, "" if group else _name(ingress)), []).append(member)
    for (group, _), members in groups.items():
        finalizer = f"{_GROUP_FINALIZER}{group}" if group else _IMPLICIT_FINALIZER
        address, problem = _build(members, settings, world)
        for member in members:
            held = member.ingress["metadata"].get("finalizers") or ()
            others = tuple(f for f in held if not _is_ours(f))
            outcomes.append(Outcome(member.ingress, (*others, finalizer), address, problem))
    return outcomes


def _name(ingress: Object) -> str:
    return f"{ingress['metadata']['namespace']}/{ingress['metadata']['name']}"


def _is_ours(finalizer: str) -> bool:
    return finalizer == _IMPLICIT_FINALIZER or finalizer.startswith(_GROUP_FINALIZER)


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


def _group(member: _Member) -> str:
    return str(at(member.params, "spec", "group").get("name") or member.setting("group.name"))


def _build(members: Sequence[_Member], settings: Settings, world: World) -> tuple[str | None, str]:
    """The group's address, or why it has none."""
    try:
        scheme = _scheme(members, settings)
        ports = _listeners(members, world)
        _check_redirect(members, ports)
        _check_attributes(members)
        for member in members:
            _check_targets(member, settings, world)
    except ModelError as error:
        return None, str(error)
    return hostname(members[0].ingress, _group(members[0]), scheme, settings), ""


def hostname(ingress: Object, group: str, scheme: str, settings: Settings) -> str:
    """The load balancer's address; its name is made as the controller makes it."""
    namespace, name = ingress["metadata"]["namespace"], ingress["metadata"]["name"]
    identity = group or f"{namespace}/{name}"
    digest = hashlib.sha256(f"{settings.cluster_name}{identity}{scheme}".encode()).hexdigest()[:10]
    own = [_letters(group)[:17]] if group else [_letters(namespace)[:8], _letters(name)[:8]]
    prefix = "internal-" if scheme == "internal" else ""
    return f"{prefix}{'-'.join(['k8s', *own, digest])}.{settings.region}.elb.amazonaws.com"


def _letters(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9]", "", text)


def _one(what: str, values: Iterable[str]) -> str:
    distinct = sorted({value for value in values if value})
    if len(distinct) > 1:
        raise ModelError(f"conflicting {what}: {distinct}")
    return distinct[0] if distinct else ""


def _scheme(members: Sequence[_Member], settings: Settings) -> str:
    explicit = (str(at(m.params, "spec").get("scheme") or m.setting("scheme")) for m in members)
    scheme = _one("scheme", explicit) or settings.scheme
    if scheme not in _SCHEMES:
        raise ModelError(f"unknown scheme: {scheme}")
    return scheme


def _listeners(members: Sequence[_Member], world: World) -> dict[int, str]:
    """Protocol by listener port, over all members."""
    ports: dict[int, str] = {}
    for member in members:
        certificates = _certificates(member)
        for port, protocol in listen_ports(member.setting("listen-ports"), bool(certificates)).items():
            if ports.setdefault(port, protocol) != protocol:
                raise ModelError(f"conflicting protocol for port {port}: {ports[port]} | {protocol}")
            if protocol == "HTTPS" and not certificates:
                _discover_certificates(member, world)
    return ports


def listen_ports(text: str, with_certificates: bool) -> dict[int, str]:
    """Protocol by port of a ``listen-ports`` annotation; by default 443 with a certificate, else 80."""
    if not text:
        return {443: "HTTPS"} if with_certificates else {80: "HTTP"}
    try:
        entries = cast("list[dict[str, int]]", json.loads(text))
        pairs = [(protocol, int(port)) for entry in entries for protocol, port in entry.items()]
    except (ValueError, TypeError, AttributeError):
        raise ModelError(f"failed to parse listen-ports configuration: `{text}`") from None
    if not pairs:
        raise ModelError(f"empty listen-ports configuration: `{text}`")
    for protocol, port in pairs:
        if not 1 <= port <= 65535:
            raise ModelError(f"listen port must be within [1, 65535]: {port}")
        if protocol not in _PROTOCOLS:
            raise ModelError(f"listen protocol must be within [HTTP, HTTPS]: {protocol}")
    return {port: protocol for protocol, port in pairs}


def _certificates(member: _Member) -> list[str]:
    given = [str(arn) for arn in at(member.params, "spec").get("certificateArn") or ()]
    return given or [a for a in member.setting("certificate-arn").split(",") if a.strip()]


def _discover_certificates(member: _Member, world: World) -> None:
    """The controller looks in ACM for each host of an Ingress that names no certificate."""
    spec = at(member.ingress, "spec")
    hosts = {str(host) for entry in each(spec, "tls") for host in entry.get("hosts") or ()}
    hosts |= {str(rule["host"]) for rule in each(spec, "rules") if rule.get("host")}
    if not hosts:
        raise ModelError(
            f"no certificate found: {_name(member.ingress)} has neither a certificate nor a host"
        )
    names = world.certificate_names()
    for host in sorted(hosts):
        if not any(covers(name, host) for name in names):
            raise ModelError(f"no certificate found for host: {host}")


def covers(name: str, host: str) -> bool:
    """Whether a certificate's name, possibly a wildcard, covers a host: a wildcard stands for one label."""
    if name.startswith("*."):
        return host.partition(".")[2] == name[2:]
    return name == host


def _check_redirect(members: Sequence[_Member], ports: Mapping[int, str]) -> None:
    explicit = (
        str(at(m.params, "spec").get("sslRedirectPort") or m.setting("ssl-redirect")) for m in members
    )
    port = _one("sslRedirect port", explicit)
    if not port:
        return
    if not port.isdigit() or int(port) not in ports:
        raise ModelError(f"listener does not exist for SSLRedirect port: {port}")
    if ports[int(port)] != "HTTPS":
        raise ModelError(f"listener protocol non-SSL for SSLRedirect port: {port}")


def _check_attributes(members: Sequence[_Member]) -> None:
    merged: dict[str, str] = {}
    for member in members:
        attributes: dict[str, str] = {}
        for pair in filter(None, (p.strip() for p in member.setting("load-balancer-attributes").split(","))):
            key, equals, value = pair.partition("=")
            if not equals:
                raise ModelError(f"failed to parse stringMap annotation, load-balancer-attributes: {pair}")
            attributes[key.strip()] = value.strip()
        for entry in each(member.params, "spec", "loadBalancerAttributes"):
            attributes[str(entry["key"])] = str(entry["value"])
        for key, value in attributes.items():
            if merged.setdefault(key, value) != value:
                raise ModelError(f"conflicting loadBalancerAttribute {key}: {merged[key]} | {value}")


def _check_targets(member: _Member, settings: Settings, world: World) -> None:
    given = at(member.params, "spec").get("targetType") or member.setting("target-type")
    target_type = str(given or settings.target_type)
    if target_type not in ("instance", "ip"):
        raise ModelError(f"unknown targetType: {target_type}")
    if target_type == "ip":
        return
    namespace = str(member.ingress["metadata"]["namespace"])
    for rule in each(member.ingress, "spec", "rules"):
        for path in each(rule, "http", "paths"):
            service = str(at(path, "backend", "service").get("name") or "")
            type_ = world.service_type(namespace, service) if service else None
            if type_ is not None and type_ not in ("NodePort", "LoadBalancer"):
                raise ModelError(
                    f"service type must be either 'NodePort' or 'LoadBalancer': {namespace}/{service}"
                )
