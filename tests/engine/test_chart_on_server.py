"""The real API server accepts every object of the chart, field by field."""

import json
import subprocess
from pathlib import Path

import pytest

from localcloud.cloud import Cloud
from localcloud.home import PROJECT

CHART = PROJECT / "charts" / "inference"
NAMESPACE = "chart-dry-run"
EXAMPLE = PROJECT / "tests" / "golden" / "helm" / "inference-poolside-example.json"


def command(cloud: Cloud, *words: str | Path, given: str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(cloud.home.bin / words[0]), *map(str, words[1:])],
        env=cloud.environment(),
        input=given,
        capture_output=True,
        text=True,
        check=False,
    )


def render(cloud: Cloud, *flags: str) -> str:
    rendered = command(cloud, "helm", "template", "inference", CHART, "-n", NAMESPACE, "-f", EXAMPLE, *flags)
    assert rendered.returncode == 0, rendered.stderr
    return rendered.stdout


@pytest.fixture(scope="module", autouse=True)
def namespace(cloud: Cloud) -> None:
    command(cloud, "kubectl", "create", "namespace", NAMESPACE)


def dry_run(cloud: Cloud, manifest: str) -> subprocess.CompletedProcess[str]:
    return command(
        cloud, "kubectl", "apply", "-n", NAMESPACE, "--dry-run=server", "--validate=strict",
        "--server-side", "-o", "json", "-f", "-", given=manifest,
    )  # fmt: skip


@pytest.mark.parametrize(
    "flags",
    [
        [],
        ["--set", "docs.enabled=true,docs.image.tag=1.0.0"],
        ["--set", "models.point.replicas=2"],
        ["--set", "authentication.secretName="],
    ],
    ids=["example", "with-docs", "two-replicas", "without-key"],
)
def test_the_api_server_accepts_every_object(cloud: Cloud, flags: list[str]) -> None:
    manifest = render(cloud, *flags)
    answer = dry_run(cloud, manifest)
    assert answer.returncode == 0, answer.stderr
    kinds = [item["kind"] for item in json.loads(answer.stdout)["items"]]
    assert kinds.count("Deployment") == (4 if any("docs" in flag for flag in flags) else 3)
    assert kinds.count("Ingress") >= 3


def test_the_api_server_refuses_a_misspelt_field(cloud: Cloud) -> None:
    manifest = render(cloud).replace("enableServiceLinks:", "enableServiceLink:")
    answer = dry_run(cloud, manifest)
    assert answer.returncode != 0
    assert "enableServiceLink" in answer.stderr
