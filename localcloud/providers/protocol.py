"""Pulumi's resource provider protocol, reduced to Python values.

A provider subclasses `Provider` and is started by `serve`; this module does gRPC, property encoding and
error reporting. Secrets arrive unwrapped (the engine re-wraps outputs of the same name) and unknown values
arrive as `UNKNOWN`.
"""

import contextlib
import dataclasses
import os
import signal
import sys
import threading
import traceback
from collections.abc import Generator, Mapping
from concurrent import futures
from typing import Any, cast

import grpc
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from localcloud.simulation.operations import Around, Operation, Verb, nothing_around

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""The engine's marker of a value that is not known before the update runs."""

Properties = dict[str, Any]
"""Resource properties: JSON-like values by camelCase name."""


class ProviderError(Exception):
    """An operation that failed; its text is shown to the user as it is."""


class AnswerLostError(ProviderError):
    """An operation that may well have been done, but whose answer never reached the provider."""


class PartialFailureError(ProviderError):
    """A create or update that left a resource behind: the engine keeps its id and state for the next run."""

    def __init__(self, message: str, id_: str, state: Properties, inputs: Properties) -> None:
        super().__init__(message)
        self.id = id_
        self.state = state
        self.inputs = inputs


@dataclasses.dataclass(frozen=True)
class CheckFailure:
    """One refused input."""

    property: str
    """Property path in camelCase, for example ``tags.Name`` or ``scalingConfig.minSize``."""
    reason: str


@dataclasses.dataclass(frozen=True)
class Change:
    """One changed property of a diff."""

    path: str
    kind: str = "update"
    """``add``, ``update`` or ``delete``."""
    replace: bool = False
    input_diff: bool = True


@dataclasses.dataclass(frozen=True)
class Diff:
    """How new inputs differ from a resource's old ones."""

    changes: tuple[Change, ...] = ()
    delete_before_replace: bool = False


class Provider:
    """A resource provider in terms of plain values. Every method may raise `ProviderError`."""

    name = ""
    version = "0.0.0"

    def check_config(self, inputs: Properties) -> list[CheckFailure]:
        """Faults of the provider's own configuration."""
        del inputs
        return []

    def diff_config(self, old: Properties, new: Properties) -> Diff:
        """Differences of the provider's own configuration."""
        return Diff(tuple(Change(key) for key in sorted({*old, *new}) if old.get(key) != new.get(key)))

    def configure(self, inputs: Properties) -> None:
        """Take the checked configuration; called once before any resource."""

    def check(
        self, type_: str, name: str, old: Properties, new: Properties
    ) -> tuple[Properties, list[CheckFailure]]:
        """The complete inputs of a resource (defaults and auto-names filled in), and what is wrong with them.

        ``old`` holds the inputs of the last update, empty for a new resource.
        """
        raise NotImplementedError

    def diff(self, type_: str, id_: str, old_inputs: Properties, state: Properties, new: Properties) -> Diff:
        """What changes between the last checked inputs and the new ones."""
        raise NotImplementedError

    def create(
        self, type_: str, name: str, inputs: Properties, *, preview: bool, timeout: float
    ) -> tuple[str, Properties]:
        """Make the resource: its id and its state (inputs and computed outputs)."""
        raise NotImplementedError

    def read(
        self, type_: str, id_: str, inputs: Properties, state: Properties
    ) -> tuple[str, Properties, Properties] | None:
        """The resource as it is: id, inputs and state; None when it is gone."""
        raise NotImplementedError

    def update(
        self,
        type_: str,
        id_: str,
        state: Properties,
        old_inputs: Properties,
        new: Properties,
        *,
        preview: bool,
        timeout: float,
    ) -> Properties:
        """Change the resource in place; returns its new state."""
        raise NotImplementedError

    def delete(self, type_: str, id_: str, state: Properties, *, timeout: float) -> None:
        """Remove the resource; a resource that is already gone is no error."""
        raise NotImplementedError

    def invoke(self, token: str, args: Properties) -> Properties:
        """Answer a function call."""
        raise ProviderError(f"{self.name} of the local cloud has no function {token}")

    def construct(self, request: Any) -> Any:
        """Build a remote component; takes and returns the protocol's own messages."""
        raise ProviderError(f"{self.name} of the local cloud has no component {request.type}")


def decode(message: Any) -> Properties:
    """Plain properties of a protobuf Struct: whole numbers as int, secrets unwrapped."""
    return {key: _decode(value) for key, value in message.fields.items()}


_SIGNATURE = "4dabf18193072939515e22adb298388d"


def _decode(value: Any) -> Any:
    match value.WhichOneof("kind"):
        case "number_value":
            number = value.number_value
            return int(number) if float(number).is_integer() else number
        case "string_value":
            return value.string_value
        case "bool_value":
            return value.bool_value
        case "struct_value":
            plain = decode(value.struct_value)
            return plain.get("value") if _SIGNATURE in plain and "value" in plain else plain
        case "list_value":
            return [_decode(item) for item in value.list_value.values]
        case _:
            return None


