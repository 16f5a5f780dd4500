"""IAM roles, policies, attachments and OIDC providers."""

from typing import Any

from tests.engine.programs.refusals.cases.case import Ref, Resource, Topic, create, delete
from tests.engine.programs.refusals.cases.documents import (
    ACCOUNT,
    ADMIN,
    NOBODY,
    document,
    policy,
    trust,
    trust_service,
)

ROLE = "aws:iam/role:Role"
POLICY = "aws:iam/policy:Policy"
ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
INLINE = "aws:iam/rolePolicy:RolePolicy"
PROFILE = "aws:iam/instanceProfile:InstanceProfile"
OIDC = "aws:iam/openIdConnectProvider:OpenIdConnectProvider"

_EC2 = trust_service("ec2.amazonaws.com")
_AWS = "arn:aws:iam::aws:policy"
_ISSUER = "oidc.eks.us-east-2.amazonaws.com/id/0123456789ABCDEF"
_OIDC_ARN = f"arn:aws:iam::{ACCOUNT}:oidc-provider"
_WEB = "sts:AssumeRoleWithWebIdentity"
_STATEMENT = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
_MALFORMED = "MalformedPolicyDocument"


def _objects(number: int) -> str:
    """A policy about a number of buckets: about 35 characters each."""
    return policy({"Resource": [f"arn:aws:s3:::bucket-{index:06}/*" for index in range(number)]})


_GROUND = (
    Resource("role", ROLE, {"name": "reader", "assumeRolePolicy": _EC2}),
    Resource("policy", POLICY, {"name": "read", "policy": policy({})}),
    Resource("profile", PROFILE, {"name": "taken"}),
    Resource("issuer", OIDC, {"url": f"https://{_ISSUER}", "clientIdLists": ["sts.amazonaws.com"]}),
    Resource("inline-role", ROLE, {"name": "inline", "assumeRolePolicy": _EC2}),
    Resource(
        "inline-policy",
        INLINE,
        {"role": "inline", "name": "first", "policy": _objects(200)},
        ("inline-role",),
    ),
    Resource("full-role", ROLE, {"name": "full", "assumeRolePolicy": _EC2}),
    *(
        Resource(f"full-{name}", ATTACHMENT, {"role": "full", "policyArn": f"{_AWS}/{name}"}, ("full-role",))
        for name in ("AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy")
    ),
    Resource("idle-role", ROLE, {"name": "idle", "assumeRolePolicy": _EC2}),
)


def _policy(id_: str, what: str, wrong: Any, right: Any, says: str) -> Any:
    return create(id_, what, POLICY, {}, {"policy": wrong}, {"policy": right}, _MALFORMED, says)


_DOCUMENTS = (
    _policy("policy-json", "A policy that is no JSON", "{", policy({}), "This policy contains invalid Json"),
    _policy(
        "policy-empty", "A policy without statements", document(), document(_STATEMENT), "Syntax errors in policy.",
    ),
    _policy(
        "policy-list", "A policy that is no JSON object", "[]", document(_STATEMENT), "Syntax errors in policy."
    ),
    _policy(
        "policy-version", "A policy of an unknown version", policy({}).replace("2012-10-17", "2026-01-01"), policy({}),
        "Syntax errors in policy.",
    ),
    _policy(
        "policy-statement", "A statement that is no JSON object",
        policy({}).replace('[{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]', '["Allow"]'), policy({}),
        "Syntax errors in policy.",
    ),
    _policy(
        "policy-effect", "A statement with an unknown effect", policy({"Effect": "Permit"}),
        policy({"Effect": "Allow"}), "Syntax errors in policy.",
    ),
    _policy(
        "policy-no-action", "A statement without actions", policy({"Action": None}), policy({"Action": "s3:GetObject"}),
        "Policy statement must contain actions.",
    ),
    _policy(
        "policy-action", "An action without its service", policy({"Action": "GetObject"}),
        policy({"Action": "s3:GetObject"}),
        "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
    ),
    _policy(
        "policy-no-resource", "A statement without resources", policy({"Resource": None}), policy({"Resource": "*"}),
        "Policy statement must contain resources.",
    ),
    _policy(
        "policy-resource", "A resource that is no ARN", policy({"Resource": "my-bucket/*"}),
        policy({"Resource": "arn:aws:s3:::my-bucket/*"}), 'Resource my-bucket/* must be in ARN format or "*".',
    ),
    _policy(
        "policy-principal", "An identity's policy that names a principal", policy({"Principal": {"AWS": ADMIN}}),
        policy({}), "Policy document should not specify a principal.",
    ),
    _policy(
        "policy-sids", "Two statements of one id", policy({"Sid": "one"}, {"Sid": "one"}),
        policy({"Sid": "one"}, {"Sid": "two"}), "Statement IDs (SID) in a single policy must be unique.",
    ),
    _policy(
        "policy-sid", "A statement id with other characters than letters and digits", policy({"Sid": "read-all"}),
        policy({"Sid": "readAll"}), "Statement IDs (SID) in a single policy must be alpha numeric.",
    ),
)  # fmt: skip

