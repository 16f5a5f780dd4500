"""Everything that happens around the operations of one local cloud."""

from localcloud.home import Home
from localcloud.journal import journal_around
from localcloud.simulation.clock import time_around
from localcloud.simulation.faults import faults_around
from localcloud.simulation.operations import Around, both


def operations_around(home: Home) -> Around:
    """The journal round faults round time: faults are recovered from, and delay on the simulated clock."""
    return both(journal_around(home), both(faults_around(home), time_around(home)))
