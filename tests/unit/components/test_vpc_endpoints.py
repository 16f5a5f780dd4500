"""One endpoint per service behind one security group that opens port 443 to the named networks."""

import pulumi
import pytest

from components.vpc_endpoints import VpcEndpoints, VpcEndpointsArgs
from tests.unit.components.building import aws_resources, build, faults
from tests.unit.recording import REGION, UNKNOWN


def arguments(**changes) -> VpcEndpointsArgs:
    base: VpcEndpointsArgs = {
        "region": REGION,
        "vpc_id": "vpc-0a",
        "subnet_ids": ["subnet-0a", "subnet-0b"],
        "allowed_cidrs": ["10.0.0.0/16", "100.64.0.0/16"],
        "services": ["ecr.api", "sts"],
        "tags": {"team": "serving"},
    }
    return {**base, **changes}  # pyright: ignore[reportReturnType] -- tests pass wrong values on purpose


def made(**changes):
    return lambda opts: VpcEndpoints("private", arguments(**changes), opts)


def test_children_are_one_group_a_rule_per_network_and_an_endpoint_per_service():
    recording = build(made())
    assert recording.children("private") == [
        ("aws:ec2/securityGroup:SecurityGroup", "private-security-group"),
        ("aws:ec2/vpcEndpoint:VpcEndpoint", "private-ecr-api"),
        ("aws:ec2/vpcEndpoint:VpcEndpoint", "private-sts"),
        ("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "private-from-10-0-0-0-16"),
        ("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "private-from-100-64-0-0-16"),
    ]
    assert len(aws_resources(recording)) == 5
    assert recording.named("private").type == "inference-plane:index:VpcEndpoints"


def test_the_group_opens_https_to_the_named_networks_and_nothing_else():
    recording = build(made())
    assert recording.named("private-security-group").inputs == {
        "vpcId": "vpc-0a",
        "description": "HTTPS from the VPC to interface endpoints",
        "tags": {"team": "serving", "Name": "private"},
    }
    assert recording.named("private-from-100-64-0-0-16").inputs == {
        "securityGroupId": "private-security-group-id",
        "description": "HTTPS from 100.64.0.0/16",
        "cidrIpv4": "100.64.0.0/16",
        "ipProtocol": "tcp",
        "fromPort": 443,
        "toPort": 443,
        "tags": {"team": "serving", "Name": "private"},
    }


def test_an_endpoint_has_private_dns_in_every_subnet():
    assert build(made()).named("private-ecr-api").inputs == {
        "vpcId": "vpc-0a",
        "serviceName": f"com.amazonaws.{REGION}.ecr.api",
        "vpcEndpointType": "Interface",
        "privateDnsEnabled": True,
        "subnetIds": ["subnet-0a", "subnet-0b"],
        "securityGroupIds": ["private-security-group-id"],
        "tags": {"team": "serving", "Name": "private-ecr.api"},
    }


def test_outputs_name_the_endpoint_of_each_service():
    assert build(made()).outputs["private"] == {
        "securityGroupId": "private-security-group-id",
        "endpointIds": {"ecr.api": "private-ecr-api-id", "sts": "private-sts-id"},
    }


def test_preview_with_an_unknown_network():
    unknown = pulumi.Output.from_input(pulumi.UNKNOWN)
    recording = build(made(vpc_id=unknown, subnet_ids=unknown), preview=True)
    assert len(aws_resources(recording)) == 5
    assert recording.named("private-sts").inputs["subnetIds"] == UNKNOWN


def test_every_fault_is_reported_at_once():
    found = faults(
        made(
            vpc_id="",
            allowed_cidrs=["10.0.0.1/16", "10.0.0.0/16", "10.0.0.0/16"],
            services=["s3", "com.amazonaws.us-east-2.", "sts", "sts"],
        )
    )
    assert sorted(found) == [
        "allowedCidrs[0]",
        "allowedCidrs[2]",
        "services[0]",
        "services[1]",
        "services[3]",
        "vpcId",
    ]
    assert found["services[0]"] == "is 's3', which has a gateway endpoint without cost: Vpc makes that of S3"
    assert found["services[3]"] == "repeats sts; give each once"


@pytest.mark.parametrize("missing", ["subnet_ids", "allowed_cidrs", "services"])
def test_empty_lists_are_refused(missing):
    assert list(faults(made(**{missing: []})).values()) == ["is required"]


def test_a_partition_with_other_service_names_is_refused():
    assert "partition aws-cn" in faults(made(region="cn-north-1"))["region"]
