"""The provider's configuration: checked, compared, and turned into connections when one is first needed."""

import functools
import inspect
import json
import os
import re
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from localcloud.home import HOME_VARIABLE, Home
from localcloud.kube import connection
from localcloud.kube.api import Api
from localcloud.kube.helm import Helm
from localcloud.providers.protocol import (
    UNKNOWN,
    Change,
    CheckFailure,
    Diff,
    Properties,
    ProviderError,
)
from localcloud.tools import MODULES

_ENGINE_KEYS = frozenset({"version", "pluginDownloadURL", "pluginChecksums", "__internal", "envVarMappings"})
_BOOLEANS = frozenset(
    {
        "deleteUnreachable",
        "enableConfigMapMutable",
        "enablePatchForce",
        "enableSecretMutable",
        "enableServerSideApply",
        "skipUpdateUnreachable",
        "suppressDeprecationWarnings",
        "suppressHelmHookWarnings",
        "upsertExistingObjects",
    }
)
_CLUSTER_KEYS = ("kubeconfig", "context", "cluster")


@functools.cache
def config_keys() -> frozenset[str]:
    """Every configuration key of the installed SDK's ``kubernetes.Provider``."""
    import pulumi_kubernetes

    return wire_names(pulumi_kubernetes.ProviderArgs)


def wire_names(args: type) -> frozenset[str]:
    """The camelCase names of an SDK Args class's fields."""
    names = [name for name in inspect.signature(args).parameters if name != "__self__"]
    return frozenset(re.sub(r"_([a-z])", lambda m: m.group(1).upper(), name) for name in names)


def check_config(config: Mapping[str, Any]) -> list[CheckFailure]:
    """Faults of the provider's configuration."""
    failures: list[CheckFailure] = []
    for key in sorted(set(config) - config_keys() - _ENGINE_KEYS):
        failures.append(CheckFailure(key, f"is no setting of the provider; there are: {_listed()}"))
    for key in sorted(_BOOLEANS & set(config)):
        if config[key] not in (True, False, "true", "false", UNKNOWN):
            failures.append(CheckFailure(key, f"is {config[key]!r}; expected true or false"))
    if _boolean(config, "enableServerSideApply", default=True) is False:
        failures.append(
            CheckFailure("enableServerSideApply", "the local cloud applies on the server side only")
        )
    if config.get("renderYamlToDirectory"):
        failures.append(CheckFailure("renderYamlToDirectory", "is not offered by the local cloud"))
    kubeconfig = config.get("kubeconfig")
    if isinstance(kubeconfig, str) and kubeconfig != UNKNOWN:
        try:
            loaded = connection.parse(kubeconfig)
            connection.select(loaded, _text(config, "context"), _text(config, "cluster"))
        except connection.ConnectionSettingsError as error:
            failures.append(CheckFailure("kubeconfig", str(error)))
    return failures


def _listed() -> str:
    return ", ".join(sorted(config_keys()))


def diff_config(old: Mapping[str, Any], new: Mapping[str, Any]) -> Diff:
    """Configuration changes; they replace (and everything in the cluster with them) only when the cluster is another.

    The same rules as the published provider: a ``clusterIdentifier`` that stays the same never replaces, one that
    changes always does; without one, a kubeconfig that is unknown or whose active cluster differs replaces.
    """
    keys = sorted(key for key in {*old, *new} - _ENGINE_KEYS if old.get(key) != new.get(key))
    before, after = old.get("clusterIdentifier"), new.get("clusterIdentifier")
    replacing: set[str] = set()
    if before and after and before != after:
        replacing.add("clusterIdentifier")
    elif not after or before != after:
        replacing |= {key for key in _CLUSTER_KEYS if new.get(key) == UNKNOWN}
        if not replacing and _other_cluster(old, new):
            replacing |= {key for key in _CLUSTER_KEYS if key in keys}
    kinds = {key: "add" if key not in old else "delete" if key not in new else "update" for key in keys}
    return Diff(tuple(Change(key, kinds[key], key in replacing) for key in keys))


def _other_cluster(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    try:
        one, other = (
            connection.select(
                connection.parse(str(side["kubeconfig"])), _text(side, "context"), _text(side, "cluster")
            )
            for side in (old, new)
        )
    except (KeyError, connection.ConnectionSettingsError):
        return False
    return (one.server, one.certificate_authority) != (other.server, other.certificate_authority)


def _text(config: Mapping[str, Any], key: str) -> str:
    value = config.get(key)
    return value if isinstance(value, str) else ""


def _boolean(config: Mapping[str, Any], key: str, *, default: bool = False) -> bool:
    value = config.get(key)
    return default if value is None else value in (True, "true")


class Session:
    """One configured provider. Nothing touches the cluster before `api` or `helm` is called."""

    def __init__(self, config: Properties) -> None:
        self._config = config
        self._lock = threading.Lock()
        self._api: Api | None = None
        self._helm: Helm | None = None
        self.namespace = _text(config, "namespace")
        self.mutable_secrets = _boolean(config, "enableSecretMutable")
        self.mutable_config_maps = _boolean(config, "enableConfigMapMutable")
        self.patch_force = _boolean(config, "enablePatchForce")
        self.upsert = _boolean(config, "upsertExistingObjects")
        self.delete_unreachable = _boolean(config, "deleteUnreachable")
        self.skip_unreachable = _boolean(config, "skipUpdateUnreachable")

    def api(self) -> Api:
        """The API server that the kubeconfig names; refused when it is not on loopback."""
        with self._lock:
            if self._api is None:
                text = self._kubeconfig()
                loaded = connection.parse(text)
                cluster = connection.select(
                    loaded, _text(self._config, "context"), _text(self._config, "cluster")
                )
                connection.refuse_remote(cluster)
                self._api = Api(cluster)
            return self._api

    def helm(self) -> Helm:
        """Helm for the same cluster; rendering works without one."""
        with self._lock:
            if self._helm is None:
                kubernetes = next(module for module in MODULES if module.name == "kubernetes")
                self._helm = Helm(
                    self._folder(),
                    self._helm_kubeconfig(),
                    _text(self._config, "context"),
                    kubernetes.version,
                )
            return self._helm

    def _kubeconfig(self) -> str:
        value = self._config.get("kubeconfig")
        if value == UNKNOWN:
            raise ProviderError("the cluster's kubeconfig is not known yet; run `pulumi up` first")
        text = value or os.environ.get("KUBECONFIG")
        if not text:
            raise ProviderError(
                "the kubernetes provider has no kubeconfig: give the cluster's kubeconfig to kubernetes.Provider"
            )
        return str(text)

    def _helm_kubeconfig(self) -> str:
        if self._config.get("kubeconfig") in (None, "", UNKNOWN) and not os.environ.get("KUBECONFIG"):
            return "{}"
        text = self._kubeconfig() if self._config.get("kubeconfig") != UNKNOWN else "{}"
        return json.dumps(connection.parse(text)) if text != "{}" else text

    def _folder(self) -> Path:
        if os.environ.get(HOME_VARIABLE):
            return Home.from_environment().root / "kubernetes-provider"
        return Path(tempfile.gettempdir()) / f"inference-plane-kubernetes-{os.getuid()}"
