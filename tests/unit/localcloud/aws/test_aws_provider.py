"""The simulated AWS behaves towards the engine as the published provider does."""

import json
import re
from pathlib import Path

import pytest

from localcloud.providers.protocol import UNKNOWN, PartialFailureError, ProviderError
from tests.unit.localcloud.aws.simulated import CLUSTER, LAUNCH_TEMPLATE, ROLE, SUBNET, VPC, Simulated, trust

LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
BUCKET = "aws:s3/bucket:Bucket"


@pytest.fixture
def aws(tmp_path: Path) -> Simulated:
    return Simulated(tmp_path)


@pytest.mark.parametrize(
    ("type_", "property_", "pattern", "inputs"),
    [
        (ROLE, "name", r"Reader-[0-9a-f]{7}", {"assumeRolePolicy": trust("ec2.amazonaws.com")}),
        (BUCKET, "bucket", r"reader-[0-9a-f]{7}", {}),
        ("aws:kms/alias:Alias", "name", r"alias/Reader-[0-9a-f]{7}", {"targetKeyId": "x"}),
        ("aws:ecr/repository:Repository", "name", r"reader-[0-9a-f]{7}", {}),
        (LOG_GROUP, "name", r"Reader-[0-9a-f]{7}", {}),
        (LAUNCH_TEMPLATE, "name", r"Reader-[0-9a-f]{7}", {}),
    ],
)
def test_a_resource_without_a_name_gets_one(
    aws: Simulated, type_: str, property_: str, pattern: str, inputs: dict[str, str]
) -> None:
    checked = aws.check(type_, "Reader", **inputs)
    assert re.fullmatch(pattern, checked[property_])
    assert checked["__defaults"] == [property_]
    again = aws.check(type_, "Reader", checked, **inputs)
    assert again[property_] == checked[property_]
    assert aws.check(type_, "Reader", **inputs)[property_] != checked[property_]


def test_a_prefix_takes_the_place_of_the_auto_name(aws: Simulated) -> None:
    checked = aws.check(LAUNCH_TEMPLATE, "x", namePrefix="gpu-")
    assert "name" not in checked
    _, state = aws.make(LAUNCH_TEMPLATE, namePrefix="gpu-")
    assert re.fullmatch(r"gpu-\d{26}", state["name"])


def test_a_name_that_the_program_chose_makes_a_replacement_delete_first(aws: Simulated) -> None:
    policy = trust("ec2.amazonaws.com")
    chosen, _ = aws.make(ROLE, name="mine", assumeRolePolicy=policy)
    automatic, _ = aws.make(ROLE, "auto", assumeRolePolicy=policy)
    assert aws.diff(ROLE, chosen, name="mine", path="/x/", assumeRolePolicy=policy).delete_before_replace
    assert not aws.diff(ROLE, automatic, path="/x/", assumeRolePolicy=policy).delete_before_replace
    assert aws.replaced(ROLE, chosen, name="mine", path="/x/", assumeRolePolicy=policy) == ["path"]


def test_default_tags_are_merged_into_the_tags_and_a_change_of_them_is_an_update(aws: Simulated) -> None:
    aws.provider.configure({"region": "us-east-2", "defaultTags": '{"tags": {"team": "a", "env": "dev"}}'})
    vpc, state = aws.make(VPC, cidrBlock="10.0.0.0/16", tags={"env": "prod"})
    assert state["tags"] == state["tagsAll"] == {"team": "a", "env": "prod"}
    route_table, _ = aws.make("aws:ec2/routeTable:RouteTable", vpcId=vpc)
    gateway, _ = aws.make("aws:ec2/internetGateway:InternetGateway", vpcId=vpc)
    route = {"routeTableId": route_table, "destinationCidrBlock": "0.0.0.0/0", "gatewayId": gateway}
    untagged, _ = aws.make("aws:ec2/route:Route", **route)
    aws.provider.configure({"region": "us-east-2", "defaultTags": '{"tags": {"team": "b"}}'})
    diff = aws.diff(VPC, vpc, cidrBlock="10.0.0.0/16", tags={"env": "prod"})
    assert [(change.path, change.replace) for change in diff.changes] == [
        ("tags.team", False),
        ("tagsAll.team", False),
    ]
    assert aws.diff("aws:ec2/route:Route", untagged, **route).changes == ()


