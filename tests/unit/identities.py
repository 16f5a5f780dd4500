"""What the engine knows a resource by, its type below those of its parents and its name, and once knew it by.

The rules are the engine's: an alias replaces type, name or parent, and children inherit their parent's aliases,
with the parent's old name where theirs begins with it.
"""

from typing import Any

from tests.unit.recording import Recording, Registration

_STACK = "pulumi:pulumi:Stack"


def identities(recording: Recording) -> dict[str, set[str]]:
    """Of each registration ``<types>::<name>``, and all that it may have been called before, itself among it."""
    by_urn = {registration.urn: registration for registration in recording.registrations}
    known: dict[str, list[str]] = {}

    def of(registration: Registration) -> list[str]:
        if registration.urn not in known:
            parent = by_urn.get(registration.parent)
            known[registration.urn] = _identities(registration, of(parent) if parent else [""], parent)
        return known[registration.urn]

    return {of(registration)[0]: set(of(registration)) for registration in recording.registrations}


def _identities(registration: Registration, parents: list[str], parent: Registration | None) -> list[str]:
    """The present identity first."""
    found: list[str] = []
    for alias in [None, *(alias.spec for alias in registration.request.aliases)]:
        for above in _parents(alias, parents):
            name = _field(alias, "name") or _inherited(registration.name, parent, above)
            found.append(_identity(above, _field(alias, "type") or registration.type, name))
    return found


def _parents(alias: Any, parents: list[str]) -> list[str]:
    if alias is None:
        return parents
    if alias.noParent:
        return [""]
    if not alias.parentUrn:
        return parents
    types, name = alias.parentUrn.split("::", 3)[2:]
    return [f"{types.removeprefix(f'{_STACK}$')}::{name}"]


def _inherited(name: str, parent: Registration | None, above: str) -> str:
    if parent is None or not above or not name.startswith(parent.name):
        return name
    return above.split("::", 1)[1] + name.removeprefix(parent.name)


def _identity(above: str, type_: str, name: str) -> str:
    types = above.split("::", 1)[0]
    return f"{types}${type_}::{name}" if types else f"{type_}::{name}"


def _field(alias: Any, name: str) -> str:
    return getattr(alias, name) if alias is not None else ""


def lost(reviewed: list[str], recording: Recording) -> list[str]:
    """What was reviewed once and nothing is any more, by name or by alias; each with what to do about it."""
    still = {identity for each in identities(recording).values() for identity in each}
    return [
        f"{identity} is no resource any more. Where it has another name, type or parent now, add an alias with the "
        "old one, or every stack deletes it and makes another; where it shall go, delete its line"
        for identity in reviewed
        if identity not in still
    ]
