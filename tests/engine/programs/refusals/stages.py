"""Which resources the program registers at each stage of the proof."""

import dataclasses
from collections.abc import Iterable

from tests.engine.programs.refusals.cases import CASES, GROUND, HELD, rounds
from tests.engine.programs.refusals.cases.case import Case, Properties, Resource

BARRIER = "ground-is-ready"
"""The resource that waits for the whole ground, and that every case waits for."""


def resources(stage: str) -> list[Resource]:
    """The resources of a stage.

    ``refused`` tries every create that is refused on the ground. ``allowed`` makes what is held and every allowed
    neighbour. ``round-<number>`` tries a set of refused updates, and of deletes by leaving resources out.
    ``changed`` makes the allowed updates instead.
    """
    if stage == "refused":
        return [*_ground(), *(_of_case(case, case.refused) for case in _creates())]
    everything = [
        *_ground(),
        *(dataclasses.replace(one, needs=(*one.needs, BARRIER)) for one in HELD),
        *(_of_case(case, case.allowed) for case in _creates() if not case.neighbour),
    ]
    if stage == "allowed":
        return everything
    kept = [one for one in everything if one.name not in beyond()]
    if stage == "changed":
        return [dataclasses.replace(one, inputs=changed(one)) for one in kept]
    cases = {case.target: case for case in rounds()[int(stage.removeprefix("round-"))]}
    return [
        dataclasses.replace(one, inputs=cases[one.name].refused) if one.name in cases else one
        for one in kept
        if one.name not in cases or cases[one.name].verb == "update"
    ]


def beyond() -> set[str]:
    """Neighbours that AWS would take and the local cloud has no room for."""
    return {case.id for case in CASES if case.beyond}


def changed(resource: Resource) -> Properties:
    """A resource's inputs after every allowed update of it, in a form in which it can be deleted."""
    inputs = {**resource.inputs, **resource.freed}
    for case in CASES:
        if case.verb == "update" and case.target == resource.name:
            inputs |= {key: value for key, value in case.allowed.items() if resource.inputs.get(key) != value}
    return inputs


def _ground() -> list[Resource]:
    log_group = Resource(
        BARRIER,
        "aws:cloudwatch/logGroup:LogGroup",
        {"name": f"/{BARRIER}"},
        tuple(one.name for one in GROUND),
    )
    return [*GROUND, log_group]


def _creates() -> Iterable[Case]:
    return (case for case in CASES if case.verb == "create")


def _of_case(case: Case, inputs: Properties) -> Resource:
    return Resource(case.id, case.type, inputs, needs=(BARRIER,))
