"""VPC endpoints and flow logs."""

from localcloud.api.mirrors.base import Properties, given, items, mirror
from localcloud.api.mirrors.ec2 import Ec2Mirror
from localcloud.aws.store import Record

_LISTS = {
    "routeTableIds": "route_table_ids",
    "subnetIds": "subnet_ids",
    "securityGroupIds": "security_group_ids",
}


@mirror("aws:ec2/vpcEndpoint:VpcEndpoint")
class VpcEndpointMirror(Ec2Mirror):
    """An endpoint with its network interfaces."""

    kind = "vpc-endpoint"

    def make(self, record: Record) -> None:
        """The endpoint, its interfaces under their ids."""
        state = record.state
        with self.simulator.forced(record.id, *items(state.get("networkInterfaceIds"))):
            self.client.create_vpc_endpoint(
                VpcEndpointType=state.get("vpcEndpointType") or "Gateway",
                VpcId=state["vpcId"],
                ServiceName=state["serviceName"],
                TagSpecifications=self.tagged(record),
                **given(
                    PolicyDocument=state.get("policy"),
                    RouteTableIds=state.get("routeTableIds"),
                    SubnetIds=state.get("subnetIds"),
                    SecurityGroupIds=state.get("securityGroupIds"),
                ),
            )

    def settle(self, record: Record) -> None:
        """Tags, policy, private DNS, route tables, subnets, security groups.

        Past the API: ModifyVpcEndpoint takes what to add and what to remove, and here the whole is known.
        """
        super().settle(record)
        endpoint = self.backend.vpc_end_points[record.id]
        for name, attribute in _LISTS.items():
            setattr(endpoint, attribute, list(record.state.get(name) or []))
        endpoint.private_dns_enabled = bool(record.state.get("privateDnsEnabled"))
        if record.state.get("policy"):
            endpoint.policy_document = record.state["policy"]
        endpoint.state = "available"

    def remove(self, record: Record) -> None:
        """The endpoint and its interfaces: moto keeps both, as AWS does for a while only."""
        self.backend.vpc_end_points.pop(record.id, None)
        for interface in items(record.state.get("networkInterfaceIds")):
            self.backend.enis.pop(interface, None)

    def look(self, record: Record) -> Properties | None:
        """Tags, route tables, subnets, security groups, private DNS."""
        seen = super().look(record)
        if seen is None:
            return None
        endpoint = self.backend.vpc_end_points[record.id]
        lists = {name: list(getattr(endpoint, attribute) or []) for name, attribute in _LISTS.items()}
        private = bool(endpoint.private_dns_enabled)
        return {**seen, **lists, "privateDnsEnabled": private, "policy": endpoint.policy_document or ""}

    def exists(self, id_: str) -> bool:
        """Whether moto has it."""
        endpoint = self.backend.vpc_end_points.get(id_)
        return endpoint is not None and endpoint.state.lower() not in ("deleted", "deleting")


@mirror("aws:ec2/flowLog:FlowLog")
class FlowLogMirror(Ec2Mirror):
    """A VPC's flow log."""

    kind = "vpc-flow-log"

    def make(self, record: Record) -> None:
        """The flow log under its id."""
        state = record.state
        group = str(state.get("logDestination") or "")
        to_logs = (state.get("logDestinationType") or "cloud-watch-logs") == "cloud-watch-logs"
        with self.simulator.forced(record.id):
            self.client.create_flow_logs(
                ResourceIds=[state.get("vpcId") or state.get("subnetId") or state.get("eniId")],
                ResourceType="VPC"
                if state.get("vpcId")
                else "Subnet"
                if state.get("subnetId")
                else "NetworkInterface",
                TrafficType=state.get("trafficType") or "ALL",
                LogDestinationType=state.get("logDestinationType") or "cloud-watch-logs",
                TagSpecifications=self.tagged(record),
                MaxAggregationInterval=int(state.get("maxAggregationInterval") or 600),
                **given(
                    # moto wants the group's name where AWS takes either.
                    LogGroupName=group.split(":log-group:")[-1].removesuffix(":*") if to_logs else None,
                    LogDestination=None if to_logs else group,
                    DeliverLogsPermissionArn=state.get("iamRoleArn") if to_logs else None,
                ),
            )

    def remove(self, record: Record) -> None:
        """The flow log."""
        if self.exists(record.id):
            self.client.delete_flow_logs(FlowLogIds=[record.id])

    def exists(self, id_: str) -> bool:
        """Whether moto has it."""
        return id_ in self.backend.flow_logs