class WithNulls(dict[str, Any]):
    """A mapping in which None is a value of its own, such as Helm values whose nulls remove a chart's defaults."""


def encode(properties: Mapping[str, Any]) -> struct_pb2.Struct:
    """Protobuf Struct of plain properties; None is left out, except in `WithNulls`."""
    struct = struct_pb2.Struct()
    struct.update(cast("dict[str, Any]", without_nulls(properties)))
    return struct


def without_nulls(value: Any) -> Any:
    """A value without the None in its mappings; what is in a `WithNulls` stays as it is."""
    if isinstance(value, WithNulls):
        return dict(value)
    if isinstance(value, Mapping):
        items = cast("Mapping[str, Any]", value).items()
        return {key: without_nulls(item) for key, item in items if item is not None}
    if isinstance(value, list | tuple):
        return [without_nulls(item) for item in cast("list[Any]", value)]
    return value


def contains_unknown(value: Any) -> bool:
    """Whether a value is or holds the engine's unknown marker."""
    if isinstance(value, str):
        return value == UNKNOWN
    if isinstance(value, Mapping):
        return any(contains_unknown(item) for item in cast("Mapping[str, Any]", value).values())
    if isinstance(value, list):
        return any(contains_unknown(item) for item in cast("list[Any]", value))
    return False


_KINDS = {
    ("add", False): "ADD",
    ("add", True): "ADD_REPLACE",
    ("update", False): "UPDATE",
    ("update", True): "UPDATE_REPLACE",
    ("delete", False): "DELETE",
    ("delete", True): "DELETE_REPLACE",
}


def _diff_response(diff: Diff) -> Any:
    detailed = {
        change.path: provider_pb2.PropertyDiff(
            kind=getattr(provider_pb2.PropertyDiff, _KINDS[change.kind, change.replace]),
            inputDiff=change.input_diff,
        )
        for change in diff.changes
    }
    return provider_pb2.DiffResponse(
        changes=provider_pb2.DiffResponse.DIFF_SOME if diff.changes else provider_pb2.DiffResponse.DIFF_NONE,
        diffs=sorted({change.path.split(".")[0].split("[")[0] for change in diff.changes}),
        replaces=sorted(
            {change.path.split(".")[0].split("[")[0] for change in diff.changes if change.replace}
        ),
        detailedDiff=detailed,
        hasDetailedDiff=True,
        deleteBeforeReplace=diff.delete_before_replace,
    )


class _Servicer(provider_pb2_grpc.ResourceProviderServicer):
    """Translates the protocol to a `Provider`."""

    def __init__(self, provider: Provider, around: Around = nothing_around) -> None:
        self._provider = provider
        self._around = around
        self._reference = ""
        self.stopped = threading.Event()

    def Handshake(self, request: Any, context: Any) -> Any:
        return provider_pb2.ProviderHandshakeResponse(
            accept_secrets=False, accept_resources=False, accept_outputs=False
        )

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return plugin_pb2.PluginInfo(version=self._provider.version)

    def CheckConfig(self, request: Any, context: Any) -> Any:
        with _reported(context):
            news = decode(request.news)
            failures = self._provider.check_config(news)
            return provider_pb2.CheckResponse(inputs=request.news, failures=_failures(failures))

    def DiffConfig(self, request: Any, context: Any) -> Any:
        with _reported(context):
            return _diff_response(
                self._provider.diff_config(decode(request.old_inputs), decode(request.news))
            )

    def Configure(self, request: Any, context: Any) -> Any:
        with _reported(context):
            if request.urn and request.id:
                self._reference = f"{request.urn}::{request.id}"
            self._provider.configure(decode(request.args))
            return provider_pb2.ConfigureResponse(
                acceptSecrets=False, supportsPreview=True, acceptResources=False, acceptOutputs=False
            )

    def Check(self, request: Any, context: Any) -> Any:
        with _reported(context):
            type_, name = _type_and_name(request.urn)
            inputs, failures = self._provider.check(type_, name, decode(request.olds), decode(request.news))
            return provider_pb2.CheckResponse(inputs=encode(inputs), failures=_failures(failures))

    def Diff(self, request: Any, context: Any) -> Any:
        with _reported(context):
            type_, _ = _type_and_name(request.urn)
            diff = self._provider.diff(
                type_, request.id, decode(request.old_inputs), decode(request.olds), decode(request.news)
            )
            return _diff_response(diff)

    def Create(self, request: Any, context: Any) -> Any:
        with _reported(context):
            type_, name = _type_and_name(request.urn)
            inputs = decode(request.properties)
            with self._operation("create", request, inputs) as operation:
                id_, state = self._provider.create(
                    type_, name, inputs, preview=request.preview, timeout=request.timeout
                )
                operation.id, operation.state = id_, state
            return provider_pb2.CreateResponse(id="" if request.preview else id_, properties=encode(state))

    def Read(self, request: Any, context: Any) -> Any:
        with _reported(context):
            type_, _ = _type_and_name(request.urn)
            found = self._provider.read(type_, request.id, decode(request.inputs), decode(request.properties))
            if found is None:
                return provider_pb2.ReadResponse(id="")
            id_, inputs, state = found
            return provider_pb2.ReadResponse(id=id_, inputs=encode(inputs), properties=encode(state))

    def Update(self, request: Any, context: Any) -> Any:
        with _reported(context):
            type_, _ = _type_and_name(request.urn)
            news = decode(request.news)
            with self._operation("update", request, news) as operation:
                state = self._provider.update(
                    type_,
                    request.id,
                    decode(request.olds),
                    decode(request.old_inputs),
                    news,
                    preview=request.preview,
                    timeout=request.timeout,
                )
                operation.state = state
            return provider_pb2.UpdateResponse(properties=encode(state))

    def Delete(self, request: Any, context: Any) -> Any:
        with _reported(context):
            type_, _ = _type_and_name(request.urn)
            with self._operation("delete", request, {}) as operation:
                operation.removed = decode(request.old_inputs) or decode(request.properties)
                self._provider.delete(type_, request.id, decode(request.properties), timeout=request.timeout)
            return empty_pb2.Empty()

    def Invoke(self, request: Any, context: Any) -> Any:
        with _reported(context):
            answer: dict[str, Any] = {
                "return": encode(self._provider.invoke(request.tok, decode(request.args)))
            }
            return provider_pb2.InvokeResponse(**answer)

    def Construct(self, request: Any, context: Any) -> Any:
        with _reported(context):
            return self._provider.construct(request)

    def Cancel(self, request: Any, context: Any) -> Any:
        # Sent at the end of every run as well as on Ctrl-C. A provider that exits on it looks like a crash to
        # the engine, which interrupts its plugins by signal when it is really done with them.
        return empty_pb2.Empty()

    @contextlib.contextmanager
    def _operation(self, verb: Verb, request: Any, inputs: Properties) -> Generator[Operation]:
        """An operation and what happens around it; nothing around a preview of one."""
        type_, name = _type_and_name(request.urn)
        operation = Operation(
            verb,
            request.urn,
            type_,
            name,
            getattr(request, "id", ""),
            provider=self._reference,
            inputs=inputs,
        )
        if getattr(request, "preview", False):
            yield operation
            return
        with self._around(operation):
            yield operation

    def interrupted(self, signal_number: int, frame: object) -> None:
        """Signal handler: stop when the calls under way are done."""
        del signal_number, frame
        self.stopped.set()


