"""Amazon ECR repositories for the bundle's images, and pull-through caches of public registries."""

import json
import re
from typing import Any, NotRequired, Optional, TypedDict

import pulumi
import pulumi_aws as aws

from components.arguments import ArgumentErrors
from components.hostnames import is_host_name
from components.partitions import partition_of, registry_host

BUNDLE_IMAGES: tuple[str, ...] = ("atlas", "public-docs")
"""Images of Poolside's deployment bundle: the model server and the documentation site."""

UPSTREAMS_WITH_CREDENTIALS: tuple[str, ...] = (
    "registry-1.docker.io",
    "ghcr.io",
    "registry.gitlab.com",
    "cgr.dev",
)
"""Upstream registries that Amazon ECR caches only with credentials (ECR user guide, "Pull through cache")."""


class PullThroughCacheArgs(TypedDict):
    """Images that Amazon ECR fetches from another registry on their first pull.

    The nodes' role needs ``ecr:CreateRepository``, ``ecr:BatchImportUpstreamImage`` and ``ecr:TagResource``
    for that first pull.
    """

    prefix: str
    """First part of the repositories' names, 2 to 30 of ``a-z 0-9 . _ - /``: ``docker-hub``."""
    upstream: str
    """Host of the other registry, for example ``public.ecr.aws``."""
    credential_arn: NotRequired[pulumi.Input[str]]
    """ARN of a Secrets Manager secret named ``ecr-pullthroughcache/…``. Default: pull without credentials."""


class ImageRepositoriesArgs(TypedDict):
    """Inputs of ImageRepositories."""

    account_id: str
    """The account of the registry, 12 digits."""
    region: str
    """Region of the registry, for example ``us-east-2``."""
    names: NotRequired[list[str]]
    """Names of the repositories, equal to the images' names. Default ``atlas`` and ``public-docs``."""
    tag_mutability: NotRequired[str]
    """``IMMUTABLE`` (default: a pushed tag never changes its image) or ``MUTABLE``."""
    scan_on_push: NotRequired[bool]
    """Whether a pushed image is scanned for known vulnerabilities. Default true."""
    keep_images: NotRequired[int]
    """Newest images that each repository keeps. Default 10."""
    kms_key_arn: NotRequired[pulumi.Input[str]]
    """ARN of a key to encrypt images with; changing it replaces the repositories. Default: ECR's own keys."""
    force_delete: NotRequired[bool]
    """Whether a repository may be deleted with images in it. Default false."""
    pull_through: NotRequired[list[PullThroughCacheArgs]]
    """Caches of other registries. Default: none."""
    tags: NotRequired[dict[str, str]]
    """Tags of every repository. Default: none."""


class ImageRepositories(pulumi.ComponentResource):
    """The repositories that nodes pull from: scanned, with tags that never move and a bounded number of images."""

    registry: pulumi.Output[str]
    """Host of the account's registry, the chart's ``image.registry``; known at preview."""
    repository_urls: pulumi.Output[dict[str, str]]
    """``<registry>/<name>`` by repository name; known at preview."""
    repository_arns: pulumi.Output[dict[str, str]]
    """ARN by repository name; known at preview."""

    def __init__(
        self, name: str, args: ImageRepositoriesArgs, opts: Optional[pulumi.ResourceOptions] = None
    ) -> None:
        super().__init__("inference-plane:index:ImageRepositories", name, {}, opts)
        _check(args)
        account_id, region = args["account_id"], args["region"]
        names = args.get("names")
        names = list(BUNDLE_IMAGES if names is None else names)
        scan = args.get("scan_on_push")
        key_arn = args.get("kms_key_arn")
        made: list[pulumi.Output[str]] = []
        for repository_name in names:
            child = f"{name}-{repository_name.replace('/', '-')}"
            repository = aws.ecr.Repository(
                child,
                name=repository_name,
                image_tag_mutability=args.get("tag_mutability") or "IMMUTABLE",
                image_scanning_configuration={"scan_on_push": True if scan is None else scan},
                encryption_configurations=(
                    None if key_arn is None else [{"encryption_type": "KMS", "kms_key": key_arn}]
                ),
                force_delete=bool(args.get("force_delete")),
                tags={**(args.get("tags") or {}), "Name": repository_name},
                # Two repositories of one name cannot exist, so a replacement cannot come first.
                opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True),
            )
            aws.ecr.LifecyclePolicy(
                f"{child}-lifecycle",
                repository=repository.name,
                policy=json.dumps(keep_newest_policy(int(args.get("keep_images") or 10))),
                opts=pulumi.ResourceOptions(parent=self),
            )
            made.append(repository.urn)
        for cache in args.get("pull_through") or []:
            aws.ecr.PullThroughCacheRule(
                f"{name}-cache-{cache['prefix'].replace('/', '-')}",
                ecr_repository_prefix=cache["prefix"],
                upstream_registry_url=cache["upstream"],
                credential_arn=cache.get("credential_arn"),
                opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True),
            )

        registry = registry_host(account_id, region)
        arn = f"arn:{partition_of(region)}:ecr:{region}:{account_id}:repository"
        self.registry = pulumi.Output.from_input(registry)
        # Known at preview, unlike the provider's own values, and still after the repositories.
        all_made = pulumi.Output.all(*made)
        self.repository_urls = all_made.apply(lambda _: {each: f"{registry}/{each}" for each in names})
        self.repository_arns = all_made.apply(lambda _: {each: f"{arn}/{each}" for each in names})
        self.register_outputs(
            {
                "registry": self.registry,
                "repositoryUrls": self.repository_urls,
                "repositoryArns": self.repository_arns,
            }
        )