_CREATES = (
    *_DOCUMENTS,
    create(
        "policy-size", "A managed policy of more than 6,144 characters", POLICY, {}, {"policy": _objects(201)},
        {"policy": _objects(190)}, "LimitExceeded", "Cannot exceed quota for PolicySize: 6144",
        seen="https://github.com/terraform-aws-modules/terraform-aws-eks/issues/3512",
    ),
    create(
        "policy-name-taken", "A policy whose name is taken", POLICY, {"policy": policy({})}, {"name": "read"},
        {"name": "read-2"}, "EntityAlreadyExists",
        "A policy called read already exists. Duplicate names are not allowed.",
    ),
    create(
        "role-name-taken", "A role whose name is taken", ROLE, {"assumeRolePolicy": _EC2}, {"name": "reader"},
        {"name": "reader-2"}, "EntityAlreadyExists", "Role with name reader already exists.",
    ),
    create(
        "role-quota", "One role more than the quota", ROLE, {"assumeRolePolicy": _EC2}, {}, None,
        "LimitExceeded", "Cannot exceed quota for RolesPerAccount", setting="quotas.roles",
    ),
    create(
        "trust-resource", "A trust policy that names a resource", ROLE, {},
        {"assumeRolePolicy": policy({"Action": "sts:AssumeRole", "Principal": {"AWS": ADMIN}})},
        {"assumeRolePolicy": policy({"Action": "sts:AssumeRole", "Principal": {"AWS": ADMIN}, "Resource": None})},
        _MALFORMED, "Has prohibited field Resource",
    ),
    create(
        "trust-no-principal", "A trust policy without a principal", ROLE, {},
        {"assumeRolePolicy": document({"Effect": "Allow", "Action": "sts:AssumeRole"})}, {"assumeRolePolicy": _EC2},
        _MALFORMED, "Missing required field Principal",
    ),
    create(
        "trust-size", "A trust policy of more than 2,048 characters", ROLE, {},
        {"assumeRolePolicy": trust_service("ec2.amazonaws.com", *["eks.amazonaws.com"] * 101)},
        {"assumeRolePolicy": trust_service("ec2.amazonaws.com", *["eks.amazonaws.com"] * 90)},
        "LimitExceeded", "Cannot exceed quota for ACLSizePerRole: 2048",
    ),
    create(
        "trust-missing-role", "Trust in a role that is not there", ROLE, {},
        {"assumeRolePolicy": trust({"AWS": NOBODY})}, {"assumeRolePolicy": trust({"AWS": ADMIN})},
        _MALFORMED, f'Invalid principal in policy: "AWS":"{NOBODY}"',
    ),
    create(
        "trust-missing-user", "Trust in a user who is not there", ROLE, {},
        {"assumeRolePolicy": trust({"AWS": f"arn:aws:iam::{ACCOUNT}:user/nobody"})},
        {"assumeRolePolicy": trust({"AWS": f"arn:aws:iam::{ACCOUNT}:user/local-cloud"})},
        _MALFORMED, "Invalid principal in policy",
    ),
    create(
        "trust-missing-issuer", "Trust in an OIDC provider that is not there", ROLE, {},
        {"assumeRolePolicy": trust({"Federated": f"{_OIDC_ARN}/oidc.eks.us-east-2.amazonaws.com/id/NONE"}, _WEB)},
        {"assumeRolePolicy": trust({"Federated": f"{_OIDC_ARN}/{_ISSUER}"}, _WEB)},
        _MALFORMED, 'Invalid principal in policy: "FEDERATED":',
    ),
    create(
        "boundary-missing", "A role with a permissions boundary that is not there", ROLE, {"assumeRolePolicy": _EC2},
        {"permissionsBoundary": f"arn:aws:iam::{ACCOUNT}:policy/none"},
        {"permissionsBoundary": f"arn:aws:iam::{ACCOUNT}:policy/read"},
        "NoSuchEntity", "Scope ARN: arn:aws:iam::111122223333:policy/none does not exist or is not attachable.",
    ),
    create(
        "role-policies-missing", "A role with an AWS managed policy that is not there", ROLE,
        {"assumeRolePolicy": _EC2}, {"managedPolicyArns": [f"{_AWS}/AmazonEKSTypoPolicy"]},
        {"managedPolicyArns": [f"{_AWS}/AmazonEKSClusterPolicy"]}, "NoSuchEntity",
        "AmazonEKSTypoPolicy does not exist or is not attachable.",
    ),
    create(
        "attached-role-missing", "A policy for a role that is not there", ATTACHMENT,
        {"policyArn": f"arn:aws:iam::{ACCOUNT}:policy/read"}, {"role": "nobody"}, {"role": "idle"},
        "NoSuchEntity", "The role with name nobody cannot be found.",
    ),
    create(
        "attached-policy-missing", "A policy ARN that is not there", ATTACHMENT, {"role": "idle"},
        {"policyArn": f"arn:aws:iam::{ACCOUNT}:policy/none"}, {"policyArn": f"{_AWS}/AmazonSSMManagedInstanceCore"},
        "NoSuchEntity", "policy/none does not exist or is not attachable.",
    ),
    create(
        "attached-managed-missing", "An AWS managed policy that is not there", ATTACHMENT, {"role": "idle"},
        {"policyArn": f"{_AWS}/AmazonEKSTypoPolicy"}, {"policyArn": f"{_AWS}/AmazonEKSWorkerNodePolicy"},
        "NoSuchEntity", "AmazonEKSTypoPolicy does not exist or is not attachable.",
    ),
    create(
        "attached-quota", "One managed policy more than a role may have", ATTACHMENT,
        {"role": "full", "policyArn": f"{_AWS}/AmazonSSMManagedInstanceCore"}, {}, None,
        "LimitExceeded", "Cannot exceed quota for PoliciesPerRole: 2", setting="quotas.policiesPerRole",
    ),
    create(
        "inline-role-missing", "An inline policy of a role that is not there", INLINE, {"policy": policy({})},
        {"role": "nobody"}, {"role": "idle"}, "NoSuchEntity", "The role with name nobody cannot be found.",
    ),
    create(
        "inline-document", "An invalid inline policy", INLINE, {"role": "idle"},
        {"policy": policy({"Action": "GetObject"})}, {"policy": policy({"Action": "s3:ListBucket"})},
        _MALFORMED, "Actions/Conditions must be prefaced by a vendor",
    ),
    create(
        "inline-size", "Inline policies of more than 10,240 characters together", INLINE, {"role": "inline"},
        {"policy": _objects(150)}, {"policy": _objects(100)}, "LimitExceeded",
        "Maximum policy size of 10240 bytes exceeded for role inline",
    ),
    create(
        "profile-name-taken", "An instance profile whose name is taken", PROFILE, {}, {"name": "taken"},
        {"name": "free"}, "EntityAlreadyExists", "Instance Profile taken already exists.",
    ),
    create(
        "profile-role-missing", "An instance profile of a role that is not there", PROFILE, {}, {"role": "nobody"},
        {"role": "idle"}, "NoSuchEntity", "The role with name nobody cannot be found.",
    ),
    create(
        "issuer-taken", "A second OIDC provider of an issuer", OIDC, {"clientIdLists": ["sts.amazonaws.com"]},
        {"url": f"https://{_ISSUER}"}, {"url": f"https://{_ISSUER}0"},
        "EntityAlreadyExists", f"Provider with url https://{_ISSUER} already exists.",
    ),
    create(
        "issuer-quota", "One OIDC provider more than the quota", OIDC,
        {"clientIdLists": ["sts.amazonaws.com"], "url": f"https://{_ISSUER}1"}, {}, None,
        "LimitExceeded", "Cannot exceed quota for OpenIdConnectProvidersPerAccount", setting="quotas.oidcProviders",
    ),
    create(
        "issuer-clients", "An OIDC provider with more than 100 audiences", OIDC, {"url": f"https://{_ISSUER}2"},
        {"clientIdLists": [f"client-{index}" for index in range(101)]}, {"clientIdLists": ["client-0"]},
        "LimitExceeded", "Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: 100",
    ),
)  # fmt: skip

