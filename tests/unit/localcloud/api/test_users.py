"""What users make through the AWS API counts in the account, and is there again after a restart."""

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest

from localcloud.aws.account_default import DEFAULT
from localcloud.aws.store import Record
from localcloud.providers.protocol import ProviderError
from tests.unit.localcloud.api.served import Served, tags
from tests.unit.localcloud.api.test_eks import node_group
from tests.unit.localcloud.aws.simulated import ROLE, SUBNET, VPC

BUCKET = "aws:s3/bucket:Bucket"
GATEWAY = "aws:ec2/internetGateway:InternetGateway"
GROUP = "aws:ec2/securityGroup:SecurityGroup"
INSTANCE = "aws:ec2/instance:Instance"
INTERFACE = "aws:ec2/networkInterface:NetworkInterface"
KEY = "aws:kms/key:Key"
VOLUME = "aws:ebs/volume:Volume"
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}
        ],
    }
)
NAME = "weights-by-hand"


def users(served: Served, *types: str) -> list[Record]:
    return [
        one
        for one in served.application.world.store.everything()
        if one.origin == "user" and (not types or one.type in types)
    ]


def subnet(served: Served) -> tuple[str, str]:
    """A program's VPC and a subnet of it."""
    vpc, _ = served.make(VPC, cidrBlock="10.0.0.0/16")
    id_, _ = served.make(SUBNET, vpcId=vpc, cidrBlock="10.0.1.0/24", availabilityZone="us-east-2a")
    return vpc, id_


def image(served: Served) -> str:
    return served.aws("ec2").register_image(Name="any", RootDeviceName="/dev/sda1")["ImageId"]


def test_a_users_interface_keeps_a_programs_subnet(served: Served) -> None:
    _, id_ = subnet(served)
    ec2 = served.aws("ec2")
    made = ec2.create_network_interface(SubnetId=id_, Description="by hand")["NetworkInterface"]
    (record,) = users(served)
    assert (record.type, record.id, record.state["subnetId"]) == (INTERFACE, made["NetworkInterfaceId"], id_)
    with pytest.raises(ProviderError, match="DependencyViolation"):
        served.delete(SUBNET, id_)
    ec2.delete_network_interface(NetworkInterfaceId=record.id)
    assert users(served) == []
    served.delete(SUBNET, id_)
    assert served.problems == {}


def test_a_users_instance_holds_what_it_uses_until_it_is_terminated(served: Served) -> None:
    vpc, id_ = subnet(served)
    group, _ = served.make(GROUP, name="ours", vpcId=vpc)
    ec2 = served.aws("ec2")
    (made,) = ec2.run_instances(
        ImageId=image(served),
        InstanceType="g6.12xlarge",
        SubnetId=id_,
        SecurityGroupIds=[group],
        MinCount=1,
        MaxCount=1,
    )["Instances"]
    kinds = {one.type: one for one in users(served)}
    assert set(kinds) == {INSTANCE, INTERFACE, VOLUME}
    instance = kinds[INSTANCE].state
    assert (kinds[INSTANCE].id, instance["instanceType"]) == (made["InstanceId"], "g6.12xlarge")
    assert instance["primaryNetworkInterfaceId"] == kinds[INTERFACE].id
    assert instance["rootBlockDevice"]["volumeId"] == kinds[VOLUME].id
    assert kinds[VOLUME].state["attachment"]["instanceId"] == made["InstanceId"]
    for type_, kept in ((SUBNET, id_), (GROUP, group)):
        with pytest.raises(ProviderError, match="DependencyViolation"):
            served.delete(type_, kept)
    ec2.terminate_instances(InstanceIds=[made["InstanceId"]])
    assert users(served) == []
    served.delete(GROUP, group)
    served.delete(SUBNET, id_)
    assert served.problems == {}


@pytest.mark.parametrize(("count", "fits"), [(1, True), (2, False)])
def test_a_users_instances_count_against_the_quota(tmp_path: Path, *, count: int, fits: bool) -> None:
    quota = DEFAULT.replace("  pVcpus: 768\n", "  pVcpus: 384\n")
    assert quota != DEFAULT
    served = Served(tmp_path, quota)
    _, id_ = subnet(served)
    served.aws("ec2").run_instances(
        ImageId=image(served), InstanceType="p5.48xlarge", SubnetId=id_, MinCount=count, MaxCount=count
    )
    refused = pytest.raises(ProviderError, match="VcpuLimitExceeded")
    with contextlib.nullcontext() if fits else refused:
        node_group(served)
    assert len(served.cluster.nodes) == (1 if fits else 0)