def test_a_preview_knows_inputs_and_defaults_and_nothing_else(aws: Simulated) -> None:
    checked = aws.check(SUBNET, "x", vpcId=UNKNOWN, cidrBlock="10.0.0.0/24", availabilityZone="us-east-2a")
    id_, state = aws.provider.create(SUBNET, "x", checked, preview=True, timeout=0)
    assert id_ == ""
    assert state["vpcId"] == state["arn"] == state["availabilityZoneId"] == UNKNOWN
    assert state["availabilityZone"] == "us-east-2a"
    assert state["mapPublicIpOnLaunch"] is False
    assert "tags" not in state
    assert aws.provider.read(SUBNET, "x", {}, {}) is None


def test_unknown_values_pass_every_check(aws: Simulated) -> None:
    assert not aws.faults(
        "aws:eks/nodeGroup:NodeGroup",
        clusterName=UNKNOWN,
        nodeRoleArn=UNKNOWN,
        subnetIds=UNKNOWN,
        scalingConfig={"desiredSize": 1, "maxSize": UNKNOWN, "minSize": 0},
        launchTemplate={"id": UNKNOWN, "version": UNKNOWN},
        labels={"a": UNKNOWN},
        tags=UNKNOWN,
    )
    assert not aws.faults(LAUNCH_TEMPLATE, userData=UNKNOWN, name=UNKNOWN)
    assert not aws.faults("aws:ec2/natGateway:NatGateway", subnetId=UNKNOWN, allocationId=UNKNOWN)
    assert not aws.faults(CLUSTER, roleArn=UNKNOWN, name=UNKNOWN, vpcConfig={"subnetIds": UNKNOWN})


def test_the_same_inputs_again_are_no_change_and_refresh_finds_what_was_made(aws: Simulated) -> None:
    inputs = {"cidrBlock": "10.0.0.0/16", "enableDnsHostnames": True, "tags": {"Name": "x"}}
    vpc, state = aws.make(VPC, **inputs)
    assert aws.diff(VPC, vpc, **inputs).changes == ()
    found = aws.provider.read(VPC, vpc, {}, {})
    assert found is not None
    assert found[2] == state
    assert aws.provider.read(VPC, "vpc-0123", {}, {}) is None


def test_an_import_by_id_finds_inputs_and_state(aws: Simulated) -> None:
    vpc, _ = aws.make(VPC, cidrBlock="10.0.0.0/16")
    found = aws.provider.read(VPC, vpc, {}, {})
    assert found is not None
    assert found[1]["cidrBlock"] == "10.0.0.0/16"


def test_an_update_keeps_what_aws_computed_and_drops_what_is_no_longer_given(aws: Simulated) -> None:
    vpc, state = aws.make(VPC, cidrBlock="10.0.0.0/16", tags={"a": "1"}, enableDnsHostnames=True)
    changed = aws.change(VPC, vpc, cidrBlock="10.0.0.0/16")
    assert changed["arn"] == state["arn"]
    assert changed["defaultSecurityGroupId"] == state["defaultSecurityGroupId"]
    assert "tags" not in changed
    assert changed["tagsAll"] == {}
    assert changed["enableDnsHostnames"] is False


def test_state_outlives_the_process(aws: Simulated) -> None:
    vpc, state = aws.make(VPC, cidrBlock="10.0.0.0/16")
    other = type(aws.provider)(aws.home, aws.cluster)
    found = other.read(VPC, vpc, {}, {})
    assert found is not None
    assert found[2] == state


