"""Serves a `Provider` by Pulumi's resource provider protocol: gRPC, property encoding and error reporting."""

import contextlib
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

from localcloud.providers.protocol import (
    CheckFailure,
    Diff,
    PartialFailureError,
    Properties,
    Provider,
    ProviderError,
    without_nulls,
)
from localcloud.simulation.clock_calls import call_interceptors
from localcloud.simulation.operations import Around, Operation, Verb, nothing_around


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


def encode(properties: Mapping[str, Any]) -> struct_pb2.Struct:
    """Protobuf Struct of plain properties; None is left out, except in `WithNulls`."""
    struct = struct_pb2.Struct()
    struct.update(cast("dict[str, Any]", without_nulls(properties)))
    return struct


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
