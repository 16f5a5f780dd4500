"""The load balancer that an IngressGroup asks for: what the AWS Load Balancer Controller (v3.5.0) would make.

Names are hashed as upstream does (pkg/ingress/model_build_{load_balancer,managed_sg,target_group}.go), so that
a second controller of the same name would find the same things.
"""

import dataclasses
import hashlib
import re
from collections.abc import Mapping, Sequence

from localcloud.kube.fields import at, each
from localcloud.kube.load_balancer_settings import (
    Member,
    ModelError,
    Object,
    Settings,
    World,
    attributes_of,
    inbound_cidrs,
    listeners_of,
    redirect_port,
    scheme_of,
    subnets_of,
    tags_of,
    target_type,
)


@dataclasses.dataclass(frozen=True)
class Listener:
    """A port of the load balancer."""

    port: int
    protocol: str
    certificates: tuple[str, ...]
    redirects_to: int
    """HTTPS port that it redirects everything to; 0 when it serves the rules."""


@dataclasses.dataclass(frozen=True)
class Target:
    """A target group: one per Service port that an Ingress names."""

    name: str
    resource: str
    """``namespace/ingress-service:port``."""
    kind: str
    """``ip`` or ``instance``."""
    port: int
    health_path: str


@dataclasses.dataclass(frozen=True)
class Route:
    """A rule of the listeners."""

    host: str
    path: str
    target: str
    """Name of the target group."""


@dataclasses.dataclass(frozen=True)
class Model:
    """A load balancer with everything that comes with it."""

    cluster: str
    stack: str
    """Name of the group, or namespace and name of an Ingress without one."""
    name: str
    scheme: str
    subnets: tuple[str, ...]
    vpc_id: str
    security_group: str
    """Name of the managed frontend security group."""
    inbound_cidrs: tuple[str, ...]
    listeners: tuple[Listener, ...]
    ssl_policy: str
    attributes: tuple[tuple[str, str], ...]
    targets: tuple[Target, ...]
    routes: tuple[Route, ...]
    tags: tuple[tuple[str, str], ...]
    hostname: str


def build(members: Sequence[Member], group: str, settings: Settings, world: World) -> Model:
    """The load balancer of a group, or of one Ingress where ``group`` is empty; raises `ModelError`."""
    stack = group or members[0].name
    scheme = scheme_of(members, settings)
    ports = listeners_of(members, world)
    redirect = redirect_port(members, {port: protocol for port, (protocol, _) in ports.items()})
    attributes = attributes_of(members)
    targets: dict[str, Target] = {}
    routes: list[Route] = []
    for member in members:
        kind = target_type(member, settings)
        for host, path, target in _backends(member, kind, stack, settings, world):
            targets[target.name] = target
            routes.append(Route(host, path, target.name))
    name = _named(members[0], group, f"{settings.cluster_name}{stack}{scheme}")
    return Model(
        cluster=settings.cluster_name,
        stack=stack,
        name=name,
        scheme=scheme,
        subnets=subnets_of(members, scheme, stack, settings, world),
        vpc_id=settings.vpc_id,
        security_group=_named(members[0], group, f"{settings.cluster_name}{stack}"),
        inbound_cidrs=inbound_cidrs(members),
        listeners=tuple(
            Listener(port, protocol, certificates, redirect if redirect and port != redirect else 0)
            for port, (protocol, certificates) in ports.items()
        ),
        ssl_policy=_ssl_policy(members),
        attributes=tuple(sorted(attributes.items())),
        targets=tuple(sorted(targets.values(), key=lambda one: one.name)),
        routes=tuple(routes),
        tags=tuple(sorted(tags_of(members, settings).items())),
        hostname=f"{'internal-' if scheme == 'internal' else ''}{name}.{settings.region}.elb.amazonaws.com",
    )


def backend_group_name(cluster: str) -> str:
    """Name of the security group that all load balancers of a cluster share towards their targets."""
    digest = hashlib.sha256(cluster.encode()).hexdigest()[:10]
    return f"k8s-traffic-{_letters(cluster)[:232]}-{digest}"


def _named(first: Member, group: str, hashed: str) -> str:
    digest = hashlib.sha256(hashed.encode()).hexdigest()[:10]
    namespace, name = first.name.split("/")
    own = [_letters(group)[:17]] if group else [_letters(namespace)[:8], _letters(name)[:8]]
    return "-".join(["k8s", *own, digest])


def _letters(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9]", "", text)


def _ssl_policy(members: Sequence[Member]) -> str:
    given = [str(at(m.params, "spec").get("sslPolicy") or m.setting("ssl-policy")) for m in members]
    return next(filter(None, given), "ELBSecurityPolicy-2016-08")


def _backends(
    member: Member, kind: str, stack: str, settings: Settings, world: World
) -> list[tuple[str, str, Target]]:
    """Host, path and target group of each path of an Ingress whose Service exists."""
    namespace = str(member.ingress["metadata"]["namespace"])
    found: list[tuple[str, str, Target]] = []
    for rule in each(member.ingress, "spec", "rules"):
        for path in each(rule, "http", "paths"):
            backend = at(path, "backend", "service")
            service_name = str(backend.get("name") or "")
            service = world.service(namespace, service_name) if service_name else None
            if service is None:
                continue  # the controller answers 503 there
            _check_service(service, kind, f"{namespace}/{service_name}")
            port = at(backend, "port")
            named_port = str(port.get("name") or port.get("number") or "")
            target = _target(member, service, named_port, kind, stack, settings)
            found.append((str(rule.get("host") or ""), str(path.get("path") or "/"), target))
    return found


def _check_service(service: Object, kind: str, name: str) -> None:
    type_ = str(at(service, "spec").get("type") or "ClusterIP")
    if kind == "instance" and type_ not in ("NodePort", "LoadBalancer"):
        raise ModelError(f"service type must be either 'NodePort' or 'LoadBalancer': {name}")


def _target(member: Member, service: Object, port: str, kind: str, stack: str, settings: Settings) -> Target:
    metadata: Mapping[str, str] = at(service, "metadata")
    ports = each(service, "spec", "ports")
    chosen = [one for one in ports if port in (str(one.get("name")), str(one.get("port")))]
    wanted = chosen[0].get("nodePort" if kind == "instance" else "targetPort") if chosen else None
    number = wanted if isinstance(wanted, int) else 1  # a named port differs from pod to pod
    protocol = member.setting("backend-protocol") or "HTTP"
    version = member.setting("backend-protocol-version") or "HTTP1"
    hashed = [settings.cluster_name, stack, *member.name.split("/"), metadata.get("uid", ""), port]
    hashed += [str(number), kind, protocol, version]
    digest = hashlib.sha256("".join(hashed).encode()).hexdigest()[:10]
    namespace, name = metadata.get("namespace", ""), metadata.get("name", "")
    return Target(
        name=f"k8s-{_letters(namespace)[:8]}-{_letters(name)[:8]}-{digest}",
        resource=f"{member.name}-{name}:{port}",
        kind=kind,
        port=number,
        health_path=member.setting("healthcheck-path") or "/",
    )
