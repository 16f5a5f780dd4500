"""What a checkpoint in Amazon S3 consists of, and what is wrong with one that cannot be served."""

import dataclasses
import fnmatch
from collections.abc import Iterable, Iterator, Sequence
from typing import Any


class CheckpointError(Exception):
    """The checkpoint cannot be served as it is; the text says what is wrong and what to do."""


@dataclasses.dataclass(frozen=True)
class RemoteFile:
    """One object of the checkpoint."""

    key: str
    path: str
    """Key without the checkpoint's prefix: where the file goes inside the target folder."""
    size: int
    etag: str
    """S3's fingerprint of this version of the object; every read is bound to it."""


@dataclasses.dataclass(frozen=True)
class Part:
    """A range of bytes of one object, fetched by one request."""

    file: RemoteFile
    index: int
    start: int
    length: int


def parse_uri(uri: str) -> tuple[str, str]:
    """Bucket and prefix of an ``s3://`` URI; the prefix ends with a slash.

    Without that slash ``checkpoints/laguna`` would match ``checkpoints/laguna-m/…`` as well.
    """
    bucket, _, prefix = uri.removeprefix("s3://").partition("/")
    if not uri.startswith("s3://") or not bucket:
        raise CheckpointError(f"{uri!r} is not an S3 prefix; expected s3://<bucket>/<prefix>")
    prefix = prefix.strip("/")
    return bucket, f"{prefix}/" if prefix else ""


def list_files(client: Any, bucket: str, prefix: str) -> list[RemoteFile]:
    """Every object under the prefix, without the empty ones that S3 consoles make for folders."""
    files: list[RemoteFile] = []
    token: dict[str, str] = {}
    while True:
        page = client.list_objects_v2(Bucket=bucket, Prefix=prefix, **token)
        for entry in page.get("Contents", []):
            if not entry["Key"].endswith("/"):
                path = entry["Key"].removeprefix(prefix)
                files.append(RemoteFile(entry["Key"], path, entry["Size"], entry["ETag"]))
        if not page.get("IsTruncated"):
            return files
        token = {"ContinuationToken": page["NextContinuationToken"]}


def select_files(uri: str, listed: Iterable[RemoteFile], ignore: Sequence[str]) -> list[RemoteFile]:
    """The files to fetch; raises CheckpointError unless they can be a checkpoint that vLLM loads."""
    everything = list(listed)
    if not everything:
        raise CheckpointError(
            f"nothing is stored under {uri}/ : upload the checkpoint there, or correct models.<key>.model "
            "(a misspelled prefix looks the same as an empty one)"
        )
    for file in everything:
        if ".." in file.path.split("/") or file.path.startswith("/"):
            raise CheckpointError(f"s3 key {file.key!r} would leave the target folder; rename the object")
    files = [f for f in everything if not any(fnmatch.fnmatchcase(f.path, pattern) for pattern in ignore)]
    weights = [f for f in files if f.path.endswith(".safetensors")]
    if any("/" not in f.path for f in weights):
        empty = [f.path for f in weights if f.size == 0]
        if empty:
            raise CheckpointError(f"{uri}/{empty[0]} is empty: the upload did not finish; repeat it")
        return files
    archives = [f.path for f in everything if f.path.endswith((".tar", ".tar.gz", ".tgz"))]
    if archives:
        raise CheckpointError(
            f"{uri}/ holds the archive {archives[0]} instead of its contents: extract it with "
            "`tar -xf <archive> -C <folder> --strip-components=1` and upload the files of that folder"
        )
    if weights:
        folder = weights[0].path.rpartition("/")[0]
        raise CheckpointError(
            f"the *.safetensors files are in {uri}/{folder}/ and vLLM reads them at the root of the prefix "
            f"only: upload the contents of that folder, or point models.<key>.model at {uri}/{folder}"
        )
    seen = ", ".join(sorted(f.path for f in everything)[:5])
    raise CheckpointError(f"no *.safetensors file is stored under {uri}/ ; it has {seen}")


def parts_of(file: RemoteFile, part_size: int) -> Iterator[Part]:
    """The ranges that cover a file, in order; none for an empty file."""
    for index, start in enumerate(range(0, file.size, part_size)):
        yield Part(file, index, start, min(part_size, file.size - start))


def gigabytes(size: int) -> str:
    """A size for people."""
    return f"{size / 1e9:.1f} GB"
