"""The language host answers what the engine asks of a Python program, and runs plugins through its interpreter."""

import os
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path
from typing import Any

import grpc
import psutil
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import language_pb2, language_pb2_grpc

from localcloud.home import PROJECT
from localcloud.language_host import _Servicer


@pytest.fixture
def host() -> _Servicer:
    return _Servicer("127.0.0.1:1")


def test_it_reports_the_sdks_version_and_this_interpreter(host: _Servicer) -> None:
    assert host.GetPluginInfo(empty_pb2.Empty(), None).version == metadata.version("pulumi")
    assert host.About(language_pb2.AboutRequest(), None).executable == sys.executable


def test_it_lists_installed_packages_with_their_versions(host: _Servicer) -> None:
    answer = host.GetProgramDependencies(language_pb2.GetProgramDependenciesRequest(), None)
    found = {dependency.name.replace("_", "-"): dependency.version for dependency in answer.dependencies}
    assert found["pulumi-aws"] == metadata.version("pulumi-aws")


def test_it_installs_nothing_and_asks_for_no_plugin(host: _Servicer) -> None:
    assert len(list(host.InstallDependencies(language_pb2.InstallDependenciesRequest(), None))) == 1
    assert not host.GetRequiredPackages(language_pb2.GetRequiredPackagesRequest(), None).packages


def plugin(folder: Path, text: str) -> language_pb2.RunPluginRequest:
    (folder / "__main__.py").write_text(text)
    info = language_pb2.ProgramInfo(program_directory=str(folder))
    return language_pb2.RunPluginRequest(
        pwd=str(folder), program=str(folder), args=["127.0.0.1:9"], env=["GREETING=hello"], info=info
    )


def test_a_plugin_gets_its_arguments_and_environment_and_its_output_comes_back(
    host: _Servicer, tmp_path: Path
) -> None:
    text = "import os, sys; print(sys.argv[1], os.environ['GREETING']); print('oops', file=sys.stderr); sys.exit(3)"
    answers = list(host.RunPlugin(plugin(tmp_path, text), None))
    assert b"".join(answer.stdout for answer in answers) == b"127.0.0.1:9 hello\n"
    assert b"".join(answer.stderr for answer in answers) == b"oops\n"
    assert answers[-1].exitcode == 3


def run_request(folder: Path, text: str) -> language_pb2.RunRequest:
    (folder / "__main__.py").write_text(text)
    info = language_pb2.ProgramInfo(
        program_directory=str(folder), root_directory=str(folder), entry_point="."
    )
    return language_pb2.RunRequest(
        project="p", stack="s", pwd=str(folder), monitor_address="127.0.0.1:1", dryRun=True, info=info
    )


def test_a_program_that_cannot_start_is_an_error_with_its_exit_code(host: _Servicer, tmp_path: Path) -> None:
    answer = host.Run(run_request(tmp_path, "import os; os._exit(7)"), None)
    assert answer.error or answer.bail


def test_configuration_reaches_no_command_line(
    host: _Servicer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[list[str]] = []
    original = subprocess.Popen

    def watch(command: list[str], **options: Any):
        started.append(command)
        return original(command, **options)

    monkeypatch.setattr(subprocess, "Popen", watch)
    request = run_request(tmp_path, "raise SystemExit")
    request.config["p:key"] = "plaintext-secret"
    host.Run(request, None)
    assert started
    assert "plaintext-secret" not in str(started)


def test_the_process_serves_on_loopback_and_ends_with_its_parent(tmp_path: Path) -> None:
    parent = (
        "import subprocess, sys, time; "
        "child = subprocess.Popen([sys.executable, '-u', '-m', 'localcloud.language_host', '127.0.0.1:1'], "
        "stdout=subprocess.PIPE, text=True); "
        "print(child.pid, child.stdout.readline().strip(), flush=True); time.sleep(60)"
    )
    engine = subprocess.Popen(
        [sys.executable, "-c", parent],
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        stdout=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
    )
    assert engine.stdout is not None
    pid, port = engine.stdout.readline().split()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub = language_pb2_grpc.LanguageRuntimeStub(channel)
        assert stub.GetPluginInfo(empty_pb2.Empty(), timeout=10).version
    engine.kill()
    engine.wait()
    deadline = time.monotonic() + 15
    while psutil.pid_exists(int(pid)) and psutil.Process(int(pid)).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline, "the language host outlived its engine"
        time.sleep(0.1)
