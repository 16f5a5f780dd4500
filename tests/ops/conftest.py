"""An in-process AWS account for the operators' commands."""

from collections.abc import Iterator

import botocore.loaders
import pytest
from moto import mock_aws

from ops.session import Aws, connect


@pytest.fixture(scope="package", autouse=True)
def _models_are_read_once() -> Iterator[None]:
    """Each session reads the models of its services, which take most of a test's time and are always the same."""
    models = botocore.loaders.create_loader()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("botocore.session.create_loader", lambda *_: models)
        yield


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    """An empty account, as `connect` sees it."""
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")  # hundreds of images that nobody here starts
    monkeypatch.setenv("AWS_REGION", "us-east-2")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-2")
    monkeypatch.setattr("ops.removal.PATIENCE_SECONDS", 0.0)
    monkeypatch.setattr("ops.removal._PAUSE_SECONDS", 0.0)
    with mock_aws():
        yield connect()
