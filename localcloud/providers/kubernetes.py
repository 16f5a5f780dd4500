"""The ``kubernetes`` provider of the local cloud: typed objects, custom resources and Helm releases.

Real: the API server, server-side apply with one field manager, readiness, deletion and Helm. Simulated: charts of
a remote repository are checked stand-ins (``localcloud/charts``). Started by the engine as
``python -m localcloud.providers.kubernetes``.
"""

import contextlib
from collections.abc import Generator
from importlib import metadata
from pathlib import Path

from localcloud.home import Home
from localcloud.kube import session
from localcloud.kube.api import ApiError, NoSuchKindError, UnreachableError
from localcloud.kube.connection import ConnectionSettingsError
from localcloud.kube.helm import HelmError
from localcloud.kube.kinds import RELEASE
from localcloud.kube.release import Releases
from localcloud.kube.typed import TypedObjects
from localcloud.providers.protocol import CheckFailure, Diff, Properties, Provider, ProviderError
from localcloud.providers.server import serve
from localcloud.simulation.around import operations_around


class KubernetesProvider(Provider):
    """One configured Kubernetes provider."""

    name = "kubernetes"
    version = metadata.version("pulumi-kubernetes")

    def __init__(self) -> None:
        self.configure({})

    def check_config(self, inputs: Properties) -> list[CheckFailure]:
        """Refuse unknown settings and a kubeconfig that cannot be read."""
        return session.check_config(inputs)

    def diff_config(self, old: Properties, new: Properties) -> Diff:
        """Replace only when the cluster is another one."""
        return session.diff_config(old, new)

    def configure(self, inputs: Properties) -> None:
        """Take the configuration; nothing is contacted yet."""
        self._session = session.Session(inputs)
        self._objects = TypedObjects(self._session)
        # The engine starts its providers in the program's folder: charts are given relative to it.
        self._releases = Releases(self._session, Path.cwd())

    def check(
        self, type_: str, name: str, old: Properties, new: Properties
    ) -> tuple[Properties, list[CheckFailure]]:
        """Complete inputs and their faults; needs no cluster."""
        with _told():
            if type_ == RELEASE:
                return self._releases.check(name, old, new)
            return self._objects.check(type_, name, old, new)

    def diff(self, type_: str, id_: str, old_inputs: Properties, state: Properties, new: Properties) -> Diff:
        """Changed fields; needs no cluster."""
        with _told():
            if type_ == RELEASE:
                return self._releases.diff(id_, old_inputs, new)
            return self._objects.diff(type_, id_, old_inputs, new)

    def create(
        self, type_: str, name: str, inputs: Properties, *, preview: bool, timeout: float
    ) -> tuple[str, Properties]:
        """Create and await."""
        with _told():
            if type_ == RELEASE:
                return self._releases.create(name, inputs, preview=preview, timeout=timeout)
            return self._objects.create(type_, name, inputs, preview=preview, timeout=timeout)

    def read(
        self, type_: str, id_: str, inputs: Properties, state: Properties
    ) -> tuple[str, Properties, Properties] | None:
        """The live state, restricted to what the program set."""
        with _told():
            if type_ == RELEASE:
                return self._releases.read(id_, inputs, state)
            return self._objects.read(type_, id_, inputs, state)

    def update(
        self,
        type_: str,
        id_: str,
        state: Properties,
        old_inputs: Properties,
        new: Properties,
        *,
        preview: bool,
        timeout: float,
    ) -> Properties:
        """Change in place and await."""
        with _told():
            if type_ == RELEASE:
                return self._releases.update(id_, state, new, preview=preview, timeout=timeout)
            return self._objects.update(type_, id_, state, new, preview=preview, timeout=timeout)

    def delete(self, type_: str, id_: str, state: Properties, *, timeout: float) -> None:
        """Delete and wait until it is gone."""
        with _told():
            if type_ == RELEASE:
                self._releases.delete(id_, state, timeout=timeout)
            else:
                self._objects.delete(type_, id_, state, timeout=timeout)


@contextlib.contextmanager
def _told() -> Generator[None]:
    """Faults of the cluster, the kubeconfig and Helm are the user's to act on, not defects of ours."""
    try:
        yield
    except (ApiError, NoSuchKindError, UnreachableError, ConnectionSettingsError, HelmError) as error:
        raise ProviderError(str(error)) from None


if __name__ == "__main__":
    serve(KubernetesProvider(), operations_around(Home.from_environment()))
