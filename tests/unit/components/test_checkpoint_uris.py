"""Bucket names that S3 takes, and one URI per model."""

import pytest

from components.checkpoint_uris import checkpoint_uri, is_bucket_name


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("weights", True),
        ("acme-weights-2", True),
        ("a1b", True),
        ("a" * 63, True),
        ("a" * 64, False),
        ("ab", False),
        ("Weights", False),
        ("weights_1", False),
        ("weights.acme", False),
        ("-weights", False),
        ("weights-", False),
        ("xn--weights", False),
        ("sthree-weights", False),
        ("weights-s3alias", False),
        ("weights--x-s3", False),
        ("", False),
    ],
)
def test_bucket_names(name, expected):
    assert is_bucket_name(name) is expected


@pytest.mark.parametrize("prefix", ["checkpoints/laguna-m", "/checkpoints/laguna-m", "checkpoints/laguna-m/"])
def test_a_uri_has_no_slash_at_its_end(prefix):
    assert checkpoint_uri("weights", prefix) == "s3://weights/checkpoints/laguna-m"


@pytest.mark.parametrize("prefix", ["", "/"])
def test_the_root_of_the_bucket_is_refused(prefix):
    with pytest.raises(ValueError, match="is empty; expected a folder"):
        checkpoint_uri("weights", prefix)
