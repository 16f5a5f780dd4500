"""The control plane, what stands before it, and the provider for what goes into it."""

import json

import pulumi
import pulumi_aws as aws
import pytest

from components.eks_cluster import EksCluster, EksClusterArgs
from components.versions import ADDONS
from tests.golden_files import check_golden, pretty_json
from tests.unit.components.building import aws_resources, build, faults
from tests.unit.recording import ACCOUNT, REGION, record

ADMIN = f"arn:aws:iam::{ACCOUNT}:role/admin"
VIEWER = f"arn:aws:iam::{ACCOUNT}:user/viewer"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/0123"
ISSUER = f"oidc.eks.{REGION}.amazonaws.com/id/0123456789ABCDEF"


def arguments(**changes) -> EksClusterArgs:
    base: EksClusterArgs = {
        "cluster_name": "dev",
        "region": REGION,
        "account_id": ACCOUNT,
        "vpc_id": "vpc-1",
        "private_subnet_ids": ["subnet-1", "subnet-2"],
        "public_subnet_ids": ["subnet-3", "subnet-4"],
        "tags": {"team": "serving"},
    }
    return {**base, **changes}  # pyright: ignore[reportReturnType] -- tests pass wrong values on purpose


def made(**changes):
    return lambda opts: EksCluster("plane", arguments(**changes), opts)


def cluster_inputs(**changes) -> dict:
    return build(made(**changes)).named("plane-cluster").inputs


@pytest.mark.parametrize("preview", [False, True])
def test_children_are_key_logs_cluster_oidc_provider_and_kubernetes_provider(preview):
    recording = build(made(), preview=preview)
    assert recording.children("plane") == [
        ("aws:cloudwatch/logGroup:LogGroup", "plane-logs"),
        ("aws:iam/openIdConnectProvider:OpenIdConnectProvider", "plane-oidc"),
        ("aws:kms/alias:Alias", "plane-secrets-key-alias"),
        ("aws:kms/key:Key", "plane-secrets-key"),
        ("eks:index:Cluster", "plane-cluster"),
        ("pulumi:providers:kubernetes", "plane-kubernetes"),
    ]
    assert recording.named("plane").type == "inference-plane:index:EksCluster"
    assert len(aws_resources(recording)) == 4


def test_key_rotates_and_has_the_alias_of_the_cluster():
    recording = build(made())
    assert recording.named("plane-secrets-key").inputs == {
        "description": "Kubernetes secrets of the EKS cluster dev",
        "enableKeyRotation": True,
        "deletionWindowInDays": 30,
        "tags": {"team": "serving", "Name": "dev-secrets"},
    }
    assert recording.named("plane-secrets-key-alias").inputs["name"] == "alias/eks/dev"


def test_a_given_key_is_used_and_none_is_made():
    recording = build(made(kms_key_arn=KEY))
    assert not recording.of_type("aws:kms/key:Key")
    assert not recording.of_type("aws:kms/alias:Alias")
    assert recording.named("plane-cluster").inputs["encryptionConfigKeyArn"] == KEY
    assert recording.outputs["plane"]["kmsKeyArn"] == KEY


def test_log_group_has_the_name_eks_writes_to_and_is_there_before_the_cluster():
    recording = build(made(log_retention_days=30))
    logs = recording.named("plane-logs")
    assert logs.inputs == {
        "name": "/aws/eks/dev/cluster",
        "retentionInDays": 30,
        "tags": {"team": "serving", "Name": "/aws/eks/dev/cluster"},
    }
    assert logs.urn in recording.named("plane-cluster").depends_on
    assert build(made()).named("plane-logs").inputs["retentionInDays"] == 90


def test_no_log_types_means_no_log_group():
    recording = build(made(log_types=[]))
    assert not recording.of_type("aws:cloudwatch/logGroup:LogGroup")
    assert recording.named("plane-cluster").inputs["enabledClusterLogTypes"] == []
    assert recording.outputs["plane"]["logGroupName"] == ""


def test_cluster_inputs_are_the_reviewed_ones():
    entries = [
        {"name": "admin", "principal_arn": ADMIN, "policy": "AmazonEKSClusterAdminPolicy"},
        {
            "name": "viewer",
            "principal_arn": VIEWER,
            "policy": "AmazonEKSViewPolicy",
            "namespaces": ["inference"],
        },
    ]
    inputs = cluster_inputs(access_entries=entries, kms_key_arn=KEY)
    check_golden("eks-cluster/cluster.json", pretty_json(inputs))


def test_add_ons_that_come_with_the_cluster_are_pinned_and_coredns_is_left_out():
    for version, addons in ADDONS.items():
        inputs = cluster_inputs(kubernetes_version=version)
        assert inputs["version"] == version
        assert inputs["vpcCniOptions"]["addonVersion"] == addons["vpc-cni"]
        assert inputs["kubeProxyAddonOptions"]["version"] == addons["kube-proxy"]
        assert inputs["corednsAddonOptions"]["enabled"] is False


def test_public_endpoint_is_never_asked_for_explicitly():
    inputs = cluster_inputs(public_access_cidrs=["203.0.113.0/24"])
    assert "endpointPublicAccess" not in inputs, "the plugin would poll it for minutes"
    assert inputs["publicAccessCidrs"] == ["203.0.113.0/24"]
    assert inputs["endpointPrivateAccess"] is True


def test_private_cluster_says_so():
    inputs = cluster_inputs(endpoint_public_access=False)
    assert inputs["endpointPublicAccess"] is False
    assert "publicAccessCidrs" not in inputs


