"""Every input of every type that a stack may use has one class, and the measurement agrees."""

import ast
import json
import re
from collections.abc import Mapping

import pytest

from localcloud.aws import conditions, provider_schemas
from localcloud.aws.classification import Class, Kind, class_at, classify, inputs_of, settled_paths
from localcloud.aws.shapes import shape_of
from localcloud.aws.terraform_names import canonical, measurements, terraform_type
from localcloud.aws.types import Field
from localcloud.home import PROJECT
from tests.unit.localcloud.aws import sdk_docs

TYPES = sorted(provider_schemas.known_types())
CLUSTER = "aws:eks/cluster:Cluster"
LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
"""The one type that the measurement got wrong: it had no expectedBucketOwner in the state, and that replaces."""


def types_in_the_program() -> set[str]:
    """Resource types that any component can make, found by its calls of the SDK's classes."""
    by_class = {(module, name): token for token, (module, name) in sdk_docs.resource_types().items()}
    found: set[str] = set()
    for folder in ("components", "plane"):
        for file in (PROJECT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text())):
                match = isinstance(node, ast.Call) and re.fullmatch(
                    r"(?:aws\.)?(\w+)\.([A-Z]\w*)", ast.unparse(node.func)
                )
                if match and (match.group(1), match.group(2)) in by_class:
                    found.add(by_class[match.group(1), match.group(2)])
    return found


def test_the_types_that_components_make_are_found() -> None:
    found = types_in_the_program()
    assert len(found) > 30
    assert {"aws:ec2/vpc:Vpc", "aws:eks/nodeGroup:NodeGroup", "aws:s3/bucket:Bucket"} <= found


def test_every_type_that_a_stack_may_use_is_classified() -> None:
    files = [*PROJECT.joinpath("tests/golden").rglob("*"), *PROJECT.joinpath("localcloud/eks").glob("*.py")]
    named = {
        token
        for file in files
        if file.is_file()
        for token in re.findall(r"\baws:[a-z0-9]+/[A-Za-z0-9]+:[A-Z]\w+", file.read_text())
    }
    assert types_in_the_program() | named <= set(TYPES)


@pytest.mark.parametrize("token", TYPES)
def test_every_input_of_a_type_has_a_class(token: str) -> None:
    known = classify(token)
    assert [".".join(path) for path, _ in inputs_of(shape_of(token).inputs) if path not in known] == []


@pytest.mark.parametrize("token", TYPES)
def test_nothing_is_settled_that_does_not_exist(token: str) -> None:
    existing = {".".join(path) for path, _ in inputs_of(shape_of(token).inputs)}
    assert settled_paths(token) - existing == set()
    for key in ("sets", "lists", "kept"):
        assert provider_schemas.paths(token, key) - existing == set()


def test_only_known_types_are_settled() -> None:
    table = json.loads((PROJECT / "localcloud/aws/settled.json").read_text())
    assert set(table) - {"*"} <= set(TYPES)
    assert all(
        set(one) <= {"kind", "why", "returned"} for entries in table.values() for one in entries.values()
    )
    assert all(one["why"] for entries in table.values() for one in entries.values())


@pytest.mark.parametrize("token", TYPES)
def test_the_measurement_agrees_wherever_it_settled_a_path(token: str) -> None:
    terraform = terraform_type(token)
    assert terraform is not None
    measured = measurements()[terraform]
    overruled = {Kind.CONDITIONAL, Kind.CREATE_ONLY, Kind.PROVIDER_ONLY}
    compared = 0
    for path, _ in inputs_of(shape_of(token).inputs):
        found = classify(token)[path]
        for kind, paths in ((Kind.REPLACE, measured["replace"]), (Kind.IN_PLACE, measured["in_place"])):
            if canonical(path) in {canonical(one.split(".")) for one in paths}:
                compared += 1
                assert (
                    found.kind is kind
                    or (found.kind in overruled and ".".join(path) in settled_paths(token))
                    or (token == LIFECYCLE and path[0] == "rules" and found.kind is Kind.IN_PLACE)
                )
                assert kind is Kind.IN_PLACE or found.kind not in (Kind.CREATE_ONLY, Kind.PROVIDER_ONLY)
    assert compared


