"""What Ingresses and their class tell the AWS Load Balancer Controller (v3.5.0), and what it refuses.

Scheme, listeners, certificates, redirect, attributes and target type: a setting of the class wins over an
annotation, and members of a group must not contradict each other.
"""

import dataclasses
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, cast

from localcloud.kube.fields import annotation, at, each
from localcloud.kube.load_balancer_subnets import Subnet, SubnetError, discovered, named

_PREFIX = "alb.ingress.kubernetes.io/"
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
    vpc_id: str = ""
    tags: tuple[tuple[str, str], ...] = ()
    """Tags of everything that the controller makes (``--default-tags``)."""


@dataclasses.dataclass(frozen=True)
class World:
    """What the controller looks up."""

    classes: Mapping[str, Object]
    """IngressClasses by name."""
    params: Mapping[str, Object]
    """IngressClassParams by name."""
    namespace_labels: Callable[[str], Mapping[str, str]]
    service: Callable[[str, str], Object | None]
    """The Service of that namespace and name; None when there is none."""
    certificate_names: Callable[[], Sequence[tuple[str, Sequence[str]]]]
    """ARN of each of the account's certificates, with the host names, wildcards included, that it covers."""
    subnets: Callable[[], Sequence[Subnet]]
    """Subnets of the controller's VPC."""
    present: Callable[[str, str], tuple[str, ...]]
    """Subnets of the load balancer that a stack has, if it is of that scheme; empty when it has none."""


@dataclasses.dataclass(frozen=True)
class Member:
    """An Ingress with the parameters of its class."""

    ingress: Object
    params: Object

    @property
    def name(self) -> str:
        """Namespace and name."""
        return f"{self.ingress['metadata']['namespace']}/{self.ingress['metadata']['name']}"

    def setting(self, name: str) -> str:
        """An annotation of the controller, empty when the Ingress does not have it."""
        return annotation(self.ingress, _PREFIX + name)


def scheme_of(members: Sequence[Member], settings: Settings) -> str:
    """``internal`` or ``internet-facing``."""
    explicit = (str(at(m.params, "spec").get("scheme") or m.setting("scheme")) for m in members)
    scheme = _one("scheme", explicit) or settings.scheme
    if scheme not in _SCHEMES:
        raise ModelError(f"unknown scheme: {scheme}")
    return scheme


def _one(what: str, values: Iterable[str]) -> str:
    distinct = sorted({value for value in values if value})
    if len(distinct) > 1:
        raise ModelError(f"conflicting {what}: {distinct}")
    return distinct[0] if distinct else ""


def listeners_of(members: Sequence[Member], world: World) -> dict[int, tuple[str, tuple[str, ...]]]:
    """Protocol and certificates by listener port, over all members."""
    ports: dict[int, str] = {}
    certificates: dict[int, list[str]] = {}
    for member in members:
        given = _certificates(member)
        for port, protocol in listen_ports(member.setting("listen-ports"), bool(given)).items():
            if ports.setdefault(port, protocol) != protocol:
                raise ModelError(f"conflicting protocol for port {port}: {ports[port]} | {protocol}")
            if protocol == "HTTPS":
                known = certificates.setdefault(port, [])
                known += [arn for arn in given or _discovered_certificates(member, world) if arn not in known]
    return {port: (protocol, tuple(certificates.get(port, ()))) for port, protocol in sorted(ports.items())}


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


def _certificates(member: Member) -> list[str]:
    given = [str(arn) for arn in at(member.params, "spec").get("certificateArn") or ()]
    return given or [a.strip() for a in member.setting("certificate-arn").split(",") if a.strip()]


def _discovered_certificates(member: Member, world: World) -> list[str]:
    """The controller looks in ACM for each host of an Ingress that names no certificate."""
    spec = at(member.ingress, "spec")
    hosts = {str(host) for entry in each(spec, "tls") for host in entry.get("hosts") or ()}
    hosts |= {str(rule["host"]) for rule in each(spec, "rules") if rule.get("host")}
    if not hosts:
        raise ModelError(f"no certificate found: {member.name} has neither a certificate nor a host")
    known = world.certificate_names()
    found: list[str] = []
    for host in sorted(hosts):
        matching = [arn for arn, names in known if any(covers(name, host) for name in names)]
        if not matching:
            raise ModelError(f"no certificate found for host: {host}")
        found += [arn for arn in matching if arn not in found]
    return found


