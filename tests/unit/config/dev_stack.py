"""The dev stack's settings with single values changed, and what validation says of them."""

import copy
import dataclasses
from pathlib import Path
from typing import Any

import pytest
import yaml

from config.area import Fault
from config.loading import PROJECT, SettingsError, validate
from config.settings import Settings

GONE = object()
"""In a change: take the key away."""

ACCOUNT = "111122223333"
KEY = f"arn:aws:kms:us-east-2:{ACCOUNT}:key/01234567-89ab-cdef-0123-456789abcdef"
CERTIFICATE = f"arn:aws:acm:us-east-2:{ACCOUNT}:certificate/01234567-89ab-cdef-0123-456789abcdef"
GROUP = f"arn:aws:resource-groups:us-east-2:{ACCOUNT}:group/gpus"
EXISTING = {
    "vpcId": "vpc-0123456789abcdef0",
    "cidr": "10.1.0.0/16",
    "availabilityZones": ["us-east-2a", "us-east-2b"],
    "privateSubnetIds": ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"],
    "publicSubnetIds": ["subnet-0123456789abcdef2", "subnet-0123456789abcdef3"],
}

Changes = dict[str, Any]
"""New values by dotted path; ``aws:region``, ``accountId`` and the secrets' keys (booleans) are among them."""


def dev_config() -> dict[str, Any]:
    """The configuration of Pulumi.dev.yaml by full key."""
    return yaml.safe_load((PROJECT / "Pulumi.dev.yaml").read_text(encoding="utf-8"))["config"]


def dev(project: Path, changes: Changes | None = None) -> Settings:
    """The dev stack's settings, with an API key, after ``changes``; charts are looked up in ``project``."""
    raw: dict[str, Any] = {key.removeprefix("inference-plane:"): value for key, value in dev_config().items()}
    raw = {**copy.deepcopy(raw), "vllmApiKey": True}
    for path, value in (changes or {}).items():
        *parents, last = path.split(".")
        inside = raw
        for parent in parents:
            inside = inside.setdefault(parent, {})
        if value is GONE:
            del inside[last]
        else:
            inside[last] = copy.deepcopy(value)
    return validate(
        raw,
        region=raw.pop("aws:region"),
        account_id=raw.pop("accountId"),
        has_api_key=raw.pop("vllmApiKey"),
        has_s3_access_key_id=raw.pop("s3AccessKeyId", False),
        has_s3_secret_access_key=raw.pop("s3SecretAccessKey", False),
        project=project,
    )


def faults(project: Path, changes: Changes) -> tuple[Fault, ...]:
    """Everything that is wrong with the changed stack."""
    with pytest.raises(SettingsError) as caught:
        dev(project, changes)
    return caught.value.faults


@dataclasses.dataclass(frozen=True)
class Case:
    """A breach of one rule, and the nearest settings that keep it."""

    sentence: str
    breach: Changes
    path: str
    words: tuple[str, ...]
    """What the message must contain."""
    neighbour: Changes

    def check(self, project: Path) -> None:
        """The breach gives exactly one fault, at the path and with the words; the neighbour gives none."""
        (fault,) = faults(project, self.breach)
        assert fault.path == self.path
        missing = [word for word in self.words if word not in fault.reason]
        assert not missing, f"{missing} not in: {fault.reason}"
        dev(project, self.neighbour)


def each(*cases: Case) -> pytest.MarkDecorator:
    """Run a test for each case, named by its sentence."""
    return pytest.mark.parametrize("case", [pytest.param(case, id=case.sentence) for case in cases])
