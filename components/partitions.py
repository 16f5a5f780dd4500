"""What follows from a region's name alone: its AWS partition and that partition's host suffix."""

_PARTITIONS: tuple[tuple[str, str, str], ...] = (
    ("cn-", "aws-cn", "amazonaws.com.cn"),
    ("us-gov-", "aws-us-gov", "amazonaws.com"),
    ("us-iso-", "aws-iso", "c2s.ic.gov"),
    ("us-isob-", "aws-iso-b", "sc2s.sgov.gov"),
    ("eusc-", "aws-eusc", "amazonaws.eu"),
)


def partition_of(region: str) -> str:
    """The partition of a region's ARNs: ``aws``, ``aws-cn``, ``aws-us-gov``, …"""
    return next((partition for prefix, partition, _ in _PARTITIONS if region.startswith(prefix)), "aws")


def dns_suffix_of(region: str) -> str:
    """The suffix of a region's service host names: ``amazonaws.com`` or its partition's own."""
    return next((suffix for prefix, _, suffix in _PARTITIONS if region.startswith(prefix)), "amazonaws.com")


def registry_host(account_id: str, region: str) -> str:
    """The host name of an account's private Amazon ECR registry in a region."""
    return f"{account_id}.dkr.ecr.{region}.{dns_suffix_of(region)}"
