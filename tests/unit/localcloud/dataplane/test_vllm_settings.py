"""What a client can notice of vLLM's command line is read as vLLM reads it."""

import pytest

from localcloud.dataplane.vllm_settings import NEWEST, parse, version_of

IMAGE = "docker.io/vllm/vllm-openai:v0.33.0"
CHART = [
    "vllm",
    "serve",
    "/models/laguna-xs",
    "--served-model-name=Laguna",
    "--port=8000",
    "--max-model-len=32768",
    "--max-num-seqs=16",
    "--enable-auto-tool-choice",
    "--tool-call-parser=poolside_v1",
    "--shutdown-timeout=120",
    "--sse-keep-alive-interval=30",
]


def test_the_charts_arguments_are_understood() -> None:
    settings = parse(CHART, IMAGE)
    assert settings.served_names == ("Laguna",)
    assert settings.root == "/models/laguna-xs"
    assert (settings.max_model_len, settings.max_num_seqs) == (32768, 16)
    assert (settings.shutdown_seconds, settings.keep_alive_seconds) == (120, 30)
    assert settings.version_text == "0.33.0"


def test_values_may_follow_their_flags_and_names_may_be_several() -> None:
    words = ["vllm", "serve", "--model", "s3://b/m/", "--served_model_name", "a", "b", "--port", "9000"]
    settings = parse(words, IMAGE)
    assert settings.served_names == ("a", "b")
    assert (settings.root, settings.port) == ("s3://b/m/", 9000)


def test_without_a_served_name_the_model_is_served_under_its_uri() -> None:
    assert parse(["vllm", "serve", "s3://bucket/m/"], IMAGE).served_names == ("s3://bucket/m/",)


def test_a_key_on_the_command_line_goes_before_the_variable() -> None:
    assert parse(["m", "--api-key", "a", "b"], IMAGE, "v").api_keys == ("a", "b")
    assert parse(["m"], IMAGE, "v").api_keys == ("v",)
    assert parse(["m"], IMAGE).api_keys == ()


def test_a_number_that_is_none_is_an_error() -> None:
    with pytest.raises(ValueError, match="many"):
        parse(["m", "--max-model-len=many"], IMAGE)


@pytest.mark.parametrize(
    ("image", "version"),
    [
        ("docker.io/vllm/vllm-openai:v0.21.0", (0, 21, 0)),
        ("public.ecr.aws/x/vllm:0.27.1-gpu-py312@sha256:00", (0, 27, 1)),
        ("registry:5000/atlas:20261101", NEWEST),
        ("registry:5000/atlas", NEWEST),
    ],
)
def test_the_version_comes_from_the_images_tag(image: str, version: tuple[int, int, int]) -> None:
    assert version_of(image) == version


def test_older_versions_guard_fewer_paths() -> None:
    assert parse(["m"], "x/vllm:v0.21.0").guarded_prefixes == ("/v1",)
    assert parse(["m"], "x/vllm:v0.22.1").guarded_prefixes == ("/v1", "/v2", "/inference")
    assert "/cohere" in parse(["m"], IMAGE).guarded_prefixes
