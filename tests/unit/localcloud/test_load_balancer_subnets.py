"""Which subnets a load balancer goes into."""

import pytest

from localcloud.kube.load_balancer_subnets import Subnet, SubnetError, discovered, named
from tests.unit.localcloud.load_balancing import SUBNETS, subnet


def tagged(id_: str, zone: str, free: int = 200, **tags: str) -> Subnet:
    found = {"kubernetes.io/role/elb": "1", **{f"kubernetes.io/cluster/{key}": v for key, v in tags.items()}}
    return Subnet(id_, zone, public=True, free_addresses=free, tags=found)


def test_role_tags_decide_before_routes() -> None:
    own = [tagged("subnet-8", "us-east-2a"), tagged("subnet-9", "us-east-2b")]
    assert discovered([*SUBNETS, *own], "internet-facing", "plane") == ("subnet-8", "subnet-9")


@pytest.mark.parametrize(
    ("scheme", "ids"),
    [("internal", ("subnet-1", "subnet-2")), ("internet-facing", ("subnet-3", "subnet-4"))],
)
def test_without_role_tags_the_routes_decide(scheme: str, ids: tuple[str, ...]) -> None:
    assert discovered(SUBNETS, scheme, "plane") == ids


def test_one_subnet_per_zone_and_the_clusters_own_first() -> None:
    many = [
        tagged("subnet-1", "us-east-2a"),
        tagged("subnet-2", "us-east-2a", plane="shared"),
        tagged("subnet-3", "us-east-2b"),
        tagged("subnet-4", "us-east-2b"),
    ]
    assert discovered(many, "internet-facing", "plane") == ("subnet-2", "subnet-3")


def test_an_alb_needs_two_zones() -> None:
    with pytest.raises(SubnetError, match="subnets count less than minimal required count: 1 < 2"):
        discovered([tagged("subnet-1", "us-east-2a")], "internet-facing", "plane")


def test_other_clusters_subnets_and_full_ones_do_not_count() -> None:
    foreign = tagged("subnet-1", "us-east-2a", other="owned")
    full = tagged("subnet-2", "us-east-2b", free=7)
    with pytest.raises(SubnetError) as caught:
        discovered([foreign, full], "internet-facing", "plane")
    assert str(caught.value) == (
        "unable to resolve at least one subnet. Evaluated 2 subnets: 1 are tagged for other clusters, and 1 have "
        "insufficient available IP addresses"
    )


def test_subnets_are_named_by_id_or_by_name() -> None:
    one = subnet("subnet-7", "us-east-2c", Name="web")
    assert named([*SUBNETS, one], ["web", "subnet-1"]) == ("subnet-1", "subnet-7")


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        (["subnet-1", "subnet-0"], "subnet ID not found: subnet-0"),
        (["subnet-1", "web"], "subnet with Name tag not found: web"),
        (["subnet-1", "subnet-3"], "multiple subnets in same Availability Zone us-east-2a"),
        (["subnet-1"], "subnets count less than minimal required count: 1 < 2"),
    ],
)
def test_subnets_that_cannot_be_used(wanted: list[str], reason: str) -> None:
    with pytest.raises(SubnetError, match=reason):
        named(SUBNETS, wanted)
