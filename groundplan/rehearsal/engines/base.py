"""What every engine of a rehearsal has in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from groundplan.rehearsal import processes
from groundplan.rehearsal.toolchain import Toolbox
from groundplan.rehearsal.world import World


@dataclass(frozen=True, kw_only=True)
class Command:
    """How a process engine is started.

    Args:
        argv: program (absolute path) and arguments.
        env: variables added to a minimal environment.
        inside: run in the rehearsal's network namespace (True) or on the machine (False).
        ports: TCP ports it will listen on there; a taken one is reported before the start.
    """

    argv: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)
    inside: bool = True
    ports: Sequence[int] = ()


class Engine(ABC):
    """A real component that a rehearsal runs.

    Class attributes:
        name: short, unique, kebab-case.
        version: the pinned version.
        after: names of the engines that must be ready before this one starts.
        stands_for: what it is in the cloud, one phrase; shown by the report.
        ready_timeout_s: how long `ready` may take to become true.
    """

    name: ClassVar[str]
    version: ClassVar[str]
    after: ClassVar[tuple[str, ...]] = ()
    stands_for: ClassVar[str]
    ready_timeout_s: ClassVar[float] = 60

    @abstractmethod
    def obtain(self, toolbox: Toolbox) -> None:
        """Find the program in the right version on this machine, else build or download it into the cache."""

    def version_used(self, toolbox: Toolbox) -> str:  # noqa: ARG002 - engines of more than one version ask it
        """The version that really runs: the pinned one, unless an engine says otherwise."""
        return self.version

    @abstractmethod
    def start(self, world: World) -> None:
        """Start it in the background. Does nothing when it already runs."""

    @abstractmethod
    def ready(self, world: World) -> bool:
        """Whether it answers right now. Never waits for long, never raises."""

    @abstractmethod
    def stop(self, world: World) -> None:
        """Stop it and what it started. Does nothing when it does not run."""

    def running(self, world: World) -> bool:
        """Whether its process (if it has one) is alive."""
        return processes.alive(world, self.name)

    def logs(self, world: World) -> Path:
        """Its log file."""
        return world.engine_log(self.name)


class ProcessEngine(Engine):
    """An engine that is one process of its own."""

    toolbox: Toolbox

    def obtain(self, toolbox: Toolbox) -> None:
        """Ask the toolbox for each of `self.tools()`."""
        self.toolbox = toolbox
        for tool in self.tools():
            toolbox.obtain(tool)

    def tools(self) -> tuple[str, ...]:
        """Names of the tools (see `groundplan.rehearsal.toolchain`) that it needs."""
        return ()

    @abstractmethod
    def command(self, world: World) -> Command:
        """Its command line; may write the configuration files that the command names."""

    def start(self, world: World) -> None:
        """Start the process unless it is alive."""
        if not self.running(world):
            command = self.command(world)
            processes.start(
                world,
                self.name,
                command.argv,
                env=command.env,
                inside=command.inside,
                ports=command.ports,
            )

    def stop(self, world: World) -> None:
        """Terminate the process group, then kill it after a grace period."""
        processes.stop(world, self.name)
