"""AWS resources whose inputs the test writes in several ways; ``DIFFS`` holds the variant as JSON."""

import json
import os
from typing import Any

import pulumi
import pulumi_aws as aws

VARIANT: dict[str, Any] = json.loads(os.environ["DIFFS"])
AWKWARD = VARIANT.get("awkward", False)


def policy(*actions: str, principal: str = "") -> str:
    """A policy; in the awkward variant one that means the same."""
    ordered = list(reversed(actions)) if AWKWARD else list(actions)
    statement: dict[str, Any] = {"Effect": "Allow", "Action": ordered[0] if len(ordered) == 1 else ordered}
    if principal:
        statement["Principal"] = {"Service": [principal] if AWKWARD else principal}
    else:
        statement["Resource"] = ["*"] if AWKWARD else "*"
    document = {"Version": "2012-10-17", "Statement": statement if AWKWARD else [statement]}
    return json.dumps(document, indent=2 if AWKWARD else None)


def turned(*values: Any) -> list[Any]:
    """A list whose order means nothing, turned round in the awkward variant."""
    return list(reversed(values)) if AWKWARD else list(values)


def defaults(**values: Any) -> dict[str, Any]:
    """Defaults that only the awkward variant writes out."""
    return values if AWKWARD else {}


def imported(name: str) -> pulumi.ResourceOptions:
    """Options of a resource that the variant imports."""
    id_ = VARIANT.get("imports", {}).get(name)
    return pulumi.ResourceOptions(provider=provider, import_=id_)


provider = aws.Provider(
    "aws",
    region="us-east-2",
    default_tags={"tags": {"team": VARIANT.get("team", "serving")}},
)
common = pulumi.ResourceOptions(provider=provider)
secret = pulumi.Output.secret("c2VjcmV0LXVzZXItZGF0YQ==")

vpc = aws.ec2.Vpc(
    "vpc",
    cidr_block="10.0.0.0/16",
    tags={"Name": "network"},
    **defaults(enable_dns_support=True, instance_tenancy="default"),
    opts=common,
)
group = aws.ec2.SecurityGroup(
    "group",
    vpc_id=vpc.id,
    ingress=turned(
        {"protocol": "tcp", "from_port": 80, "to_port": 80, "cidr_blocks": ["10.0.0.0/8"]},
        {"protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_blocks": ["10.0.0.0/8"]},
    ),
    opts=common,
)
table = aws.ec2.RouteTable("table", vpc_id=vpc.id, opts=common)
gateway = aws.ec2.InternetGateway("gateway", vpc_id=vpc.id, opts=common)
route = aws.ec2.Route(
    "route",
    route_table_id=table.id,
    destination_cidr_block="0.0.0.0/0",
    gateway_id=gateway.id,
    opts=imported("route"),
)
role = aws.iam.Role(
    "role",
    name="fixed",
    path=VARIANT.get("path", "/"),
    assume_role_policy=policy("sts:AssumeRole", principal="ec2.amazonaws.com"),
    **defaults(max_session_duration=3600),
    opts=common,
)
own = aws.iam.Policy(
    "own",
    description=VARIANT.get("description", "first"),
    policy=policy("s3:GetObject", "s3:PutObject"),
    opts=common,
)
attachment = aws.iam.RolePolicyAttachment(
    "attachment", role=role.name, policy_arn=own.arn, opts=imported("attachment")
)
bucket = aws.s3.Bucket("Models", force_destroy=VARIANT.get("force", False), opts=common)
template = aws.ec2.LaunchTemplate(
    "template",
    user_data=secret,
    vpc_security_group_ids=[group.id],
    opts=common,
)
if "zone" in VARIANT.get("imports", {}):
    aws.route53.Zone("zone", name=VARIANT["zone"], opts=imported("zone"))
pulumi.export("bucket", bucket.bucket)
pulumi.export("tags", vpc.tags_all)
pulumi.export("table", table.id)
