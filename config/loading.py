"""Reads the stack's configuration, checks all of it, and reports every fault at once."""

import dataclasses
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Optional

import pulumi
from pulumi.runtime import config as runtime_config
from pydantic import ValidationError

from config.area import Fault, salvage
from config.messages import faults_of
from config.settings import Settings

PROJECT = Path(__file__).resolve().parent.parent
"""Folder of the Pulumi project; relative chart paths start here."""

SECRET_KEYS = ("vllmApiKey", "s3AccessKeyId", "s3SecretAccessKey")
"""Configuration keys whose values are secret."""


class SettingsError(Exception):
    """The settings are faulty; the text names every fault on a line of its own."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        count = "1 fault" if len(self.faults) == 1 else f"{len(self.faults)} faults"
        lines = "".join(f"\n  - {path}: {reason}" for path, reason in self.faults)
        super().__init__(
            f"The stack's settings have {count}; nothing was changed.{lines}\n"
            "Correct the stack file (Pulumi.<stack>.yaml); docs/configuration.md describes every key."
        )


@dataclasses.dataclass(frozen=True, repr=False)
class Secrets:
    """The secrets of a stack; an empty one counts as not given."""

    vllm_api_key: Optional[pulumi.Output[str]]
    """Key that the model servers ask for."""
    s3_access_key_id: Optional[pulumi.Output[str]]
    """Id of a static access key for the bucket, where roles for service accounts cannot be used."""
    s3_secret_access_key: Optional[pulumi.Output[str]]
    """Secret of that access key."""


def load_settings() -> Settings:
    """The checked settings of the running stack; raises `SettingsError` with every fault."""
    config = pulumi.Config()
    prefix = f"{config.name}:"
    raw = {
        key.removeprefix(prefix): _parsed(value)
        for key, value in _all_config().items()
        if key.startswith(prefix) and key.removeprefix(prefix) not in SECRET_KEYS and value != ""
    }
    account_id = config.get("accountId") or ""
    faults = [
        Fault(
            key,
            "is stored in plain text; run `pulumi config set --secret " + key + " <value>`, and change "
            "the secret if the file was shared",
        )
        for key in SECRET_KEYS
        if config.get(key) and not runtime_config.is_config_secret(f"{prefix}{key}")
    ]
    raw.pop("accountId", None)
    return validate(
        raw,
        region=pulumi.Config("aws").get("region") or "",
        account_id=account_id,
        has_api_key=bool(config.get("vllmApiKey")),
        has_s3_access_key_id=bool(config.get("s3AccessKeyId")),
        has_s3_secret_access_key=bool(config.get("s3SecretAccessKey")),
        earlier=faults,
    )


def load_secrets() -> Secrets:
    """The secrets of the running stack, as secret outputs."""
    config = pulumi.Config()

    def secret(key: str) -> Optional[pulumi.Output[str]]:
        return config.get_secret(key) if config.get(key) else None

    return Secrets(secret("vllmApiKey"), secret("s3AccessKeyId"), secret("s3SecretAccessKey"))


def validate(
    raw: Mapping[str, Any],
    *,
    region: str,
    account_id: str,
    has_api_key: bool = False,
    has_s3_access_key_id: bool = False,
    has_s3_secret_access_key: bool = False,
    project: Path = PROJECT,
    earlier: Iterable[Fault] = (),
) -> Settings:
    """The settings that ``raw`` describes: the project's keys, without namespace, as the stack file has them.

    Secrets are not in ``raw``; ``has_…`` says which are given. Raises `SettingsError` with every fault: wrong
    types, unknown keys and formats of each area, every rule whose values are sound, and the ``earlier`` ones.
    """
    given = {
        **raw,
        **{key: value for key, value in (("aws:region", region), ("accountId", account_id)) if value},
        "vllmApiKey": has_api_key,
        "s3AccessKeyId": has_s3_access_key_id,
        "s3SecretAccessKey": has_s3_secret_access_key,
    }
    faults = list(earlier)
    try:
        settings = Settings.model_validate_json(json.dumps(given))
    except ValidationError as error:
        faults += faults_of(error, Settings)
        settings = salvage(Settings, given, [details["loc"] for details in error.errors()])
    faults += settings.faults()
    faults += _chart_faults(settings, project)
    if faults:
        raise SettingsError(sorted(dict.fromkeys(faults), key=_place))
    return settings


def _place(fault: Fault) -> int:
    """Faults are told area by area, in the order of the settings; unknown keys come last."""
    area = re.split(r"[.\[]", fault.path)[0]
    keys = [field.alias for field in Settings.model_fields.values()]
    return keys.index(area) if area in keys else len(keys)


def _chart_faults(settings: Settings, project: Path) -> list[Fault]:
    if not settings.sound("chart.path", "chart.oci", "chart.repository"):
        return []
    path = settings.chart.local_path
    if path is None or (project / path / "Chart.yaml").is_file():
        return []
    return [
        Fault("chart.path", f"is {path!r}, where there is no Chart.yaml; give the folder of a Helm chart")
    ]


def _all_config() -> dict[str, Any]:
    """Every key of the stack: the SDK reads single keys only, and a misspelt key must not pass in silence."""
    return runtime_config.CONFIG.get() or runtime_config.get_config_env()


def _parsed(value: str) -> Any:
    """The value of an object key; what is not JSON stays text, and the model says what it should have been."""
    try:
        return json.loads(value)
    except json.JSONDecodeError:
        return value
