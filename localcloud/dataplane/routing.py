"""What the load balancers' listeners do with a request, made from Ingresses as the controller makes it.

Source: aws-load-balancer-controller v3.5.0, ``pkg/ingress/model_build_{listener,listener_rules,target_group}.go``.
Left out: the ``actions.*`` and ``conditions.*`` annotations, authentication, weights and WAF.
"""

import dataclasses
import functools
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from localcloud.kube.fields import at, each

Object = Mapping[str, Any]

_PREFIX = "alb.ingress.kubernetes.io/"
_DEFAULT_IDLE_SECONDS = 60


@dataclasses.dataclass(frozen=True)
class Backend:
    """A target group: the port of a Service, and how its targets are checked and chosen."""

    namespace: str
    service: str
    port: int | str
    health_path: str = "/"
    success_codes: str = "200"
    least_outstanding: bool = False


@dataclasses.dataclass(frozen=True)
class Rule:
    """One rule of a listener; the first that matches counts."""

    host: str
    """Host name, possibly with wildcards; empty matches any."""
    paths: tuple[str, ...]
    """Path patterns, any of which may match."""
    ports: frozenset[int]
    """Listeners that have the rule."""
    backend: Backend

    def matches(self, host: str, path: str) -> bool:
        """Whether a request for that host (lower case) and path falls under the rule."""
        if self.host and not _pattern(self.host.lower()).fullmatch(host):
            return False
        return any(_pattern(one).fullmatch(path) for one in self.paths)


@dataclasses.dataclass(frozen=True)
class LoadBalancer:
    """One load balancer with its listeners."""

    address: str
    listeners: Mapping[int, str]
    """Protocol by port."""
    redirect_port: int | None
    """Where HTTP listeners send every request, if they do."""
    rules: tuple[Rule, ...]
    default: Backend | None
    """Backend of what no rule matches; None answers 404."""
    certificates: tuple[str, ...]
    """ARNs in order; the first one is the default."""
    discovered_hosts: tuple[str, ...]
    """Hosts for which the controller looks for a certificate by name."""
    idle_seconds: float = _DEFAULT_IDLE_SECONDS

    def ports(self, protocol: str) -> frozenset[int]:
        """Ports of the listeners of a protocol, HTTP or HTTPS."""
        return frozenset(port for port, given in self.listeners.items() if given == protocol)

    def backend(self, protocol: str, host: str, path: str) -> Backend | None:
        """The target group for a request; None where the default action is a 404."""
        ports = self.ports(protocol)
        found = (rule for rule in self.rules if rule.ports & ports and rule.matches(host, path))
        rule = next(found, None)
        return rule.backend if rule else self.default

    def knows(self, host: str) -> bool:
        """Whether a rule names the host, or it is the load balancer's own name."""
        named = (rule.host for rule in self.rules if rule.host)
        return host == self.address or any(_pattern(one.lower()).fullmatch(host) for one in named)


@functools.lru_cache(maxsize=1024)
def _pattern(text: str) -> re.Pattern[str]:
    """A pattern of the load balancer: ``*`` is any text, ``?`` any character."""
    parts = ({"*": ".*", "?": "."}.get(letter) or re.escape(letter) for letter in text)
    return re.compile("".join(parts), re.DOTALL)


def path_patterns(path: str, path_type: str) -> tuple[str, ...]:
    """The patterns of one path of an Ingress."""
    if path_type == "Exact":
        return (path,)
    if path_type == "Prefix":
        if path in ("", "/"):
            return ("/*",)
        trimmed = path.rstrip("/")
        return (trimmed, f"{trimmed}/*")
    # The path of this type is a pattern of the load balancer itself.
    return (path or "/*",)


def listen_ports(text: str, with_certificates: bool) -> dict[int, str]:
    """Protocol by port of the annotation. The controller has checked it; one that went bad since changes nothing."""
    try:
        entries = cast("list[dict[str, int]]", json.loads(text)) if text else []
        found = {int(port): protocol for entry in entries for protocol, port in entry.items()}
    except (ValueError, TypeError, AttributeError):
        found = {}
    return found or ({443: "HTTPS"} if with_certificates else {80: "HTTP"})


def build(
    ingresses: Iterable[Object], classes: Mapping[str, Object], params: Mapping[str, Object]
) -> list[LoadBalancer]:
    """The load balancers of all admitted Ingresses; those of one group share an address, and so one balancer."""
    groups: dict[str, list[_Member]] = {}
    for ingress in ingresses:
        entries = each(ingress, "status", "loadBalancer", "ingress")
        address = str(entries[0].get("hostname") or "") if entries else ""
        if address and not ingress["metadata"].get("deletionTimestamp"):
            groups.setdefault(address, []).append(_Member(ingress, _params(ingress, classes, params)))
    return [_merge(address, sorted(members, key=_order)) for address, members in sorted(groups.items())]


