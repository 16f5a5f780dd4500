"""Every supported Kubernetes version has its add-ons and AMI releases, in the formats AWS uses."""

import re

import pytest

from components.cluster_addons import CLUSTER_ADDONS, DEFAULT_ADDONS
from components.versions import ADDONS, AMI_RELEASES, KUBERNETES_DEFAULT, KUBERNETES_SUPPORTED


def test_default_kubernetes_version_is_supported():
    assert KUBERNETES_DEFAULT in KUBERNETES_SUPPORTED


def test_tables_cover_exactly_the_supported_versions():
    assert tuple(ADDONS) == tuple(AMI_RELEASES) == KUBERNETES_SUPPORTED
    assert len({frozenset(addons) for addons in ADDONS.values()}) == 1, "one version lacks an add-on"
    assert {*CLUSTER_ADDONS, *DEFAULT_ADDONS} <= set(ADDONS[KUBERNETES_DEFAULT])


@pytest.mark.parametrize("version", KUBERNETES_SUPPORTED)
def test_addon_versions_are_eks_builds_and_kube_proxy_follows_the_minor_version(version):
    for addon, release in ADDONS[version].items():
        assert re.fullmatch(r"v\d+\.\d+\.\d+-eksbuild\.\d+", release), (addon, release)
    assert ADDONS[version]["kube-proxy"].startswith(f"v{version}.")


@pytest.mark.parametrize("version", KUBERNETES_SUPPORTED)
def test_ami_releases_have_the_format_of_their_family(version):
    releases = AMI_RELEASES[version]
    assert re.fullmatch(rf"{re.escape(version)}\.\d+-20\d{{6}}", releases["al2023"])
    assert re.fullmatch(r"\d+\.\d+\.\d+-[0-9a-f]{8}", releases["bottlerocket"])
    assert set(releases) == {"al2023", "bottlerocket"}
