"""The deployment that all rows of one worker begin from."""

from collections.abc import Iterator

import pytest

from tests.engine.upgrades import plans, rows
from tests.engine.upgrades.runner import Deployment, Preview


@pytest.fixture(scope="session")
def first(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """The dev stack as it is, but with the Kubernetes version before, deployed on a local cloud of its own."""
    made = Deployment(tmp_path_factory.mktemp("upgrades"))
    made.lay_out()
    made.become(None, rows.FIRST_VERSION)
    try:
        made.stack.cloud.start()
        made.up()
        yield made
    finally:
        # Also where the deployment fails: then nobody else would end the processes.
        made.stack.cloud.stop()


@pytest.fixture(scope="session")
def upgrade(first: Deployment) -> tuple[Preview, list[plans.Step]]:
    """What the preview of the Kubernetes upgrade told, and what `up` then did."""
    first.become(rows.NAMED["kubernetes-version"])
    preview = first.preview()
    return preview, first.up()


@pytest.fixture(scope="session")
def base(first: Deployment, upgrade: object) -> Deployment:
    """The deployment after the Kubernetes upgrade: every other row begins here."""
    del upgrade
    first.become(None)
    return first
