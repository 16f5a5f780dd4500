"""Interface endpoints: private ways from a VPC to AWS services, and the security group in front of them."""

import ipaddress
from collections.abc import Sequence
from typing import NotRequired, Optional, TypedDict

import pulumi
import pulumi_aws as aws

from components.arguments import ArgumentErrors
from components.endpoint_services import endpoint_services
from components.partitions import partition_of

__all__ = ["VpcEndpoints", "VpcEndpointsArgs", "endpoint_services"]


class VpcEndpointsArgs(TypedDict):
    """Inputs of VpcEndpoints."""

    region: str
    """Region of the VPC and the services, for example ``us-east-2``."""
    vpc_id: pulumi.Input[str]
    """The VPC to make the endpoints in; it needs DNS support and DNS host names."""
    subnet_ids: pulumi.Input[Sequence[pulumi.Input[str]]]
    """Private subnets, one per zone: each gets an address of every endpoint."""
    allowed_cidrs: list[str]
    """IPv4 networks that may call the services: the VPC's own, and secondary ones if pods live there."""
    services: list[str]
    """Names of the services as AWS writes them, for example ``ecr.api``; see ``endpoint_services``."""
    tags: NotRequired[dict[str, str]]
    """Tags of every resource. Default: none."""


class VpcEndpoints(pulumi.ComponentResource):
    """One interface endpoint with private DNS per service: clients need no setting to use them."""

    security_group_id: pulumi.Output[str]
    """Security group of every endpoint: port 443 from the allowed networks."""
    endpoint_ids: pulumi.Output[dict[str, str]]
    """Endpoint id by the service's name."""

    def __init__(
        self, name: str, args: VpcEndpointsArgs, opts: Optional[pulumi.ResourceOptions] = None
    ) -> None:
        super().__init__("inference-plane:index:VpcEndpoints", name, {}, opts)
        _check(args)
        tags = args.get("tags") or {}
        child = pulumi.ResourceOptions(parent=self)
        group = aws.ec2.SecurityGroup(
            f"{name}-security-group",
            vpc_id=args["vpc_id"],
            description="HTTPS from the VPC to interface endpoints",
            tags={**tags, "Name": name},
            opts=child,
        )
        for cidr in args["allowed_cidrs"]:
            aws.vpc.SecurityGroupIngressRule(
                f"{name}-from-{cidr.replace('.', '-').replace('/', '-')}",
                security_group_id=group.id,
                description=f"HTTPS from {cidr}",
                cidr_ipv4=cidr,
                ip_protocol="tcp",
                from_port=443,
                to_port=443,
                tags={**tags, "Name": name},
                opts=child,
            )
        endpoints = {
            service: aws.ec2.VpcEndpoint(
                f"{name}-{service.replace('.', '-')}",
                vpc_id=args["vpc_id"],
                service_name=f"com.amazonaws.{args['region']}.{service}",
                vpc_endpoint_type="Interface",
                private_dns_enabled=True,
                subnet_ids=args["subnet_ids"],
                security_group_ids=[group.id],
                tags={**tags, "Name": f"{name}-{service}"},
                opts=child,
            )
            for service in args["services"]
        }

        self.security_group_id = group.id
        self.endpoint_ids = pulumi.Output.all(**{key: endpoint.id for key, endpoint in endpoints.items()})
        self.register_outputs({"securityGroupId": self.security_group_id, "endpointIds": self.endpoint_ids})


def _check(args: VpcEndpointsArgs) -> None:
    errors = ArgumentErrors("VpcEndpoints")
    errors.require(args, "region", "vpc_id", "subnet_ids", "allowed_cidrs", "services")
    partition = partition_of(args.get("region") or "")
    if partition not in ("aws", "aws-us-gov", "aws-eusc"):
        errors.add("region", f"is in the partition {partition}, where services carry other endpoint names")
    for index, cidr in enumerate(args.get("allowed_cidrs") or []):
        try:
            ipaddress.IPv4Network(cidr)
        except ValueError as fault:
            errors.add(f"allowedCidrs[{index}]", f"is no IPv4 network: {fault}; expected such as 10.0.0.0/16")
    _refuse_repeats(errors, "allowedCidrs", args.get("allowed_cidrs") or [])
    services = args.get("services") or []
    for index, service in enumerate(services):
        path = f"services[{index}]"
        errors.matches(
            path, service, r"[a-z0-9]+([.-][a-z0-9]+)*", "a name such as ecr.api, without a region"
        )
        if service in ("s3", "dynamodb"):
            errors.add(
                path, f"is {service!r}, which has a gateway endpoint without cost: Vpc makes that of S3"
            )
    _refuse_repeats(errors, "services", services)
    errors.raise_if_any()


def _refuse_repeats(errors: ArgumentErrors, path: str, values: list[str]) -> None:
    for index, value in enumerate(values):
        if value in values[:index]:
            errors.add(f"{path}[{index}]", f"repeats {value}; give each once")
