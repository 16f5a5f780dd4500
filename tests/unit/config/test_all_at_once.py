"""Every fault of a stack is told in one go, whatever else is wrong beside it."""

from pathlib import Path

import pytest

from config.loading import SettingsError
from tests.unit.config.dev_stack import GONE, Changes, dev, faults

_BROKEN: Changes = {
    "accountId": "1111",
    "network.cidr": "10.0.0.0/24",
    "network.availabilityZones": ["us-east-2a", "us-east-1a"],
    "cluster.kubernetesVersion": "1.29",
    "cluster.colour": "blue",
    "systemNodes": {"instanceTypes": ["m7i.metal"], "minSize": 4},
    "gpuNodes.instanceType": "p5e.48xlarge",
    "gpuNodes.count": "one",
    "gpuNodes.capacity": {"reservationId": "cr-1", "onDemand": True, "availabilityZone": "us-east-2b"},
    "ingress.idleTimeoutSeconds": 0,
    "vllmApiKey": False,
    "checkpoints.bucketName": "Not_A_Bucket",
    "models.laguna-m.gpus": 3,
    "models.laguna-m.hostname": "laguna.example.com",
    "models.laguna-xs.modelType": GONE,
    "models.laguna-xs.checkpointPrefix": "checkpoints/laguna-m",
    "models.point.hostname": "laguna-xs.models.example.com",
    "models.Bad_Key": {
        "modelName": "X",
        "modelType": "chat",
        "gpus": 1,
        "hostname": "x.models.example.com",
    },
    "chart.path": "nowhere",
    "tags": {"aws:x": "y"},
    "modells": {},
}


def test_every_fault_is_told_at_once_and_only_once(project: Path):
    assert [fault.path for fault in faults(project, _BROKEN)] == [
        "accountId",
        "network.cidr",
        "network.availabilityZones[1]",
        "cluster.kubernetesVersion",
        "cluster.colour",
        "systemNodes.instanceTypes[0]",
        "systemNodes.desiredSize",
        "gpuNodes.count",
        "gpuNodes.capacity.reservationId",
        "gpuNodes.capacity.availabilityZone",
        "ingress.idleTimeoutSeconds",
        "checkpoints.bucketName",
        "models.laguna-m.gpus",
        "models.laguna-xs.modelType",
        "models.Bad_Key",
        "models.Bad_Key.modelType",
        "models.point.hostname",
        "models.laguna-m.hostname",
        "models.laguna-xs.checkpointPrefix",
        "chart.path",
        "tags.aws:x",
        "vllmApiKey",
        "modells",
    ]


def test_the_error_has_a_line_for_each_fault_and_says_where_to_correct_them(project: Path):
    with pytest.raises(SettingsError) as caught:
        dev(project, {"models.point.gpus": 3, "modells": {}})

    assert str(caught.value) == (
        "The stack's settings have 2 faults; nothing was changed.\n"
        "  - models.point.gpus: is 3; it must be 1, 2, 4 or 8\n"
        "  - modells: is not a setting; did you mean models? known here: access, accountId, aws:region, chart, "
        "checkpoints, cluster, gpuNodes, images, ingress, models, network, s3AccessKeyId, s3SecretAccessKey, "
        "systemNodes, tags, vllmApiKey\n"
        "Correct the stack file (Pulumi.<stack>.yaml); docs/configuration.md describes every key."
    )


def test_a_single_fault_is_not_plural(project: Path):
    with pytest.raises(SettingsError, match="have 1 fault; nothing was changed"):
        dev(project, {"models.point.gpus": 3})


def test_a_refused_value_is_not_judged_by_its_default(project: Path):
    # With the default version 1.35 in its place, the release would be told to be wrong as well.
    found = faults(project, {"cluster.kubernetesVersion": "1.29", "gpuNodes.amiRelease": "1.29.0-20240101"})

    assert [fault.path for fault in found] == ["cluster.kubernetesVersion"]


def test_models_that_are_sound_are_packed_beside_a_faulty_one(project: Path):
    found = faults(project, {"models.laguna-m.gpus": 3, "models.point.replicas": 8})

    assert [fault.path for fault in found] == ["models.laguna-m.gpus", "models.point.gpus"]


def test_what_is_required_is_told_for_a_stack_without_settings(project: Path):
    empty: Changes = {
        "network": {},
        "gpuNodes": {},
        "ingress": {},
        "models": {},
        "aws:region": "",
        "accountId": "",
    }

    assert [fault.path for fault in faults(project, empty)] == [
        "aws:region",
        "accountId",
        "network.availabilityZones",
        "gpuNodes.capacity",
        "ingress.certificate",
        "models",
    ]


@pytest.mark.parametrize("path", ["network", "models", "gpuNodes.capacity", "models.point", "tags"])
def test_an_area_that_is_not_a_map_is_told_and_hides_nothing(path: str, project: Path):
    found = faults(project, {path: "text", "vllmApiKey": False})

    assert [fault.path for fault in found] == [path, "vllmApiKey"]
    assert found[0].reason == "is 'text'; it must be a map of keys to values"


@pytest.mark.parametrize(
    "path",
    [
        "colour",
        "network.colour",
        "network.existing.colour",
        "cluster.colour",
        "systemNodes.colour",
        "gpuNodes.colour",
        "gpuNodes.capacity.colour",
        "gpuNodes.volume.colour",
        "ingress.colour",
        "ingress.certificate.colour",
        "checkpoints.colour",
        "images.colour",
        "models.point.colour",
        "chart.colour",
        "chart.oci.colour",
    ],
)
def test_an_unknown_key_is_refused_at_its_path(path: str, project: Path):
    fault = next(fault for fault in faults(project, {path: "blue"}) if fault.path == path)

    assert fault.reason.startswith("is not a setting; ")
    assert "known here: " in fault.reason


def test_an_unknown_key_of_a_list_entry_is_refused_at_its_path(project: Path):
    (fault,) = faults(
        project, {"images.pullThrough": [{"prefix": "quay", "upstream": "quay.io", "url": "quay.io"}]}
    )

    assert fault == (
        "images.pullThrough[0].url",
        "is not a setting; known here: credentialArn, prefix, upstream",
    )


def test_a_key_in_snake_case_is_not_a_setting(project: Path):
    (fault,) = faults(project, {"cluster.kubernetes_version": "1.35"})

    assert fault.path == "cluster.kubernetes_version"
    assert "did you mean kubernetesVersion?" in fault.reason


@pytest.mark.parametrize(
    ("changes", "path", "words"),
    [
        ({"aws:region": "us-east"}, "aws:region", "'us-east'; expected an AWS region such as us-east-2"),
        ({"accountId": "12345678901"}, "accountId", "'12345678901'; expected the 12 digits"),
    ],
)
def test_region_and_account_have_a_format(changes: Changes, path: str, words: str, project: Path):
    found = faults(project, changes)

    assert [fault.path for fault in found] == [path]
    assert words in found[0].reason


def test_settings_cannot_be_changed(project: Path):
    settings = dev(project)

    with pytest.raises(ValueError, match="frozen"):
        settings.cluster.name = "other"  # pyright: ignore[reportAttributeAccessIssue] -- what the test is about
