"""Shapes say what the installed SDK and the AWS API say."""

from pathlib import Path

import pytest

from localcloud.aws import enums, names
from localcloud.aws.rules import base
from localcloud.aws.rules.network import INSTANCE
from localcloud.aws.shapes import UnknownTypeError, derive, shape_of

base.load_rules()
KNOWN = sorted({*base._REGISTRY, *names._ARNS, *names._AUTO_NAMES, *enums._API_SHAPES})  # pyright: ignore[reportPrivateUsage] -- the test is about these tables


@pytest.mark.parametrize("token", KNOWN)
def test_every_type_in_our_tables_is_one_of_the_sdk(token: str) -> None:
    assert shape_of(token).inputs


@pytest.mark.parametrize("token", sorted(base._REGISTRY))  # pyright: ignore[reportPrivateUsage] -- as above
def test_rules_speak_of_properties_that_their_type_has(token: str) -> None:
    rule, shape = base.rule_for(token), shape_of(token)
    assert set(rule.defaults) <= set(shape.outputs)
    assert {reference.path.split(".")[0] for reference in rule.references} <= set(shape.inputs)
    assert set(rule.unique) <= set(shape.inputs)
    for holder in rule.held_by:
        if holder.type == INSTANCE and holder.path in ("capacityReservationId", "placementGroup"):
            continue  # kept by the node groups' rule, which is the only one that makes instances
        assert holder.path.split(".")[0] in shape_of(holder.type).outputs


def test_inputs_have_wire_names_types_and_requirements() -> None:
    inputs = derive("aws:eks/nodeGroup:NodeGroup").inputs
    assert {name for name, field in inputs.items() if field.required} == {
        "clusterName",
        "nodeRoleArn",
        "scalingConfig",
        "subnetIds",
    }
    assert inputs["scalingConfig"].type.fields["maxSize"].type.kind == "integer"
    assert inputs["scalingConfig"].type.fields["maxSize"].required
    taint = inputs["taints"].type.item
    assert taint is not None
    assert set(taint.fields) == {"key", "value", "effect"}
    labels = inputs["labels"].type
    assert labels.item is not None
    assert (labels.kind, labels.item.kind) == ("map", "string")


def test_outputs_say_which_always_have_a_value() -> None:
    outputs = derive("aws:ec2/subnet:Subnet").outputs
    assert outputs["availabilityZoneId"].required
    assert not outputs["tags"].required


@pytest.mark.parametrize(
    ("token", "path", "value"),
    [
        ("aws:eks/nodeGroup:NodeGroup", "amiType", "AL2023_x86_64_NVIDIA"),
        ("aws:eks/nodeGroup:NodeGroup", "capacityType", "CAPACITY_BLOCK"),
        ("aws:eks/nodeGroup:NodeGroup", "taints.effect", "NO_SCHEDULE"),
        ("aws:eks/nodeGroup:NodeGroup", "updateConfig.updateStrategy", "MINIMAL"),
        ("aws:eks/cluster:Cluster", "enabledClusterLogTypes", "authenticator"),
        ("aws:eks/cluster:Cluster", "accessConfig.authenticationMode", "API"),
        ("aws:eks/addon:Addon", "resolveConflictsOnCreate", "OVERWRITE"),
        ("aws:ec2/launchTemplate:LaunchTemplate", "metadataOptions.httpTokens", "required"),
        ("aws:ec2/launchTemplate:LaunchTemplate", "instanceMarketOptions.marketType", "capacity-block"),
        ("aws:ec2/launchTemplate:LaunchTemplate", "blockDeviceMappings.ebs.volumeType", "gp3"),
        ("aws:s3/bucketVersioning:BucketVersioning", "versioningConfiguration.status", "Disabled"),
        ("aws:route53/record:Record", "type", "CNAME"),
        ("aws:ecr/repository:Repository", "imageTagMutability", "IMMUTABLE"),
    ],
)
def test_allowed_values_come_from_the_api(token: str, path: str, value: str) -> None:
    fields = shape_of(token).inputs
    head, *rest = path.split(".")
    type_ = fields[head].type
    for part in rest:
        type_ = (type_.item or type_).fields[part].type
    values = (type_.item or type_).values
    assert value in values
    assert "bogus" not in values


def test_an_argument_class_with_a_clashing_name_is_found() -> None:
    assert "versioningConfiguration" in derive("aws:s3/bucketVersioning:BucketVersioning").inputs


def test_a_type_that_the_sdk_does_not_have_is_refused() -> None:
    with pytest.raises(UnknownTypeError, match="has no resource type aws:ec2/vpcs:Vpcs"):
        derive("aws:ec2/vpcs:Vpcs")


def test_a_derived_shape_is_kept_and_read_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    first = shape_of.__wrapped__("aws:eks/addon:Addon")
    (kept,) = tmp_path.rglob("*.json")
    assert shape_of.__wrapped__("aws:eks/addon:Addon") == first
    kept.write_text("{broken")
    assert shape_of.__wrapped__("aws:eks/addon:Addon") == first
