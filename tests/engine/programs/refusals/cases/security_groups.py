"""Security groups, VPC endpoints and flow logs."""

from tests.engine.programs.refusals.cases.case import Ref, Resource, Topic, create, delete

GROUP = "aws:ec2/securityGroup:SecurityGroup"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
OLD_RULE = "aws:ec2/securityGroupRule:SecurityGroupRule"
ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
FLOW_LOG = "aws:ec2/flowLog:FlowLog"

_HTTPS = {"ipProtocol": "tcp", "fromPort": 443, "toPort": 443}
_STS = "com.amazonaws.us-east-2.sts"
_INTERFACE = {
    "vpcId": Ref("vpc"),
    "vpcEndpointType": "Interface",
    "serviceName": "com.amazonaws.us-east-2.ec2",
}
_GATEWAY = {"vpcId": Ref("vpc"), "serviceName": "com.amazonaws.us-east-2.dynamodb"}
_FLOW = {
    "vpcId": Ref("other-vpc"),
    "trafficType": "ALL",
    "iamRoleArn": "arn:aws:iam::111122223333:role/Admin",
}
_LOGS = "arn:aws:logs:us-east-2:111122223333:log-group:"
_MISSING = "sg-00000000000000000"
_DIFFERENT_NETWORKS = "You have specified two resources that belong to different networks."


def _many(number: int) -> list[dict[str, object]]:
    """One inline rule for a number of addresses."""
    blocks = [f"172.16.{index}.0/24" for index in range(number)]
    return [{"protocol": "tcp", "fromPort": 443, "toPort": 443, "cidrBlocks": blocks}]


_GROUND = (
    Resource("group", GROUP, {"vpcId": Ref("vpc"), "name": "taken"}),
    Resource("peer-group", GROUP, {"vpcId": Ref("vpc")}),
    Resource("other-group", GROUP, {"vpcId": Ref("other-vpc")}),
    Resource("rule", INGRESS, {"securityGroupId": Ref("group"), "cidrIpv4": "10.0.0.0/16", **_HTTPS}),
    Resource("full-group", GROUP, {"vpcId": Ref("vpc")}),
    *(
        Resource(
            f"rule-{number}",
            INGRESS,
            {"securityGroupId": Ref("full-group"), "cidrIpv4": f"10.{number}.0.0/16", **_HTTPS},
        )
        for number in range(3)
    ),
    Resource(
        "endpoint",
        ENDPOINT,
        {**_INTERFACE, "serviceName": _STS, "subnetIds": [Ref("subnet-a")], "privateDnsEnabled": True},
    ),
    Resource("gateway-endpoint", ENDPOINT, {**_GATEWAY, "routeTableIds": [Ref("private-table")]}),
    Resource("flow-logs", "aws:cloudwatch/logGroup:LogGroup", {"name": "/vpc/flow"}),
    Resource("flow-log", FLOW_LOG, {**_FLOW, "logDestination": f"{_LOGS}/vpc/flow"}, needs=("flow-logs",)),
)

