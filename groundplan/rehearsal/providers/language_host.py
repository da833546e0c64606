"""The Python language host of the Pulumi engine: runs programs and policy packs.

The official host is not on the registries that a rehearsal may use, but its protocol is public and its
classes are inside the `pulumi` wheel. The engine starts `pulumi-language-python ENGINE_ADDRESS`, reads the
port from the first line of its output, and shows every further line to the user; so programs inherit this
process's streams.

The SDK sends five debug messages for each resource, and the engine throws them away unless it was asked for
them: with `GROUNDPLAN_NO_DEBUG` set, programs send them to an engine with `--debug` only.

The interpreter is that of the `virtualenv` option in Pulumi.yaml (absolute, or relative to the project), else
the one that runs groundplan.
"""

from __future__ import annotations

import hashlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import IO

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2

from groundplan.rehearsal.providers import language_exec, warm_child, warm_request
from groundplan.rehearsal.providers.grpc_server import OPTIONS

LEAN_FILE = ("infra", "lean_sdks.py")
"""Below a project's root."""
NO_DEBUG = "GROUNDPLAN_NO_DEBUG"
_CHUNK_BYTES = 65536
_GRACE_S = 5


Child = subprocess.Popen[bytes] | warm_child.WarmChild
"""A program or policy pack that runs."""


class LanguageHost(language_pb2_grpc.LanguageRuntimeServicer):
    """Answers the engine. One instance serves one run of the Pulumi CLI.

    Args:
        engine_address: where the engine listens; programs and policy packs report to it.

    Attributes:
        ended: set once the engine has said that it needs the host no more.
    """

    def __init__(self, engine_address: str) -> None:
        self.ended = threading.Event()
        self._engine_address = engine_address
        self._children: set[Child] = set()
        self._lock = threading.Lock()

    def Handshake(  # noqa: N802 - the protocol's name
        self, request: language_pb2.LanguageHandshakeRequest, context: grpc.ServicerContext
    ) -> language_pb2.LanguageHandshakeResponse:
        """Keep the engine's address."""
        del context
        self._engine_address = request.engine_address
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(  # noqa: N802 - the protocol's name
        self, request: empty_pb2.Empty, context: grpc.ServicerContext
    ) -> plugin_pb2.PluginInfo:
        """The version of the SDK whose protocol this host speaks."""
        del request, context
        return plugin_pb2.PluginInfo(version=version("pulumi"))

    def GetRequiredPackages(  # noqa: N802 - the protocol's name
        self, request: language_pb2.GetRequiredPackagesRequest, context: grpc.ServicerContext
    ) -> language_pb2.GetRequiredPackagesResponse:
        """None: a rehearsal attaches its providers, so that the engine must not fetch plugins."""
        del request, context
        return language_pb2.GetRequiredPackagesResponse()

    def GetRequiredPlugins(  # noqa: N802 - the protocol's name
        self, request: language_pb2.GetRequiredPluginsRequest, context: grpc.ServicerContext
    ) -> language_pb2.GetRequiredPluginsResponse:
        """None, as in `GetRequiredPackages`."""
        del request, context
        return language_pb2.GetRequiredPluginsResponse()

    def Run(  # noqa: N802 - the protocol's name
        self, request: language_pb2.RunRequest, context: grpc.ServicerContext
    ) -> language_pb2.RunResponse:
        """Run the program in a child process to its end."""
        del context
        argv = [
            _interpreter(request.info),
            "-u",
            language_exec.__file__,
            *_arguments(request, self._engine_address),
        ]
        environment = {
            **os.environ,
            "PULUMI_CONFIG": json.dumps(dict(request.config)),
            "PULUMI_CONFIG_SECRET_KEYS": json.dumps(list(request.configSecretKeys)),
        }
        try:
            child = self._start(argv, cwd=request.pwd, env=environment, lean=_lean(request.info))
        except OSError as error:
            return language_pb2.RunResponse(error=f"cannot start {argv[0]}: {error}")
        return _result(self._wait(child))

    def RunPlugin(  # noqa: N802 - the protocol's name
        self, request: language_pb2.RunPluginRequest, context: grpc.ServicerContext
    ) -> Iterator[language_pb2.RunPluginResponse]:
        """Run a policy pack and stream its output; it ends when the engine hangs up."""
        if request.kind != "analyzer":
            context.abort(
                grpc.StatusCode.UNIMPLEMENTED,
                f"this host runs policy packs, not plugins of kind {request.kind!r}",
            )
        argv = [
            _interpreter(request.info),
            "-u",
            "-m",
            "pulumi.policy",
            *request.args,
            request.info.program_directory,
        ]
        environment = dict(entry.split("=", 1) for entry in request.env) if request.env else dict(os.environ)
        child = self._start(argv, cwd=request.pwd, env=environment, piped=True)
        context.add_callback(lambda: _terminate(child))
        yield from _streamed(child)
        yield language_pb2.RunPluginResponse(exitcode=self._wait(child))

    def Cancel(  # noqa: N802 - the protocol's name
        self, request: empty_pb2.Empty, context: grpc.ServicerContext
    ) -> empty_pb2.Empty:
        """End what runs, then the host: the engine waits seconds for it before it kills it."""
        del request, context
        self.close()
        self.ended.set()
        return empty_pb2.Empty()

    def close(self) -> None:
        """Terminate every child process."""
        with self._lock:
            children = tuple(self._children)
        for child in children:
            _terminate(child)

    def _start(
        self,
        argv: list[str],
        *,
        cwd: str,
        env: Mapping[str, str],
        piped: bool = False,
        lean: str | None = None,
    ) -> Child:
        child: Child | None = warm_child.start(argv, cwd=cwd, env=env, piped=piped, lean=lean)
        if child is None:
            stream = subprocess.PIPE if piped else None
            child = subprocess.Popen(
                argv, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=stream, stderr=stream
            )
        with self._lock:
            self._children.add(child)
        return child

    def _wait(self, child: Child) -> int:
        code = child.wait()
        with self._lock:
            self._children.discard(child)
        return code