def _params(ingress: Object, classes: Mapping[str, Object], params: Mapping[str, Object]) -> Object:
    name = str(at(ingress, "spec").get("ingressClassName") or "")
    reference = at(classes.get(name), "spec", "parameters")
    return at(params.get(str(reference.get("name") or "")), "spec")


@dataclasses.dataclass(frozen=True)
class _Member:
    ingress: Object
    params: Object
    """Spec of the class's parameters, which go before annotations."""

    def setting(self, name: str) -> str:
        annotations = at(self.ingress, "metadata", "annotations")
        return str(annotations.get(_PREFIX + name) or "")

    def attributes(self, name: str, field: str) -> dict[str, str]:
        pairs = (pair.partition("=") for pair in self.setting(name).split(",") if "=" in pair)
        found = {key.strip(): value.strip() for key, _, value in pairs}
        return found | {str(e["key"]): str(e["value"]) for e in each(self.params, field)}

    @property
    def certificates(self) -> list[str]:
        given = [str(arn) for arn in self.params.get("certificateArn") or ()]
        return given or [arn.strip() for arn in self.setting("certificate-arn").split(",") if arn.strip()]

    @property
    def listeners(self) -> dict[int, str]:
        return listen_ports(self.setting("listen-ports"), bool(self.certificates))

    @property
    def hosts(self) -> list[str]:
        rules = each(self.ingress, "spec", "rules")
        named = [
            str(host) for entry in each(self.ingress, "spec", "tls") for host in entry.get("hosts") or ()
        ]
        return [*named, *(str(rule["host"]) for rule in rules if rule.get("host"))]

    def backend(self, service: Object) -> Backend:
        port = at(service, "port")
        attributes = self.attributes("target-group-attributes", "targetGroupAttributes")
        return Backend(
            namespace=str(self.ingress["metadata"]["namespace"]),
            service=str(service.get("name") or ""),
            port=port.get("name") or int(port.get("number") or 0),
            health_path=self.setting("healthcheck-path") or "/",
            success_codes=self.setting("success-codes") or "200",
            least_outstanding=attributes.get("load_balancing.algorithm.type") == "least_outstanding_requests",
        )

    def rules(self) -> list[Rule]:
        ports = frozenset(self.listeners)
        return [
            Rule(
                host=str(rule.get("host") or ""),
                paths=path_patterns(str(path.get("path") or ""), str(path.get("pathType") or "")),
                ports=ports,
                backend=self.backend(at(path, "backend", "service")),
            )
            for rule in each(self.ingress, "spec", "rules")
            for path in _sorted_paths(each(rule, "http", "paths"))
        ]


def _order(member: _Member) -> tuple[int, str, str]:
    metadata = member.ingress["metadata"]
    order = member.setting("group.order")
    return (int(order) if order.lstrip("-").isdigit() else 0, metadata["namespace"], metadata["name"])


def _sorted_paths(paths: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Exact paths first, then prefixes by falling length, then patterns as they stand."""
    exact = [path for path in paths if path.get("pathType") == "Exact"]
    prefixes = [path for path in paths if path.get("pathType") == "Prefix"]
    others = [path for path in paths if path.get("pathType") not in ("Exact", "Prefix")]
    return [*exact, *sorted(prefixes, key=lambda path: -len(str(path.get("path") or ""))), *others]


def _merge(address: str, members: Sequence[_Member]) -> LoadBalancer:
    listeners: dict[int, str] = {}
    certificates: list[str] = []
    hosts: list[str] = []
    attributes: dict[str, str] = {}
    redirect = ""
    default: Backend | None = None
    for member in members:
        listeners |= member.listeners
        certificates += [arn for arn in member.certificates if arn not in certificates]
        hosts += [] if member.certificates else [host for host in member.hosts if host not in hosts]
        attributes |= member.attributes("load-balancer-attributes", "loadBalancerAttributes")
        redirect = redirect or str(member.params.get("sslRedirectPort") or member.setting("ssl-redirect"))
        service = at(member.ingress, "spec", "defaultBackend", "service")
        default = default or (member.backend(service) if service else None)
    return LoadBalancer(
        address=address,
        listeners=listeners,
        redirect_port=int(redirect) if redirect.isdigit() else None,
        rules=tuple(rule for member in members for rule in member.rules()),
        default=default,
        certificates=tuple(certificates),
        discovered_hosts=tuple(hosts),
        idle_seconds=_seconds(attributes.get("idle_timeout.timeout_seconds") or ""),
    )


def _seconds(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return _DEFAULT_IDLE_SECONDS


def choose(balancers: Sequence[LoadBalancer], protocol: str, host: str) -> LoadBalancer | None:
    """The load balancer that DNS would lead the host to: the first that knows it, else the first there is."""
    open_ = [one for one in balancers if one.ports(protocol)]
    return next((one for one in open_ if one.knows(host)), open_[0] if open_ else None)
