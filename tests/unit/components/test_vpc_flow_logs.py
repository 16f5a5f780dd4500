"""Flow logs go to one log group, and their role may write there only."""

import pulumi

from components.vpc_flow_logs import flow_log_policy, log_vpc_traffic
from tests.golden_files import check_golden, pretty_json
from tests.unit.components.building import aws_resources, build

GROUP = "arn:aws:logs:us-east-2:111122223333:log-group:net-flow-logs"


def test_policy_is_the_reviewed_one():
    check_golden("iam/flow-logs.json", pretty_json(flow_log_policy(GROUP)))


def test_streams_are_written_in_that_group_only():
    write, find = flow_log_policy(GROUP)["Statement"]
    assert write["Resource"] == f"{GROUP}:*"
    assert write["Action"] == ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"]
    assert (find["Action"], find["Resource"]) == (["logs:DescribeLogGroups"], "*")


def test_children_belong_to_the_parent_and_carry_the_tags():
    class Network(pulumi.ComponentResource):
        def __init__(self, opts: pulumi.ResourceOptions) -> None:
            super().__init__("test:index:Network", "net", {}, opts)
            log_vpc_traffic("net-flow-logs", "vpc-0a", 30, {"team": "serving"}, self)

    for preview in (False, True):
        recording = build(Network, preview=preview)
        assert recording.children("net") == [
            ("aws:cloudwatch/logGroup:LogGroup", "net-flow-logs-group"),
            ("aws:ec2/flowLog:FlowLog", "net-flow-logs"),
            ("aws:iam/role:Role", "net-flow-logs-role"),
            ("aws:iam/rolePolicy:RolePolicy", "net-flow-logs-policy"),
        ]
        tags = {"team": "serving", "Name": "net-flow-logs"}
        assert all(
            r.inputs["tags"] == tags for r in aws_resources(recording) if r.name != "net-flow-logs-policy"
        )
