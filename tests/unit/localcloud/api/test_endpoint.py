"""Whatever the user's own AWS settings are, a program in a local cloud calls loopback."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from localcloud.api.endpoint import endpoint_of
from localcloud.cloud import Cloud
from localcloud.home import HOME_VARIABLE, PROJECT, Home

CALL = "import boto3; print(boto3.client('sts').get_caller_identity()['Arn'])"
HOSTILE = {
    "AWS_PROFILE": "production",
    "AWS_ENDPOINT_URL_STS": "http://192.0.2.1",
    "AWS_SESSION_TOKEN": "real",
    "AWS_CONFIG_FILE": "/nonexistent/config",
    "HTTP_PROXY": "http://192.0.2.1:3128",
    "http_proxy": "http://192.0.2.1:3128",
}


def test_the_endpoint_is_on_loopback_also_before_there_is_a_server(tmp_path: Path) -> None:
    home = Home(tmp_path)
    assert endpoint_of(home) == "http://127.0.0.1:1"
    home.ports.write_text(json.dumps({"aws-api": 4711}))
    assert endpoint_of(home) == "http://127.0.0.1:4711"


def test_the_users_settings_do_not_get_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in HOSTILE.items():
        monkeypatch.setenv(name, value)
    environment = Cloud(tmp_path).environment()
    found = {key: value for key, value in environment.items() if key.startswith("AWS_")}
    assert found == {
        "AWS_ACCESS_KEY_ID": "local-cloud",
        "AWS_SECRET_ACCESS_KEY": "local-cloud",
        "AWS_REGION": "us-east-2",
        "AWS_DEFAULT_REGION": "us-east-2",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_PAGER": "",
    }
    assert environment["NO_PROXY"].endswith("127.0.0.1,localhost")


def test_a_real_server_answers_boto3_through_the_environment_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in HOSTILE.items():
        monkeypatch.setenv(name, value)
    cloud = Cloud(tmp_path)
    ports = cloud.control_plane._choose_ports()  # pyright: ignore[reportPrivateUsage]
    assert endpoint_of(cloud.home) == f"http://127.0.0.1:{ports['aws-api']}"
    environment = cloud.environment()
    server = subprocess.Popen(
        [sys.executable, "-m", "localcloud.api"],
        env={**os.environ, **HOSTILE, HOME_VARIABLE: str(tmp_path), "PYTHONPATH": str(PROJECT)},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", ports["aws-api"]), 5):
                break
            time.sleep(0.1)
        called = subprocess.run(
            [sys.executable, "-c", CALL],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert called.stdout.strip() == "arn:aws:iam::111122223333:user/local-cloud", called.stderr
    finally:
        server.terminate()
        server.wait(10)
        assert server.stderr is not None
        server.stderr.close()
