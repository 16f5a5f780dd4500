"""Which principals that a policy names are not there."""

from typing import Any

from localcloud.aws.documents import principals
from localcloud.aws.rules.base import Call
from localcloud.aws.store import Record

ROLE = "aws:iam/role:Role"


def unknown_principals(call: Call, statements: list[dict[str, Any]]) -> list[str]:
    """Users and roles of the account that policy statements name and that do not exist.

    Principals of other accounts are taken as they are, and so are service-linked roles, which AWS makes itself.
    """
    own = call.arn("iam", "", regional=False)
    users = {call.account.caller_arn, *(f"{own}user/{name}" for name in call.account.users)}
    return [
        one
        for one in principals(statements, "AWS")
        if (one.startswith(f"{own}user/") and one not in users)
        or (
            one.startswith(f"{own}role/")
            and not one.startswith(f"{own}role/aws-service-role/")
            and not _role(call, one)
        )
    ]


def _role(call: Call, arn: str) -> Record | None:
    found = call.store.find(ROLE, arn=arn)
    return found[0] if found else None
