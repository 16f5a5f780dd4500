from pathlib import Path

from tests.unit.config.dev_stack import Case, dev, each


def _tags(count: int) -> dict[str, object]:
    return {"tags": {f"tag-{index}": "x" for index in range(count)}}


@each(
    Case(
        "AWS keeps some keys for itself",
        {"tags": {"AWS:owner": "me"}},
        "tags.AWS:owner",
        ("aws:", "another key"),
        {"tags": {"owner": "me"}},
    ),
    Case(
        "Name is the plane's",
        {"tags": {"Name": "me"}},
        "tags.Name",
        ("set by the plane", "another key"),
        {"tags": {"name": "me"}},
    ),
    Case(
        "controllers' keys are theirs",
        {"tags": {"kubernetes.io/role/elb": "1"}},
        "tags.kubernetes.io/role/elb",
        ("controllers",),
        {"tags": {"example.com/role": "1"}},
    ),
    Case(
        "a key has 128 characters at most",
        {"tags": {"k" * 129: "x"}},
        f"tags.{'k' * 129}",
        ("1 to 128",),
        {"tags": {"k" * 128: "x"}},
    ),
    Case(
        "a value has 256 characters at most",
        {"tags": {"k": "v" * 257}},
        "tags.k",
        ("up to 256",),
        {"tags": {"k": "v" * 256}},
    ),
    Case(
        "a value has AWS's characters",
        {"tags": {"k": "a&b"}},
        "tags.k",
        ("'a&b'", "letters, digits, spaces"),
        {"tags": {"k": "Zürich: a@b.c/d+e=f-g_h"}},
    ),
    Case(
        "a value is text",
        {"tags": {"cost-center": 42}},
        "tags.cost-center",
        ("is 42", "string, in quotes"),
        {"tags": {"cost-center": "42"}},
    ),
    Case(
        "controllers need room for tags of their own",
        _tags(41),
        "tags",
        ("41 tags", "at most 40", "AWS takes 50"),
        _tags(40),
    ),
)
def test_each_breach_is_told_at_its_path_and_its_neighbour_passes(case: Case, project: Path):
    case.check(project)


def test_tags_may_be_left_out(project: Path):
    assert dev(project, {"tags": {}}).tags == {}
