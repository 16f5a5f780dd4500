"""ECR repositories and their lifecycle policies."""

from typing import Any, ClassVar

from localcloud.api.mirrors.base import Mirror, Properties, given, mirror, tag_list, tags_of
from localcloud.aws.store import Record
from localcloud.kube.fields import at


class EcrMirror(Mirror):
    """What ECR's mirrors share."""

    service: ClassVar[str] = "ecr"

    def repository(self, name: str) -> Any:
        """moto's repository; None where there is none."""
        return self.backend.repositories.get(name)


@mirror("aws:ecr/repository:Repository")
class RepositoryMirror(EcrMirror):
    """A repository; its ARN and URL follow from its name."""

    def make(self, record: Record) -> None:
        """The repository."""
        state = record.state
        encryption: list[Properties] = state.get("encryptionConfigurations") or []
        wanted = encryption[0] if encryption else {}
        self.client.create_repository(
            repositoryName=record.id,
            imageTagMutability=state.get("imageTagMutability") or "MUTABLE",
            imageScanningConfiguration={"scanOnPush": _scans(record)},
            **given(
                tags=tag_list(tags_of(record)),
                encryptionConfiguration=given(
                    encryptionType=wanted.get("encryptionType"), kmsKey=wanted.get("kmsKey")
                ),
            ),
        )

    def settle(self, record: Record) -> None:
        """Mutability, scanning, tags."""
        mutability = record.state.get("imageTagMutability") or "MUTABLE"
        self.client.put_image_tag_mutability(repositoryName=record.id, imageTagMutability=mutability)
        self.client.put_image_scanning_configuration(
            repositoryName=record.id, imageScanningConfiguration={"scanOnPush": _scans(record)}
        )
        arn, wanted = self.repository(record.id).arn, tags_of(record)
        if gone := [key for key in self._tags(arn) if key not in wanted]:
            self.client.untag_resource(resourceArn=arn, tagKeys=gone)
        if tag_list(wanted):
            self.client.tag_resource(resourceArn=arn, tags=tag_list(wanted))

    def remove(self, record: Record) -> None:
        """The repository with its images: that it may go was decided where the record was deleted."""
        if self.repository(record.id) is not None:
            self.client.delete_repository(repositoryName=record.id, force=True)

    def look(self, record: Record) -> Properties | None:
        """Mutability, scanning, tags."""
        repository = self.repository(record.id)
        if repository is None:
            return None
        return {
            "imageTagMutability": repository.image_tag_mutability,
            "imageScanningConfiguration": {
                "scanOnPush": bool(repository.image_scanning_configuration["scanOnPush"])
            },
            "tagsAll": self._tags(repository.arn),
        }

    def _tags(self, arn: str) -> dict[str, str]:
        return {
            one["Key"]: one["Value"] for one in self.client.list_tags_for_resource(resourceArn=arn)["tags"]
        }


def _scans(record: Record) -> bool:
    return bool(at(record.state, "imageScanningConfiguration").get("scanOnPush"))


@mirror("aws:ecr/lifecyclePolicy:LifecyclePolicy")
class LifecyclePolicyMirror(EcrMirror):
    """A repository's lifecycle policy."""

    def make(self, record: Record) -> None:
        """The policy."""
        self.client.put_lifecycle_policy(
            repositoryName=record.state["repository"], lifecyclePolicyText=record.state["policy"]
        )

    def settle(self, record: Record) -> None:
        """Its text."""
        self.make(record)

    def remove(self, record: Record) -> None:
        """The policy."""
        repository = self.repository(record.state["repository"])
        if repository is not None and repository.lifecycle_policy:
            self.client.delete_lifecycle_policy(repositoryName=record.state["repository"])

    def look(self, record: Record) -> Properties | None:
        """Its text."""
        repository = self.repository(record.state["repository"])
        policy = repository.lifecycle_policy if repository is not None else None
        return {"policy": policy} if policy else None


@mirror("aws:ecr/repositoryPolicy:RepositoryPolicy")
class RepositoryPolicyMirror(EcrMirror):
    """A repository's policy."""

    def make(self, record: Record) -> None:
        """The policy."""
        self.client.set_repository_policy(
            repositoryName=record.state["repository"], policyText=record.state["policy"]
        )

    def settle(self, record: Record) -> None:
        """Its text."""
        self.make(record)

    def remove(self, record: Record) -> None:
        """The policy."""
        if self.look(record) is not None:
            self.client.delete_repository_policy(repositoryName=record.state["repository"])

    def look(self, record: Record) -> Properties | None:
        """Its text."""
        repository = self.repository(record.state["repository"])
        policy = repository.policy if repository is not None else None
        return {"policy": policy} if policy else None
