"""What the faults file takes, and what it says about what it does not take."""

from pathlib import Path

import pytest

from localcloud.home import Home
from localcloud.simulation.faults_file import KINDS, FaultsFileError, read_faults, take_in

PAGE = Path(__file__).resolve().parents[4] / "docs" / "faults.md"


def read(folder: Path, text: str) -> list[str]:
    path = folder / "faults.yaml"
    path.write_text(text)
    return [fault.kind for fault in read_faults(path)]


def test_no_file_and_an_empty_one_hold_no_fault(tmp_path: Path) -> None:
    assert list(read_faults(tmp_path / "faults.yaml")) == []
    assert read(tmp_path, "# nothing\n") == []


def test_every_mistake_is_listed_by_its_path(tmp_path: Path) -> None:
    text = """
- kind: throttled
  match: {nth: 0, verb: make}
- kind: broken
  match: {}
- kind: slow
  match: {tyep: x}
  seconds: 5
"""
    with pytest.raises(FaultsFileError) as caught:
        read(tmp_path, text)
    lines = [line.strip().split(":")[0] for line in str(caught.value).splitlines()[1:]]
    assert lines == ["0.match.verb", "0.match.nth", "1", "2.match.tyep"]
    assert all(kind in str(caught.value) for kind in KINDS)


@pytest.mark.parametrize(
    ("text", "told"), [("a: b", "list"), ("- [", "not valid YAML"), ("- kind: slow", "match")]
)
def test_what_is_no_list_of_faults_is_refused(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(FaultsFileError, match=told):
        read(tmp_path, text)


def test_a_file_that_changes_is_read_again(tmp_path: Path) -> None:
    assert read(tmp_path, "- {kind: fails-after-made, match: {}}") == ["fails-after-made"]
    assert read(tmp_path, "- {kind: timeout, match: {}}") == ["timeout"]


def test_the_page_has_an_example_of_every_kind_that_the_file_takes(tmp_path: Path) -> None:
    examples = [part.split("```")[0] for part in PAGE.read_text().split("```yaml\n")[1:]]
    assert {kind for text in examples for kind in read(tmp_path, text)} == set(KINDS)


def test_a_file_that_is_taken_in_starts_counting_anew(tmp_path: Path) -> None:
    given, home = tmp_path / "given.yaml", Home(tmp_path / "cloud")
    given.write_text("- {kind: timeout, match: {}}")
    take_in(given, home)
    home.faults_state.touch()
    take_in(given, home)
    assert [fault.kind for fault in read_faults(home.faults_file)] == ["timeout"]
    assert not home.faults_state.exists()


def test_a_file_with_mistakes_is_not_taken_in(tmp_path: Path) -> None:
    given, home = tmp_path / "given.yaml", Home(tmp_path / "cloud")
    given.write_text("- {kind: no, match: {}}")
    with pytest.raises(FaultsFileError, match=r"given\.yaml has faults of its own"):
        take_in(given, home)
    with pytest.raises(FaultsFileError, match="there is no file"):
        take_in(tmp_path / "other.yaml", home)
    assert not home.root.exists()
