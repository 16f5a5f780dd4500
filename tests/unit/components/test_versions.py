"""Versions are pinned, complete for every supported Kubernetes version, and written as AWS writes them."""

import re

import pytest

from components.cluster_addons import CLUSTER_ADDONS, DEFAULT_ADDONS
from components.versions import (
    ADDONS,
    ALB_CONTROLLER,
    AMI_RELEASES,
    EFA_DEVICE_PLUGIN,
    EXTERNAL_DNS,
    GPU_OPERATOR,
    KUBERNETES_DEFAULT,
    KUBERNETES_SUPPORTED,
    ChartVersion,
)


def test_the_default_kubernetes_version_is_supported() -> None:
    assert KUBERNETES_DEFAULT in KUBERNETES_SUPPORTED
    assert KUBERNETES_SUPPORTED == ("1.33", "1.34", "1.35", "1.36")


@pytest.mark.parametrize("version", KUBERNETES_SUPPORTED)
def test_each_version_pins_the_same_addons(version: str) -> None:
    assert set(ADDONS[version]) == set(ADDONS[KUBERNETES_DEFAULT])
    for addon, pinned in ADDONS[version].items():
        assert re.fullmatch(r"v\d+\.\d+\.\d+-eksbuild\.\d+", pinned), addon
    assert ADDONS[version]["kube-proxy"].startswith(f"v{version}.")


def test_the_tables_cover_exactly_the_supported_versions() -> None:
    assert tuple(ADDONS) == tuple(AMI_RELEASES) == KUBERNETES_SUPPORTED
    assert {*CLUSTER_ADDONS, *DEFAULT_ADDONS} <= set(ADDONS[KUBERNETES_DEFAULT])


@pytest.mark.parametrize("version", KUBERNETES_SUPPORTED)
def test_each_version_pins_an_ami_release_of_each_family(version: str) -> None:
    releases = AMI_RELEASES[version]
    assert set(releases) == {"al2023", "bottlerocket"}
    assert re.fullmatch(rf"{re.escape(version)}\.\d+-\d{{8}}", releases["al2023"])
    assert re.fullmatch(r"\d+\.\d+\.\d+-[0-9a-f]{8}", releases["bottlerocket"])


@pytest.mark.parametrize(
    "chart", [ALB_CONTROLLER, GPU_OPERATOR, EXTERNAL_DNS, EFA_DEVICE_PLUGIN], ids=lambda c: c.chart
)
def test_each_chart_is_pinned_to_one_version(chart: ChartVersion) -> None:
    assert chart.repository.startswith(("https://", "oci://"))
    assert re.fullmatch(r"v?\d+\.\d+\.\d+", chart.version)