def covers(name: str, host: str) -> bool:
    """Whether a certificate's name, possibly a wildcard, covers a host: a wildcard stands for one label."""
    if name.startswith("*."):
        return host.partition(".")[2] == name[2:]
    return name == host


def redirect_port(members: Sequence[Member], protocols: Mapping[int, str]) -> int:
    """The HTTPS port that plain listeners redirect to; 0 without a redirect."""
    explicit = (
        str(at(m.params, "spec").get("sslRedirectPort") or m.setting("ssl-redirect")) for m in members
    )
    port = _one("sslRedirect port", explicit)
    if not port:
        return 0
    if not port.isdigit() or int(port) not in protocols:
        raise ModelError(f"listener does not exist for SSLRedirect port: {port}")
    if protocols[int(port)] != "HTTPS":
        raise ModelError(f"listener protocol non-SSL for SSLRedirect port: {port}")
    return int(port)


def attributes_of(members: Sequence[Member]) -> dict[str, str]:
    """Attributes of the load balancer."""
    merged: dict[str, str] = {}
    for member in members:
        attributes = _pairs(member, "load-balancer-attributes")
        for entry in each(member.params, "spec", "loadBalancerAttributes"):
            attributes[str(entry["key"])] = str(entry["value"])
        for key, value in attributes.items():
            if merged.setdefault(key, value) != value:
                raise ModelError(f"conflicting loadBalancerAttribute {key}: {merged[key]} | {value}")
    return merged


def tags_of(members: Sequence[Member], settings: Settings) -> dict[str, str]:
    """The controller's tags, then those of the class and of the Ingresses."""
    own: dict[str, str] = {}
    for member in members:
        given = _pairs(member, "tags")
        given |= {str(one["key"]): str(one["value"]) for one in each(member.params, "spec", "tags")}
        for key, value in given.items():
            if own.setdefault(key, value) != value:
                raise ModelError(f"conflicting tag {key}: {own[key]} | {value}")
    return {**dict(settings.tags), **own}


def _pairs(member: Member, name: str) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for pair in filter(None, (p.strip() for p in member.setting(name).split(","))):
        key, equals, value = pair.partition("=")
        if not equals:
            raise ModelError(f"failed to parse stringMap annotation, {name}: {pair}")
        pairs[key.strip()] = value.strip()
    return pairs


def inbound_cidrs(members: Sequence[Member]) -> tuple[str, ...]:
    """Address ranges that may connect; everybody by default."""
    given: list[str] = []
    for member in members:
        own = [str(cidr) for cidr in at(member.params, "spec").get("inboundCIDRs") or ()]
        given += own or [c.strip() for c in member.setting("inbound-cidrs").split(",") if c.strip()]
    return tuple(dict.fromkeys(given)) or ("0.0.0.0/0",)


def target_type(member: Member, settings: Settings) -> str:
    """``ip`` or ``instance``."""
    given = at(member.params, "spec").get("targetType") or member.setting("target-type")
    kind = str(given or settings.target_type)
    if kind not in ("instance", "ip"):
        raise ModelError(f"unknown targetType: {kind}")
    return kind


def subnets_of(
    members: Sequence[Member], scheme: str, stack: str, settings: Settings, world: World
) -> tuple[str, ...]:
    """Subnets that class or annotation name, else those that the load balancer has, else discovered ones."""
    by_class = [ids for m in members if (ids := at(m.params, "spec", "subnets").get("ids"))]
    by_annotation = [m.setting("subnets") for m in members if m.setting("subnets")]
    try:
        if by_class or by_annotation:
            wanted = list(map(str, by_class[0])) if by_class else by_annotation[0].split(",")
            return named(world.subnets(), [name.strip() for name in wanted])
        present = world.present(stack, scheme)
        return present or discovered(world.subnets(), scheme, settings.cluster_name)
    except SubnetError as error:
        explicit = bool(by_class or by_annotation)
        raise ModelError(str(error) if explicit else f"couldn't auto-discover subnets: {error}") from None