def test_deleting_what_is_gone_is_no_error(aws: Simulated) -> None:
    vpc, _ = aws.make(VPC, cidrBlock="10.0.0.0/16")
    aws.delete(VPC, vpc)
    aws.delete(VPC, vpc)
    assert aws.provider.read(VPC, vpc, {}, {}) is None


def test_updating_what_is_gone_says_what_to_do(aws: Simulated) -> None:
    with pytest.raises(ProviderError, match=r"updating EC2 Vpc \(vpc-1\): .*pulumi refresh"):
        aws.provider.update(VPC, "vpc-1", {}, {}, {}, preview=False, timeout=0)


@pytest.mark.parametrize(
    ("type_", "inputs", "id_", "arn"),
    [
        (
            VPC,
            {"cidrBlock": "10.0.0.0/16"},
            r"vpc-0[0-9a-f]{16}",
            r"arn:aws:ec2:us-east-2:111122223333:vpc/\g<0>",
        ),
        (BUCKET, {"bucket": "my-bucket"}, r"my-bucket", r"arn:aws:s3:::my-bucket"),
        (
            ROLE,
            {"name": "r", "path": "/a/", "assumeRolePolicy": trust("x")},
            "r",
            "arn:aws:iam::111122223333:role/a/r",
        ),
        (LOG_GROUP, {"name": "/a/b"}, "/a/b", "arn:aws:logs:us-east-2:111122223333:log-group:/a/b"),
        ("aws:kms/key:Key", {}, r"[0-9a-f-]{36}", r"arn:aws:kms:us-east-2:111122223333:key/\g<0>"),
        (
            "aws:ecr/repository:Repository",
            {"name": "atlas"},
            "atlas",
            "arn:aws:ecr:us-east-2:111122223333:repository/atlas",
        ),
        ("aws:sqs/queue:Queue", {"name": "q"}, "q", "arn:aws:sqs:us-east-2:111122223333:q"),
    ],
)
def test_ids_and_arns_have_the_formats_of_aws(
    aws: Simulated, type_: str, inputs: dict[str, str], id_: str, arn: str
) -> None:
    made, state = aws.make(type_, **inputs)
    match = re.fullmatch(id_, made)
    assert match
    assert state["arn"] == match.expand(arn)


def test_a_type_without_a_rule_of_its_own_is_kept_all_the_same(aws: Simulated) -> None:
    type_ = "aws:dynamodb/table:Table"
    inputs = {"hashKey": "id", "attributes": [{"name": "id", "type": "S"}], "billingMode": "PAY_PER_REQUEST"}
    id_, state = aws.make(type_, "table", **inputs)
    assert re.fullmatch(r"table-[0-9a-f]{7}", state["name"])
    assert id_ == state["name"]
    assert state["streamArn"] == ""
    assert aws.diff(type_, id_, **inputs).changes == ()
    aws.delete(type_, id_)


def test_an_input_that_the_sdk_does_not_know_is_refused(aws: Simulated) -> None:
    faults = aws.faults(VPC, cidrBlock="10.0.0.0/16", cidr="x", enableDnsSupport="maybe")
    assert set(faults) == {"cidr", "enableDnsSupport"}


def test_a_type_that_the_sdk_does_not_know_is_refused(aws: Simulated) -> None:
    with pytest.raises(ProviderError, match="has no resource type aws:ec2/nothing:Nothing"):
        aws.provider.check("aws:ec2/nothing:Nothing", "x", {}, {})


def test_new_launch_template_data_makes_a_version(aws: Simulated) -> None:
    id_, state = aws.make(LAUNCH_TEMPLATE, name="t", imageId="ami-1")
    assert (state["latestVersion"], state["defaultVersion"]) == (1, 1)
    assert aws.change(LAUNCH_TEMPLATE, id_, name="t", imageId="ami-1", tags={"a": "b"})["latestVersion"] == 1
    assert aws.change(LAUNCH_TEMPLATE, id_, name="t", imageId="ami-2")["latestVersion"] == 2
    changed = aws.change(LAUNCH_TEMPLATE, id_, name="t", imageId="ami-3", updateDefaultVersion=True)
    assert (changed["latestVersion"], changed["defaultVersion"]) == (3, 3)
    assert not any(key.startswith("__") for key in changed)


