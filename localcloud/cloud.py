"""One local cloud as a whole: its folder, its shims, the environment of programs in it, start and stop."""

import os
import secrets
import shutil
import sys
from importlib import metadata
from pathlib import Path

from localcloud.api.endpoint import endpoint_of
from localcloud.aws.account import write_default
from localcloud.certificates import ensure_token
from localcloud.control_plane import ControlPlane
from localcloud.home import HOME_VARIABLE, PROJECT, RECOVERING_VARIABLE, Home
from localcloud.tools import CLOUD_PROGRAMS, PYTHON_VARIABLE, SHIM_MARKER, programs

_PROVIDERS = ("aws", "eks", "kubernetes")

_PROVIDER_SCRIPT = """#!/bin/sh
# Written by the local cloud: the {name} provider of the simulated account.
unset PYTHONDONTWRITEBYTECODE
{variable}='{root}' PYTHONPATH='{project}' exec '{python}' -u -m localcloud.providers.{name} "$@"
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

# Commands of the Pulumi CLI that read a stack file, and so need the local cloud's own. Those that change the stack
# take up first what a killed one left behind; its traces are looked for here, for that costs nothing.
_PULUMI_SHIM = """#!/bin/sh
# Written by the local cloud: plain `pulumi`, reading the stack file that holds the local secrets.
case "$1" in
up|update|destroy|dn|refresh|import|watch)
  if [ -n "${{PULUMI_STACK:-}}" ] && [ -z "${{{recovering}:-}}" ]; then
    for trace in '{root}'/journal/*.begun.json '{root}'/recovering-*.json \\
        "$(grep -ls '"pending_operations":\\[{{' '{root}'/backend/.pulumi/stacks/*/"$PULUMI_STACK".json)"; do
      [ -e "$trace" ] || continue
      PYTHONPATH='{project}' '{python}' -m localcloud recover --stack "$PULUMI_STACK" --root '{root}' || exit
      break
    done
  fi ;;
esac
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
            PYTHON_VARIABLE: sys.executable,
            "PYTHONPATH": str(PROJECT),
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
            "AWS_DEFAULT_REGION": "us-east-2",
            "AWS_ACCESS_KEY_ID": "local-cloud",
            "AWS_SECRET_ACCESS_KEY": "local-cloud",
            "AWS_EC2_METADATA_DISABLED": "true",
            # Every AWS call goes to the local cloud, whatever the user's own profile or proxy says.
            "AWS_ENDPOINT_URL": endpoint_of(home),
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_PAGER": "",
            **dict.fromkeys(("NO_PROXY", "no_proxy"), _no_proxy()),
            "KUBECONFIG": str(home.admin_kubeconfig),
            "KUBECACHEDIR": str(home.root / "kubectl"),
            "HELM_CACHE_HOME": str(home.root / "helm" / "cache"),
            "HELM_CONFIG_HOME": str(home.root / "helm" / "config"),
            "HELM_DATA_HOME": str(home.root / "helm" / "data"),
        }

    def _write_shims(self, paths: dict[str, Path]) -> None:
        for name in _PROVIDERS:
            # Where `pulumi plugin install` would put the published provider of the SDK's own version.
            version = metadata.version(f"pulumi-{name}")
            folder = self.home.pulumi_home / "plugins" / f"resource-{name}-v{version}"
            folder.mkdir(parents=True, exist_ok=True)
            _write_program(folder / f"pulumi-resource-{name}", self._provider_script(name))
        shim = _PULUMI_SHIM.format(
            pulumi=paths["pulumi"],
            root=self.home.root,
            project=PROJECT,
            python=sys.executable,
            recovering=RECOVERING_VARIABLE,
        )
        _write_program(self.home.bin / "pulumi", shim)
        (self.home.bin / SHIM_MARKER).touch()
        aws = shutil.which("aws", path=_path_without_shims()) or _own_aws()
        _write_program(self.home.bin / "aws", _AWS_SHIM.format(token=self.home.admin_token, aws=aws))
        for name in ("kubectl", "helm"):
            link = self.home.bin / name
            link.unlink(missing_ok=True)
            link.symlink_to(paths[name])

    def _provider_script(self, name: str) -> str:
        return _PROVIDER_SCRIPT.format(
            name=name,
            variable=HOME_VARIABLE,
            root=self.home.root,
            project=PROJECT,
            python=sys.executable,
        )


def _write_program(path: Path, text: str) -> None:
    if path.exists() and path.read_text() == text:
        return
    # A running engine may be about to start the old file: replace it, never rewrite it.
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    draft.write_text(text)
    draft.chmod(0o755)
    draft.replace(path)


def _own_aws() -> str:
    """The AWS CLI beside this Python, which the development requirements bring; empty without them."""
    path = Path(sys.executable).parent / "aws"
    return str(path) if path.exists() else ""


def _no_proxy() -> str:
    """The user's exceptions from his proxy, and loopback."""
    given = os.environ.get("NO_PROXY") or os.environ.get("no_proxy") or ""
    return ",".join([*filter(None, given.split(",")), "127.0.0.1", "localhost"])


def _path_without_shims() -> str:
    """PATH without the shim folders of a local cloud whose shell we may have been started from."""
    kept = [folder for folder in os.get_exec_path() if not (Path(folder) / SHIM_MARKER).exists()]
    return os.pathsep.join(kept)
