"""References to resources that are not there, for types whose other refusals have no topic of their own."""

from typing import Any

from tests.engine.programs.refusals.cases.case import Case, Ref, Resource, Topic, create, delete

_VPC, _SUBNET = "vpc-00000000000000000", "subnet-00000000000000000"
_TABLE, _ENDPOINT = "rtb-00000000000000000", "vpce-00000000000000000"
_GROUP = "sg-00000000000000000"

SUBNET = "aws:ec2/subnet:Subnet"
SECURITY_GROUP = "aws:ec2/securityGroup:SecurityGroup"
MOUNT_TARGET = "aws:efs/mountTarget:MountTarget"


def _vpc(id_: str, what: str, type_: str, **more: Any) -> Case:
    return create(
               f"{id_}-vpc-missing", f"{what} of a VPC that is not there", type_, more, {"vpcId": _VPC},
               {"vpcId": Ref("vacant-vpc")}, "InvalidVpcID.NotFound", f"The vpc ID '{_VPC}' does not exist",
           )  # fmt: skip


_ASSOCIATION = "aws:ec2/routeTableAssociation:RouteTableAssociation"
_ENDPOINT_ROUTE = "aws:ec2/vpcEndpointRouteTableAssociation:VpcEndpointRouteTableAssociation"
_FLOW_LOG = "aws:ec2/flowLog:FlowLog"
_FLOW = {"trafficType": "ACCEPT", "logDestination": "arn:aws:logs:us-east-2:111122223333:log-group:/vpc/flow"}
_FLOW |= {"iamRoleArn": "arn:aws:iam::111122223333:role/Admin"}
_NO_SUBNET = ("InvalidSubnetID.NotFound", f"The subnet ID '{_SUBNET}' does not exist")
_NO_TABLE = ("InvalidRouteTableID.NotFound", f"The routeTable ID '{_TABLE}' does not exist")

_CREATES = (
    _vpc("gateway", "An internet gateway", "aws:ec2/internetGateway:InternetGateway"),
    _vpc("table", "A route table", "aws:ec2/routeTable:RouteTable"),
    _vpc("acl", "A network ACL", "aws:ec2/networkAcl:NetworkAcl"),
    _vpc("default-group", "The default security group", "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"),
    _vpc("flow-log", "A flow log", _FLOW_LOG, **_FLOW),
    _vpc("block", "An address block", "aws:ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation",
         cidrBlock="10.221.0.0/16"),
    _vpc("endpoint", "An endpoint", "aws:ec2/vpcEndpoint:VpcEndpoint", serviceName="com.amazonaws.us-east-2.s3"),
    create("acl-subnet-missing", "A network ACL of a subnet that is not there", "aws:ec2/networkAcl:NetworkAcl",
           {"vpcId": Ref("vacant-vpc")}, {"subnetIds": [_SUBNET]}, {"subnetIds": [Ref("vacant-subnet")]}, *_NO_SUBNET),
    create("flow-log-subnet-missing", "A flow log of a subnet that is not there", _FLOW_LOG, _FLOW,
           {"subnetId": _SUBNET}, {"subnetId": Ref("vacant-subnet")}, *_NO_SUBNET),
    create(
        "association-table-missing", "A subnet for a route table that is not there", _ASSOCIATION,
        {"subnetId": Ref("vacant-subnet")}, {"routeTableId": _TABLE}, {"routeTableId": Ref("vacant-table")},
        *_NO_TABLE,
    ),
    create(
        "association-subnet-missing", "A route table for a subnet that is not there", _ASSOCIATION,
        {"routeTableId": Ref("vacant-table")}, {"subnetId": _SUBNET}, {"subnetId": Ref("subnet-of-mount")},
        *_NO_SUBNET,
    ),
    create("endpoint-route-table-missing", "An endpoint's route in a table that is not there", _ENDPOINT_ROUTE,
           {"vpcEndpointId": Ref("gateway-endpoint")}, {"routeTableId": _TABLE}, {"routeTableId": Ref("spare-table")},
           *_NO_TABLE),
    create(
        "endpoint-route-missing", "A route of an endpoint that is not there", _ENDPOINT_ROUTE,
        {"routeTableId": Ref("spare-table")}, {"vpcEndpointId": _ENDPOINT},
        {"vpcEndpointId": Ref("gateway-endpoint")}, "InvalidVpcEndpointId.NotFound",
        f"The Vpc Endpoint Id '{_ENDPOINT}' does not exist",
    ),
    *(
        create(
            f"{name}-bucket-missing", f"{what} of a bucket that is not there", f"aws:s3/{type_}", more,
            {"bucket": "refusals-none"}, {"bucket": "refusals-vacant"}, "NoSuchBucket",
            "The specified bucket does not exist",
        )
        for name, what, type_, more in (
            ("acl", "An ACL", "bucketAcl:BucketAcl", {"acl": "private"}),
            ("block", "A public access block", "bucketPublicAccessBlock:BucketPublicAccessBlock",
             {"blockPublicAcls": True}),
        )
    ),
)  # fmt: skip

_GROUND = (
    Resource("vacant-vpc", "aws:ec2/vpc:Vpc", {"cidrBlock": "10.220.0.0/16"}),
    Resource("vacant-subnet", SUBNET, {"vpcId": Ref("vacant-vpc"), "cidrBlock": "10.220.0.0/24"}),
    Resource("vacant-table", "aws:ec2/routeTable:RouteTable", {"vpcId": Ref("vacant-vpc")}),
    Resource("subnet-of-mount", SUBNET, {"vpcId": Ref("vacant-vpc"), "cidrBlock": "10.220.1.0/24"}),
    Resource("group-of-mount", SECURITY_GROUP, {"vpcId": Ref("vacant-vpc")}),
    Resource("refusals-vacant", "aws:s3/bucket:Bucket", {"bucket": "refusals-vacant"}),
    Resource(
        "vacant-ownership",
        "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
        {"bucket": "refusals-vacant", "rule": {"objectOwnership": "BucketOwnerPreferred"}},
        ("refusals-vacant",),
    ),
)
_HELD = (
    Resource("file-system", "aws:efs/fileSystem:FileSystem", {}),
    Resource(
        "mount-target",
        MOUNT_TARGET,
        {
            "fileSystemId": Ref("file-system"),
            "subnetId": Ref("subnet-of-mount"),
            "securityGroups": [Ref("group-of-mount")],
        },
    ),
)
_DELETES = (
    delete("subnet-of-mount-delete", "Deleting the subnet of a file system's mount target", SUBNET, "subnet-of-mount",
           "DependencyViolation", "The subnet '"),
    delete("group-of-mount-delete", "Deleting the security group of a mount target", SECURITY_GROUP, "group-of-mount",
           "DependencyViolation", "has a dependent object"),
)  # fmt: skip

MISSING = Topic("What is not there, and file systems", (*_CREATES, *_DELETES), _GROUND, _HELD)
