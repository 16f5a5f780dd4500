"""Repositories named like the bundle's images, with tags that never move; caches of other registries."""

import json

import pulumi
import pytest

from components.image_repositories import ImageRepositories, ImageRepositoriesArgs, is_repository_name
from tests.unit.components.building import aws_resources, build, faults
from tests.unit.recording import ACCOUNT, REGION, UNKNOWN

REGISTRY = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/0a1b2c3d-1111-2222-3333-444455556666"
SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:ecr-pullthroughcache/hub-AbCdEf"
REPOSITORY = "aws:ecr/repository:Repository"
LIFECYCLE = "aws:ecr/lifecyclePolicy:LifecyclePolicy"
CACHE = "aws:ecr/pullThroughCacheRule:PullThroughCacheRule"


def arguments(**changes) -> ImageRepositoriesArgs:
    base: ImageRepositoriesArgs = {"account_id": ACCOUNT, "region": REGION, "tags": {"team": "serving"}}
    return {**base, **changes}  # pyright: ignore[reportReturnType] -- tests pass wrong values on purpose


def made(**changes):
    return lambda opts: ImageRepositories("images", arguments(**changes), opts)


def test_children_are_the_bundles_two_repositories():
    recording = build(made())
    assert recording.children("images") == [
        (LIFECYCLE, "images-atlas-lifecycle"),
        (LIFECYCLE, "images-public-docs-lifecycle"),
        (REPOSITORY, "images-atlas"),
        (REPOSITORY, "images-public-docs"),
    ]
    assert len(aws_resources(recording)) == 4
    assert recording.named("images").type == "inference-plane:index:ImageRepositories"


def test_a_repository_is_scanned_and_its_tags_never_move():
    repository = build(made()).named("images-atlas")
    assert repository.inputs == {
        "name": "atlas",
        "imageTagMutability": "IMMUTABLE",
        "imageScanningConfiguration": {"scanOnPush": True},
        "forceDelete": False,
        "tags": {"team": "serving", "Name": "atlas"},
    }
    assert repository.request.deleteBeforeReplace


def test_a_repository_keeps_its_newest_images():
    recording = build(made(keep_images=3.0))
    lifecycle = recording.named("images-atlas-lifecycle")
    assert lifecycle.inputs["repository"] == "atlas"
    assert json.loads(lifecycle.inputs["policy"]) == {
        "rules": [
            {
                "rulePriority": 1,
                "description": "Keep the newest 3 images",
                "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 3},
                "action": {"type": "expire"},
            }
        ]
    }
    assert recording.named("images-atlas").urn in lifecycle.depends_on


def test_ten_images_are_kept_by_default():
    policy = json.loads(build(made()).named("images-atlas-lifecycle").inputs["policy"])
    assert policy["rules"][0]["selection"]["countNumber"] == 10


def test_every_choice_reaches_the_repository():
    recording = build(
        made(
            names=["team/atlas"],
            tag_mutability="MUTABLE",
            scan_on_push=False,
            kms_key_arn=KEY,
            force_delete=True,
        )
    )
    assert recording.children("images") == [
        (LIFECYCLE, "images-team-atlas-lifecycle"),
        (REPOSITORY, "images-team-atlas"),
    ]
    assert recording.named("images-team-atlas").inputs == {
        "name": "team/atlas",
        "imageTagMutability": "MUTABLE",
        "imageScanningConfiguration": {"scanOnPush": False},
        "encryptionConfigurations": [{"encryptionType": "KMS", "kmsKey": KEY}],
        "forceDelete": True,
        "tags": {"team": "serving", "Name": "team/atlas"},
    }


