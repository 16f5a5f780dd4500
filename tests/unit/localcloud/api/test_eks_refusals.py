"""Calls that would change the cluster in ways that the account does not follow are refused, with the reason."""

import re
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localcloud.api.beside.eks_refusals import REFUSED
from localcloud.api.beside.registry import handled
from tests.unit.localcloud.api.served import Served
from tests.unit.localcloud.api.test_eks import node_group

VALUES = {"string": "x" * 40, "integer": 1, "boolean": True, "timestamp": 0}


def example(shape: Any, depth: int = 0) -> Any:
    """A value with what a shape requires."""
    if shape.type_name == "structure":
        return {name: example(shape.members[name], depth + 1) for name in shape.required_members}
    if shape.type_name == "list":
        return [example(shape.member, depth + 1)]
    if shape.type_name == "map":
        return {"a": "b"}
    return shape.enum[0] if getattr(shape, "enum", None) else VALUES[shape.type_name]


def test_every_changing_operation_of_eks_is_carried_out_or_refused(served: Served) -> None:
    names = served.aws("eks").meta.service_model.operation_names
    changing = {one for one in names if not re.match(r"Describe|List", one)}
    assert changing - handled("eks") == set()
    assert set(REFUSED) < changing


@pytest.mark.parametrize("operation", sorted(REFUSED))
def test_a_call_that_the_account_does_not_follow_is_refused(served: Served, operation: str) -> None:
    eks = served.aws("eks")
    method = next(key for key, value in eks.meta.method_to_api_mapping.items() if value == operation)
    model = eks.meta.service_model.operation_model(operation)
    with pytest.raises(ClientError) as caught:
        getattr(eks, method)(**example(model.input_shape))
    answer = caught.value.response
    assert answer["Error"]["Code"] in {shape.name for shape in model.error_shapes}
    assert answer["Error"]["Message"] == f"{operation} is not available here: {REFUSED[operation]}."
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert eks.list_clusters()["clusters"] == []


@pytest.mark.parametrize("operation", ["terminate_instances", "stop_instances"])
def test_a_node_is_not_ended_behind_its_node_group(served: Served, operation: str) -> None:
    cluster, group = node_group(served)
    ec2 = served.aws("ec2")
    (found,) = [one for each in ec2.describe_instances()["Reservations"] for one in each["Instances"]]
    with pytest.raises(
        ClientError, match=rf"\(OperationNotPermitted\).*{cluster}:{group}.*UpdateNodegroupConfig"
    ):
        getattr(ec2, operation)(InstanceIds=[found["InstanceId"]])
    (still,) = [one for each in ec2.describe_instances()["Reservations"] for one in each["Instances"]]
    assert still["State"]["Name"] == "running"
    assert len(served.cluster.nodes) == 1
