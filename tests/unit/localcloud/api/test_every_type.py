"""moto takes every type that a stack may use, with everything that the provider accepted of it."""

from typing import Any

import pytest

from localcloud.api.mirrors.base import load_mirrors, rank_of
from tests.unit.localcloud.api.served import Served
from tests.unit.localcloud.aws.every_type import World

BESIDE = {
    # Answered from the account's records.
    "aws:eks/accessEntry:AccessEntry",
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation",
    "aws:eks/addon:Addon",
    "aws:eks/cluster:Cluster",
    "aws:eks/nodeGroup:NodeGroup",
    "aws:eks/podIdentityAssociation:PodIdentityAssociation",
    "aws:ec2/capacityReservation:CapacityReservation",
    "aws:resourcegroups/group:Group",
    "aws:resourcegroups/resource:Resource",
}
NOT_SERVED = {
    # No stack of this project makes them; docs/aws-api.md says that the API does not show them.
    "aws:autoscaling/schedule:Schedule",
    "aws:cloudwatch/eventRule:EventRule",
    "aws:cloudwatch/eventTarget:EventTarget",
    "aws:ec2/networkAcl:NetworkAcl",
    "aws:ec2/placementGroup:PlacementGroup",
    "aws:ec2/tag:Tag",
    "aws:ec2/vpcEndpointRouteTableAssociation:VpcEndpointRouteTableAssociation",
    "aws:ecr/pullThroughCacheRule:PullThroughCacheRule",
    "aws:kms/keyPolicy:KeyPolicy",
    "aws:s3/bucketLogging:BucketLogging",
    "aws:s3/bucketObject:BucketObject",
    "aws:s3/bucketObjectv2:BucketObjectv2",
    "aws:sqs/queue:Queue",
    "aws:sqs/queuePolicy:QueuePolicy",
}
NOTHING_THERE = {
    # Not a thing in AWS but a wait for one.
    "aws:acm/certificateValidation:CertificateValidation",
}


@pytest.fixture
def world(served: Served) -> World:
    return World(served)


def test_every_type_has_a_place_in_the_api(served: Served, world: World) -> None:
    assert set(world.made) - set(load_mirrors()) - BESIDE - NOTHING_THERE == NOT_SERVED


def test_moto_refuses_nothing_that_the_provider_accepted(served: Served, world: World) -> None:
    assert served.problems == {}


def test_a_look_at_every_type_finds_it_and_changes_nothing(served: Served, world: World) -> None:
    before = [
        record for record in served.application.world.store.everything() if record.type in load_mirrors()
    ]
    served.application.world.catch_up()
    synchronizer = served.application.world.synchronizer
    gone = [record.id for record in before if synchronizer.mirror(record.type).look(record) is None]
    assert gone == []
    with served.refused("InvalidVpcID.NotFound"):
        served.aws("ec2").create_tags(Resources=["vpc-0123456789abcdef0"], Tags=[{"Key": "a", "Value": "b"}])
    after = [
        record for record in served.application.world.store.everything() if record.type in load_mirrors()
    ]
    assert after == before


def test_an_update_that_changes_nothing_is_taken_as_it_is(served: Served, world: World) -> None:
    served.application.world.catch_up()
    mirrors = load_mirrors()
    synchronizer = served.application.world.synchronizer
    for record in served.application.world.store.everything():
        if record.type in mirrors:
            mirror = synchronizer.mirror(record.type)
            seen: Any = mirror.look(record)
            mirror.settle(record)
            assert mirror.look(record) == seen, record.type


def test_types_are_made_in_the_order_of_their_modules(served: Served) -> None:
    order = (
        "kms/key:Key",
        "ec2/vpc:Vpc",
        "ec2/subnet:Subnet",
        "ec2/securityGroup:SecurityGroup",
        "lb/listener:Listener",
    )
    ranks = [rank_of(f"aws:{one}") for one in order]
    assert ranks == sorted(ranks)
    assert len({rank_of(one) for one in load_mirrors()}) == len(load_mirrors())


def test_everything_goes_again(served: Served, world: World) -> None:
    served.application.world.catch_up()
    synchronizer = served.application.world.synchronizer
    store = served.application.world.store
    with store.transaction():
        for record in store.everything():
            store.delete(record.type, record.id)
    assert served.problems == {}
    assert synchronizer.applied == {}
    ec2 = served.aws("ec2")
    assert ec2.describe_vpcs()["Vpcs"] == ec2.describe_network_interfaces()["NetworkInterfaces"] == []
    assert ec2.describe_volumes()["Volumes"] == ec2.describe_security_groups()["SecurityGroups"] == []
