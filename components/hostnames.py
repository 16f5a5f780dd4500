"""Host names and the names of a TLS certificate: what covers what, and what validates what."""

import re
from collections.abc import Iterable

_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"


def is_host_name(host: str) -> bool:
    """Whether ``host`` is a full host name: two or more DNS labels, lower case, at most 253 characters."""
    return len(host) <= 253 and re.fullmatch(rf"{_LABEL}(\.{_LABEL})+", host) is not None


def is_certificate_name(name: str) -> bool:
    """Whether ``name`` is a host name, or a wildcard for the hosts directly below one (``*.example.com``)."""
    return is_host_name(name.removeprefix("*."))


def covers(names: Iterable[str], host: str) -> bool:
    """Whether a certificate for ``names`` is valid for ``host``.

    A wildcard stands for exactly one label: ``*.example.com`` covers ``a.example.com``, but neither
    ``example.com`` nor ``a.b.example.com`` (RFC 6125, section 6.4.3). Case does not matter.
    """
    host = host.lower()
    label, _, parent = host.partition(".")
    return any(name.lower() in (host, f"*.{parent}" if label and parent else host) for name in names)


def validation_names(names: Iterable[str]) -> list[str]:
    """The host names that ACM asks a DNS record for, in order and once each.

    A wildcard and its apex share one record: ACM gives both the same name and value.
    """
    return list(dict.fromkeys(name.lower().removeprefix("*.") for name in names))