_CREATES = (
    create(
        "group-name-taken", "A security group whose name another one of its VPC has", GROUP, {"name": "taken"},
        {"vpcId": Ref("vpc")}, {"vpcId": Ref("other-vpc")}, "InvalidGroup.Duplicate",
        "The security group 'taken' already exists for VPC",
    ),
    create(
        "group-vpc-missing", "A security group of a VPC that is not there", GROUP, {},
        {"vpcId": "vpc-00000000000000000"}, {"vpcId": Ref("vpc")}, "InvalidVpcID.NotFound", "does not exist",
    ),
    create(
        "group-quota", "One security group more than the quota", GROUP, {"vpcId": Ref("vpc")}, {}, None,
        "SecurityGroupLimitExceeded", "The maximum number of security groups", setting="quotas.securityGroups",
    ),
    create(
        "inline-rules-quota", "More inline rules than a security group may have", GROUP,
        {"vpcId": Ref("other-vpc")}, {"ingress": _many(4)}, {"ingress": _many(3)},
        "RulesPerSecurityGroupLimitExceeded", "The maximum number of rules", setting="quotas.rulesPerSecurityGroup",
    ),
    create(
        "rule-quota", "One rule more than a security group may have", INGRESS,
        {"securityGroupId": Ref("full-group"), "cidrIpv4": "10.3.0.0/16", **_HTTPS}, {}, None,
        "RulesPerSecurityGroupLimitExceeded", "The maximum number of rules", setting="quotas.rulesPerSecurityGroup",
    ),
    create(
        "rule-second", "A rule that the security group has already", INGRESS,
        {"securityGroupId": Ref("group"), **_HTTPS}, {"cidrIpv4": "10.0.0.0/16"}, {"cidrIpv4": "10.64.0.0/16"},
        "InvalidPermission.Duplicate",
        'the specified rule "peer: 10.0.0.0/16, TCP, from port: 443, to port: 443, ALLOW" already exists',
    ),
    create(
        "rule-group-missing", "A rule of a security group that is not there", INGRESS,
        {"cidrIpv4": "10.65.0.0/16", **_HTTPS}, {"securityGroupId": _MISSING},
        {"securityGroupId": Ref("peer-group")}, "InvalidGroup.NotFound",
        f"The security group '{_MISSING}' does not exist",
    ),
    create(
        "rule-peer-missing", "A rule for a security group that is not there", INGRESS,
        {"securityGroupId": Ref("group"), **_HTTPS}, {"referencedSecurityGroupId": _MISSING},
        {"referencedSecurityGroupId": Ref("peer-group")},
        "InvalidGroup.NotFound", f"The security group '{_MISSING}' does not exist",
    ),
    create(
        "rule-other-vpc", "A rule for a security group of another VPC", INGRESS,
        {"securityGroupId": Ref("peer-group"), **_HTTPS}, {"referencedSecurityGroupId": Ref("other-group")},
        {"referencedSecurityGroupId": Ref("group")}, "InvalidGroup.NotFound", _DIFFERENT_NETWORKS,
    ),
    create(
        "old-rule-other-vpc", "The same, with a rule of the older resource type", OLD_RULE,
        {"securityGroupId": Ref("group"), "type": "egress", "protocol": "tcp", "fromPort": 1, "toPort": 2},
        {"sourceSecurityGroupId": Ref("other-group")}, {"sourceSecurityGroupId": Ref("peer-group")},
        "InvalidGroup.NotFound", _DIFFERENT_NETWORKS,
    ),
    create(
        "old-rule-group-missing", "A rule of the older type of a security group that is not there", OLD_RULE,
        {"type": "egress", "protocol": "tcp", "fromPort": 3, "toPort": 4, "cidrBlocks": ["10.0.0.0/8"]},
        {"securityGroupId": _MISSING}, {"securityGroupId": Ref("group")},
        "InvalidGroup.NotFound", f"The security group '{_MISSING}' does not exist",
    ),
    create(
        "old-rule-peer-missing", "A rule of the older type for a security group that is not there", OLD_RULE,
        {"securityGroupId": Ref("group"), "type": "egress", "protocol": "tcp", "fromPort": 5, "toPort": 6},
        {"sourceSecurityGroupId": _MISSING}, {"sourceSecurityGroupId": Ref("peer-group")},
        "InvalidGroup.NotFound", f"The security group '{_MISSING}' does not exist",
    ),
    create(
        "endpoint-service", "An endpoint of a service that is not there", ENDPOINT,
        {**_INTERFACE, "subnetIds": [Ref("subnet-a")]}, {"serviceName": "com.amazonaws.us-east-2.nothing"},
        {"serviceName": "com.amazonaws.us-east-2.kms"}, "InvalidServiceName",
        "The Vpc Endpoint Service 'com.amazonaws.us-east-2.nothing' does not exist",
    ),
    create(
        "endpoint-region", "An endpoint of another region's service", ENDPOINT,
        {**_INTERFACE, "subnetIds": [Ref("subnet-a")]}, {"serviceName": "com.amazonaws.us-west-2.eks"},
        {"serviceName": "com.amazonaws.us-east-2.eks"}, "InvalidServiceName", "us-west-2.eks' does not exist",
    ),
    create(
        "endpoint-zones", "An endpoint with two subnets of one zone", ENDPOINT, _INTERFACE,
        {"subnetIds": [Ref("subnet-a"), Ref("second-subnet-a")]}, {"subnetIds": [Ref("subnet-a"), Ref("subnet-b")]},
        "DuplicateSubnetsInSameZone", "Found another VPC endpoint subnet in the availability zone of",
    ),
    create(
        "endpoint-subnet-vpc", "An endpoint in a subnet of another VPC", ENDPOINT,
        {**_INTERFACE, "serviceName": "com.amazonaws.us-east-2.logs"}, {"subnetIds": [Ref("other-subnet")]},
        {"subnetIds": [Ref("subnet-b")]}, "InvalidParameter", "does not belong to VPC",
    ),
    create(
        "endpoint-subnet-missing", "An endpoint in a subnet that is not there", ENDPOINT,
        {**_INTERFACE, "serviceName": "com.amazonaws.us-east-2.monitoring"},
        {"subnetIds": ["subnet-00000000000000000"]}, {"subnetIds": [Ref("subnet-b")]},
        "InvalidSubnetID.NotFound", "The subnet ID 'subnet-00000000000000000' does not exist",
    ),
    create(
        "endpoint-group-vpc", "An endpoint with a security group of another VPC", ENDPOINT,
        {**_INTERFACE, "serviceName": "com.amazonaws.us-east-2.ssm", "subnetIds": [Ref("subnet-b")]},
        {"securityGroupIds": [Ref("other-group")]}, {"securityGroupIds": [Ref("group")]},
        "InvalidParameter", "does not belong to VPC",
    ),
    create(
        "endpoint-group-missing", "An endpoint with a security group that is not there", ENDPOINT,
        {**_INTERFACE, "serviceName": "com.amazonaws.us-east-2.sqs", "subnetIds": [Ref("subnet-b")]},
        {"securityGroupIds": [_MISSING]}, {"securityGroupIds": [Ref("group")]},
        "InvalidSecurityGroupId.NotFound", f"The security group '{_MISSING}' does not exist",
    ),
    create(
        "endpoint-table-missing", "A gateway endpoint in a route table that is not there", ENDPOINT, _GATEWAY,
        {"routeTableIds": ["rtb-00000000000000000"]}, {"routeTableIds": [Ref("spare-table")]},
        "InvalidRouteTableID.NotFound", "The routeTable ID 'rtb-00000000000000000' does not exist",
    ),
    create(
        "endpoint-dns-off", "Private DNS for an endpoint in a VPC without host names", ENDPOINT,
        {"vpcEndpointType": "Interface", "serviceName": "com.amazonaws.us-east-2.ecr.api", "vpcId": Ref("other-vpc")},
        {"privateDnsEnabled": True}, {"privateDnsEnabled": False}, "InvalidParameter",
        "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true",
    ),
    create(
        "endpoint-dns-second", "Private DNS for a second endpoint of a service", ENDPOINT,
        {**_INTERFACE, "serviceName": _STS}, {"privateDnsEnabled": True}, {"privateDnsEnabled": False},
        "InvalidParameter", "because there is already a conflicting DNS domain for",
    ),
    create(
        "endpoint-route-second", "A second gateway endpoint of a service in a route table", ENDPOINT, _GATEWAY,
        {"routeTableIds": [Ref("private-table")]}, {"routeTableIds": [Ref("public-table")]},
        "RouteAlreadyExists", "already has a route with destination-prefix-list-id pl-",
    ),
    create(
        "endpoint-quota", "One interface endpoint more than a VPC may have", ENDPOINT,
        {**_INTERFACE, "serviceName": "com.amazonaws.us-east-2.sns"}, {}, None,
        "VpcEndpointLimitExceeded", "The maximum number of VPC endpoints", setting="quotas.interfaceEndpointsPerVpc",
    ),
    create(
        "flow-log-role", "A flow log with a role that is not there", FLOW_LOG,
        {**_FLOW, "vpcId": Ref("vpc"), "logDestination": f"{_LOGS}/vpc/flow"},
        {"iamRoleArn": "arn:aws:iam::111122223333:role/Nobody"}, {}, "InvalidParameter", "role/Nobody does not exist",
    ),
    create(
        "flow-log-destination", "A flow log to a log group that is not there", FLOW_LOG,
        {**_FLOW, "vpcId": None, "subnetId": Ref("subnet-a")}, {"logDestination": f"{_LOGS}/none"},
        {"logDestination": f"{_LOGS}/vpc/flow"}, "InvalidParameter", f"LogDestination: {_LOGS}/none does not exist",
    ),
    create(
        "flow-log-second", "A second flow log of the same traffic to the same place", FLOW_LOG,
        {**_FLOW, "logDestination": f"{_LOGS}/vpc/flow"}, {"trafficType": "ALL"}, {"trafficType": "REJECT"},
        "FlowLogAlreadyExists", "There is an existing Flow Log with the same configuration and log destination.",
    ),
)  # fmt: skip

