"""What Helm tells people after an install."""

import copy
from typing import Any

from tests.chart.rendering import DEV, Helm, changed


def notes(helm: Helm, values: dict[str, Any]) -> str:
    return helm.render(values).named("Notes", "notes")["text"]


def test_every_model_is_listed_with_its_endpoint(notes_helm: Helm):
    said = notes(notes_helm, DEV)
    assert "laguna-m (Laguna, 4 GPUs):\n  https://laguna-m.models.example.com/v1" in said
    assert "point (Point, 1 GPU):\n  https://point.models.example.com/v1" in said
    assert "kubectl logs -n poolside-models deploy/inference-laguna-m --all-containers -f" in said
    assert "WARNING" not in said
    assert "NOTE:" not in said


def test_without_ingress_the_way_in_is_a_port_forward(notes_helm: Helm):
    said = notes(notes_helm, changed(DEV, "ingress.enabled", False))
    assert "kubectl port-forward -n poolside-models service/inference-point 8000" in said
    assert "https://" not in said


def test_an_open_door_to_the_internet_is_warned_of(notes_helm: Helm):
    said = notes(notes_helm, changed(DEV, "authentication.secretName", ""))
    assert "WARNING: the load balancer faces the internet and the models ask for no API key" in said


def test_a_redirect_that_cannot_work_is_warned_of(notes_helm: Helm):
    values = copy.deepcopy(DEV)
    values["ingress"]["annotations"]["alb.ingress.kubernetes.io/listen-ports"] = '[{"HTTPS":443}]'
    assert "WARNING: ssl-redirect has no effect without an HTTP listener" in notes(notes_helm, values)


def test_an_unknown_version_is_told_with_what_follows(notes_helm: Helm):
    said = notes(notes_helm, changed(DEV, "models.point.image.tag", "20261101"))
    assert 'NOTE: the tag "20261101" does not tell the vLLM version of point' in said
    assert said.count("NOTE:") == 1


def test_a_chart_without_models_says_so(notes_helm: Helm):
    assert "No model is served yet" in notes(notes_helm, {})
