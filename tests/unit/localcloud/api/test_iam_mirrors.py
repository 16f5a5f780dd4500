"""IAM through the AWS API."""

import json

from tests.unit.localcloud.api.served import Served, tags
from tests.unit.localcloud.aws.simulated import ROLE, trust

POLICY = "aws:iam/policy:Policy"
INLINE = "aws:iam/rolePolicy:RolePolicy"
ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
PROFILE = "aws:iam/instanceProfile:InstanceProfile"
PROVIDER = "aws:iam/openIdConnectProvider:OpenIdConnectProvider"
READ = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": "arn:aws:s3:::x/*"}],
    }
)
LIST = READ.replace("GetObject", "GetObjectTagging")
ISSUER = "https://oidc.eks.us-east-2.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF"


def test_a_role_has_its_trust_id_policies_and_tags(served: Served) -> None:
    id_, state = served.make(
        ROLE,
        name="nodes",
        assumeRolePolicy=trust("ec2.amazonaws.com"),
        tags={"Name": "n"},
        maxSessionDuration=7200,
    )
    policy, _ = served.make(POLICY, name="read", policy=READ)
    served.make(ATTACHMENT, role=id_, policyArn=policy)
    aws_own = "arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy"
    served.make(ATTACHMENT, role=id_, policyArn=aws_own)
    served.make(INLINE, role=id_, name="inline", policy=READ)
    iam = served.aws("iam")
    role = iam.get_role(RoleName="nodes")["Role"]
    assert (role["Arn"], role["RoleId"], role["MaxSessionDuration"]) == (
        state["arn"],
        state["uniqueId"],
        7200,
    )
    assert role["AssumeRolePolicyDocument"] == json.loads(trust("ec2.amazonaws.com"))
    assert tags(role["Tags"]) == {"Name": "n"}
    attached = iam.list_attached_role_policies(RoleName="nodes")["AttachedPolicies"]
    assert {one["PolicyArn"] for one in attached} == {policy, aws_own}
    assert iam.get_role_policy(RoleName="nodes", PolicyName="inline")["PolicyDocument"] == json.loads(READ)
    assert served.problems == {}


def test_the_roles_of_the_account_file_are_there(served: Served) -> None:
    names = {one["RoleName"] for one in served.aws("iam").list_roles()["Roles"]}
    assert names == {"Admin", "PlatformEngineer"}


def test_a_changed_policy_is_a_new_default_version_and_five_at_most_are_kept(served: Served) -> None:
    policy, _ = served.make(POLICY, name="read", policy=READ)
    iam = served.aws("iam")
    for number in range(7):
        changed = READ.replace("GetObject", f"GetObject{number}")
        served.change(POLICY, policy, name="read", policy=changed)
        version = iam.get_policy(PolicyArn=policy)["Policy"]["DefaultVersionId"]
        document = iam.get_policy_version(PolicyArn=policy, VersionId=version)["PolicyVersion"]["Document"]
        assert document == json.loads(changed)
    assert len(iam.list_policy_versions(PolicyArn=policy)["Versions"]) == 5
    served.delete(POLICY, policy)
    assert iam.list_policies(Scope="Local")["Policies"] == []
    assert served.problems == {}


def test_what_a_user_changes_is_drift(served: Served) -> None:
    role, _ = served.make(ROLE, name="pods", assumeRolePolicy=trust("pods.eks.amazonaws.com"))
    policy, _ = served.make(POLICY, name="read", policy=READ)
    attachment, _ = served.make(ATTACHMENT, role=role, policyArn=policy)
    inline, _ = served.make(INLINE, role=role, name="inline", policy=READ)
    iam = served.aws("iam")
    iam.detach_role_policy(RoleName=role, PolicyArn=policy)
    assert served.read(ATTACHMENT, attachment) is None
    iam.put_role_policy(RoleName=role, PolicyName="inline", PolicyDocument=LIST)
    found = served.read(INLINE, inline)
    assert found is not None
    assert json.loads(found[0]["policy"]) == json.loads(LIST)
    iam.update_assume_role_policy(RoleName=role, PolicyDocument=trust("ec2.amazonaws.com"))
    found = served.read(ROLE, role)
    assert found is not None
    assert json.loads(found[0]["assumeRolePolicy"]) == json.loads(trust("ec2.amazonaws.com"))
    iam.create_policy_version(PolicyArn=policy, PolicyDocument=LIST, SetAsDefault=True)
    found = served.read(POLICY, policy)
    assert found is not None
    assert json.loads(found[0]["policy"]) == json.loads(LIST)
    iam.delete_role_policy(RoleName=role, PolicyName="inline")
    assert served.read(INLINE, inline) is None


def test_profiles_and_identity_providers_have_their_arns(served: Served) -> None:
    role, _ = served.make(ROLE, name="nodes", assumeRolePolicy=trust("ec2.amazonaws.com"))
    profile, state = served.make(PROFILE, name="nodes", role=role)
    issuer, issuer_state = served.make(
        PROVIDER, url=ISSUER, clientIdLists=["sts.amazonaws.com"], tags={"Name": "issuer"}
    )
    iam = served.aws("iam")
    found = iam.get_instance_profile(InstanceProfileName="nodes")["InstanceProfile"]
    assert (found["Arn"], found["Roles"][0]["RoleName"]) == (state["arn"], "nodes")
    assert [one["Arn"] for one in iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]] == [
        issuer_state["arn"]
    ]
    found = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=issuer_state["arn"])
    assert (found["ClientIDList"], tags(found["Tags"])) == (["sts.amazonaws.com"], {"Name": "issuer"})
    served.delete(PROVIDER, issuer)
    served.delete(PROFILE, profile)
    assert iam.list_open_id_connect_providers()["OpenIDConnectProviderList"] == []
    assert iam.list_instance_profiles()["InstanceProfiles"] == []
    assert served.problems == {}
