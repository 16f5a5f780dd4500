"""What is refused of a network's arguments, all at once, with what would be right."""

from typing import Any

import pulumi
import pytest

from components.vpc_checks import check_vpc
from tests.unit.recording import REGION

EXISTING = {
    "vpc_id": "vpc-0a",
    "cidr": "10.16.0.0/12",
    "availability_zones": [f"{REGION}a", f"{REGION}c"],
    "private_subnet_ids": ["subnet-0a", "subnet-0c"],
    "public_subnet_ids": ["subnet-1a", "subnet-1c"],
}


def new(**changes) -> dict[str, Any]:
    return {"region": REGION, "availability_zones": [f"{REGION}a", f"{REGION}b"], **changes}


def adopted(**changes) -> dict[str, Any]:
    return {"region": REGION, "existing": {**EXISTING, **changes}}


def refused(args: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(pulumi.InputPropertiesError) as caught:
        check_vpc(args)
    return {fault["property_path"]: fault["reason"] for fault in caught.value.errors or []}


@pytest.mark.parametrize(
    "args",
    [
        new(),
        new(cidr="10.0.0.0/22", nat="per-zone", flow_logs=True, flow_log_retention_days=365.0),
        new(availability_zones=[f"{REGION}{letter}" for letter in "fdbace"]),
        adopted(),
        adopted(public_subnet_ids=[]),
    ],
)
def test_what_is_right_passes(args):
    check_vpc(args)


def test_every_fault_of_a_new_vpc_is_reported_at_once():
    found = refused(
        new(
            cidr="10.0.0.0/24",
            availability_zones=["us-east-1a", f"{REGION}g", f"{REGION}b", f"{REGION}b"],
            nat="one",
            flow_log_retention_days=31,
        )
    )
    assert found == {
        "availabilityZones[0]": f"is 'us-east-1a'; expected a zone of {REGION}, {REGION}a to {REGION}f",
        "availabilityZones[1]": f"is '{REGION}g'; expected a zone of {REGION}, {REGION}a to {REGION}f",
        "availabilityZones[3]": f"repeats {REGION}b; give each zone once",
        "cidr": "'10.0.0.0/24' has the prefix /24; expected /16 to /22",
        "nat": "is 'one'; it must be one of single, per-zone, none",
        "flowLogRetentionDays": found["flowLogRetentionDays"],
    }
    assert found["flowLogRetentionDays"].startswith("is 31; it must be one of 1, 3, 5, 7, 14, 30")


@pytest.mark.parametrize("zones", [None, [], [f"{REGION}a"], [f"{REGION}a", f"{REGION}a"]])
def test_fewer_than_two_zones_are_refused(zones):
    assert refused(new(availability_zones=zones))["availabilityZones"].startswith("needs two or more zones")


def test_a_missing_region_is_one_fault():
    assert refused(new(region="")) == {"region": "is required"}


def test_an_existing_vpc_beside_a_layout_is_refused():
    found = refused(new(existing=EXISTING, cidr="10.0.0.0/16", nat="none", flow_logs=True))
    assert sorted(found) == ["availabilityZones", "cidr", "flowLogs", "nat"]
    assert found["nat"] == "says how to create a VPC, but existing names one: remove either"


def test_every_fault_of_an_existing_vpc_is_reported_at_once():
    found = refused(
        adopted(
            vpc_id="net",
            cidr="",
            availability_zones=[f"{REGION}a"],
            private_subnet_ids=["subnet-0a", "net-1"],
            public_subnet_ids=["subnet-1a", "subnet-1c"],
        )
    )
    assert sorted(found) == [
        "existing.availabilityZones",
        "existing.cidr",
        "existing.privateSubnetIds",
        "existing.privateSubnetIds[1]",
        "existing.publicSubnetIds",
        "existing.vpcId",
    ]
    assert found["existing.publicSubnetIds"] == "has 2 for 1 zones; give one per zone, in their order"
