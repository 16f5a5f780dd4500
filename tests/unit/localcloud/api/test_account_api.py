"""What the account file holds, and what spans services: quotas, reservations, zones, images, tags, identity."""

import os
import re

import pytest
from botocore.exceptions import ClientError

from components.versions import AMI_RELEASES
from localcloud.api.beside.quotas import QUOTAS
from localcloud.aws.account import default_account
from localcloud.aws.account_default import DEFAULT
from localcloud.aws.account_parts import Quotas
from tests.unit.localcloud.api.served import Served, tags
from tests.unit.localcloud.aws.simulated import BLOCK, ODCR, VPC

GROUP = default_account().reservation_groups[0].name


def test_the_caller_is_the_account_files_whatever_the_key(served: Served) -> None:
    found = served.aws("sts").get_caller_identity()
    assert (found["Account"], found["Arn"]) == ("111122223333", "arn:aws:iam::111122223333:user/local-cloud")


def test_every_kind_of_reservation_is_described(served: Served) -> None:
    ec2 = served.aws("ec2")
    found = {
        one["CapacityReservationId"]: one
        for one in ec2.describe_capacity_reservations()["CapacityReservations"]
    }
    assert set(found) == {ODCR, BLOCK}
    assert (found[ODCR]["ReservationType"], found[ODCR]["EndDateType"]) == ("default", "unlimited")
    assert (found[BLOCK]["ReservationType"], found[BLOCK]["EndDateType"]) == ("capacity-block", "limited")
    assert (found[BLOCK]["InstanceType"], found[BLOCK]["AvailableInstanceCount"]) == ("p5en.48xlarge", 2)
    named = ec2.describe_capacity_reservations(
        Filters=[{"Name": "instance-type", "Values": ["p5e.*"]}, {"Name": "state", "Values": ["active"]}]
    )
    assert [one["CapacityReservationId"] for one in named["CapacityReservations"]] == [ODCR]
    with served.refused("InvalidCapacityReservationId.NotFound"):
        ec2.describe_capacity_reservations(CapacityReservationIds=["cr-00000000000000000"])


def test_a_pool_of_reservations_is_a_resource_group(served: Served) -> None:
    groups = served.aws("resource-groups")
    assert [one["GroupName"] for one in groups.list_groups()["GroupIdentifiers"]] == [GROUP]
    found = groups.list_group_resources(Group=GROUP)["ResourceIdentifiers"]
    assert [one["ResourceArn"].rsplit("/", 1)[-1] for one in found] == [ODCR]
    with served.refused("NotFoundException"):
        groups.get_group(Group="other")


def test_every_quota_of_the_account_file_has_its_code_and_value(served: Served) -> None:
    assert {one.setting for one in QUOTAS} == set(Quotas.model_fields)
    client = served.aws("service-quotas")
    found = {
        one["QuotaCode"]: one["Value"]
        for service in client.list_services()["Services"]
        for one in client.list_service_quotas(ServiceCode=service["ServiceCode"])["Quotas"]
    }
    assert found == {one.code: getattr(default_account().quotas, one.setting) for one in QUOTAS}
    assert client.get_service_quota(ServiceCode="vpc", QuotaCode="L-F678F1CE")["Quota"]["Value"] == 5
    with served.refused("NoSuchResourceException"):
        client.get_service_quota(ServiceCode="vpc", QuotaCode="L-00000000")


def test_zones_and_offerings_are_the_account_files(served: Served) -> None:
    ec2 = served.aws("ec2")
    zones = {one["ZoneName"]: one["ZoneId"] for one in ec2.describe_availability_zones()["AvailabilityZones"]}
    assert zones == {zone.name: zone.id for zone in default_account().zones}
    answer = ec2.describe_instance_type_offerings(
        LocationType="availability-zone", Filters=[{"Name": "instance-type", "Values": ["p5en.48xlarge"]}]
    )
    assert [one["Location"] for one in answer["InstanceTypeOfferings"]] == ["us-east-2c"]
    types = ec2.describe_instance_types(InstanceTypes=["p5en.48xlarge"])["InstanceTypes"]
    assert types[0]["VCpuInfo"]["DefaultVCpus"] == 192


def test_the_releases_of_images_are_those_of_the_version_table(served: Served) -> None:
    ssm = served.aws("ssm")
    for kubernetes, releases in AMI_RELEASES.items():
        root = f"/aws/service/eks/optimized-ami/{kubernetes}/amazon-linux-2023/x86_64/nvidia/recommended"
        assert ssm.get_parameter(Name=f"{root}/release_version")["Parameter"]["Value"] == releases["al2023"]
        root = f"/aws/service/bottlerocket/aws-k8s-{kubernetes}-nvidia/x86_64/latest"
        assert (
            ssm.get_parameter(Name=f"{root}/image_version")["Parameter"]["Value"] == releases["bottlerocket"]
        )
        image = ssm.get_parameter(Name=f"{root}/image_id")["Parameter"]["Value"]
        assert re.fullmatch(r"ami-[0-9a-f]{17}", image)
    with served.refused("ParameterNotFound"):
        ssm.get_parameter(Name="/aws/service/eks/optimized-ami/1.20/amazon-linux-2/recommended/image_id")


