"""How requests reach the models and the documentation site, and how they do not."""

import copy
import json

import pytest

from components.alb_ingress import IDLE_TIMEOUT_SECONDS, SSL_POLICY
from tests.chart.rendering import DEV, Helm, Objects, changed

ALB = "alb.ingress.kubernetes.io/"
DOCS = {"enabled": True, "ingressHost": "docs.models.example.com", "image": {"tag": "20261101"}}


def rules(ingress):
    return [
        (r["host"], p["path"], p["pathType"]) for r in ingress["spec"]["rules"] for p in r["http"]["paths"]
    ]


@pytest.mark.parametrize("key", DEV["models"])
def test_each_model_answers_at_its_host_below_v1_only(dev: Objects, key):
    ingress = dev.named("Ingress", f"inference-{key}")
    assert ingress["spec"]["ingressClassName"] == "alb"
    assert rules(ingress) == [(DEV["models"][key]["ingressHost"], "/v1", "Prefix")]
    [path] = ingress["spec"]["rules"][0]["http"]["paths"]
    assert path["backend"] == {"service": {"name": f"inference-{key}", "port": {"name": "http"}}}
    assert "defaultBackend" not in ingress["spec"]
    assert "tls" not in ingress["spec"]


def test_the_chart_makes_no_secret(dev: Objects):
    assert dev.of_kind("Secret") == []


def test_no_rule_of_a_model_leads_to_the_root(dev: Objects):
    assert {path for ingress in dev.of_kind("Ingress") for _, path, _ in rules(ingress)} == {"/v1"}


def test_services_lead_to_the_servers_port(dev: Objects):
    for key in DEV["models"]:
        service = dev.named("Service", f"inference-{key}")["spec"]
        assert service["type"] == "ClusterIP"
        assert service["ports"] == [
            {"name": "http", "port": 8000, "targetPort": "http", "protocol": "TCP", "appProtocol": "http"}
        ]


def test_annotations_of_the_user_are_on_every_ingress(dev: Objects):
    for ingress in dev.of_kind("Ingress"):
        assert DEV["ingress"]["annotations"].items() <= ingress["metadata"]["annotations"].items()


def test_default_annotations_listen_on_both_ports_and_redirect(helm: Helm, values):
    del values["ingress"]
    annotations = helm.render(values).named("Ingress", "inference-point")["metadata"]["annotations"]
    assert json.loads(annotations[f"{ALB}listen-ports"]) == [{"HTTP": 80}, {"HTTPS": 443}]
    assert annotations[f"{ALB}ssl-redirect"] == "443"
    assert annotations[f"{ALB}ssl-policy"] == SSL_POLICY
    assert annotations[f"{ALB}group.name"] == "poolside"
    assert annotations[f"{ALB}healthcheck-path"] == "/health"
    assert annotations[f"{ALB}scheme"] == "internal"
    assert annotations[f"{ALB}target-type"] == "ip"


def test_group_wide_annotations_are_equal_on_all_ingresses(helm: Helm, values):
    values["docs"] = DOCS
    values["models"]["point"]["drain"] = {"shutdownSeconds": 600}
    exclusive = [
        f"{ALB}{name}" for name in ("load-balancer-attributes", "ssl-redirect", "scheme", "group.name")
    ]
    found = {
        tuple(ingress["metadata"]["annotations"][name] for name in exclusive)
        for ingress in helm.render(values).of_kind("Ingress")
    }
    assert found == {
        (f"idle_timeout.timeout_seconds={IDLE_TIMEOUT_SECONDS}", "443", "internet-facing", "poolside")
    }


def test_a_target_is_kept_as_long_as_its_pod_answers(helm: Helm, values):
    values["models"]["point"]["drain"] = {"shutdownSeconds": 600}
    objects = helm.render(values)

    def delay(key):
        annotations = objects.named("Ingress", f"inference-{key}")["metadata"]["annotations"]
        return annotations[f"{ALB}target-group-attributes"].split(",")[0]

    assert delay("laguna-m") == "deregistration_delay.timeout_seconds=140"
    assert delay("point") == "deregistration_delay.timeout_seconds=620"


