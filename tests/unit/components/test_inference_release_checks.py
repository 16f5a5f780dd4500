"""Every fault of a serving release is found before anything is registered, and told with its path."""

from typing import Any

import pulumi
import pytest

from components.inference_release_checks import GPU_COUNTS, MODEL_TYPES, check_inference_release

MODEL = {
    "model": "s3://bucket/checkpoints/m",
    "model_name": "M",
    "model_type": "agent",
    "gpus": 1,
    "ingress_host": "m.example.com",
}
GOOD: dict[str, Any] = {
    "chart": {"path": "charts/inference"},
    "image_registry": "111122223333.dkr.ecr.us-east-2.amazonaws.com",
    "models": {"m": MODEL},
}


def faults(**changes: Any) -> str:
    with pytest.raises(pulumi.InputPropertiesError) as caught:
        check_inference_release({**GOOD, **changes})
    return str(caught.value)


def test_the_smallest_release_passes() -> None:
    check_inference_release(GOOD)


@pytest.mark.parametrize("gpus", GPU_COUNTS)
@pytest.mark.parametrize("model_type", MODEL_TYPES)
def test_every_supported_model_shape_passes(gpus: int, model_type: str) -> None:
    check_inference_release({**GOOD, "models": {"m": {**MODEL, "gpus": gpus, "model_type": model_type}}})


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"chart": {}}, "chart: is required"),
        ({"chart": {"path": "x", "reference": "oci://y/z"}}, "chart: has path and reference"),
        ({"chart": {"path": "x", "version": "1.0.0"}}, "chart.version: does not go with path"),
        ({"chart": {"reference": "oci://y/z"}}, "chart.version: is required"),
        ({"image_registry": ""}, "imageRegistry: is required"),
        ({"models": {}}, "models: is required"),
        ({"models": {"Bad_Key": MODEL}}, "Bad_Key"),
        ({"models": {"m": {**MODEL, "gpus": 3}}}, "models.m.gpus"),
        ({"models": {"m": {**MODEL, "model_type": "chat"}}}, "models.m.modelType"),
        ({"models": {"m": {**MODEL, "model": "/local/path"}}}, "models.m.model"),
        ({"models": {"m": MODEL, "n": MODEL}}, "ingressHost"),
        ({"namespace": "Not A Label"}, "namespace"),
        ({"release_name": "1st"}, "releaseName"),
        ({"timeout_seconds": 0}, "timeoutSeconds"),
        ({"values": {"fullnameOverride": "x"}}, "values.fullnameOverride"),
    ],
)
def test_a_fault_is_told_with_its_path(changes: dict[str, Any], path: str) -> None:
    assert path in faults(**changes)


def test_all_faults_are_told_at_once() -> None:
    text = faults(namespace="No Label", image_registry="", models={"m": {**MODEL, "gpus": 5}})
    assert all(path in text for path in ("namespace", "imageRegistry", "models.m.gpus"))
