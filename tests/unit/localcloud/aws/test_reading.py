"""What is made is silent afterwards: a second run, a refresh and an import say nothing; what changed is told."""

import dataclasses
import datetime
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import pytest

from localcloud.aws import import_ids, provider_schemas
from localcloud.aws.classification import classify
from localcloud.aws.rules.base import plain, rule_for
from localcloud.aws.shapes import shape_of
from localcloud.aws.types import Field
from localcloud.providers.protocol import Change, ProviderError
from tests.unit.localcloud.aws import sdk_docs
from tests.unit.localcloud.aws.every_type import Made, World
from tests.unit.localcloud.aws.simulated import VPC, Object, Simulated

TYPES = sorted(provider_schemas.known_types())
# Types whose ids the local cloud makes in its own form: they have no rule yet.
PLAIN = {
    "aws:cloudwatch/eventRule:EventRule",
    "aws:cloudwatch/eventTarget:EventTarget",
    "aws:ec2/tag:Tag",
    "aws:sqs/queue:Queue",
    "aws:sqs/queuePolicy:QueuePolicy",
}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(Simulated(tmp_path_factory.mktemp("account")))


@pytest.fixture
def aws(tmp_path: Path) -> Simulated:
    return Simulated(tmp_path)


def second_check(world: World, type_: str, inputs: Object) -> tuple[Change, ...]:
    """What the engine would be told when the program says this now."""
    made = world.made[type_]
    first = world.aws.check(type_, "it", **made.inputs)
    again = world.aws.check(type_, "it", first, **inputs)
    return world.aws.provider.diff(type_, made.id, first, made.state, again).changes


def test_there_is_one_of_every_type(world: World) -> None:
    assert sorted(world.made) == TYPES


@pytest.mark.parametrize("type_", TYPES)
def test_a_second_run_of_the_same_program_changes_nothing(world: World, type_: str) -> None:
    assert second_check(world, type_, world.made[type_].inputs) == ()


@pytest.mark.parametrize("type_", TYPES)
def test_another_order_of_sets_and_another_layout_of_json_change_nothing(world: World, type_: str) -> None:
    assert second_check(world, type_, rewritten(type_, world.made[type_])) == ()


@pytest.mark.parametrize("type_", TYPES)
def test_defaults_that_are_written_out_change_nothing(world: World, type_: str) -> None:
    made = world.made[type_]
    inputs = shape_of(type_).inputs
    written = {key: value for key, value in rule_for(type_).defaults.items() if key in inputs}
    assert second_check(world, type_, {**written, **made.inputs}) == ()


def rewritten(type_: str, made: Made) -> Object:
    """Inputs that mean the same: sets backwards, JSON with spaces and its keys backwards."""
    return cast("Object", _rewritten(type_, shape_of(type_).inputs, made.inputs, ()))


def _rewritten(type_: str, fields: Mapping[str, Field], values: Any, before: tuple[str, ...]) -> Any:
    result: Object = {}
    for name, value in reversed(values.items()):
        path, field = (*before, name), fields[name].type
        item = field.item or field
        if isinstance(value, list):
            if item.fields:
                value = [_rewritten(type_, item.fields, one, path) for one in cast("list[Any]", value)]
            if provider_schemas.is_set(type_, path, of_objects=bool(item.fields)):
                value = list(reversed(cast("list[Any]", value)))
        elif isinstance(value, dict) and field.fields:
            value = _rewritten(type_, field.fields, value, path)
        elif isinstance(value, str) and value[:1] == "{" and name != "configurationValues":
            document = json.loads(value)
            for statement in document.get("Statement", []):
                statement["Action"] = list(reversed(statement["Action"]))
            value = json.dumps(dict(reversed(document.items())), indent=3)
        result[name] = value
    return result


@pytest.mark.parametrize("type_", TYPES)
def test_a_refresh_of_what_nobody_changed_is_silent(world: World, type_: str) -> None:
    made = world.made[type_]
    first = world.aws.check(type_, "it", **made.inputs)
    id_, state = made.id, current(world, type_)
    assert world.aws.provider.read(type_, id_, first, state) == (id_, first, state)


