"""A component that waits with one child."""

import pulumi
import pytest

from components.waiting import waiting_children
from tests.unit.recording import record


class Thing(pulumi.CustomResource):
    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("test:index:Thing", name, {}, opts)


class Pair(pulumi.ComponentResource):
    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        own, needs = waiting_children(opts)
        super().__init__("test:index:Pair", name, {}, own)
        Thing(f"{name}-free", pulumi.ResourceOptions(parent=self))
        Thing(f"{name}-waits", pulumi.ResourceOptions(parent=self, depends_on=needs))
        self.register_outputs({})


def test_only_the_child_that_is_given_them_waits():
    def program() -> None:
        one, two = Thing("one"), Thing("two")
        Pair("pair", pulumi.ResourceOptions(depends_on=[one, two]))

    recording = record(program)
    needs = {recording.named("one").urn, recording.named("two").urn}
    assert recording.named("pair-waits").depends_on == needs
    assert recording.named("pair-free").depends_on == set()
    assert recording.named("pair").depends_on == set()


def test_a_single_resource_and_none_are_taken_as_well():
    def program() -> None:
        one = Thing("one")
        Pair("single", pulumi.ResourceOptions(depends_on=one))
        Pair("none")

    recording = record(program)
    assert recording.named("single-waits").depends_on == {recording.named("one").urn}
    assert recording.named("none-waits").depends_on == set()


def test_the_callers_own_options_stay_as_they_are():
    def program() -> None:
        opts = pulumi.ResourceOptions(depends_on=[Thing("one")], protect=True)
        own, _ = waiting_children(opts)
        assert own.protect is True
        assert own.depends_on is None
        assert opts.depends_on is not None

    record(program)


def test_an_output_is_refused():
    opts = pulumi.ResourceOptions(depends_on=pulumi.Output.from_input([]))
    with pytest.raises(TypeError, match="list of resources"):
        waiting_children(opts)
