"""CloudWatch log groups."""

from typing import ClassVar

from components.log_retention import RETENTION_DAYS
from localcloud.aws.account import Account
from localcloud.aws.errors import AwsError
from localcloud.aws.rules.base import Call, Rule, rule, text
from localcloud.aws.rules.key_use import why_not_usable
from localcloud.aws.store import Record
from localcloud.providers.protocol import CheckFailure, Properties

LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"

# Days that PutRetentionPolicy takes; 0 keeps events for ever.
_RETENTION = (0, *RETENTION_DAYS)  # 0: for ever


@rule(LOG_GROUP)
class LogGroupRule(Rule):
    """A log group."""

    id_property = "name"
    unique = ("name",)
    taken = ("ResourceAlreadyExistsException", "The specified log group already exists")
    defaults: ClassVar[Properties] = {
        "retentionInDays": 0,
        "skipDestroy": False,
        "logGroupClass": "STANDARD",
        "deletionProtectionEnabled": False,
    }

    def faults(self, inputs: Properties, account: Account) -> list[CheckFailure]:
        """One of the retention periods."""
        del account
        days = inputs.get("retentionInDays", 0)
        if isinstance(days, int) and days not in _RETENTION:
            known = ", ".join(str(one) for one in _RETENTION)
            return [CheckFailure("retentionInDays", f"expected one of {known}; got {days}")]
        return []

    def admit(self, call: Call, inputs: Properties, record: Record | None) -> None:
        """CloudWatch Logs itself may use its key: the key's policy must name the service."""
        key = text(inputs.get("kmsKeyId"))
        service = f"logs.{call.region}.amazonaws.com"
        if key and why_not_usable(call, key, service):
            arn = call.arn("logs", f"log-group:{inputs.get('name')}")
            raise AwsError(
                "AccessDeniedException",
                f"The specified KMS key does not exist or is not allowed to be used with Arn '{arn}'",
            )