def test_pull_through_caches_carry_their_credentials():
    recording = build(
        made(
            names=[],
            pull_through=[
                {"prefix": "docker-hub", "upstream": "registry-1.docker.io", "credential_arn": SECRET},
                {"prefix": "aws/public", "upstream": "public.ecr.aws"},
            ],
        )
    )
    assert recording.children("images") == [
        (CACHE, "images-cache-aws-public"),
        (CACHE, "images-cache-docker-hub"),
    ]
    assert recording.named("images-cache-docker-hub").inputs == {
        "ecrRepositoryPrefix": "docker-hub",
        "upstreamRegistryUrl": "registry-1.docker.io",
        "credentialArn": SECRET,
    }
    assert recording.named("images-cache-aws-public").inputs == {
        "ecrRepositoryPrefix": "aws/public",
        "upstreamRegistryUrl": "public.ecr.aws",
    }


@pytest.mark.parametrize("preview", [False, True])
def test_outputs_are_known_in_preview_too(preview):
    arn = f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository"
    assert build(made(), preview=preview).outputs["images"] == {
        "registry": REGISTRY,
        "repositoryUrls": {"atlas": f"{REGISTRY}/atlas", "public-docs": f"{REGISTRY}/public-docs"},
        "repositoryArns": {"atlas": f"{arn}/atlas", "public-docs": f"{arn}/public-docs"},
    }


def test_outputs_follow_the_partition():
    outputs = build(made(region="cn-north-1")).outputs["images"]
    assert outputs["registry"] == f"{ACCOUNT}.dkr.ecr.cn-north-1.amazonaws.com.cn"
    assert outputs["repositoryArns"]["atlas"] == f"arn:aws-cn:ecr:cn-north-1:{ACCOUNT}:repository/atlas"


def test_whoever_takes_the_urls_waits_for_the_repositories():
    class Consumer(pulumi.CustomResource):
        def __init__(self, urls: pulumi.Output[dict[str, str]]) -> None:
            super().__init__("test:index:Consumer", "consumer", {"url": urls.apply(lambda by: by["atlas"])})

    recording = build(lambda opts: Consumer(made()(opts).repository_urls), preview=True)
    assert recording.named("consumer").inputs["url"] == f"{REGISTRY}/atlas"
    assert recording.named("images-atlas").urn in recording.named("consumer").depends_on


def test_a_key_that_is_not_known_yet_previews():
    recording = build(made(kms_key_arn=pulumi.Output.from_input(pulumi.UNKNOWN)), preview=True)
    [encryption] = recording.named("images-atlas").inputs["encryptionConfigurations"]
    assert encryption == {"encryptionType": "KMS", "kmsKey": UNKNOWN}


def test_every_fault_is_reported_at_once():
    found = faults(
        made(
            account_id="1",
            region="",
            names=["Atlas", "a/b", "a-b"],
            tag_mutability="FROZEN",
            keep_images=0,
            kms_key_arn="alias/images",
            pull_through=[
                {"prefix": "x", "upstream": "https://quay.io"},
                {"prefix": "hub", "upstream": "registry-1.docker.io"},
                {"prefix": "hub", "upstream": "ghcr.io", "credential_arn": "arn:aws:iam::1:role/x"},
            ],
        )
    )
    assert sorted(found) == [
        "accountId",
        "keepImages",
        "kmsKeyArn",
        "names[0]",
        "names[2]",
        "pullThrough[0].prefix",
        "pullThrough[0].upstream",
        "pullThrough[1].credentialArn",
        "pullThrough[2].credentialArn",
        "pullThrough[2].prefix",
        "region",
        "tagMutability",
    ]
    assert found["pullThrough[1].credentialArn"] == (
        "is required: Amazon ECR caches registry-1.docker.io only with credentials"
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("atlas", True),
        ("public-docs", True),
        ("team/app_one.two__three", True),
        ("a", False),
        ("Atlas", False),
        ("atlas/", False),
        ("a//b", False),
        ("-atlas", False),
        ("atlas:latest", False),
        ("a" * 257, False),
    ],
)
def test_repository_names(name, expected):
    assert is_repository_name(name) is expected
