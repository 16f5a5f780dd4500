"""What the processes that run beside a local cloud's control plane share: their log, their cluster, their end."""

import datetime
import signal
import sys
from collections.abc import Callable

from localcloud.home import Home
from localcloud.kube import connection
from localcloud.kube.connection import Cluster


def say(text: str) -> None:
    """Write a line to the process's log."""
    sys.stdout.write(f"{datetime.datetime.now(datetime.UTC):%H:%M:%S} {text}\n")
    sys.stdout.flush()


def own_cluster(home: Home) -> Cluster:
    """The local cloud's cluster. Raises `ConnectionSettingsError` unless it is on loopback."""
    cluster = connection.select(connection.parse(str(home.admin_kubeconfig)))
    connection.refuse_remote(cluster)
    return cluster


def end_with(stop: Callable[[], None]) -> None:
    """Call ``stop`` on SIGTERM and SIGINT."""

    def stopped(number: int, frame: object) -> None:
        del number, frame
        stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stopped)
