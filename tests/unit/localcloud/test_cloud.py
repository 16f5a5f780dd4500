"""A local cloud's folder: shims that do what they say, an environment without leaks, and a clean end."""

import json
import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from localcloud import tools
from localcloud.cloud import Cloud
from localcloud.home import HOME_VARIABLE
from localcloud.tools import CLOUD_PROGRAMS


@pytest.fixture
def cloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    """A prepared local cloud whose programs print their arguments."""
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in CLOUD_PROGRAMS:
        (programs / name).write_text('#!/bin/sh\nfor one in "$@"; do echo "$one"; done\n')
        (programs / name).chmod(0o755)
    monkeypatch.setenv(tools.TOOLS_VARIABLE, str(programs))
    made = Cloud(tmp_path / "cloud")
    made.prepare()
    return made


def run(cloud: Cloud, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(cloud.home.bin / command[0]), *command[1:]],
        env={**cloud.environment(), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_aws_shim_answers_the_token_command_with_an_exec_credential(cloud: Cloud) -> None:
    answer = run(
        cloud, "aws", "--region", "us-east-2", "eks", "get-token", "--cluster-name", "x", "--output", "json"
    )
    credential = json.loads(answer.stdout)
    assert credential["kind"] == "ExecCredential"
    assert credential["apiVersion"] == "client.authentication.k8s.io/v1beta1"
    assert credential["status"] == {"token": cloud.home.admin_token.read_text()}


def test_the_token_is_readable_by_its_owner_only(cloud: Cloud) -> None:
    assert cloud.home.admin_token.stat().st_mode & 0o077 == 0
    assert (cloud.home.root / "passphrase").stat().st_mode & 0o077 == 0


def test_the_pulumi_shim_adds_the_local_stack_file_where_one_is_read(cloud: Cloud) -> None:
    answer = run(cloud, "pulumi", "up", "--yes", INFERENCE_PLANE_STACK_FILE="/stack/file")
    assert answer.stdout.split() == ["up", "--yes", "--config-file", "/stack/file"]


@pytest.mark.parametrize("command", [["stack", "ls"], ["up", "--config-file", "/mine"], ["version"]])
def test_the_pulumi_shim_leaves_other_commands_alone(cloud: Cloud, command: list[str]) -> None:
    answer = run(cloud, "pulumi", *command, INFERENCE_PLANE_STACK_FILE="/stack/file")
    assert answer.stdout.split() == command


@pytest.mark.parametrize("name", ["aws", "eks", "kubernetes"])
def test_providers_lie_where_the_engine_looks_for_the_sdks_version(cloud: Cloud, name: str) -> None:
    version = metadata.version(f"pulumi-{name}")
    script = cloud.home.pulumi_home / "plugins" / f"resource-{name}-v{version}" / f"pulumi-resource-{name}"
    assert os.access(script, os.X_OK)
    assert f"-m localcloud.providers.{name}" in script.read_text()
    assert sys.executable in script.read_text()


def test_no_credential_and_no_other_backend_gets_into_the_environment(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "real")
    monkeypatch.setenv("PULUMI_ACCESS_TOKEN", "real")
    environment = cloud.environment()
    assert "AWS_PROFILE" not in environment
    assert "real" not in environment.values()
    assert environment["PULUMI_BACKEND_URL"] == f"file://{cloud.home.backend}"
    assert environment[HOME_VARIABLE] == str(cloud.home.root)


def test_the_shims_come_first_on_the_path_once(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{cloud.home.bin}{os.pathsep}/usr/bin")
    assert cloud.environment()["PATH"].split(os.pathsep) == [str(cloud.home.bin), "/usr/bin"]


def test_preparing_twice_changes_no_file(cloud: Cloud) -> None:
    def contents() -> dict[Path, tuple[int, bytes]]:
        files = (path for path in cloud.home.root.rglob("*") if path.is_file() and not path.is_symlink())
        return {
            path: (path.stat().st_mtime_ns, path.read_bytes())
            for path in files
            if path.name != tools.SHIM_MARKER
        }

    before = contents()
    cloud.prepare()
    assert contents() == before


def test_discarding_keeps_only_the_account_file_that_users_may_have_edited(cloud: Cloud) -> None:
    cloud.home.account_file.write_text(cloud.home.account_file.read_text() + "# mine\n")
    cloud.discard()
    assert [path.name for path in cloud.home.root.iterdir()] == ["account.yaml"]
    assert cloud.home.account_file.read_text().endswith("# mine\n")


def test_preparing_starts_no_process(cloud: Cloud) -> None:
    assert cloud.control_plane.processes.recorded() == []
