"""One stack on a local cloud: its stack file with local secrets, its locks, its recovery, and `pulumi` runs."""

import dataclasses
import functools
import json
import os
import secrets
import shutil
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import psutil
import yaml

from localcloud.cloud import Cloud
from localcloud.home import HOME_VARIABLE, PROJECT, RECOVERING_VARIABLE
from localcloud.journal import Journal
from localcloud.recovery import admin_api, made, recover
from localcloud.tools import program, say

PROJECT_NAME = "inference-plane"
API_KEY = f"{PROJECT_NAME}:vllmApiKey"
_LOCK_WAIT_SECONDS = 600


class StackError(Exception):
    """A stack that cannot be used as it is; the text says what to do."""


@dataclasses.dataclass(frozen=True)
class Stack:
    """The stack ``name`` on a local cloud."""

    cloud: Cloud
    name: str
    program: Path = PROJECT
    """Folder of the program and of ``Pulumi.<name>.yaml``."""

    @property
    def source_file(self) -> Path:
        """The stack file that users edit."""
        return self.program / f"Pulumi.{self.name}.yaml"

    @property
    def file(self) -> Path:
        """The stack file of the local cloud: the user's, with the local secrets added."""
        return self.cloud.home.stacks / f"Pulumi.{self.name}.yaml"

    @property
    def state_file(self) -> Path:
        """The stack's checkpoint in the file backend."""
        return self.cloud.home.backend / ".pulumi" / "stacks" / PROJECT_NAME / f"{self.name}.json"

    def environment(self) -> dict[str, str]:
        """Environment of programs that work on this stack."""
        return {
            **self.cloud.environment(),
            "PULUMI_STACK": self.name,
            "INFERENCE_PLANE_STACK_FILE": str(self.file),
        }

    def prepare(self) -> None:
        """Make the stack and its local file, or bring the file up to date with the user's."""
        wanted = _read_stack_file(self.source_file)
        self.cloud.home.stacks.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(self.program / "Pulumi.yaml", self.cloud.home.stacks / "Pulumi.yaml")
        kept: dict[str, Any] = _read_stack_file(self.file) if self.file.exists() else {}
        kept_config: dict[str, Any] = kept.get("config") or {}
        local = {key: value for key, value in kept_config.items() if _is_secret(value)}
        content: dict[str, Any] = {
            **wanted,
            **({"encryptionsalt": kept["encryptionsalt"]} if "encryptionsalt" in kept else {}),
            "config": {**local, **(wanted.get("config") or {})},
        }
        _write_private(self.file, yaml.safe_dump(content, sort_keys=False))
        self._mend_state()
        if not self.state_file.exists():
            self._quiet("stack", "init", self.name, "--non-interactive", "--no-select")
        if API_KEY not in content["config"]:
            key = f"local-{secrets.token_urlsafe(24)}"
            self._quiet("config", "set", "--secret", API_KEY, "--stack", self.name, given=key)

    def pulumi(self, command: str, *flags: str) -> int:
        """Run ``pulumi <command>`` on this stack with this terminal; returns its exit code."""
        return subprocess.run(
            self._command(command, flags), cwd=self.program, env=self.environment(), check=False
        ).returncode

    def captured(
        self, command: str, *flags: str, more: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run ``pulumi <command>`` on this stack and return its exit code and what it printed (as ``stdout``).

        ``more`` are environment variables on top of the stack's.
        """
        return subprocess.run(
            [*self._command(command, flags), "--color", "never"],
            cwd=self.program,
            env={**self.environment(), **(more or {})},
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def _command(self, command: str, flags: tuple[str, ...]) -> list[str]:
        return [str(self.cloud.home.bin / "pulumi"), *command.split(), "--stack", self.name, *flags]

    def recover(self) -> None:
        """After a killed command: drop its lock, write into the state what it did without writing it down.

        Does nothing when the last command ended in an orderly way. See docs/decisions/0006.
        """
        self._release_dead_locks()
        self._wait_for_orphaned_providers()
        self._mend_state()
        home, journal = self.cloud.home, Journal(self.cloud.home)
        begun = journal.entries(self.name)
        unfinished = home.root / f"recovering-{self.name}.json"
        earlier: list[str] = json.loads(unfinished.read_text()) if unfinished.exists() else []
        if not (earlier or self.pending_operations() or any(not one.answered for one in begun)):
            journal.clear(self.name)
            return
        state = json.loads(self._checked("stack export"))
        deployment: dict[str, Any] = state["deployment"]
        found = made(home, begun, deployment.get("resources") or [], functools.cache(lambda: admin_api(home)))
        result = recover(deployment, begun, found, earlier)
        say(
            f"the last command was interrupted: {len(result.adopted)} resources were made and not written down, "
            f"{len(result.targets)} are read again"
        )
        if result.deployment != deployment:
            _write_private(unfinished, json.dumps(result.targets))
            draft = home.root / "recovered.json"
            _write_private(draft, json.dumps({**state, "deployment": result.deployment}))
            try:
                self._checked("stack import", "--file", str(draft))
            finally:
                draft.unlink()
        if result.targets:
            # Fills in what the provider computed, and drops again what does not exist after all.
            targets = [word for urn in result.targets for word in ("--target", urn)]
            self._checked("refresh", "--yes", "--skip-preview", "--suppress-outputs", *targets)
        journal.clear(self.name)
        unfinished.unlink(missing_ok=True)

    def _checked(self, command: str, *flags: str) -> str:
        run = self.captured(command, *flags, more={RECOVERING_VARIABLE: "1"})
        if run.returncode:
            raise StackError(f"the interrupted command could not be recovered from:\n{run.stdout}")
        return run.stdout

    def pending_operations(self) -> list[dict[str, Any]]:
        """The operations that an interrupted command began and did not record."""
        return self._latest().get("pending_operations") or []

    def outputs(self) -> dict[str, Any]:
        """The stack's outputs; secret ones are masked."""
        run = self.captured("stack output", "--json")
        if run.returncode:
            raise StackError(f"the outputs of stack {self.name} cannot be read:\n{run.stdout}")
        return json.loads(run.stdout)

    def resources(self) -> list[dict[str, Any]]:
        """The resources in the stack's state."""
        return self._latest().get("resources") or []

    def _latest(self) -> dict[str, Any]:
        if not self.state_file.exists():
            return {}
        return json.loads(self.state_file.read_text())["checkpoint"].get("latest") or {}

    def _mend_state(self) -> None:
        """Put the last checkpoint back where a killed engine left half a file, or none."""
        if self._is_readable():
            return
        # A living engine may just be writing: wait for that one.
        self._release_dead_locks()
        for attributes in self._attributes():
            if not _is_json(attributes):
                # Written after the file itself, and made anew when it is missing.
                attributes.unlink(missing_ok=True)
        if self._is_readable():
            return
        backup = self.state_file.with_suffix(".json.bak")
        if _is_json(backup):
            # The engine moves the old file aside before it writes the new one: what that one would have told is
            # in the journal, and `recover` finds it again.
            shutil.copyfile(backup, self.state_file)
        elif self.state_file.exists():
            raise StackError(
                f"the state of stack {self.name} is not valid JSON: {self.state_file}\n"
                "restore it from a backup, or throw this local cloud away with `make down FORCE=1`"
            )

    def _is_readable(self) -> bool:
        return _is_json(self.state_file) and all(_is_json(one) for one in self._attributes())

    def _attributes(self) -> list[Path]:
        """Files that the file backend keeps beside its own."""
        return list(self.state_file.parent.glob(f"{self.name}.json*.attrs"))

    def _quiet(self, *arguments: str, given: str | None = None) -> None:
        # Not through the shim, which would point the command at the file by name: in that file's own folder,
        # where `stack init` and `config set` write to the one beside Pulumi.yaml.
        run = subprocess.run(
            [program("pulumi"), *arguments],
            cwd=self.cloud.home.stacks,
            env=self.environment(),
            check=False,
            capture_output=True,
            text=True,
            input=given,
        )
        if run.returncode:
            raise StackError(f"pulumi {arguments[0]} {arguments[1]} failed: {run.stderr.strip()}")

    def _release_dead_locks(self) -> None:
        folder = self.cloud.home.backend / ".pulumi" / "locks"
        deadline = time.monotonic() + _LOCK_WAIT_SECONDS
        locks: list[Path] = list(folder.rglob("*.json")) if folder.exists() else []
        for lock in locks:
            try:
                pid = int(json.loads(lock.read_text())["pid"])
            except (OSError, ValueError, KeyError):
                continue
            told = False
            while _is_engine(pid) and lock.exists():
                if not told:
                    say(f"another pulumi (process {pid}) is still working on this stack: waiting for it")
                    told = True
                if time.monotonic() > deadline:
                    raise StackError(f"process {pid} still holds the stack; end it, or wait, and try again")
                time.sleep(0.5)
            lock.unlink(missing_ok=True)

    def _wait_for_orphaned_providers(self) -> None:
        """A killed engine's providers finish the calls that are under way; only then is it known what exists."""
        orphans = [process for process in psutil.process_iter() if self._is_provider(process)]
        if orphans:
            say("providers of an interrupted command are still at work: waiting for them")
        _, left = psutil.wait_procs(orphans, timeout=_LOCK_WAIT_SECONDS)
        if left:
            raise StackError(
                f"providers are still at work: {', '.join(str(one.pid) for one in left)}; end them"
            )

    def _is_provider(self, process: psutil.Process) -> bool:
        try:
            if not any(word.startswith("localcloud.providers.") for word in process.cmdline()):
                return False
            return process.environ().get(HOME_VARIABLE) == str(self.cloud.home.root)
        except psutil.Error:
            return False


def _is_engine(pid: int) -> bool:
    try:
        process = psutil.Process(pid)
        return process.status() != psutil.STATUS_ZOMBIE and "pulumi" in process.name()
    except psutil.Error:
        return False


def _is_json(path: Path) -> bool:
    try:
        json.loads(path.read_text())
    except (OSError, ValueError):
        return False
    return True


def _is_secret(value: Any) -> bool:
    return isinstance(value, dict) and set(cast("dict[str, Any]", value)) == {"secure"}


def _read_stack_file(path: Path) -> dict[str, Any]:
    if not path.exists():
        known = sorted(
            p.name.removeprefix("Pulumi.").removesuffix(".yaml") for p in path.parent.glob("Pulumi.*.yaml")
        )
        raise StackError(f"there is no {path.name}; the stacks here are: {', '.join(known)}")
    try:
        content = yaml.safe_load(path.read_text())
    except yaml.YAMLError as error:
        raise StackError(f"{path.name} is not valid YAML: {error}\nmend it there and start again") from None
    if not isinstance(content, dict):
        raise StackError(f"{path.name} must be a YAML mapping with a `config:` key; it holds {content!r}")
    return cast("dict[str, Any]", content)


def _write_private(path: Path, text: str) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text(text)
    draft.replace(path)
