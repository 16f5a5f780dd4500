"""Runs the real Helm, with its own configuration folder and the provider's kubeconfig."""

import contextlib
import dataclasses
import hashlib
import json
import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import psutil
import yaml

from localcloud.processes import Process

_QUERY_TIMEOUT = 60
_GRACE = 60
_ORPHAN_SECONDS = 10
_LOOK_INTERVAL = 1.0


class HelmError(Exception):
    """Helm failed; the text is Helm's own."""


class Helm:
    """The ``helm`` on PATH for one cluster."""

    def __init__(self, folder: Path, kubeconfig: str, context: str, kubernetes_version: str) -> None:
        self._folder = folder
        self._kubeconfig = kubeconfig
        self._context = context
        self._kubernetes_version = kubernetes_version
        self._lock = threading.Lock()

    def template(self, chart: Path, name: str, namespace: str, values: Mapping[str, Any]) -> str:
        """The manifest that an install would send, without hooks and CRDs; needs no cluster."""
        command = ["template", name, str(chart), "--namespace", namespace, "--no-hooks"]
        command += ["--kube-version", self._kubernetes_version, "--values", "-"]
        return self._run(command, stdin=yaml.safe_dump(dict(values)), cluster=False)

    def upgrade(
        self,
        chart: Path,
        name: str,
        namespace: str,
        values: Mapping[str, Any],
        flags: Sequence[str],
        *,
        timeout: float,
        look: Callable[[], None],
    ) -> None:
        """``helm upgrade --install``; calls ``look`` about every second while Helm waits."""
        self._folder.mkdir(parents=True, exist_ok=True)
        # mkstemp makes the file readable by its owner only: values may hold secrets.
        handle, file = tempfile.mkstemp(prefix="values-", suffix=".yaml", dir=self._folder)
        try:
            with os.fdopen(handle, "w") as stream:
                yaml.safe_dump(dict(values), stream)
            command = ["upgrade", name, str(chart), "--install", "--namespace", namespace, "--values", file]
            command += [*flags, "--timeout", f"{max(int(timeout), 1)}s"]
            # An atomic failure rolls back within a second timeout of its own.
            self._run(command, limit=2 * timeout + _GRACE, look=look, record=self._record(name, namespace))
        finally:
            Path(file).unlink(missing_ok=True)

    def uninstall(self, name: str, namespace: str, *, wait: bool, timeout: float) -> bool:
        """``helm uninstall``; False when Helm does not know the release."""
        command = ["uninstall", name, "--namespace", namespace, "--timeout", f"{max(int(timeout), 1)}s"]
        try:
            command += ["--wait"] if wait else []
            self._run(command, limit=timeout + _GRACE, record=self._record(name, namespace))
        except HelmError as error:
            if "not found" in str(error):
                return False
            raise
        return True

    def end_orphan(self, name: str, namespace: str) -> None:
        """End the Helm that a killed provider left at work on this release.

        It would go on waiting, and an atomic one would at last take away what has been installed since.
        """
        record = self._record(name, namespace)
        if not record.exists():
            return
        live = Process(**json.loads(record.read_text())).running()
        if live:
            # Not asked politely: Helm would begin to roll back. Its release stays pending, which is known how to mend.
            with contextlib.suppress(psutil.Error):
                live.kill()
                live.wait(_ORPHAN_SECONDS)
        record.unlink(missing_ok=True)

    def _record(self, name: str, namespace: str) -> Path:
        return self._folder / f"running-{namespace}.{name}"

    def rollback(self, name: str, namespace: str) -> None:
        """Back to the last revision that was deployed."""
        self._run(["rollback", name, "--namespace", namespace])

    def _run(
        self,
        arguments: Sequence[str],
        *,
        stdin: str = "",
        cluster: bool = True,
        limit: float = _QUERY_TIMEOUT,
        look: Callable[[], None] | None = None,
        record: Path | None = None,
    ) -> str:
        command = [_program(), *arguments]
        if cluster:
            command += ["--kubeconfig", str(self._written_kubeconfig())]
            command += ["--kube-context", self._context] if self._context else []
        with subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self._environment(),
        ) as child:
            if record:
                started = psutil.Process(child.pid).create_time()
                draft = record.with_name(f".{record.name}")
                draft.write_text(json.dumps(dataclasses.asdict(Process("helm", child.pid, started))))
                draft.replace(record)
            out, problem = _communicate(child, stdin, limit, look)
        if record:
            record.unlink(missing_ok=True)
        if child.returncode:
            raise HelmError(problem or out.strip() or f"helm ended with status {child.returncode}")
        return out

    def _environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("HELM_") and k != "KUBECONFIG"}
        homes = {
            f"HELM_{name}_HOME": str(self._folder / name.lower()) for name in ("CACHE", "CONFIG", "DATA")
        }
        return {**kept, **homes}

    def _written_kubeconfig(self) -> Path:
        """The kubeconfig as a file that only its owner can read; one file per content, so that none piles up."""
        digest = hashlib.sha256(self._kubeconfig.encode()).hexdigest()[:16]
        file = self._folder / f"kubeconfig-{digest}"
        with self._lock:
            if not file.exists():
                self._folder.mkdir(parents=True, exist_ok=True)
                handle, draft = tempfile.mkstemp(prefix="kubeconfig-", dir=self._folder)
                with os.fdopen(handle, "w") as stream:
                    stream.write(self._kubeconfig)
                Path(draft).replace(file)
        return file


def _program() -> str:
    found = shutil.which("helm")
    if not found:
        raise HelmError("helm is not on PATH; run this inside the local cloud (`make shell`)")
    return found


def _communicate(
    child: "subprocess.Popen[str]", stdin: str, limit: float, look: Callable[[], None] | None
) -> tuple[str, str]:
    """Helm's output and its error message; ``look`` is called while it runs, and no longer."""
    done = threading.Event()

    def keep_looking() -> None:
        while look and not done.wait(_LOOK_INTERVAL):
            look()

    looker = threading.Thread(target=keep_looking, daemon=True)
    looker.start()
    try:
        out, errors = child.communicate(stdin, timeout=limit)
    except subprocess.TimeoutExpired:
        child.kill()
        child.communicate()
        raise HelmError(f"helm did not end within {limit:.0f} s and was killed") from None
    finally:
        done.set()
        looker.join()
    return out, clean_message(errors)


def clean_message(errors: str) -> str:
    """Helm's standard error without warnings and the ``Error:`` in front."""
    kept: list[str] = []
    for line in errors.strip().splitlines():
        if line.startswith(("WARNING", "W0", "W1", "I0", "I1", "E0", "E1", "level=")):
            continue
        kept.append(line.removeprefix("Error: "))
    return "\n".join(kept).strip()
