"""The Kubernetes provider of the rehearsal, in the place of the official Pulumi plugin."""

from __future__ import annotations

import socket
import sys
from pathlib import Path
from typing import ClassVar

from groundplan import __version__
from groundplan.rehearsal.engines.base import Command, ProcessEngine
from groundplan.rehearsal.providers import grpc_server
from groundplan.rehearsal.providers.kubernetes.provider import STANDS_FOR_VERSION
from groundplan.rehearsal.toolchain import Toolbox
from groundplan.rehearsal.world import PROJECT_ROOT, World


class KubernetesProvider(ProcessEngine):
    """Serves `kubernetes:*` resources to the Pulumi engine. Runs on the machine, like the Pulumi CLI."""

    name: ClassVar[str] = "kubernetes-provider"
    version: ClassVar[str] = STANDS_FOR_VERSION
    stands_for: ClassVar[str] = "the pulumi-kubernetes plugin"
    ready_timeout_s: ClassVar[float] = 30

    def version_used(self, toolbox: Toolbox) -> str:  # noqa: ARG002 - it is part of this package
        """It is Groundplan's own, for the official plugin of a version."""
        return f"Groundplan {__version__}, for SDK {self.version}"

    def command(self, world: World) -> Command:
        """Our own module, in the interpreter that runs the rehearsal."""
        module = "groundplan.rehearsal.providers.kubernetes"
        options = {
            "world": world.folder / "world.json",
            "port-file": world.run / f"{self.name}.port",
            "credentials": self.credentials(world),
        }
        arguments = [word for name, value in options.items() for word in (f"--{name}", str(value))]
        return Command(
            argv=[sys.executable, "-m", module, *arguments],
            # The code of this checkout, whichever one is installed.
            env={"PYTHONPATH": str(PROJECT_ROOT), **grpc_server.VARIABLES},
            inside=False,
        )

    def credentials(self, world: World) -> Path:
        """The session that it logs in to the cluster with."""
        return world.credentials

    def ready(self, world: World) -> bool:
        """Whether it accepts connections."""
        port = grpc_server.listening_port(world.run / f"{self.name}.port")
        if port is None or not self.running(world):
            return False
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return True
        except OSError:
            return False


class ReadersKubernetesProvider(KubernetesProvider):
    """The same for the reader; no engine of a rehearsal, but there while the reader looks."""

    name: ClassVar[str] = "reader-k8s-provider"

    def credentials(self, world: World) -> Path:
        """The reader's."""
        return world.readers_credentials
