from pathlib import Path

import pytest

from tests.unit.config.dev_stack import Case, Changes, dev, each

_ALB = "alb.ingress.kubernetes.io"
_OCI = {"reference": "oci://registry.example.com/charts/inference", "version": "1.4.0"}
_REPOSITORY = {"url": "https://charts.example.com", "name": "inference", "version": "v1.4.0"}


def _annotation(name: str) -> Changes:
    return {"chart.values": {"ingress": {"annotations": {f"{_ALB}/{name}": "x"}}}}


@each(
    Case(
        "a chart's folder holds a chart",
        {"chart.path": "charts/nothing"},
        "chart.path",
        ("'charts/nothing'", "no Chart.yaml"),
        {"chart.path": "bundle/charts/inference"},
    ),
    Case(
        "a chart comes from one place",
        {"chart": {"path": "charts/inference", "oci": _OCI}},
        "chart",
        ("2 sources (path, oci)", "give one"),
        {"chart": {"oci": _OCI}},
    ),
    Case(
        "a chart in a repository rules out one in a registry",
        {"chart": {"repository": _REPOSITORY, "oci": _OCI}},
        "chart",
        ("2 sources (oci, repository)", "give one"),
        {"chart": {"repository": _REPOSITORY}},
    ),
    Case(
        "an OCI reference says so",
        {"chart.oci": {**_OCI, "reference": "registry.example.com/charts/inference"}},
        "chart.oci.reference",
        ("'registry.example.com/charts/inference'", "oci://"),
        {"chart.oci": _OCI},
    ),
    Case(
        "an OCI reference has no tag",
        {"chart.oci": {**_OCI, "reference": "oci://registry.example.com/charts/inference:1.4.0"}},
        "chart.oci.reference",
        ("without a tag",),
        {"chart.oci": _OCI},
    ),
    Case(
        "a chart from elsewhere is pinned",
        {"chart.oci": {**_OCI, "version": ">=1"}},
        "chart.oci.version",
        ("'>=1'", "full version"),
        {"chart.oci": {**_OCI, "version": "1.4.0-rc.1"}},
    ),
    Case(
        "a chart from elsewhere has a version",
        {"chart.repository": {"url": "https://charts.example.com", "name": "inference"}},
        "chart.repository.version",
        ("is required", "pinned"),
        {"chart.repository": _REPOSITORY},
    ),
    Case(
        "a chart repository is reached by HTTPS",
        {"chart.repository": {**_REPOSITORY, "url": "http://charts.example.com"}},
        "chart.repository.url",
        ("'http://charts.example.com'", "https://"),
        {"chart.repository": _REPOSITORY},
    ),
    Case(
        "a namespace is a DNS label",
        {"chart.namespace": "Models"},
        "chart.namespace",
        ("'Models'", "DNS label"),
        {"chart.namespace": "models"},
    ),
    Case(
        "a release name starts with a letter",
        {"chart.releaseName": "1st"},
        "chart.releaseName",
        ("'1st'", "a letter first"),
        {"chart.releaseName": "first"},
    ),
    Case(
        "a release gets a minute at least",
        {"chart.timeoutSeconds": 59},
        "chart.timeoutSeconds",
        ("is 59", "60 or more"),
        {"chart.timeoutSeconds": 60},
    ),
    Case(
        "models are not given as chart values",
        {"chart.values": {"models": {}}},
        "chart.values.models",
        ("computed by the plane", "set models instead"),
        {"chart.values": {"docs": {"enabled": True}}},
    ),
    Case(
        "the registry is not given as a chart value",
        {"chart.values": {"image": {"registry": "registry.example.com"}}},
        "chart.values.image.registry",
        ("set images.registry instead",),
        {"chart.values": {"image": {"pullPolicy": "Always"}}},
    ),
    Case(
        "the API key's secret is not given as a chart value",
        {"chart.values": {"authentication": {"secretName": ""}}},
        "chart.values.authentication.secretName",
        ("set vllmApiKey instead",),
        {"chart.values": {"authentication": "free"}},
    ),
    Case(
        "the load balancer's scheme is not given as an annotation",
        _annotation("scheme"),
        f"chart.values.ingress.annotations.{_ALB}/scheme",
        ("set ingress.scheme instead",),
        _annotation("load-balancer-attributes"),
    ),
    Case(
        "the listeners follow from other settings",
        _annotation("listen-ports"),
        f"chart.values.ingress.annotations.{_ALB}/listen-ports",
        ("follows from other settings", "leave it out"),
        _annotation("tags"),
    ),
)
def test_each_breach_is_told_at_its_path_and_its_neighbour_passes(case: Case, project: Path):
    case.check(project)


@pytest.mark.parametrize(
    ("chart", "path"),
    [
        ({}, "charts/inference"),
        ({"path": "bundle/charts/inference"}, "bundle/charts/inference"),
        ({"oci": _OCI}, None),
        ({"repository": _REPOSITORY}, None),
    ],
)
def test_a_chart_on_disk_has_a_path(chart: Changes, path: str | None, project: Path):
    assert dev(project, {"chart": chart}).chart.local_path == path


def test_a_bundle_may_lie_outside_of_the_project(project: Path):
    bundle = str(project / "bundle/charts/inference")

    assert dev(project, {"chart.path": bundle}).chart.local_path == bundle
