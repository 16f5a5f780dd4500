"""Where checkpoints lie in S3: the bucket's name and each model's prefix."""

import re


def is_bucket_name(name: str) -> bool:
    """Whether S3 takes ``name`` for a new general purpose bucket that is reached over TLS.

    3 to 63 of ``a-z 0-9 -``, none of S3's reserved beginnings and endings (S3 user guide, "Bucket naming
    rules"). S3 takes dots too, but its wildcard certificate does not cover a name with dots.
    """
    reserved = name.startswith(("xn--", "sthree-", "amzn-s3-demo-")) or name.endswith(
        ("-s3alias", "--ol-s3", "--x-s3", "--table-s3")
    )
    return re.fullmatch(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]", name) is not None and not reserved


def checkpoint_uri(bucket: str, prefix: str) -> str:
    """The URI of one model's checkpoint, ``s3://<bucket>/<prefix>`` without a slash at the end.

    Raises ``ValueError`` if the prefix is empty: a model's files must not lie at the bucket's root, where the
    downloader would take every other model's files with them.
    """
    path = prefix.strip("/")
    if not path:
        raise ValueError(f"prefix {prefix!r} is empty; expected a folder such as checkpoints/laguna-m")
    return f"s3://{bucket}/{path}"