_HELD = (
    Resource("named-group", GROUP, {"vpcId": Ref("other-vpc")}),
    Resource("naming-group", GROUP, {"vpcId": Ref("other-vpc")}),
    Resource(
        "naming-rule",
        INGRESS,
        {"securityGroupId": Ref("naming-group"), "referencedSecurityGroupId": Ref("named-group"), **_HTTPS},
    ),
    Resource("group-of-endpoint", GROUP, {"vpcId": Ref("other-vpc")}),
    Resource(
        "subnet-of-endpoint",
        "aws:ec2/subnet:Subnet",
        {"vpcId": Ref("other-vpc"), "cidrBlock": "10.1.60.0/24"},
    ),
    Resource(
        "holding-endpoint",
        ENDPOINT,
        {
            "vpcId": Ref("other-vpc"),
            "vpcEndpointType": "Interface",
            "serviceName": "com.amazonaws.us-east-2.bedrock",
            "subnetIds": [Ref("subnet-of-endpoint")],
            "securityGroupIds": [Ref("group-of-endpoint")],
        },
    ),
)
_DELETES = (
    delete("group-named-delete", "Deleting a security group that a rule of another one names", GROUP, "named-group",
           "DependencyViolation", "has a dependent object"),
    delete("group-of-endpoint-delete", "Deleting the security group of an endpoint", GROUP, "group-of-endpoint",
           "DependencyViolation", "has a dependent object"),
    delete("subnet-of-endpoint-delete", "Deleting the subnet of an endpoint", "aws:ec2/subnet:Subnet",
           "subnet-of-endpoint", "DependencyViolation", "The subnet '"),
)  # fmt: skip

SECURITY_GROUPS = Topic("Security groups, endpoints and flow logs", (*_CREATES, *_DELETES), _GROUND, _HELD)
