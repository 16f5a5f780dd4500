"""A pod's spec says which container serves, with which variables, and how long its drain may take."""

from typing import Any

import pytest

from localcloud.dataplane.pod_spec import (
    MissingReferenceError,
    Pace,
    command_line,
    drain_seconds,
    environment,
    model_container,
    pace,
)
from tests.unit.localcloud.dataplane.cluster import pod

SECRETS = {"auth": {"KEY": "s3cret"}, "all": {"A": "1", "B": "2"}}
MAPS = {"settings": {"LEN": "4096"}}


def variables(*entries: dict[str, Any], sources: list[dict[str, Any]] | None = None) -> dict[str, str]:
    return environment({"env": list(entries), "envFrom": sources or []}, SECRETS.get, MAPS.get)


def test_values_come_from_where_they_are_said_to_be() -> None:
    found = variables(
        {"name": "PLAIN", "value": "x"},
        {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "auth", "key": "KEY"}}},
        {"name": "LEN", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "LEN"}}},
        {"name": "BOTH", "value": "$(PLAIN)-$(LEN)-$(NONE)"},
        {"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
    )
    assert found == {"PLAIN": "x", "KEY": "s3cret", "LEN": "4096", "BOTH": "x-4096-$(NONE)"}


def test_a_whole_object_can_be_the_source() -> None:
    assert variables(sources=[{"prefix": "P_", "secretRef": {"name": "all"}}]) == {"P_A": "1", "P_B": "2"}


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ({"name": "none", "key": "KEY"}, '"none" not found'),
        ({"name": "auth", "key": "X"}, "find key X in auth"),
    ],
)
def test_a_missing_reference_is_an_error_unless_it_is_optional(reference: dict[str, Any], words: str) -> None:
    entry = {"name": "KEY", "valueFrom": {"secretKeyRef": reference}}
    with pytest.raises(MissingReferenceError, match=words):
        variables(entry)
    assert variables({"name": "KEY", "valueFrom": {"secretKeyRef": {**reference, "optional": True}}}) == {}


def test_arguments_are_expanded() -> None:
    container = {"command": ["vllm", "serve"], "args": ["m", "--api-key=$(KEY)", "$(NONE)"]}
    assert command_line(container, {"KEY": "k"}) == ["vllm", "serve", "m", "--api-key=k", "$(NONE)"]


@pytest.mark.parametrize(
    ("container", "serves"),
    [
        ({"image": "vllm/vllm-openai:v0.33.0"}, True),
        ({"image": "registry/atlas:1", "command": ["vllm", "serve"]}, True),
        ({"image": "registry/atlas:1", "args": ["--served-model-name=x"]}, True),
        ({"image": "registry/public-docs:1"}, False),
        ({"image": "coredns"}, False),
    ],
)
def test_a_model_server_is_recognised(container: dict[str, Any], serves: bool) -> None:
    found = model_container({"spec": {"containers": [{"image": "side/car"}, container]}})
    assert (found == container) is serves


def test_the_pace_is_annotated_and_zero_otherwise() -> None:
    assert pace(pod(time_to_first_token="1.5", time_per_output_token="0.1")) == Pace(1.5, 0.1)
    assert pace(pod(time_to_first_token="soon", time_per_output_token="-1")) == Pace()


@pytest.mark.parametrize(
    ("grace", "shutdown", "expected"), [(155, 120, 140), (155, 0, 20), (60, 120, 60), (0, 120, 0)]
)
def test_the_drain_is_the_hook_and_the_servers_own_within_the_grace_period(
    grace: int, shutdown: int, expected: int
) -> None:
    made = pod(leaving=True)
    made["metadata"]["deletionGracePeriodSeconds"] = grace
    assert drain_seconds(made, made["spec"]["containers"][0], shutdown) == expected
