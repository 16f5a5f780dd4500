from pathlib import Path

import pytest

from tests.unit.config.dev_stack import GONE, Case, Changes, dev, each, faults


def _model(**changes: object) -> dict[str, object]:
    return {
        "modelName": "Other",
        "modelType": "agent",
        "gpus": 1,
        "hostname": "other.models.example.com",
        **changes,
    }


@each(
    Case(
        "three GPUs are not a size that the server shards to",
        {"models.laguna-m.gpus": 3},
        "models.laguna-m.gpus",
        ("is 3", "1, 2, 4 or 8"),
        {"models.laguna-m.gpus": 2},
    ),
    Case(
        "a model type is one of three",
        {"models.point.modelType": "chat"},
        "models.point.modelType",
        ("'chat'", "'agent', 'agent_small' or 'completion'"),
        {"models.point.modelType": "agent_small"},
    ),
    Case(
        "a model key has no capitals",
        {"models.Other": _model()},
        "models.Other",
        ("'Other'", "DNS label"),
        {"models.other": _model()},
    ),
    Case(
        "a model key has no underscore",
        {"models.other_model": _model()},
        "models.other_model",
        ("'other_model'", "DNS label"),
        {"models.other-model": _model()},
    ),
    Case(
        "a model key leaves room for the release's name",
        {f"models.{'a' * 54}": _model()},
        f"models.{'a' * 54}",
        ("64 characters", "Kubernetes takes 63", "at most 53"),
        {f"models.{'a' * 53}": _model()},
    ),
    Case(
        "a hostname is a full host name",
        {"models.point.hostname": "point"},
        "models.point.hostname",
        ("'point'", "full host name"),
        {"models.point.hostname": "completion.models.example.com"},
    ),
    Case(
        "a hostname is no wildcard",
        {"models.point.hostname": "*.models.example.com"},
        "models.point.hostname",
        ("'*.models.example.com'", "full host name"),
        {"models.point.hostname": "any.models.example.com"},
    ),
    Case(
        "a hostname selects one model",
        {"models.point.hostname": "laguna-xs.models.example.com"},
        "models.point.hostname",
        ("laguna-xs.models.example.com", "as for laguna-xs", "its own"),
        {"models.point.hostname": "laguna-xs2.models.example.com"},
    ),
    Case(
        "a wildcard covers one label and not two",
        {"models.point.hostname": "point.eu.models.example.com"},
        "models.point.hostname",
        ("point.eu.models.example.com", "(*.models.example.com) do not cover", "exactly one label"),
        {
            "models.point.hostname": "point.eu.models.example.com",
            "ingress.certificate.domainNames": ["*.models.example.com", "*.eu.models.example.com"],
        },
    ),
    Case(
        "a wildcard does not cover its apex",
        {"models.point.hostname": "models.example.com"},
        "models.point.hostname",
        ("do not cover",),
        {
            "models.point.hostname": "models.example.com",
            "ingress.certificate.domainNames": ["*.models.example.com", "models.example.com"],
        },
    ),
    Case(
        "two models do not share a checkpoint",
        {"models.laguna-xs.checkpointPrefix": "checkpoints/laguna-m"},
        "models.laguna-xs.checkpointPrefix",
        ("'checkpoints/laguna-m'", "as for laguna-m", "its own"),
        {"models.laguna-xs.checkpointPrefix": "checkpoints/laguna-m2"},
    ),
    Case(
        "a checkpoint does not lie inside another",
        {"models.point.checkpointPrefix": "checkpoints/laguna-m/point"},
        "models.point.checkpointPrefix",
        ("'checkpoints/laguna-m/point'", "'checkpoints/laguna-m'", "keep them apart"),
        {"models.point.checkpointPrefix": "checkpoints/laguna/point"},
    ),
    Case(
        "a checkpoint does not hold another",
        {"models.point.checkpointPrefix": "other/a", "models.laguna-m.checkpointPrefix": "other/a/b"},
        "models.point.checkpointPrefix",
        ("'other/a'", "'other/a/b'", "keep them apart"),
        {"models.point.checkpointPrefix": "other/a", "models.laguna-m.checkpointPrefix": "other/b"},
    ),
    Case(
        "a checkpoint prefix is no address",
        {"models.point.checkpointPrefix": "s3://bucket/point"},
        "models.point.checkpointPrefix",
        ("'s3://bucket/point'", "no s3://"),
        {"models.point.checkpointPrefix": "point"},
    ),
    Case(
        "a model has a name",
        {"models.point.modelName": ""},
        "models.point.modelName",
        ("''", "expected text"),
        {"models.point.modelName": "Laguna"},
    ),
    Case(
        "a model says what it needs",
        {"models.point.gpus": GONE},
        "models.point.gpus",
        ("is required", "GPUs of each replica"),
        {},
    ),
    Case(
        "a model runs once at least",
        {"models.point.replicas": 0},
        "models.point.replicas",
        ("is 0", "1 or more"),
        {"models.point.replicas": 3},
    ),
    Case(
        "an override does not set what has a setting",
        {"models.point.overrides": {"ingressHost": "point.example.com"}},
        "models.point.overrides.ingressHost",
        ("setting of its own", "write hostname instead"),
        {"models.point.overrides": {"extraArgs": ["--max-model-len=8192"]}},
    ),
    Case(
        "there is a model",
        {"models": {}},
        "models",
        ("0 entries", "1 or more"),
        {"models": {"other": _model()}},
    ),
    Case(
        "a model is a map",
        {"models.point": "Point"},
        "models.point",
        ("'Point'", "map of keys to values"),
        {"models.point": _model()},
    ),
    Case(
        "eight GPUs do not fit beside the small models",
        {"models.laguna-xs.gpus": 8, "models.laguna-m": GONE},
        "models.point.gpus",
        ("is 1", "does not fit", "0 GPUs are left on 1 p5e.48xlarge of 8 GPUs", "raise gpuNodes.count"),
        {"models.laguna-xs.gpus": 8, "models.laguna-m": GONE, "gpuNodes.count": 2},
    ),
    Case(
        "free GPUs on several nodes do not add up",
        {
            "gpuNodes.count": 2,
            "models": {
                "a": _model(gpus=4, hostname="a.models.example.com", replicas=3),
                "b": _model(gpus=8, hostname="b.models.example.com"),
            },
        },
        "models.a.gpus",
        ("is 4", "1 of its 3 replicas does not fit", "0 GPUs are left on 2 p5e.48xlarge", "at most 0"),
        {
            "gpuNodes.count": 2,
            "models": {
                "a": _model(gpus=4, hostname="a.models.example.com", replicas=2),
                "b": _model(gpus=8, hostname="b.models.example.com"),
            },
        },
    ),
    Case(
        "a model does not span nodes",
        {"gpuNodes.instanceType": "g6e.12xlarge", "gpuNodes.count": 4, "models.laguna-m.gpus": 8},
        "models.laguna-m.gpus",
        ("is 8", "one g6e.12xlarge has 4", "does not span nodes", "bigger gpuNodes.instanceType"),
        {"gpuNodes.instanceType": "g6e.12xlarge", "gpuNodes.count": 2, "models.laguna-m.gpus": 4},
    ),
)
def test_each_breach_is_told_at_its_path_and_its_neighbour_passes(case: Case, project: Path):
    case.check(project)


