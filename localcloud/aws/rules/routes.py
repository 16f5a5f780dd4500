"""Route tables, routes and their associations."""

from localcloud.aws.account import Account
from localcloud.aws.errors import AwsError
from localcloud.aws.rules.base import Call, Holder, Reference, Rule, rule, text, values_at
from localcloud.aws.rules.network import (
    ASSOCIATION,
    INTERNET_GATEWAY,
    NAT_GATEWAY,
    ROUTE,
    ROUTE_TABLE,
    ROUTE_TABLE_NOT_FOUND,
    SUBNET,
    SUBNET_REFERENCE,
    VPC_ENDPOINT,
    VPC_REFERENCE,
)
from localcloud.aws.store import Record
from localcloud.providers.protocol import CheckFailure, Properties


@rule(ROUTE_TABLE)
class RouteTableRule(Rule):
    """A route table; associations keep it."""

    id_prefix = "rtb"
    references = (VPC_REFERENCE,)
    held_by = (
        Holder(
            ASSOCIATION,
            "routeTableId",
            "DependencyViolation",
            "The routeTable '{id}' has dependencies and cannot be deleted.",
        ),
    )


_DESTINATIONS = ("destinationCidrBlock", "destinationIpv6CidrBlock", "destinationPrefixListId")


@rule(ROUTE)
class RouteRule(Rule):
    """One route: one destination, one target in the same VPC."""

    references = (
        Reference("routeTableId", (ROUTE_TABLE,), *ROUTE_TABLE_NOT_FOUND),
        Reference(
            "gatewayId",
            (INTERNET_GATEWAY, VPC_ENDPOINT),
            "InvalidGatewayID.NotFound",
            "The gateway ID '{}' does not exist",
        ),
        Reference(
            "natGatewayId",
            (NAT_GATEWAY,),
            "InvalidNatGatewayID.NotFound",
            "The natGateway ID '{}' does not exist",
        ),
    )

    def faults(self, inputs: Properties, account: Account) -> list[CheckFailure]:
        """Exactly one destination, and a target."""
        del account
        failures: list[CheckFailure] = []
        if sum(1 for key in _DESTINATIONS if inputs.get(key)) != 1:
            failures.append(
                CheckFailure("destinationCidrBlock", f"give exactly one of {', '.join(_DESTINATIONS)}")
            )
        targets = [
            key
            for key, value in inputs.items()
            if value and key not in (*_DESTINATIONS, "routeTableId", "region")
        ]
        if len(targets) != 1:
            failures.append(CheckFailure("gatewayId", "give exactly one target of the route"))
        return failures

    def identity(self, call: Call, inputs: Properties) -> str:
        """The provider's own format: table and a hash of the destination."""
        destination = next(text(inputs.get(key)) for key in _DESTINATIONS if inputs.get(key))
        number = sum(ord(letter) * 31**place for place, letter in enumerate(destination)) % 2**32
        return f"r-{inputs['routeTableId']}{number}"

    def admit(self, call: Call, inputs: Properties, record: Record | None) -> None:
        """The destination is new, table and gateway are of one VPC."""
        table = call.store.get(ROUTE_TABLE, inputs["routeTableId"])
        destination = next(text(inputs.get(key)) for key in _DESTINATIONS if inputs.get(key))
        if record is None:
            for other in call.store.find(ROUTE, routeTableId=inputs["routeTableId"]):
                if destination in [other.state.get(key) for key in _DESTINATIONS]:
                    raise AwsError(
                        "RouteAlreadyExists", f"The route identified by {destination} already exists."
                    )
        gateway = call.store.get(INTERNET_GATEWAY, text(inputs.get("gatewayId")))
        if gateway and table and gateway.state.get("vpcId") != table.state.get("vpcId"):
            raise AwsError(
                "InvalidParameterValue",
                f"route table {table.id} and network gateway {gateway.id} belong to different networks",
            )

    def computed(self, call: Call, id_: str, inputs: Properties) -> Properties:
        """Made by a request, and in use."""
        return {"origin": "CreateRoute", "state": "active"}


@rule(ASSOCIATION)
class AssociationRule(Rule):
    """A subnet has one route table."""

    id_prefix = "rtbassoc"
    references = (Reference("routeTableId", (ROUTE_TABLE,), *ROUTE_TABLE_NOT_FOUND), SUBNET_REFERENCE)

    def admit(self, call: Call, inputs: Properties, record: Record | None) -> None:
        """No second table for a subnet, none of another VPC."""
        subnet = call.store.get(SUBNET, text(inputs.get("subnetId")))
        table = call.store.get(ROUTE_TABLE, inputs["routeTableId"])
        if subnet and table and subnet.state.get("vpcId") != table.state.get("vpcId"):
            raise AwsError(
                "InvalidParameterValue",
                f"Route table {table.id} and subnet {subnet.id} belong to different networks",
            )
        if record is None and subnet and call.store.find(ASSOCIATION, subnetId=subnet.id):
            raise AwsError(
                "Resource.AlreadyAssociated",
                f"the specified association for route table {inputs['routeTableId']} conflicts with an "
                "existing association",
            )


def way_out(call: Call, subnet: Record) -> bool:
    """Whether instances in a subnet reach the AWS APIs: by a default route or by interface endpoints."""
    if subnet.origin == "account":
        return True
    tables = [text(one.state.get("routeTableId")) for one in call.store.find(ASSOCIATION, subnetId=subnet.id)]
    for table in tables:
        for route in call.store.find(ROUTE, routeTableId=table, destinationCidrBlock="0.0.0.0/0"):
            if route.state.get("gatewayId") or route.state.get("natGatewayId"):
                return True
        inline = call.store.get(ROUTE_TABLE, table)
        if inline and "0.0.0.0/0" in values_at(inline.state, "routes.cidrBlock"):
            return True
    services = {
        text(one.state.get("serviceName")).split(".", 3)[-1]
        for one in call.store.find(VPC_ENDPOINT, vpcId=subnet.state["vpcId"])
    }
    return {"ec2", "ecr.api", "ecr.dkr", "sts", "s3"} <= services