def current(world: World, type_: str) -> Object:
    """The state that the stack has after a refresh."""
    found = world.aws.provider.read(type_, world.made[type_].id, {"known": True}, {})
    assert found is not None
    return found[2]


@pytest.mark.parametrize("type_", sorted(set(TYPES) - import_ids.NOT_IMPORTABLE))
def test_an_import_by_the_documented_id_agrees_with_the_program(world: World, type_: str) -> None:
    made, provider = world.made[type_], world.aws.provider
    found = provider.read(type_, made.import_id, {}, {})
    assert found is not None, made.import_id
    id_, inputs, state = found
    assert (id_, state) == (made.id, current(world, type_))
    wanted = world.aws.check(type_, "it", inputs, **made.inputs)
    unread = {change.path for change in provider.diff(type_, id_, inputs, state, wanted).changes}
    # What AWS does not tell is taken from the program by the update after the import, as on AWS.
    assert {path.split(".")[0] for path in unread} <= untold(type_)


def untold(type_: str) -> set[str]:
    return {path[0] for path, known in classify(type_).items() if not known.returned}


@pytest.mark.parametrize("type_", sorted(set(TYPES) - import_ids.NOT_IMPORTABLE - PLAIN))
def test_import_ids_have_the_form_of_the_documentation(world: World, type_: str) -> None:
    documented = {skeleton(one) for one in sdk_docs.import_ids(type_)}
    assert skeleton(world.made[type_].import_id) in documented


def skeleton(id_: str) -> str:
    """The separators between the parts of an id."""
    return re.sub(r"[^,#/:]+", "a", re.sub(r"arn:[^,#_]*", "a", id_))


def test_what_cannot_be_imported_says_so(world: World) -> None:
    made = world.made["aws:acm/certificateValidation:CertificateValidation"]
    with pytest.raises(ProviderError, match="doesn't support import"):
        world.aws.provider.read("aws:acm/certificateValidation:CertificateValidation", made.id, {}, {})


def test_the_types_that_cannot_be_imported_are_those_without_a_documented_id() -> None:
    assert {one for one in TYPES if not sdk_docs.import_ids(one)} == import_ids.NOT_IMPORTABLE


@pytest.mark.parametrize(
    ("type_", "id_", "expected"),
    [
        ("aws:ec2/route:Route", "rtb-1", "ROUTETABLEID_DESTINATION"),
        ("aws:ec2/routeTableAssociation:RouteTableAssociation", "rtbassoc-1", "SUBNETID/ROUTETABLEID or"),
        ("aws:ec2/securityGroupRule:SecurityGroupRule", "sgrule-1", "SECURITYGROUPID_TYPE_PROTOCOL"),
        ("aws:eks/podIdentityAssociation:PodIdentityAssociation", "plane:a-1", "CLUSTERNAME,ASSOCIATIONID"),
        ("aws:s3/bucketVersioning:BucketVersioning", "bucket,me", "BUCKET or BUCKET,OWNER"),
    ],
)
def test_an_id_of_another_form_is_refused(aws: Simulated, type_: str, id_: str, expected: str) -> None:
    with pytest.raises(
        ProviderError, match=re.escape(f"unexpected format of ID ({id_}), expected {expected}")
    ):
        aws.provider.read(type_, id_, {}, {})


@pytest.mark.parametrize("type_", sorted(set(TYPES) - import_ids.NOT_IMPORTABLE))
def test_what_is_not_there_is_not_imported(aws: Simulated, world: World, type_: str) -> None:
    assert aws.provider.read(type_, world.made[type_].import_id, {}, {}) is None


# -- drift -----------------------------------------------------------------------------------------------