def test_cluster_has_no_nodes_and_no_oidc_provider_of_the_plugin():
    inputs = cluster_inputs()
    assert inputs["skipDefaultNodeGroup"] is True
    assert inputs["createOidcProvider"] is False
    assert inputs["authenticationMode"] == "API"
    assert "accessEntries" not in inputs
    assert "autoMode" not in inputs


def test_deletion_protection_is_off_unless_asked_for():
    assert cluster_inputs()["deletionProtection"] is False
    assert cluster_inputs(deletion_protection=True)["deletionProtection"] is True


def test_access_policies_follow_the_partition():
    entry = {
        "name": "ops",
        "principal_arn": f"arn:aws-us-gov:iam::{ACCOUNT}:role/ops",
        "policy": "AmazonEKSAdminPolicy",
    }
    inputs = cluster_inputs(region="us-gov-west-1", access_entries=[entry])
    (policy,) = inputs["accessEntries"]["ops"]["accessPolicies"].values()
    assert policy["policyArn"] == "arn:aws-us-gov:eks::aws:cluster-access-policy/AmazonEKSAdminPolicy"


def test_aws_provider_reaches_the_children_of_the_remote_component():
    recording = build(made())
    provider = recording.one("pulumi:providers:aws")
    request = recording.named("plane-cluster").request
    assert request.remote
    assert request.providers["aws"].startswith(f"{provider.urn}::")


def test_aws_provider_in_a_list_of_providers_reaches_them_too():
    def program() -> None:
        given = aws.Provider("aws", region=REGION)
        EksCluster("plane", arguments(), pulumi.ResourceOptions(providers=[given]))

    recording = record(program)
    assert recording.named("plane-cluster").request.providers["aws"]
    assert all(resource.provider for resource in aws_resources(recording))


def test_oidc_provider_has_the_cluster_issuer_and_no_thumbprint():
    assert build(made()).named("plane-oidc").inputs == {
        "url": f"https://{ISSUER}",
        "clientIdLists": ["sts.amazonaws.com"],
        "tags": {"team": "serving", "Name": "dev"},
    }


@pytest.mark.parametrize("preview", [False, True])
def test_kubernetes_provider_is_identified_by_known_text_and_waits_for_the_cluster(preview):
    recording = build(made(), preview=preview)
    provider = recording.named("plane-kubernetes")
    assert provider.inputs["clusterIdentifier"] == f"{ACCOUNT}/{REGION}/dev"
    assert recording.named("plane-cluster").urn in provider.depends_on
    assert "deleteUnreachable" not in provider.inputs


def test_kubernetes_provider_authenticates_by_exec_and_holds_no_token():
    provider = build(made(kubectl_role_arn=ADMIN, aws_profile="ops")).named("plane-kubernetes")
    document = json.loads(provider.inputs["kubeconfig"])
    (cluster,) = document["clusters"]
    assert cluster["cluster"] == {
        "server": "https://0123456789ABCDEF.gr7.us-east-2.eks.amazonaws.com",
        "certificate-authority-data": "Q0E=",
    }
    (user,) = document["users"]
    assert set(user["user"]) == {"exec"}
    assert user["user"]["exec"]["args"][-2:] == ["--role-arn", ADMIN]
    assert user["user"]["exec"]["env"] == [{"name": "AWS_PROFILE", "value": "ops"}]


def test_objects_can_be_made_with_the_kubernetes_provider():
    seen = []

    def program(opts: pulumi.ResourceOptions) -> None:
        seen.append(EksCluster("plane", arguments(), opts).kubernetes_provider)

    recording = build(program)
    assert seen[0].package == "kubernetes"
    assert recording.named("plane-kubernetes").provider == ""


def test_outputs():
    outputs = build(made()).outputs["plane"]
    kubeconfig = json.loads(outputs.pop("kubeconfig"))
    assert kubeconfig["current-context"] == "dev"
    assert outputs == {
        "clusterName": "dev",
        "clusterArn": f"arn:aws:eks:{REGION}:{ACCOUNT}:cluster/dev",
        "endpoint": "https://0123456789ABCDEF.gr7.us-east-2.eks.amazonaws.com",
        "certificateAuthority": "Q0E=",
        "clusterSecurityGroupId": "sg-cluster",
        "oidcProviderArn": f"arn:aws:iam::{ACCOUNT}:oidc-provider/plane-oidc",
        "oidcIssuer": ISSUER,
        "kubernetesVersion": "1.35",
        "kmsKeyArn": f"arn:aws:kms:{REGION}:{ACCOUNT}:plane-secrets-key",
        "kubeconfigCommand": f"aws eks update-kubeconfig --name dev --region {REGION}",
        "logGroupName": "/aws/eks/dev/cluster",
    }


def test_what_follows_from_arguments_is_known_at_preview():
    outputs = build(made(), preview=True).outputs["plane"]
    assert outputs["clusterName"] == "dev"
    assert outputs["kubernetesVersion"] == "1.35"
    assert outputs["kubeconfigCommand"] == f"aws eks update-kubeconfig --name dev --region {REGION}"
    assert outputs["logGroupName"] == "/aws/eks/dev/cluster"


def test_wrong_arguments_are_refused_before_anything_is_registered():
    assert set(faults(made(kubernetes_version="1.29", account_id="1"))) == {"kubernetesVersion", "accountId"}


def test_ids_may_be_outputs():
    outputs = {
        "vpc_id": pulumi.Output.from_input("vpc-9"),
        "private_subnet_ids": pulumi.Output.from_input(["subnet-8", "subnet-9"]),
        "kms_key_arn": pulumi.Output.from_input(KEY),
    }
    inputs = cluster_inputs(**outputs)
    assert inputs["vpcId"] == "vpc-9"
    assert inputs["privateSubnetIds"] == ["subnet-8", "subnet-9"]
    assert inputs["encryptionConfigKeyArn"] == KEY
