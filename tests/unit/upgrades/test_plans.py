"""How steps are read from events, and what the check says about them."""

import json
from typing import Any

import pytest

from tests.engine.upgrades.plans import Step, planned, summary, unforeseen, violations

VPC, BUCKET, ADDON = "aws:ec2/vpc:Vpc", "aws:s3/bucket:Bucket", "aws:eks/addon:Addon"


def urn(type_: str, name: str, parent: str = "inference-plane:index:Vpc") -> str:
    return f"urn:pulumi:dev::inference-plane::{parent}${type_}::{name}"


def event(op: str, type_: str, name: str, *, custom: bool = True, **metadata: Any) -> str:
    whole = {"op": op, "urn": urn(type_, name), "new": {"custom": custom}, **metadata}
    return json.dumps({"sequence": 1, "resourcePreEvent": {"metadata": whole}}, separators=(",", ":"))


def test_an_update_names_its_inputs_without_places_in_lists() -> None:
    diff = {"subnetIds[2]": {"diffKind": "add"}, "subnetIds[3]": {"diffKind": "add"}}
    steps = planned(event("update", ADDON, "dns", detailedDiff=diff))
    assert summary(steps) == {"update": {f"{ADDON} dns": ["subnetIds[]"]}}


def test_of_a_rendered_chart_only_the_changed_objects_are_named() -> None:
    diff = {
        'manifest["Service/v1 a/b"].spec.ports[0].port': {"diffKind": "update"},
        'manifest["Service/v1 a/b"].spec.type': {"diffKind": "update"},
        "values.port": {"diffKind": "update"},
    }
    steps = planned(event("update", ADDON, "dns", detailedDiff=diff))
    assert summary(steps)["update"] == {f"{ADDON} dns": ['manifest["Service/v1 a/b"]', "values.port"]}


@pytest.mark.parametrize(
    ("ops", "order"),
    [
        (("delete-replaced", "replace", "create-replacement"), "delete first"),
        (("create-replacement", "replace", "delete-replaced"), "create first"),
    ],
)
def test_a_replacement_tells_its_cause_and_its_order(ops: tuple[str, ...], order: str) -> None:
    diff = {"cidrBlock": {"diffKind": "update-replace"}, "tags.a": {"diffKind": "update"}}
    lines = [event(op, VPC, "net", detailedDiff=diff) for op in ops]
    assert summary(planned("\n".join(lines))) == {
        "replace": {f"{VPC} net": {"because": ["cidrBlock"], "order": order}}
    }


def test_components_the_stack_and_what_stays_the_same_are_left_out() -> None:
    lines = [
        event("create", "inference-plane:index:Vpc", "network", custom=False),
        event("update", "pulumi:pulumi:Stack", "dev"),
        event("same", VPC, "net"),
        "not an event",
    ]
    assert planned("\n".join(lines)) == []


@pytest.mark.parametrize("op", ["create", "update"])
def test_making_and_changing_is_safe(op: str) -> None:
    assert violations([Step(op, urn(VPC, "net"))]) == []


def test_what_is_not_kept_may_go() -> None:
    assert violations([Step("delete", urn(ADDON, "dns")), Step("replace", urn(ADDON, "cni"))]) == []


def test_a_replaced_bucket_is_told_with_its_cause() -> None:
    [fault] = violations([Step("replace", urn(BUCKET, "weights"), ("bucket",))])
    assert fault == f"{BUCKET} 'weights' would be replaced, because of bucket: it holds the checkpoints"


def test_a_deleted_bucket_is_told() -> None:
    [fault] = violations([Step("delete", urn(BUCKET, "weights"))])
    assert "would be deleted: it holds the checkpoints" in fault


def test_a_bucket_that_is_deleted_and_made_under_another_name_wants_an_alias() -> None:
    [fault] = violations([Step("delete", urn(BUCKET, "old")), Step("create", urn(BUCKET, "new"))])
    assert "made anew as 'new'" in fault
    assert "add an alias" in fault


def test_a_row_may_say_what_is_lost_and_must_not_say_more() -> None:
    steps = [Step("replace", urn(VPC, "net"), ("cidrBlock",))]
    assert violations(steps, {"net"}) == []
    [fault] = violations(steps, {"net", "other"})
    assert fault.startswith("'other' is said to be lost, but stays")


def test_a_run_may_leave_out_a_foreseen_update_and_nothing_else() -> None:
    preview = {"update": {"a": [], "b": []}, "replace": {"c": {}}}
    assert unforeseen(preview, {"update": {"a": []}, "replace": {"c": {}}}) == {}
    assert unforeseen(preview, {"update": {"d": []}, "create": {"e": []}}) == {
        "create": ["e"],
        "update": ["d"],
        "replace": ["c"],
    }
