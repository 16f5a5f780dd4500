"""A null in Helm values removes the chart's default: through the protocol, with the real Helm."""

from pathlib import Path
from typing import Any, cast

import pytest

from localcloud.cloud import Cloud
from localcloud.kube.helm import Helm
from localcloud.kube.release import Releases
from localcloud.providers.server import decode, encode
from tests.unit.localcloud.kubernetes_fakes import FakeApi, FakeHelm, FakeSession

TEMPLATE = """apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data:
  limit: {{ .Values.resources.limits.memory | default "none" | quote }}
  request: {{ .Values.resources.requests.memory | quote }}
"""
DEFAULTS = "resources: {limits: {memory: 1Gi}, requests: {memory: 1Gi}}\n"
SETTINGS = "ConfigMap/v1 models/settings"


@pytest.fixture
def releases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Releases:
    """Releases that render with the real Helm a chart with two defaults."""
    cloud = Cloud(tmp_path / "cloud")
    cloud.prepare()
    monkeypatch.setenv("PATH", cloud.environment()["PATH"])
    templates = tmp_path / "chart" / "templates"
    templates.mkdir(parents=True)
    (templates.parent / "Chart.yaml").write_text("apiVersion: v2\nname: mine\nversion: 1.0.0\n")
    (templates.parent / "values.yaml").write_text(DEFAULTS)
    (templates / "settings.yaml").write_text(TEMPLATE)
    helm = Helm(tmp_path / "helm", "kind: Config", "", "1.35.4")
    session = FakeSession(tmp_path, FakeApi(), cast("FakeHelm", helm))
    return Releases(cast("Any", session), tmp_path)


def checked(releases: Releases, **inputs: Any) -> dict[str, Any]:
    """Inputs as they are after a check, on the engine's side of the protocol."""
    given = {
        "chart": "chart",
        "name": "r",
        "namespace": "models",
        "values": {"resources": {"limits": {"memory": None}}},
        **inputs,
    }
    found, failures = releases.check("r", {}, given)
    assert failures == []
    return decode(encode(found))


def test_a_null_that_is_meant_removes_a_default(releases: Releases) -> None:
    inputs = checked(releases, allowNullValues=True)
    assert inputs["values"] == {"resources": {"limits": {"memory": None}}}
    assert inputs["manifest"][SETTINGS]["data"] == {"limit": "none", "request": "1Gi"}
    # What the engine keeps is what the next check meets: no difference.
    again, _ = releases.check("r", inputs, inputs)
    assert releases.diff("models/r", inputs, decode(encode(again))).changes == ()


def test_other_nulls_are_left_out_as_the_published_provider_does(releases: Releases) -> None:
    inputs = checked(releases)
    assert inputs["values"] == {"resources": {"limits": {}}}
    assert inputs["manifest"][SETTINGS]["data"] == {"limit": "1Gi", "request": "1Gi"}
