"""Pinned programs: versions have one home, and a machine that cannot build them is told what to do."""

import os
import sys
from pathlib import Path

import pytest

from localcloud import tools
from localcloud.tools import CLOUD_PROGRAMS, MODULES, Module, ToolError


def test_every_program_of_the_local_cloud_has_exactly_one_module() -> None:
    names = [name for module in MODULES for name in module.packages]
    assert sorted(names) == sorted(set(names))
    assert set(CLOUD_PROGRAMS) <= set(names)


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_versions_come_from_go_mod_and_are_locked_by_go_sum(module: Module) -> None:
    assert f"{module.requirement} v{module.version}" in (module.folder / "go.mod").read_text()
    assert f"{module.requirement} v{module.version} h1:" in (module.folder / "go.sum").read_text()


def test_changed_pins_are_built_into_another_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = next(module for module in MODULES if module.name == "etcd")
    before = module.built
    monkeypatch.setattr(tools, "PROJECT", tmp_path)
    folder = tmp_path / "tools" / "etcd"
    folder.mkdir(parents=True)
    (folder / "go.mod").write_text(f"require {module.requirement} v9.9.9\n")
    (folder / "go.sum").write_text("")
    assert module.version == "9.9.9"
    assert module.built != before


def test_a_folder_with_programs_takes_precedence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "etcd").touch()
    monkeypatch.setenv(tools.TOOLS_VARIABLE, str(tmp_path))
    assert tools.program("etcd") == tmp_path / "etcd"


def test_too_little_disk_is_said_before_anything_is_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(tools, "DISK_NEEDED_GB", 10**9)
    with pytest.raises(ToolError, match=r"needs 1000000000 GB of free disk.*XDG_CACHE_HOME"):
        tools.program("etcd")


def test_without_go_and_without_pulumi_the_message_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    (tmp_path / "python").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "python").chmod(0o755)
    with pytest.raises(ToolError, match=r"no pulumi that can be used.*Go 1.26.*requirements-go.lock"):
        tools.program("pulumi")


def test_go_from_the_wheel_is_used_when_none_is_on_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    (tmp_path / "go").touch()
    assert tools.find_go() == tmp_path / "go"


def install_fake_pulumi(folder: Path, version: str, *, host: bool = True) -> None:
    (folder / "pulumi").write_text(f"#!/bin/sh\necho v{version}\n")
    (folder / "pulumi").chmod(0o755)
    if host:
        (folder / "pulumi-language-python").touch()


@pytest.mark.parametrize(("version", "used"), [("3.259.0", True), ("3.300.1", True), ("3.258.9", False)])
def test_an_installed_pulumi_is_used_when_it_is_recent_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, used: bool
) -> None:
    install_fake_pulumi(tmp_path, version)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/bin")
    assert (tools.installed_pulumi() == tmp_path / "pulumi") is used


def test_an_installed_pulumi_without_a_python_host_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install_fake_pulumi(tmp_path, "3.300.0", host=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert tools.installed_pulumi() is None


def test_a_local_clouds_own_shim_is_not_taken_for_an_installed_pulumi(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install_fake_pulumi(tmp_path, "3.300.0")
    (tmp_path / tools.SHIM_MARKER).touch()
    monkeypatch.setenv("PATH", str(tmp_path))
    assert tools.installed_pulumi() is None


def test_a_failing_build_shows_what_the_toolchain_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = tmp_path / "go"
    go.write_text("#!/bin/sh\necho 'go: downloading x' >&2\necho 'missing go.sum entry' >&2\nexit 1\n")
    go.chmod(0o755)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/bin{os.pathsep}/usr/bin")
    with pytest.raises(ToolError) as caught:
        tools.program("etcd")
    assert "missing go.sum entry" in str(caught.value)
    assert "downloading" not in str(caught.value)
    assert list((tmp_path / "cache" / "inference-plane").glob("build-*")) == []
