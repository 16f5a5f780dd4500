"""The page of refusals says what the cases say, and names settings that exist."""

from typing import Any

from localcloud.aws.account import Account
from localcloud.home import PROJECT
from tests.engine.programs.refusals.cases import CASES
from tests.engine.programs.refusals.page import page


def test_the_page_is_current() -> None:
    assert (PROJECT / "docs" / "refusals.md").read_text() == page(), "run `make docs`"


def test_every_refusal_has_a_row() -> None:
    text = page()
    for case in CASES:
        assert f"| {case.what} | `{case.code}` |" in text


def test_settings_are_those_of_the_account_file() -> None:
    known = _settings(Account.model_json_schema(by_alias=True))
    assert {case.setting for case in CASES if case.setting} - known == set()


def _settings(schema: dict[str, Any]) -> set[str]:
    """Dotted names of the settings, two levels deep."""
    found: set[str] = set()
    for name, one in schema["properties"].items():
        found.add(name)
        reference = one.get("$ref") or one.get("items", {}).get("$ref") or ""
        part = schema["$defs"].get(reference.rsplit("/", 1)[-1], {})
        found |= {f"{name}.{inner}" for inner in part.get("properties", {})}
    return found
