"""Builds components that make Kubernetes objects in a test program with explicit AWS and Kubernetes providers."""

from collections.abc import Callable

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes

from tests.unit.components.building import refusal
from tests.unit.recording import REGION, UNKNOWN, Recording, Registration, record


def build(make: Callable[[pulumi.ResourceOptions], object], *, preview: bool = False) -> Recording:
    """Record ``make``, which gets both providers in its options; every custom resource must have used one."""

    def program() -> None:
        providers = [
            aws.Provider("aws", region=REGION),
            kubernetes.Provider("kubernetes", kubeconfig="{}", cluster_identifier="dev"),
        ]
        make(pulumi.ResourceOptions(providers=providers))

    recording = record(program, preview=preview)
    without = [r.name for r in custom_resources(recording) if not r.provider]
    assert not without, f"on the default provider: {without}"
    assert not recording.invokes, f"components make no invokes: {recording.invokes}"
    return recording


def custom_resources(recording: Recording) -> list[Registration]:
    """Every registered custom resource but the providers."""
    return [
        r for r in recording.registrations if r.request.custom and not r.type.startswith("pulumi:providers:")
    ]


def faults(make: Callable[[pulumi.ResourceOptions], object]) -> dict[str, str]:
    """Property path -> reason of the faults that refuse ``make``; nothing may be registered before."""
    return refusal(make, build, custom_resources)


def unknowns(value: object, path: str = "") -> list[str]:
    """Paths of the unknown leaves of an input."""
    if isinstance(value, dict):
        return [
            found
            for key, item in value.items()
            for found in unknowns(item, f"{path}.{key}" if path else str(key))
        ]
    if isinstance(value, list):
        return [found for index, item in enumerate(value) for found in unknowns(item, f"{path}[{index}]")]
    return [path] if value == UNKNOWN else []


def leaf_keys(value: object, path: str = "") -> set[str]:
    """Dotted paths of the leaves of Helm values; lists and empty maps are leaves."""
    if isinstance(value, dict) and value:
        return {
            found
            for key, item in value.items()
            for found in leaf_keys(item, f"{path}.{key}" if path else str(key))
        }
    return {path}
