"""Which endpoints follow from a plane's shape, by table."""

import pytest

from components.endpoint_services import endpoint_services

CLOSED = ["ecr.api", "ecr.dkr", "sts", "ec2", "eks", "logs"]


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ({"has_nat": True}, []),
        ({"has_nat": True, "kms": True, "karpenter": True, "bedrock": True, "session_manager": True}, []),
        ({"has_nat": True, "private_images": True}, ["ecr.api", "ecr.dkr"]),
        ({}, [*CLOSED, "elasticloadbalancing"]),
        ({"private_images": True}, [*CLOSED, "elasticloadbalancing"]),
        ({"load_balancer": False}, CLOSED),
        ({"kms": True}, [*CLOSED, "elasticloadbalancing", "kms"]),
        ({"pod_identity": True}, [*CLOSED, "elasticloadbalancing", "eks-auth"]),
        ({"autoscaling": True}, [*CLOSED, "elasticloadbalancing", "autoscaling"]),
        ({"karpenter": True}, [*CLOSED, "elasticloadbalancing", "sqs", "ssm"]),
        ({"bedrock": True}, [*CLOSED, "elasticloadbalancing", "bedrock-runtime"]),
        (
            {"session_manager": True, "karpenter": True, "load_balancer": False},
            [*CLOSED, "sqs", "ssm", "ssmmessages", "ec2messages"],
        ),
    ],
)
def test_services_of_a_shape(shape, expected):
    assert endpoint_services(**{"has_nat": False, "private_images": False, "kms": False, **shape}) == expected
