"""The simulated AWS refuses what AWS refuses, in its words, and lets the neighbour pass."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from localcloud.aws.account import write_default
from localcloud.providers.protocol import PartialFailureError, ProviderError
from tests.unit.localcloud.aws.simulated import CLUSTER, LAUNCH_TEMPLATE, ROLE, SUBNET, VPC, Simulated, trust

GROUP = "aws:ec2/securityGroup:SecurityGroup"
OLD_RULE = "aws:ec2/securityGroupRule:SecurityGroupRule"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
NAT = "aws:ec2/natGateway:NatGateway"
GATEWAY = "aws:ec2/internetGateway:InternetGateway"
TABLE = "aws:ec2/routeTable:RouteTable"
ROUTE = "aws:ec2/route:Route"
EIP = "aws:ec2/eip:Eip"
POLICY = "aws:iam/policy:Policy"
ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
BUCKET = "aws:s3/bucket:Bucket"
ADDON = "aws:eks/addon:Addon"
ENTRY = "aws:eks/accessEntry:AccessEntry"
RECORD = "aws:route53/record:Record"
ZONE = "Z0123456789ABCDEFGHIJ"
ADMIN = "arn:aws:iam::111122223333:role/Admin"


@pytest.fixture
def aws(tmp_path: Path) -> Simulated:
    return Simulated(tmp_path)


def policy(**statement: Any) -> str:
    base = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [{**base, **statement}]})


# -- network ---------------------------------------------------------------------------------------------


def test_a_subnet_lies_in_its_vpc_beside_the_others(aws: Simulated) -> None:
    vpc, _ = aws.network("a", routed=False)
    say = aws.refuses("InvalidSubnet.Conflict", SUBNET, vpcId=vpc, cidrBlock="10.0.0.128/25")
    assert say == (
        "creating EC2 Subnet (x): api error InvalidSubnet.Conflict: "
        "The CIDR '10.0.0.128/25' conflicts with another subnet"
    )
    aws.refuses("InvalidSubnet.Range", SUBNET, vpcId=vpc, cidrBlock="10.1.0.0/24")
    aws.refuses("InvalidSubnet.Range", SUBNET, vpcId=vpc, cidrBlock="10.0.9.0/29")
    aws.refuses("InvalidVpcID.NotFound", SUBNET, vpcId="vpc-0", cidrBlock="10.0.1.0/24")
    zone = {"availabilityZone": "us-east-2z"}
    assert "us-east-2a, us-east-2b" in aws.refuses(
        "InvalidParameterValue", SUBNET, vpcId=vpc, cidrBlock="10.0.1.0/24", **zone
    )
    aws.make(
        "aws:ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation", vpcId=vpc, cidrBlock="10.1.0.0/16"
    )
    aws.make(SUBNET, vpcId=vpc, cidrBlock="10.1.0.0/24")
    aws.make(SUBNET, vpcId=vpc, cidrBlock="10.0.1.0/24")


def test_a_vpc_has_a_size_and_the_account_a_number_of_them(aws: Simulated) -> None:
    aws.refuses("InvalidVpc.Range", VPC, cidrBlock="10.0.0.0/8")
    assert set(aws.faults(VPC, cidrBlock="10.0.0.1/16")) == {"cidrBlock"}
    assert set(aws.faults(VPC)) == {"cidrBlock"}
    for index in range(5):
        aws.make(VPC, cidrBlock=f"10.{index}.0.0/16")
    aws.refuses("VpcLimitExceeded", VPC, cidrBlock="10.9.0.0/16")


def test_a_network_is_taken_down_from_the_leaves(aws: Simulated) -> None:
    vpc, (subnet,) = aws.network("a")
    store = aws.provider
    nat = next(r.id for r in store._store.all(NAT))  # pyright: ignore[reportPrivateUsage] -- ids made by the helper
    gateway = next(r.id for r in store._store.all(GATEWAY))  # pyright: ignore[reportPrivateUsage] -- as above
    address = next(r.id for r in store._store.all(EIP))  # pyright: ignore[reportPrivateUsage] -- as above
    table = next(r.id for r in store._store.all(TABLE))  # pyright: ignore[reportPrivateUsage] -- as above
    assert "has dependencies and cannot be deleted" in aws.keeps("DependencyViolation", VPC, vpc)
    assert "mapped public address" in aws.keeps("DependencyViolation", GATEWAY, gateway)
    aws.keeps("InvalidIPAddress.InUse", EIP, address)
    aws.keeps("DependencyViolation", TABLE, table)
    group, _ = aws.make(GROUP, vpcId=vpc)
    endpoint, _ = aws.make(
        ENDPOINT,
        vpcId=vpc,
        serviceName="com.amazonaws.us-east-2.sts",
        vpcEndpointType="Interface",
        subnetIds=[subnet],
        securityGroupIds=[group],
    )
    aws.keeps("DependencyViolation", SUBNET, subnet)
    aws.keeps("DependencyViolation", GROUP, group)
    aws.delete(ENDPOINT, endpoint)
    aws.delete(GROUP, group)
    aws.delete(SUBNET, subnet)
    aws.delete(NAT, nat)
    aws.delete(EIP, address)
    aws.delete(GATEWAY, gateway)


def test_a_nat_gateway_needs_a_free_address_and_a_way_to_the_internet(aws: Simulated) -> None:
    vpc, (subnet,) = aws.network("a", routed=False)
    address, _ = aws.make(EIP)
    aws.refuses("Gateway.NotAttached", NAT, subnetId=subnet, allocationId=address)
    aws.make(NAT, subnetId=subnet, connectivityType="private")
    aws.make(GATEWAY, vpcId=vpc)
    aws.refuses("InvalidSubnetID.NotFound", NAT, subnetId="subnet-0", allocationId=address)
    aws.refuses("InvalidAllocationID.NotFound", NAT, subnetId=subnet, allocationId="eipalloc-0")
    aws.make(NAT, subnetId=subnet, allocationId=address)
    aws.refuses("Resource.AlreadyAssociated", NAT, subnetId=subnet, allocationId=address)
    assert set(aws.faults(NAT, subnetId=subnet)) == {"allocationId"}


def test_gateways_addresses_routes_and_associations_are_single(aws: Simulated) -> None:
    vpc, (subnet,) = aws.network("a", routed=False)
    other, _ = aws.make(VPC, cidrBlock="10.9.0.0/16")
    gateway, _ = aws.make(GATEWAY, vpcId=vpc)
    aws.refuses("InvalidParameterValue", GATEWAY, vpcId=vpc)
    foreign, _ = aws.make(GATEWAY, vpcId=other)
    table, _ = aws.make(TABLE, vpcId=vpc)
    route = {"routeTableId": table, "destinationCidrBlock": "0.0.0.0/0"}
    aws.refuses("InvalidGatewayID.NotFound", ROUTE, **route, gatewayId="igw-0")
    assert "different networks" in aws.refuses("InvalidParameterValue", ROUTE, **route, gatewayId=foreign)
    aws.make(ROUTE, **route, gatewayId=gateway)
    aws.refuses("RouteAlreadyExists", ROUTE, **route, gatewayId=gateway)
    assert set(aws.faults(ROUTE, routeTableId=table)) == {"destinationCidrBlock", "gatewayId"}
    association = "aws:ec2/routeTableAssociation:RouteTableAssociation"
    aws.make(association, routeTableId=table, subnetId=subnet)
    aws.refuses("Resource.AlreadyAssociated", association, routeTableId=table, subnetId=subnet)
    for _ in range(5):
        aws.make(EIP)
    aws.refuses("AddressLimitExceeded", EIP)


def test_security_groups_and_their_rules(aws: Simulated) -> None:
    vpc, _ = aws.network("a", routed=False)
    one, _ = aws.make(GROUP, vpcId=vpc, name="one")
    two, _ = aws.make(GROUP, vpcId=vpc, name="two")
    aws.refuses("InvalidGroup.Duplicate", GROUP, vpcId=vpc, name="one")
    aws.refuses(
        "InvalidGroup.NotFound", INGRESS, securityGroupId="sg-0", ipProtocol="-1", cidrIpv4="0.0.0.0/0"
    )
    https = {"ipProtocol": "tcp", "fromPort": 443, "toPort": 443}
    aws.make(INGRESS, securityGroupId=one, referencedSecurityGroupId=two, **https)
    say = aws.refuses(
        "InvalidPermission.Duplicate", INGRESS, securityGroupId=one, referencedSecurityGroupId=two, **https
    )
    assert f'peer: {two}, TCP, from port: 443, to port: 443, ALLOW" already exists' in say
    old = {"type": "ingress", "protocol": "tcp", "fromPort": 443, "toPort": 443, "securityGroupId": one}
    aws.refuses("InvalidPermission.Duplicate", OLD_RULE, **old, sourceSecurityGroupId=two)
    aws.make(OLD_RULE, **{**old, "type": "egress"}, sourceSecurityGroupId=two)
    aws.keeps("DependencyViolation", GROUP, two)
    aws.delete(GROUP, one)
    assert set(aws.faults(OLD_RULE, **old)) == {"cidrBlocks"}
    assert set(aws.faults(INGRESS, securityGroupId=one, **https)) == {"cidrIpv4"}
    assert set(aws.faults(GROUP, vpcId=vpc, name="sg-x")) == {"name"}


def test_the_number_of_rules_is_a_quota(tmp_path: Path) -> None:
    aws = with_account(tmp_path, ("rulesPerSecurityGroup: 60", "rulesPerSecurityGroup: 2"))
    vpc, _ = aws.network("a", routed=False)
    group, _ = aws.make(GROUP, vpcId=vpc)
    aws.make(OLD_RULE, type="ingress", protocol="-1", fromPort=0, toPort=0, securityGroupId=group, cidrBlocks=["10.0.0.0/8", "10.1.0.0/16"])  # fmt: skip  # noqa: E501 -- one call
    aws.refuses("RulesPerSecurityGroupLimitExceeded", INGRESS, securityGroupId=group, ipProtocol="-1", cidrIpv4="1.1.1.1/32")  # fmt: skip  # noqa: E501 -- one call


def with_account(folder: Path, change: tuple[str, str]) -> Simulated:
    path = folder / "default.yaml"
    write_default(path)
    text = path.read_text()
    assert change[0] in text
    return Simulated(folder / "cloud", text.replace(*change))


def test_endpoints_are_of_services_that_exist_one_subnet_per_zone(aws: Simulated) -> None:
    vpc, subnets = aws.network("a", routed=False)
    second, _ = aws.make(SUBNET, vpcId=vpc, cidrBlock="10.0.50.0/24", availabilityZone="us-east-2a")
    given = {"vpcId": vpc, "vpcEndpointType": "Interface", "serviceName": "com.amazonaws.us-east-2.sts"}
    aws.refuses("InvalidServiceName", ENDPOINT, **{**given, "serviceName": "com.amazonaws.us-east-2.nothing"})
    aws.refuses("InvalidServiceName", ENDPOINT, **{**given, "serviceName": "com.amazonaws.us-west-2.sts"})
    aws.refuses("DuplicateSubnetsInSameZone", ENDPOINT, **given, subnetIds=[*subnets, second])
    private = {**given, "subnetIds": subnets, "privateDnsEnabled": True}
    assert "enableDnsHostnames" in aws.refuses("InvalidParameter", ENDPOINT, **private)
    aws.change(VPC, vpc, cidrBlock="10.0.0.0/16", enableDnsHostnames=True)
    aws.make(ENDPOINT, **private)
    assert "conflicting DNS domain" in aws.refuses("InvalidParameter", ENDPOINT, **private)
    gateway = {"vpcId": vpc, "serviceName": "com.amazonaws.us-east-2.s3"}
    assert aws.make(ENDPOINT, **gateway)[1]["prefixListId"].startswith("pl-")
    assert set(aws.faults(ENDPOINT, **gateway, subnetIds=subnets)) == {"subnetIds"}


# -- IAM, KMS, S3, ECR, logs, DNS ------------------------------------------------------------------------


def test_roles_and_policies_are_valid_unique_and_kept_by_what_is_attached(aws: Simulated) -> None:
    role, _ = aws.make(ROLE, name="reader", assumeRolePolicy=trust("ec2.amazonaws.com"))
    aws.refuses("EntityAlreadyExists", ROLE, name="reader", assumeRolePolicy=trust("ec2.amazonaws.com"))
    aws.refuses("MalformedPolicyDocument", ROLE, name="bad", assumeRolePolicy=policy())
    aws.refuses("LimitExceeded", ROLE, name="big", assumeRolePolicy=trust("x" * 2100))
    arn, _ = aws.make(POLICY, name="read", policy=policy())
    aws.refuses("EntityAlreadyExists", POLICY, name="read", policy=policy())
    big = policy(Resource=[f"arn:aws:s3:::bucket-{index:04}/*" for index in range(230)])
    assert "PolicySize: 6144" in aws.refuses("LimitExceeded", POLICY, name="big", policy=big)
    aws.refuses("NoSuchEntity", ATTACHMENT, role="nobody", policyArn=arn)
    aws.refuses(
        "NoSuchEntity", ATTACHMENT, role=role, policyArn="arn:aws:iam::aws:policy/AmazonEKSTypoPolicy"
    )
    aws.refuses("NoSuchEntity", ATTACHMENT, role=role, policyArn=f"{arn}-2")
    attachment, _ = aws.make(ATTACHMENT, role=role, policyArn=arn)
    aws.keeps("DeleteConflict", ROLE, role)
    aws.keeps("DeleteConflict", POLICY, arn)
    aws.delete(ATTACHMENT, attachment)
    inline = "aws:iam/rolePolicy:RolePolicy"
    made, _ = aws.make(inline, role=role, policy=policy())
    aws.keeps("DeleteConflict", ROLE, role)
    aws.delete(inline, made)
    aws.delete(ROLE, role)
    aws.delete(POLICY, arn)


def test_a_role_carries_ten_policies(aws: Simulated) -> None:
    role, _ = aws.make(ROLE, name="r", assumeRolePolicy=trust("ec2.amazonaws.com"))
    for index in range(10):
        arn, _ = aws.make(POLICY, name=f"p{index}", policy=policy())
        aws.make(ATTACHMENT, role=role, policyArn=arn)
    extra = "arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy"
    aws.refuses("LimitExceeded", ATTACHMENT, role=role, policyArn=extra)


def test_trust_in_a_missing_principal_is_refused(aws: Simulated) -> None:
    def federated(arn: str) -> str:
        statement = {
            "Effect": "Allow",
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Principal": {"Federated": arn},
        }
        return json.dumps({"Version": "2012-10-17", "Statement": [statement]})

    issuer = "oidc.eks.us-east-2.amazonaws.com/id/AB"
    arn = f"arn:aws:iam::111122223333:oidc-provider/{issuer}"
    aws.refuses("MalformedPolicyDocument", ROLE, name="irsa", assumeRolePolicy=federated(arn))
    provider = "aws:iam/openIdConnectProvider:OpenIdConnectProvider"
    made, state = aws.make(provider, url=f"https://{issuer}", clientIdLists=["sts.amazonaws.com"])
    assert (made, state["url"]) == (arn, issuer)
    aws.refuses("EntityAlreadyExists", provider, url=f"https://{issuer}", clientIdLists=["sts.amazonaws.com"])
    aws.make(ROLE, name="irsa", assumeRolePolicy=federated(arn))
    missing = {"AWS": "arn:aws:iam::111122223333:role/Nobody"}
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": missing}
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    aws.refuses("MalformedPolicyDocument", ROLE, name="x", assumeRolePolicy=text)
    aws.make(ROLE, name="x", assumeRolePolicy=text.replace("Nobody", "Admin"))


def test_a_key_policy_leaves_the_account_in_charge(aws: Simulated) -> None:
    key = "aws:kms/key:Key"
    root = {"AWS": "arn:aws:iam::111122223333:root"}
    aws.make(key, policy=policy(Action="kms:*", Principal=root))
    locked = policy(Action="kms:Decrypt", Principal=root)
    assert "will not allow you to update" in aws.refuses(
        "MalformedPolicyDocumentException", key, policy=locked
    )
    assert set(aws.faults(key, deletionWindowInDays=3)) == {"deletionWindowInDays"}
    alias = "aws:kms/alias:Alias"
    aws.refuses("NotFoundException", alias, name="alias/a", targetKeyId="missing")
    made, _ = aws.make(key)
    aws.make(alias, name="alias/a", targetKeyId=made)
    aws.refuses("AlreadyExistsException", alias, name="alias/a", targetKeyId=made)
    assert set(aws.faults(alias, name="alias/aws/mine", targetKeyId=made)) == {"name"}


def test_buckets_have_names_policies_and_contents(aws: Simulated) -> None:
    assert set(aws.faults(BUCKET, bucket="x" * 64)) == {"bucket"}
    aws.refuses("InvalidBucketName", BUCKET, bucket="Not_Valid")
    aws.refuses("InvalidBucketName", BUCKET, bucket="a..b")
    bucket, _ = aws.make(BUCKET, bucket="checkpoints")
    aws.refuses("BucketAlreadyOwnedByYou", BUCKET, bucket="checkpoints")
    aws.refuses("NoSuchBucket", "aws:s3/bucketVersioning:BucketVersioning", bucket="none", versioningConfiguration={"status": "Enabled"})  # fmt: skip  # noqa: E501 -- one call
    block = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
    aws.make(block, bucket=bucket, blockPublicPolicy=True)
    of_bucket = "aws:s3/bucketPolicy:BucketPolicy"
    arn = "arn:aws:s3:::checkpoints/*"
    public = policy(Principal={"AWS": "*"}, Resource=arn)
    assert "BlockPublicPolicy" in aws.refuses("AccessDenied", of_bucket, bucket=bucket, policy=public)
    aws.refuses("MalformedPolicy", of_bucket, bucket=bucket, policy=policy(Principal="*", Resource="arn:aws:s3:::other/*"))  # fmt: skip  # noqa: E501 -- one call
    condition = {"Bool": {"aws:SecureTransport": "false"}}
    aws.make(of_bucket, bucket=bucket, policy=policy(Effect="Deny", Principal="*", Resource=arn, Condition=condition))  # fmt: skip  # noqa: E501 -- one call
    aws.make("aws:s3/bucketObjectv2:BucketObjectv2", bucket=bucket, key="a", content="x")
    assert "is not empty" in aws.keeps("BucketNotEmpty", BUCKET, bucket)
    aws.change(BUCKET, bucket, bucket="checkpoints", forceDestroy=True)
    aws.delete(BUCKET, bucket)


def test_repositories_and_their_lifecycle(aws: Simulated) -> None:
    repository = "aws:ecr/repository:Repository"
    assert set(aws.faults(repository, name="Atlas")) == {"name"}
    assert set(aws.faults(repository, name="atlas", imageTagMutability="SOMETIMES")) == {"imageTagMutability"}
    name, state = aws.make(repository, name="atlas")
    assert state["repositoryUrl"] == "111122223333.dkr.ecr.us-east-2.amazonaws.com/atlas"
    aws.refuses("RepositoryAlreadyExistsException", repository, name="atlas")
    lifecycle = "aws:ecr/lifecyclePolicy:LifecyclePolicy"
    one = {"rulePriority": 1, "selection": {}, "action": {"type": "expire"}}
    aws.refuses(
        "RepositoryNotFoundException", lifecycle, repository="none", policy=json.dumps({"rules": [one]})
    )
    aws.refuses(
        "InvalidParameterException", lifecycle, repository=name, policy=json.dumps({"rules": [one, one]})
    )
    aws.make(lifecycle, repository=name, policy=json.dumps({"rules": [one]}))


def test_log_groups_have_known_retentions_and_keys(aws: Simulated) -> None:
    group = "aws:cloudwatch/logGroup:LogGroup"
    assert set(aws.faults(group, name="/a", retentionInDays=100)) == {"retentionInDays"}
    aws.refuses("AccessDeniedException", group, name="/a", kmsKeyId="arn:aws:kms:us-east-2:1:key/x")
    aws.make(group, name="/a", retentionInDays=90)
    aws.refuses("ResourceAlreadyExistsException", group, name="/a")


def test_records_are_single_in_a_zone_that_exists(aws: Simulated) -> None:
    record = {"name": "laguna-m", "type": "CNAME", "ttl": 60, "records": ["lb.example.net"], "zoneId": ZONE}
    id_, state = aws.make(RECORD, **record)
    assert state["fqdn"] == "laguna-m.example.com"
    assert id_ == f"{ZONE}_laguna-m.example.com_CNAME"
    assert "already exists" in aws.refuses("InvalidChangeBatch", RECORD, **record)
    aws.refuses("InvalidChangeBatch", RECORD, **{**record, "type": "A", "records": ["1.1.1.1"]})
    aws.refuses("NoSuchHostedZone", RECORD, **{**record, "zoneId": "Z0000000000"})
    aws.make(RECORD, **{**record, "name": "point"})
    assert set(aws.faults(RECORD, name="x", type="A", zoneId=ZONE)) == {"records", "ttl"}


def test_a_certificate_without_records_is_not_issued(aws: Simulated, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("localcloud.aws.rules.acm._VALIDATION_SECONDS", 0.0)
    monkeypatch.setattr(time, "sleep", lambda _: None)
    certificate, _ = aws.make(
        "aws:acm/certificate:Certificate", domainName="a.example.com", validationMethod="DNS"
    )
    validation = "aws:acm/certificateValidation:CertificateValidation"
    with pytest.raises(
        PartialFailureError, match=r"these DNS records do not exist: _[0-9a-f]{32}\.a\.example\.com"
    ):
        aws.make(validation, certificateArn=certificate)
    aws.refuses("ResourceNotFoundException", validation, certificateArn="arn:none")


# -- EKS -------------------------------------------------------------------------------------------------


def test_a_cluster_is_refused_for_its_version_role_subnets_and_key(aws: Simulated) -> None:
    _, subnets = aws.network("ab")
    role = aws.role("c", "eks.amazonaws.com")
    given: dict[str, Any] = {
        "name": "plane",
        "roleArn": role,
        "vpcConfig": {"subnetIds": subnets},
        "version": "1.35",
    }
    assert "1.29" in aws.refuses("InvalidParameterException", CLUSTER, **{**given, "version": "1.29"})
    wrong = aws.role("wrong", "ec2.amazonaws.com")
    assert "could not be assumed" in aws.refuses(
        "InvalidParameterException", CLUSTER, **{**given, "roleArn": wrong}
    )
    one = {**given, "vpcConfig": {"subnetIds": subnets[:1]}}
    assert "at least two different AZs" in aws.refuses("InvalidParameterException", CLUSTER, **one)
    missing = {**given, "vpcConfig": {"subnetIds": [*subnets, "subnet-0"]}}
    assert "does not exist" in aws.refuses("InvalidParameterException", CLUSTER, **missing)
    shut = {**given, "vpcConfig": {"subnetIds": subnets, "endpointPublicAccess": False}}
    assert "cannot be false" in aws.refuses("InvalidParameterException", CLUSTER, **shut)
    encrypted = {"provider": {"keyArn": "arn:aws:kms:us-east-2:1:key/x"}, "resources": ["secrets"]}
    assert "keyArn" in aws.refuses("InvalidParameterException", CLUSTER, **given, encryptionConfig=encrypted)
    half = {"computeConfig": {"enabled": True}, "bootstrapSelfManagedAddons": False}
    assert "either fully enabled" in aws.refuses("InvalidParameterException", CLUSTER, **given, **half)
    overlap = {"kubernetesNetworkConfig": {"serviceIpv4Cidr": "10.0.0.0/20"}}
    assert "conflicts" in aws.refuses("InvalidParameterException", CLUSTER, **given, **overlap)
    assert set(aws.faults(CLUSTER, **{**given, "name": "-x"})) == {"name"}
    aws.make(CLUSTER, **given)
    aws.refuses("ResourceInUseException", CLUSTER, **given)
    with pytest.raises(ProviderError, match="runs one Kubernetes control plane"):
        aws.make(CLUSTER, **{**given, "name": "second"})


def test_without_a_control_plane_no_cluster_is_made(aws: Simulated) -> None:
    _, subnets = aws.network("ab")
    aws.cluster.problem = "down"
    with pytest.raises(ProviderError, match="the control plane does not answer"):
        aws.eks(subnets)
    assert aws.provider.read(CLUSTER, "plane", {}, {}) is None


def test_a_cluster_goes_up_one_version_at_a_time_and_down_by_replacement(aws: Simulated) -> None:
    _, subnets = aws.network("ab")
    name = aws.eks(subnets, version="1.33")
    found = aws.provider.read(CLUSTER, name, {}, {})
    assert found is not None
    given = {key: value for key, value in found[1].items() if key not in ("tagsAll", "__defaults")}
    with pytest.raises(ProviderError, match=r"minor version update from 1\.33 to 1\.35"):
        aws.change(CLUSTER, name, **{**given, "version": "1.35"})
    assert aws.change(CLUSTER, name, **{**given, "version": "1.34"})["version"] == "1.34"
    assert aws.replaced(CLUSTER, name, **{**given, "version": "1.33"}) == ["version"]
    assert aws.replaced(CLUSTER, name, **{**given, "version": "1.35"}) == []


def test_removing_encryption_replaces_and_adding_it_does_not(aws: Simulated) -> None:
    _, subnets = aws.network("ab")
    name = aws.eks(subnets)
    found = aws.provider.read(CLUSTER, name, {}, {})
    assert found is not None
    plain = {key: value for key, value in found[1].items() if key not in ("tagsAll", "__defaults")}
    _, key = aws.make("aws:kms/key:Key")
    encrypted = {**plain, "encryptionConfig": {"provider": {"keyArn": key["arn"]}, "resources": ["secrets"]}}
    assert aws.replaced(CLUSTER, name, **encrypted) == []
    aws.change(CLUSTER, name, **encrypted)
    assert aws.replaced(CLUSTER, name, **plain)


def test_a_protected_cluster_is_kept(aws: Simulated) -> None:
    _, subnets = aws.network("ab")
    name = aws.eks(subnets, deletionProtection=True)
    assert "deletion protection" in aws.keeps("InvalidRequestException", CLUSTER, name)


def test_a_cluster_does_not_leave_its_nodes_more_than_three_versions_behind(aws: Simulated) -> None:
    _, subnets = aws.network("ab")
    name = aws.eks(subnets, version="1.31")
    nodes = {
        "clusterName": name,
        "nodeRoleArn": aws.node_role(),
        "subnetIds": subnets,
        "nodeGroupName": "old",
    }
    sizes = {"desiredSize": 0, "minSize": 0, "maxSize": 1}
    aws.make("aws:eks/nodeGroup:NodeGroup", **nodes, instanceTypes=["m7i.large"], scalingConfig=sizes)
    found = aws.provider.read(CLUSTER, name, {}, {})
    assert found is not None
    given = {key: value for key, value in found[1].items() if key not in ("tagsAll", "__defaults")}
    for version in ("1.32", "1.33", "1.34"):
        aws.change(CLUSTER, name, **{**given, "version": version})
    with pytest.raises(ProviderError, match="Nodegroup old must be updated before the cluster is"):
        aws.change(CLUSTER, name, **{**given, "version": "1.35"})


def test_a_cluster_with_fargate_profiles_is_kept(aws: Simulated) -> None:
    _, subnets = aws.network("ab")
    name = aws.eks(subnets)
    role = "arn:aws:iam::111122223333:role/Admin"
    given = {"clusterName": name, "podExecutionRoleArn": role, "selectors": [{"namespace": "a"}]}
    profile, _ = aws.make("aws:eks/fargateProfile:FargateProfile", **given)
    assert "fargate profiles attached" in aws.keeps("ResourceInUseException", CLUSTER, name)
    aws.delete("aws:eks/fargateProfile:FargateProfile", profile)
    aws.delete(CLUSTER, name)


def test_addons_are_known_single_and_for_the_clusters_version(aws: Simulated) -> None:
    _, subnets = aws.network("ab")
    name = aws.eks(subnets)
    aws.refuses("ResourceNotFoundException", ADDON, clusterName="none", addonName="coredns")
    assert "nothing" in aws.refuses("InvalidParameterException", ADDON, clusterName=name, addonName="nothing")
    old = {"clusterName": name, "addonName": "kube-proxy", "addonVersion": "v1.34.0-eksbuild.1"}
    assert "is not for Kubernetes 1.35" in aws.refuses("InvalidParameterException", ADDON, **old)
    values = {"clusterName": name, "addonName": "coredns", "configurationValues": "{"}
    assert "ConfigurationValue" in aws.refuses("InvalidParameterException", ADDON, **values)
    assert set(aws.faults(ADDON, clusterName=name, addonName="coredns", addonVersion="1.12")) == {
        "addonVersion"
    }
    aws.make(ADDON, clusterName=name, addonName="kube-proxy", addonVersion="v1.35.3-eksbuild.5")
    aws.refuses("ResourceInUseException", ADDON, clusterName=name, addonName="kube-proxy")


def test_access_is_for_principals_that_exist(aws: Simulated) -> None:
    _, subnets = aws.network("ab")
    name = aws.eks(subnets)
    association = "aws:eks/accessPolicyAssociation:AccessPolicyAssociation"
    arn = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"
    given = {"clusterName": name, "principalArn": ADMIN, "policyArn": arn, "accessScope": {"type": "cluster"}}
    aws.refuses("ResourceNotFoundException", association, **given)
    nobody = "arn:aws:iam::111122223333:role/Nobody"
    assert "invalid principal" in aws.refuses(
        "InvalidParameterException", ENTRY, clusterName=name, principalArn=nobody
    )
    session = "arn:aws:sts::111122223333:assumed-role/Admin/me"
    assert "invalid format" in aws.refuses(
        "InvalidParameterException", ENTRY, clusterName=name, principalArn=session
    )
    groups = {"clusterName": name, "principalArn": ADMIN, "kubernetesGroups": ["system:masters"]}
    assert "system:" in aws.refuses("InvalidParameterException", ENTRY, **groups)
    aws.make(ENTRY, clusterName=name, principalArn=ADMIN)
    aws.refuses("ResourceInUseException", ENTRY, clusterName=name, principalArn=ADMIN)
    creator = "arn:aws:iam::111122223333:user/local-cloud"
    aws.refuses("ResourceInUseException", ENTRY, clusterName=name, principalArn=creator)
    aws.refuses("InvalidParameterException", association, **{**given, "policyArn": f"{arn}X"})
    aws.refuses("InvalidParameterException", association, **{**given, "accessScope": {"type": "namespace"}})
    aws.make(association, **given)


def test_access_entries_need_the_api_mode(aws: Simulated) -> None:
    _, subnets = aws.network("ab")
    name = aws.eks(subnets, accessConfig={"authenticationMode": "CONFIG_MAP"})
    aws.refuses("InvalidRequestException", ENTRY, clusterName=name, principalArn=ADMIN)


def test_a_pod_identity_needs_a_role_that_trusts_it(aws: Simulated) -> None:
    _, subnets = aws.network("ab")
    name = aws.eks(subnets)
    type_ = "aws:eks/podIdentityAssociation:PodIdentityAssociation"
    given = {"clusterName": name, "namespace": "a", "serviceAccount": "b"}
    wrong = aws.role("wrong", "ec2.amazonaws.com")
    aws.refuses("InvalidParameterException", type_, **given, roleArn=wrong)
    right = aws.role("right", "pods.eks.amazonaws.com")
    aws.make(type_, **given, roleArn=right)
    aws.refuses("ResourceInUseException", type_, **given, roleArn=right)


# -- launch templates and capacity -----------------------------------------------------------------------


def test_launch_templates_that_fit_no_instance_are_refused(aws: Simulated) -> None:
    aws.make(LAUNCH_TEMPLATE, name="t")
    aws.refuses("InvalidLaunchTemplateName.AlreadyExistsException", LAUNCH_TEMPLATE, name="t")
    assert set(aws.faults(LAUNCH_TEMPLATE, userData="not base64!")) == {"userData"}
    target = {
        "capacityReservationTarget": {"capacityReservationId": "cr-1"},
        "capacityReservationPreference": "open",
    }
    assert set(aws.faults(LAUNCH_TEMPLATE, capacityReservationSpecification=target)) == {
        "capacityReservationSpecification.capacityReservationPreference"
    }
    both = {"vpcSecurityGroupIds": ["sg-1"], "networkInterfaces": [{"deviceIndex": 0}]}
    assert set(aws.faults(LAUNCH_TEMPLATE, **both)) == {"vpcSecurityGroupIds"}
    options = {"metadataOptions": {"httpTokens": "maybe"}}
    assert set(aws.faults(LAUNCH_TEMPLATE, **options)) == {"metadataOptions.httpTokens"}


def test_capacity_is_reserved_where_the_type_is_offered(aws: Simulated) -> None:
    type_ = "aws:ec2/capacityReservation:CapacityReservation"
    given = {"instancePlatform": "Linux/UNIX", "instanceType": "p5e.48xlarge", "instanceCount": 1}
    aws.refuses("Unsupported", type_, **given, availabilityZone="us-east-2a")
    aws.make(type_, **given, availabilityZone="us-east-2b")
