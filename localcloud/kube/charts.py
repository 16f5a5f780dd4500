"""Finds the chart of a release: on disk, or the stand-in of a published chart at a version we know."""

import dataclasses
import functools
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import yaml

from localcloud.home import HOME_VARIABLE
from localcloud.kube.fields import at

STAND_INS = Path(__file__).resolve().parent.parent / "charts"
"""Folder of the stand-in charts, one folder per published chart."""

REPOSITORY_ANNOTATION = "localcloud/repository"
"""Annotation in a stand-in's Chart.yaml: the repository whose chart it stands for."""


class ChartError(Exception):
    """A chart that cannot be found; ``property`` names the input to change."""

    def __init__(self, property_: str, message: str) -> None:
        super().__init__(message)
        self.property = property_


@dataclasses.dataclass(frozen=True)
class Chart:
    """A chart on disk."""

    path: Path
    name: str
    version: str
    app_version: str
    repository: str = ""
    """Repository of the published chart that this one stands for; empty for a chart that is itself meant."""


def locate(inputs: Mapping[str, Any], working_directory: Path) -> Chart:
    """The chart that a release's ``chart``, ``version`` and ``repositoryOpts`` mean; raises `ChartError`."""
    name = str(inputs.get("chart") or "")
    version = str(inputs.get("version") or "")
    repository = str(at(inputs, "repositoryOpts").get("repo") or "")
    if name.startswith("oci://"):
        repository, _, name = name.rpartition("/")
        return _stand_in(repository, name, version)
    if repository:
        return _stand_in(repository, name, version)
    return _on_disk(name, version, working_directory)


def _on_disk(name: str, version: str, working_directory: Path) -> Chart:
    path = (working_directory / name).resolve()
    if path.is_file() and path.suffix in (".tgz", ".gz"):
        raise ChartError("chart", f"{name} is a packed chart; extract it and give the folder")
    if not (path / "Chart.yaml").is_file():
        raise ChartError(
            "chart",
            f"there is no chart at {name!r} (looked for {path / 'Chart.yaml'}); give the path of a chart's folder "
            "relative to the project, or a chart name with repositoryOpts.repo",
        )
    chart = read(path)
    if version and _bare(version) != _bare(chart.version):
        raise ChartError("version", f"is {version!r}, but the chart at {name!r} has version {chart.version}")
    return chart


def read(path: Path) -> Chart:
    """A chart's folder as a `Chart`."""
    meta = cast("dict[str, Any]", yaml.safe_load((path / "Chart.yaml").read_text()))
    return Chart(
        path=path,
        name=str(meta["name"]),
        version=str(meta["version"]),
        app_version=str(meta.get("appVersion") or ""),
        repository=str(at(meta, "annotations").get(REPOSITORY_ANNOTATION) or ""),
    )


def stand_ins() -> list[Chart]:
    """Every stand-in chart: ours, and those that the user put into the folder ``charts`` of the local cloud."""
    home = os.environ.get(HOME_VARIABLE)
    own = _stand_ins(Path(home) / "charts") if home else ()
    return [*_stand_ins(STAND_INS), *own]


@functools.cache
def _stand_ins(folder: Path) -> tuple[Chart, ...]:
    def found() -> Iterator[Chart]:
        for file in sorted(folder.glob("*/Chart.yaml")):
            yield read(file.parent)

    return tuple(found())


def _stand_in(repository: str, name: str, version: str) -> Chart:
    known = stand_ins()
    listed = "".join(f"\n  {c.repository.rstrip('/')} {c.name} {c.version}" for c in known) or " none"
    why = f"The local cloud has no registry, only checked stand-ins for these charts:{listed}"
    named = [c for c in known if c.name == name and _same_repository(c.repository, repository)]
    if not named:
        raise ChartError("chart", f"the local cloud does not know chart {name!r} of {repository}. {why}")
    if not version:
        raise ChartError(
            "version", f"is not set: pin it to {named[0].version}, so that an update rolls nothing"
        )
    for chart in named:
        if _bare(chart.version) == _bare(version):
            return chart
    raise ChartError("version", f"the local cloud does not know version {version!r} of chart {name!r}. {why}")


def _same_repository(one: str, other: str) -> bool:
    return one.rstrip("/").lower() == other.rstrip("/").lower()


def _bare(version: str) -> str:
    return version.removeprefix("v")
