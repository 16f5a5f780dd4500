"""The init container's program: what it fetches, how it goes on after a crash, and what it says when it fails."""

import io
import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
import yaml
from botocore.exceptions import (
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    ReadTimeoutError,
)

from tests.chart import fake_s3
from tests.chart.rendering import CHART

FILES = CHART / "files"
sys.dont_write_bytecode = True  # a chart's folder holds what is released, and nothing that tests leave behind
sys.path.insert(0, str(FILES))  # as in the pod, where both files lie in one folder
import checkpoint  # noqa: E402  # pyright: ignore[reportMissingImports] -- found by the line above
import download_checkpoint as downloader  # noqa: E402  # pyright: ignore[reportMissingImports]

sys.dont_write_bytecode = False

PART = 1000
IGNORE = yaml.safe_load((CHART / "values.yaml").read_text())["loader"]["ignore"]
CHECKPOINT = {
    "laguna/config.json": b'{"architectures": ["Laguna"]}',
    "laguna/model-00001-of-00002.safetensors": bytes(range(256)) * 20,  # 6 parts
    "laguna/model-00002-of-00002.safetensors": b"weights" * 300,
    "laguna/tokenizer/tokenizer.json": b"{}",
    "laguna/tokenizer/added_tokens.json": b"",
    "laguna/original/consolidated.00.pth": b"not for vLLM",
    "laguna/": b"",
    "laguna-m/model.safetensors": b"another model",
}
WANTED = {
    key.removeprefix("laguna/"): content
    for key, content in CHECKPOINT.items()
    if key.startswith("laguna/") and "original" not in key and not key.endswith("/")
}


class Killed(BaseException):
    """Stands for the end of the process."""


def fetch(bucket: fake_s3.Bucket, target: Path, uri: str = "s3://checkpoints/laguna", **options: Any) -> str:
    """What a run of the downloader does, without the process; returns its log."""
    client, log = fake_s3.Client(bucket), io.StringIO()
    name, prefix = checkpoint.parse_uri(uri)
    files = checkpoint.select_files(uri, checkpoint.list_files(client, name, prefix), IGNORE)
    settings = {"concurrency": 4, "part_size": PART, "pause": lambda _: None, "log": log, **options}
    downloader.Download(client, name, target, **settings).run(files)
    return log.getvalue()


def contents(target: Path) -> dict[str, bytes]:
    return {
        path.relative_to(target).as_posix(): path.read_bytes()
        for path in target.rglob("*")
        if path.is_file() and downloader.STATE_FOLDER not in path.relative_to(target).parts
    }


@pytest.fixture
def bucket() -> fake_s3.Bucket:
    return fake_s3.Bucket(CHECKPOINT)


def test_a_checkpoint_arrives_whole_and_nothing_else(bucket, tmp_path):
    fetch(bucket, tmp_path / "laguna")
    assert contents(tmp_path / "laguna") == WANTED


def test_a_prefix_of_another_name_is_not_read(bucket, tmp_path):
    fetch(bucket, tmp_path)
    assert not [key for key, _ in bucket.requests if not key.startswith("laguna/")]


def test_a_listing_of_many_pages_is_read_to_its_end(tmp_path):
    fetch(fake_s3.Bucket(CHECKPOINT, page_size=2), tmp_path)
    assert contents(tmp_path) == WANTED


def test_every_byte_is_asked_for_once_in_parts(bucket, tmp_path):
    fetch(bucket, tmp_path)
    first = sorted(s for key, s in bucket.requests if key.endswith("00001-of-00002.safetensors"))
    assert first == [0, 1000, 2000, 3000, 4000, 5000]
    assert len(bucket.requests) == len(set(bucket.requests))


def test_a_second_run_fetches_nothing(bucket, tmp_path):
    fetch(bucket, tmp_path)
    bucket.requests.clear()
    assert "0.0 GB to fetch" in fetch(bucket, tmp_path)
    assert bucket.requests == []
    assert contents(tmp_path) == WANTED


@pytest.mark.parametrize("survived", [1, 3, 5, 7])
def test_a_run_after_a_killed_one_fetches_the_rest_only(bucket, tmp_path, survived):
    served = 0
    guard = threading.Lock()

    def kill(_key: str, _start: int) -> None:
        nonlocal served
        with guard:
            if served == survived:
                raise Killed
            served += 1

    bucket.before_body = kill
    with pytest.raises(Killed):
        fetch(bucket, tmp_path, concurrency=1)
    before = list(bucket.requests)[:survived]
    bucket.before_body = lambda key, start: None
    bucket.requests.clear()
    fetch(bucket, tmp_path)
    assert contents(tmp_path) == WANTED
    assert not set(before) & set(bucket.requests)


