"""Inputs are checked against their shape, with the path of each fault."""

from typing import Any

import pytest

from localcloud.aws.inputs import check_inputs
from localcloud.aws.types import Field, Type
from localcloud.providers.protocol import UNKNOWN

TEXT, NUMBER, SWITCH = Type("string"), Type("integer"), Type("boolean")
FIELDS = {
    "name": Field(TEXT, required=True),
    "kind": Field(Type("string", values=("a", "b")), required=False),
    "count": Field(NUMBER, required=False),
    "share": Field(Type("number"), required=False),
    "on": Field(SWITCH, required=False),
    "tags": Field(Type("map", TEXT), required=False),
    "rules": Field(
        Type("list", Type("object", fields={"port": Field(NUMBER, required=True)})), required=False
    ),
    "free": Field(Type("any"), required=False),
}


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ({"count": "12"}, {"count": 12}),
        ({"on": "true"}, {"on": True}),
        (
            {"kind": UNKNOWN, "rules": UNKNOWN, "count": UNKNOWN},
            {"kind": UNKNOWN, "rules": UNKNOWN, "count": UNKNOWN},
        ),
        ({"tags": {"a": 1, "b": True, "c": None}}, {"tags": {"a": "1", "b": "true"}}),
        ({"share": 1.5, "free": {"any": [1]}}, {"share": 1.5, "free": {"any": [1]}}),
        ({"kind": None, "__defaults": ["name"]}, {}),
    ],
)
def test_values_are_taken_in_the_type_of_their_shape(given: dict[str, Any], taken: dict[str, Any]) -> None:
    assert check_inputs(FIELDS, {"name": "x", **given}) == ({"name": "x", **taken}, [])


@pytest.mark.parametrize(
    ("given", "path", "reason"),
    [
        (
            {"nam": "x"},
            "nam",
            "there is no such input; it has count, free, kind, name, on, rules, share, tags",
        ),
        ({"kind": "c"}, "kind", "expected one of 'a', 'b'; got 'c'"),
        ({"count": "many"}, "count", "expected an integer; got 'many'"),
        ({"count": 1.5}, "count", "expected an integer; got 1.5"),
        ({"count": True}, "count", "expected an integer; got True"),
        ({"on": "yes"}, "on", "expected a boolean; got 'yes'"),
        ({"tags": ["a"]}, "tags", "expected a map; got ['a']"),
        ({"rules": {"port": 1}}, "rules", "expected a list; got {'port': 1}"),
        ({"rules": ["x"]}, "rules[0]", "expected an object; got 'x'"),
        ({"rules": [{"port": 1}, {}]}, "rules[1].port", "a value is required"),
        ({"tags": {"a/b": {}}}, 'tags["a/b"]', "expected a string; got {}"),
        ({"share": []}, "share", "expected a number; got []"),
    ],
)
def test_faults_name_the_path_and_what_would_be_right(given: dict[str, Any], path: str, reason: str) -> None:
    _, failures = check_inputs(FIELDS, {"name": "x", **given})
    assert [(failure.property, failure.reason) for failure in failures] == [(path, reason)]


def test_all_faults_are_reported_at_once() -> None:
    _, failures = check_inputs(FIELDS, {"kind": "c", "wrong": 1})
    assert sorted(failure.property for failure in failures) == ["kind", "name", "wrong"]