def main() -> None:
    """Serve until the engine ends this process."""
    addresses = [argument for argument in sys.argv[1:] if not argument.startswith("-")]
    host = LanguageHost(addresses[-1] if addresses else "")
    # Ctrl-C reaches the whole process group: the engine decides what happens, and ends this host in the end.
    signal.signal(signal.SIGINT, lambda *_: None)
    signal.signal(signal.SIGTERM, lambda *_: host.ended.set())
    server = grpc.server(ThreadPoolExecutor(max_workers=16), options=list(OPTIONS))
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(host, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    threading.Thread(target=_watch_engine, args=(host.ended,), daemon=True).start()
    host.ended.wait()
    host.close()
    server.stop(grace=_GRACE_S).wait()  # what is being answered, `Cancel` itself above all, still arrives


def _watch_engine(ended: threading.Event) -> None:
    """An engine that was killed closes our standard input and cannot say goodbye."""
    while os.read(sys.stdin.fileno(), _CHUNK_BYTES):
        pass
    ended.set()


def _interpreter(info: language_pb2.ProgramInfo) -> str:
    options = dict(info.options)
    folder = options.get("virtualenv")
    if not folder:
        return sys.executable
    return str(Path(info.root_directory, str(folder), "bin", "python"))


def _lean(info: language_pb2.ProgramInfo) -> str:
    """Digest of the program's file that keeps imports small; empty where there is none."""
    try:
        return hashlib.sha256(Path(info.root_directory, *LEAN_FILE).read_bytes()).hexdigest()
    except OSError:
        return ""


def _arguments(request: language_pb2.RunRequest, engine_address: str) -> list[str]:
    program = Path(request.info.program_directory, request.info.entry_point or ".").resolve()
    values = {
        "monitor": request.monitor_address,
        "engine": engine_address,
        "project": request.project,
        "stack": request.stack,
        "organization": request.organization,
        "root-directory": request.info.root_directory,
        "parallel": str(request.parallel),
    }
    flags = {"--dry-run": request.dryRun, "--no-debug": bool(os.environ.get(NO_DEBUG)) and not _debugs()}
    arguments = [f"--{name}={value}" for name, value in values.items()]
    return [*arguments, *(flag for flag, given in flags.items() if given), str(program)]


def _debugs() -> bool:
    """Whether the engine, which started this process, was asked for debug messages."""
    engine = os.environ.get(warm_request.STARTED_BY) or os.getppid()
    words = Path(f"/proc/{engine}/cmdline").read_bytes().decode(errors="replace").split("\0")
    return any(word in {"-d", "--debug", "--debug=true"} for word in words)


def _result(code: int) -> language_pb2.RunResponse:
    if code == 0:
        return language_pb2.RunResponse()
    if code == language_exec.EXPLAINED_EXIT_CODE:
        return language_pb2.RunResponse(bail=True)
    reason = f"was ended by signal {signal.Signals(-code).name}" if code < 0 else f"exited with code {code}"
    return language_pb2.RunResponse(error=f"Program {reason}")


def _streamed(child: Child) -> Iterator[language_pb2.RunPluginResponse]:
    """What the child writes, as it comes, until both of its streams are closed."""
    lines: queue.Queue[language_pb2.RunPluginResponse | None] = queue.Queue()

    def forward(stream: IO[bytes], *, is_error: bool) -> None:
        while chunk := os.read(stream.fileno(), _CHUNK_BYTES):
            message = language_pb2.RunPluginResponse
            lines.put(message(stderr=chunk) if is_error else message(stdout=chunk))
        lines.put(None)

    streams = ((child.stdout, False), (child.stderr, True))
    open_streams = 0
    for stream, is_error in streams:
        if stream:
            threading.Thread(
                target=forward, args=(stream,), kwargs={"is_error": is_error}, daemon=True
            ).start()
            open_streams += 1
    while open_streams:
        line = lines.get()
        if line is None:
            open_streams -= 1
        else:
            yield line


def _terminate(child: Child) -> None:
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            child.kill()


if __name__ == "__main__":
    main()