def test_every_unsettled_path_of_the_measurement_is_settled() -> None:
    for token in TYPES:
        terraform = terraform_type(token)
        assert terraform is not None
        unsettled = {canonical(one.split(".")) for one in measurements()[terraform]["unsettled"]}
        for path, _ in inputs_of(shape_of(token).inputs):
            if canonical(path) in unsettled:
                assert ".".join(path) in settled_paths(token)


def test_every_conditional_input_has_its_condition() -> None:
    found = {
        (token, ".".join(path))
        for token in TYPES
        for path, one in classify(token).items()
        if one.kind is Kind.CONDITIONAL
    }
    assert found == conditions.CONDITIONAL


def test_every_list_is_a_set_or_ordered() -> None:
    for token in TYPES:
        sets, lists = provider_schemas.paths(token, "sets"), provider_schemas.paths(token, "lists")
        assert sets & lists == set()
        for path in list_paths(token):
            assert path in sets | lists, f"{token} {path}"


def list_paths(token: str) -> list[str]:
    found: list[str] = []

    def walk(fields: Mapping[str, Field], before: str) -> None:
        for name, field in fields.items():
            if field.type.kind == "list":
                found.append(f"{before}{name}")
            walk((field.type.item or field.type).fields, f"{before}{name}.")

    walk(shape_of(token).inputs, "")
    return found


@pytest.mark.parametrize(
    ("token", "path", "kind", "returned"),
    [
        (CLUSTER, "accessConfig.bootstrapClusterCreatorAdminPermissions", Kind.REPLACE, False),
        (CLUSTER, "bootstrapSelfManagedAddons", Kind.REPLACE, False),
        (CLUSTER, "vpcConfig.vpcId", Kind.READ_ONLY, True),
        (CLUSTER, "version", Kind.CONDITIONAL, True),
        ("aws:s3/bucket:Bucket", "forceDestroy", Kind.PROVIDER_ONLY, False),
        ("aws:eks/addon:Addon", "resolveConflictsOnCreate", Kind.CREATE_ONLY, False),
        ("aws:eks/nodeGroup:NodeGroup", "launchTemplate.version", Kind.IN_PLACE, True),
        ("aws:ec2/vpc:Vpc", "region", Kind.REPLACE, True),
    ],
)
def test_classes_worth_knowing(token: str, path: str, kind: Kind, returned: bool) -> None:
    found = class_at(token, tuple(path.split(".")))
    assert found is not None
    assert (found.kind, found.returned) == (kind, returned)


def test_a_nested_input_that_no_table_knows_does_what_its_block_does() -> None:
    inherited = classify("aws:ec2/securityGroup:SecurityGroup")["ingress", "fromPort"]
    block = classify("aws:ec2/securityGroup:SecurityGroup")["ingress",]
    assert inherited == Class(block.kind, f"as its block: {block.source}")


# pulumi-aws repeats the Terraform provider's own words.
_REPLACES = re.compile(
    r"forces? (?:a )?new resource|forces? replacement|force resource recreation|remove and re-create",
    re.IGNORECASE,
)


@pytest.mark.parametrize("token", TYPES)
def test_what_the_sdk_says_to_force_a_new_resource_replaces(token: str) -> None:
    wrong = [
        ".".join(path)
        for path, text in sdk_docs.arguments(token)
        if _REPLACES.search(text)
        and (found := class_at(token, path))
        and found.kind not in (Kind.REPLACE, Kind.CONDITIONAL)
    ]
    assert wrong == []


def counts() -> tuple[int, int, dict[str, int]]:
    """Types, inputs, and inputs by class."""
    kinds: dict[str, int] = {}
    for token in TYPES:
        for one in classify(token).values():
            kinds[one.kind] = kinds.get(one.kind, 0) + 1
    return len(TYPES), sum(kinds.values()), kinds


def test_the_figures_in_the_documentation_are_those_of_the_tables() -> None:
    types, inputs, kinds = counts()
    text = (PROJECT / "docs/architecture.md").read_text()
    assert f"{types} types with {inputs:,} inputs" in text
    assert f"{kinds['replace']} replace" in text