def test_a_preview_does_not_know_the_number_of_a_new_version(aws: Simulated) -> None:
    id_, state = aws.make(LAUNCH_TEMPLATE, name="t", imageId="ami-1")
    old = aws.check(LAUNCH_TEMPLATE, "x", name="t", imageId="ami-1")
    new = aws.check(LAUNCH_TEMPLATE, "x", name="t", imageId="ami-2")
    planned = aws.provider.update(LAUNCH_TEMPLATE, id_, state, old, new, preview=True, timeout=0)
    assert planned["latestVersion"] == UNKNOWN
    assert planned["arn"] == state["arn"]
    assert (
        aws.provider.update(LAUNCH_TEMPLATE, id_, state, old, old, preview=True, timeout=0)["latestVersion"]
        == 1
    )


def test_what_fails_after_the_request_was_accepted_leaves_the_resource_behind(aws: Simulated) -> None:
    _, subnets = aws.network()
    name = aws.eks(subnets)
    aws.cluster.problem = "0 of 2 replicas are available"
    with pytest.raises(PartialFailureError, match=r"InsufficientNumberOfReplicas.*0 of 2 replicas") as caught:
        aws.make("aws:eks/addon:Addon", clusterName=name, addonName="coredns")
    assert caught.value.id == "plane:coredns"
    with pytest.raises(PartialFailureError, match="InsufficientNumberOfReplicas"):
        aws.provider.read("aws:eks/addon:Addon", "plane:coredns", {}, {})
    aws.cluster.problem = None
    assert aws.provider.read("aws:eks/addon:Addon", "plane:coredns", {}, {}) is not None
    aws.change("aws:eks/addon:Addon", "plane:coredns", clusterName=name, addonName="coredns")


def test_a_region_or_account_that_is_not_the_account_files_is_refused(aws: Simulated) -> None:
    failures = aws.provider.check_config({"region": "eu-west-1", "allowedAccountIds": '["000000000000"]'})
    assert [failure.property for failure in failures] == ["region", "allowedAccountIds"]
    assert aws.provider.check_config({"region": "us-east-2", "allowedAccountIds": '["111122223333"]'}) == []


def test_a_faulty_account_file_is_refused_with_its_faults(tmp_path: Path) -> None:
    aws = Simulated(tmp_path)
    aws.home.account_file.write_text("region: us-east-2")
    with pytest.raises(ProviderError, match="accountId: Field required"):
        aws.provider.check_config({})


def test_invokes_answer_from_the_account(aws: Simulated) -> None:
    caller = aws.provider.invoke("aws:index/getCallerIdentity:getCallerIdentity", {})
    assert caller["arn"] == "arn:aws:iam::111122223333:user/local-cloud"
    assert aws.provider.invoke("aws:index/getRegion:getRegion", {})["region"] == "us-east-2"
    assert aws.provider.invoke("aws:index/getPartition:getPartition", {})["partition"] == "aws"
    zones = aws.provider.invoke(
        "aws:index/getAvailabilityZones:getAvailabilityZones", {"excludeNames": ["us-east-2a"]}
    )
    assert zones["zoneIds"] == ["use2-az2", "use2-az3"]
    addon = {"addonName": "coredns", "kubernetesVersion": "1.35"}
    assert aws.provider.invoke("aws:eks/getAddonVersion:getAddonVersion", addon)["version"].startswith("v1.")
    with pytest.raises(ProviderError, match="does not answer aws:ec2/getAmi:getAmi"):
        aws.provider.invoke("aws:ec2/getAmi:getAmi", {})


