"""Builds components of AWS resources in a test program that has one explicit provider."""

from collections.abc import Callable

import pulumi
import pulumi_aws as aws
import pytest

from tests.unit.recording import REGION, Recording, State, record


def build(
    make: Callable[[pulumi.ResourceOptions], object], *, preview: bool = False, state: State | None = None
) -> Recording:
    """Record ``make``, which gets the provider in its options; every AWS resource must have used it."""

    def program() -> None:
        provider = aws.Provider("aws", region=REGION)
        make(pulumi.ResourceOptions(provider=provider))

    recording = record(program, preview=preview, state=state)
    without = [r.name for r in aws_resources(recording) if not r.provider]
    assert not without, f"on the default provider: {without}"
    # A reference to a resource (eks.Cluster's output) is followed by an invoke of the SDK's own.
    invokes = [invoke for invoke in recording.invokes if invoke[0] != "pulumi:pulumi:getResource"]
    assert not invokes, f"components make no invokes: {invokes}"
    return recording


def aws_resources(recording: Recording) -> list:
    """Every registered AWS resource."""
    return [r for r in recording.registrations if r.type.startswith("aws:")]


def faults(make: Callable[[pulumi.ResourceOptions], object]) -> dict[str, str]:
    """Property path -> reason of the faults that refuse ``make``; nothing may be registered before."""
    return refusal(make, build, aws_resources)


def refusal(
    make: Callable[[pulumi.ResourceOptions], object],
    build: Callable[[Callable[[pulumi.ResourceOptions], object]], Recording],
    registered: Callable[[Recording], list],
) -> dict[str, str]:
    """The faults that refuse ``make`` when it is built by ``build``; ``registered`` says what must not be there."""
    refused: list[pulumi.InputPropertiesError] = []

    def program(opts: pulumi.ResourceOptions) -> None:
        with pytest.raises(pulumi.InputPropertiesError) as caught:
            make(opts)
        refused.append(caught.value)

    recording = build(program)
    assert not registered(recording), "registered before its arguments were checked"
    assert refused, "the program was not run"
    return {fault["property_path"]: fault["reason"] for fault in refused[0].errors or []}
