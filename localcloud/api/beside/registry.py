"""Puts the local cloud's own answers in the place of moto's, in the form of the real API."""

import importlib
import re
from collections.abc import Callable
from typing import Any

from localcloud.api.libraries import module
from localcloud.api.world import World
from localcloud.aws.errors import AwsError
from localcloud.providers.protocol import ProviderError

Arguments = dict[str, Any]
Handler = Callable[[World, Arguments], dict[str, Any]]
Guard = Callable[[World, Arguments], None]

_MODULES = (
    "buckets",
    "capacity",
    "eks_reads",
    "eks_changes",
    "eks_refusals",
    "groups",
    "identity",
    "images",
    "quotas",
    "tagging",
)

_HANDLERS: dict[str, dict[str, Handler]] = {}
_GUARDS: dict[str, dict[str, Guard]] = {}
_SETUPS: list[Callable[[World], None]] = []

_RESPONSES = {
    "ec2": ("moto.ec2.responses", "EC2Response"),
    "eks": ("moto.eks.responses", "EKSResponse"),
    "resource-groups": ("moto.resourcegroups.responses", "ResourceGroupsResponse"),
    "service-quotas": ("moto.servicequotas.responses", "ServiceQuotasResponse"),
    "sts": ("moto.sts.responses", "TokenResponse"),
}


def answers(service: str, operation: str) -> Callable[[Handler], Handler]:
    """Decorator: this function answers the operation. It gets the arguments as the API names them."""

    def register(handler: Handler) -> Handler:
        _HANDLERS.setdefault(service, {})[operation] = handler
        return handler

    return register


def guards(service: str, operation: str) -> Callable[[Guard], Guard]:
    """Decorator: this function may refuse the operation, which moto then answers if it did not."""

    def register(guard: Guard) -> Guard:
        _GUARDS.setdefault(service, {})[operation] = guard
        return guard

    return register


def handled(service: str) -> frozenset[str]:
    """The operations of a service that the local cloud answers itself."""
    return frozenset(_HANDLERS.get(service, {}))


def prepares(setup: Callable[[World], None]) -> Callable[[World], None]:
    """Decorator: call this once when the server starts."""
    _SETUPS.append(setup)
    return setup


def install(world: World) -> None:
    """Register every answer with moto. Output goes through moto's serializer, which follows botocore's models."""
    for name in _MODULES:
        importlib.import_module(f"localcloud.api.beside.{name}")
    for service, handlers in _HANDLERS.items():
        place, name = _RESPONSES[service]
        kind = getattr(module(place), name)
        for operation, handler in handlers.items():
            method = module("moto.core.utils").camelcase_to_underscores(operation)
            setattr(kind, method, _method(world, service, handler))
    for service, guarded in _GUARDS.items():
        place, name = _RESPONSES[service]
        kind = getattr(module(place), name)
        for operation, guard in guarded.items():
            method = module("moto.core.utils").camelcase_to_underscores(operation)
            now = getattr(kind, method)
            setattr(kind, method, _guarded(world, service, guard, getattr(now, "motos", now)))
    for setup in _SETUPS:
        setup(world)


def refused(code: str, message: str) -> AwsError:
    """An error of the API."""
    return AwsError(code, message)


def _method(world: World, service: str, handler: Handler) -> Callable[[Any], Any]:
    def method(response: Any) -> Any:
        response.parse_parameters(response.normalized_request)
        given: Arguments = dict(response.params)
        try:
            return module("moto.core.responses").ActionResult(handler(world, given))
        except ProviderError as error:
            raise _translated(service, error) from None

    return method


def _guarded(world: World, service: str, guard: Guard, motos: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def method(response: Any) -> Any:
        response.parse_parameters(response.normalized_request)
        try:
            guard(world, dict(response.params))
        except ProviderError as error:
            raise _translated(service, error) from None
        return motos(response)

    method.motos = motos  # type: ignore[attr-defined]
    return method


def _translated(service: str, error: ProviderError) -> Exception:
    """A refusal of the simulated account, with AWS's code when it has one, as moto serializes it."""
    found = re.search(r"api error ([\w.]+): (.*)", str(error), re.DOTALL)
    code, message = found.groups() if found else ("ServerException", str(error))
    # moto reads from an exception's module whose model describes it.
    place, _ = _RESPONSES[service]
    kind = type(code, (module("moto.core.exceptions").ServiceException,), {"__module__": place})
    return kind(code, message)