@pytest.mark.parametrize("gpus", [1, 2, 4])
def test_sizes_that_the_server_shards_to_pass(gpus: int, project: Path):
    assert dev(project, {"models.laguna-m.gpus": gpus}).models["laguna-m"].gpus == gpus


def test_every_model_that_does_not_fit_is_named(project: Path):
    found = faults(project, {"models.laguna-m.gpus": 8})

    assert [fault.path for fault in found] == ["models.laguna-xs.gpus", "models.point.gpus"]


def test_the_dev_models_fill_a_node_to_the_last_gpu_but_no_further(project: Path):
    full: Changes = {"models.point.replicas": 3}
    beyond: Changes = {"models.point.replicas": 4}

    assert dev(project, full)
    (fault,) = faults(project, beyond)
    assert fault.path == "models.point.gpus"
    assert "1 of its 4 replicas" in fault.reason


def test_checkpoints_lie_under_the_shared_prefix_by_key(project: Path):
    settings = dev(project, {"models.point.checkpointPrefix": "elsewhere/point"})

    assert settings.checkpoint_prefix("laguna-m") == "checkpoints/laguna-m"
    assert settings.checkpoint_prefix("point") == "elsewhere/point"
    assert settings.checkpoint_uri("laguna-m") == (
        "s3://inference-checkpoints-111122223333-us-east-2/checkpoints/laguna-m"
    )


def test_models_may_share_a_name(project: Path):
    models = dev(project).models

    assert models["laguna-m"].model_name == models["laguna-xs"].model_name == "Laguna"