def test_a_journal_that_ends_in_the_middle_of_a_line_is_read_up_to_there(bucket, tmp_path):
    fetch(bucket, tmp_path)
    journal = tmp_path / downloader.STATE_FOLDER / "journal"
    text = journal.read_text().rstrip("\n")
    journal.write_text(text[:-7])
    bucket.requests.clear()
    fetch(bucket, tmp_path)
    assert len({key for key, _ in bucket.requests}) <= 1
    assert contents(tmp_path) == WANTED


def test_a_changed_object_is_fetched_again_and_the_others_are_not(bucket, tmp_path):
    fetch(bucket, tmp_path)
    key = "laguna/model-00002-of-00002.safetensors"
    bucket.objects[key] = b"WEIGHTS" * 300  # of the same size
    bucket.requests.clear()
    fetch(bucket, tmp_path)
    assert {k for k, _ in bucket.requests} == {key}
    assert contents(tmp_path)["model-00002-of-00002.safetensors"] == b"WEIGHTS" * 300


def test_parts_of_an_older_version_are_never_taken_for_the_newer(bucket, tmp_path):
    key = "laguna/model-00001-of-00002.safetensors"
    old = bucket.objects[key]
    fetch(bucket, tmp_path)
    bucket.objects[key] = bytes(reversed(old))
    bucket.before_body = lambda k, start: (
        (_ for _ in ()).throw(Killed()) if (k, start) == (key, 3000) else None
    )
    with pytest.raises(Killed):
        fetch(bucket, tmp_path, concurrency=1)
    bucket.before_body = lambda k, start: None
    bucket.objects[key] = old  # back again, while half of the newer version is in the partial file
    fetch(bucket, tmp_path)
    assert contents(tmp_path) == WANTED


def test_parts_from_before_a_restart_of_the_node_are_fetched_again(bucket, tmp_path, monkeypatch):
    boot = tmp_path / "boot_id"
    boot.write_text("first\n")
    monkeypatch.setattr(downloader, "BOOT_ID", boot)
    key = "laguna/model-00001-of-00002.safetensors"
    bucket.before_body = lambda k, start: (
        (_ for _ in ()).throw(Killed()) if (k, start) == (key, 3000) else None
    )
    with pytest.raises(Killed):
        fetch(bucket, tmp_path / "laguna", concurrency=1)
    boot.write_text("second\n")
    bucket.before_body = lambda k, start: None
    bucket.requests.clear()
    fetch(bucket, tmp_path / "laguna")
    assert (key, 0) in bucket.requests
    assert contents(tmp_path / "laguna") == WANTED


def test_a_file_that_left_the_checkpoint_leaves_the_folder(bucket, tmp_path):
    fetch(bucket, tmp_path)
    del bucket.objects["laguna/model-00002-of-00002.safetensors"]
    (tmp_path / "leftover.safetensors").write_bytes(b"old")
    log = fetch(bucket, tmp_path)
    assert "removing model-00002-of-00002.safetensors" in log
    assert set(contents(tmp_path)) == set(WANTED) - {"model-00002-of-00002.safetensors"}


def test_a_broken_read_is_tried_again(bucket, tmp_path):
    pauses: list[float] = []
    failures = [ReadTimeoutError(endpoint_url="s3"), ConnectionResetError("reset"), b"too short", b"x" * 1001]

    def fail(key: str, start: int) -> bytes | None:
        if (key, start) == ("laguna/model-00001-of-00002.safetensors", 2000) and failures:
            failure = failures.pop(0)
            if isinstance(failure, Exception):
                raise failure
            return failure
        return None

    bucket.before_body = fail
    fetch(bucket, tmp_path, pause=pauses.append)
    assert contents(tmp_path) == WANTED
    assert pauses == [1, 2, 4, 8]


def test_a_read_that_stays_broken_is_given_up_with_its_cause(bucket, tmp_path):
    def fail(key: str, start: int) -> None:
        if key.endswith("config.json"):
            raise ConnectionResetError("reset by peer")

    bucket.before_body = fail
    with pytest.raises(
        checkpoint.CheckpointError, match=r"laguna/config\.json could not be read.*reset by peer"
    ):
        fetch(bucket, tmp_path)


