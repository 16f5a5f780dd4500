"""Routes and the association of subnets with route tables."""

from typing import Any

from localcloud.api.mirrors.base import Mirror, Properties, given, mirror
from localcloud.aws.store import Record

_TARGETS = {
    "gatewayId": "GatewayId",
    "natGatewayId": "NatGatewayId",
    "networkInterfaceId": "NetworkInterfaceId",
    "vpcPeeringConnectionId": "VpcPeeringConnectionId",
    "transitGatewayId": "TransitGatewayId",
    "egressOnlyGatewayId": "EgressOnlyInternetGatewayId",
}
_DESTINATIONS = {
    "destinationCidrBlock": "DestinationCidrBlock",
    "destinationIpv6CidrBlock": "DestinationIpv6CidrBlock",
    "destinationPrefixListId": "DestinationPrefixListId",
}


@mirror("aws:ec2/route:Route")
class RouteMirror(Mirror):
    """One route."""

    def make(self, record: Record) -> None:
        """The route."""
        self.client.create_route(**self._place(record), **self._target(record))

    def settle(self, record: Record) -> None:
        """Its target."""
        if self._seen(record) != self._target(record):
            self.client.replace_route(**self._place(record), **self._target(record))

    def remove(self, record: Record) -> None:
        """The route."""
        if self._route(record) is not None:
            self.client.delete_route(**self._place(record))

    def look(self, record: Record) -> Properties | None:
        """Its target."""
        if self._route(record) is None:
            return None
        seen = self._seen(record)
        return {
            name: seen.get(key, "") for name, key in _TARGETS.items() if name in record.state or key in seen
        }

    def _place(self, record: Record) -> Properties:
        state = record.state
        return {"RouteTableId": state["routeTableId"]} | given(
            **{key: state.get(name) for name, key in _DESTINATIONS.items()}
        )

    def _target(self, record: Record) -> Properties:
        return given(**{key: record.state.get(name) for name, key in _TARGETS.items()})

    def _route(self, record: Record) -> Any:
        table = self.backend.route_tables.get(record.state["routeTableId"])
        destination = next(record.state[name] for name in _DESTINATIONS if record.state.get(name))
        routes: list[Any] = list(table.routes) if table else []
        return next((one for one in routes if one.id.endswith(f"~{destination}")), None)

    def _seen(self, record: Record) -> Properties:
        route = self._route(record)
        return given(
            GatewayId=route.gateway.id if route.gateway else None,
            NatGatewayId=route.nat_gateway.id if route.nat_gateway else None,
            NetworkInterfaceId=route.interface.id if route.interface else None,
            VpcPeeringConnectionId=route.vpc_pcx.id if route.vpc_pcx else None,
            TransitGatewayId=route.transit_gateway.id if route.transit_gateway else None,
        )


@mirror("aws:ec2/routeTableAssociation:RouteTableAssociation")
class AssociationMirror(Mirror):
    """The association of a subnet with a route table."""

    def make(self, record: Record) -> None:
        """The association, under its id."""
        with self.simulator.forced(record.id):
            self.client.associate_route_table(
                RouteTableId=record.state["routeTableId"],
                **given(SubnetId=record.state.get("subnetId"), GatewayId=record.state.get("gatewayId")),
            )

    def settle(self, record: Record) -> None:
        """Its table."""
        if self._table(record.id) != record.state["routeTableId"]:
            self.remove(record)
            self.make(record)

    def remove(self, record: Record) -> None:
        """The association."""
        if self._table(record.id):
            self.client.disassociate_route_table(AssociationId=record.id)

    def look(self, record: Record) -> Properties | None:
        """Its table."""
        table = self._table(record.id)
        return {"routeTableId": table} if table else None

    def _table(self, id_: str) -> str:
        tables: dict[str, Any] = self.backend.route_tables
        return next((key for key, table in tables.items() if id_ in table._associations), "")
