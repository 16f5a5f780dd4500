"""A deployed stack that changes are tried on: previewed, applied, and taken back."""

import dataclasses
import shutil
import subprocess
from pathlib import Path
from typing import Any

import yaml

from localcloud.aws.account import write_default
from localcloud.cloud import Cloud
from localcloud.home import PROJECT
from localcloud.kube.charts import STAND_INS
from localcloud.stack import Stack
from tests.engine.upgrades import plans, rows
from tests.engine.upgrades.programs import NEXT_CHARTS

_PROGRAM = '''\
"""A program of the upgrade matrix."""

from tests.engine.upgrades.programs import run

run({name!r})
'''
_FLAGS = ("--yes", "--skip-preview", "--json")


class _EventStack(Stack):
    """A stack whose previews tell each event: whether a replacement deletes first is in no summary."""

    def environment(self) -> dict[str, str]:
        """The stack's environment, and the engine's switch for events of previews."""
        return {**super().environment(), "PULUMI_ENABLE_STREAMING_JSON_PREVIEW": "true"}


@dataclasses.dataclass(frozen=True)
class Preview:
    """What a preview said."""

    went_well: bool
    steps: list[plans.Step]
    """What it would do to each resource; not all of it where the preview was refused."""
    told: str
    """What it said to its user."""


@dataclasses.dataclass(frozen=True)
class Deployment:
    """The dev stack on a local cloud of its own, in a folder with its program, settings and account."""

    folder: Path

    @property
    def stack(self) -> Stack:
        """The stack on its local cloud."""
        return _EventStack(Cloud(self.folder / "cloud"), "dev", self.folder / "program")

    def lay_out(self) -> None:
        """Make the program's folder with everything that the project's own has, and charts of later versions."""
        program = self.folder / "program"
        (program / "charts").mkdir(parents=True, exist_ok=True)
        shutil.copyfile(PROJECT / "Pulumi.yaml", program / "Pulumi.yaml")
        _link(program / ".venv", PROJECT / ".venv")
        _link(program / "charts" / "inference", PROJECT / "charts" / "inference")
        own = yaml.safe_load((PROJECT / "charts" / "inference" / "Chart.yaml").read_text())["version"]
        _copy_chart(PROJECT / "charts" / "inference", program / "charts" / "inference-next", f"{own}-next")
        for chart, version in NEXT_CHARTS.items():
            _copy_chart(STAND_INS / chart, self.folder / "cloud" / "charts" / chart, version)

    def become(
        self, row: rows.Row | None, version: str = rows.BASE_VERSION, program: str | None = None
    ) -> None:
        """Make settings, account and program those of a row; of the base without one. Nothing is run."""
        settings = yaml.safe_load((PROJECT / "Pulumi.dev.yaml").read_text())
        rows.put("cluster.kubernetesVersion", version)(settings)
        home = self.stack.cloud.home
        home.account_file.unlink(missing_ok=True)
        write_default(home.account_file)
        account = yaml.safe_load(home.account_file.read_text())
        rows.more_reservations(account)
        for one in _stages(row):
            for edit in one.settings:
                edit(settings)
            for edit in one.account:
                edit(account)
        home.account_file.write_text(yaml.safe_dump(account, sort_keys=False))
        folder = self.folder / "program"
        text = yaml.safe_dump(settings, sort_keys=False).replace("{charts}", str(folder / "charts"))
        (folder / "Pulumi.dev.yaml").write_text(text)
        name = program or (row.program if row else "as-it-is")
        (folder / "__main__.py").write_text(_PROGRAM.format(name=name))
        self.stack.cloud.prepare()
        self.stack.prepare()

    def preview(self) -> Preview:
        """What `up` would do."""
        run = self.stack.captured("preview", "--json")
        return Preview(run.returncode == 0, plans.planned(run.stdout), told(run))

    def up(self, *flags: str) -> list[plans.Step]:
        """Apply the settings; what it did."""
        run = self.stack.captured("up", *_FLAGS, *flags)
        assert run.returncode == 0, told(run)
        return plans.planned(run.stdout)

    def wait_for_models(self, seconds: float = 60) -> None:
        """Wait until every model serves: nodes may have gone under it, without a change of its release."""
        kubectl = [self.stack.cloud.home.bin / "kubectl", "wait", "deployment", "--all"]
        condition = ["--for=condition=Available", f"--timeout={seconds:.0f}s", "-n", "poolside-models"]
        run = subprocess.run(
            [*kubectl, *condition],
            env=self.stack.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == 0, run.stderr


def _stages(row: rows.Row | None) -> list[rows.Row]:
    """The row that a row begins from, if there is one, and itself."""
    if row is None:
        return []
    return [*_stages(rows.NAMED.get(row.after)), row]


def told(run: subprocess.CompletedProcess[str]) -> str:
    """What a run said to its user, out of JSON or plain output."""
    said = [
        line
        for line in run.stdout.splitlines()
        if ('"diagnosticEvent"' in line and '"severity":"debug"' not in line)
        or not line.startswith(("{", " ", "}"))
    ]
    return "\n".join(said)[-6000:] or run.stdout[-6000:]


def _link(link: Path, target: Path) -> None:
    if not link.exists():
        link.symlink_to(target.resolve())


def _copy_chart(source: Path, target: Path, version: str) -> None:
    shutil.copytree(source, target, dirs_exist_ok=True)
    file = target / "Chart.yaml"
    meta: dict[str, Any] = yaml.safe_load(file.read_text())
    file.write_text(yaml.safe_dump({**meta, "version": version}))
