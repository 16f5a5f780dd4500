"""VPC endpoints and flow logs."""

from typing import ClassVar

from localcloud.aws.account import Account
from localcloud.aws.errors import AwsError
from localcloud.aws.rules.base import Call, Reference, Rule, rule, text, values_at
from localcloud.aws.rules.interfaces import (
    Attachment,
    Interface,
    drop_serving,
    keep_one_per_subnet,
    subnet_records,
)
from localcloud.aws.rules.network import (
    ROUTE_TABLE,
    ROUTE_TABLE_NOT_FOUND,
    SECURITY_GROUP,
    SUBNET,
    SUBNET_REFERENCE,
    SUBNETS_REFERENCE,
    VPC,
    VPC_ENDPOINT,
    VPC_REFERENCE,
)
from localcloud.aws.store import Record
from localcloud.providers.protocol import CheckFailure, Properties

_GATEWAY_SERVICES = ("s3", "dynamodb")
_INTERFACE_SERVICES = frozenset(
    (
        "autoscaling",
        "bedrock-runtime",
        "ec2",
        "ec2messages",
        "ecr.api",
        "ecr.dkr",
        "eks",
        "eks-auth",
        "elasticfilesystem",
        "elasticloadbalancing",
        "kms",
        "logs",
        "monitoring",
        "s3",
        "secretsmanager",
        "sqs",
        "ssm",
        "ssmmessages",
        "sts",
        "aps-workspaces",
        "fsx",
        "bedrock",
        "sns",
        "events",
        "dynamodb",
    )
)
_PREFIX_LISTS = {"s3": "pl-7ba54012", "dynamodb": "pl-4ca54025"}


@rule(VPC_ENDPOINT)
class VpcEndpointRule(Rule):
    """A gateway endpoint in route tables, or an interface endpoint in subnets."""

    id_prefix = "vpce"
    defaults: ClassVar[Properties] = {"vpcEndpointType": "Gateway"}
    references = (
        VPC_REFERENCE,
        SUBNETS_REFERENCE,
        Reference("routeTableIds", (ROUTE_TABLE,), *ROUTE_TABLE_NOT_FOUND),
        Reference(
            "securityGroupIds",
            (SECURITY_GROUP,),
            "InvalidSecurityGroupId.NotFound",
            "The security group '{}' does not exist",
        ),
    )

    def faults(self, inputs: Properties, account: Account) -> list[CheckFailure]:
        """A service, and only what goes with the kind of endpoint."""
        del account
        failures: list[CheckFailure] = []
        if not inputs.get("serviceName"):
            failures.append(CheckFailure("serviceName", "a value is required"))
        kind = inputs.get("vpcEndpointType", "Gateway")
        wrong = {"Gateway": ("subnetIds", "securityGroupIds"), "Interface": ("routeTableIds",)}
        failures += [
            CheckFailure(key, f"an endpoint of type {kind} takes no {key}")
            for key in wrong.get(str(kind), ())
            if inputs.get(key)
        ]
        return failures

    def admit(self, call: Call, inputs: Properties, record: Record | None) -> None:
        """The service exists, one subnet per zone, private DNS is possible and free."""
        service = text(inputs.get("serviceName"))
        kind = inputs.get("vpcEndpointType", "Gateway")
        short = service.removeprefix(f"com.amazonaws.{call.region}.")
        known = _GATEWAY_SERVICES if kind == "Gateway" else _INTERFACE_SERVICES
        if short == service or short not in known:
            raise AwsError("InvalidServiceName", f"The Vpc Endpoint Service '{service}' does not exist")
        zones: dict[str, str] = {}
        for id_ in values_at(inputs, "subnetIds"):
            subnet = call.store.get(SUBNET, id_)
            zone = text(subnet.state.get("availabilityZone")) if subnet else ""
            if subnet and subnet.state.get("vpcId") != inputs.get("vpcId"):
                raise AwsError(
                    "InvalidParameter", f"Subnet {id_} does not belong to VPC {inputs.get('vpcId')}"
                )
            if zone in zones:
                raise AwsError(
                    "DuplicateSubnetsInSameZone",
                    f"Found another VPC endpoint subnet in the availability zone of {id_}.",
                )
            zones[zone] = id_
        for id_ in values_at(inputs, "securityGroupIds"):
            group = call.store.get(SECURITY_GROUP, id_)
            if group and group.state.get("vpcId") != inputs.get("vpcId"):
                raise AwsError(
                    "InvalidParameter", f"Security group {id_} does not belong to VPC {inputs.get('vpcId')}"
                )
        if kind == "Gateway":
            self._check_routes(call, inputs, record)
        if inputs.get("privateDnsEnabled"):
            self._check_private_dns(call, inputs, record)
        if kind == "Interface" and record is None:
            self._check_number(call, inputs)

    def _check_routes(self, call: Call, inputs: Properties, record: Record | None) -> None:
        """A route table has one route to a service."""
        same = call.store.find(
            VPC_ENDPOINT,
            vpcEndpointType="Gateway",
            serviceName=inputs.get("serviceName"),
            vpcId=inputs.get("vpcId"),
        )
        others = [one for one in same if record is None or one.id != record.id]
        taken = {table for one in others for table in values_at(one.state, "routeTableIds")}
        for table in values_at(inputs, "routeTableIds"):
            if table in taken:
                raise AwsError(
                    "RouteAlreadyExists",
                    f"route table {table} already has a route with destination-prefix-list-id "
                    f"{others[0].state.get('prefixListId')}",
                )

    def _check_number(self, call: Call, inputs: Properties) -> None:
        present = call.store.find(VPC_ENDPOINT, vpcEndpointType="Interface", vpcId=inputs.get("vpcId"))
        if len(present) >= call.account.quotas.interface_endpoints_per_vpc:
            raise AwsError(
                "VpcEndpointLimitExceeded",
                "The maximum number of VPC endpoints for the VPC has been reached.",
            )

    def _check_private_dns(self, call: Call, inputs: Properties, record: Record | None) -> None:
        vpc = call.store.get(VPC, text(inputs.get("vpcId")))
        if vpc and not (vpc.state.get("enableDnsSupport") and vpc.state.get("enableDnsHostnames")):
            raise AwsError(
                "InvalidParameter",
                "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set "
                f"to true for {vpc.id}",
            )
        same = call.store.find(
            VPC_ENDPOINT,
            vpcId=inputs.get("vpcId"),
            serviceName=inputs.get("serviceName"),
            privateDnsEnabled=True,
        )
        if any(record is None or one.id != record.id for one in same):
            raise AwsError(
                "InvalidParameter",
                "private-dns-enabled cannot be set because there is already a conflicting DNS domain for "
                f"{inputs.get('serviceName')} in the VPC {inputs.get('vpcId')}",
            )

    def computed(self, call: Call, id_: str, inputs: Properties) -> Properties:
        """Interfaces and DNS names, or the prefix list."""
        short = text(inputs.get("serviceName")).removeprefix(f"com.amazonaws.{call.region}.")
        if inputs.get("vpcEndpointType") == "Gateway":
            return {
                "state": "available",
                "prefixListId": _PREFIX_LISTS.get(short, ""),
                "cidrBlocks": ["52.219.80.0/20"],
                "networkInterfaceIds": [],
            }
        return {
            "state": "available",
            "dnsEntries": [
                {
                    "dnsName": f"{id_}.{short}.{call.region}.vpce.amazonaws.com",
                    "hostedZoneId": "Z2OJLYMUO9EFXC",
                }
            ],
            "ipAddressType": inputs.get("ipAddressType") or "ipv4",
        }

    def created(self, call: Call, record: Record) -> Properties:
        """An interface endpoint's interfaces, one in each subnet."""
        wanted = [
            Interface(
                subnet,
                f"VPC Endpoint Interface {record.id}",
                Attachment(owner="amazon-aws"),
                values_at(record.state, "securityGroupIds"),
                kind="vpc_endpoint",
                serves=record.id,
            )
            for subnet in subnet_records(call, record.state.get("subnetIds") or [])
        ]
        if not wanted:
            drop_serving(call, record.id)
            return {"networkInterfaceIds": []}
        return {"networkInterfaceIds": [one.id for one in keep_one_per_subnet(call, wanted)]}

    def updated(self, call: Call, record: Record) -> Properties:
        """Interfaces follow the subnets and the security groups."""
        return self.created(call, record)

    def deleted(self, call: Call, record: Record) -> None:
        """The interfaces go with the endpoint."""
        drop_serving(call, record.id)


