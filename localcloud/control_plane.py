"""A real Kubernetes control plane on loopback: etcd, API server, controller manager, scheduler, and KWOK.

KWOK stands in for the kubelets: nodes become Ready and pods run without containers. Ports are chosen once
and kept, because a cluster's endpoint is part of the stack's state.
"""

import base64
import contextlib
import json
import os
import socket
import ssl
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import yaml

from localcloud.certificates import ensure_certificates, ensure_token
from localcloud.home import HOME_VARIABLE, PROJECT, Home
from localcloud.processes import Processes
from localcloud.tools import kwok_stages, programs

_READY_SECONDS = 60
_PORTS = {
    "etcd-client": "etcd",
    "etcd-peer": "etcd",
    "api-server": "kube-apiserver",
    "data-plane-https": "data-plane",
    "data-plane-http": "data-plane",
    "data-plane-proxy": "data-plane",
    "aws-api": "aws-api",
}
"""The process that listens on each port."""

_SERVICE_RANGE = "10.96.0.0/16"

# Users of the static token file: (user, group). The first one is also what the AWS identity maps to.
_USERS = {
    "admin": ("localcloud-admin", "system:masters"),
    "controller-manager": ("system:kube-controller-manager", ""),
    "scheduler": ("system:kube-scheduler", ""),
}


class ControlPlaneError(Exception):
    """The control plane cannot start; the text says why and what to do."""