def test_a_checkpoint_that_changes_under_the_download_fails(bucket, tmp_path):
    def swap(key: str, start: int) -> None:
        bucket.objects["laguna/model-00001-of-00002.safetensors"] = b"new"

    bucket.before_body = swap
    with pytest.raises(ClientError) as failure:
        fetch(bucket, tmp_path, concurrency=1)
    said = downloader.explain(failure.value, "s3://checkpoints/laguna")
    assert "changed during the download; finish the upload, then restart the pod" in said


def test_a_disk_that_is_too_small_is_told_before_anything_is_fetched(bucket, tmp_path, monkeypatch):
    class Usage:
        free = 5

    monkeypatch.setattr(downloader.shutil, "disk_usage", lambda _: Usage)
    with pytest.raises(checkpoint.CheckpointError, match="give the GPU nodes a larger root volume"):
        fetch(bucket, tmp_path)
    assert bucket.requests == []


def test_a_size_limit_that_is_too_small_is_told_before_anything_is_fetched(bucket, tmp_path):
    with pytest.raises(
        checkpoint.CheckpointError, match=r"modelCache\.sizeLimit allows 0\.0 GB: raise the limit"
    ):
        fetch(bucket, tmp_path, size_limit=100)
    assert bucket.requests == []


def test_two_downloaders_of_one_volume_take_turns(bucket, tmp_path):
    logs: list[str] = []
    begun, go_on = threading.Event(), threading.Event()

    def hold(_key: str, _start: int) -> None:
        begun.set()
        assert go_on.wait(10)

    bucket.before_body = hold
    first = threading.Thread(target=lambda: logs.append(fetch(bucket, tmp_path)))
    first.start()
    assert begun.wait(10)
    other = fake_s3.Bucket(CHECKPOINT)

    class Log(io.StringIO):
        def write(self, text: str) -> int:
            if "another downloader" in text:
                go_on.set()
            return super().write(text)

    fetch(other, tmp_path, log=Log())
    first.join(10)
    assert other.requests == []
    assert contents(tmp_path) == WANTED


@pytest.mark.parametrize(
    ("uri", "bucket_and_prefix"),
    [
        ("s3://b/checkpoints/laguna-m", ("b", "checkpoints/laguna-m/")),
        ("s3://b/checkpoints/laguna-m/", ("b", "checkpoints/laguna-m/")),
        ("s3://b", ("b", "")),
    ],
)
def test_a_uri_is_read_as_a_folder(uri, bucket_and_prefix):
    assert checkpoint.parse_uri(uri) == bucket_and_prefix


@pytest.mark.parametrize("uri", ["", "b/prefix", "https://b/prefix", "s3://", "s3:///prefix"])
def test_what_is_no_s3_prefix_is_refused(uri):
    with pytest.raises(checkpoint.CheckpointError, match=r"expected s3://<bucket>/<prefix>"):
        checkpoint.parse_uri(uri)


@pytest.mark.parametrize(
    ("paths", "message"),
    [
        (
            [],
            r"nothing is stored under s3://b/p/ : upload the checkpoint there, or correct models\.<key>\.model",
        ),
        (["laguna.tar"], r"holds the archive laguna\.tar instead of its contents: extract it"),
        (["laguna.tar.gz", "README.md"], r"holds the archive laguna\.tar\.gz"),
        (["xs/model.safetensors", "xs/config.json"], r"point models\.<key>\.model at s3://b/p/xs$"),
        (["xs/model.safetensors", "xs.tar"], r"holds the archive xs\.tar"),
        (
            ["config.json", "tokenizer.json"],
            r"no \*\.safetensors file .* it has config\.json, tokenizer\.json",
        ),
        (["original/model.safetensors"], r"no \*\.safetensors file"),
        (["model.safetensors", "../../etc/passwd"], r"would leave the target folder"),
    ],
)
def test_what_cannot_be_served_is_refused_with_the_way_out(paths, message):
    listed = [checkpoint.RemoteFile(f"p/{path}", path, 10, '"e"') for path in paths]
    with pytest.raises(checkpoint.CheckpointError, match=message):
        checkpoint.select_files("s3://b/p", listed, IGNORE)


def test_weights_without_content_are_refused():
    empty = checkpoint.RemoteFile("p/model.safetensors", "model.safetensors", 0, '"e"')
    with pytest.raises(checkpoint.CheckpointError, match="is empty: the upload did not finish"):
        checkpoint.select_files("s3://b/p", [empty], IGNORE)


