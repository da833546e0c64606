"""A program run as the language host runs it; the test plays the engine that it registers resources with."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, resource_pb2, resource_pb2_grpc

from groundplan.rehearsal.providers import language_exec

_TIMEOUT_S = 20
_PARALLEL = 16
_AT_ONCE = 40
"""More than asyncio's own threads on a machine of any size."""


class Monitor(resource_pb2_grpc.ResourceMonitorServicer, engine_pb2_grpc.EngineServicer):
    """Lets no resource finish before `_AT_ONCE` of them are being registered."""

    def __init__(self) -> None:
        self.together = threading.Barrier(_AT_ONCE)
        self.severities: list[int] = []

    def SupportsFeature(  # noqa: N802 - the protocol's name
        self, request: resource_pb2.SupportsFeatureRequest, context: grpc.ServicerContext
    ) -> resource_pb2.SupportsFeatureResponse:
        """All features of today."""
        del request, context
        return resource_pb2.SupportsFeatureResponse(hasSupport=True)

    def RegisterResource(  # noqa: N802 - the protocol's name
        self, request: resource_pb2.RegisterResourceRequest, context: grpc.ServicerContext
    ) -> resource_pb2.RegisterResourceResponse:
        """The stack at once, components together."""
        del context
        if request.type != "pulumi:pulumi:Stack":
            self.together.wait(_TIMEOUT_S)
        return resource_pb2.RegisterResourceResponse(urn=f"urn:pulumi:s::p::{request.type}::{request.name}")

    def RegisterResourceOutputs(  # noqa: N802 - the protocol's name
        self, request: resource_pb2.RegisterResourceOutputsRequest, context: grpc.ServicerContext
    ) -> empty_pb2.Empty:
        """Nothing to keep."""
        del request, context
        return empty_pb2.Empty()

    def SignalAndWaitForShutdown(  # noqa: N802 - the protocol's name
        self, request: empty_pb2.Empty, context: grpc.ServicerContext
    ) -> empty_pb2.Empty:
        """The program may end at once."""
        del request, context
        return empty_pb2.Empty()

    def SetRootResource(  # noqa: N802 - the protocol's name
        self, request: engine_pb2.SetRootResourceRequest, context: grpc.ServicerContext
    ) -> engine_pb2.SetRootResourceResponse:
        """Nothing to keep."""
        del request, context
        return engine_pb2.SetRootResourceResponse()

    def Log(  # noqa: N802 - the protocol's name
        self, request: engine_pb2.LogRequest, context: grpc.ServicerContext
    ) -> empty_pb2.Empty:
        """Keep how severe it is."""
        del context
        self.severities.append(request.severity)
        return empty_pb2.Empty()


@pytest.fixture
def monitor() -> Monitor:
    """The engine."""
    return Monitor()


@pytest.fixture
def address(monitor: Monitor) -> Generator[str]:
    """Where the engine listens."""
    server = grpc.server(ThreadPoolExecutor(max_workers=2 * _AT_ONCE))
    resource_pb2_grpc.add_ResourceMonitorServicer_to_server(monitor, server)
    engine_pb2_grpc.add_EngineServicer_to_server(monitor, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"127.0.0.1:{port}"
    server.stop(grace=None).wait()


def test_registrations_keep_a_parallel_engine_busy(address: str, tmp_path: Path) -> None:
    """A program offers the engine more resources at a time than asyncio's own threads would."""
    program = tmp_path / "__main__.py"
    program.write_text(
        "import pulumi\n"
        f"for number in range({_AT_ONCE}):\n"
        "    pulumi.ComponentResource('test:index:Part', f'part-{number}')\n"
    )
    _run(address, tmp_path)


@pytest.mark.parametrize(
    ("options", "severities"),
    [((), {engine_pb2.DEBUG, engine_pb2.WARNING}), (("--no-debug",), {engine_pb2.WARNING})],
)
def test_debug_messages_are_kept_back_on_request(
    address: str, monitor: Monitor, tmp_path: Path, options: tuple[str, ...], severities: set[int]
) -> None:
    """Those of the SDK and of the program; nothing else is kept back."""
    (tmp_path / "__main__.py").write_text("import pulumi\npulumi.log.debug('a')\npulumi.warn('b')\n")
    _run(address, tmp_path, *options)
    assert set(monitor.severities) == severities


def _run(address: str, program: Path, *options: str) -> None:
    names = {"monitor": address, "engine": address, "project": "p", "stack": "s", "organization": "o"}
    arguments = [f"--{name}={value}" for name, value in names.items()]
    arguments += [*options, f"--root-directory={program}", f"--parallel={_PARALLEL}", str(program)]
    ended = subprocess.run(
        [sys.executable, language_exec.__file__, *arguments],
        check=False,
        capture_output=True,
        text=True,
        timeout=2 * _TIMEOUT_S,
    )
    assert ended.returncode == 0, ended.stderr
