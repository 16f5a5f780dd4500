"""Which subnets the AWS Load Balancer Controller (v3.5.0) puts a load balancer into.

Source: pkg/networking/subnet_resolver.go. Left out: local zones, Outposts, and selection by tags.
"""

import dataclasses
from collections.abc import Mapping, Sequence

ROLE_TAGS = {"internal": "kubernetes.io/role/internal-elb", "internet-facing": "kubernetes.io/role/elb"}
"""Tag of the subnets for load balancers of a scheme; its value is empty or 1."""

_CLUSTER_TAG = "kubernetes.io/cluster"
_FEWEST_ADDRESSES = 8
_FEWEST_SUBNETS = 2


class SubnetError(Exception):
    """No subnets for a load balancer; the text is the controller's reason."""


@dataclasses.dataclass(frozen=True)
class Subnet:
    """A subnet of the controller's VPC."""

    id: str
    zone: str
    public: bool
    """Whether its routes lead to an internet gateway."""
    free_addresses: int
    tags: Mapping[str, str]


def discovered(subnets: Sequence[Subnet], scheme: str, cluster: str) -> tuple[str, ...]:
    """One subnet in each zone: those with the scheme's role tag, or, where there is none, by their routes."""
    role = ROLE_TAGS[scheme]
    tagged = [one for one in subnets if one.tags.get(role) in ("", "1")]
    public = scheme == "internet-facing"
    return _one_per_zone(tagged or [one for one in subnets if one.public is public], cluster)


def named(subnets: Sequence[Subnet], wanted: Sequence[str]) -> tuple[str, ...]:
    """The subnets of these ids or ``Name`` tags, each in a zone of its own."""
    chosen: list[Subnet] = []
    for name in wanted:
        found = [one for one in subnets if name in (one.id, one.tags.get("Name"))]
        if not found:
            what = "subnet ID" if name.startswith("subnet-") else "subnet with Name tag"
            raise SubnetError(f"{what} not found: {name}")
        chosen.append(found[0])
    zones: dict[str, list[str]] = {}
    for one in chosen:
        zones.setdefault(one.zone, []).append(one.id)
    for zone, ids in zones.items():
        if len(ids) > 1:
            raise SubnetError(f"multiple subnets in same Availability Zone {zone}: [{' '.join(ids)}]")
    return _enough(sorted(one.id for one in chosen))


def _one_per_zone(subnets: Sequence[Subnet], cluster: str) -> tuple[str, ...]:
    own = f"{_CLUSTER_TAG}/{cluster}"
    foreign = [
        one
        for one in subnets
        if own not in one.tags and any(tag.startswith(_CLUSTER_TAG) for tag in one.tags)
    ]
    ours = [one for one in subnets if one not in foreign]
    roomy = [one for one in ours if one.free_addresses >= _FEWEST_ADDRESSES]
    if not roomy:
        raise SubnetError(
            f"unable to resolve at least one subnet. Evaluated {len(subnets)} subnets: {len(foreign)} are tagged "
            f"for other clusters, and {len(ours)} have insufficient available IP addresses"
        )
    best: dict[str, Subnet] = {}
    for one in sorted(roomy, key=lambda subnet: (own not in subnet.tags, subnet.id)):
        best.setdefault(one.zone, one)
    return _enough(sorted(one.id for one in best.values()))


def _enough(ids: Sequence[str]) -> tuple[str, ...]:
    if len(ids) < _FEWEST_SUBNETS:
        raise SubnetError(f"subnets count less than minimal required count: {len(ids)} < {_FEWEST_SUBNETS}")
    return tuple(ids)