def drifted(
    aws: Simulated, type_: str, id_: str, /, **state: Any
) -> tuple[Object, Object, set[tuple[str, str]]]:
    """Change the account behind the stack's back; the refreshed inputs and state, and what a preview shows then.

    None takes a property away.
    """
    store = aws.provider._store  # pyright: ignore[reportPrivateUsage] -- the account itself
    record = store.get(type_, id_)
    assert record is not None
    before = plain(record.state)
    now = {key: value for key, value in {**record.state, **state}.items() if value is not None}
    store.put(dataclasses.replace(record, state=now))
    found = aws.provider.read(type_, id_, record.inputs, before)
    assert found is not None
    _, inputs, new = found
    # The program still says what it said: the next update takes the change back.
    diff = aws.provider.diff(type_, id_, inputs, new, record.inputs)
    return inputs, new, {(change.path, change.kind) for change in diff.changes}


@pytest.mark.parametrize(
    ("type_", "change", "shown"),
    [
        (VPC, {"enableDnsHostnames": False}, {("enableDnsHostnames", "update")}),
        (
            VPC,
            {"tagsAll": {"Name": "other", "extra": "1"}},
            {
                (f"{place}.{key}", kind)
                for place in ("tags", "tagsAll")
                for key, kind in (("Name", "update"), ("extra", "delete"), ("team", "add"))
            },
        ),
        (VPC, {"tags": {"Name": "it"}}, {("tags.team", "add"), ("tagsAll.team", "add")}),
        (
            "aws:eks/cluster:Cluster",
            {"vpcConfig": {"endpointPrivateAccess": False}},
            {("vpcConfig.endpointPrivateAccess", "update")},
        ),
        (
            "aws:eks/cluster:Cluster",
            {"vpcConfig": {"publicAccessCidrs": ["1.2.3.0/24", "0.0.0.0/0"]}},
            {("vpcConfig.publicAccessCidrs[1]", "delete")},
        ),
        (
            "aws:eks/cluster:Cluster",
            {"enabledClusterLogTypes": None},
            {("enabledClusterLogTypes[0]", "add"), ("enabledClusterLogTypes[1]", "add")},
        ),
        ("aws:eks/cluster:Cluster", {"deletionProtection": True}, set()),
        (
            "aws:eks/nodeGroup:NodeGroup",
            {"scalingConfig": {"desiredSize": 2, "minSize": 0, "maxSize": 3}},
            {("scalingConfig.desiredSize", "update")},
        ),
        (
            "aws:eks/nodeGroup:NodeGroup",
            {"taints": [{"key": "a", "value": "1", "effect": "NO_SCHEDULE"}]},
            {("taints[1]", "add")},
        ),
        ("aws:eks/nodeGroup:NodeGroup", {"labels": None}, {("labels.role", "add")}),
        ("aws:iam/role:Role", {"maxSessionDuration": 3600}, {("maxSessionDuration", "update")}),
        (
            "aws:iam/policy:Policy",
            {"policy": json.dumps({"Version": "2012-10-17", "Statement": []})},
            {("policy", "update")},
        ),
        (
            "aws:s3/bucketVersioning:BucketVersioning",
            {"versioningConfiguration": {"status": "Suspended"}},
            {("versioningConfiguration.status", "update")},
        ),
        (
            "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
            {"blockPublicAcls": False},
            {("blockPublicAcls", "update")},
        ),
        (
            "aws:ec2/securityGroup:SecurityGroup",
            {"ingress": []},
            {("ingress[0]", "add"), ("ingress[1]", "add")},
        ),
        ("aws:cloudwatch/logGroup:LogGroup", {"retentionInDays": 90}, {("retentionInDays", "update")}),
    ],
)
def test_a_refresh_finds_what_changed_and_nothing_else(
    tmp_path: Path, type_: str, change: Object, shown: set[tuple[str, str]]
) -> None:
    world = World(Simulated(tmp_path))
    made = world.made[type_]
    nested = {
        key: {**made.state[key], **value} if isinstance(value, dict) and key == "vpcConfig" else value
        for key, value in change.items()
    }
    inputs, state, changes = drifted(world.aws, type_, made.id, **nested)
    assert changes == shown
    untouched = set(made.inputs) - {path.split(".")[0].split("[")[0] for path, _ in shown}
    assert {key: inputs[key] for key in untouched} == {key: made.inputs[key] for key in untouched}
    # A second refresh has nothing to tell.
    assert world.aws.provider.read(type_, made.id, inputs, state) == (made.id, inputs, state)


