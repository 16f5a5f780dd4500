"""A project folder with a chart in it."""

from pathlib import Path

import pytest


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for folder in ("charts/inference", "bundle/charts/inference"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "Chart.yaml").write_text("name: inference\n", encoding="utf-8")
    return tmp_path
