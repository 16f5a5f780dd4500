"""Pulumi.yaml, the dev stack and the configuration reference agree with the models."""

from pathlib import Path
from typing import Any

import yaml

from config.loading import PROJECT, SECRET_KEYS
from config.reference import reference
from config.settings import Settings
from tests.unit.config.dev_stack import dev, dev_config


def _project() -> dict[str, Any]:
    return yaml.safe_load((PROJECT / "Pulumi.yaml").read_text(encoding="utf-8"))


def test_the_project_runs_in_the_virtual_environment():
    project = _project()

    assert project["name"] == "inference-plane"
    assert project["runtime"] == {
        "name": "python",
        "options": {"toolchain": "pip", "virtualenv": ".venv"},
    }


def test_every_setting_is_declared_typed_and_described():
    declared = _project()["config"]

    keys = [field.alias for field in Settings.model_fields.values() if field.alias != "aws:region"]
    assert list(declared) == keys
    for key, entry in declared.items():
        assert entry["type"] == ("string" if key in ("accountId", *SECRET_KEYS) else "object")
        assert entry["description"]


def test_no_declared_key_is_required_by_the_engine():
    # The engine stops at the first missing key with a message of its own; we name all of them.
    for entry in _project()["config"].values():
        assert entry["default"] == ("" if entry["type"] == "string" else {})


def test_no_key_is_declared_secret():
    # The engine refuses a plain default for such a key, and asks for the key where there is none.
    assert not [key for key, entry in _project()["config"].items() if "secret" in entry]


def test_the_dev_stack_is_the_reference_architecture(project: Path):
    settings = dev(project)

    assert settings.region == "us-east-2"
    assert settings.gpu_nodes.instance_type == "p5e.48xlarge"
    assert settings.gpu_nodes.capacity.kind == "odcr"
    assert settings.gpu_nodes.capacity.availability_zone == "us-east-2b"
    assert settings.ingress.scheme == "internet-facing"
    assert not settings.ingress.allow_unauthenticated
    assert settings.ingress.certificate.domain_names == ("*.models.example.com",)
    assert not settings.ingress.keeps_dns
    assert {
        key: (model.model_name, model.model_type, model.gpus, model.hostname)
        for key, model in settings.models.items()
    } == {
        "laguna-m": ("Laguna", "agent", 4, "laguna-m.models.example.com"),
        "laguna-xs": ("Laguna", "agent_small", 1, "laguna-xs.models.example.com"),
        "point": ("Point", "completion", 1, "point.models.example.com"),
    }
    assert settings.hostnames == (
        "laguna-m.models.example.com",
        "laguna-xs.models.example.com",
        "point.models.example.com",
    )


def test_the_dev_stack_holds_no_secret():
    assert not {f"inference-plane:{key}" for key in SECRET_KEYS} & dev_config().keys()


def test_roles_are_named_after_cluster_and_region(project: Path):
    assert dev(project).role_name("inference-pod") == "inference-us-east-2-inference-pod"


def test_the_longest_role_name_fits_into_iam(project: Path):
    longest = dev(project, {"cluster.name": "a" * 32, "checkpoints.bucketName": "bucket"})

    # Regions have at most 14 characters, IAM role names 64: purposes have room for 16.
    assert len(longest.role_name("")) - len("us-east-2") + 14 + 16 == 64


def test_the_partition_follows_from_the_region(project: Path):
    assert dev(project).partition == "aws"


def test_the_configuration_reference_is_generated():
    text = (PROJECT / "docs/configuration.md").read_text(encoding="utf-8")

    assert text == reference(), "run: python -m config.reference > docs/configuration.md"


def test_the_configuration_reference_has_every_key_once():
    rows = [line.split("`")[1] for line in reference().splitlines() if line.startswith("| `")]

    for key in ("aws:region", "accountId", "capacity.reservationId", "<key>.hostname", "existing.vpcId"):
        assert rows.count(key) == 1
    for key in SECRET_KEYS:
        assert rows.count(key) == 1


def test_every_setting_is_described():
    assert "|  |\n" not in reference()
    assert "None" not in reference()
