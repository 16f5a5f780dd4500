"""One way to install a chart, from wherever it comes, and Helm's rule for values over values."""

import pulumi
import pytest

from components.helm_releases import helm_release, merge_values
from components.versions import ChartVersion
from tests.unit.components.in_cluster import build
from tests.unit.recording import Registration


class Owner(pulumi.ComponentResource):
    def __init__(self, opts: pulumi.ResourceOptions, chart: ChartVersion, **more) -> None:
        super().__init__("test:index:Owner", "owner", {}, opts)
        helm_release(
            "owner-release",
            chart=chart,
            release_name="app",
            namespace="apps",
            values={"replicas": 2},
            timeout_seconds=60,
            parent=self,
            **more,
        )


def released(chart: ChartVersion, **more) -> Registration:
    return build(lambda opts: Owner(opts, chart, **more)).named("owner-release")


def test_a_release_has_a_fixed_name_and_a_pinned_version_and_rolls_back():
    release = released(ChartVersion("https://charts.example.com", "app", "1.2.3"))
    assert release.type == "kubernetes:helm.sh/v3:Release"
    assert release.inputs == {
        "name": "app",
        "namespace": "apps",
        "chart": "app",
        "repositoryOpts": {"repo": "https://charts.example.com"},
        "version": "1.2.3",
        "values": {"replicas": 2},
        "atomic": True,
        "cleanupOnFail": True,
        "timeout": 60,
        "maxHistory": 10,
        "compat": "true",
    }


def test_a_replacement_deletes_first_because_the_name_is_fixed():
    assert released(ChartVersion("", "./chart", "")).request.deleteBeforeReplace


def test_an_oci_chart_is_one_reference_without_repository():
    inputs = released(ChartVersion("oci://registry.example.com/charts", "app", "1.2.3")).inputs
    assert inputs["chart"] == "oci://registry.example.com/charts/app"
    assert "repositoryOpts" not in inputs
    assert inputs["version"] == "1.2.3"


def test_a_chart_on_disk_has_neither_repository_nor_version():
    inputs = released(ChartVersion("", "./charts/inference", "")).inputs
    assert inputs["chart"] == "./charts/inference"
    assert "repositoryOpts" not in inputs
    assert "version" not in inputs


def test_openapi_validation_is_off_only_on_request():
    chart = ChartVersion("", "./chart", "")
    assert "disableOpenapiValidation" not in released(chart).inputs
    assert released(chart, disable_openapi_validation=True).inputs["disableOpenapiValidation"] is True


@pytest.mark.parametrize(
    ("below", "above", "merged"),
    [
        ({"a": 1}, {}, {"a": 1}),
        ({"a": 1}, {"b": 2}, {"a": 1, "b": 2}),
        ({"a": {"x": 1, "y": 2}}, {"a": {"y": 3}}, {"a": {"x": 1, "y": 3}}),
        ({"a": [1, 2]}, {"a": [3]}, {"a": [3]}),
        ({"a": {"x": 1}}, {"a": 5}, {"a": 5}),
        ({"a": 5}, {"a": {"x": 1}}, {"a": {"x": 1}}),
        ({"a": {"x": {"p": 1}}}, {"a": {"x": {"q": 2}}}, {"a": {"x": {"p": 1, "q": 2}}}),
    ],
)
def test_maps_are_merged_and_everything_else_is_replaced(below, above, merged):
    assert merge_values(below, above) == merged


def test_merging_changes_neither_side():
    below, above = {"a": {"x": 1}}, {"a": {"y": 2}}
    merge_values(below, above)["a"]["z"] = 3
    assert (below, above) == ({"a": {"x": 1}}, {"a": {"y": 2}})
