from pathlib import Path

from tests.unit.config.dev_stack import ACCOUNT, KEY, Case, dev, each

_SECRET = f"arn:aws:secretsmanager:us-east-2:{ACCOUNT}:secret:ecr-pullthroughcache/hub-AbCdEf"
_QUAY = {"prefix": "quay", "upstream": "quay.io"}
_HUB = {"prefix": "hub", "upstream": "registry-1.docker.io", "credentialArn": _SECRET}


@each(
    Case(
        "a bucket name is lower case",
        {"checkpoints.bucketName": "Checkpoints"},
        "checkpoints.bucketName",
        ("'Checkpoints'", "3 to 63"),
        {"checkpoints.bucketName": "checkpoints-7"},
    ),
    Case(
        "a bucket name has no dots",
        {"checkpoints.bucketName": "models.example.com"},
        "checkpoints.bucketName",
        ("'models.example.com'", "rules out dots"),
        {"checkpoints.bucketName": "models-example-com"},
    ),
    Case(
        "a bucket name has three characters at least",
        {"checkpoints.bucketName": "ab"},
        "checkpoints.bucketName",
        ("'ab'", "3 to 63"),
        {"checkpoints.bucketName": "abc"},
    ),
    Case(
        "a bucket name has 63 characters at most",
        {"checkpoints.bucketName": "a" * 64},
        "checkpoints.bucketName",
        ("3 to 63",),
        {"checkpoints.bucketName": "a" * 63},
    ),
    Case(
        "a bucket name is not one that S3 keeps for itself",
        {"checkpoints.bucketName": "models-s3alias"},
        "checkpoints.bucketName",
        ("'models-s3alias'",),
        {"checkpoints.bucketName": "models-s3"},
    ),
    Case(
        "the bucket name made from the cluster's is short enough",
        {"cluster.name": "a" * 29},
        "checkpoints.bucketName",
        ("64 characters", "S3 takes 63", "cluster.name"),
        {"cluster.name": "a" * 28},
    ),
    Case(
        "a prefix is no address",
        {"checkpoints.prefix": "s3://bucket/checkpoints"},
        "checkpoints.prefix",
        ("'s3://bucket/checkpoints'", "no s3://"),
        {"checkpoints.prefix": "poolside/checkpoints"},
    ),
    Case(
        "a prefix has no slash at its end",
        {"checkpoints.prefix": "checkpoints/"},
        "checkpoints.prefix",
        ("'checkpoints/'", "no slash at its ends"),
        {"checkpoints.prefix": "checkpoints.v2"},
    ),
    Case(
        "encryption is by a KMS key or S3's own",
        {"checkpoints.encryption": "none"},
        "checkpoints.encryption",
        ("'none'", "'kms' or 'sse-s3'"),
        {"checkpoints.encryption": "sse-s3"},
    ),
    Case(
        "a key has no effect with S3's own",
        {"checkpoints.encryption": "sse-s3", "checkpoints.kmsKeyArn": KEY},
        "checkpoints.kmsKeyArn",
        ("no effect", "sse-s3"),
        {"checkpoints.kmsKeyArn": KEY},
    ),
    Case(
        "the bucket's key is of its region",
        {"checkpoints.kmsKeyArn": KEY.replace("us-east-2", "eu-west-1")},
        "checkpoints.kmsKeyArn",
        ("eu-west-1", "the stack is in us-east-2"),
        {"checkpoints.kmsKeyArn": KEY},
    ),
    Case(
        "a repository name is lower case",
        {"images.repositories": ["atlas", "Public-Docs"]},
        "images.repositories[1]",
        ("'Public-Docs'", "ECR repository name"),
        {"images.repositories": ["atlas", "team/public-docs"]},
    ),
    Case(
        "a repository is named once",
        {"images.repositories": ["atlas", "atlas"]},
        "images.repositories[1]",
        ("atlas", "second time"),
        {"images.repositories": ["atlas"]},
    ),
    Case(
        "a registry is a host name and no address",
        {"images.registry": "https://registry.example.com"},
        "images.registry",
        ("'https://registry.example.com'", "no https://"),
        {"images.registry": "registry.example.com:5000/mirror"},
    ),
    Case(
        "an image tag is checked",
        {"images.tag": "v1 beta"},
        "images.tag",
        ("'v1 beta'", "image tag"),
        {"images.tag": "v1-beta"},
    ),
    Case(
        "an image name has no tag in it",
        {"images.name": "atlas:v1"},
        "images.name",
        ("'atlas:v1'", "repository name"),
        {"images.name": "atlas"},
    ),
    Case(
        "a pull-through rule for a closed upstream needs credentials",
        {"images.pullThrough": [_QUAY, {"prefix": "hub", "upstream": "registry-1.docker.io"}]},
        "images.pullThrough[1].credentialArn",
        ("registry-1.docker.io", "quay.io"),
        {"images.pullThrough": [_QUAY, _HUB]},
    ),
    Case(
        "pull-through rules have prefixes of their own",
        {"images.pullThrough": [_QUAY, {**_HUB, "prefix": "quay"}]},
        "images.pullThrough[1].prefix",
        ("'quay'", "taken"),
        {"images.pullThrough": [_QUAY, _HUB]},
    ),
    Case(
        "a pull-through secret has the name that ECR asks for",
        {"images.pullThrough": [{**_HUB, "credentialArn": _SECRET.replace("ecr-pullthroughcache/", "")}]},
        "images.pullThrough[0].credentialArn",
        ("ecr-pullthroughcache/",),
        {"images.pullThrough": [_HUB]},
    ),
    Case(
        "a pull-through secret is of the region",
        {"images.pullThrough": [{**_HUB, "credentialArn": _SECRET.replace("us-east-2", "us-east-1")}]},
        "images.pullThrough[0].credentialArn",
        ("us-east-1", "us-east-2"),
        {"images.pullThrough": [_HUB]},
    ),
    Case(
        "a pull-through prefix has 30 characters at most",
        {"images.pullThrough": [{**_QUAY, "prefix": "a" * 31}]},
        "images.pullThrough[0].prefix",
        ("2 to 30",),
        {"images.pullThrough": [{**_QUAY, "prefix": "a" * 30}]},
    ),
    Case(
        "a static key's secret needs its id",
        {"s3SecretAccessKey": True},
        "s3AccessKeyId",
        ("is missing", "both", "pulumi config set --secret"),
        {"s3SecretAccessKey": True, "s3AccessKeyId": True},
    ),
    Case(
        "a static key's id needs its secret",
        {"s3AccessKeyId": True},
        "s3SecretAccessKey",
        ("is missing", "both"),
        {},
    ),
)
def test_each_breach_is_told_at_its_path_and_its_neighbour_passes(case: Case, project: Path):
    case.check(project)


def test_the_bucket_is_protected_and_keeps_no_versions_by_default(project: Path):
    checkpoints = dev(project).checkpoints

    assert checkpoints.protect
    assert not checkpoints.versioning
    assert checkpoints.encryption == "kms"


def test_the_bucket_is_named_after_cluster_account_and_region(project: Path):
    assert dev(project).bucket_name == f"inference-checkpoints-{ACCOUNT}-us-east-2"
    assert dev(project, {"checkpoints.bucketName": "ours"}).bucket_name == "ours"


def test_images_come_from_the_account_unless_told_otherwise(project: Path):
    assert dev(project).registry_host == f"{ACCOUNT}.dkr.ecr.us-east-2.amazonaws.com"
    assert dev(project, {"images.registry": "registry.example.com"}).registry_host == "registry.example.com"
    assert dev(project).images.repositories == ("atlas", "public-docs")