@rule("aws:ec2/vpcEndpointRouteTableAssociation:VpcEndpointRouteTableAssociation")
class EndpointAssociationRule(Rule):
    """A gateway endpoint's route in one table."""

    id_prefix = "a-vpce"
    references = (
        Reference("routeTableId", (ROUTE_TABLE,), *ROUTE_TABLE_NOT_FOUND),
        Reference(
            "vpcEndpointId",
            (VPC_ENDPOINT,),
            "InvalidVpcEndpointId.NotFound",
            "The Vpc Endpoint Id '{}' does not exist",
        ),
    )


@rule("aws:ec2/flowLog:FlowLog")
class FlowLogRule(Rule):
    """A flow log of a VPC, subnet or interface."""

    id_prefix = "fl"
    references = (VPC_REFERENCE, SUBNET_REFERENCE)
    defaults: ClassVar[Properties] = {
        "logDestinationType": "cloud-watch-logs",
        "maxAggregationInterval": 600,
    }

    def faults(self, inputs: Properties, account: Account) -> list[CheckFailure]:
        """One source of traffic and a kind of it."""
        del account
        sources = ("vpcId", "subnetId", "eniId", "transitGatewayId", "transitGatewayAttachmentId")
        if sum(1 for key in sources if inputs.get(key)) != 1:
            return [CheckFailure("vpcId", f"give exactly one of {', '.join(sources)}")]
        if (inputs.get("vpcId") or inputs.get("subnetId")) and not inputs.get("trafficType"):
            return [CheckFailure("trafficType", "a flow log of a VPC or subnet needs a traffic type")]
        return []

    def admit(self, call: Call, inputs: Properties, record: Record | None) -> None:
        """Where it writes must exist; one flow log of a kind to a place."""
        source = next((key for key in ("vpcId", "subnetId", "eniId") if inputs.get(key)), "vpcId")
        for other in call.store.find("aws:ec2/flowLog:FlowLog", **{source: inputs.get(source)}):
            same = all(other.state.get(key) == inputs.get(key) for key in ("trafficType", "logDestination"))
            if same and (record is None or other.id != record.id):
                raise AwsError(
                    "FlowLogAlreadyExists",
                    "There is an existing Flow Log with the same configuration and log destination.",
                )
        role = text(inputs.get("iamRoleArn"))
        if role and not call.store.find("aws:iam/role:Role", arn=role):
            raise AwsError("InvalidParameter", f"The role {role} does not exist")
        destination = text(inputs.get("logDestination")).removesuffix(":*")
        if (
            destination
            and inputs.get("logDestinationType", "cloud-watch-logs") == "cloud-watch-logs"
            and not call.store.find("aws:cloudwatch/logGroup:LogGroup", arn=destination)
        ):
            raise AwsError("InvalidParameter", f"LogDestination: {destination} does not exist")