def test_the_next_update_takes_back_what_was_added(aws: Simulated) -> None:
    vpc, _ = aws.make(VPC, cidrBlock="10.0.0.0/16")
    inputs, state, changes = drifted(aws, VPC, vpc, tagsAll={"stray": "1"})
    assert changes == {("tags.stray", "delete"), ("tagsAll.stray", "delete")}
    wanted = aws.check(VPC, "x", inputs, cidrBlock="10.0.0.0/16")
    updated = aws.provider.update(VPC, vpc, state, inputs, wanted, preview=False, timeout=0)
    assert "tags" not in updated
    assert updated["tagsAll"] == {}
    assert aws.diff(VPC, vpc, cidrBlock="10.0.0.0/16").changes == ()


def test_what_was_deleted_behind_the_stacks_back_is_gone(aws: Simulated) -> None:
    vpc, state = aws.make(VPC, cidrBlock="10.0.0.0/16")
    aws.provider._store.delete(VPC, vpc)  # pyright: ignore[reportPrivateUsage] -- the account itself
    assert aws.provider.read(VPC, vpc, {"cidrBlock": "10.0.0.0/16"}, state) is None


def test_what_the_account_file_brings_can_be_imported(aws: Simulated) -> None:
    found = aws.provider.read("aws:route53/zone:Zone", "Z0123456789ABCDEFGHIJ", {}, {})
    assert found is not None
    assert found[1]["name"] == found[2]["name"]


# -- what outlives a delete ------------------------------------------------------------------------------

KEY = "aws:kms/key:Key"


def test_a_deleted_key_waits_and_can_be_used_for_nothing(aws: Simulated) -> None:
    key, state = aws.make(KEY, deletionWindowInDays=7)
    alias, _ = aws.make("aws:kms/alias:Alias", name="alias/it", targetKeyId=key)
    aws.delete("aws:kms/alias:Alias", alias)
    aws.delete(KEY, key)
    assert aws.provider.read(KEY, key, {}, {}) is None
    assert aws.provider.read(KEY, key, {"deletionWindowInDays": 7}, state) is None
    aws.refuses("KMSInvalidStateException", "aws:kms/alias:Alias", name="alias/it", targetKeyId=key)
    other, _ = aws.make(KEY)
    aws.make("aws:kms/alias:Alias", name="alias/it", targetKeyId=other)
    record = aws.provider._store.get(KEY, key)  # pyright: ignore[reportPrivateUsage] -- what AWS still has
    assert record is not None
    assert (record.origin, record.state["keyState"], record.state["isEnabled"]) == (
        "deleted",
        "pending-deletion",
        False,
    )
    left = datetime.datetime.fromisoformat(record.state["deletionDate"]) - datetime.datetime.now(datetime.UTC)
    assert 6.9 < left / datetime.timedelta(days=1) <= 7
    aws.delete(KEY, key)
    with pytest.raises(ProviderError, match="pulumi refresh"):
        aws.provider.update(KEY, key, state, {}, {}, preview=False, timeout=0)


def test_a_log_group_that_skips_its_deletion_stays_and_keeps_its_name(aws: Simulated) -> None:
    type_ = "aws:cloudwatch/logGroup:LogGroup"
    group, _ = aws.make(type_, name="/it", skipDestroy=True)
    aws.delete(type_, group)
    assert aws.provider.read(type_, group, {}, {}) is not None
    aws.refuses("ResourceAlreadyExistsException", type_, name="/it")


def test_a_value_that_aws_decides_is_refused(aws: Simulated) -> None:
    vpc_config = {"subnetIds": ["subnet-1"], "vpcId": "vpc-1"}
    faults = aws.faults("aws:eks/cluster:Cluster", roleArn="arn", vpcConfig=vpc_config)
    assert list(faults) == ["vpcConfig.vpcId"]
    assert "decided automatically" in faults["vpcConfig.vpcId"]
