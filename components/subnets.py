"""Where a VPC's subnets lie: a layout that follows from each zone's letter alone, so nothing moves later."""

import ipaddress
import re
from collections.abc import Sequence
from typing import NamedTuple

DEFAULT_VPC_CIDR = "10.0.0.0/16"
"""IPv4 network of a VPC for which none is chosen."""

ZONE_LETTERS = "abcdef"
"""Letters that an availability zone's name may end in; the letter's place is the zone's slot."""

_PUBLIC_SLOT = 7
_WIDEST, _NARROWEST = 16, 22


class SubnetLayout(NamedTuple):
    """CIDR blocks of a VPC's subnets by zone name, in the order the zones were given."""

    public: dict[str, str]
    """One 64th of the VPC each: load balancers and NAT gateways."""
    private: dict[str, str]
    """One 8th of the VPC each: nodes, pods and interface endpoints."""


def subnet_layout(cidr: str, zones: Sequence[str]) -> SubnetLayout:
    """The subnets of a VPC over ``zones`` (names such as ``us-east-2a``).

    The VPC is cut in 8 slots. Slots 0 to 5 are the private subnets of the zones a to f, slot 6 stays free,
    slot 7 is cut in 8 again for the public ones. A subnet's block depends on its own zone's letter only:
    AWS replaces a subnet, and everything in it, when its block changes.

    Raises ``ValueError`` if ``cidr`` is not an IPv4 network of /16 to /22 (a VPC takes /16 to /28, a subnet
    /28 at least), if a zone does not end in a to f, or if two zones share a letter.
    """
    slots = list(vpc_network(cidr).subnets(prefixlen_diff=3))
    public_slots = list(slots[_PUBLIC_SLOT].subnets(prefixlen_diff=3))
    letters = [zone_letter(zone) for zone in zones]
    for letter in letters:
        if letters.count(letter) > 1:
            same = [zone for zone in zones if zone_letter(zone) == letter]
            raise ValueError(f"{', '.join(same)}: two zones share the letter {letter!r}; give each zone once")
    places = [(zone, ZONE_LETTERS.index(letter)) for zone, letter in zip(zones, letters, strict=True)]
    return SubnetLayout(
        public={zone: str(public_slots[place]) for zone, place in places},
        private={zone: str(slots[place]) for zone, place in places},
    )


def vpc_network(cidr: str) -> ipaddress.IPv4Network:
    """The IPv4 network of a VPC; raises ``ValueError`` unless it is one of /16 to /22."""
    try:
        network = ipaddress.IPv4Network(cidr)
    except ValueError as fault:
        raise ValueError(f"{cidr!r} is not an IPv4 network: {fault}; expected such as 10.0.0.0/16") from fault
    if not _WIDEST <= network.prefixlen <= _NARROWEST:
        raise ValueError(
            f"{cidr!r} has the prefix /{network.prefixlen}; expected /{_WIDEST} to /{_NARROWEST}"
        )
    if str(network) != cidr:
        raise ValueError(f"{cidr!r} is not written as AWS writes it: expected {network}")
    return network


def zone_letter(zone: str) -> str:
    """The letter that ends an availability zone's name; raises ``ValueError`` unless it is a to f."""
    found = re.fullmatch(rf"[a-z][a-z0-9-]*\d([{ZONE_LETTERS}])", zone)
    if not found:
        raise ValueError(f"{zone!r} is not a zone's name: expected a region and one of a to f, us-east-2a")
    return found[1]
