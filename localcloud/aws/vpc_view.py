"""The account's network as a controller in the cluster looks it up."""

import ipaddress

from localcloud.aws.rules.base import text
from localcloud.aws.rules.network import ASSOCIATION, NETWORK_INTERFACE, ROUTE, ROUTE_TABLE, SUBNET
from localcloud.aws.store import Record, Store
from localcloud.kube.fields import at, each
from localcloud.kube.load_balancer_subnets import Subnet

_CERTIFICATE = "aws:acm/certificate:Certificate"


def subnets(store: Store, vpc_id: str) -> list[Subnet]:
    """The subnets of a VPC, with what decides whether a load balancer goes into them."""
    found = store.find(SUBNET, vpcId=vpc_id)
    taken: dict[str, int] = {}
    for one in store.all(NETWORK_INTERFACE):
        subnet = text(one.state.get("subnetId"))
        taken[subnet] = taken.get(subnet, 0) + 1
    return [
        Subnet(
            one.id,
            text(one.state.get("availabilityZone")),
            _is_public(store, one),
            ipaddress.IPv4Network(one.state["cidrBlock"]).num_addresses - 5 - taken.get(one.id, 0),
            at(one.state, "tagsAll") or at(one.state, "tags"),
        )
        for one in found
    ]


def _is_public(store: Store, subnet: Record) -> bool:
    """Whether a subnet's route table leads to an internet gateway; without one it is taken for private."""
    for association in store.find(ASSOCIATION, subnetId=subnet.id):
        table = text(association.state.get("routeTableId"))
        if any(
            text(one.state.get("gatewayId")).startswith("igw-")
            for one in store.find(ROUTE, routeTableId=table)
        ):
            return True
        inline = store.get(ROUTE_TABLE, table)
        if inline and any(
            text(one.get("gatewayId")).startswith("igw-") for one in each(inline.state, "routes")
        ):
            return True
    return False


def certificate_names(store: Store) -> list[tuple[str, list[str]]]:
    """ARN and host names of each certificate."""
    return [
        (
            one.id,
            [text(one.state.get("domainName")), *map(str, one.state.get("subjectAlternativeNames") or ())],
        )
        for one in store.all(_CERTIFICATE)
    ]
