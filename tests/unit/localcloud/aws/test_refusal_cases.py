"""Each refusal and its neighbour, on the simulated account alone; the engine tries the same ones."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from localcloud.providers.protocol import ProviderError
from tests.engine.programs.refusals.cases import CASES, GROUND, HELD, TOPICS, rounds
from tests.engine.programs.refusals.cases.account import account
from tests.engine.programs.refusals.cases.case import Case, Resource, differences, references, resolved
from tests.unit.localcloud.aws.simulated import Simulated

Object = dict[str, Any]
RESOURCES = {one.name: one for one in (*GROUND, *HELD)}


class Account:
    """A simulated account with the ground of the cases."""

    def __init__(self, folder: Path, *, full: bool) -> None:
        file = account([one.type for one in GROUND] if full else None)
        self.aws = Simulated(folder, yaml.safe_dump(file))
        self.ids: dict[str, str] = {}
        for one in GROUND if full else (*GROUND, *HELD):
            self.make(one)

    def make(self, resource: Resource) -> str:
        inputs = resolved(resource.inputs, self.ids.__getitem__)
        self.ids[resource.name] = self.aws.make(resource.type, resource.name, **inputs)[0]
        return self.ids[resource.name]

    def create(self, case: Case, inputs: Object) -> str:
        """The refusal of a create; empty when it was allowed."""
        return self._told(lambda: self.aws.make(case.type, case.id, **resolved(inputs, self.ids.__getitem__)))

    def made(self, case: Case) -> bool:
        """Whether a create made something, refused or not."""
        store = self.aws.provider._store  # pyright: ignore[reportPrivateUsage] -- what is there
        return any(one.name == case.id for one in store.all(case.type))

    def update(self, case: Case, inputs: Object) -> str:
        """The refusal of an update; empty when it was allowed."""
        given = resolved(inputs, self.ids.__getitem__)
        return self._told(lambda: self.aws.change(case.type, self.ids[case.target], **given))

    def delete(self, type_: str, name: str) -> str:
        """The refusal of a delete; empty when it was allowed."""
        return self._told(lambda: self.aws.delete(type_, self.ids[name]))

    def _told(self, work: Any) -> str:
        try:
            work()
        except ProviderError as error:
            return str(error)
        return ""


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Account:
    """An account in which nothing more fits."""
    return Account(tmp_path_factory.mktemp("full") / "cloud", full=True)


@pytest.fixture(scope="module")
def roomy(tmp_path_factory: pytest.TempPathFactory) -> Account:
    """An account with room."""
    return Account(tmp_path_factory.mktemp("roomy") / "cloud", full=False)


def ids(cases: list[Case]) -> dict[str, Any]:
    return {"argvalues": cases, "ids": [case.id for case in cases]}


CREATES = [case for case in CASES if case.verb == "create"]
UPDATES = [case for case in CASES if case.verb == "update"]
DELETES = [case for case in CASES if case.verb == "delete"]


@pytest.mark.parametrize("case", **ids(CREATES))
def test_a_create_is_refused(full: Account, case: Case) -> None:
    said = full.create(case, case.refused)
    assert f"api error {case.code}: " in said
    assert case.says in said
    assert not full.made(case)


@pytest.mark.parametrize("case", **ids(CREATES))
def test_the_neighbour_of_a_create_is_allowed(roomy: Account, case: Case) -> None:
    if case.neighbour:
        assert roomy.ids[case.neighbour]
        return
    said = roomy.create(case, case.allowed)
    assert (case.beyond in said) if case.beyond else said == ""


@pytest.mark.parametrize("case", **ids(UPDATES))
def test_an_update_is_refused_and_its_neighbour_allowed(roomy: Account, case: Case) -> None:
    said = roomy.update(case, case.refused)
    assert f"api error {case.code}: " in said
    assert case.says in said
    assert roomy.update(case, case.allowed) == ""


@pytest.mark.parametrize("case", **ids(DELETES))
def test_a_delete_is_refused(roomy: Account, case: Case) -> None:
    said = roomy.delete(case.type, case.target)
    assert f"api error {case.code}: " in said
    assert case.says in said


def test_what_was_held_goes_once_its_holders_are_gone(tmp_path: Path) -> None:
    account_ = Account(tmp_path / "cloud", full=False)
    for one in RESOURCES.values():
        if one.freed:
            inputs = resolved({**one.inputs, **one.freed}, account_.ids.__getitem__)
            account_.aws.change(one.type, account_.ids[one.name], **inputs)
    told = {
        one.name: said for one in reversed((*GROUND, *HELD)) if (said := account_.delete(one.type, one.name))
    }
    assert told == {}


def test_a_neighbour_differs_in_one_point() -> None:
    wrong = {
        case.id: found
        for case in CREATES
        if len(found := differences(case.refused, _neighbour(case))) != (0 if _by_setting(case) else 1)
    }
    assert wrong == {}


def _neighbour(case: Case) -> Object:
    return RESOURCES[case.neighbour].inputs if case.neighbour else case.allowed


def _by_setting(case: Case) -> bool:
    return bool(case.setting) and case.refused == case.allowed


def test_cases_are_told_apart_and_named_after_what_they_refuse() -> None:
    names = [case.id for case in CASES] + [one.name for one in (*GROUND, *HELD)]
    assert sorted(set(names)) == sorted(names)
    assert all(case.what and case.says and case.code for case in CASES)


def test_resources_come_after_what_they_need() -> None:
    known: set[str] = set()
    for one in (*GROUND, *HELD):
        assert {*references(one.inputs), *one.needs} <= known, one.name
        known.add(one.name)


def test_a_round_touches_a_resource_once() -> None:
    for cases in rounds():
        targets = [case.target for case in cases]
        assert len(set(targets)) == len(targets)
    assert sum(len(cases) for cases in rounds()) == len(UPDATES) + len(DELETES)
    assert len(TOPICS) == 10
