"""Brings one checkpoint from Amazon S3 into a folder, or says why it cannot.

The init container ``model-downloader`` runs this file with the model server's own image: Python and botocore
are all it needs. A run that follows a killed one goes on where that one stopped.
"""

import argparse
import concurrent.futures
import contextlib
import fcntl
import json
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TextIO

from checkpoint import (
    CheckpointError,
    Part,
    RemoteFile,
    gigabytes,
    list_files,
    parse_uri,
    parts_of,
    select_files,
)

try:
    import botocore.config
    import botocore.session
    from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError, NoCredentialsError
except ModuleNotFoundError:
    sys.exit(
        "error: this image has no botocore, which the download needs; take an image that has boto3 "
        "(vllm/vllm-openai does), or set loader.mode to stream"
    )

ATTEMPTS = 6
"""How often one part is tried; the pauses between tries double from one second."""

CHUNK = 1024 * 1024
"""Bytes handed from the network to the disk at once."""

STATE_FOLDER = ".download"
"""Folder inside the target that holds the journal and the lock."""

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
"""Changes when the node restarts, and with it loses what was written but had not reached the disk."""


class Journal:
    """What has arrived, one JSON line per part, so that a later run need not fetch it again.

    A line is ``[path, mark]``; the mark ``null`` withdraws every earlier mark of that path.
    """

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._marks: dict[str, set[str]] = {}
        for line in path.read_text().splitlines() if path.exists() else ():
            with contextlib.suppress(ValueError):  # a killed run may have cut its last line short
                self._apply(*json.loads(line))
        self._file = path.open("a")
        self._file.write("\n")

    def has(self, path: str, mark: str) -> bool:
        """Whether the mark was made, in this run or in an earlier one."""
        return mark in self._marks.get(path, ())

    def mark(self, path: str, mark: str | None) -> None:
        """Write the mark down at once."""
        with self._lock:
            self._apply(path, mark)
            self._file.write(json.dumps([path, mark]) + "\n")
            self._file.flush()

    def close(self) -> None:
        """Close the journal's file."""
        self._file.close()

    def _apply(self, path: str, mark: str | None) -> None:
        if mark is None:
            self._marks[path] = set()
        else:
            self._marks.setdefault(path, set()).add(mark)