def test_zones_of_dns_and_certificates_have_their_ids(served: Served) -> None:
    account = default_account()
    zones = served.aws("route53").list_hosted_zones()["HostedZones"]
    assert [one["Id"] for one in zones] == [f"/hostedzone/{account.hosted_zones[0].id}"]
    certificates = served.aws("acm").list_certificates()["CertificateSummaryList"]
    assert [one["CertificateArn"] for one in certificates] == [account.certificates[0].arn]
    found = served.aws("acm").describe_certificate(CertificateArn=account.certificates[0].arn)["Certificate"]
    assert (found["Status"], found["DomainName"]) == ("ISSUED", account.certificates[0].names[0])


def test_an_edited_account_file_is_taken_over(served: Served) -> None:
    quota = {"ServiceCode": "vpc", "QuotaCode": "L-F678F1CE"}
    assert served.aws("service-quotas").get_service_quota(**quota)["Quota"]["Value"] == 5
    served.home.account_file.write_text(DEFAULT.replace("  vpcs: 5\n", "  vpcs: 9\n"))
    assert served.aws("service-quotas").get_service_quota(**quota)["Quota"]["Value"] == 9
    served.home.account_file.write_text("not: [an account")
    assert served.aws("service-quotas").get_service_quota(**quota)["Quota"]["Value"] == 9


def test_the_tagging_api_lists_every_tagged_resource_with_its_arn(served: Served) -> None:
    mark = {"project": "inference-plane"}
    _, vpc = served.make(VPC, cidrBlock="10.0.0.0/16", tags=mark)
    _, key = served.make("aws:kms/key:Key", tags=mark)
    _, bucket = served.make("aws:s3/bucket:Bucket", bucket="weights-for-tests", tags=mark)
    _, logs = served.make("aws:cloudwatch/logGroup:LogGroup", name="x", tags=mark)
    _, images = served.make("aws:ecr/repository:Repository", name="vllm", tags=mark)
    served.make("aws:ecr/repository:Repository", name="untagged")
    tagging = served.aws("resourcegroupstaggingapi")
    wanted = [{"Key": "project", "Values": ["inference-plane"]}]
    pages = tagging.get_paginator("get_resources").paginate(TagFilters=wanted, ResourcesPerPage=2)
    found = {
        one["ResourceARN"]: tags(one["Tags"]) for page in pages for one in page["ResourceTagMappingList"]
    }
    assert found == {one["arn"]: mark for one in (vpc, key, bucket, logs, images)}
    only = tagging.get_resources(ResourceTypeFilters=["ec2:vpc"])["ResourceTagMappingList"]
    assert [one["ResourceARN"] for one in only] == [vpc["arn"]]


def test_tags_set_by_the_tagging_api_are_drift(served: Served) -> None:
    id_, vpc = served.make(VPC, cidrBlock="10.0.0.0/16", tags={"Name": "main"})
    served.aws("resourcegroupstaggingapi").tag_resources(ResourceARNList=[vpc["arn"]], Tags={"by": "hand"})
    read = served.read(VPC, id_)
    assert read is not None
    assert read[0]["tags"] == {"Name": "main", "by": "hand"}


def test_what_nobody_answers_is_refused_clearly_in_each_protocol(served: Served) -> None:
    told = "neither moto nor the local cloud answers"
    with pytest.raises(ClientError, match=f"NotImplemented.*{told} ec2 DescribeCapacityBlockOfferings"):
        served.aws("ec2").describe_capacity_block_offerings(CapacityDurationHours=24)
    with pytest.raises(ClientError, match=f"NotImplemented.*{told} kms"):
        served.aws("kms").describe_custom_key_stores()


def test_real_credentials_and_addresses_play_no_part(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_network(*given: object, **named: object) -> None:
        raise AssertionError((given, named))

    monkeypatch.setattr("socket.socket.connect", no_network)
    monkeypatch.setattr("socket.getaddrinfo", no_network)
    served.network()
    for service, operation in (("ec2", "describe_vpcs"), ("s3", "list_buckets"), ("iam", "list_roles")):
        assert getattr(served.aws(service), operation)()["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert os.environ["MOTO_ACCOUNT_ID"] == "111122223333"