def test_names_and_ranges_that_users_took_are_taken(served: Served) -> None:
    vpc, _ = subnet(served)
    ec2, s3, iam = served.aws("ec2"), served.aws("s3"), served.aws("iam")
    s3.create_bucket(Bucket=NAME, CreateBucketConfiguration={"LocationConstraint": "us-east-2"})
    iam.create_role(RoleName="by-hand", AssumeRolePolicyDocument=TRUST)
    ec2.create_security_group(GroupName="by-hand", Description="x", VpcId=vpc)
    ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.2.0/24", AvailabilityZone="us-east-2b")
    served.refuses("BucketAlreadyOwnedByYou", BUCKET, bucket=NAME)
    served.refuses("EntityAlreadyExists", ROLE, name="by-hand", assumeRolePolicy=TRUST)
    served.refuses("InvalidGroup.Duplicate", GROUP, name="by-hand", vpcId=vpc)
    served.refuses(
        "InvalidSubnet.Conflict", SUBNET, vpcId=vpc, cidrBlock="10.0.2.0/25", availabilityZone="us-east-2a"
    )
    s3.delete_bucket(Bucket=NAME)
    iam.delete_role(RoleName="by-hand")
    served.make(BUCKET, bucket=NAME)
    served.make(ROLE, name="by-hand", assumeRolePolicy=TRUST)
    assert {one.type for one in users(served)} == {GROUP, SUBNET}


def test_a_programs_gateway_that_a_user_deletes_leaves_no_interface(served: Served) -> None:
    served.network()
    ec2, store = served.aws("ec2"), served.application.world.store
    (nat,) = ec2.describe_nat_gateways()["NatGateways"]
    assert len(store.find(INTERFACE, serves=nat["NatGatewayId"])) == 1
    ec2.delete_nat_gateway(NatGatewayId=nat["NatGatewayId"])
    assert store.find(INTERFACE, serves=nat["NatGatewayId"]) == []
    assert ec2.describe_network_interfaces()["NetworkInterfaces"] == []
    assert served.problems == {}


def test_a_users_gateway_keeps_a_programs_vpc(served: Served) -> None:
    vpc, id_ = subnet(served)
    served.delete(SUBNET, id_)
    ec2 = served.aws("ec2")
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    with pytest.raises(ProviderError, match="DependencyViolation"):
        served.delete(VPC, vpc)
    ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    served.delete(VPC, vpc)
    assert [one.state["vpcId"] for one in users(served)] == [""]


def everything(served: Served) -> dict[str, Any]:
    """What users see of what they made; without times, which are those of the server's start."""
    ec2, s3, iam, kms = (served.aws(one) for one in ("ec2", "s3", "iam", "kms"))
    groups = ec2.describe_security_groups()["SecurityGroups"]
    return {
        "vpcs": sorted((one["VpcId"], one["CidrBlock"]) for one in ec2.describe_vpcs()["Vpcs"]),
        "subnets": sorted((one["SubnetId"], one["CidrBlock"]) for one in ec2.describe_subnets()["Subnets"]),
        "groups": sorted((one["GroupId"], one["GroupName"], str(one["IpPermissions"])) for one in groups),
        "egress": sorted((one["GroupId"], str(one["IpPermissionsEgress"])) for one in groups),
        "instances": sorted(
            (one["InstanceId"], one["PrivateIpAddress"], one["SubnetId"])
            for each in ec2.describe_instances()["Reservations"]
            for one in each["Instances"]
        ),
        "interfaces": sorted(
            (one["NetworkInterfaceId"], one["PrivateIpAddress"], one["Status"], one["Description"])
            for one in ec2.describe_network_interfaces()["NetworkInterfaces"]
        ),
        "volumes": sorted(
            (one["VolumeId"], one["Size"], str([each["InstanceId"] for each in one["Attachments"]]))
            for one in ec2.describe_volumes()["Volumes"]
        ),
        "buckets": {
            one["Name"]: tags(s3.get_bucket_tagging(Bucket=one["Name"])["TagSet"])
            for one in s3.list_buckets()["Buckets"]
        },
        "roles": sorted(
            (one["RoleName"], one["RoleId"], str(one["AssumeRolePolicyDocument"]))
            for one in iam.list_roles()["Roles"]
        ),
        "keys": sorted(
            (one["KeyId"], kms.describe_key(KeyId=one["KeyId"])["KeyMetadata"]["Description"])
            for one in kms.list_keys()["Keys"]
        ),
    }


