"""A region's name decides its partition and host suffix."""

import pytest

from components.partitions import dns_suffix_of, partition_of, registry_host


@pytest.mark.parametrize(
    ("region", "partition", "suffix"),
    [
        ("us-east-2", "aws", "amazonaws.com"),
        ("eu-central-1", "aws", "amazonaws.com"),
        ("cn-north-1", "aws-cn", "amazonaws.com.cn"),
        ("us-gov-west-1", "aws-us-gov", "amazonaws.com"),
        ("us-iso-east-1", "aws-iso", "c2s.ic.gov"),
        ("us-isob-east-1", "aws-iso-b", "sc2s.sgov.gov"),
        ("eusc-de-east-1", "aws-eusc", "amazonaws.eu"),
    ],
)
def test_partition_and_suffix_follow_from_the_region(region: str, partition: str, suffix: str) -> None:
    assert (partition_of(region), dns_suffix_of(region)) == (partition, suffix)


def test_the_registry_host_names_account_and_region() -> None:
    assert registry_host("111122223333", "us-east-2") == "111122223333.dkr.ecr.us-east-2.amazonaws.com"
    assert registry_host("111122223333", "cn-north-1").endswith(".amazonaws.com.cn")
