"""A simulated account behind its AWS API, called by boto3 without a network."""

import re
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localcloud.api.application import Application
from localcloud.api.clients import Clients
from tests.unit.localcloud.aws.simulated import Simulated


class Served(Simulated):
    """The account, and clients as a user has them."""

    def __init__(self, folder: Path, account: str | None = None) -> None:
        super().__init__(folder, account)
        self.application = Application(self.home, self.provider)
        self._clients = Clients(self.application, "us-east-2")

    def aws(self, service: str) -> Any:
        """A boto3 client of a service."""
        return self._clients.client(service)

    @property
    def problems(self) -> dict[str, str]:
        """What moto refused of the account."""
        self.application.world.catch_up()
        return self.application.status()["problems"]

    def restarted(self) -> "Served":
        """The same account behind a new server."""
        self.application = Application(self.home, self.provider)
        self._clients = Clients(self.application, "us-east-2")
        return self

    def read(self, type_: str, id_: str) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """Inputs and state as a refresh reads them; None when the resource is gone."""
        found = self.provider.read(type_, id_, {}, {})
        return None if found is None else (found[1], found[2])

    def refused(self, code: str) -> Any:
        """Expects the API to refuse with this code."""
        return pytest.raises(ClientError, match=rf"\({re.escape(code)}\)")


def tags(items: list[dict[str, str]]) -> dict[str, str]:
    """An answer's list of tags as a mapping."""
    return {one["Key"]: one["Value"] for one in items}
