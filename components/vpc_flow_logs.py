"""The flow log of a VPC in CloudWatch Logs, with the role that writes it."""

import json
from typing import Any

import pulumi
import pulumi_aws as aws

from components.iam_documents import service_trust_policy


def flow_log_policy(log_group_arn: str) -> dict[str, Any]:
    """What the flow log service may do: write streams of one log group (VPC user guide, "IAM role")."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "WriteFlowLogs",
                "Effect": "Allow",
                "Action": [
                    "logs:CreateLogStream",
                    "logs:PutLogEvents",
                    "logs:DescribeLogStreams",
                ],
                "Resource": f"{log_group_arn}:*",
            },
            {
                "Sid": "FindLogGroup",
                "Effect": "Allow",
                "Action": ["logs:DescribeLogGroups"],
                "Resource": "*",
            },
        ],
    }


def log_vpc_traffic(
    name: str, vpc_id: pulumi.Input[str], retention_days: int, tags: dict[str, str], parent: pulumi.Resource
) -> None:
    """Log all traffic of a VPC to a log group of its own, as children of ``parent`` named from ``name``."""
    opts = pulumi.ResourceOptions(parent=parent)
    tags = {**tags, "Name": name}
    group = aws.cloudwatch.LogGroup(f"{name}-group", retention_in_days=retention_days, tags=tags, opts=opts)
    role = aws.iam.Role(
        f"{name}-role",
        assume_role_policy=json.dumps(service_trust_policy("vpc-flow-logs.amazonaws.com")),
        tags=tags,
        opts=opts,
    )
    policy = aws.iam.RolePolicy(
        f"{name}-policy",
        role=role.name,
        policy=group.arn.apply(lambda arn: json.dumps(flow_log_policy(arn))),
        opts=opts,
    )
    aws.ec2.FlowLog(
        name,
        vpc_id=vpc_id,
        traffic_type="ALL",
        log_destination_type="cloud-watch-logs",
        log_destination=group.arn,
        iam_role_arn=role.arn,
        tags=tags,
        opts=pulumi.ResourceOptions(parent=parent, depends_on=[policy]),
    )
