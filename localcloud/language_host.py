"""Pulumi's Python language host for engines that were built here (published ones bring their own).

The engine starts it as ``pulumi-language-python``; `pulumi up` and `pulumi preview` then run the program in
the interpreter that runs this file. Component packages and policy packs are started through `RunPlugin`.
"""

import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from concurrent import futures
from importlib import metadata
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2

_PROGRAM = "localcloud.language_program"


class _Servicer(language_pb2_grpc.LanguageRuntimeServicer):
    """The calls that a Python program needs; code generation is the published host's business."""

    def __init__(self, engine: str) -> None:
        self._engine = engine
        self._running: list[subprocess.Popen[bytes]] = []

    def Handshake(self, request: Any, context: Any) -> Any:
        self._engine = request.engine_address or self._engine
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return plugin_pb2.PluginInfo(version=metadata.version("pulumi"))

    def GetRequiredPlugins(self, request: Any, context: Any) -> Any:
        return language_pb2.GetRequiredPluginsResponse()

    def GetRequiredPackages(self, request: Any, context: Any) -> Any:
        return language_pb2.GetRequiredPackagesResponse()

    def RuntimeOptionsPrompts(self, request: Any, context: Any) -> Any:
        return language_pb2.RuntimeOptionsResponse()

    def About(self, request: Any, context: Any) -> Any:
        return language_pb2.AboutResponse(executable=sys.executable, version=platform.python_version())

    def GetProgramDependencies(self, request: Any, context: Any) -> Any:
        found = sorted(
            {(d.metadata["Name"], d.version) for d in metadata.distributions() if d.metadata["Name"]}
        )
        dependencies = [language_pb2.DependencyInfo(name=name, version=version) for name, version in found]
        return language_pb2.GetProgramDependenciesResponse(dependencies=dependencies)

    def InstallDependencies(self, request: Any, context: Any) -> Any:
        # `make` has installed them, from the lock: there is nothing left to do.
        return iter([language_pb2.InstallDependenciesResponse()])

    def Run(self, request: Any, context: Any) -> Any:
        program = Path(request.info.program_directory) / (request.info.entry_point or ".")
        settings = {
            "program": str(program),
            "monitor": request.monitor_address,
            "engine": self._engine,
            "project": request.project,
            "stack": request.stack,
            "organization": request.organization,
            "root_directory": request.info.root_directory,
            "parallel": request.parallel,
            "dry_run": request.dryRun,
            "config": dict(request.config),
            "secret_keys": list(request.configSecretKeys),
            "arguments": list(request.args),
        }
        # Configuration holds secrets in the clear: it goes through a pipe, never through argv or a file.
        child = subprocess.Popen(
            [sys.executable, "-u", "-m", _PROGRAM],
            cwd=request.pwd,
            stdin=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": _with_own_code()},
        )
        self._running.append(child)
        child.communicate(json.dumps(settings).encode())
        if child.returncode == 0:
            return language_pb2.RunResponse()
        if child.returncode == 32:
            return language_pb2.RunResponse(bail=True)  # the program has already reported its error
        return language_pb2.RunResponse(error=f"Program exited with code {child.returncode}")

    def RunPlugin(self, request: Any, context: Any) -> Any:
        environment = dict(item.split("=", 1) for item in request.env)
        folder = request.info.program_directory or request.program
        with tempfile.TemporaryFile() as errors:
            child = subprocess.Popen(
                [sys.executable, "-u", folder, *request.args],
                cwd=request.pwd,
                env={**os.environ, **environment},
                stdout=subprocess.PIPE,
                stderr=errors,
            )
            self._running.append(child)
            assert child.stdout is not None
            for line in child.stdout:
                yield language_pb2.RunPluginResponse(stdout=line)
            code = child.wait()
            errors.seek(0)
            yield language_pb2.RunPluginResponse(stderr=errors.read())
        yield language_pb2.RunPluginResponse(exitcode=code)

    def Cancel(self, request: Any, context: Any) -> Any:
        for child in self._running:
            if child.poll() is None:
                child.terminate()
        return empty_pb2.Empty()


def _with_own_code() -> str:
    own = str(Path(__file__).resolve().parent.parent)
    given = os.environ.get("PYTHONPATH")
    return f"{own}{os.pathsep}{given}" if given else own


def _leave(number: int, frame: object) -> None:
    del number, frame
    os._exit(0)


def main() -> None:
    """Serve until the engine ends this process; the port is the first output line."""
    engine = next((argument for argument in sys.argv[1:] if not argument.startswith("-")), "")
    server = grpc.server(
        futures.ThreadPoolExecutor(max_workers=16), options=[("grpc.max_receive_message_length", 400 << 20)]
    )
    add: Any = language_pb2_grpc.add_LanguageRuntimeServicer_to_server  # pyright: ignore[reportUnknownMemberType] -- generated, untyped
    add(_Servicer(engine), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    parent = os.getppid()
    # The engine may be killed without a word: leave with it.
    while os.getppid() == parent:
        time.sleep(0.5)
    # A call may still wait for its program, which waits for the engine: a plain return would wait for both.
    os._exit(0)


if __name__ == "__main__":
    # The engine interrupts its plugins when it is done with them: leave at once, without a traceback.
    signal.signal(signal.SIGINT, _leave)
    main()
