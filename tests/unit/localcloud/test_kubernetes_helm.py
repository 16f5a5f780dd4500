"""How Helm is run: its environment, its files, what is told of its failures, and what a killed provider leaves."""

import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from localcloud.kube.helm import Helm, HelmError, clean_message


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in for ``helm`` that writes down how it was called."""
    folder = tmp_path / "bin"
    folder.mkdir()
    file = folder / "helm"
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    monkeypatch.setenv("HELM_NAMESPACE", "elsewhere")
    monkeypatch.setenv("KUBECONFIG", "/somewhere/else")
    return file


def write(program: Path, script: str) -> None:
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


def helm(tmp_path: Path) -> Helm:
    return Helm(tmp_path / "values", "kind: Config", "ctx", "1.35.4")


def upgrade(made: Helm, tmp_path: Path, looks: list[float] | None = None) -> None:
    seen = looks if looks is not None else []
    made.upgrade(
        tmp_path,
        "r",
        "models",
        {"key": "hunter22"},
        ["--atomic", "--wait"],
        timeout=5,
        look=lambda: seen.append(time.monotonic()),
    )


def test_rendering_gets_values_on_stdin_and_no_cluster(program: Path, tmp_path: Path) -> None:
    write(program, 'echo "$@"; cat; echo "[$KUBECONFIG][$HELM_NAMESPACE]"')
    said = helm(tmp_path).template(tmp_path, "r", "models", {"a": 1})
    expected = (
        f"template r {tmp_path} --namespace models --no-hooks --kube-version 1.35.4 --values -\na: 1\n[][]\n"
    )
    assert said == expected
    assert "kubeconfig" not in said


def test_an_upgrade_gets_a_private_values_file_that_is_gone_afterwards(program: Path, tmp_path: Path) -> None:
    write(
        program,
        f'echo "$@" > {tmp_path}/args; for f in {tmp_path}/values/*; do ls -l "$f" >> {tmp_path}/files; done',
    )
    upgrade(helm(tmp_path), tmp_path)
    arguments = (tmp_path / "args").read_text()
    assert "upgrade r" in arguments
    assert "--install --namespace models" in arguments
    assert "--atomic --wait --timeout 5s" in arguments
    assert "--kube-context ctx" in arguments
    assert "hunter22" not in arguments
    listed = (tmp_path / "files").read_text().splitlines()
    assert len([line for line in listed if "values-" in line]) == 1
    assert all(line.startswith("-rw-------") for line in listed if "values-" in line or "kubeconfig-" in line)
    left = [file.name for file in (tmp_path / "values").iterdir()]
    assert [name.partition("-")[0] for name in left] == ["kubeconfig"]


def test_the_kubeconfig_is_one_private_file_however_often_it_is_needed(program: Path, tmp_path: Path) -> None:
    write(program, "true")
    for _ in range(2):
        helm(tmp_path).rollback("r", "models")
    (file,) = (tmp_path / "values").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_failure_is_told_in_helms_words_and_without_its_warnings(program: Path, tmp_path: Path) -> None:
    write(
        program,
        'echo "WARNING: Kubernetes configuration file is group-readable" >&2; echo "Error: no" >&2; exit 1',
    )
    with pytest.raises(HelmError, match=r"^no$"):
        upgrade(helm(tmp_path), tmp_path)
    assert clean_message("W1121 10:00:00 warning\nError: UPGRADE FAILED: x\n") == "UPGRADE FAILED: x"


def test_uninstalling_what_helm_does_not_know_is_no_failure(program: Path, tmp_path: Path) -> None:
    write(program, 'echo "Error: uninstall: Release not loaded: r: release: not found" >&2; exit 1')
    assert not helm(tmp_path).uninstall("r", "models", wait=True, timeout=1)


def test_without_helm_on_path_it_says_where_to_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(HelmError, match="helm is not on PATH"):
        helm(tmp_path).rollback("r", "models")


def test_a_helm_that_a_killed_provider_left_is_ended_and_nothing_else(program: Path, tmp_path: Path) -> None:
    write(program, "exec sleep 60")
    script = (
        "import sys; from pathlib import Path; from localcloud.kube.helm import Helm; folder = Path(sys.argv[1]);"
        "Helm(folder / 'values', 'kind: Config', '', '1').upgrade("
        "folder, 'r', 'models', {}, [], timeout=60, look=lambda: None)"
    )
    provider = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)])
    record = tmp_path / "values" / "running-models.r"
    deadline = time.monotonic() + 10
    while not record.exists() or not record.read_text():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    orphan = psutil.Process(provider.pid).children()[0]
    provider.kill()
    provider.wait()
    assert orphan.is_running()
    helm(tmp_path).end_orphan("other", "models")
    assert orphan.is_running()
    helm(tmp_path).end_orphan("r", "models")
    assert not orphan.is_running() or orphan.status() == psutil.STATUS_ZOMBIE
    assert not record.exists()
    helm(tmp_path).end_orphan("r", "models")
