"""A subnet's place depends on its own zone's letter only."""

import ipaddress
import itertools

import pytest

from components.subnets import subnet_layout, vpc_network, zone_letter

ALL_ZONES = [f"us-east-1{letter}" for letter in "abcdef"]


@pytest.mark.parametrize(
    ("cidr", "zone", "private", "public"),
    [
        ("10.0.0.0/16", "us-east-2a", "10.0.0.0/19", "10.0.224.0/22"),
        ("10.0.0.0/16", "us-east-2b", "10.0.32.0/19", "10.0.228.0/22"),
        ("10.0.0.0/16", "us-east-2c", "10.0.64.0/19", "10.0.232.0/22"),
        ("10.0.0.0/16", "us-east-1d", "10.0.96.0/19", "10.0.236.0/22"),
        ("10.0.0.0/16", "us-east-1e", "10.0.128.0/19", "10.0.240.0/22"),
        ("10.0.0.0/16", "us-east-1f", "10.0.160.0/19", "10.0.244.0/22"),
        ("172.20.16.0/20", "eu-west-1b", "172.20.18.0/23", "172.20.30.64/26"),
        ("192.168.4.0/22", "ap-southeast-2a", "192.168.4.0/25", "192.168.7.128/28"),
        ("192.168.4.0/22", "ap-southeast-2f", "192.168.6.128/25", "192.168.7.208/28"),
    ],
)
def test_layout_of_a_zone(cidr, zone, private, public):
    layout = subnet_layout(cidr, [zone])
    assert layout.private == {zone: private}
    assert layout.public == {zone: public}


def test_adding_or_reordering_zones_moves_nothing():
    whole = subnet_layout("10.0.0.0/16", ALL_ZONES)
    for chosen in itertools.permutations(ALL_ZONES, 3):
        layout = subnet_layout("10.0.0.0/16", chosen)
        assert layout.private == {zone: whole.private[zone] for zone in chosen}
        assert layout.public == {zone: whole.public[zone] for zone in chosen}


def test_zones_keep_the_order_they_were_given_in():
    layout = subnet_layout("10.0.0.0/16", ["us-east-1c", "us-east-1a"])
    assert list(layout.private) == list(layout.public) == ["us-east-1c", "us-east-1a"]


@pytest.mark.parametrize("prefix", range(16, 23))
def test_subnets_lie_inside_the_vpc_and_do_not_overlap(prefix):
    vpc = ipaddress.IPv4Network(f"10.0.0.0/{prefix}")
    layout = subnet_layout(str(vpc), ALL_ZONES)
    subnets = [ipaddress.IPv4Network(block) for block in (*layout.private.values(), *layout.public.values())]
    assert len(subnets) == 12
    assert all(subnet.subnet_of(vpc) and subnet.prefixlen <= 28 for subnet in subnets)
    assert not any(a.overlaps(b) for a, b in itertools.combinations(subnets, 2))


@pytest.mark.parametrize(
    ("cidr", "reason"),
    [
        ("10.0.0.0/15", r"has the prefix /15; expected /16 to /22"),
        ("10.0.0.0/23", r"has the prefix /23; expected /16 to /22"),
        ("10.0.0.0", r"has the prefix /32"),
        ("10.0.0.1/16", r"is not an IPv4 network: 10\.0\.0\.1/16 has host bits set"),
        ("fd00::/16", r"is not an IPv4 network"),
        ("10.0.0.0/255.255.0.0", r"expected 10\.0\.0\.0/16"),
        ("all", r"is not an IPv4 network.*10\.0\.0\.0/16"),
    ],
)
def test_networks_that_are_refused(cidr, reason):
    with pytest.raises(ValueError, match=reason):
        subnet_layout(cidr, ["us-east-2a"])
    with pytest.raises(ValueError, match=reason):
        vpc_network(cidr)


@pytest.mark.parametrize("zone", ["us-east-2g", "us-east-2", "us-east-2A", "use2-az1", "a", ""])
def test_zones_that_are_refused(zone):
    with pytest.raises(ValueError, match=r"is not a zone's name.*a to f"):
        zone_letter(zone)


@pytest.mark.parametrize(
    "zones", [["us-east-2a", "us-east-2a"], ["us-west-2a", "us-west-2b", "us-west-2-lax-1a"]]
)
def test_two_zones_of_one_letter_are_refused(zones):
    with pytest.raises(ValueError, match="two zones share the letter 'a'"):
        subnet_layout("10.0.0.0/16", zones)
