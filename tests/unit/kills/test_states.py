"""The comparison behind the kill matrix sees what differs, and only that."""

from collections import Counter
from typing import Any

import pytest

from tests.engine.states import Masker, World

IDS = {"vpc-0123456789abcdef0": "<Vpc net>", "vpc-0123456789abcdef01": "<Vpc other>"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"arn": "role/AROAABCDEFGHIJKLMNOP"}, {"arn": "role/AROAZYXWVUTSRQPONMLK"}),
        ({"at": "2026-01-01T00:00:00Z"}, {"at": "2026-02-02T10:20:30.5Z"}),
        ({"id": "eni-0123456789abcdef0"}, {"id": "eni-aaaabbbbccccdddd0"}),
        ({"node": "ip-10-0-3-4.internal"}, {"node": "ip-10-0-77-9.internal"}),
        ({"endpoint": "https://127.0.0.1:4711"}, {"endpoint": "https://127.0.0.1:815"}),
        ({"mac": "02:14:06:fa:f6:eb"}, {"mac": "02:81:de:1d:fd:3a"}),
        ({"metadata": {"uid": "a", "name": "x"}}, {"metadata": {"uid": "b", "name": "x"}}),
        ({"a": 1, "empty": {}}, {"a": 1}),
        ({"publicIp": "198.51.100.1"}, {"publicIp": "198.51.100.2"}),
        ({"subnets": ["subnet b", "subnet a"]}, {"subnets": ["subnet a", "subnet b"]}),
        (
            {"subnetMappings": [{"subnetId": "b"}, {"subnetId": "a"}]},
            {"subnetMappings": [{"subnetId": "a"}, {"subnetId": "b"}]},
        ),
    ],
)
def test_what_is_random_does_not_count(one: Any, other: Any) -> None:
    assert Masker({}).line(one) == Masker({}).line(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"vpc": "vpc-0123456789abcdef0"}, {"vpc": "vpc-0123456789abcdef01"}),
        ({"cidr": "10.0.0.0/16"}, {"cidr": "10.1.0.0/16"}),
        ({"tags": {"environment": "dev"}}, {"tags": {"environment": "staging"}}),
        ({"replicas": 1}, {"replicas": 2}),
        ({"names": ["a", "b"]}, {"names": ["b", "a"]}),
        ({"subnets": ["subnet a", "subnet b"]}, {"subnets": ["subnet a", "subnet c"]}),
        ({"delete": True}, {}),
        ({"initErrors": ["x"]}, {}),
        ({"dependencies": ["urn:a"]}, {"dependencies": ["urn:b"]}),
    ],
)
def test_what_was_asked_for_counts(one: Any, other: Any) -> None:
    assert Masker(IDS).line(one) != Masker(IDS).line(other)


def test_the_longer_of_two_ids_is_recognised_first() -> None:
    assert Masker(IDS).text("in vpc-0123456789abcdef01") == "in <Vpc other>"


def test_a_thing_that_is_there_twice_differs_from_one_that_is_there_once() -> None:
    once = World(Counter({"a": 1}), Counter(), Counter({"pod": 2}))
    twice = World(Counter({"a": 2}), Counter({"b": 1}), Counter({"pod": 1}))
    assert once.differences(twice) == ["state + a", "account + b", "cluster - pod"]
    assert once.differences(twice, only_more=True) == ["state + a", "account + b"]
    assert once.differences(World.from_json(once.to_json())) == []