class _reported:  # noqa: N801 -- used as a with-statement's word
    """Turns exceptions into gRPC errors: our own errors with their text, defects with a traceback."""

    def __init__(self, context: Any) -> None:
        self._context = context

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        if error is None or kind is None:
            return
        if isinstance(error, PartialFailureError):
            self._partial(error)
        elif isinstance(error, ProviderError):
            self._context.abort(grpc.StatusCode.UNKNOWN, str(error))
        elif isinstance(error, Exception) and str(error):
            text = "".join(traceback.format_exception(kind, error, trace))
            self._context.abort(grpc.StatusCode.INTERNAL, f"defect in the local cloud: {text}")

    def _partial(self, error: PartialFailureError) -> None:
        from google.protobuf import any_pb2
        from pulumi.runtime.proto import status_pb2

        detail = any_pb2.Any()
        detail.Pack(
            provider_pb2.ErrorResourceInitFailed(
                id=error.id, properties=encode(error.state), reasons=[str(error)], inputs=encode(error.inputs)
            )
        )
        status = status_pb2.Status(
            code=grpc.StatusCode.UNKNOWN.value[0], message=str(error), details=[detail]
        )
        self._context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
        self._context.abort(grpc.StatusCode.UNKNOWN, str(error))


def _failures(failures: list[CheckFailure]) -> list[Any]:
    return [
        provider_pb2.CheckFailure(property=failure.property, reason=failure.reason) for failure in failures
    ]


def _type_and_name(urn: str) -> tuple[str, str]:
    _, _, rest = urn.partition("urn:pulumi:")
    _, _, qualified, name = rest.split("::", 3)
    return qualified.rsplit("$", 1)[-1], name


def serve(provider: Provider, around: Around = nothing_around) -> None:
    """Serve a provider on a free loopback port until the engine ends it; the port is the first output line.

    ``around`` wraps every create, update and delete.
    """
    from localcloud.simulation.clock_calls import call_interceptors  # it imports this module

    server = grpc.server(
        futures.ThreadPoolExecutor(max_workers=64),
        interceptors=call_interceptors(),
        options=[("grpc.max_receive_message_length", 400 << 20)],
    )
    servicer = _Servicer(provider, around)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)  # pyright: ignore[reportUnknownMemberType]
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    # The engine interrupts its plugins when it is done with them, and may be killed without a word: a call
    # that is under way then ends as an AWS call would, but nothing waits for a new one.
    signal.signal(signal.SIGINT, servicer.interrupted)
    parent = os.getppid()
    while os.getppid() == parent and not servicer.stopped.wait(0.1):
        pass
    server.stop(grace=None if os.getppid() == parent else 60).wait()