def test_an_archive_beside_the_weights_is_left_where_it_is():
    listed = [
        checkpoint.RemoteFile(f"p/{path}", path, 10, '"e"')
        for path in ("a.tar", "model.safetensors", "c.json")
    ]
    assert [f.path for f in checkpoint.select_files("s3://b/p", listed, IGNORE)] == [
        "model.safetensors",
        "c.json",
    ]


def client_error(code: str, operation: str = "GetObject") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, operation)


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (NoCredentialsError(), "annotate the service account with eks.amazonaws.com/role-arn"),
        (
            EndpointConnectionError(endpoint_url="https://s3"),
            "check the S3 gateway endpoint or the NAT gateway",
        ),
        (OSError(28, "No space left on device"), "the target folder cannot be written"),
        (client_error("AccessDenied"), "kms:Decrypt"),
        (
            client_error("AccessDenied", "AssumeRoleWithWebIdentity"),
            "the role's trust policy does not admit this pod",
        ),
        (client_error("NoSuchBucket"), "there is no bucket"),
        (client_error("InvalidObjectState"), "restore them from S3 Glacier"),
        (client_error("SlowDown"), "S3 refused a request"),
        (ReadTimeoutError(endpoint_url="https://s3"), "reading s3://b/p failed"),
    ],
)
def test_a_failed_request_is_explained(error, message):
    assert message in downloader.explain(error, "s3://b/p")


@pytest.fixture
def served(bucket):
    server = fake_s3.serve(bucket)
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def run_program(folder: Path, arguments: list[str], endpoint: str) -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONDONTWRITEBYTECODE": "1",
        "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "example",
        "AWS_REGION": "us-east-2",
        "AWS_ENDPOINT_URL_S3": endpoint,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    command = [sys.executable, str(folder / "download_checkpoint.py"), *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)


def mounted(folder: Path) -> Path:
    """The files as a ConfigMap volume shows them: links into a hidden folder."""
    (folder / "..data").mkdir(parents=True)
    for file in FILES.glob("*.py"):
        (folder / "..data" / file.name).write_bytes(file.read_bytes())
        (folder / file.name).symlink_to(f"..data/{file.name}")
    return folder


def test_the_program_works_with_the_real_client_library(bucket, served, tmp_path):
    program, target = mounted(tmp_path / "opt"), tmp_path / "models" / "laguna"
    arguments = ["s3://checkpoints/laguna/", str(target), "--concurrency=3", "--part-size-mib=1"]
    done = run_program(program, [*arguments, *(f"--ignore={pattern}" for pattern in IGNORE)], served)
    assert (done.returncode, done.stderr) == (0, "")
    assert "s3://checkpoints/laguna is in" in done.stdout
    assert contents(target) == WANTED


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        ("s3://checkpoints/lagoona", "error: nothing is stored under s3://checkpoints/lagoona/"),
        ("s3://elsewhere/laguna", "error: access to s3://elsewhere/laguna is denied"),
        ("laguna", "error: 'laguna' is not an S3 prefix"),
    ],
)
def test_the_program_fails_with_one_clear_line(served, tmp_path, uri, message):
    done = run_program(FILES, [uri, str(tmp_path / "models")], served)
    assert done.returncode == 1
    assert done.stderr.startswith(message)
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr


def test_the_arguments_of_the_chart_are_the_programs(helm, values, tmp_path, served):
    values["models"]["point"]["modelCache"] = {"sizeLimit": "1Gi"}
    [container] = helm.render(values).pod("point")["initContainers"]
    options = [a for a in container["args"] if a.startswith("--")]
    done = run_program(FILES, ["s3://checkpoints/laguna", str(tmp_path), *options], served)
    assert (done.returncode, done.stderr) == (0, "")


def test_an_image_without_the_client_library_is_told(tmp_path):
    program = mounted(tmp_path / "opt")
    done = subprocess.run(
        [
            sys.executable,
            "-I",
            "-S",
            "-c",
            f"import sys; sys.path[:0] = [{str(program)!r}]; import download_checkpoint",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("error: this image has no botocore")


def test_the_journal_is_lines_of_json(bucket, tmp_path):
    fetch(bucket, tmp_path)
    lines = (tmp_path / downloader.STATE_FOLDER / "journal").read_text().split("\n")
    entries = [json.loads(line) for line in lines if line]
    assert {path for path, _ in entries} == set(WANTED)
