"""Settings of container images: repositories in the account and what the models run."""

from collections.abc import Iterator
from typing import Annotated, Optional

from config.area import Area, Fault, rule
from config.formats import ImageTag, PullThroughSecretArn, RegistryHost, RepositoryName, matching

_OPEN_UPSTREAMS = ("public.ecr.aws", "registry.k8s.io", "quay.io")

RepositoryPrefix = Annotated[
    str,
    matching(
        r"(?=.{2,30}$)[a-z0-9]+([._-][a-z0-9]+)*(/[a-z0-9]+([._-][a-z0-9]+)*)*",
        "a repository prefix: 2 to 30 of a-z 0-9, parted by single . _ - or /",
    ),
]


class PullThroughRule(Area):
    """A rule of ECR's pull-through cache."""

    prefix: RepositoryPrefix
    """First part of the cached repositories' names."""
    upstream: RegistryHost
    """Host name of the upstream registry, such as `registry-1.docker.io`."""
    credential_arn: Optional[PullThroughSecretArn] = None
    """Secrets Manager secret with the upstream's credentials; `public.ecr.aws`, `registry.k8s.io` and
    `quay.io` need none."""

    @rule("upstream", "credential_arn")
    def _upstream_lets_us_in(self) -> Iterator[Fault]:
        if self.credential_arn is None and self.upstream not in _OPEN_UPSTREAMS:
            yield Fault(
                "credentialArn",
                f"is required for {self.upstream}: only {', '.join(_OPEN_UPSTREAMS)} are cached without",
            )


class Images(Area):
    """Where images are kept and which one serves the models."""

    repositories: tuple[RepositoryName, ...] = ("atlas", "public-docs")
    """ECR repositories to create; their names equal the image names in the deployment bundle."""
    registry: Optional[RegistryHost] = None
    """Registry that model pods pull from. Default: the account's own ECR registry in the region."""
    name: Optional[RepositoryName] = None
    """Image name of the model server. Default: the chart's, which matches the bundle."""
    tag: Optional[ImageTag] = None
    """Image tag of the model server. Default: the chart's, which matches the bundle."""
    pull_through: tuple[PullThroughRule, ...] = ()
    """Upstream registries that ECR caches. Default: none."""

    @rule("repositories")
    def _repositories_are_distinct(self) -> Iterator[Fault]:
        for index, name in enumerate(self.repositories):
            if name in self.repositories[:index]:
                yield Fault(f"repositories[{index}]", f"names {name} a second time; give each once")

    @rule("pull_through")
    def _prefixes_are_distinct(self) -> Iterator[Fault]:
        prefixes = [entry.prefix for entry in self.pull_through]
        for index, prefix in enumerate(prefixes):
            if prefix in prefixes[:index]:
                yield Fault(f"pullThrough[{index}].prefix", f"{prefix!r} is taken by an earlier rule")
