"""What comes out of the chart as a whole: both Helms, golden files, schemas of Kubernetes, one version."""

import copy
import json
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from components.scheduling import GPU_TOLERATION
from components.versions import KUBERNETES_SUPPORTED, VLLM_IMAGE_TAG
from tests.chart.rendering import CHART, DEV, Helm, Objects, RenderingError, changed
from tests.golden_files import GOLDEN, check_golden

# Everything that is off in the reference stack, so that each line of each template is rendered by one of the two.
EVERYTHING: dict[str, Any] = {
    **copy.deepcopy(DEV),
    "imagePullSecrets": [{"name": "registry"}],
    "s3": {"secretName": "aws-credentials", "region": "us-east-2"},
    "priorityClassName": "serving",
    "runtimeClassName": "nvidia",
    "nodeSelector": {"inference-plane/role": "gpu"},
    "affinity": {"podAntiAffinity": {}},
    "podAnnotations": {"karpenter.sh/do-not-disrupt": "true"},
    "podLabels": {"team": "serving"},
    "vllm": {"gpuMemoryUtilization": 0.9, "maxQueuedRequests": 256, "env": {"VLLM_USE_DEEP_GEMM": 0}},
    "docs": {
        "enabled": True,
        "ingressHost": "docs.models.example.com",
        "image": {"tag": "20261101"},
        "nodeSelector": {"inference-plane/role": "system"},
        "tolerations": [{"key": "CriticalAddonsOnly", "operator": "Exists"}],
    },
}
EVERYTHING["models"]["laguna-m"] |= {"replicas": 2, "loader": {"mode": "stream"}, "extraArgs": ["--seed=0"]}
EVERYTHING["models"]["laguna-xs"] |= {"modelCache": {"sizeLimit": "100Gi"}}
EVERYTHING["models"]["point"] |= {
    "modelCache": {"volume": {"persistentVolumeClaim": {"claimName": "models"}}}
}


def ordered(objects: Objects) -> list[dict[str, Any]]:
    return sorted(objects.all, key=lambda o: (o["kind"], o["metadata"]["name"]))


def dumped(objects: list[dict[str, Any]]) -> str:
    return yaml.safe_dump_all(objects, sort_keys=True, width=110)


@pytest.mark.parametrize("values", [DEV, EVERYTHING], ids=["dev", "everything"])
def test_both_helms_render_the_same_objects(helm: Helm, helm4: Helm, values):
    assert ordered(helm.render(values)) == ordered(helm4.render(values))


def test_both_helms_lint_the_chart_strictly(helm: Helm, helm4: Helm):
    for each in (helm, helm4):
        said = each.run(["lint", "--strict", str(CHART), "--values", "-"], yaml.safe_dump(EVERYTHING))
        assert "0 chart(s) failed" in said
        assert "WARNING" not in said


@pytest.mark.parametrize("key", ["laguna-m", "laguna-xs", "point"])
def test_objects_of_each_model_are_as_reviewed(dev: Objects, key):
    mine = [o for o in ordered(dev) if o["metadata"]["name"] == f"inference-{key}"]
    assert [o["kind"] for o in mine] == ["Deployment", "Ingress", "Service"]
    check_golden(f"chart/dev-{key}.yaml", dumped(mine))


def test_objects_with_every_option_are_as_reviewed(helm: Helm):
    objects = ordered(helm.render(EVERYTHING))
    check_golden("chart/everything.yaml", dumped([o for o in objects if o["kind"] != "ConfigMap"]))


def test_the_reference_stack_is_three_objects_per_model_and_two_shared_ones(dev: Objects):
    names = sorted((o["kind"], o["metadata"]["name"]) for o in dev.all)
    models = ("laguna-m", "laguna-xs", "point")
    assert names == sorted(
        [
            ("ConfigMap", "inference-downloader"),
            ("ServiceAccount", "inference"),
            *((kind, f"inference-{key}") for kind in ("Deployment", "Ingress", "Service") for key in models),
        ]
    )


@pytest.mark.parametrize("version", KUBERNETES_SUPPORTED)
@pytest.mark.parametrize("values", [DEV, EVERYTHING], ids=["dev", "everything"])
def test_every_object_is_valid_on_every_supported_kubernetes(helm: Helm, values, version):
    for each in helm.render(values, kubernetes=f"{version}.0").all:
        kubernetes_validate.validate(each, version, strict=True)


def test_the_validation_of_objects_can_fail(dev: Objects):
    wrong = copy.deepcopy(dev.named("Service", "inference-point"))
    wrong["spec"]["ports"][0]["prot"] = 80
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, "1.35", strict=True)


def test_a_kubernetes_that_is_too_old_is_refused(helm: Helm):
    with pytest.raises(RenderingError, match=r"requires kubeVersion: >=1\.33\.0-0"):
        helm.render(DEV, kubernetes="1.32.9")


def test_versions_in_the_spelling_of_eks_are_accepted(helm: Helm):
    assert helm.render(DEV, kubernetes="v1.35.3-eks-0123abc").all


def test_the_values_of_poolsides_page_are_accepted_as_they_are_printed(helm: Helm, values):
    values["ingress"]["annotations"]["alb.ingress.kubernetes.io/listen-ports"] = '[{"HTTPS":443}]'
    assert len(helm.render(values).of_kind("Ingress")) == 3


