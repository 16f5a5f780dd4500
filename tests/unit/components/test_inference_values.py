"""The serving chart's values: Poolside's own example, and what each choice adds or leaves out."""

from typing import Any

import pytest

from components.inference_values import inference_values
from tests.golden_files import check_golden, pretty_json

ALB = "alb.ingress.kubernetes.io/"
REGISTRY = "111122223333.dkr.ecr.us-east-2.amazonaws.com"
ROLE_ARN = "arn:aws:iam::111122223333:role/inference-pod-role"
MODELS: dict[str, Any] = {
    "laguna-m": {
        "model": "s3://weights/checkpoints/laguna-m",
        "model_name": "Laguna",
        "model_type": "agent",
        "gpus": 4,
        "ingress_host": "laguna-m.example.com",
    },
    "laguna-xs": {
        "model": "s3://weights/checkpoints/laguna-xs",
        "model_name": "Laguna",
        "model_type": "agent_small",
        "gpus": 1,
        "ingress_host": "laguna-xs.example.com",
    },
    "point": {
        "model": "s3://weights/checkpoints/point",
        "model_name": "Point",
        "model_type": "completion",
        "gpus": 1,
        "ingress_host": "point.example.com",
    },
}
# The published example, except that a listener on 80 is there to redirect from.
ANNOTATIONS = {
    f"{ALB}scheme": "internet-facing",
    f"{ALB}target-type": "ip",
    f"{ALB}listen-ports": '[{"HTTP":80},{"HTTPS":443}]',
    f"{ALB}ssl-redirect": "443",
    f"{ALB}ssl-policy": "ELBSecurityPolicy-TLS13-1-2-2021-06",
    f"{ALB}group.name": "poolside",
    f"{ALB}certificate-arn": "arn:aws:acm:us-east-2:111122223333:certificate/abc",
    f"{ALB}healthcheck-path": "/health",
}


def values(**changes):
    given = {"fullname": "inference", "image": {"registry": REGISTRY}, "models": MODELS, **changes}
    return inference_values(**given)


def test_values_equal_the_published_example_for_its_three_models():
    example = values(
        role_arn=ROLE_ARN,
        api_key_secret="vllm-auth",
        ingress={"enabled": True, "class_name": "alb", "annotations": ANNOTATIONS},
    )
    check_golden("helm/inference-poolside-example.json", pretty_json(example))


def test_the_least_that_can_be_given_leaves_the_rest_to_the_chart():
    assert values(models={"point": MODELS["point"]}) == {
        "fullnameOverride": "inference",
        "image": {"registry": REGISTRY},
        "serviceAccount": {"create": True},
        "podSecurityContext": {
            "runAsNonRoot": True,
            "runAsUser": 10003,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "authentication": {"secretName": ""},
        "ingress": {"enabled": False},
        "models": {
            "point": {
                "model": "s3://weights/checkpoints/point",
                "modelName": "Point",
                "modelType": "completion",
                "gpus": 1,
                "ingressHost": "point.example.com",
            }
        },
    }


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"role_arn": ROLE_ARN}, {"create": True, "annotations": {"eks.amazonaws.com/role-arn": ROLE_ARN}}),
        ({"service_account_name": "inference"}, {"create": True}),
        ({"service_account_name": "readers"}, {"create": True, "name": "readers"}),
        (
            {"create_service_account": False, "service_account_name": "inference", "role_arn": ROLE_ARN},
            {"create": False, "name": "inference"},
        ),
        ({"create_service_account": False}, {"create": False, "name": "inference"}),
    ],
)
def test_the_service_account_is_named_and_annotated_only_where_that_says_something(given, expected):
    assert values(**given)["serviceAccount"] == expected


def test_image_name_and_tag_are_the_charts_unless_given():
    image = {"registry": REGISTRY, "name": "vllm-openai", "tag": "v0.33.0"}
    assert values(image=image)["image"] == image


def test_static_credentials_are_named_and_nothing_more():
    assert values(s3_secret="aws-credentials")["s3"] == {"secretName": "aws-credentials"}
    assert "s3" not in values()


def test_the_load_balancers_idle_timeout_is_passed_on_to_a_chart_that_knows_it():
    ingress = {"enabled": True, "class_name": "alb", "idle_timeout_seconds": 900.0}
    assert values(ingress=ingress)["ingress"] == {
        "enabled": True,
        "className": "alb",
        "annotations": {},
        "idleTimeoutSeconds": 900,
    }


def test_documentation_site_is_passed_on():
    assert values(docs={"enabled": True})["docs"] == {"enabled": True}
    assert "docs" not in values()


def test_tolerations_and_overrides_of_a_model_are_laid_over_its_other_values():
    toleration = {"key": "example.com/batch", "operator": "Exists", "effect": "NoSchedule"}
    model = {
        **MODELS["point"],
        "gpus": 2.0,
        "tolerations": [toleration],
        "overrides": {"replicas": 2, "modelName": "Point 2"},
    }
    assert values(models={"point": model})["models"]["point"] == {
        "model": "s3://weights/checkpoints/point",
        "modelName": "Point 2",
        "modelType": "completion",
        "gpus": 2,
        "ingressHost": "point.example.com",
        "tolerations": [toleration],
        "replicas": 2,
    }


def test_overrides_come_last_and_are_merged():
    result = values(overrides={"podSecurityContext": {"fsGroup": 10003}, "ingress": {"enabled": True}})
    assert result["podSecurityContext"]["runAsUser"] == 10003
    assert result["podSecurityContext"]["fsGroup"] == 10003
    assert result["ingress"] == {"enabled": True}


def test_another_security_context_replaces_the_default_one():
    assert values(pod_security_context={"runAsUser": 1})["podSecurityContext"] == {"runAsUser": 1}
