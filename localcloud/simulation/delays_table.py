"""How many seconds AWS and Kubernetes take for each operation, by resource type, and how we know.

``measured`` names a figure seen in published `terraform apply` and `terraform destroy` logs of EKS stacks
("Creation complete after …"): the range that was found, the middle of which is used. ``estimate`` gives its reason.
An update takes as long as it says, or as long as a create where an API has no separate step for it.
"""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Figures:
    """Seconds of one type's operations."""

    create: float
    update: float
    delete: float
    source: str
    """``measured: …``, ``documented: …`` or ``estimate: …``."""


def _quick(source: str) -> Figures:
    """A call that answers when it is done."""
    return Figures(1, 1, 1, source)


_CALL = "measured: 0 to 2 s, one API call"
_S3 = "measured: 0 to 2 s, one API call; S3 shows the new setting at once"
_OBJECT = "measured: below a second, one call to the API server"

TABLE: dict[str, Figures] = {
    # Network
    "aws:ec2/vpc:Vpc": Figures(12, 2, 1, "measured: 11 to 13 s with DNS host names switched on"),
    "aws:ec2/subnet:Subnet": _quick("measured: 1 s, 11 s where public addresses are switched on"),
    "aws:ec2/internetGateway:InternetGateway": Figures(1, 1, 10, "measured: 1 s; 1 to 46 s to detach"),
    "aws:ec2/routeTable:RouteTable": _quick(_CALL),
    "aws:ec2/route:Route": _quick(_CALL),
    "aws:ec2/routeTableAssociation:RouteTableAssociation": _quick(_CALL),
    "aws:ec2/eip:Eip": Figures(2, 1, 3, "measured: 1 to 2 s; 3 to 9 s to release"),
    "aws:ec2/natGateway:NatGateway": Figures(105, 5, 60, "measured: 85 to 125 s; 37 to 79 s to delete"),
    "aws:ec2/securityGroup:SecurityGroup": Figures(3, 1, 1, "measured: 2 to 3 s; 1 s to delete once unused"),
    "aws:ec2/securityGroupRule:SecurityGroupRule": _quick(_CALL),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": _quick(_CALL),
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": _quick(_CALL),
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": Figures(
        2, 1, 0, "measured: 2 s; the provider lets go of it without a call"
    ),
    "aws:ec2/vpcEndpoint:VpcEndpoint": Figures(
        75, 10, 20, "estimate: an interface endpoint places one network interface in each subnet"
    ),
    "aws:ec2/flowLog:FlowLog": _quick(_CALL),
    # Identity, keys, logs
    "aws:iam/role:Role": _quick(_CALL),
    "aws:iam/policy:Policy": _quick(_CALL),
    "aws:iam/rolePolicy:RolePolicy": _quick(_CALL),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": _quick(_CALL),
    "aws:iam/instanceProfile:InstanceProfile": Figures(
        7, 1, 1, "measured: 6 to 7 s, the provider waits for it to be seen everywhere"
    ),
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": _quick(_CALL),
    "aws:kms/key:Key": Figures(28, 5, 1, "measured: 24 to 29 s; deletion is only scheduled"),
    "aws:kms/alias:Alias": _quick(_CALL),
    "aws:cloudwatch/logGroup:LogGroup": _quick(_CALL),
    "aws:cloudwatch/eventRule:EventRule": _quick(_CALL),
    "aws:cloudwatch/eventTarget:EventTarget": _quick(_CALL),
    "aws:sqs/queue:Queue": Figures(26, 5, 1, "measured: 25 to 26 s, the provider waits for its attributes"),
    "aws:sqs/queuePolicy:QueuePolicy": Figures(
        25, 25, 1, "estimate: like a queue, the provider waits for the attribute"
    ),
    # Storage, images
    "aws:s3/bucket:Bucket": Figures(3, 2, 1, "measured: 2 to 4 s; 1 s to delete an empty one"),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": _quick(_S3),
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": _quick(_S3),
    "aws:s3/bucketPolicy:BucketPolicy": _quick(_S3),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": _quick(_S3),
    "aws:s3/bucketVersioning:BucketVersioning": Figures(3, 3, 1, "measured: 2 to 3 s"),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": Figures(
        30, 30, 1, "estimate: the provider reads the rules back until they are stable"
    ),
    "aws:ecr/repository:Repository": _quick(_CALL),
    "aws:ecr/lifecyclePolicy:LifecyclePolicy": _quick(_CALL),
    "aws:ecr/pullThroughCacheRule:PullThroughCacheRule": _quick(_CALL),
    # DNS, certificates
    "aws:acm/certificate:Certificate": Figures(
        7, 2, 1, "estimate: the provider waits for the validation names, a few seconds"
    ),
    "aws:acm/certificateValidation:CertificateValidation": Figures(
        100, 1, 0, "measured: 1 s to 9 min, most often 90 to 110 s; deleting it does nothing"
    ),
    "aws:route53/record:Record": Figures(
        32, 32, 32, "documented: Route 53 answers INSYNC within 60 s; measured 31 to 46 s"
    ),
    # EKS
    "aws:eks/cluster:Cluster": Figures(
        600, 540, 150, "measured: 7 min 27 s to 11 min 3 s; 2 min 30 s to 3 min 48 s to delete"
    ),
    "aws:eks/nodeGroup:NodeGroup": Figures(
        130, 600, 375, "measured: 1 min 48 s to 2 min 10 s; 4 min 12 s to 8 min 21 s to drain and delete"
    ),
    "aws:eks/addon:Addon": Figures(25, 40, 12, "measured: 14 to 35 s; estimate: 12 s to remove its objects"),
    "aws:eks/accessEntry:AccessEntry": _quick(_CALL),
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation": _quick(_CALL),
    "aws:eks/podIdentityAssociation:PodIdentityAssociation": _quick(_CALL),
    # Instances
    "aws:ec2/launchTemplate:LaunchTemplate": Figures(6, 6, 1, "measured: 1 to 6 s"),
    "aws:ec2/placementGroup:PlacementGroup": Figures(
        5, 1, 5, "estimate: the provider waits until it is there"
    ),
    # Objects in the cluster
    "kubernetes:core/v1:Namespace": Figures(
        1, 1, 6, "measured: below a second; 5 to 6 s until the controller has emptied and removed it"
    ),
    "kubernetes:core/v1:Secret": _quick(_OBJECT),
    "kubernetes:core/v1:ConfigMap": _quick(_OBJECT),
    "kubernetes:core/v1:ServiceAccount": _quick(_OBJECT),
    "kubernetes:networking.k8s.io/v1:IngressClass": _quick(_OBJECT),
    "kubernetes:storage.k8s.io/v1:StorageClass": _quick(_OBJECT),
    "kubernetes:elbv2.k8s.aws/v1beta1:IngressClassParams": _quick(_OBJECT),
    "kubernetes:eks.amazonaws.com/v1:NodeClass": _quick(_OBJECT),
    "kubernetes:karpenter.k8s.aws/v1:EC2NodeClass": _quick(_OBJECT),
    "kubernetes:karpenter.sh/v1:NodePool": Figures(
        1, 1, 120, "estimate: its nodes are drained and ended first, GPU instances in about two minutes"
    ),
    "kubernetes:keda.sh/v1alpha1:ScaledObject": _quick(_OBJECT),
    "kubernetes:helm.sh/v3:Release": Figures(
        40, 40, 12, "estimate: images are pulled and Deployments become ready; objects are deleted"
    ),
}
"""Figures by Pulumi type token; `delays.py` refines some by what the resource is."""

