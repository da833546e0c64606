"""The order of engines, and what happens when one fails. Network and keys are the control plane's test."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from groundplan.errors import ExitCode, GroundplanError
from groundplan.rehearsal import cgroups, network, pki, supervisor
from groundplan.rehearsal.engines.base import Command, Engine, ProcessEngine
from groundplan.rehearsal.toolchain import Toolbox
from groundplan.rehearsal.world import World


class Switch(Engine):
    """An engine without a process: ready as soon as it was started."""

    version = "1"
    stands_for = "a part"

    def __init__(self, name: str, *after: str, history: list[str]) -> None:
        self.name = name  # ty: ignore[invalid-attribute-access] - many engines of one class, in tests only
        self.after = after  # ty: ignore[invalid-attribute-access] - same
        self.history = history

    def obtain(self, toolbox: Toolbox) -> None:
        """Needs no tool."""

    def start(self, world: World) -> None:  # noqa: ARG002 - the interface's
        """Note it."""
        self.history.append(f"+{self.name}")

    def ready(self, world: World) -> bool:  # noqa: ARG002 - the interface's
        """Right after the start."""
        return f"+{self.name}" in self.history

    def stop(self, world: World) -> None:  # noqa: ARG002 - the interface's
        """Note it."""
        self.history.append(f"-{self.name}")


class Never(Switch):
    """Starts and never becomes ready."""

    ready_timeout_s = 0.3

    def ready(self, world: World) -> bool:  # noqa: ARG002 - the interface's
        """Never."""
        return False


class Meeting(Switch):
    """Ready only when all that were meant to start together have started."""

    barrier = threading.Barrier(2)

    def start(self, world: World) -> None:
        """Wait for the other."""
        self.barrier.wait(timeout=10)
        super().start(world)


class Mortal(ProcessEngine):
    """A real process that says why and dies."""

    name = "mortal"
    version = "1"
    stands_for = "a part that fails"

    def command(self, world: World) -> Command:  # noqa: ARG002 - the interface's
        """A shell on the machine."""
        return Command(argv=["sh", "-c", "echo the key is missing; exit 3"], inside=False)

    def ready(self, world: World) -> bool:  # noqa: ARG002 - the interface's
        """Never."""
        return False


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """A world whose network and cgroup are left alone."""
    for module, name in ((network, "create"), (network, "delete"), (pki, "ensure"), (cgroups, "remove")):
        monkeypatch.setattr(module, name, lambda _: None)
    return World(id="unit", environment="dev", region="eu-central-1", slot=63, folder=tmp_path)


@pytest.fixture
def toolbox(tmp_path: Path) -> Toolbox:
    """An empty toolbox."""
    return Toolbox(tmp_path / "cache", lambda _: None, tools={})


def test_engines_start_after_what_they_need_and_stop_before(world: World, toolbox: Toolbox) -> None:
    """Whatever the order of the list, needs come first; the stop is the other way round."""
    history: list[str] = []
    engines = [
        Switch("c", "b", history=history),
        Switch("a", history=history),
        Switch("b", "a", history=history),
    ]
    events: list[supervisor.Event] = []
    supervisor.start(world, toolbox, engines, events.append)
    supervisor.stop(world, engines)
    assert history == ["+a", "+b", "+c", "-c", "-b", "-a"]
    assert [event.engine for event in events if event.state == "ready"] == ["a", "b", "c"]


def test_independent_engines_start_together(world: World, toolbox: Toolbox) -> None:
    """Two engines that wait for each other's start both come up."""
    history: list[str] = []
    engines = [Meeting("left", history=history), Meeting("right", history=history)]
    supervisor.start(world, toolbox, engines, lambda _: None)
    assert sorted(history) == ["+left", "+right"]


def test_late_engine_is_named(world: World, toolbox: Toolbox) -> None:
    """Not ready in time: the exit code of a time-out, and what needs it does not start."""
    history: list[str] = []
    engines = [Never("slow", history=history), Switch("next", "slow", history=history)]
    with pytest.raises(GroundplanError, match="slow was not ready after") as failure:
        supervisor.start(world, toolbox, engines, lambda _: None)
    assert failure.value.exit_code == ExitCode.TIMEOUT
    assert history == ["+slow"]


def test_dead_engine_is_named_with_its_last_words(world: World, toolbox: Toolbox) -> None:
    """An engine that dies while it starts ends the wait at once and shows the end of its log."""
    with pytest.raises(GroundplanError, match="mortal has died") as failure:
        supervisor.start(world, toolbox, [Mortal()], lambda _: None)
    assert "the key is missing" in (failure.value.log or "")


def test_circle_is_refused() -> None:
    """Engines that need each other cannot start."""
    with pytest.raises(GroundplanError, match="circle"):
        supervisor.order([Switch("a", "b", history=[]), Switch("b", "a", history=[])])


def test_unknown_need_is_refused() -> None:
    """A misspelt name in `after` is named."""
    with pytest.raises(GroundplanError, match="'ectd'"):
        supervisor.order([Switch("a", "ectd", history=[])])