def test_what_the_chart_derives_can_be_overridden(helm: Helm, values):
    values["ingress"]["annotations"] |= {
        f"{ALB}target-group-attributes": "deregistration_delay.timeout_seconds=300",
        f"{ALB}load-balancer-attributes": "idle_timeout.timeout_seconds=900",
        f"{ALB}ssl-redirect": None,
    }
    annotations = helm.render(values).named("Ingress", "inference-point")["metadata"]["annotations"]
    assert annotations[f"{ALB}target-group-attributes"] == "deregistration_delay.timeout_seconds=300"
    assert annotations[f"{ALB}load-balancer-attributes"] == "idle_timeout.timeout_seconds=900"
    assert f"{ALB}ssl-redirect" not in annotations


def test_without_ingress_hosts_are_not_needed(helm: Helm, values):
    values["ingress"] = {"enabled": False}
    for model in values["models"].values():
        del model["ingressHost"]
    objects = helm.render(values)
    assert objects.of_kind("Ingress") == []
    assert len(objects.of_kind("Service")) == 3


def test_an_empty_class_name_leaves_the_choice_to_the_cluster(helm: Helm, values):
    ingress = helm.render(changed(values, "ingress.className", "")).named("Ingress", "inference-point")
    assert "ingressClassName" not in ingress["spec"]


def test_the_documentation_site_is_off_by_default(helm: Helm, values, dev: Objects):
    assert not [o for o in dev.all if o["metadata"]["name"].endswith("-docs")]


def test_the_documentation_site_has_deployment_service_and_ingress(helm: Helm, values):
    objects = helm.render({**values, "docs": DOCS})
    kinds = sorted(o["kind"] for o in objects.all if o["metadata"]["name"] == "inference-docs")
    assert kinds == ["Deployment", "Ingress", "Service"]
    ingress = objects.named("Ingress", "inference-docs")
    assert rules(ingress) == [("docs.models.example.com", "/", "Prefix")]
    assert ingress["metadata"]["annotations"][f"{ALB}healthcheck-path"] == "/"
    assert ingress["metadata"]["annotations"][f"{ALB}group.name"] == "poolside"
    deployment = objects.named("Deployment", "inference-docs")
    service = objects.named("Service", "inference-docs")
    assert service["spec"]["selector"] == deployment["spec"]["template"]["metadata"]["labels"]
    assert service["spec"]["selector"]["app.kubernetes.io/component"] == "docs"


def test_the_documentation_site_takes_no_gpu_node_and_no_role(helm: Helm, values):
    pod = helm.render({**values, "docs": DOCS}).pod("docs")
    assert "tolerations" not in pod
    assert "serviceAccountName" not in pod
    assert pod["automountServiceAccountToken"] is False
    [container] = pod["containers"]
    assert container["image"] == f"{DEV['image']['registry']}/public-docs:20261101"
    assert not [name for name in container["resources"]["limits"] if "gpu" in name]
    assert container["securityContext"]["readOnlyRootFilesystem"] is True


def test_the_documentation_site_without_a_host_stays_in_the_cluster(helm: Helm, values):
    docs = copy.deepcopy(DOCS)
    del docs["ingressHost"]
    objects = helm.render({**values, "docs": docs})
    assert objects.named("Service", "inference-docs")["spec"]["ports"][0]["port"] == 80
    assert len(objects.of_kind("Ingress")) == 3


def test_the_documentation_site_can_come_from_another_registry(helm: Helm, values):
    docs = {**DOCS, "image": {"registry": "registry.example.com/mirror", "name": "site", "tag": "7"}}
    [container] = helm.render({**values, "docs": docs}).pod("docs")["containers"]
    assert container["image"] == "registry.example.com/mirror/site:7"