def keep_newest_policy(images: int) -> dict[str, Any]:
    """ECR lifecycle policy that keeps the newest ``images`` images of a repository, tagged or not."""
    return {
        "rules": [
            {
                "rulePriority": 1,
                "description": f"Keep the newest {images} images",
                "selection": {
                    "tagStatus": "any",
                    "countType": "imageCountMoreThan",
                    "countNumber": images,
                },
                "action": {"type": "expire"},
            }
        ]
    }


def is_repository_name(name: str) -> bool:
    """Whether Amazon ECR takes ``name`` for a repository: 2 to 256 lower-case characters, ``/`` for folders."""
    word = r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*"
    return 2 <= len(name) <= 256 and re.fullmatch(rf"{word}(/{word})*", name) is not None


def _check(args: ImageRepositoriesArgs) -> None:
    errors = ArgumentErrors("ImageRepositories")
    errors.require(args, "account_id", "region")
    errors.matches("accountId", args.get("account_id") or None, r"\d{12}", "12 digits")
    seen: set[str] = set()
    for index, repository in enumerate(args.get("names") or []):
        path = f"names[{index}]"
        if not is_repository_name(repository):
            errors.add(path, f"is {repository!r}; expected 2 to 256 of a-z 0-9 . _ - with / between folders")
        # Children are named with - for /, so two names must differ in more than that.
        if repository.replace("/", "-") in seen:
            errors.add(path, f"is {repository!r}, which another name equals; give each repository once")
        seen.add(repository.replace("/", "-"))
    errors.one_of("tagMutability", args.get("tag_mutability"), ("IMMUTABLE", "MUTABLE"))
    keep = args.get("keep_images")
    if keep is not None and int(keep) < 1:
        errors.add("keepImages", f"is {int(keep)}; it must be 1 or more images")
    errors.matches("kmsKeyArn", args.get("kms_key_arn"), r"arn:[\w-]+:kms:.+:key/.+", "the ARN of a key")
    prefixes: set[str] = set()
    for index, cache in enumerate(args.get("pull_through") or []):
        _check_cache(errors, f"pullThrough[{index}]", cache, prefixes)
    errors.raise_if_any()


def _check_cache(errors: ArgumentErrors, path: str, cache: PullThroughCacheArgs, prefixes: set[str]) -> None:
    prefix, upstream = cache.get("prefix") or "", cache.get("upstream") or ""
    if not is_repository_name(prefix) or len(prefix) > 30:
        errors.add(f"{path}.prefix", f"is {prefix!r}; expected 2 to 30 of a-z 0-9 . _ - /")
    if prefix.replace("/", "-") in prefixes:
        errors.add(f"{path}.prefix", f"is {prefix!r}, which another cache has; give each cache its own")
    prefixes.add(prefix.replace("/", "-"))
    if not is_host_name(upstream):
        errors.add(f"{path}.upstream", f"is {upstream!r}; expected a registry's host such as public.ecr.aws")
    credential_arn = cache.get("credential_arn")
    if credential_arn is None and upstream in UPSTREAMS_WITH_CREDENTIALS:
        errors.add(
            f"{path}.credentialArn", f"is required: Amazon ECR caches {upstream} only with credentials"
        )
    errors.matches(
        f"{path}.credentialArn",
        credential_arn,
        r"arn:[\w-]+:secretsmanager:.+:secret:ecr-pullthroughcache/.+",
        "the ARN of a secret named ecr-pullthroughcache/…",
    )