def test_the_values_that_inference_release_makes_are_accepted(helm: Helm):
    made = json.loads((GOLDEN / "helm" / "inference-poolside-example.json").read_text())
    objects = helm.render(made)
    assert {d["metadata"]["name"] for d in objects.of_kind("Deployment")} == {
        f"{made['fullnameOverride']}-{key}" for key in made["models"]
    }


def test_the_chart_has_no_dependencies():
    assert "dependencies" not in yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert not (CHART / "charts").exists()


def test_without_models_there_is_the_account_and_the_downloader_only(helm: Helm):
    assert [o["kind"] for o in ordered(helm.render({}))] == ["ConfigMap", "ServiceAccount"]


def test_the_default_image_is_the_vllm_release_of_the_version_table(helm: Helm, values):
    del values["image"]
    image = f"docker.io/vllm/vllm-openai:{VLLM_IMAGE_TAG}"
    assert helm.render(values).server("point")["image"] == image
    assert yaml.safe_load((CHART / "Chart.yaml").read_text())["appVersion"] == VLLM_IMAGE_TAG


def test_with_a_registry_only_the_image_has_the_bundles_name(dev: Objects):
    registry = DEV["image"]["registry"]
    images = {c["image"] for key in DEV["models"] for c in [dev.server(key), *dev.pod(key)["initContainers"]]}
    assert images == {f"{registry}/atlas:{VLLM_IMAGE_TAG}"}


def test_an_image_can_be_given_by_name_and_digest(helm: Helm, values):
    digest = "sha256:" + "0" * 64
    values["image"] |= {"name": "docker-hub/vllm/vllm-openai", "tag": "", "digest": digest}
    image = helm.render(values).server("point")["image"]
    assert image == f"{values['image']['registry']}/docker-hub/vllm/vllm-openai@{digest}"


def test_a_model_can_have_an_image_of_its_own(helm: Helm, values):
    objects = helm.render(changed(values, "models.point.image.tag", "v0.32.0"))
    assert objects.server("point")["image"].endswith("/atlas:v0.32.0")
    assert objects.pod("point")["initContainers"][0]["image"].endswith("/atlas:v0.32.0")
    assert objects.server("laguna-m")["image"].endswith(f"/atlas:{VLLM_IMAGE_TAG}")


def test_no_image_is_a_moving_one(helm: Helm):
    text = helm.text(EVERYTHING)
    images = [line.split("image: ")[1] for line in text.splitlines() if line.lstrip().startswith("image: ")]
    assert len(images) == 6
    assert all(":" in image.rpartition("/")[2] and not image.endswith(":latest") for image in images)


def test_the_service_account_carries_the_role_and_no_token(dev: Objects):
    account = dev.named("ServiceAccount", "inference")
    assert account["metadata"]["annotations"] == DEV["serviceAccount"]["annotations"]
    assert account["automountServiceAccountToken"] is False
    assert {dev.pod(key)["serviceAccountName"] for key in DEV["models"]} == {"inference"}


def test_an_existing_service_account_is_used_and_not_made(helm: Helm, values):
    values["serviceAccount"] = {"create": False, "name": "inference"}
    objects = helm.render(values)
    assert objects.of_kind("ServiceAccount") == []
    assert objects.pod("point")["serviceAccountName"] == "inference"


def test_the_made_service_account_can_have_another_name(helm: Helm, values):
    objects = helm.render(changed(values, "serviceAccount.name", "models"))
    assert [o["metadata"]["name"] for o in objects.of_kind("ServiceAccount")] == ["models"]
    assert objects.pod("point")["serviceAccountName"] == "models"


def test_default_tolerations_are_those_of_the_shared_taint(dev: Objects):
    assert all(dev.pod(key)["tolerations"] == [GPU_TOLERATION] for key in DEV["models"])


def test_a_new_chart_version_alone_restarts_no_pod(helm: Helm, tmp_path: Path, dev: Objects):
    chart = tmp_path / "inference"
    for file in CHART.rglob("*"):
        if file.is_file():
            copy_of = chart / file.relative_to(CHART)
            copy_of.parent.mkdir(parents=True, exist_ok=True)
            copy_of.write_bytes(file.read_bytes())
    description = (chart / "Chart.yaml").read_text()
    (chart / "Chart.yaml").write_text(description.replace("version: 0.1.0", "version: 9.9.9"))
    (chart / "files" / "checkpoint.py").write_text("# rewritten\n")
    newer = Helm(helm.program, chart).render(DEV)
    assert newer.named("ConfigMap", "inference-downloader") != dev.named("ConfigMap", "inference-downloader")
    for key in DEV["models"]:
        was, now = (o.named("Deployment", f"inference-{key}") for o in (dev, newer))
        assert was["metadata"]["labels"] != now["metadata"]["labels"]
        assert was["spec"] == now["spec"]


def test_names_follow_the_release_unless_overridden(helm: Helm, values):
    del values["fullnameOverride"]
    assert helm.render(values).named("Deployment", "inference-point")
    values["nameOverride"] = "serving"
    assert helm.render(values).named("Deployment", "inference-serving-point")