_HELD = (
    Resource("attached-role", ROLE, {"name": "attached", "assumeRolePolicy": _EC2}),
    Resource("attached-policy", POLICY, {"name": "attached", "policy": policy({})}),
    Resource(
        "attachment",
        ATTACHMENT,
        {"role": "attached", "policyArn": Ref("attached-policy")},
        needs=("attached-role",),
    ),
    Resource("written-role", ROLE, {"name": "written", "assumeRolePolicy": _EC2}),
    Resource("written-policy", INLINE, {"role": "written", "policy": policy({})}, needs=("written-role",)),
    Resource("profiled-role", ROLE, {"name": "profiled", "assumeRolePolicy": _EC2}),
    Resource("profile-of-role", PROFILE, {"role": "profiled"}, needs=("profiled-role",)),
)
_DELETES = (
    delete("role-attached-delete", "Deleting a role with an attached policy", ROLE, "attached-role",
           "DeleteConflict", "Cannot delete entity, must detach all policies first."),
    delete("role-written-delete", "Deleting a role with an inline policy", ROLE, "written-role",
           "DeleteConflict", "Cannot delete entity, must delete policies first."),
    delete("role-profiled-delete", "Deleting a role in an instance profile", ROLE, "profiled-role",
           "DeleteConflict", "Cannot delete entity, must remove roles from instance profile first."),
    delete("policy-attached-delete", "Deleting a policy that a role has", POLICY, "attached-policy",
           "DeleteConflict", "Cannot delete a policy attached to entities."),
)  # fmt: skip

IDENTITY = Topic("IAM", (*_CREATES, *_DELETES), _GROUND, _HELD)
