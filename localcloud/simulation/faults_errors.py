"""What the published providers say when a request is throttled, times out, fails or gets no answer."""

from localcloud.providers.protocol import ProviderError
from localcloud.simulation.operations import Operation

_MOST_BACKOFF_SECONDS = 300.0
"""The AWS provider's since 5.45 (hashicorp/terraform-provider-aws#36855)."""

_VERBS = {"create": "creating", "update": "updating", "delete": "deleting"}

_CODES = {
    "ec2": "RequestLimitExceeded: Request limit exceeded.",
    "s3": "SlowDown: Please reduce your request rate.",
    "iam": "Throttling: Rate exceeded",
    "kubernetes": "TooManyRequests: the server has received too many requests and has asked us to try again later",
}


def backoff_seconds(retries: int) -> float:
    """Simulated seconds that a number of retries takes: the SDK's exponential back-off, with its mean jitter.

    The SDK waits a random part of 2^n seconds before retry n, 300 at most.
    """
    return sum(min(0.5 * 2**attempt, _MOST_BACKOFF_SECONDS) for attempt in range(retries))


def throttled_out(operation: Operation, retries: int) -> ProviderError:
    """The failure once every retry was throttled."""
    code = _CODES.get(service_of(operation.type), "ThrottlingException: Rate exceeded")
    return ProviderError(
        f"{_doing(operation)}: exceeded maximum number of attempts, {retries + 1}, api error {code}"
    )


def timed_out(operation: Operation, seconds: float) -> str:
    """The failure of a waiter."""
    wanted, last = ("gone", "DELETING") if operation.verb == "delete" else ("'ACTIVE'", "CREATING")
    if operation.verb == "update":
        last = "UPDATING"
    return (
        f"waiting for {_subject(operation)} {operation.verb}: timeout while waiting for state to become {wanted} "
        f"(last state: '{last}', timeout: {_duration(seconds)})"
    )


def create_failed(operation: Operation, reason: str) -> str:
    """The failure of something that AWS accepted and then gave up."""
    return (
        f"waiting for {_subject(operation)} {operation.verb}: unexpected state "
        f"'{operation.verb.upper()}_FAILED', wanted target 'ACTIVE'. last error: {reason}"
    )


def answer_lost(operation: Operation) -> str:
    """The failure of a request whose answer did not arrive."""
    return f"{_doing(operation)}: request send failed: read tcp: connection reset by peer"


def service_of(type_: str) -> str:
    """``ec2`` of ``aws:ec2/vpc:Vpc``; the package where a type is not AWS's."""
    package, module, _ = type_.split(":", 2)
    return module.split("/")[0] if package == "aws" else package


def _doing(operation: Operation) -> str:
    return f"{_VERBS[operation.verb]} {_subject(operation)}"


def _subject(operation: Operation) -> str:
    service = service_of(operation.type)
    label = service.upper() if len(service) <= 4 else service
    return f"{label} {operation.type.rsplit(':', 1)[-1]} ({operation.id or operation.name})"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [(hours, "h"), (minutes, "m"), (rest, "s")]
    return "".join(f"{number}{unit}" for number, unit in parts if number) or "0s"
