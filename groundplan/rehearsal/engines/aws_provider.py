"""The AWS provider of the rehearsal, in the place of the official Pulumi plugin."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import ClassVar

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2_grpc

from groundplan.rehearsal.engines.base import Command, ProcessEngine
from groundplan.rehearsal.providers import grpc_server
from groundplan.rehearsal.providers.aws.bridge import ensure_schema, schema_file
from groundplan.rehearsal.toolchain import Toolbox
from groundplan.rehearsal.toolchain.tools import pinned_version
from groundplan.rehearsal.world import PROJECT_ROOT, World

_BRIDGE = "pulumi-terraform-bridge"
_PROVIDER = "terraform-provider-aws"
_ANSWER_TIMEOUT_S = 2


class AwsProvider(ProcessEngine):
    """Serves `aws:*` resources to the Pulumi engine by terraform-provider-aws. Runs on the machine."""

    name: ClassVar[str] = "aws-provider"
    version: ClassVar[str] = pinned_version(_PROVIDER)
    after: ClassVar[tuple[str, ...]] = ("emulator",)
    stands_for: ClassVar[str] = "the pulumi-aws plugin"
    ready_timeout_s: ClassVar[float] = 90

    def tools(self) -> tuple[str, ...]:
        """The bridge and what it bridges."""
        return (_BRIDGE, _PROVIDER)

    def obtain(self, toolbox: Toolbox) -> None:
        """Get both programs, and the schema that pulumi-aws is compared with (once, half a minute)."""
        super().obtain(toolbox)
        ensure_schema(toolbox.cache, toolbox.path(_BRIDGE), toolbox.path(_PROVIDER))

    def version_used(self, toolbox: Toolbox) -> str:
        """That of the Terraform provider which is there: a mirror's may be older than the pinned one."""
        found = toolbox.find(_PROVIDER)
        return f"{_PROVIDER} {found.version} ({found.source})" if found else "none"

    def command(self, world: World) -> Command:
        """Our adapter, in the interpreter that runs the rehearsal."""
        bridge, provider = self.toolbox.path(_BRIDGE), self.toolbox.path(_PROVIDER)
        options = {
            "world": world.folder / "world.json",
            "bridge": bridge,
            "provider": provider,
            "schema": schema_file(self.toolbox.cache, provider),
            "port-file": world.run / f"{self.name}.port",
            "credentials": self.credentials(world),
        }
        arguments = [word for name, value in options.items() for word in (f"--{name}", str(value))]
        return Command(
            argv=[sys.executable, "-m", "groundplan.rehearsal.providers.aws", *arguments],
            # The code of this checkout, whichever one is installed.
            env={"PYTHONPATH": str(PROJECT_ROOT), **grpc_server.VARIABLES},
            inside=False,
        )

    def credentials(self, world: World) -> Path:
        """The session that it calls AWS with."""
        return world.credentials

    def ready(self, world: World) -> bool:
        """Whether the bridge answers through the adapter."""
        port = grpc_server.listening_port(world.run / f"{self.name}.port")
        if port is None or not self.running(world):
            return False
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            stub = provider_pb2_grpc.ResourceProviderStub(channel)
            try:
                stub.GetPluginInfo(empty_pb2.Empty(), timeout=_ANSWER_TIMEOUT_S)
            except grpc.RpcError:
                return False
        return True


class ReadersAwsProvider(AwsProvider):
    """The same for the reader; no engine of a rehearsal, but there while the reader looks."""

    name: ClassVar[str] = "reader-aws-provider"

    def credentials(self, world: World) -> Path:
        """The reader's."""
        return world.readers_credentials