FORESEEN: dict[str, str] = {
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": "EFA between nodes",
    "aws:ec2/flowLog:FlowLog": "network.flowLogs",
    "aws:iam/rolePolicy:RolePolicy": "network.flowLogs",
    "aws:iam/instanceProfile:InstanceProfile": "nodes that Karpenter launches",
    "aws:cloudwatch/eventRule:EventRule": "Karpenter's interruption queue",
    "aws:cloudwatch/eventTarget:EventTarget": "Karpenter's interruption queue",
    "aws:sqs/queue:Queue": "Karpenter's interruption queue",
    "aws:sqs/queuePolicy:QueuePolicy": "Karpenter's interruption queue",
    "aws:s3/bucketVersioning:BucketVersioning": "checkpoints.versioning",
    "aws:ecr/pullThroughCacheRule:PullThroughCacheRule": "images through a pull-through cache",
    "aws:acm/certificate:Certificate": "a certificate of the stack's own",
    "aws:acm/certificateValidation:CertificateValidation": "a certificate of the stack's own",
    "aws:route53/record:Record": "a certificate of the stack's own",
    "aws:eks/accessEntry:AccessEntry": "cluster.accessEntries",
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation": "cluster.accessEntries",
    "aws:eks/podIdentityAssociation:PodIdentityAssociation": "roles by EKS Pod Identity",
    "aws:ec2/placementGroup:PlacementGroup": "EFA between nodes",
    "kubernetes:core/v1:ConfigMap": "objects beside a chart",
    "kubernetes:core/v1:ServiceAccount": "objects beside a chart",
    "kubernetes:storage.k8s.io/v1:StorageClass": "EKS Auto Mode",
    "kubernetes:eks.amazonaws.com/v1:NodeClass": "EKS Auto Mode",
    "kubernetes:karpenter.k8s.aws/v1:EC2NodeClass": "Karpenter",
    "kubernetes:karpenter.sh/v1:NodePool": "Karpenter, EKS Auto Mode",
    "kubernetes:keda.sh/v1alpha1:ScaledObject": "scaling by KEDA",
}
"""Types that the reference stack does not have, and which setting or kind of node provisioning brings them."""
