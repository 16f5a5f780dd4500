"""docs/chart.md has a row for every value, as values.schema.json describes it; UPDATE_GOLDEN=1 rewrites the table."""

import json
import os
from collections.abc import Iterator
from typing import Any

import jsonschema
import yaml

from localcloud.home import PROJECT
from tests.chart.rendering import CHART, DEV

PAGE = PROJECT / "docs" / "chart.md"
BEGIN, END = "<!-- values: generated from values.schema.json -->\n", "<!-- end of values -->"

SCHEMA = json.loads((CHART / "values.schema.json").read_text())
DEFAULTS = yaml.safe_load((CHART / "values.yaml").read_text())
TOP = SCHEMA["properties"]


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    name = schema.get("$ref", "").removeprefix("#/definitions/")
    return SCHEMA["definitions"][name] if name else schema


def parts(schema: dict[str, Any]) -> dict[str, Any]:
    """The values inside a value; none for maps and for lists of quantities, which are described as one."""
    found = resolved(schema)
    if found.get("additionalProperties") is not False or "patternProperties" in found:
        return {}
    return found.get("properties", {})


def described(schema: dict[str, Any]) -> str:
    found = resolved(schema)
    if "enum" in found and found.get("type") != "string":
        return ", ".join(json.dumps(value) for value in found["enum"])
    if "enum" in found:
        return ", ".join(f"`{value}`" for value in found["enum"])
    kind = found.get("type", "any")
    return " or ".join(kind) if isinstance(kind, list) else str(kind)


def rows(path: str, schema: dict[str, Any], default: Any) -> Iterator[tuple[str, str, str, str]]:
    """Value, type, default and description of everything in a value."""
    if parts(schema):
        for name, inner in parts(schema).items():
            if path == "models.<key>" and name in TOP:
                yield (
                    f"{path}.{name}",
                    described(inner),
                    "",
                    f"`{name}` of this model, laid over the chart's.",
                )
            else:
                below = default.get(name) if isinstance(default, dict) else None
                yield from rows(f"{path}.{name}".lstrip("."), inner, below)
        return
    found = resolved(schema)
    shown = "" if default in (None, "") else f"`{json.dumps(default)}`"
    if path in {f"models.<key>.{name}" for name in SCHEMA["definitions"]["model"]["required"]}:
        shown = "**required**"
    yield path, described(schema), shown, found["description"]
    if path == "models":
        yield from rows("models.<key>", found["additionalProperties"], None)


def table() -> str:
    lines = ["| value | type | default | |", "|---|---|---|---|"]
    for path, kind, default, text in rows("", SCHEMA, DEFAULTS):
        if path != "global":
            lines.append(f"| `{path}` | {kind} | {default} | {text} |".replace("  |", " |"))
    return "\n".join(lines) + "\n"


def leaves(values: Any, path: str = "") -> Iterator[str]:
    if (
        isinstance(values, dict)
        and values
        and not path.endswith(("Context", "annotations", "requests", "limits"))
    ):
        for name, inner in values.items():
            yield from leaves(inner, f"{path}.{name}".lstrip("."))
    else:
        yield path


def test_the_page_has_the_table_of_the_schema():
    page = PAGE.read_text()
    head, _, rest = page.partition(BEGIN)
    found, _, tail = rest.partition(END)
    if os.environ.get("UPDATE_GOLDEN"):
        PAGE.write_text(head + BEGIN + table() + END + tail)
        found = table()
    assert found == table(), "docs/chart.md is not up to date; rerun with UPDATE_GOLDEN=1 and review"


def test_every_default_value_is_in_the_page():
    page = PAGE.read_text()
    assert [path for path in leaves(DEFAULTS) if f"`{path}`" not in page] == []


def test_every_part_of_the_values_contract_is_a_value():
    page = PAGE.read_text()
    contract = [path for path in leaves(DEV) if not path.startswith("models.")]
    contract += [f"models.<key>.{name}" for name in DEV["models"]["point"]]
    contract += ["s3.secretName", "models.<key>.tolerations", "docs.enabled", "docs.image.registry"]
    assert [path for path in contract if f"`{path}`" not in page] == []


def test_the_schema_is_valid_and_describes_every_value():
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    assert all(text for _, _, _, text in rows("", SCHEMA, DEFAULTS))


def test_every_value_of_the_schema_has_a_default_and_no_other_exists():
    def compare(path: str, schema: dict[str, Any], default: dict[str, Any]) -> None:
        names = set(parts(schema))
        if names:
            optional = (
                {"global"} if not path else {"extraArgs"} if path.startswith(".modelTypes.") else set[str]()
            )
            assert names - optional == set(default), path
        for name, inner in parts(schema).items():
            if name in default:
                compare(f"{path}.{name}", inner, default[name])

    compare("", SCHEMA, DEFAULTS)
