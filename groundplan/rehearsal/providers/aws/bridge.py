"""The Terraform bridge: Pulumi's own code that runs terraform-provider-aws and speaks Pulumi's protocol."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import grpc
import psutil
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from groundplan.errors import GroundplanError
from groundplan.rehearsal.providers.aws import bridge_schema
from groundplan.rehearsal.providers.grpc_server import OPTIONS

_NO_ENGINE = "127.0.0.1:1"
"""The bridge wants an engine's address to start with; the real one comes with each `Attach`."""
_START_TIMEOUT_S = 60
_SCHEMA_TIMEOUT_S = 300
_GRACE_S = 5


class Bridge:
    """A running bridge with its provider.

    Args:
        program: the bridge.
        provider: `terraform-provider-aws`; the bridge takes the package's name from the file's.
        environment: variables of both processes; credentials and the endpoint come this way.

    Raises:
        GroundplanError: one of them does not start.
    """

    def __init__(self, program: Path, provider: Path, environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [str(program), _NO_ENGINE], stdout=subprocess.PIPE, env=dict(environment), text=True
        )
        port = self._process.stdout.readline().strip() if self._process.stdout else ""
        if not port.isdigit():
            raise GroundplanError(f"{program} ended before it listened (exit code {self._process.wait()}).")
        self._channel = grpc.insecure_channel(f"127.0.0.1:{port}", options=list(OPTIONS))
        self.stub = provider_pb2_grpc.ResourceProviderStub(self._channel)
        try:
            self.stub.Parameterize(
                provider_pb2.ParameterizeRequest(
                    args=provider_pb2.ParameterizeRequest.ParametersArgs(args=[str(provider)])
                ),
                timeout=_START_TIMEOUT_S,
            )
        except grpc.RpcError as error:
            self.close()
            reason = error.details() if isinstance(error, grpc.Call) else error
            raise GroundplanError(f"{provider} does not start: {reason}") from error

    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    def write_schema(self, file: Path) -> None:
        """Write names and types of everything that the provider has. Takes half a minute."""
        answer = self.stub.GetSchema(provider_pb2.GetSchemaRequest(), timeout=_SCHEMA_TIMEOUT_S)
        bridge_schema.save(json.loads(answer.schema), file)

    def close(self) -> None:
        """End the bridge and the provider, which would outlive a bridge that is merely terminated."""
        self._channel.close()
        processes = (
            [psutil.Process(self._process.pid), *_descendants(self._process.pid)] if self.alive() else []
        )
        for process in processes:
            _signal(process, "terminate")
        _, stubborn = psutil.wait_procs(processes, timeout=_GRACE_S)
        for process in stubborn:
            _signal(process, "kill")
        self._process.wait()


def schema_file(cache: Path, provider: Path) -> Path:
    """Where the reduced schema of one build of the provider is kept."""
    status = provider.resolve().stat()
    return cache / "aws-schema" / f"{status.st_size:x}-{status.st_mtime_ns:x}.db"


def ensure_schema(cache: Path, program: Path, provider: Path) -> Path:
    """The schema's file in the cache; written by a bridge that is started for it if it is not there.

    Raises:
        GroundplanError: the bridge does not start.
    """
    file = schema_file(cache, provider)
    if not file.exists():
        bridge = Bridge(program, provider, {"PATH": os.environ.get("PATH", ""), "HOME": str(Path.home())})
        try:
            bridge.write_schema(file)
        finally:
            bridge.close()
    return file


def _descendants(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def _signal(process: psutil.Process, how: str) -> None:
    try:
        getattr(process, how)()
    except psutil.NoSuchProcess:
        return
