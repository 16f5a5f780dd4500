"""The AWS account and region that a command works in, as the environment says."""

import dataclasses
import importlib
import os
from typing import Any

# Neither has types of its own.
_boto3: Any = importlib.import_module("boto3")
_config: Any = importlib.import_module("botocore.config")
_exceptions: Any = importlib.import_module("botocore.exceptions")

AWS_ERRORS: tuple[type[Exception], ...] = (_exceptions.ClientError, _exceptions.BotoCoreError)
"""What a call to AWS may raise: its refusals, and everything that keeps a call from being answered."""

# Throttling is waited out: reading a whole account takes many calls.
_CONFIG: Any = _config.Config(retries={"mode": "standard", "max_attempts": 10})


class OpsError(Exception):
    """A command cannot do its work; the text says what to do."""


@dataclasses.dataclass(frozen=True)
class Aws:
    """Clients for one account and region."""

    session: Any
    account_id: str
    region: str
    partition: str
    _clients: dict[str, Any] = dataclasses.field(default_factory=dict[str, Any])

    def client(self, service: str) -> Any:
        """A client of a service; ``AWS_ENDPOINT_URL`` is honoured."""
        if service not in self._clients:  # making one reads its whole model
            self._clients[service] = self.session.client(service, config=_CONFIG)
        return self._clients[service]

    def pages(self, service: str, operation: str, key: str, **given: Any) -> list[Any]:
        """Everything that a paginated operation lists under ``key``."""
        paginator = self.client(service).get_paginator(operation)
        return [one for page in paginator.paginate(**given) for one in page.get(key, [])]


def connect() -> Aws:
    """The account and region of the environment; raises `OpsError` when either is not known."""
    # botocore itself reads only the second of these; the AWS CLI and every other SDK read the first.
    named = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    session: Any = _boto3.session.Session(region_name=named)
    region: str | None = session.region_name
    if not region:
        raise OpsError("no AWS region: set AWS_REGION, or region in the profile")
    try:
        identity: dict[str, str] = session.client("sts", config=_CONFIG).get_caller_identity()
    except AWS_ERRORS as error:
        raise OpsError(f"no usable AWS credentials ({told(error)}): log in, or set AWS_PROFILE") from None
    return Aws(session, identity["Account"], region, identity["Arn"].split(":")[1])


def code_of(error: Exception) -> str:
    """AWS's error code; empty for what did not come from AWS."""
    response: Any = getattr(error, "response", None)
    return str(response["Error"]["Code"]) if response else ""


def told(error: Exception) -> str:
    """An error in one line."""
    return " ".join(str(error).split())
