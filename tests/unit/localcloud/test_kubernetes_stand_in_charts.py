"""The stand-in charts take what our components give them, at the versions that our table pins, and nothing else."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from components import versions
from components.alb_controller import alb_controller_values
from components.external_dns import external_dns_values
from components.gpu_operator import gpu_operator_values
from components.versions import ChartVersion
from localcloud.kube import charts
from localcloud.kube.device_plugins import DEVICES
from localcloud.kube.release_inputs import check_values, merged

PINNED = [value for value in vars(versions).values() if isinstance(value, ChartVersion)]


@pytest.mark.parametrize("pinned", PINNED, ids=lambda chart: chart.chart)
def test_every_pinned_chart_has_a_stand_in_of_its_version(pinned: ChartVersion) -> None:
    found = charts.locate(
        {"chart": pinned.chart, "version": pinned.version, "repositoryOpts": {"repo": pinned.repository}},
        Path("/"),
    )
    assert found.version == pinned.version
    assert "stand-in" in (found.path / "README.md").read_text()


@pytest.mark.parametrize("chart", charts.stand_ins(), ids=lambda chart: chart.name)
def test_every_stand_in_refuses_what_the_published_chart_does_not_know(chart: charts.Chart) -> None:
    required = {"clusterName": "x"} if chart.name == "aws-load-balancer-controller" else {}
    assert check_values(chart.path, required) == []
    (fault,) = check_values(chart.path, {**required, "replicas": 2})
    assert "unknown field 'replicas'" in fault.reason


def faults(name: str, values: dict[str, Any]) -> list[Any]:
    return check_values(charts.STAND_INS / name, values)


def test_the_components_values_are_accepted() -> None:
    alb = alb_controller_values({"cluster_name": "a", "region": "us-east-2", "vpc_id": "vpc-1"}, "arn")  # pyright: ignore[reportArgumentType] -- only what the values are made of
    assert faults("aws-load-balancer-controller", alb) == []
    for mode in ("device-plugin-only", "full"):
        taints = [{"key": "team", "value": "a", "effect": "NoSchedule"}]
        assert faults("gpu-operator", gpu_operator_values(mode, taints)) == []  # pyright: ignore[reportArgumentType] -- a Taint as a plain dict
    dns = {
        "cluster_name": "a",
        "domain_filters": ["example.com"],
        "hosted_zone_id": "Z1",
        "region": "us-east-2",
    }
    assert faults("external-dns", external_dns_values(dns, "arn")) == []  # pyright: ignore[reportArgumentType] -- only what the values are made of


@pytest.mark.parametrize(
    ("chart", "values", "path"),
    [
        ("aws-load-balancer-controller", {}, ""),
        ("aws-load-balancer-controller", {"clusterName": "a", "vpcId": "10.0.0.0/16"}, "vpcId"),
        (
            "aws-load-balancer-controller",
            {"clusterName": "a", "defaultTargetType": "pod"},
            "defaultTargetType",
        ),
        ("gpu-operator", {"driver": {"enabled": "no"}}, "driver.enabled"),
        (
            "gpu-operator",
            {"daemonsets": {"tolerations": [{"key": "a", "operator": "Any"}]}},
            "daemonsets.tolerations[0].operator",
        ),
        (
            "gpu-operator",
            {"node-feature-discovery": {"worker": {"toleration": []}}},
            '["node-feature-discovery"].worker',
        ),
        ("external-dns", {"policy": "upsert"}, "policy"),
        ("aws-efa-k8s-device-plugin", {"nodeSelector": {"a": 1}}, "nodeSelector.a"),
    ],
)
def test_a_wrong_value_is_refused_with_its_path(chart: str, values: dict[str, Any], path: str) -> None:
    assert [fault.property for fault in faults(chart, values)] == [path]


def test_the_plugins_pods_carry_the_labels_that_the_controllers_look_for() -> None:
    texts = "".join(file.read_text() for file in charts.STAND_INS.glob("*/templates/*.yaml"))
    gpu, efa = (device.pod_label.partition("=")[::2] for device in DEVICES)
    assert f"{efa[0]}: {efa[1]}" in texts
    assert gpu[0] == "app"
    assert f'"{gpu[1]}" .Values.devicePlugin' in texts


def test_the_defaults_of_each_stand_in_satisfy_its_own_schema_and_are_known_to_it() -> None:
    for chart in charts.stand_ins():
        defaults = yaml.safe_load((chart.path / "values.yaml").read_text())
        schema = json.loads((chart.path / "values.schema.json").read_text())
        assert set(merged(defaults, {})) <= set(schema["properties"])
