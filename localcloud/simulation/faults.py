"""Faults on request: which operation fails, how and when."""

from localcloud.home import Home
from localcloud.simulation.operations import Around, nothing_around


def faults_around(home: Home) -> Around:
    """The faults that the file ``faults.yaml`` of a local cloud asks for."""
    del home
    return nothing_around
