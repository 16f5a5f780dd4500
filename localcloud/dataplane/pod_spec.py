"""What a pod's spec says about the server in it: which container serves models, with which arguments and keys."""

import dataclasses
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from localcloud.kube.fields import annotation, at, each

Object = Mapping[str, Any]

FIRST_TOKEN_ANNOTATION = "stand-in.inference-plane/time-to-first-token"  # noqa: S105 -- no secret
"""Pod annotation: seconds that the stand-in takes for its first token (default 0)."""

TOKEN_ANNOTATION = "stand-in.inference-plane/time-per-output-token"  # noqa: S105 -- no secret
"""Pod annotation: seconds that the stand-in takes for every further token (default 0)."""

MODEL_SERVER = "vllm|--served-model-name"
"""Pattern by which a model server's container is known; KWOK's stages have the same."""

_REFERENCE = re.compile(r"\$\(([A-Za-z_][A-Za-z0-9_]*)\)")
_DEFAULT_GRACE = 30


class MissingReferenceError(Exception):
    """A container's environment names a Secret, ConfigMap or key that is not there: the container cannot start."""


@dataclasses.dataclass(frozen=True)
class Pace:
    """How long the stand-in takes, in seconds."""

    first_token: float = 0.0
    per_token: float = 0.0


def model_container(pod: Object) -> dict[str, Any] | None:
    """The container that runs vLLM, recognised by its image, command or arguments, as KWOK's stages do it."""
    for container in each(pod, "spec", "containers"):
        words = [container.get("image"), *(container.get("command") or ()), *(container.get("args") or ())]
        if re.search(MODEL_SERVER, " ".join(str(word) for word in words if word)):
            return container
    return None


def environment(
    container: Object,
    secret: Callable[[str], Mapping[str, str] | None],
    config_map: Callable[[str], Mapping[str, str] | None],
) -> dict[str, str]:
    """The container's variables as the kubelet would set them; raises `MissingReferenceError`.

    ``secret`` and ``config_map`` give the decoded data of an object of the pod's namespace, None if there is none.
    Field and resource references are left out: no server argument depends on them.
    """
    found: dict[str, str] = {}
    for source in each(container, "envFrom"):
        for key, read in (("secretRef", secret), ("configMapRef", config_map)):
            reference = at(source, key)
            if reference:
                data = _data(key, reference, read)
                found |= {f"{source.get('prefix') or ''}{name}": value for name, value in data.items()}
    for entry in each(container, "env"):
        name, source = str(entry["name"]), at(entry, "valueFrom")
        if "value" in entry:
            found[name] = expand(str(entry["value"]), found)
        for key, read in (("secretKeyRef", secret), ("configMapKeyRef", config_map)):
            reference = at(source, key)
            if not reference:
                continue
            data = _data(key, reference, read)
            if reference["key"] in data:
                found[name] = data[reference["key"]]
            elif not reference.get("optional"):
                raise MissingReferenceError(f"couldn't find key {reference['key']} in {reference['name']}")
    return found


def _data(kind: str, reference: Object, read: Callable[[str], Mapping[str, str] | None]) -> Mapping[str, str]:
    data = read(str(reference["name"]))
    if data is None and not reference.get("optional"):
        raise MissingReferenceError(f'{kind}: "{reference["name"]}" not found')
    return data or {}


def expand(text: str, variables: Mapping[str, str]) -> str:
    """``$(NAME)`` replaced as the kubelet does; an unknown name stays as it is."""
    return _REFERENCE.sub(lambda match: variables.get(match[1], match[0]), text)


def command_line(container: Object, variables: Mapping[str, str]) -> list[str]:
    """Command and arguments with variables expanded."""
    words = [*(container.get("command") or ()), *(container.get("args") or ())]
    return [expand(str(word), variables) for word in words]


def pace(pod: Object) -> Pace:
    """The times that the pod's annotations ask for; what is no number counts as none."""
    return Pace(_seconds(pod, FIRST_TOKEN_ANNOTATION), _seconds(pod, TOKEN_ANNOTATION))


def _seconds(pod: Object, name: str) -> float:
    try:
        return max(0.0, float(annotation(pod, name) or 0))
    except ValueError:
        return 0.0


def drain_seconds(pod: Object, container: Object, shutdown_seconds: float) -> float:
    """How long requests under way may go on after the pod's deletion.

    The preStop hook runs first, then vLLM's own drain; the grace period ends both.
    """
    grace = at(pod, "metadata").get("deletionGracePeriodSeconds")
    if grace is None:
        grace = at(pod, "spec").get("terminationGracePeriodSeconds", _DEFAULT_GRACE)
    pre_stop = float(at(container, "lifecycle", "preStop", "sleep").get("seconds") or 0)
    return min(float(grace), pre_stop + shutdown_seconds)


def is_ready(pod: Object) -> bool:
    """Whether the pod's Ready condition is true."""
    return any(
        c.get("type") == "Ready" and c.get("status") == "True" for c in each(pod, "status", "conditions")
    )


def has_started(pod: Object) -> bool:
    """Whether the pod's containers run."""
    statuses = each(pod, "status", "containerStatuses")
    return any("running" in at(status, "state") for status in statuses)


def declared_ports(pod: Object) -> Sequence[int]:
    """Every port that a container of the pod declares."""
    containers = each(pod, "spec", "containers")
    return [int(port["containerPort"]) for c in containers for port in each(c, "ports")]
