"""The resources that an account file brings, as records of the simulated account."""

import json
from typing import Any

from localcloud.aws.account import Account
from localcloud.aws.key_policies import default_key_policy
from localcloud.aws.store import Record


def existing_resources(account: Account) -> list[Record]:
    """Records of everything that the account holds before any stack."""
    records: list[Record] = []

    def add(type_: str, id_: str, **state: Any) -> None:
        records.append(Record(type_, id_, "", {}, {"region": account.region, **state}, origin="account"))

    zone_ids = {zone.name: zone.id for zone in account.zones}
    for reservation in account.capacity_reservations:
        add(
            "aws:ec2/capacityReservation:CapacityReservation",
            reservation.id,
            arn=_arn(account, "ec2", f"capacity-reservation/{reservation.id}"),
            kind=reservation.kind,
            instanceType=reservation.instance_type,
            availabilityZone=reservation.zone,
            instanceCount=reservation.count,
            instanceMatchCriteria=reservation.instance_match_criteria,
            status=reservation.state,
            inUse=reservation.in_use,
        )
    for group in account.reservation_groups:
        arn = account.group_arn(group)
        add(
            "aws:resourcegroups/group:Group",
            group.name,
            name=group.name,
            arn=arn,
            reservations=group.reservations,
        )
    for zone in account.hosted_zones:
        add(
            "aws:route53/zone:Zone",
            zone.id,
            zoneId=zone.id,
            name=zone.name,
            private=zone.private,
            arn=f"arn:{account.partition}:route53:::hostedzone/{zone.id}",
        )
    for certificate in account.certificates:
        add(
            "aws:acm/certificate:Certificate",
            certificate.arn,
            arn=certificate.arn,
            domainName=certificate.names[0],
            subjectAlternativeNames=certificate.names,
            status="ISSUED",
        )
    for vpc in account.vpcs:
        add(
            "aws:ec2/vpc:Vpc",
            vpc.id,
            cidrBlock=vpc.cidr_block,
            arn=_arn(account, "ec2", f"vpc/{vpc.id}"),
            enableDnsSupport=True,
            enableDnsHostnames=True,
        )
        for subnet in vpc.subnets:
            add(
                "aws:ec2/subnet:Subnet",
                subnet.id,
                vpcId=vpc.id,
                cidrBlock=subnet.cidr_block,
                availabilityZone=subnet.zone,
                availabilityZoneId=zone_ids.get(subnet.zone, ""),
                arn=_arn(account, "ec2", f"subnet/{subnet.id}"),
            )
    for name in account.roles:
        arn = f"arn:{account.partition}:iam::{account.account_id}:role/{name}"
        add("aws:iam/role:Role", name, name=name, path="/", arn=arn)
    for key in account.keys:
        id_ = key.arn.rsplit("/", 1)[-1]
        add(
            "aws:kms/key:Key",
            id_,
            arn=key.arn,
            keyId=id_,
            isEnabled=key.state == "enabled",
            keyState=key.state,
            policy=json.dumps(key.policy) if key.policy else default_key_policy(account),
        )
    return records


def _arn(account: Account, service: str, resource: str) -> str:
    return f"arn:{account.partition}:{service}:{account.region}:{account.account_id}:{resource}"
