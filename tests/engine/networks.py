"""A network in a local cloud's account, for tests that start without one."""

from localcloud.aws.store import Record, Store
from localcloud.cloud import Cloud


def put_network(cloud: Cloud, vpc: str) -> None:
    """Two subnets of a VPC, in two zones. They have no way out, and so are private."""
    store = Store(cloud.home.aws_state)
    for zone, block in (("us-east-2a", "10.0.0.0/24"), ("us-east-2b", "10.0.1.0/24")):
        state = {"vpcId": vpc, "cidrBlock": block, "availabilityZone": zone, "tags": {}}
        id_ = f"subnet-0{zone[-1] * 16}"
        store.put(Record("aws:ec2/subnet:Subnet", id_, "", {}, state, origin="account"))
    store.close()