def test_a_certificate_is_issued_once_its_records_exist(aws: Simulated) -> None:
    certificate, state = aws.make(
        "aws:acm/certificate:Certificate",
        domainName="*.models.example.com",
        subjectAlternativeNames=["models.example.com"],
        validationMethod="DNS",
    )
    names = {option["resourceRecordName"] for option in state["domainValidationOptions"]}
    assert len(names) == 1
    option = state["domainValidationOptions"][0]
    aws.make(
        "aws:route53/record:Record",
        zoneId="Z0123456789ABCDEFGHIJ",
        name=option["resourceRecordName"],
        type="CNAME",
        ttl=60,
        records=[option["resourceRecordValue"]],
    )
    aws.make("aws:acm/certificateValidation:CertificateValidation", certificateArn=certificate)
    found = aws.provider.read("aws:acm/certificate:Certificate", certificate, {}, {})
    assert found is not None
    assert found[2]["status"] == "ISSUED"


def test_a_cluster_is_the_local_control_plane_with_what_eks_makes_beside_it(aws: Simulated) -> None:
    vpc, subnets = aws.network()
    name = aws.eks(subnets, enabledClusterLogTypes=["api"])
    found = aws.provider.read(CLUSTER, name, {}, {})
    assert found is not None
    state = found[2]
    assert state["endpoint"] == "https://127.0.0.1:6443"
    assert state["certificateAuthority"] == {"data": "Q0E="}
    issuer = state["identities"][0]["oidcs"][0]["issuer"]
    assert re.fullmatch(r"https://oidc\.eks\.us-east-2\.amazonaws\.com/id/[0-9A-F]{32}", issuer)
    assert state["vpcConfig"]["vpcId"] == vpc
    group_type, group_id = "aws:ec2/securityGroup:SecurityGroup", state["vpcConfig"]["clusterSecurityGroupId"]
    assert aws.provider.read(group_type, group_id, {}, {}) is not None
    assert aws.provider.read(LOG_GROUP, "/aws/eks/plane/cluster", {}, {}) is not None
    assert ("DaemonSet", "aws-node") in aws.cluster.objects
    aws.delete(CLUSTER, name)
    assert aws.cluster.objects == {}
    assert aws.provider.read(group_type, group_id, {}, {}) is None


def test_a_preview_of_a_cluster_does_not_know_the_group_that_eks_makes(aws: Simulated) -> None:
    inputs = {"roleArn": "arn", "vpcConfig": {"subnetIds": ["a", "b"]}}
    _, state = aws.provider.create(CLUSTER, "x", aws.check(CLUSTER, "x", **inputs), preview=True, timeout=0)
    assert state["vpcConfig"]["clusterSecurityGroupId"] == UNKNOWN
    assert state["vpcConfig"]["subnetIds"] == ["a", "b"]
    assert state["endpoint"] == state["identities"] == UNKNOWN


def test_addons_bring_workloads_with_their_configuration_and_leave_them_when_preserved(
    aws: Simulated,
) -> None:
    _, subnets = aws.network()
    name = aws.eks(subnets, bootstrapSelfManagedAddons=False)
    addon = "aws:eks/addon:Addon"
    values = json.dumps({"nodeSelector": {"role": "system"}, "replicaCount": 3})
    coredns, _ = aws.make(addon, clusterName=name, addonName="coredns", configurationValues=values)
    proxy, _ = aws.make(addon, clusterName=name, addonName="kube-proxy", preserve=True)
    spec = aws.cluster.objects["Deployment", "coredns"]["spec"]
    assert spec["replicas"] == 3
    assert spec["template"]["spec"]["nodeSelector"] == {"kubernetes.io/os": "linux", "role": "system"}
    aws.delete(addon, coredns)
    aws.delete(addon, proxy)
    assert list(aws.cluster.objects) == [("DaemonSet", "kube-proxy")]
