"""Asks the simulated AWS for what the stage says: inputs that it refuses, or their allowed neighbours.

``REFUSALS_STAGE`` is ``refused``, ``allowed``, ``round-<number>`` or ``changed`` (`stages.resources` tells what
each holds). ``REFUSALS_IDS`` names a file with the ids of what is there: with it, resources are named by id, as
those of another stack are, so that nothing holds the engine back from deleting what others still use.
"""

import json
import os
from pathlib import Path

import pulumi

from tests.engine.programs.refusals.cases.case import references, resolved
from tests.engine.programs.refusals.stages import BARRIER, resources

known: dict[str, str] = (
    json.loads(Path(os.environ["REFUSALS_IDS"]).read_text()) if "REFUSALS_IDS" in os.environ else {}
)
made: dict[str, pulumi.CustomResource] = {}

for one in resources(os.environ["REFUSALS_STAGE"]):
    # In order of their dependencies; a reference is an output, or the id where ids are known.
    inputs = resolved(one.inputs, lambda name: known[name] if known else made[name].id)
    needs = [] if known else [made[name] for name in one.needs if name in made]
    made[one.name] = pulumi.CustomResource(
        one.type, one.name, inputs, pulumi.ResourceOptions(depends_on=needs)
    )

assert BARRIER in made
assert all(known or references(one.inputs) <= set(made) for one in resources(os.environ["REFUSALS_STAGE"]))
