"""KWOK's stages of the local cloud take the place of its own, and know the same pods as the data plane does."""

from pathlib import Path

import pytest
import yaml

from localcloud import tools
from localcloud.dataplane import pod_spec


@pytest.fixture
def stages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """The stages by name, with a KWOK whose own are in a temporary folder."""
    module = next(module for module in tools.MODULES if "kwok" in module.packages)
    for folder in module.data:
        (tmp_path / "data" / folder).mkdir(parents=True)
    fast = tmp_path / "data" / next(folder for folder in module.data if "pod" in folder)
    for name in ("pod-ready", "pod-delete", "pod-complete"):
        (fast / f"{name}.yaml").write_text(f"kind: Stage\nmetadata: {{name: {name}}}\n")
    monkeypatch.setenv(tools.TOOLS_VARIABLE, str(tmp_path))
    monkeypatch.setattr(tools.Module, "built", tmp_path / "none")
    return {path.stem: path for path in tools.kwok_stages()}


def test_our_stages_replace_kwoks_of_the_same_name(stages: dict[str, Path], tmp_path: Path) -> None:
    ours = {name for name, path in stages.items() if path.parent == tools.STAGES}
    assert ours == {"pod-delete", "pod-drain", "pod-ready", "pod-start", "pod-warm"}
    assert stages["pod-complete"].is_relative_to(tmp_path)
    assert "pod-ready" in stages


def test_stages_recognise_a_model_server_by_the_same_words() -> None:
    for name, operator in (("pod-delete", "DoesNotExist"), ("pod-drain", "Exists")):
        stage = yaml.safe_load((tools.STAGES / f"{name}.yaml").read_text())
        [found] = [e for e in stage["spec"]["selector"]["matchExpressions"] if ".spec.containers" in e["key"]]
        assert found["operator"] == operator
        assert f'test("{pod_spec.MODEL_SERVER}")' in found["key"]


def test_a_start_up_delay_is_asked_for_by_kwoks_own_annotation() -> None:
    key = '.metadata.annotations["pod-ready.stage.kwok.x-k8s.io/delay"]'
    operators = {
        name: [
            e["operator"]
            for e in yaml.safe_load((tools.STAGES / f"{name}.yaml").read_text())["spec"]["selector"][
                "matchExpressions"
            ]
            if e["key"] == key
        ]
        for name in ("pod-ready", "pod-start", "pod-warm")
    }
    assert operators == {"pod-ready": ["DoesNotExist"], "pod-start": ["Exists"], "pod-warm": ["Exists"]}
