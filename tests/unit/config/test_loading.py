"""From the stack's configuration, as the engine hands it over, to settings and secrets."""

import json
from collections.abc import Callable
from typing import Any, TypeVar

import pulumi
import pytest

from config import loading
from config.loading import Secrets, SettingsError, load_secrets, load_settings
from config.settings import Settings
from tests.unit.config.dev_stack import ACCOUNT, dev_config
from tests.unit.recording import record

T = TypeVar("T")
_KEY = "sk-this-is-a-secret"


def _stack(**changes: Any) -> dict[str, str]:
    """The dev stack's configuration as the engine encodes it, for the recorder's project."""
    values = {**dev_config(), **{f"inference-plane:{key}": value for key, value in changes.items()}}
    values.setdefault("inference-plane:vllmApiKey", _KEY)
    # What Pulumi.yaml adds for keys that the stack leaves out.
    values.setdefault("inference-plane:images", {})
    values.setdefault("inference-plane:s3AccessKeyId", "")
    values.setdefault("inference-plane:s3SecretAccessKey", "")
    return {
        key.replace("inference-plane:", "project:"): value if isinstance(value, str) else json.dumps(value)
        for key, value in values.items()
    }


@pytest.fixture(autouse=True)
def _chart(project: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    real = loading.validate
    monkeypatch.setattr(loading, "validate", lambda *args, **given: real(*args, project=project, **given))


def _run(program: Callable[[], T], config: dict[str, str], secret: tuple[str, ...] = ("vllmApiKey",)) -> T:
    results: list[T] = []
    keys = tuple(f"project:{key}" for key in secret)
    record(lambda: results.append(program()), config=config, secret_keys=keys)
    return results[0]


def _refused(config: dict[str, str], secret: tuple[str, ...] = ("vllmApiKey",)) -> SettingsError:
    with pytest.raises(SettingsError) as caught:
        _run(load_settings, config, secret)
    return caught.value


def test_the_dev_stack_loads_with_an_api_key():
    settings = _run(load_settings, _stack())

    assert settings.region == "us-east-2"
    assert settings.account_id == ACCOUNT
    assert settings.has_api_key
    assert not settings.has_s3_access_key_id
    assert list(settings.models) == ["laguna-m", "laguna-xs", "point"]
    assert settings.gpu_nodes.capacity.reservation_id == "cr-0123456789abcdef0"
    assert settings.images.repositories == ("atlas", "public-docs")


def test_an_empty_api_key_counts_as_not_given():
    error = _refused(_stack(vllmApiKey=""))

    assert [fault.path for fault in error.faults] == ["vllmApiKey"]
    assert "is required" in error.faults[0].reason


def test_a_secret_in_plain_text_is_refused_without_showing_it():
    error = _refused(_stack(), secret=())

    assert [fault.path for fault in error.faults] == ["vllmApiKey"]
    assert "stored in plain text" in error.faults[0].reason
    assert "pulumi config set --secret vllmApiKey" in error.faults[0].reason
    assert _KEY not in str(error)


def test_a_misspelt_key_of_the_stack_is_refused_without_showing_its_value():
    error = _refused(_stack(vllmApikey=_KEY))

    assert [fault.path for fault in error.faults] == ["vllmApikey"]
    assert "did you mean vllmApiKey?" in error.faults[0].reason
    assert _KEY not in str(error)


def test_a_key_without_a_value_counts_as_not_given():
    assert _run(load_settings, _stack(cluster="", tags="")).cluster.name == "inference"


def test_text_for_an_area_is_told_to_be_a_map():
    error = _refused(_stack(cluster="prod"))

    assert error.faults == (("cluster", "is 'prod'; it must be a map of keys to values"),)


def test_a_stack_without_settings_is_told_all_that_it_needs():
    error = _refused({"project:network": "{}", "project:accountId": "", "project:vllmApiKey": ""})

    assert [fault.path for fault in error.faults] == [
        "aws:region",
        "accountId",
        "network.availabilityZones",
        "gpuNodes",
        "ingress",
        "models",
    ]


def test_secrets_are_secret_outputs_and_empty_ones_are_none():
    seen: dict[str, Any] = {}

    def program() -> Secrets:
        secrets = load_secrets()
        assert secrets.vllm_api_key is not None
        pulumi.Output.all(secrets.vllm_api_key, secrets.vllm_api_key.is_secret()).apply(
            lambda values: seen.update(value=values[0], secret=values[1])
        )
        return secrets

    secrets = _run(program, _stack())

    assert seen == {"value": _KEY, "secret": True}
    assert secrets.s3_access_key_id is None
    assert secrets.s3_secret_access_key is None


def test_static_credentials_are_loaded_as_a_pair():
    config = _stack(s3AccessKeyId="AKIAEXAMPLE", s3SecretAccessKey="static-secret")
    keys = ("vllmApiKey", "s3AccessKeyId", "s3SecretAccessKey")
    settings, secrets = _run(lambda: (load_settings(), load_secrets()), config, keys)

    assert settings.has_s3_access_key_id
    assert settings.has_s3_secret_access_key
    assert secrets.s3_access_key_id is not None
    assert secrets.s3_secret_access_key is not None


def test_no_secret_is_in_the_settings_or_in_a_representation():
    config = _stack(s3AccessKeyId="AKIAEXAMPLE", s3SecretAccessKey="static-secret")
    keys = ("vllmApiKey", "s3AccessKeyId", "s3SecretAccessKey")

    def program() -> tuple[Settings, Secrets]:
        return load_settings(), load_secrets()

    settings, secrets = _run(program, config, keys)
    text = repr(settings) + settings.model_dump_json() + repr(secrets) + str(secrets)

    for secret in (_KEY, "AKIAEXAMPLE", "static-secret"):
        assert secret not in text