def test_all_of_it_is_there_again_after_a_restart(served: Served) -> None:
    ec2, s3 = served.aws("ec2"), served.aws("s3")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    id_ = ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.1.0/24", AvailabilityZone="us-east-2a")["Subnet"][
        "SubnetId"
    ]
    group = ec2.create_security_group(GroupName="by-hand", Description="x", VpcId=vpc)["GroupId"]
    ec2.authorize_security_group_ingress(
        GroupId=group, IpProtocol="tcp", FromPort=443, ToPort=443, CidrIp="10.0.0.0/8"
    )
    ec2.create_network_interface(SubnetId=id_, Groups=[group], Description="by hand")
    ec2.run_instances(ImageId=image(served), InstanceType="m7i.large", SubnetId=id_, MinCount=1, MaxCount=1)
    ec2.create_volume(AvailabilityZone="us-east-2a", Size=7)
    s3.create_bucket(Bucket=NAME, CreateBucketConfiguration={"LocationConstraint": "us-east-2"})
    s3.put_bucket_tagging(Bucket=NAME, Tagging={"TagSet": [{"Key": "by", "Value": "hand"}]})
    served.aws("iam").create_role(RoleName="by-hand", AssumeRolePolicyDocument=TRUST)
    served.aws("kms").create_key(Description="by hand")
    before = everything(served)
    assert len(before["interfaces"]) == len(before["volumes"]) == 2
    records = {(one.type, one.id): one.state for one in users(served)}
    assert everything(served.restarted()) == before
    assert served.problems == {}
    served.aws("ec2").create_tags(Resources=[group], Tags=[{"Key": "by", "Value": "hand"}])
    changed = {
        key: state
        for key, state in (((one.type, one.id), one.state) for one in users(served))
        if records[key] != state
    }
    assert list(changed) == [(GROUP, group)]
    assert changed[GROUP, group]["tags"] == {"by": "hand"}


def test_an_edited_account_file_leaves_what_users_made(served: Served) -> None:
    served.aws("iam").create_role(RoleName="by-hand", AssumeRolePolicyDocument=TRUST)
    served.home.account_file.write_text(DEFAULT.replace("  vpcs: 5\n", "  vpcs: 9\n"))
    assert "by-hand" in {one["RoleName"] for one in served.aws("iam").list_roles()["Roles"]}
    assert [one.id for one in users(served)] == ["by-hand"]


def test_what_comes_with_a_programs_resources_is_no_users(served: Served) -> None:
    served.network()
    ec2 = served.aws("ec2")
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    ec2.create_tags(Resources=[vpc], Tags=[{"Key": "by", "Value": "hand"}])
    assert users(served) == []


@pytest.mark.parametrize("window", [7, 30])
def test_a_key_that_a_user_schedules_for_deletion_waits_and_can_be_kept(served: Served, window: int) -> None:
    id_, state = served.make(KEY, "secrets", description="secrets")
    store, kms = served.application.world.store, served.aws("kms")
    kms.schedule_key_deletion(KeyId=id_, PendingWindowInDays=window)
    waiting = store.get(KEY, id_)
    assert waiting is not None
    assert (waiting.origin, waiting.state["keyState"], waiting.state["isEnabled"]) == (
        "deleted",
        "pending-deletion",
        False,
    )
    assert served.read(KEY, id_) is None
    kms.cancel_key_deletion(KeyId=id_)
    kept = store.get(KEY, id_)
    assert kept is not None
    assert (kept.origin, kept.name, kept.state) == (
        "stack",
        "secrets",
        {**kept.state, "arn": state["arn"], "isEnabled": False},
    )
    assert "keyState" not in kept.state
    assert kms.describe_key(KeyId=id_)["KeyMetadata"]["KeyState"] == "Disabled"
    served.change(KEY, id_, description="secrets", isEnabled=True)
    assert kms.describe_key(KeyId=id_)["KeyMetadata"]["KeyState"] == "Enabled"
    assert served.problems == {}


def test_a_key_that_waits_still_waits_after_a_restart(served: Served) -> None:
    id_, _ = served.make(KEY, description="secrets")
    served.aws("kms").schedule_key_deletion(KeyId=id_, PendingWindowInDays=7)
    kms = served.restarted().aws("kms")
    assert kms.describe_key(KeyId=id_)["KeyMetadata"]["KeyState"] == "PendingDeletion"
    kms.cancel_key_deletion(KeyId=id_)
    assert served.read(KEY, id_) is not None


def test_a_key_that_a_program_deleted_is_a_users_when_it_is_kept(served: Served) -> None:
    id_, _ = served.make(KEY, description="secrets")
    served.delete(KEY, id_)
    kms = served.aws("kms")
    kms.cancel_key_deletion(KeyId=id_)
    (record,) = users(served, KEY)
    assert (record.id, record.state["isEnabled"]) == (id_, False)
    assert kms.describe_key(KeyId=id_)["KeyMetadata"]["KeyState"] == "Disabled"
