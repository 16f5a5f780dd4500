"""Argument faults are collected and raised together, with the paths that the engine prints."""

from typing import Any, cast

import pulumi
import pytest

from components.arguments import ArgumentErrors, wire_name


def raised(errors: ArgumentErrors) -> pulumi.InputPropertiesError:
    with pytest.raises(pulumi.InputPropertiesError) as caught:
        errors.raise_if_any()
    return caught.value


def test_no_fault_raises_nothing() -> None:
    ArgumentErrors("Vpc").raise_if_any()


def test_every_fault_is_in_one_error_with_its_path() -> None:
    errors = ArgumentErrors("Vpc")
    errors.add("cidr", "is wrong")
    errors.add("nat", "is wrong too")
    error = raised(errors)
    assert str(error) == "Vpc has invalid arguments:\n  - cidr: is wrong\n  - nat: is wrong too"
    details = cast("list[Any]", error.errors)
    assert [fault["property_path"] for fault in details] == ["cidr", "nat"]


@pytest.mark.parametrize("value", [None, "", [], {}])
def test_a_missing_or_empty_required_argument_is_a_fault(value: object) -> None:
    errors = ArgumentErrors("Vpc")
    errors.require({"vpc_id": value}, "vpc_id")
    assert "vpcId: is required" in str(raised(errors))


@pytest.mark.parametrize("value", [0, False, "x", ["x"]])
def test_a_required_argument_with_a_value_passes(value: object) -> None:
    errors = ArgumentErrors("Vpc")
    errors.require({"vpc_id": value}, "vpc_id")
    errors.raise_if_any()


def test_a_value_outside_its_choices_names_the_choices() -> None:
    errors = ArgumentErrors("Vpc")
    errors.one_of("nat", "double", ["single", "none"])
    assert "nat: is 'double'; it must be one of single, none" in str(raised(errors))


def test_a_pattern_must_match_the_whole_value() -> None:
    errors = ArgumentErrors("Vpc")
    errors.matches("accountId", "1112x", r"\d+", "digits")
    assert "accountId: is '1112x'; expected digits" in str(raised(errors))


def test_a_number_below_its_least_value_is_a_fault_and_an_absent_one_is_none() -> None:
    errors = ArgumentErrors("Vpc")
    errors.at_least({"min_size": 0, "max_size": 1, "timeout_seconds": None}, 1, "min_size", "max_size")
    errors.at_least({"timeout_seconds": None}, 1, "timeout_seconds", "replicas")
    assert str(raised(errors)) == "Vpc has invalid arguments:\n  - minSize: is 0; it must be at least 1"


def test_an_output_cannot_be_checked_and_passes() -> None:
    errors = ArgumentErrors("Vpc")
    output = pulumi.Output.from_input("?")
    errors.one_of("nat", output, ["single"])
    errors.matches("id", output, r"\d", "a digit")
    errors.raise_if_any()


@pytest.mark.parametrize(("key", "name"), [("vpc_id", "vpcId"), ("cidr", "cidr"), ("a_b_c", "aBC")])
def test_paths_use_wire_names(key: str, name: str) -> None:
    assert wire_name(key) == name
