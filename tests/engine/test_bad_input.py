"""What a person may get wrong ends in one clear message that says what to do, before anything is made."""

import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from localcloud.cloud import Cloud
from localcloud.home import PROJECT, RECOVERING_VARIABLE
from localcloud.stack import API_KEY, Stack, StackError


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A copy of the project's stack files, whose program is the project's own."""
    folder = tmp_path / "program"
    folder.mkdir()
    for name in ("Pulumi.yaml", "Pulumi.dev.yaml", "__main__.py"):
        shutil.copy(PROJECT / name, folder / name)
    for name in ("components", "config", "plane", "charts"):
        (folder / name).symlink_to(PROJECT / name)
    return folder


@pytest.fixture
def stack(tmp_path: Path, program: Path) -> Stack:
    made = Stack(Cloud(tmp_path / "cloud"), "dev", program)
    made.cloud.prepare()
    return made


def change(stack: Stack, **config: object) -> None:
    content = yaml.safe_load(stack.source_file.read_text())
    for key, value in config.items():
        content["config"][f"inference-plane:{key}"] = value
    stack.source_file.write_text(yaml.safe_dump(content))


def test_every_fault_of_the_settings_is_told_at_once_and_nothing_is_registered(stack: Stack) -> None:
    config = yaml.safe_load(stack.source_file.read_text())["config"]
    models = config["inference-plane:models"]
    models["point"] = {**models["point"], "gpus": 3, "hostname": "elsewhere.example.org"}
    change(stack, models=models, cluster={"kubernetesVersion": "1.29"}, chart={"nope": 1})
    stack.prepare()
    run = stack.captured("preview", "--suppress-outputs")
    assert run.returncode != 0
    for path in ("models.point.gpus", "models.point.hostname", "cluster.kubernetesVersion", "chart.nope"):
        assert path in run.stdout, run.stdout
    assert "Traceback" not in run.stdout
    assert "aws:" not in run.stdout.split("settings have")[0]


def test_a_missing_api_key_is_told_with_the_command_that_sets_it(stack: Stack) -> None:
    stack.prepare()
    content = yaml.safe_load(stack.file.read_text())
    del content["config"][API_KEY]
    stack.file.write_text(yaml.safe_dump(content))
    run = stack.captured("preview", "--suppress-outputs")
    assert run.returncode != 0
    assert "vllmApiKey" in run.stdout
    assert "pulumi config set --secret vllmApiKey" in run.stdout


def test_a_stack_file_that_is_no_yaml_is_told_with_its_place(stack: Stack) -> None:
    stack.source_file.write_text("config:\n  a: [1\n  b: 2\n")
    with pytest.raises(StackError, match=r"(?s)Pulumi.dev.yaml is not valid YAML.*line 3"):
        stack.prepare()


@pytest.mark.parametrize("left", ["", '{"version": 3, "checkp', None], ids=["empty", "half", "none"])
def test_a_state_that_a_killed_engine_was_writing_is_taken_from_the_last_checkpoint(
    stack: Stack, left: str | None
) -> None:
    stack.prepare()
    whole = stack.state_file.read_text()
    stack.state_file.with_suffix(".json.bak").write_text(whole)
    attributes = stack.state_file.with_suffix(".json.attrs")
    attributes.write_text("")
    stack.state_file.unlink()
    if left is not None:
        stack.state_file.write_text(left)
    stack.prepare()
    assert stack.state_file.read_text() == whole
    assert not attributes.exists()
    assert stack.captured("stack export").returncode == 0


def test_empty_attributes_beside_the_state_are_dropped(stack: Stack) -> None:
    stack.prepare()
    attributes = stack.state_file.with_suffix(".json.attrs")
    attributes.write_text("")
    refused = stack.captured("stack export", more={RECOVERING_VARIABLE: "1"})
    assert "failed to load checkpoint: EOF" in refused.stdout
    stack.prepare()
    assert stack.captured("stack export").returncode == 0


def test_a_state_and_a_checkpoint_that_are_both_damaged_are_named(stack: Stack) -> None:
    stack.prepare()
    damaged = stack.state_file.read_text()[:-20]
    stack.state_file.write_text(damaged)
    stack.state_file.with_suffix(".json.bak").write_text(damaged)
    with pytest.raises(StackError, match=r"(?s)state of stack dev is not valid JSON.*make down FORCE=1"):
        stack.prepare()


def test_an_unknown_stack_names_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(StackError, match=r"no Pulumi.nope.yaml; the stacks here are: .*dev"):
        Stack(Cloud(tmp_path), "nope").prepare()


def test_a_port_that_is_taken_is_told_with_its_number(tmp_path: Path) -> None:
    cloud = Cloud(tmp_path)
    cloud.prepare()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ports = {"etcd-client": port, "etcd-peer": 1, "api-server": 2}
        (tmp_path / "ports.json").write_text(json.dumps(ports))
        run = subprocess.run(
            [sys.executable, "-m", "localcloud", "up", "--root", str(tmp_path)],
            cwd=PROJECT,
            env={**os.environ, "PYTHONPATH": str(PROJECT)},
            capture_output=True,
            text=True,
            check=False,
        )
    assert run.returncode == 1
    assert f"error: port {port} on 127.0.0.1" in run.stderr
    assert "make down" in run.stderr
    assert "Traceback" not in run.stderr
    assert cloud.control_plane.processes.recorded() == []
