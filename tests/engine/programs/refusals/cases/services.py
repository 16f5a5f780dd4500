"""Image repositories, log groups, certificates and DNS records."""

import json

from tests.engine.programs.refusals.cases.account import DENYING_KEY, KEY, LOGS_KEY
from tests.engine.programs.refusals.cases.case import Ref, Resource, Topic, create, delete
from tests.engine.programs.refusals.cases.documents import ACCOUNT, ADMIN, policy

REPOSITORY = "aws:ecr/repository:Repository"
LIFECYCLE = "aws:ecr/lifecyclePolicy:LifecyclePolicy"
REPOSITORY_POLICY = "aws:ecr/repositoryPolicy:RepositoryPolicy"
CACHE = "aws:ecr/pullThroughCacheRule:PullThroughCacheRule"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
RECORD = "aws:route53/record:Record"
ZONE = "aws:route53/zone:Zone"
VALIDATION = "aws:acm/certificateValidation:CertificateValidation"
CERTIFICATE = f"arn:aws:acm:us-east-2:{ACCOUNT}:certificate/01234567-89ab-cdef-0123-456789abcdef"

_HOSTED = "Z0123456789ABCDEFGHIJ"
_CNAME = {"zoneId": _HOSTED, "type": "CNAME", "ttl": 60, "records": ["lb.example.net"]}


def _rules(*priorities: int) -> str:
    action = {"type": "expire"}
    return json.dumps(
        {"rules": [{"rulePriority": one, "selection": {}, "action": action} for one in priorities]}
    )


_GROUND = (
    Resource("repository", REPOSITORY, {"name": "taken"}),
    Resource("cache", CACHE, {"ecrRepositoryPrefix": "taken", "upstreamRegistryUrl": "public.ecr.aws"}),
    Resource("log-group", LOG_GROUP, {"name": "/taken"}),
    Resource("record", RECORD, {**_CNAME, "name": "taken"}),
)

_CREATES = (
    create(
        "repository-taken", "A repository whose name is taken", REPOSITORY, {}, {"name": "taken"}, {"name": "free"},
        "RepositoryAlreadyExistsException", "The repository with name 'taken' already exists in the registry with id",
    ),
    create(
        "repository-key", "A repository with a KMS key that its maker may not share", REPOSITORY, {"name": "encrypted"},
        {"encryptionConfigurations": [{"encryptionType": "KMS", "kmsKey": DENYING_KEY}]},
        {"encryptionConfigurations": [{"encryptionType": "KMS", "kmsKey": KEY}]},
        "KmsException", "The operation failed due to a KMS exception thrown by KMS", setting="keys.policy",
    ),
    create(
        "repository-missing", "A lifecycle policy of a repository that is not there", LIFECYCLE, {"policy": _rules(1)},
        {"repository": "none"}, {"repository": "taken"},
        "RepositoryNotFoundException", "The repository with name 'none' does not exist in the registry with id",
    ),
    create(
        "lifecycle-priorities", "Two lifecycle rules of one priority", LIFECYCLE, {"repository": "taken"},
        {"policy": _rules(1, 1)}, {"policy": _rules(1, 2)}, "InvalidParameterException",
        "Lifecycle policy validation failure",
    ),
    create(
        "repository-policy-json", "A repository policy that is no JSON", REPOSITORY_POLICY, {"repository": "taken"},
        {"policy": "{"},
        {"policy": policy({"Action": "ecr:BatchGetImage", "Principal": {"AWS": ADMIN}, "Resource": None})},
        "InvalidParameterException", "Invalid repository policy provided",
    ),
    create(
        "repository-policy", "An invalid repository policy", REPOSITORY_POLICY, {"repository": "taken"},
        {"policy": policy({"Action": "BatchGetImage", "Principal": {"AWS": ADMIN}, "Resource": None})},
        {"policy": policy({"Action": "ecr:BatchGetImage", "Principal": {"AWS": ADMIN}, "Resource": None})},
        "InvalidParameterException", "Actions/Conditions must be prefaced by a vendor",
    ),
    create(
        "cache-taken", "A second pull-through cache of a prefix", CACHE, {"upstreamRegistryUrl": "public.ecr.aws"},
        {"ecrRepositoryPrefix": "taken"}, {"ecrRepositoryPrefix": "free"}, "PullThroughCacheRuleAlreadyExistsException",
        "A pull through cache rule with 'ecrRepositoryPrefix': 'taken' already exists.",
    ),
    create(
        "logs-taken", "A log group whose name is taken", LOG_GROUP, {}, {"name": "/taken"}, {"name": "/free"},
        "ResourceAlreadyExistsException", "The specified log group already exists",
    ),
    create(
        "logs-key", "A log group whose KMS key CloudWatch Logs may not use", LOG_GROUP, {"name": "/encrypted"},
        {"kmsKeyId": KEY}, {"kmsKeyId": LOGS_KEY}, "AccessDeniedException",
        "The specified KMS key does not exist or is not allowed to be used with Arn 'arn:aws:logs:us-east-2",
        setting="keys.policy", seen="https://github.com/hashicorp/terraform-provider-aws/issues/29282",
    ),
    create(
        "record-taken", "A DNS record that is there already", RECORD, _CNAME, {"name": "taken"}, {"name": "free"},
        "InvalidChangeBatch", "but it already exists",
    ),
    create(
        "record-cname", "Another record beside a CNAME", RECORD,
        {"zoneId": _HOSTED, "type": "A", "ttl": 60, "records": ["192.0.2.1"]}, {"name": "taken"}, {"name": "other"},
        "InvalidChangeBatch", "is not permitted because a conflicting RRSet with the same DNS name already exists",
    ),
    create(
        "record-apex", "A CNAME at the apex of a zone", RECORD, _CNAME, {"name": "example.com"},
        {"name": "www.example.com"}, "InvalidChangeBatch", "is not permitted at apex in zone example.com.",
    ),
    create(
        "record-zone", "A record of a zone that is not there", RECORD, {**_CNAME, "name": "zone"},
        {"zoneId": "Z0000000000"}, {"zoneId": _HOSTED}, "NoSuchHostedZone", "No hosted zone found with ID: Z0000000000",
    ),
    create(
        "certificate-missing", "Waiting for a certificate that is not there", VALIDATION, {},
        {"certificateArn": f"{CERTIFICATE[:-1]}0"}, {"certificateArn": CERTIFICATE},
        "ResourceNotFoundException", "Could not find certificate",
    ),
)  # fmt: skip

_HELD = (
    Resource("full-zone", ZONE, {"name": "full.example.net"}),
    Resource("held-record", RECORD, {**_CNAME, "zoneId": Ref("full-zone"), "name": "held"}),
)
_DELETES = (
    delete("zone-full-delete", "Deleting a hosted zone with records", ZONE, "full-zone", "HostedZoneNotEmpty",
           "contains non-required resource record sets"),
)  # fmt: skip

SERVICES = Topic("Images, logs, certificates and DNS", (*_CREATES, *_DELETES), _GROUND, _HELD)
