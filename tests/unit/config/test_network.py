from pathlib import Path

from tests.unit.config.dev_stack import EXISTING, GONE, Case, dev, each

_ADOPT = {"network": {"existing": EXISTING}}


def _adopt(**changes: object) -> dict[str, object]:
    return {"network": {"existing": {**EXISTING, **changes}}}


@each(
    Case(
        "a VPC narrower than /22 has no room for the subnets",
        {"network.cidr": "10.0.0.0/23"},
        "network.cidr",
        ("10.0.0.0/23", "/16 to /22", "subnets do not fit"),
        {"network.cidr": "10.0.0.0/22"},
    ),
    Case(
        "a VPC wider than /16 is refused",
        {"network.cidr": "10.0.0.0/15"},
        "network.cidr",
        ("10.0.0.0/15", "/16 to /22"),
        {"network.cidr": "10.0.0.0/16"},
    ),
    Case(
        "a network with bits after its prefix is refused",
        {"network.cidr": "10.0.0.1/16"},
        "network.cidr",
        ("10.0.0.1/16", "IPv4 network"),
        {"network.cidr": "10.1.0.0/16"},
    ),
    Case(
        "one zone is not enough",
        {"network.availabilityZones": ["us-east-2b"]},
        "network.availabilityZones",
        ("1 distinct", "us-east-2b", "two or more"),
        {"network.availabilityZones": ["us-east-2b", "us-east-2c"]},
    ),
    Case(
        "one zone named twice counts once",
        {"network.availabilityZones": ["us-east-2b", "us-east-2b"]},
        "network.availabilityZones",
        ("1 distinct", "two or more"),
        {"network.availabilityZones": ["us-east-2c", "us-east-2b"]},
    ),
    Case(
        "a zone named twice among others is refused",
        {"network.availabilityZones": ["us-east-2a", "us-east-2b", "us-east-2a"]},
        "network.availabilityZones",
        ("us-east-2a twice", "once"),
        {"network.availabilityZones": ["us-east-2a", "us-east-2b", "us-east-2c"]},
    ),
    Case(
        "zones are required without an existing VPC",
        {"network.availabilityZones": GONE, "gpuNodes.capacity": {"onDemand": True}},
        "network.availabilityZones",
        ("0 distinct", "none", "two or more"),
        _ADOPT,
    ),
    Case(
        "a zone of another region is refused",
        {"network.availabilityZones": ["us-east-2b", "us-east-1a"]},
        "network.availabilityZones[1]",
        ("us-east-1a", "not a zone of us-east-2", "us-east-2a"),
        {"network.availabilityZones": ["us-east-2b", "us-east-2a"]},
    ),
    Case(
        "a zone's name ends in a to f",
        {"network.availabilityZones": ["us-east-2b", "us-east-2g"]},
        "network.availabilityZones[1]",
        ("us-east-2g", "a to f"),
        {"network.availabilityZones": ["us-east-2b", "us-east-2f"]},
    ),
    Case(
        "NAT is single, per zone or none",
        {"network.nat": "both"},
        "network.nat",
        ("'both'", "'single', 'per-zone' or 'none'"),
        {"network.nat": "per-zone"},
    ),
    Case(
        "endpoints are a word or service names",
        {"network.endpoints": "all"},
        "network.endpoints",
        ("'all'", "auto, none, or a list of service names"),
        {"network.endpoints": ["ecr.api", "sts"]},
    ),
    Case(
        "endpoint services are short names",
        {"network.endpoints": ["com.amazonaws.us-east-2.sts"]},
        "network.endpoints",
        ("com.amazonaws.us-east-2.sts", "without com.amazonaws.<region>."),
        {"network.endpoints": ["sts"]},
    ),
    Case(
        "an empty list of endpoints is not a choice",
        {"network.endpoints": []},
        "network.endpoints",
        ("[]", "auto, none"),
        {"network.endpoints": "none"},
    ),
    Case(
        "nodes without NAT need endpoints",
        {"network.nat": "none", "network.endpoints": "none"},
        "network.endpoints",
        ("network.nat is none", "use auto"),
        {"network.nat": "none"},
    ),
    Case(
        "an existing VPC takes no settings of a new one",
        {"network.existing": EXISTING, "network.cidr": GONE, "network.nat": GONE},
        "network.availabilityZones",
        ("new VPC", "network.existing"),
        _ADOPT,
    ),
    Case(
        "an existing VPC needs two zones as well",
        _adopt(
            availabilityZones=["us-east-2b"],
            privateSubnetIds=["subnet-0123456789abcdef0"],
            publicSubnetIds=["subnet-0123456789abcdef1"],
        ),
        "network.existing.availabilityZones",
        ("1 distinct", "two or more"),
        _ADOPT,
    ),
    Case(
        "an existing VPC's zones are of the region",
        _adopt(availabilityZones=["us-east-2b", "us-west-2a"]),
        "network.existing.availabilityZones[1]",
        ("us-west-2a", "us-east-2"),
        _adopt(availabilityZones=["us-east-2b", "us-east-2c"]),
    ),
    Case(
        "an existing VPC has a private subnet per zone",
        _adopt(privateSubnetIds=["subnet-0123456789abcdef0"]),
        "network.existing.privateSubnetIds",
        ("1 subnets for 2 zones", "same order"),
        _ADOPT,
    ),
    Case(
        "an existing VPC has a public subnet per zone",
        _adopt(publicSubnetIds=["subnet-0123456789abcdef9"]),
        "network.existing.publicSubnetIds",
        ("1 subnets for 2 zones", "same order"),
        _ADOPT,
    ),
    Case(
        "an existing subnet has one place",
        _adopt(publicSubnetIds=["subnet-0123456789abcdef2", "subnet-0123456789abcdef0"]),
        "network.existing.publicSubnetIds[1]",
        ("subnet-0123456789abcdef0", "second time"),
        _ADOPT,
    ),
    Case(
        "an internet-facing load balancer needs public subnets",
        _adopt(publicSubnetIds=[]),
        "network.existing.publicSubnetIds",
        ("internet-facing", "one public subnet per zone"),
        {**_adopt(publicSubnetIds=[]), "ingress.scheme": "internal"},
    ),
    Case(
        "a VPC id is checked",
        _adopt(vpcId="vpc-main"),
        "network.existing.vpcId",
        ("'vpc-main'", "17 hex digits"),
        _adopt(vpcId="vpc-01234567"),
    ),
    Case(
        "a subnet id is checked",
        _adopt(privateSubnetIds=["subnet-0123456789abcdef0", "private-b"]),
        "network.existing.privateSubnetIds[1]",
        ("'private-b'", "subnet-"),
        _ADOPT,
    ),
    Case(
        "the network of an existing VPC is a network",
        _adopt(cidr="10.1.0.0"),
        "network.existing.cidr",
        ("'10.1.0.0'", "10.0.0.0/16"),
        _adopt(cidr="10.1.0.0/24"),
    ),
)
def test_each_breach_is_told_at_its_path_and_its_neighbour_passes(case: Case, project: Path):
    case.check(project)


def test_a_new_vpc_answers_for_its_own_zones_and_network(project: Path):
    network = dev(project).network

    assert network.zones == ("us-east-2a", "us-east-2b")
    assert network.vpc_cidr == "10.0.0.0/16"
    assert network.has_nat


def test_an_existing_vpc_answers_for_its_zones_and_network(project: Path):
    network = dev(project, _ADOPT).network

    assert network.zones == ("us-east-2a", "us-east-2b")
    assert network.vpc_cidr == "10.1.0.0/16"
    assert network.has_nat


def test_a_vpc_without_nat_says_so(project: Path):
    assert not dev(project, {"network.nat": "none"}).network.has_nat
