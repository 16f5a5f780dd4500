"""One local cloud as a whole: its folder, its shims, the environment of programs in it, start and stop."""

import os
import secrets
import shutil
import stat
import sys
from pathlib import Path

from localcloud.aws.account import write_default
from localcloud.certificates import ensure_token
from localcloud.control_plane import ControlPlane
from localcloud.home import HOME_VARIABLE, PROJECT, Home
from localcloud.tools import CLOUD_PROGRAMS, installed_pulumi, programs

_PROVIDERS = ("aws", "eks", "kubernetes")

_PYTHON_SHIM = """#!/bin/sh
# Written by the local cloud: {what}.
unset PYTHONDONTWRITEBYTECODE
{variable}='{root}' PYTHONPATH='{project}' exec '{python}' -u -m {module} "$@"
"""

_AWS_SHIM = """#!/bin/sh
# Written by the local cloud: answers for the AWS CLI's token command, and hands on everything else.
case " $* " in
*" eks get-token "*)
  printf '{{"apiVersion":"client.authentication.k8s.io/v1beta1","kind":"ExecCredential",'
  printf '"spec":{{}},"status":{{"token":"%s"}}}}\\n' "$(cat '{token}')"
  exit 0 ;;
esac
aws='{aws}'
if [ -z "$aws" ]; then
  echo "the AWS CLI is not installed; the local cloud answers for 'aws eks get-token' only" >&2
  exit 127
fi
exec "$aws" "$@"
"""

# Commands of the Pulumi CLI that read a stack file, and so need the local cloud's own.
_PULUMI_SHIM = """#!/bin/sh
# Written by the local cloud: plain `pulumi`, reading the stack file that holds the local secrets.
case "$1" in
up|update|preview|pre|destroy|dn|refresh|config|import|watch)
  case " $* " in
  *" --config-file"*) ;;
  *) exec '{pulumi}' "$@" --config-file "${{INFERENCE_PLANE_STACK_FILE:?}}" ;;
  esac ;;
esac
exec '{pulumi}' "$@"
"""


class Cloud:
    """A local cloud in a folder. Several can run side by side, each in its own."""

    def __init__(self, root: Path) -> None:
        self.home = Home(root.resolve())
        self.control_plane = ControlPlane(self.home)

    def prepare(self) -> None:
        """Make the folder with everything that a preview needs; starts no process and is quick when repeated."""
        paths = programs(CLOUD_PROGRAMS)
        for folder in (
            self.home.root,
            self.home.bin,
            self.home.backend,
            self.home.pulumi_home,
            self.home.kube,
        ):
            folder.mkdir(parents=True, exist_ok=True)
        write_default(self.home.account_file)
        ensure_token(self.home.root / "passphrase")
        ensure_token(self.home.admin_token)
        self._write_shims(paths)

    def start(self) -> None:
        """Make the folder and start the control plane and the stand-in controllers."""
        self.prepare()
        self.control_plane.start()

    def stop(self) -> list[str]:
        """End every process of this local cloud, by id; returns their names."""
        return self.control_plane.processes.stop_all()

    def discard(self) -> None:
        """Stop, and remove everything but the account file."""
        self.stop()
        if not self.home.root.exists():
            return
        for path in self.home.root.iterdir():
            if path == self.home.account_file:
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()

    def environment(self) -> dict[str, str]:
        """Environment variables of a program that runs inside this local cloud."""
        home = self.home
        inherited = {
            key: value
            for key, value in os.environ.items()
            # Another stack's backend, real credentials and a byte-code ban have no business in here.
            if not key.startswith(("PULUMI_", "AWS_")) and key != "PYTHONDONTWRITEBYTECODE"
        }
        return {
            **inherited,
            HOME_VARIABLE: str(home.root),
            "PATH": f"{home.bin}{os.pathsep}{_path_without_shims()}",
            "PULUMI_BACKEND_URL": f"file://{home.backend}",
            "PULUMI_CONFIG_PASSPHRASE_FILE": str(home.root / "passphrase"),
            "PULUMI_HOME": str(home.pulumi_home),
            "PULUMI_SKIP_UPDATE_CHECK": "1",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "1",
            "PULUMI_DIY_BACKEND_NO_LEGACY_WARNING": "1",
            "PULUMI_ERROR_OUTPUT_STRING": "1",
            "PULUMI_AUTOMATION_API_SKIP_VERSION_CHECK": "1",
            "AWS_REGION": "us-east-2",
            "AWS_ACCESS_KEY_ID": "local-cloud",
            "AWS_SECRET_ACCESS_KEY": "local-cloud",
            "AWS_EC2_METADATA_DISABLED": "true",
            "KUBECONFIG": str(home.admin_kubeconfig),
            "HELM_CACHE_HOME": str(home.root / "helm" / "cache"),
            "HELM_CONFIG_HOME": str(home.root / "helm" / "config"),
            "HELM_DATA_HOME": str(home.root / "helm" / "data"),
        }

    def _write_shims(self, paths: dict[str, Path]) -> None:
        for name in _PROVIDERS:
            self._shim(
                f"pulumi-resource-{name}",
                self._python_shim(
                    f"the {name} provider of the simulated account", f"localcloud.providers.{name}"
                ),
            )
        if paths["pulumi"] != installed_pulumi():
            self._shim(
                "pulumi-language-python",
                self._python_shim("Pulumi's Python language host", "localcloud.language_host"),
            )
        self._shim("pulumi", _PULUMI_SHIM.format(pulumi=paths["pulumi"]))
        aws = shutil.which("aws", path=_path_without_shims()) or ""
        self._shim("aws", _AWS_SHIM.format(token=self.home.admin_token, aws=aws))
        for name in ("kubectl", "helm"):
            link = self.home.bin / name
            link.unlink(missing_ok=True)
            link.symlink_to(paths[name])

    def _python_shim(self, what: str, module: str) -> str:
        return _PYTHON_SHIM.format(
            what=what,
            variable=HOME_VARIABLE,
            root=self.home.root,
            project=PROJECT,
            python=sys.executable,
            module=module,
        )

    def _shim(self, name: str, text: str) -> None:
        path = self.home.bin / name
        if path.exists() and path.read_text() == text:
            return
        # A running engine may be about to start the old file: replace it, never rewrite it.
        draft = path.with_name(f".{name}.{secrets.token_hex(4)}")
        draft.write_text(text)
        draft.chmod(draft.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
        draft.replace(path)


def _path_without_shims() -> str:
    """PATH without the shim folders of a local cloud whose shell we may have been started from."""
    kept = [folder for folder in os.get_exec_path() if not (Path(folder) / "pulumi-resource-eks").exists()]
    return os.pathsep.join(kept)