class Download:
    """Fetches files into a folder with many ranged requests at once."""

    def __init__(
        self,
        client: Any,
        bucket: str,
        target: Path,
        *,
        concurrency: int = 16,
        part_size: int = 64 * CHUNK,
        size_limit: int | None = None,
        log: TextIO = sys.stdout,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._bucket = bucket
        self._target = target
        self._concurrency = concurrency
        self._part_size = part_size
        self._size_limit = size_limit
        self._log = log
        self._pause = pause
        self._boot = BOOT_ID.read_text().strip() if BOOT_ID.exists() else "unknown"
        self._guard = threading.Lock()
        self._left: dict[str, int] = {}
        self._fetched = 0

    def run(self, files: Sequence[RemoteFile]) -> None:
        """Bring every file into the folder, and drop from it what is not one of them."""
        state = self._target / STATE_FOLDER
        state.mkdir(parents=True, exist_ok=True)
        with (state / "lock").open("w") as lock:
            self._take(lock)
            self._journal = Journal(state / "journal")
            try:
                self._check_size(files)
                self._drop_strangers(files)
                self._fetch(files)
                self._verify(files)
            finally:
                self._journal.close()

    def _take(self, lock: TextIO) -> None:
        # A volume may be shared by several pods: only one of them writes at a time.
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._say(f"another downloader is at work in {self._target}: waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)

    def _check_size(self, files: Sequence[RemoteFile]) -> None:
        total = sum(file.size for file in files)
        if self._size_limit is not None and total > self._size_limit:
            raise CheckpointError(
                f"the checkpoint has {gigabytes(total)} and modelCache.sizeLimit allows "
                f"{gigabytes(self._size_limit)}: raise the limit"
            )
        needed = sum(part.length for file in files for part in self._missing(file))
        free = shutil.disk_usage(self._target).free
        if needed > free:
            raise CheckpointError(
                f"{gigabytes(needed)} are still to be fetched and the volume of {self._target} has "
                f"{gigabytes(free)} free: give the GPU nodes a larger root volume or instance store"
            )
        self._say(f"{len(files)} files, {gigabytes(total)}; {gigabytes(needed)} to fetch")

    def _missing(self, file: RemoteFile) -> list[Part]:
        if self._in_place(file):
            return []
        partial = self._partial(file)
        if not partial.exists() or partial.stat().st_size != file.size:
            return list(parts_of(file, self._part_size))
        return [p for p in parts_of(file, self._part_size) if not self._journal.has(file.path, self._mark(p))]

    def _in_place(self, file: RemoteFile) -> bool:
        path = self._target / file.path
        whole = self._journal.has(file.path, f"{file.etag} whole")
        return whole and path.exists() and path.stat().st_size == file.size

    def _partial(self, file: RemoteFile) -> Path:
        return self._target / f"{file.path}.partial"

    def _mark(self, part: Part) -> str:
        return f"{part.file.etag} part {part.index} of {self._part_size} bytes, boot {self._boot}"

    def _drop_strangers(self, files: Sequence[RemoteFile]) -> None:
        # vLLM loads every *.safetensors it finds: a file that left the prefix must leave the folder too.
        known = {file.path for file in files} | {f"{file.path}.partial" for file in files}
        for path in sorted(self._target.rglob("*")):
            relative = path.relative_to(self._target)
            if path.is_file() and relative.parts[0] != STATE_FOLDER and relative.as_posix() not in known:
                self._say(f"removing {relative}: it is not part of the checkpoint")
                path.unlink()

    def _fetch(self, files: Sequence[RemoteFile]) -> None:
        missing = {file: self._missing(file) for file in files if not self._in_place(file)}
        for file, parts in missing.items():
            self._prepare(file, fresh=len(parts) == len(list(parts_of(file, self._part_size))))
            self._left[file.path] = len(parts)
            if not parts:
                self._finish(file)
        total = sum(part.length for parts in missing.values() for part in parts)
        started = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(self._concurrency) as pool:
            pending = {pool.submit(self._fetch_part, part) for parts in missing.values() for part in parts}
            try:
                while pending:
                    done, pending = concurrent.futures.wait(
                        pending, timeout=10, return_when=concurrent.futures.FIRST_EXCEPTION
                    )
                    for future in done:
                        future.result()
                    speed = self._fetched / 1e6 / max(time.monotonic() - started, 0.001)
                    self._say(f"{gigabytes(self._fetched)} of {gigabytes(total)}, {speed:.0f} MB/s")
            finally:
                pool.shutdown(wait=True, cancel_futures=True)

    def _prepare(self, file: RemoteFile, *, fresh: bool) -> None:
        partial = self._partial(file)
        partial.parent.mkdir(parents=True, exist_ok=True)
        (self._target / file.path).unlink(missing_ok=True)
        if fresh:
            self._journal.mark(file.path, None)
        with partial.open("wb" if fresh else "r+b") as out:
            out.truncate(file.size)

    def _fetch_part(self, part: Part) -> None:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                self._read_part(part)
                break
            except (BotoCoreError, ConnectionError, TimeoutError) as error:
                if attempt == ATTEMPTS:
                    raise CheckpointError(
                        f"s3://{self._bucket}/{part.file.key} could not be read in {ATTEMPTS} attempts; "
                        f"the last one said: {error}"
                    ) from error
                self._pause(2 ** (attempt - 1))
        self._journal.mark(part.file.path, self._mark(part))
        with self._guard:
            self._fetched += part.length
            self._left[part.file.path] -= 1
            complete = not self._left[part.file.path]
        if complete:
            self._finish(part.file)

    def _read_part(self, part: Part) -> None:
        answer = self._client.get_object(
            Bucket=self._bucket,
            Key=part.file.key,
            Range=f"bytes={part.start}-{part.start + part.length - 1}",
            IfMatch=part.file.etag,
        )
        position, end = part.start, part.start + part.length
        with self._partial(part.file).open("r+b", buffering=0) as out:
            for chunk in answer["Body"].iter_chunks(CHUNK):
                if position + len(chunk) > end:
                    raise ConnectionError(f"more than {part.length} bytes arrived")
                os.pwrite(out.fileno(), chunk, position)
                position += len(chunk)
        if position != end:
            raise ConnectionError(f"{position - part.start} of {part.length} bytes arrived")

    def _finish(self, file: RemoteFile) -> None:
        partial = self._partial(file)
        with partial.open("r+b") as out:
            os.fsync(out.fileno())
        self._journal.mark(file.path, f"{file.etag} whole")
        partial.rename(self._target / file.path)
        self._say(f"{file.path} is complete ({gigabytes(file.size)})")

    def _verify(self, files: Sequence[RemoteFile]) -> None:
        for file in files:
            size = (self._target / file.path).stat().st_size
            if size != file.size:
                raise CheckpointError(f"{file.path} has {size} bytes after the download, S3 says {file.size}")

    def _say(self, text: str) -> None:
        self._log.write(text + "\n")
        self._log.flush()


def explain(error: Exception, uri: str) -> str:
    """What a failed request means for the person who must act on it."""
    if isinstance(error, NoCredentialsError):
        return (
            "no AWS credentials: annotate the service account with eks.amazonaws.com/role-arn, associate it "
            "with a role by EKS Pod Identity, or set s3.secretName"
        )
    if isinstance(error, EndpointConnectionError):
        return f"Amazon S3 cannot be reached ({error}): check the S3 gateway endpoint or the NAT gateway"
    if isinstance(error, BotoCoreError):  # some of them are OSErrors as well
        return f"reading {uri} failed: {error}"
    if not isinstance(error, ClientError):
        return f"the target folder cannot be written: {error}"
    if error.operation_name == "AssumeRoleWithWebIdentity":
        return (
            "the role's trust policy does not admit this pod; its `sub` condition must be "
            f"system:serviceaccount:<namespace>:<service account> of this pod; AWS said: {error}"
        )
    code = error.response.get("Error", {}).get("Code", "")
    if code in ("AccessDenied", "403", "AllAccessDisabled"):
        return (
            f"access to {uri} is denied: the role needs s3:ListBucket on the bucket, s3:GetObject on its "
            f"objects and, if they are encrypted with a KMS key, kms:Decrypt on that key; S3 said: {error}"
        )
    if code == "NoSuchBucket":
        return f"there is no bucket as in {uri}; correct models.<key>.model"
    if code in ("PreconditionFailed", "412", "NoSuchKey", "404"):
        return (
            f"the checkpoint under {uri} changed during the download; finish the upload, then restart the pod"
        )
    if code == "InvalidObjectState":
        return f"objects under {uri} are archived; restore them from S3 Glacier first"
    return f"S3 refused a request for {uri}: {error}"


def make_client(concurrency: int) -> Any:
    """An S3 client with a connection for every worker; region and credentials come from the environment."""
    session = botocore.session.get_session()
    settings = botocore.config.Config(
        max_pool_connections=concurrency,
        retries={"mode": "standard", "total_max_attempts": 10},
        connect_timeout=10,
        read_timeout=60,
    )
    return session.create_client("s3", region_name=os.environ.get("AWS_REGION"), config=settings)


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line, download, and exit with status 1 and one message if that fails."""
    parser = argparse.ArgumentParser(description="bring a checkpoint from Amazon S3 into a folder")
    parser.add_argument("uri", help="s3://<bucket>/<prefix>")
    parser.add_argument("target", type=Path, help="folder for the files; it belongs to this program")
    parser.add_argument("--concurrency", type=int, default=16, help="requests at once")
    parser.add_argument("--part-size-mib", type=int, default=64, help="size of one request")
    parser.add_argument("--size-limit", type=int, help="bytes that the target folder may take")
    parser.add_argument("--ignore", action="append", default=[], help="pattern of paths to leave out")
    options = parser.parse_args(arguments)
    uri = str(options.uri).rstrip("/")
    # As process 1 of its container Python would ignore a SIGTERM that it has no handler for.
    signal.signal(signal.SIGTERM, lambda *_: os._exit(143))
    started = time.monotonic()
    try:
        bucket, prefix = parse_uri(uri)
        client = make_client(options.concurrency)
        files = select_files(uri, list_files(client, bucket, prefix), options.ignore)
        download = Download(
            client,
            bucket,
            options.target,
            concurrency=options.concurrency,
            part_size=options.part_size_mib * CHUNK,
            size_limit=options.size_limit,
        )
        download.run(files)
    except CheckpointError as error:
        sys.exit(f"error: {error}")
    except (BotoCoreError, ClientError, OSError) as error:
        sys.exit(f"error: {explain(error, uri)}")
    sys.stdout.write(f"{uri} is in {options.target} ({time.monotonic() - started:.0f} s)\n")


if __name__ == "__main__":
    main()
