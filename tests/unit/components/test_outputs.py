"""A value that is known at preview and still carries the dependencies of what makes it true."""

import pulumi
import pytest

from components.outputs import known_after
from tests.unit.recording import record


class Thing(pulumi.CustomResource):
    def __init__(self, name: str, inputs: dict) -> None:
        super().__init__("test:index:Thing", name, inputs)


@pytest.mark.parametrize("preview", [False, True])
def test_the_value_is_known_and_its_user_waits_for_each_resource(preview):
    def program() -> None:
        one, two = Thing("one", {}), Thing("two", {})
        Thing("user", {"value": known_after("known", one, two)})

    recording = record(program, preview=preview)
    user = recording.named("user")
    assert user.inputs == {"value": "known"}
    assert user.depends_on == {recording.named("one").urn, recording.named("two").urn}
