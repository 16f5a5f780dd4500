"""The sweeper on an account in the process: what it lists, what it deletes, and what it never touches."""

import json
from pathlib import Path
from typing import Any

import pytest

from ops.__main__ import main
from ops.session import Aws

CLUSTER = "inference"
LBC = {"elbv2.k8s.aws/cluster": CLUSTER, "ingress.k8s.aws/stack": "poolside"}
STACK_TAGS = {"project": "inference-plane", "environment": "dev"}


def listed(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def specified(kind: str, tags: dict[str, str]) -> list[dict[str, Any]]:
    return [{"ResourceType": kind, "Tags": listed(tags)}]


class Left:
    """What a controller and its cluster left in a VPC."""

    def __init__(self, aws: Aws) -> None:
        self.aws = aws
        self.ec2 = aws.client("ec2")
        self.elb = aws.client("elbv2")
        self.vpc = self.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        self.subnets = [
            self.ec2.create_subnet(
                VpcId=self.vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"us-east-2{z}"
            )["Subnet"]["SubnetId"]
            for n, z in enumerate("ab")
        ]

    def group(self, name: str, tags: dict[str, str]) -> str:
        made = self.ec2.create_security_group(
            GroupName=name,
            Description=name,
            VpcId=self.vpc,
            TagSpecifications=specified("security-group", tags),
        )
        return made["GroupId"]

    def balancer(self, group: str, tags: dict[str, str]) -> str:
        made = self.elb.create_load_balancer(
            Name="k8s-poolside", Subnets=self.subnets, SecurityGroups=[group], Tags=listed(tags)
        )
        return made["LoadBalancers"][0]["LoadBalancerArn"]

    def targets(self, tags: dict[str, str]) -> str:
        made = self.elb.create_target_group(
            Name="k8s-models", Protocol="HTTP", Port=80, VpcId=self.vpc, TargetType="ip", Tags=listed(tags)
        )
        return made["TargetGroups"][0]["TargetGroupArn"]

    def volume(self, tags: dict[str, str]) -> str:
        made = self.ec2.create_volume(
            AvailabilityZone="us-east-2a", Size=1, TagSpecifications=specified("volume", tags)
        )
        return made["VolumeId"]

    def interface(self, tags: dict[str, str], groups: list[str]) -> str:
        made = self.ec2.create_network_interface(
            SubnetId=self.subnets[0], Groups=groups, TagSpecifications=specified("network-interface", tags)
        )
        return made["NetworkInterface"]["NetworkInterfaceId"]

    def everything(self) -> dict[str, str]:
        """One of each kind, by kind."""
        group = self.group("k8s-poolside", LBC)
        cni = {"cluster.k8s.amazonaws.com/name": CLUSTER}
        return {
            "security-group": group,
            "load-balancer": self.balancer(group, LBC),
            "target-group": self.targets(LBC),
            "network-interface": self.interface(cni, [group]),
            "volume": self.volume({"eks:cluster-name": CLUSTER}),
        }


@pytest.fixture
def left(aws: Aws) -> Left:
    return Left(aws)


def export(path: Path, *resources: dict[str, Any], cluster: str = CLUSTER) -> str:
    """A state file: the stack with its outputs, its provider, and these resources."""
    tags = json.dumps({"tags": STACK_TAGS})
    found = [
        {"type": "pulumi:pulumi:Stack", "outputs": {"clusterName": cluster}},
        {"type": "pulumi:providers:aws", "custom": True, "inputs": {"defaultTags": tags}},
        *resources,
    ]
    path.write_text(json.dumps({"version": 3, "deployment": {"resources": found}}))
    return str(path)


def swept(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    code = main(["sweep", "--json", *arguments])
    return code, json.loads(capsys.readouterr().out)


def by_kind(content: dict[str, Any]) -> dict[str, str]:
    return {one["kind"]: one["id"] for one in content["leftovers"]}


def test_a_clean_account_is_clean(aws: Aws, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, content = swept(capsys, "--state", export(tmp_path / "state.json"))
    assert (code, content["leftovers"], content["notSeen"]) == (0, [], [])
    assert (content["account"], content["region"]) == (aws.account_id, "us-east-2")


def test_what_a_gone_cluster_left_is_listed_in_the_order_of_deletion(
    left: Left, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = left.everything()
    code, content = swept(capsys, "--dry-run", "--state", export(tmp_path / "state.json"))
    assert code == 1
    assert by_kind(content) == made
    assert [one["call"] for one in content["leftovers"]] == [
        "elasticloadbalancing:DeleteLoadBalancer",
        "elasticloadbalancing:DeleteTargetGroup",
        "ec2:DeleteNetworkInterface",
        "ec2:DeleteSecurityGroup",
        "ec2:DeleteVolume",
    ]
    assert {one["oursBy"].partition("=")[2] for one in content["leftovers"]} == {CLUSTER}


def test_a_dry_run_deletes_nothing(left: Left, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = left.everything()
    state = export(tmp_path / "state.json")
    for _ in range(2):
        assert by_kind(swept(capsys, "--state", state)[1]) == made


def test_deleting_needs_confirmation(left: Left, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = left.everything()
    state = export(tmp_path / "state.json")
    assert main(["sweep", "--state", state, "--delete"]) == 2
    assert "5 things would be deleted, as listed: say --delete --yes" in capsys.readouterr().err
    assert by_kind(swept(capsys, "--state", state)[1]) == made


def test_confirmed_it_deletes_everything_that_belonged_to_the_cluster(
    left: Left, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    left.everything()
    state = export(tmp_path / "state.json")
    assert main(["sweep", "--state", state, "--delete", "--yes"]) == 0
    told = capsys.readouterr().err
    assert told.count(": done") == 5
    assert swept(capsys, "--state", state)[0] == 0
    left.ec2.delete_subnet(SubnetId=left.subnets[0])


def test_state_members_are_neither_listed_nor_deleted(
    left: Left, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine, orphan = left.group("mine", LBC), left.group("orphan", LBC)
    member = {"type": "aws:ec2/securityGroup:SecurityGroup", "custom": True, "id": mine, "outputs": {}}
    state = export(tmp_path / "state.json", member)
    assert [one["id"] for one in swept(capsys, "--state", state)[1]["leftovers"]] == [orphan]
    assert main(["sweep", "--state", state, "--delete", "--yes"]) == 0
    found = left.ec2.describe_security_groups(GroupIds=[mine])["SecurityGroups"]
    assert len(found) == 1


def test_a_member_of_any_of_several_states_is_kept(
    left: Left, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = left.volume({"eks:cluster-name": CLUSTER})
    arn = f"arn:aws:ec2:us-east-2:{left.aws.account_id}:volume/{one}"
    member = {"type": "aws:ebs/volume:Volume", "custom": True, "id": "other-form", "outputs": {"arn": arn}}
    first, second = export(tmp_path / "a.json"), export(tmp_path / "b.json", member)
    assert swept(capsys, "--state", first)[0] == 1
    assert swept(capsys, "--state", first, "--state", second)[0] == 0


def test_other_clusters_things_are_not_ours(
    left: Left, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    left.group("other", {"elbv2.k8s.aws/cluster": "other"})
    left.group("shared", {f"kubernetes.io/cluster/{CLUSTER}": "shared"})
    left.group("half", {"project": "inference-plane"})
    assert swept(capsys, "--state", export(tmp_path / "state.json"))[0] == 0


@pytest.mark.parametrize(
    "tags",
    [
        {"eks:cluster-name": CLUSTER},
        {"aws:eks:cluster-name": CLUSTER},
        {f"kubernetes.io/cluster/{CLUSTER}": "owned", "karpenter.sh/nodepool": "gpu"},
    ],
)
def test_every_tag_of_a_cluster_counts(
    left: Left, tmp_path: Path, capsys: pytest.CaptureFixture[str], tags: dict[str, str]
) -> None:
    volume = left.volume(tags)
    _, content = swept(capsys, "--state", export(tmp_path / "state.json"))
    assert by_kind(content) == {"volume": volume}
    assert all(f"{key}={value}" in content["leftovers"][0]["oursBy"] for key, value in tags.items())


def test_what_only_the_stacks_tags_claim_is_listed_and_never_deleted(
    left: Left, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    volume = left.volume(STACK_TAGS)
    state = export(tmp_path / "state.json")
    code, content = swept(capsys, "--state", state)
    assert (code, by_kind(content)) == (1, {"volume": volume})
    assert content["leftovers"][0]["call"] == ""
    assert main(["sweep", "--state", state, "--delete", "--yes"]) == 1
    assert left.ec2.describe_volumes(VolumeIds=[volume])["Volumes"]


def cluster_of(left: Left) -> None:
    iam = left.aws.client("iam")
    role = iam.create_role(RoleName="cluster", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    left.aws.client("eks").create_cluster(
        name=CLUSTER, roleArn=role, resourcesVpcConfig={"subnetIds": left.subnets}
    )


def test_what_a_living_cluster_uses_is_never_deleted(
    left: Left, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = left.everything()
    cluster_of(left)
    state = export(tmp_path / "state.json")
    code, content = swept(capsys, "--state", state)
    assert (code, content["leftovers"], content["inUse"]) == (0, [], len(made))
    assert by_kind(swept(capsys, "--all", "--state", state)[1]) == made
    assert main(["sweep", "--state", state, "--delete", "--yes"]) == 0
    assert left.elb.describe_load_balancers()["LoadBalancers"]


def test_a_cluster_in_a_state_is_alive_wherever_it_runs(
    left: Left, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    left.everything()
    member = {"type": "aws:eks/cluster:Cluster", "custom": True, "id": CLUSTER, "outputs": {"name": CLUSTER}}
    code, content = swept(capsys, "--state", export(tmp_path / "state.json", member))
    assert (code, content["leftovers"]) == (0, [])


def test_the_log_group_that_eks_makes_is_found_by_its_name(
    aws: Aws, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    aws.client("logs").create_log_group(logGroupName=f"/aws/eks/{CLUSTER}/cluster")
    aws.client("logs").create_log_group(logGroupName=f"/aws/eks/{CLUSTER}/cluster-of-another")
    state = export(tmp_path / "state.json")
    assert by_kind(swept(capsys, "--state", state)[1]) == {"log-group": f"/aws/eks/{CLUSTER}/cluster"}
    assert main(["sweep", "--state", state, "--delete", "--yes"]) == 0
    left = aws.client("logs").describe_log_groups()["logGroups"]
    assert [one["logGroupName"] for one in left] == [f"/aws/eks/{CLUSTER}/cluster-of-another"]


def test_roles_policies_and_profiles_are_found_though_no_search_knows_them(
    aws: Aws, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    iam = aws.client("iam")
    karpenter = {f"kubernetes.io/cluster/{CLUSTER}": "owned"}
    iam.create_role(RoleName="left", AssumeRolePolicyDocument="{}", Tags=listed(STACK_TAGS))
    iam.create_instance_profile(InstanceProfileName="left", Tags=listed(karpenter))
    iam.add_role_to_instance_profile(InstanceProfileName="left", RoleName="left")
    state = export(tmp_path / "state.json")
    assert by_kind(swept(capsys, "--state", state)[1]) == {"instance-profile": "left", "iam role": "left"}
    # The profile goes, the role stays: nothing says that it was a cluster's.
    assert main(["sweep", "--state", state, "--delete", "--yes"]) == 1
    assert iam.list_instance_profiles()["InstanceProfiles"] == []
    assert [one["RoleName"] for one in iam.list_roles()["Roles"]] == ["left"]


def test_an_alias_goes_with_its_key(aws: Aws, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kms = aws.client("kms")
    tags = [{"TagKey": key, "TagValue": value} for key, value in STACK_TAGS.items()]
    key = kms.create_key(Tags=tags)["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/checkpoints", TargetKeyId=key)
    _, content = swept(capsys, "--state", export(tmp_path / "state.json"))
    assert by_kind(content) == {"kms key": key, "kms alias": "alias/checkpoints"}
    kms.delete_alias(AliasName="alias/checkpoints")
    kms.schedule_key_deletion(KeyId=key)
    assert swept(capsys, "--state", str(tmp_path / "state.json"))[0] == 0


def test_rules_of_other_groups_do_not_keep_a_group(
    left: Left, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    orphan, nodes = left.group("orphan", LBC), left.group("nodes", {"of": "others"})
    pairs = [{"GroupId": orphan}]
    permission = {"IpProtocol": "tcp", "FromPort": 0, "ToPort": 65535, "UserIdGroupPairs": pairs}
    left.ec2.authorize_security_group_ingress(GroupId=nodes, IpPermissions=[permission])
    assert main(["sweep", "--state", export(tmp_path / "state.json"), "--delete", "--yes"]) == 0
    (kept,) = left.ec2.describe_security_groups(GroupIds=[nodes])["SecurityGroups"]
    assert kept["IpPermissions"] == []
    capsys.readouterr()


def test_more_than_a_page_is_found(left: Left, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = {left.volume({"eks:cluster-name": CLUSTER}) for _ in range(60)}
    _, content = swept(capsys, "--state", export(tmp_path / "state.json"))
    assert {one["id"] for one in content["leftovers"]} == made


def test_the_table_says_what_it_would_do(
    left: Left, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    volume = left.volume({"eks:cluster-name": CLUSTER})
    assert main(["sweep", "--state", export(tmp_path / "state.json")]) == 1
    heading, row = capsys.readouterr().out.splitlines()[1:]
    assert heading.split("  ")[0] == "KIND"
    assert [cell for cell in row.split("  ") if cell] == [
        "volume",
        volume,
        "available",
        f"eks:cluster-name={CLUSTER}",
        "ec2:DeleteVolume",
    ]


def test_without_a_region_there_is_one_clear_error(
    aws: Aws, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    del aws
    monkeypatch.delenv("AWS_REGION")
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    assert main(["sweep", "--no-state", "--cluster", CLUSTER]) == 2
    assert capsys.readouterr().err == "error: no AWS region: set AWS_REGION, or region in the profile\n"


def test_without_credentials_there_is_one_clear_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_REGION", "us-east-2")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    assert main(["sweep", "--no-state", "--cluster", CLUSTER]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: no usable AWS credentials (Unable to locate credentials")
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--delete", "--dry-run", "--no-state", "--cluster", "x"], "contradict each other"),
        (["--no-state"], "--no-state goes with --cluster"),
        (["--state", "/nowhere/state.json"], "/nowhere/state.json cannot be read: No such file or directory"),
        (["--no-state", "--cluster", "x", "--tag", "k"], "--tag k: expected KEY=VALUE"),
    ],
)
def test_wrong_use_is_told(
    aws: Aws, capsys: pytest.CaptureFixture[str], arguments: list[str], problem: str
) -> None:
    del aws
    assert main(["sweep", *arguments]) == 2
    assert problem in capsys.readouterr().err


def test_a_file_that_is_no_state_is_refused(
    aws: Aws, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    del aws
    path = tmp_path / "state.json"
    path.write_text("[]")
    assert main(["sweep", "--state", str(path)]) == 2
    assert "is no export of a Pulumi stack" in capsys.readouterr().err


def test_what_could_not_be_looked_at_is_told_and_is_no_success(
    aws: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pages = type(aws).pages

    def refused(self: Aws, service: str, operation: str, key: str, **given: Any) -> list[Any]:
        if service == "elbv2":
            error: Any = aws.client("elbv2").exceptions.ClientError
            raise error({"Error": {"Code": "AccessDenied", "Message": "no"}}, operation)
        return pages(self, service, operation, key, **given)

    monkeypatch.setattr(Aws, "pages", refused)
    code, content = swept(capsys, "--state", export(tmp_path / "state.json"))
    assert code == 2
    refusal = "An error occurred (AccessDenied) when calling the describe_load_balancers operation: no"
    assert content["notSeen"] == [f"elasticloadbalancing: {refusal}"]
