"""Service Quotas: the quotas of the account file under their real codes."""

from typing import NamedTuple

from localcloud.api.beside.registry import Arguments, answers, refused
from localcloud.api.world import World


class Quota(NamedTuple):
    """A quota as Service Quotas names it."""

    service: str
    code: str
    name: str
    setting: str
    """Field of the account file's quotas."""


_SERVICES = {
    "ec2": "Amazon Elastic Compute Cloud (Amazon EC2)",
    "eks": "Amazon Elastic Kubernetes Service (Amazon EKS)",
    "elasticloadbalancing": "Elastic Load Balancing (ELB)",
    "iam": "AWS Identity and Access Management (IAM)",
    "kms": "AWS Key Management Service (AWS KMS)",
    "s3": "Amazon Simple Storage Service (Amazon S3)",
    "vpc": "Amazon Virtual Private Cloud (Amazon VPC)",
}
_STANDARD = "(A, C, D, H, I, M, R, T, Z)"
# Codes and names as `aws service-quotas list-service-quotas` gives them.
QUOTAS = (
    Quota("vpc", "L-F678F1CE", "VPCs per Region", "vpcs"),
    Quota("vpc", "L-A4707A72", "Internet gateways per Region", "internet_gateways"),
    Quota("vpc", "L-407747CB", "Subnets per VPC", "subnets_per_vpc"),
    Quota("ec2", "L-0263D0A3", "EC2-VPC Elastic IPs", "elastic_ips"),
    Quota("vpc", "L-FE5A380F", "NAT gateways per Availability Zone", "nat_gateways_per_zone"),
    Quota("vpc", "L-E79EC296", "VPC security groups per Region", "security_groups"),
    Quota("vpc", "L-0EA8095F", "Inbound or outbound rules per security group", "rules_per_security_group"),
    Quota("vpc", "L-29B6F2EB", "Interface VPC endpoints per VPC", "interface_endpoints_per_vpc"),
    Quota("ec2", "L-417A185B", "Running On-Demand P instances", "p_vcpus"),
    Quota("ec2", "L-DB2E81BA", "Running On-Demand G and VT instances", "g_vcpus"),
    Quota("ec2", "L-1216C47A", f"Running On-Demand Standard {_STANDARD} instances", "standard_vcpus"),
    Quota("ec2", "L-7212CCBC", "All P Spot Instance Requests", "p_spot_vcpus"),
    Quota("ec2", "L-3819A6DF", "All G and VT Spot Instance Requests", "g_spot_vcpus"),
    Quota("ec2", "L-34B43A08", f"All Standard {_STANDARD} Spot Instance Requests", "standard_spot_vcpus"),
    Quota("eks", "L-6D54EA21", "Managed node groups per cluster", "node_groups_per_cluster"),
    Quota("eks", "L-BD136A63", "Nodes per managed node group", "nodes_per_node_group"),
    Quota("elasticloadbalancing", "L-53DA6B97", "Application Load Balancers per Region", "load_balancers"),
    Quota("iam", "L-FE177D64", "Roles per account", "roles"),
    Quota("iam", "L-0DA4ABF3", "Managed policies per role", "policies_per_role"),
    Quota("iam", "L-858F3967", "OpenId connect providers per account", "oidc_providers"),
    Quota("s3", "L-DC2B2D3D", "General purpose buckets", "buckets"),
    Quota("kms", "L-C2F1777E", "Customer Master Keys (CMKs)", "kms_keys"),
)
"""Every quota that the account file can set."""


@answers("service-quotas", "ListServices")
def list_services(world: World, given: Arguments) -> Arguments:
    """The services whose quotas the account file sets."""
    del world, given
    return {"Services": [{"ServiceCode": code, "ServiceName": name} for code, name in _SERVICES.items()]}


@answers("service-quotas", "ListServiceQuotas")
def list_service_quotas(world: World, given: Arguments) -> Arguments:
    """Quotas of a service."""
    service = given["ServiceCode"]
    if service not in _SERVICES:
        raise refused("NoSuchResourceException", f"The request failed because {service} does not exist.")
    return {"Quotas": [_told(world, one) for one in QUOTAS if one.service == service]}


@answers("service-quotas", "GetServiceQuota")
def get_service_quota(world: World, given: Arguments) -> Arguments:
    """One quota."""
    for one in QUOTAS:
        if (one.service, one.code) == (given["ServiceCode"], given["QuotaCode"]):
            return {"Quota": _told(world, one)}
    raise refused(
        "NoSuchResourceException", "The request failed because the specified service quota does not exist."
    )


def _told(world: World, quota: Quota) -> Arguments:
    account = world.account
    arn = f"arn:{account.partition}:servicequotas:{account.region}:{account.account_id}"
    return {
        "ServiceCode": quota.service,
        "ServiceName": _SERVICES[quota.service],
        "QuotaArn": f"{arn}:{quota.service}/{quota.code}",
        "QuotaCode": quota.code,
        "QuotaName": quota.name,
        "Value": float(getattr(account.quotas, quota.setting)),
        "Unit": "None",
        "Adjustable": True,
        "GlobalQuota": False,
    }
