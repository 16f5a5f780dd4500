"""ECR repositories, their policies and pull-through caches."""

import json
import re
from typing import Any, ClassVar

from components.partitions import registry_host
from localcloud.aws.account import Account
from localcloud.aws.documents import check_document
from localcloud.aws.errors import AwsError
from localcloud.aws.rules.base import Call, Rule, rule, text
from localcloud.aws.rules.key_use import GRANT, why_not_usable
from localcloud.aws.store import Record
from localcloud.kube.fields import at, each
from localcloud.providers.protocol import UNKNOWN, CheckFailure, Properties

REPOSITORY = "aws:ecr/repository:Repository"
_NAME = re.compile(r"^(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*$")


@rule(REPOSITORY)
class RepositoryRule(Rule):
    """An image repository."""

    id_property = "name"
    defaults: ClassVar[Properties] = {"imageTagMutability": "MUTABLE", "forceDelete": False}

    def faults(self, inputs: Properties, account: Account) -> list[CheckFailure]:
        """The form of repository names."""
        del account
        name = text(inputs.get("name"))
        if name and name != UNKNOWN and not (2 <= len(name) <= 256 and _NAME.fullmatch(name)):
            return [CheckFailure("name", f"invalid repository name {name!r}: must satisfy {_NAME.pattern}")]
        return []

    def admit(self, call: Call, inputs: Properties, record: Record | None) -> None:
        """Names are unique in a registry; a repository's key is one that its maker may share with ECR."""
        name = text(inputs.get("name"))
        if record is None and call.store.get(REPOSITORY, name):
            raise AwsError(
                "RepositoryAlreadyExistsException",
                f"The repository with name '{name}' already exists in the registry with id "
                f"'{call.account.account_id}'",
            )

        for one in each(inputs, "encryptionConfigurations"):
            key = text(one.get("kmsKey"))
            problem = why_not_usable(call, key, actions=GRANT) if key else None
            if problem:
                raise AwsError(
                    "KmsException",
                    f"The operation failed due to a KMS exception thrown by KMS: the key {key} is {problem}.",
                )

    def computed(self, call: Call, id_: str, inputs: Properties) -> Properties:
        """Registry and address."""
        account = call.account.account_id
        return {"registryId": account, "repositoryUrl": f"{registry_host(account, call.region)}/{id_}"}


class _OfRepository(Rule):
    id_property = "repository"

    def admit(self, call: Call, inputs: Properties, record: Record | None) -> None:
        """The repository exists."""
        name = text(inputs.get("repository"))
        if call.store.get(REPOSITORY, name) is None:
            raise AwsError(
                "RepositoryNotFoundException",
                f"The repository with name '{name}' does not exist in the registry with id "
                f"'{call.account.account_id}'",
            )

    def computed(self, call: Call, id_: str, inputs: Properties) -> Properties:
        """The registry."""
        return {"registryId": call.account.account_id}


@rule("aws:ecr/lifecyclePolicy:LifecyclePolicy")
class LifecyclePolicyRule(_OfRepository):
    """Which images a repository gives up."""

    def admit(self, call: Call, inputs: Properties, record: Record | None) -> None:
        """A valid list of rules with unique priorities."""
        super().admit(call, inputs, record)
        try:
            document: Any = json.loads(text(inputs.get("policy")))
            rules = document["rules"]
            priorities = [one["rulePriority"] for one in rules]
            complete = all({"selection", "action"} <= set(one) for one in rules)
        except (ValueError, KeyError, TypeError):
            rules, priorities, complete = [], [], False
        if not rules or not complete or len(set(priorities)) != len(priorities):
            raise AwsError(
                "InvalidParameterException",
                "Invalid parameter at 'LifecyclePolicyText' failed to satisfy constraint: 'Lifecycle policy "
                "validation failure: rules need unique rulePriority, selection and action'",
            )


@rule("aws:ecr/repositoryPolicy:RepositoryPolicy")
class RepositoryPolicyRule(_OfRepository):
    """Who may use a repository."""

    def admit(self, call: Call, inputs: Properties, record: Record | None) -> None:
        """A valid document; the resource is the repository itself and not written."""
        super().admit(call, inputs, record)
        try:
            document = at(json.loads(text(inputs.get("policy"))))
        except ValueError:
            document = {}
        if not document:
            raise AwsError(
                "InvalidParameterException",
                "Invalid parameter at 'PolicyText' failed to satisfy constraint: 'Invalid repository policy "
                "provided'",
            )
        # The resource is the repository itself and is not written.
        statements = [{"Resource": "*", **one} for one in each(document, "Statement")]
        document = {**document, "Statement": statements}
        check_document(document, "resource", "InvalidParameterException")


@rule("aws:ecr/pullThroughCacheRule:PullThroughCacheRule")
class PullThroughCacheRule(Rule):
    """A prefix whose images are fetched from another registry."""

    id_property = "ecrRepositoryPrefix"
    unique = ("ecrRepositoryPrefix",)
    taken = (
        "PullThroughCacheRuleAlreadyExistsException",
        "A pull through cache rule with 'ecrRepositoryPrefix': '{}' already exists.",
    )

    def computed(self, call: Call, id_: str, inputs: Properties) -> Properties:
        """The registry."""
        return {"registryId": call.account.account_id}
