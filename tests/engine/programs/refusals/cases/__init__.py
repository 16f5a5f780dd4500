"""Every refusal of the simulated AWS: what is refused, in which words, and the neighbour that is allowed."""

from tests.engine.programs.refusals.cases.capacity import CAPACITY
from tests.engine.programs.refusals.cases.case import Case, Resource, references
from tests.engine.programs.refusals.cases.clusters import CLUSTERS
from tests.engine.programs.refusals.cases.identity import IDENTITY
from tests.engine.programs.refusals.cases.load_balancers import LOAD_BALANCERS
from tests.engine.programs.refusals.cases.missing import MISSING
from tests.engine.programs.refusals.cases.network import NETWORK
from tests.engine.programs.refusals.cases.node_groups import NODE_GROUPS
from tests.engine.programs.refusals.cases.security_groups import SECURITY_GROUPS
from tests.engine.programs.refusals.cases.services import SERVICES
from tests.engine.programs.refusals.cases.storage import STORAGE

TOPICS = (
    NETWORK,
    SECURITY_GROUPS,
    MISSING,
    IDENTITY,
    STORAGE,
    SERVICES,
    LOAD_BALANCERS,
    CLUSTERS,
    NODE_GROUPS,
    CAPACITY,
)
CASES: tuple[Case, ...] = tuple(case for topic in TOPICS for case in topic.cases)
GROUND: tuple[Resource, ...] = tuple(one for topic in TOPICS for one in topic.ground)
HELD: tuple[Resource, ...] = tuple(one for topic in TOPICS for one in topic.held)


def rounds() -> list[list[Case]]:
    """Deletes, then updates, that can be tried together: in each round a resource is touched once.

    Deletes first: what stays is then known to the engine by id alone, and no refused update of it keeps the engine
    from trying to delete what it uses. A resource that other targets are used by goes last, for the same reason.
    """
    targets = {case.target for case in CASES}
    users = {one.name for one in (*GROUND, *HELD) if one.name in targets and references(one.inputs) & targets}
    deletes = [case for case in CASES if case.verb == "delete"]
    updates = [case for case in CASES if case.verb == "update"]
    found: list[list[Case]] = [[case for case in deletes if case.target not in users]]
    for case in (*updates, *(case for case in deletes if case.target in users)):
        for cases in found[1:]:
            if case.target not in {one.target for one in cases}:
                cases.append(case)
                break
        else:
            found.append([case])
    return found
