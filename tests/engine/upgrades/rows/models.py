"""Changes of the models."""

from typing import Any

from tests.engine.upgrades.rows.phrases import NO_STOP
from tests.engine.upgrades.rows.row import Row, drop, put


def _rename_point(content: dict[str, Any]) -> None:
    models: dict[str, Any] = content["config"]["inference-plane:models"]
    models["point-two"] = models.pop("point")


MODELS = (
    Row(
        name="model-added",
        area="Models",
        what="Add a model that fits on the nodes",
        note="Nothing stands still; the release waits until the new model is ready.",
        settings=(
            put(
                "models.mini",
                {
                    "modelName": "Mini",
                    "modelType": "completion",
                    "gpus": 1,
                    "hostname": "mini.models.example.com",
                },
            ),
        ),
    ),
    Row(
        name="model-removed",
        area="Models",
        what="Remove a model",
        note="Its endpoint is gone at once, its checkpoint stays in the bucket; the others are not touched.",
        settings=(drop("models.point"),),
    ),
    Row(
        name="model-renamed",
        area="Models",
        what="Rename a model: another key, the same host name",
        note=(
            "To the chart, it is a new model: Helm makes the new Deployment before it deletes the old one, and both "
            "need GPUs for that time. Copy the checkpoint to the new prefix first, or set `checkpointPrefix`."
        ),
        settings=(_rename_point,),
        quick=True,
    ),
    Row(
        name="model-gpus",
        area="Models",
        what="Change the number of GPUs of a model",
        note=(
            "Its pod is replaced. Without free GPUs for both, the old pod goes first and the model is down while "
            "the new one loads."
        ),
        settings=(put("models.laguna-xs.gpus", 2),),
    ),
    Row(
        name="model-hostname",
        area="Models",
        what="Change the host name of a model",
        note="The old name stops at once; the certificate and DNS must know the new one before.",
        settings=(put("models.point.hostname", "fast.models.example.com"),),
    ),
    Row(
        name="model-replicas",
        area="Models",
        what="Change the number of replicas",
        note=NO_STOP,
        settings=(put("models.point.replicas", 2),),
    ),
    Row(
        name="image-tag",
        area="Models",
        what="Change the image tag of the model server",
        note=(
            "Every model's pod is replaced, one model beside the other. Push the image first. A pod that does not "
            "become ready within `chart.timeoutSeconds` rolls the release back."
        ),
        settings=(put("images.tag", "v0.34.0"),),
    ),
    Row(
        name="serving-chart",
        area="Models",
        what="Another version of the serving chart",
        note="What Helm does depends on the chart: compare `helm template` of both. A failed upgrade rolls back.",
        settings=(put("chart.path", "{charts}/inference-next"),),
    ),
)
