"""Reads a kubeconfig and gets bearer tokens the way kubectl does: static, from a file, or from an exec command."""

import base64
import dataclasses
import datetime
import json
import os
import ssl
import subprocess
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import yaml

from localcloud.kube.fields import at, each

_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_EXEC_TIMEOUT = 30


class ConnectionSettingsError(Exception):
    """A kubeconfig that cannot be used; the text says what is wrong with it."""


@dataclasses.dataclass(frozen=True)
class Cluster:
    """The part of a kubeconfig that one context selects."""

    server: str
    certificate_authority: bytes | None
    """PEM; None trusts the system's authorities."""
    verify: bool
    user: Mapping[str, Any]
    namespace: str
    """Namespace of the context, empty if it names none."""


def parse(text: str) -> dict[str, Any]:
    """The kubeconfig in ``text``: its contents as JSON or YAML, or the path of a file with them."""
    content = text
    if "\n" not in text and not text.lstrip().startswith("{"):
        path = Path(text).expanduser()
        if not path.is_file():
            raise ConnectionSettingsError(
                f"the kubeconfig is neither YAML nor JSON nor a file that exists: {text!r}"
            )
        content = path.read_text()
    try:
        loaded = yaml.safe_load(content)
    except yaml.YAMLError as error:
        raise ConnectionSettingsError(f"the kubeconfig is not valid YAML or JSON: {error}") from None
    if not isinstance(loaded, dict):
        raise ConnectionSettingsError("the kubeconfig must be a mapping with clusters, contexts and users")
    return cast("dict[str, Any]", loaded)


def select(config: Mapping[str, Any], context: str = "", cluster: str = "") -> Cluster:
    """The cluster and user of a kubeconfig's context (``context`` or its current one)."""
    name = context or config.get("current-context") or ""
    chosen = at(_named(config, "contexts", str(name)), "context")
    cluster_name = cluster or str(chosen.get("cluster") or "")
    entry = at(_named(config, "clusters", cluster_name), "cluster")
    user = at(_named(config, "users", str(chosen.get("user") or "")), "user")
    server = entry.get("server")
    if not server:
        raise ConnectionSettingsError(f"cluster {cluster_name!r} of the kubeconfig has no server")
    authority = None
    if entry.get("certificate-authority-data"):
        authority = base64.b64decode(entry["certificate-authority-data"])
    elif entry.get("certificate-authority"):
        authority = Path(entry["certificate-authority"]).expanduser().read_bytes()
    return Cluster(
        server=str(server).rstrip("/"),
        certificate_authority=authority,
        verify=not entry.get("insecure-skip-tls-verify"),
        user=user,
        namespace=chosen.get("namespace") or "",
    )


def _named(config: Mapping[str, Any], key: str, name: str) -> Mapping[str, Any]:
    entries = each(config, key)
    for entry in entries:
        if entry.get("name") == name:
            return entry
    known = ", ".join(str(entry.get("name")) for entry in entries) or "none"
    raise ConnectionSettingsError(f"the kubeconfig has no {key[:-1]} {name!r} (it has: {known})")


def refuse_remote(cluster: Cluster) -> None:
    """Raise unless the cluster is on loopback: the local cloud must never reach into a real one."""
    host = urlsplit(cluster.server).hostname
    if host not in _LOOPBACK:
        raise ConnectionSettingsError(
            f"the kubeconfig points at {cluster.server}; the local cloud talks to its own control plane on "
            "127.0.0.1 only. Run `pulumi` outside the local cloud's shell for a real cluster"
        )


def ssl_context(cluster: Cluster) -> ssl.SSLContext:
    """TLS settings that trust the cluster's authority."""
    data = cluster.certificate_authority
    context = ssl.create_default_context(cadata=data.decode() if data else None)
    if not cluster.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


class TokenSource:
    """The bearer token of a kubeconfig's user; an exec command runs once per token lifetime."""

    def __init__(self, user: Mapping[str, Any]) -> None:
        self._user = user
        self._lock = threading.Lock()
        self._token = ""
        self._expires: datetime.datetime | None = None

    def token(self, *, renew: bool = False) -> str:
        """The current token; with ``renew`` an exec command runs again even if its token has not expired."""
        user = self._user
        if user.get("token"):
            return str(user["token"])
        if user.get("tokenFile"):
            return Path(user["tokenFile"]).read_text().strip()
        if not user.get("exec"):
            raise ConnectionSettingsError(
                "the kubeconfig's user has no exec command, token or tokenFile; "
                "use exec with `aws eks get-token`"
            )
        with self._lock:
            now = datetime.datetime.now(datetime.UTC)
            if renew or not self._token or (self._expires and now >= self._expires):
                self._run(user["exec"])
            return self._token

    def _run(self, command: Mapping[str, Any]) -> None:
        arguments = [str(command["command"]), *map(str, command.get("args") or ())]
        api_version = str(command.get("apiVersion") or "client.authentication.k8s.io/v1beta1")
        info = {"apiVersion": api_version, "kind": "ExecCredential", "spec": {"interactive": False}}
        environment = {**os.environ, "KUBERNETES_EXEC_INFO": json.dumps(info)}
        environment |= {str(e["name"]): str(e["value"]) for e in each(command, "env")}
        shown = " ".join(arguments)
        try:
            done = subprocess.run(
                arguments,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
                timeout=_EXEC_TIMEOUT,
                stdin=subprocess.DEVNULL,
            )
        except FileNotFoundError:
            raise ConnectionSettingsError(
                f"the kubeconfig gets its token from `{shown}`, and {arguments[0]!r} is not on PATH"
            ) from None
        except subprocess.TimeoutExpired:
            raise ConnectionSettingsError(f"`{shown}` did not answer within {_EXEC_TIMEOUT} s") from None
        if done.returncode:
            raise ConnectionSettingsError(f"`{shown}` failed: {done.stderr.strip() or 'no message'}")
        try:
            status = json.loads(done.stdout)["status"]
            self._token = str(status["token"])
        except (ValueError, KeyError, TypeError):
            raise ConnectionSettingsError(f"`{shown}` did not print an ExecCredential with a token") from None
        expires = status.get("expirationTimestamp")
        self._expires = datetime.datetime.fromisoformat(expires) if expires else None
