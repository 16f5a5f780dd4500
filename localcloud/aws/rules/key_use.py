"""Finds the KMS key that a resource names, and says why it cannot be used."""

from collections.abc import Sequence

from localcloud.aws.key_policies import Problem, key_problem
from localcloud.aws.rules.base import Call
from localcloud.aws.rules.kms import target_key

_USE = ("kms:Decrypt", "kms:GenerateDataKey")
GRANT = ("kms:CreateGrant", "kms:DescribeKey")
"""What a service needs that keeps using a key on its caller's behalf, such as EKS and EBS."""


def why_not_usable(
    call: Call, value: str, principal: str = "", actions: Sequence[str] = _USE
) -> Problem | None:
    """Why ``principal`` (by default whoever runs `pulumi`) cannot use the key; None when it can.

    ``value`` is a key's id, its ARN or an alias. A key of another region is ``missing``: KMS keys do not leave
    their region.
    """
    return key_problem(call.account, target_key(call, value), principal or call.account.caller_arn, actions)
