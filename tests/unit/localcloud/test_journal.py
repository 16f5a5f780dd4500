"""What is noted of an operation before, during and after it."""

import json
from pathlib import Path
from typing import Any

import pytest

from localcloud.home import Home
from localcloud.journal import Begun, Journal, identity_of, journal_around
from localcloud.providers.protocol import AnswerLostError, PartialFailureError, ProviderError
from localcloud.simulation.operations import Operation

SECRET = "kubernetes:core/v1:Secret"


def operation(stack: str = "dev", name: str = "key", **inputs: Any) -> Operation:
    return Operation(
        "create", f"urn:pulumi:{stack}::p::{SECRET}::{name}", SECRET, name, provider="up::id", inputs=inputs
    )


def noted(folder: Path, error: Exception | None = None) -> list[Begun]:
    """The journal after an operation that ended so."""
    one = operation()
    try:
        with journal_around(Home(folder))(one):
            assert [begun.answered for begun in Journal(Home(folder)).entries("dev")] == [False]
            one.id = "models/key"
            if error:
                raise error
    except ProviderError:
        pass
    except ValueError:
        pass
    return Journal(Home(folder)).entries("dev")


def test_an_operation_is_noted_before_it_does_anything_and_answered_after_it(tmp_path: Path) -> None:
    (begun,) = noted(tmp_path)
    assert (begun.verb, begun.name, begun.provider, begun.answered, begun.id) == (
        "create",
        "key",
        "up::id",
        True,
        "models/key",
    )


@pytest.mark.parametrize(
    ("error", "answers"),
    [
        (ProviderError("refused"), []),
        (PartialFailureError("late", "models/key", {}, {}), [True]),
        (AnswerLostError("lost"), [False]),
        (ValueError("a defect"), [False]),
    ],
    ids=["refused", "kept", "lost", "defect"],
)
def test_only_what_may_have_had_an_effect_stays(
    tmp_path: Path, error: Exception, answers: list[bool]
) -> None:
    assert [begun.answered for begun in noted(tmp_path, error)] == answers


def test_the_contents_of_a_secret_are_not_noted(tmp_path: Path) -> None:
    inputs = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "key", "namespace": "models", "annotations": {"a": "hidden"}},
        "stringData": {"key": "hidden"},
    }
    Journal(Home(tmp_path)).begin(operation(**inputs))
    text = "".join(path.read_text() for path in Home(tmp_path).journal.iterdir())
    assert "hidden" not in text
    assert json.loads(text)["identity"]["metadata"] == {"name": "key", "namespace": "models"}


def test_a_release_is_named_by_its_name_and_namespace_and_an_aws_resource_by_its_account() -> None:
    release = {"name": "r", "namespace": "n", "chart": "./c", "values": {"key": "hidden"}}
    assert identity_of("kubernetes:helm.sh/v3:Release", release) == {
        "name": "r",
        "namespace": "n",
        "chart": "./c",
    }
    assert identity_of("aws:iam/role:Role", {"name": "r"}) == {}


def test_each_stack_has_its_own_entries(tmp_path: Path) -> None:
    journal = Journal(Home(tmp_path))
    journal.begin(operation("dev"))
    journal.begin(operation("prod"))
    journal.clear("dev")
    assert (journal.entries("dev"), len(journal.entries("prod"))) == ([], 1)


def test_an_operation_that_is_begun_again_is_unanswered_again(tmp_path: Path) -> None:
    journal = Journal(Home(tmp_path))
    journal.answer(journal.begin(operation()), "models/key")
    journal.begin(operation())
    assert [one.answered for one in journal.entries("dev")] == [False]