class ControlPlane:
    """The processes of one local cloud's Kubernetes control plane and its stand-in controllers."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._processes = Processes(home.processes, home.logs)
        self._ports: dict[str, int] = {}

    @property
    def processes(self) -> Processes:
        """Records of everything that `start` started."""
        return self._processes

    def start(self) -> None:
        """Start what is not running yet and wait until the API server answers; a second start does nothing."""
        paths = programs(["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok"])
        kube = self._home.kube
        ensure_certificates(kube)
        self._ports = self._choose_ports()
        self._write_credentials()
        self._start("aws-api", Path(sys.executable), ["-m", "localcloud.api"])
        self._start("etcd", paths["etcd"], self._etcd_flags())
        self._start("kube-apiserver", paths["kube-apiserver"], self._api_server_flags())
        self._wait_ready()
        self._start(
            "kube-controller-manager",
            paths["kube-controller-manager"],
            [
                f"--kubeconfig={kube / 'controller-manager.kubeconfig'}",
                "--leader-elect=false",
                "--secure-port=0",
                "--use-service-account-credentials=true",
                f"--service-account-private-key-file={kube / 'service-accounts.key'}",
                f"--root-ca-file={kube / 'ca.crt'}",
                f"--cluster-signing-cert-file={kube / 'ca.crt'}",
                f"--cluster-signing-key-file={kube / 'ca.key'}",
            ],
        )
        self._start(
            "kube-scheduler",
            paths["kube-scheduler"],
            [f"--kubeconfig={kube / 'scheduler.kubeconfig'}", "--leader-elect=false", "--secure-port=0"],
        )
        stages = [flag for stage in kwok_stages() for flag in ("--config", str(stage))]
        self._start(
            "kwok",
            paths["kwok"],
            [
                f"--kubeconfig={self._home.admin_kubeconfig}",
                "--manage-nodes-with-annotation-selector=kwok.x-k8s.io/node=fake",
                # Without leases: a restarted KWOK would leave nodes and pods alone until its old ones expire.
                "--node-lease-duration-seconds=0",
                "--server-address=",
                *stages,
            ],
        )
        self._start("controllers", Path(sys.executable), ["-m", "localcloud.controllers"])
        listeners = [f"--{name}={self._ports[f'data-plane-{name}']}" for name in ("https", "http", "proxy")]
        self._start("data-plane", Path(sys.executable), ["-m", "localcloud.dataplane", *listeners])
        self._wait_listening("aws-api")

    def _wait_listening(self, name: str) -> None:
        """Wait until a process of ours takes connections on the port of its name."""
        deadline = time.monotonic() + _READY_SECONDS
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self._ports[name]), 5):
                return
            if not self._processes.running(name) or time.monotonic() > deadline:
                raise ControlPlaneError(
                    f"{name} does not listen; its log ({self._home.logs / name}.log) says:\n"
                    f"{self._processes.log_tail(name)}"
                )
            time.sleep(0.1)

    def healthy(self) -> bool:
        """Whether the API server answers right now."""
        return self._home.endpoint_file.exists() and _ready(self._home) is None

    def _start(self, name: str, path: Path, flags: list[str]) -> None:
        environment = {**os.environ, HOME_VARIABLE: str(self._home.root), "PYTHONPATH": str(PROJECT)}
        environment.pop("KUBECONFIG", None)
        self._processes.start(name, [path, *flags], environment)

    def _etcd_flags(self) -> list[str]:
        client = f"http://127.0.0.1:{self._ports['etcd-client']}"
        peer = f"http://127.0.0.1:{self._ports['etcd-peer']}"
        return [
            f"--data-dir={self._home.root / 'etcd'}",
            f"--listen-client-urls={client}",
            f"--advertise-client-urls={client}",
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=default={peer}",
            "--unsafe-no-fsync",
            "--log-level=warn",
        ]

    def _api_server_flags(self) -> list[str]:
        kube = self._home.kube
        return [
            f"--etcd-servers=http://127.0.0.1:{self._ports['etcd-client']}",
            "--bind-address=127.0.0.1",
            f"--secure-port={self._ports['api-server']}",
            f"--tls-cert-file={kube / 'apiserver.crt'}",
            f"--tls-private-key-file={kube / 'apiserver.key'}",
            f"--token-auth-file={kube / 'tokens.csv'}",
            "--authorization-mode=RBAC",
            "--anonymous-auth=false",
            f"--service-account-key-file={kube / 'service-accounts.pub'}",
            f"--service-account-signing-key-file={kube / 'service-accounts.key'}",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-cluster-ip-range={_SERVICE_RANGE}",
            "--allow-privileged=true",
            f"--requestheader-client-ca-file={kube / 'front-proxy-ca.crt'}",
            "--requestheader-allowed-names=front-proxy-client",
            "--requestheader-extra-headers-prefix=X-Remote-Extra-",
            "--requestheader-group-headers=X-Remote-Group",
            "--requestheader-username-headers=X-Remote-User",
            f"--proxy-client-cert-file={kube / 'front-proxy-client.crt'}",
            f"--proxy-client-key-file={kube / 'front-proxy-client.key'}",
            "--endpoint-reconciler-type=none",
            "--event-ttl=2h",
        ]

    def _choose_ports(self) -> dict[str, int]:
        """The ports of this local cloud: kept from its first start, free now unless our process has them."""
        file = self._home.ports
        ports: dict[str, int] = json.loads(file.read_text()) if file.exists() else {}
        missing = [name for name in _PORTS if name not in ports]
        if missing:
            with contextlib.ExitStack() as held:
                sockets = [held.enter_context(socket.socket()) for _ in missing]
                for one in sockets:
                    one.bind(("127.0.0.1", 0))
                ports |= {name: one.getsockname()[1] for name, one in zip(missing, sockets, strict=True)}
            file.write_text(json.dumps(ports))
        for name, owner in _PORTS.items():
            port = ports[name]
            if not self._processes.running(owner) and not _free(port):
                raise ControlPlaneError(
                    f"port {port} on 127.0.0.1, which this local cloud uses as its {name} port, is taken by "
                    f"another process; end that process, or start over on new ports with `make down` "
                    f"followed by `make up`"
                )
        return ports

    def _write_credentials(self) -> None:
        endpoint = f"https://127.0.0.1:{self._ports['api-server']}"
        self._home.endpoint_file.write_text(endpoint)
        rows: list[str] = []
        for name, (user, group) in _USERS.items():
            token = ensure_token(self._home.kube / f"{name}.token")
            rows.append(f'{token},{user},{user},"{group}"' if group else f"{token},{user},{user}")
            config = _kubeconfig(endpoint, self._home.ca_certificate, name, token)
            path = self._home.kube / f"{name}.kubeconfig"
            path.touch(mode=0o600)
            path.write_text(yaml.safe_dump(config))
        tokens = self._home.kube / "tokens.csv"
        tokens.touch(mode=0o600)
        tokens.write_text("\n".join(rows) + "\n")

    def _wait_ready(self) -> None:
        deadline = time.monotonic() + _READY_SECONDS
        problem = _ready(self._home)
        while problem:
            for name in ("etcd", "kube-apiserver"):
                if not self._processes.running(name):
                    raise ControlPlaneError(
                        f"{name} ended right after its start; its log ({self._home.logs / name}.log) says:\n"
                        f"{self._processes.log_tail(name)}"
                    )
            if time.monotonic() > deadline:
                raise ControlPlaneError(f"the API server was not ready within {_READY_SECONDS} s: {problem}")
            time.sleep(0.2)
            problem = _ready(self._home)


def _ready(home: Home) -> str | None:
    """None when the API server says it is ready, else what it says instead."""
    context = ssl.create_default_context(cafile=str(home.ca_certificate))
    token = home.admin_token.read_text()
    request = urllib.request.Request(  # noqa: S310 -- the URL is our own https endpoint
        f"{home.endpoint_file.read_text()}/readyz", headers={"Authorization": f"Bearer {token}"}
    )
    try:
        with urllib.request.urlopen(request, context=context, timeout=5):  # noqa: S310 -- as above
            return None
    except urllib.error.HTTPError as error:
        return f"HTTP {error.code}"
    except OSError as error:
        return str(error)


def _free(port: int) -> bool:
    with socket.socket() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            one.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _kubeconfig(endpoint: str, authority: Path, user: str, token: str) -> dict[str, object]:
    data = base64.b64encode(authority.read_bytes()).decode()
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "local", "cluster": {"server": endpoint, "certificate-authority-data": data}}],
        "users": [{"name": user, "user": {"token": token}}],
        "contexts": [{"name": "local", "context": {"cluster": "local", "user": user}}],
        "current-context": "local",
    }
