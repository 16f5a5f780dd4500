"""One resource of every type that a stack may use, with as many inputs as AWS takes together."""

import json
from typing import Any, NamedTuple

from tests.unit.localcloud.aws.simulated import (
    CLUSTER,
    LAUNCH_TEMPLATE,
    NODE_GROUP,
    ROLE,
    SUBNET,
    VPC,
    Object,
    Simulated,
    gpu_template,
    sizes,
    trust,
)

ADMINS = "arn:aws:iam::111122223333:root"
TAGS = {"Name": "it", "team": "serving"}


class Made(NamedTuple):
    """A resource as its program wrote it."""

    id: str
    state: Object
    inputs: Object
    import_id: str
    """The id by which the SDK's documentation imports it."""


def document(*actions: str, resource: str = "*", **more: Any) -> str:
    """A policy document of one statement."""
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": [resource], **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


class World:
    """Makes the resources, each from those before it."""

    def __init__(self, aws: Simulated) -> None:
        self.aws = aws
        self.made: dict[str, Made] = {}
        self._network()
        self._security_groups()
        self._identity()
        self._storage()
        self._cluster()
        self._rest()

    def add(self, type_: str, import_id: str = "{id}", /, **inputs: Any) -> Made:
        """Make one and remember it; ``{id}`` and ``{…}`` in the import id are its id and properties."""
        id_, state = self.aws.make(type_, "it", **inputs)
        filled = import_id.format(**{**state, "id": id_})
        self.made[type_] = Made(id_, state, inputs, filled)
        return self.made[type_]

    def _network(self) -> None:
        # A second network is the cluster's; this one has one of everything.
        vpc = self.add(
            VPC, cidrBlock="10.1.0.0/16", enableDnsHostnames=True, enableDnsSupport=True, tags=TAGS
        )
        self.vpc = vpc.id
        group = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"
        rule = {"protocol": "tcp", "fromPort": 443, "toPort": 443, "cidrBlocks": ["10.1.0.0/16"]}
        self.add(group, vpcId=self.vpc, ingress=[rule], egress=[{**rule, "toPort": 444}], tags=TAGS)
        more = "aws:ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation"
        self.add(more, vpcId=self.vpc, cidrBlock="10.2.0.0/16")
        self.subnet = self.add(
            SUBNET, vpcId=self.vpc, cidrBlock="10.1.0.0/24", availabilityZone="us-east-2a", tags=TAGS
        ).id
        gateway = self.add("aws:ec2/internetGateway:InternetGateway", vpcId=self.vpc, tags=TAGS).id
        address = self.add("aws:ec2/eip:Eip", domain="vpc", tags=TAGS).id
        self.add("aws:ec2/natGateway:NatGateway", subnetId=self.subnet, allocationId=address, tags=TAGS)
        table = self.add("aws:ec2/routeTable:RouteTable", vpcId=self.vpc, tags=TAGS).id
        self.add(
            "aws:ec2/route:Route",
            "{routeTableId}_{destinationCidrBlock}",
            routeTableId=table,
            destinationCidrBlock="0.0.0.0/0",
            gatewayId=gateway,
        )
        self.add(
            "aws:ec2/routeTableAssociation:RouteTableAssociation",
            "{subnetId}/{routeTableId}",
            routeTableId=table,
            subnetId=self.subnet,
        )
        acl = {"protocol": "-1", "ruleNo": 100, "action": "allow", "cidrBlock": "0.0.0.0/0", "fromPort": 0}
        rules = [{**acl, "toPort": 0}, {**acl, "toPort": 0, "ruleNo": 200, "action": "deny"}]
        self.add("aws:ec2/networkAcl:NetworkAcl", vpcId=self.vpc, ingress=rules, egress=rules, tags=TAGS)
        endpoint = self.add(
            "aws:ec2/vpcEndpoint:VpcEndpoint",
            vpcId=self.vpc,
            serviceName="com.amazonaws.us-east-2.s3",
            vpcEndpointType="Gateway",
            policy=document("s3:GetObject", "s3:ListBucket", Principal="*"),
            tags=TAGS,
        ).id
        self.add(
            "aws:ec2/vpcEndpointRouteTableAssociation:VpcEndpointRouteTableAssociation",
            "{vpcEndpointId}/{routeTableId}",
            vpcEndpointId=endpoint,
            routeTableId=table,
        )
        self.add("aws:ec2/placementGroup:PlacementGroup", name="close", strategy="cluster", tags=TAGS)

    def _security_groups(self) -> None:
        group = self.add(
            "aws:ec2/securityGroup:SecurityGroup",
            name="group",
            vpcId=self.vpc,
            ingress=[
                {"protocol": "tcp", "fromPort": 80, "toPort": 80, "cidrBlocks": ["10.0.0.0/8"]},
                {"protocol": "udp", "fromPort": 53, "toPort": 53, "cidrBlocks": ["10.1.0.0/16"]},
            ],
            revokeRulesOnDelete=True,
            tags=TAGS,
        ).id
        self.group = group
        self.add(
            "aws:ec2/securityGroupRule:SecurityGroupRule",
            f"{group}_ingress_tcp_8000_8001_10.1.1.0/24_10.1.2.0/24",
            securityGroupId=group,
            type="ingress",
            protocol="tcp",
            fromPort=8000,
            toPort=8001,
            cidrBlocks=["10.1.1.0/24", "10.1.2.0/24"],
            description="two peers",
        )
        rule: Object = {"securityGroupId": group, "ipProtocol": "tcp", "fromPort": 443, "toPort": 443}
        self.add(
            "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
            **rule,
            cidrIpv4="10.1.9.0/24",
            tags=TAGS,
        )
        self.add(
            "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
            securityGroupId=group,
            ipProtocol="-1",
            cidrIpv4="0.0.0.0/0",
            description="out",
        )

    def _identity(self) -> None:
        self.add(
            "aws:iam/openIdConnectProvider:OpenIdConnectProvider",
            url="https://issuer.example.com/a",
            clientIdLists=["sts.amazonaws.com", "other"],
            tags=TAGS,
        )
        role = self.add(
            ROLE,
            name="it",
            assumeRolePolicy=trust("ec2.amazonaws.com", "eks.amazonaws.com"),
            description="a role",
            maxSessionDuration=7200,
            forceDetachPolicies=True,
            path="/it/",
            tags=TAGS,
        )
        policy = self.add(
            "aws:iam/policy:Policy",
            name="it",
            policy=document("s3:GetObject", "s3:PutObject"),
            description="a policy",
            tags=TAGS,
        )
        self.add(
            "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
            "{role}/{policyArn}",
            role="it",
            policyArn=policy.state["arn"],
        )
        self.add(
            "aws:iam/rolePolicy:RolePolicy",
            "{role}:{name}",
            role="it",
            name="own",
            policy=document("s3:Get*"),
        )
        self.add("aws:iam/instanceProfile:InstanceProfile", name="it", role="it", tags=TAGS)
        self.role = role.state["arn"]
        key = self.add(
            "aws:kms/key:Key",
            description="a key",
            enableKeyRotation=True,
            rotationPeriodInDays=180,
            deletionWindowInDays=7,
            policy=document("kms:*", Principal={"AWS": ADMINS}),
            tags=TAGS,
        )
        self.key = key.state["arn"]
        self.add("aws:kms/alias:Alias", name="alias/it", targetKeyId=key.id)
        self.add(
            "aws:kms/keyPolicy:KeyPolicy", keyId=key.id, policy=document("kms:*", Principal={"AWS": ADMINS})
        )

    def _storage(self) -> None:
        bucket = self.add("aws:s3/bucket:Bucket", bucket="bucket-of-it", forceDestroy=True, tags=TAGS).id
        other, _ = self.aws.make("aws:s3/bucket:Bucket", bucket="logs-of-it")
        self.add(
            "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
            bucket=bucket,
            rules=[
                {
                    "id": "old",
                    "status": "Enabled",
                    "filter": {"prefix": "a/"},
                    "noncurrentVersionExpiration": {"noncurrentDays": 30},
                    "transitions": [
                        {"days": 30, "storageClass": "STANDARD_IA"},
                        {"days": 90, "storageClass": "GLACIER"},
                    ],
                },
                {
                    "id": "parts",
                    "status": "Enabled",
                    "abortIncompleteMultipartUpload": {"daysAfterInitiation": 7},
                },
            ],
        )
        self.add("aws:s3/bucketLogging:BucketLogging", bucket=bucket, targetBucket=other, targetPrefix="log/")
        self.add(
            "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
            bucket=bucket,
            rule={"objectOwnership": "BucketOwnerEnforced"},
        )
        encryption = {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": self.key}
        self.add(
            "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
            bucket=bucket,
            rules=[{"applyServerSideEncryptionByDefault": encryption, "bucketKeyEnabled": True}],
        )
        self.add(
            "aws:s3/bucketVersioning:BucketVersioning",
            bucket=bucket,
            versioningConfiguration={"status": "Enabled"},
        )
        self.add(
            "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
            bucket=bucket,
            blockPublicAcls=True,
            blockPublicPolicy=True,
            ignorePublicAcls=True,
            restrictPublicBuckets=True,
        )
        self.add(
            "aws:s3/bucketPolicy:BucketPolicy",
            bucket=bucket,
            policy=document(
                "s3:GetObject", "s3:PutObject", resource=f"arn:aws:s3:::{bucket}/*", Principal={"AWS": ADMINS}
            ),
        )
        for name in ("BucketObject", "BucketObjectv2"):
            token = f"aws:s3/{name[0].lower()}{name[1:]}:{name}"
            self.add(token, "{bucket}/{key}", bucket=bucket, key=f"a/{name}", content="x", tags=TAGS)
        repository = self.add(
            "aws:ecr/repository:Repository",
            name="images-of-it",
            imageTagMutability="IMMUTABLE",
            imageScanningConfiguration={"scanOnPush": True},
            encryptionConfigurations=[{"encryptionType": "KMS", "kmsKey": self.key}],
            forceDelete=True,
            tags=TAGS,
        ).id
        rules = [
            {
                "rulePriority": number,
                "selection": {
                    "tagStatus": "tagged",
                    "tagPrefixList": ["b", "a"],
                    "countType": "imageCountMoreThan",
                    "countNumber": number,
                },
                "action": {"type": "expire"},
            }
            for number in (1, 2)
        ]
        self.add(
            "aws:ecr/lifecyclePolicy:LifecyclePolicy",
            repository=repository,
            policy=json.dumps({"rules": rules}),
        )
        self.add(
            "aws:ecr/repositoryPolicy:RepositoryPolicy",
            repository=repository,
            policy=json.dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Principal": {"AWS": ADMINS},
                            "Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
                        }
                    ],
                }
            ),
        )
        self.add(
            "aws:ecr/pullThroughCacheRule:PullThroughCacheRule",
            ecrRepositoryPrefix="ecr-public",
            upstreamRegistryUrl="public.ecr.aws",
        )

    def _cluster(self) -> None:
        _, subnets = self.aws.network()
        role = self.aws.role("cluster", "eks.amazonaws.com", "AmazonEKSClusterPolicy")
        cluster = self.add(
            CLUSTER,
            name="plane",
            version="1.35",
            roleArn=role,
            vpcConfig={
                "subnetIds": subnets,
                "endpointPrivateAccess": True,
                "publicAccessCidrs": ["1.2.3.0/24"],
            },
            accessConfig={"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": False},
            enabledClusterLogTypes=["api", "audit"],
            bootstrapSelfManagedAddons=False,
            upgradePolicy={"supportType": "STANDARD"},
            tags=TAGS,
        ).id
        for type_, service in (("nodes", "ec2"), ("pods", "pods.eks")):
            policies = (
                ("AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryPullOnly")
                if type_ == "nodes"
                else ()
            )
            self.aws.role(type_, f"{service}.amazonaws.com", *policies)
        principal = "arn:aws:iam::111122223333:role/Admin"
        self.add(
            "aws:eks/accessEntry:AccessEntry",
            "{clusterName}:{principalArn}",
            clusterName=cluster,
            principalArn=principal,
            kubernetesGroups=["b", "a"],
            userName="admin",
            tags=TAGS,
        )
        self.add(
            "aws:eks/accessPolicyAssociation:AccessPolicyAssociation",
            "{clusterName}#{principalArn}#{policyArn}",
            clusterName=cluster,
            principalArn=principal,
            policyArn="arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy",
            accessScope={"type": "namespace", "namespaces": ["b", "a"]},
        )
        self.add(
            "aws:eks/addon:Addon",
            "{clusterName}:{addonName}",
            clusterName=cluster,
            addonName="coredns",
            configurationValues='{"replicaCount": 2}',
            resolveConflictsOnCreate="OVERWRITE",
            resolveConflictsOnUpdate="PRESERVE",
            preserve=True,
            tags=TAGS,
        )
        self.add(
            "aws:eks/podIdentityAssociation:PodIdentityAssociation",
            "{clusterName},{associationId}",
            clusterName=cluster,
            namespace="models",
            serviceAccount="reader",
            roleArn="arn:aws:iam::111122223333:role/pods",
            tags=TAGS,
        )
        template = self.add(
            LAUNCH_TEMPLATE, name="it", **gpu_template(tags=TAGS, updateDefaultVersion=True)
        ).id
        group = self.add(
            NODE_GROUP,
            "{clusterName}:{nodeGroupName}",
            clusterName=cluster,
            nodeGroupName="it",
            nodeRoleArn="arn:aws:iam::111122223333:role/nodes",
            subnetIds=subnets[1:],
            instanceTypes=["p5e.48xlarge"],
            amiType="AL2023_x86_64_NVIDIA",
            launchTemplate={"id": template, "version": "1"},
            scalingConfig=sizes(0),
            labels={"role": "gpu"},
            taints=[
                {"key": "a", "value": "1", "effect": "NO_SCHEDULE"},
                {"key": "b", "value": "2", "effect": "NO_EXECUTE"},
            ],
            updateConfig={"maxUnavailable": 1, "updateStrategy": "MINIMAL"},
            tags=TAGS,
        )
        self.add(
            "aws:autoscaling/schedule:Schedule",
            "{autoscalingGroupName}/{scheduledActionName}",
            autoscalingGroupName=group.state["resources"][0]["autoscalingGroups"][0]["name"],
            scheduledActionName="evening",
            minSize=0,
            maxSize=0,
            desiredCapacity=0,
            recurrence="0 20 * * *",
        )

    def _rest(self) -> None:
        logs = self.add(
            "aws:cloudwatch/logGroup:LogGroup", name="it", retentionInDays=30, skipDestroy=False, tags=TAGS
        )
        self.aws.role("flow", "vpc-flow-logs.amazonaws.com")
        self.add(
            "aws:ec2/flowLog:FlowLog",
            vpcId=self.vpc,
            trafficType="ALL",
            logDestination=logs.state["arn"],
            iamRoleArn="arn:aws:iam::111122223333:role/flow",
            maxAggregationInterval=60,
            tags=TAGS,
        )
        certificate = self.add(
            "aws:acm/certificate:Certificate",
            domainName="it.example.com",
            subjectAlternativeNames=["b.example.com", "it.example.com"],
            validationMethod="DNS",
            tags=TAGS,
        )
        zone = self.add("aws:route53/zone:Zone", name="example.com", forceDestroy=True, tags=TAGS).id
        for option in certificate.state["domainValidationOptions"]:
            self.add(
                "aws:route53/record:Record",
                "{zoneId}_{name}_{type}",
                zoneId=zone,
                name=option["resourceRecordName"].rstrip("."),
                type="CNAME",
                ttl=60,
                records=[option["resourceRecordValue"]],
                allowOverwrite=True,
            )
        validation = "aws:acm/certificateValidation:CertificateValidation"
        self.add(
            validation,
            certificateArn=certificate.id,
            validationRecordFqdns=["b.example.com", "a.example.com"],
        )
        reservation = self.add(
            "aws:ec2/capacityReservation:CapacityReservation",
            instanceType="g6e.xlarge",
            instancePlatform="Linux/UNIX",
            availabilityZone="us-east-2a",
            instanceCount=1,
            instanceMatchCriteria="targeted",
            tags=TAGS,
        )
        pool = self.add(
            "aws:resourcegroups/group:Group",
            name="pool",
            configurations=[
                {"type": "AWS::EC2::CapacityReservationPool"},
                {
                    "type": "AWS::ResourceGroups::Generic",
                    "parameters": [
                        {"name": "allowed-resource-types", "values": ["AWS::EC2::CapacityReservation"]}
                    ],
                },
            ],
            tags=TAGS,
        )
        member = "aws:resourcegroups/resource:Resource"
        arns = {"groupArn": pool.state["arn"], "resourceArn": reservation.state["arn"]}
        self.add(member, "{groupArn},{resourceArn}", **arns)
        self.add("aws:ec2/tag:Tag", resourceId=self.vpc, key="karpenter.sh/discovery", value="plane")
        queue = self.add(
            "aws:sqs/queue:Queue",
            name="it",
            messageRetentionSeconds=300,
            sqsManagedSseEnabled=True,
            tags=TAGS,
        )
        self.add(
            "aws:sqs/queuePolicy:QueuePolicy", queueUrl=queue.id, policy=document("sqs:Send*", Principal="*")
        )
        pattern = json.dumps(
            {"source": ["aws.ec2"], "detail-type": ["EC2 Spot Instance Interruption Warning"]}
        )
        rule = self.add("aws:cloudwatch/eventRule:EventRule", name="it", eventPattern=pattern, tags=TAGS).id
        self.add(
            "aws:cloudwatch/eventTarget:EventTarget", rule=rule, arn=queue.state["arn"], targetId="queue"
        )
