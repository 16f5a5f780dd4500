"""An in-process AWS account for the operators' commands."""

from collections.abc import Iterator

import pytest
from moto import mock_aws

from ops.session import Aws, connect


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    """An empty account, as `connect` sees it."""
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_REGION", "us-east-2")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-2")
    monkeypatch.setattr("ops.removal.PATIENCE_SECONDS", 0.0)
    monkeypatch.setattr("ops.removal._PAUSE_SECONDS", 0.0)
    with mock_aws():
        yield connect()
