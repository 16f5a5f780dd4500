"""The pinned Helm programs, for the tests of the serving chart."""

import copy
import shutil
from typing import Any

import pytest

from localcloud.tools import program
from tests.chart.rendering import CHART, DEV, Helm, Objects


@pytest.fixture(scope="session")
def helm() -> Helm:
    """Helm 3, which the Pulumi provider and most users have."""
    return Helm(program("helm"))


@pytest.fixture(scope="session")
def helm4() -> Helm:
    return Helm(program("helm4"))


@pytest.fixture
def values() -> dict[str, Any]:
    """The values of the reference stack, to be changed at will."""
    return copy.deepcopy(DEV)


@pytest.fixture(scope="session")
def dev(helm: Helm) -> Objects:
    """The objects of the reference stack."""
    return helm.render(DEV)


@pytest.fixture(scope="session")
def notes_helm(helm: Helm, tmp_path_factory: pytest.TempPathFactory) -> Helm:
    """Helm with a copy of the chart whose notes are rendered as an object.

    `helm template` leaves notes out, and `helm install` wants a cluster even for a dry run.
    """
    chart = tmp_path_factory.mktemp("chart") / "inference"
    shutil.copytree(CHART, chart)
    notes = (chart / "templates" / "NOTES.txt").read_text()
    (chart / "templates" / "_notes.tpl").write_text('{{ define "notes" }}' + notes + "{{ end }}")
    shown = 'kind: Notes\nmetadata: {name: notes}\ntext: {{ include "notes" . | toJson }}\n'
    (chart / "templates" / "notes.yaml").write_text(shown)
    return Helm(helm.program, chart)
