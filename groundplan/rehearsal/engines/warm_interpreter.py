"""Python with the imports of earlier runs, which programs and policy packs of the rehearsal start from."""

from __future__ import annotations

import platform
import sys
from pathlib import Path
from typing import ClassVar

from groundplan.rehearsal.engines.base import Command, ProcessEngine
from groundplan.rehearsal.providers import grpc_server, language_host
from groundplan.rehearsal.world import PROJECT_ROOT, World

_SCRIPT = Path(grpc_server.__file__).with_name("warm_interpreter.py")
"""Run by path, and not imported: copies of it would have our packages."""


class WarmInterpreter(ProcessEngine):
    """Saves the imports of every run but the first. Runs on the machine, like the Pulumi CLI."""

    name: ClassVar[str] = "warm-interpreter"
    version: ClassVar[str] = platform.python_version()
    stands_for: ClassVar[str] = "a start of Python for each run"

    def command(self, world: World) -> Command:
        """The interpreter that runs the rehearsal, and with it the programs."""
        options = {
            "socket": world.warm_socket,
            "modules": world.run / f"{self.name}.json",
            "lean": PROJECT_ROOT.joinpath(*language_host.LEAN_FILE),
        }
        arguments = [word for name, value in options.items() for word in (f"--{name}", str(value))]
        argv = [sys.executable, "-u", str(_SCRIPT), *arguments]
        return Command(argv=argv, env=grpc_server.VARIABLES, inside=False)

    def ready(self, world: World) -> bool:
        """Whether it listens."""
        return self.running(world) and world.warm_socket.exists()
