"""KMS keys and aliases."""

import dataclasses
import datetime
import re
from typing import Any, ClassVar

from localcloud.aws import names
from localcloud.aws.account import Account
from localcloud.aws.documents import check_document, principals
from localcloud.aws.errors import AwsError
from localcloud.aws.key_policies import default_key_policy
from localcloud.aws.rules.base import Call, Rule, rule, text
from localcloud.aws.rules.principals import unknown_principals
from localcloud.aws.store import Record
from localcloud.providers.protocol import UNKNOWN, CheckFailure, Properties

KEY = "aws:kms/key:Key"
ALIAS = "aws:kms/alias:Alias"


_DELETION_DAYS = 30


@rule(KEY)
class KeyRule(Rule):
    """A key; its policy must leave someone in charge of it."""

    defaults: ClassVar[Properties] = {
        "keyUsage": "ENCRYPT_DECRYPT",
        "customerMasterKeySpec": "SYMMETRIC_DEFAULT",
        "isEnabled": True,
        "enableKeyRotation": False,
        "multiRegion": False,
        "bypassPolicyLockoutSafetyCheck": False,
    }

    def faults(self, inputs: Properties, account: Account) -> list[CheckFailure]:
        """The waiting period before a deletion."""
        del account
        failures: list[CheckFailure] = []
        for key, low, high in (("deletionWindowInDays", 7, 30), ("rotationPeriodInDays", 90, 2560)):
            days = inputs.get(key)
            if isinstance(days, int) and not low <= days <= high:
                failures.append(
                    CheckFailure(key, f"expected {key} to be in the range ({low} - {high}), got {days}")
                )
        return failures

    def identity(self, call: Call, inputs: Properties) -> str:
        """A UUID; multi-Region keys begin with mrk-."""
        id_ = names.new_uuid()
        return f"mrk-{id_.replace('-', '')}" if inputs.get("multiRegion") else id_

    def admit(self, call: Call, inputs: Properties, record: Record | None) -> None:
        """A valid policy that does not lock the account out."""
        if inputs.get("policy"):
            check_key_policy(
                call, inputs["policy"], bypass=bool(inputs.get("bypassPolicyLockoutSafetyCheck"))
            )
        if record is None and len(call.store.all(KEY)) >= call.account.quotas.kms_keys:
            raise AwsError("LimitExceededException", "You have exceeded the maximum number of KMS keys.")

    def computed(self, call: Call, id_: str, inputs: Properties) -> Properties:
        """The id under its other name."""
        more: Properties = {"keyId": id_}
        if "policy" not in inputs:
            more["policy"] = default_key_policy(call.account)
        return more

    def remains(self, call: Call, record: Record) -> Record | None:
        """The key itself, for its waiting period: it counts against the quota and can be used for nothing."""
        days = record.inputs.get("deletionWindowInDays") or _DELETION_DAYS
        end = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=days)
        state = {
            **record.state,
            "isEnabled": False,
            "keyState": "pending-deletion",
            "deletionDate": end.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        return dataclasses.replace(record, state=state, origin="deleted")


def check_key_policy(call: Call, document: Any, *, bypass: bool) -> None:
    """Raise KMS's refusal of a key policy."""
    code = "MalformedPolicyDocumentException"
    statements = check_document(document, "resource", code)
    if unknown_principals(call, statements):
        raise AwsError(code, "Policy contains a statement with one or more invalid principals.")
    callers = {
        call.account.caller_arn,
        call.arn("iam", "root", regional=False),
        call.account.account_id,
        "*",
    }
    in_charge = [
        one
        for one in statements
        if one["Effect"] == "Allow"
        and any(
            re.fullmatch(r"(\*|kms:(\*|Put\*|PutKeyPolicy))", action) for action in _list(one.get("Action"))
        )
        and callers & set(principals([one], "AWS"))
    ]
    if not in_charge and not bypass:
        raise AwsError(code, "The new key policy will not allow you to update the key policy in the future.")


def _list(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value or [])


@rule(ALIAS)
class AliasRule(Rule):
    """A name of a key."""

    id_property = "name"
    defaults: ClassVar[Properties] = {}

    def faults(self, inputs: Properties, account: Account) -> list[CheckFailure]:
        """The form of alias names."""
        del account
        name = text(inputs.get("name"))
        if name and name != UNKNOWN and not re.fullmatch(r"alias/(?!aws/)[a-zA-Z0-9/_-]+", name):
            return [CheckFailure("name", "must begin with 'alias/' and be comprised of only [a-zA-Z0-9/_-]")]
        return []

    def admit(self, call: Call, inputs: Properties, record: Record | None) -> None:
        """The key exists and the name is free."""
        target = text(inputs["targetKeyId"])
        key = target_key(call, target)
        if key is None:
            raise AwsError("NotFoundException", f"Key '{target}' does not exist")
        if key.state.get("keyState") == "pending-deletion":
            raise AwsError("KMSInvalidStateException", f"{key.state['arn']} is pending deletion.")
        if record is None and call.store.get(ALIAS, text(inputs.get("name"))):
            arn = call.arn("kms", text(inputs.get("name")))
            raise AwsError("AlreadyExistsException", f"An alias with the name {arn} already exists")

    def computed(self, call: Call, id_: str, inputs: Properties) -> Properties:
        """The key's ARN."""
        key = target_key(call, text(inputs["targetKeyId"]))
        return {"targetKeyArn": key.state["arn"] if key else ""}

    def recomputed(self, call: Call, record: Record, new: Properties) -> Properties:
        """The new key's ARN."""
        return self.computed(call, record.id, new)


def target_key(call: Call, value: str) -> Record | None:
    """The key that an id, an ARN or an alias names."""
    if "alias/" in value:
        alias = call.store.get(ALIAS, value[value.index("alias/") :])
        return target_key(call, text(alias.state.get("targetKeyId"))) if alias else None
    found = call.store.get(KEY, value.rsplit("/", 1)[-1])
    return found if found and value in (found.id, found.state.get("arn")) else None


@rule("aws:kms/keyPolicy:KeyPolicy")
class KeyPolicyRule(Rule):
    """The policy of a key, as its own resource."""

    id_property = "keyId"

    def admit(self, call: Call, inputs: Properties, record: Record | None) -> None:
        """The key exists; the policy leaves someone in charge."""
        if target_key(call, text(inputs["keyId"])) is None:
            raise AwsError("NotFoundException", f"Key '{inputs['keyId']}' does not exist")
        check_key_policy(call, inputs["policy"], bypass=bool(inputs.get("bypassPolicyLockoutSafetyCheck")))
