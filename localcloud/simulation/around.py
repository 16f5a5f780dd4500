"""Everything that happens around the operations of one local cloud."""

from localcloud.home import Home
from localcloud.simulation.clock import time_around
from localcloud.simulation.faults import faults_around
from localcloud.simulation.operations import Around, both


def operations_around(home: Home) -> Around:
    """Faults outside, time inside: a fault that delays an operation does so on the simulated clock."""
    return both(faults_around(home), time_around(home))
