"""The house rules that a reader relies on: which way dependencies point, and what may be copied out."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OWN = {"components", "config", "plane", "localcloud", "ops", "policies", "tests"}
COMPONENTS = sorted(path for path in (ROOT / "components").glob("*.py") if path.stem != "__init__")

MAY_IMPORT = {
    "components": {"components"},
    "config": {"config", "components"},
    "plane": {"plane", "config", "components"},
    "localcloud": {"localcloud", "components"},
    "ops": {"ops"},
}


def imported(path: Path) -> set[str]:
    """Top-level names of everything a module imports, also inside functions."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    return found


@pytest.mark.parametrize("package", sorted(MAY_IMPORT))
def test_dependencies_point_one_way(package: str) -> None:
    modules = sorted((ROOT / package).rglob("*.py"))
    assert modules
    wrong = {
        str(path.relative_to(ROOT)): sorted((imported(path) & OWN) - MAY_IMPORT[package])
        for path in modules
        if (imported(path) & OWN) - MAY_IMPORT[package]
    }
    assert wrong == {}


def test_components_import_only_pulumi_its_providers_and_the_standard_library() -> None:
    allowed = {"pulumi", "pulumi_aws", "pulumi_eks", "pulumi_kubernetes", "components"} | set(
        sys.stdlib_module_names
    )
    assert {path.name: imported(path) - allowed for path in COMPONENTS if imported(path) - allowed} == {}


@pytest.mark.parametrize("path", COMPONENTS, ids=lambda path: path.stem)
def test_component_modules_keep_annotations_readable_for_the_package_analyzer(path: Path) -> None:
    assert "from __future__ import annotations" not in path.read_text()


def test_every_component_module_has_tests_of_its_name() -> None:
    tested = {path.stem.removeprefix("test_") for path in (ROOT / "tests" / "unit").rglob("test_*.py")}
    assert {path.stem for path in COMPONENTS} - tested == set()


ALONE = """
import sys
from components.vpc import Vpc
import pulumi, pulumi_aws as aws
from pulumi.runtime import mocks

class Answers(mocks.Mocks):
    def new_resource(self, args):
        return args.name, args.inputs
    def call(self, args):
        return {}

mocks.set_mocks(Answers())

@pulumi.runtime.test
def run():
    Vpc("network", {"region": "eu-west-1", "availability_zones": ["eu-west-1a", "eu-west-1b"]})

run()
import importlib, pathlib
for path in sorted(pathlib.Path("components").glob("*.py")):
    if path.stem != "__init__":
        importlib.import_module(f"components.{path.stem}")
print(sorted(name for name in sys.modules if name in {"config", "plane", "localcloud"}))
"""


def test_the_components_folder_works_when_copied_out_alone(tmp_path: Path) -> None:
    target = tmp_path / "components"
    for path in (ROOT / "components").rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            copy = target / path.relative_to(ROOT / "components")
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(path.read_bytes())
    run = subprocess.run(
        [sys.executable, "-c", ALONE],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": ""},
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip() == "[]"
