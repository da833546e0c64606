"""Start a rehearsal's engines in the order in which they need each other, watch them, and stop them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Literal

from groundplan.errors import ExitCode, GroundplanError
from groundplan.rehearsal import cgroups, network, pki, processes
from groundplan.rehearsal.engines.base import Engine, ProcessEngine
from groundplan.rehearsal.toolchain import Toolbox
from groundplan.rehearsal.world import World

_POLL_S = 0.1
_WATCH_S = 0.5


@dataclass(frozen=True)
class Event:
    """What happened to an engine.

    Args:
        engine: its name.
        state: `starting` or `ready`.
        seconds: since the start of that engine.
    """

    engine: str
    state: Literal["starting", "ready"]
    seconds: float


def order(engines: Iterable[Engine]) -> tuple[Engine, ...]:
    """The engines, each after all that it needs.

    Raises:
        GroundplanError: an engine needs one that is not there, or they need each other in a circle.
    """
    by_name = {engine.name: engine for engine in engines}
    for engine in by_name.values():
        for needed in engine.after:
            if needed not in by_name:
                raise GroundplanError(f"The engine {engine.name} needs {needed!r}, which is not an engine.")
    try:
        names = tuple(TopologicalSorter({name: by_name[name].after for name in by_name}).static_order())
    except CycleError as error:
        raise GroundplanError(
            f"Engines need each other in a circle: {' -> '.join(error.args[1])}."
        ) from error
    return tuple(by_name[name] for name in names)


def start(
    world: World, toolbox: Toolbox, engines: Sequence[Engine], on_event: Callable[[Event], None]
) -> None:
    """Create network and certificates, then start every engine as soon as those it needs are ready.

    What runs already stays. Engines that do not need each other start at the same time.

    Raises:
        GroundplanError: an engine died or was not ready in time; names it and shows the end of its log.
    """
    ordered = order(engines)
    for engine in ordered:
        engine.obtain(toolbox)
    network.create(world)
    pki.ensure(world)
    given_up = threading.Event()
    waiting, ready = list(ordered), list[Engine]()
    running: dict[Future[None], Engine] = {}
    with ThreadPoolExecutor(max_workers=len(ordered) or 1) as pool:
        try:
            while waiting or running:
                names = {engine.name for engine in ready}
                for engine in [e for e in waiting if names.issuperset(e.after)]:
                    waiting.remove(engine)
                    running[pool.submit(_bring_up, world, engine, on_event, given_up)] = engine
                done, _ = wait(running, timeout=_WATCH_S, return_when=FIRST_COMPLETED)
                for future in done:
                    future.result()
                    ready.append(running.pop(future))
                check(world, ready)
        finally:
            given_up.set()


def check(world: World, engines: Iterable[Engine]) -> None:
    """Make sure that engines which were started are still alive.

    Raises:
        GroundplanError: one has died; names it and shows the end of its log.
    """
    for engine in engines:
        if isinstance(engine, ProcessEngine) and not engine.running(world):
            raise _died(world, engine)


def stop(world: World, engines: Sequence[Engine]) -> None:
    """Stop the engines, those that need others first; then remove the network and the cgroup.

    Raises:
        GroundplanError: an engine could not be stopped; the others are stopped all the same.
    """
    failures = []
    for engine in reversed(order(engines)):
        try:
            engine.stop(world)
        except GroundplanError as error:
            failures.append(error)
    cgroups.remove(world.cgroup)
    network.delete(world)
    if failures:
        raise failures[0]


def _bring_up(
    world: World, engine: Engine, on_event: Callable[[Event], None], given_up: threading.Event
) -> None:
    began = time.monotonic()
    on_event(Event(engine.name, "starting", 0))
    engine.start(world)
    deadline = began + engine.ready_timeout_s
    while not engine.ready(world):
        check(world, [engine])
        if time.monotonic() > deadline:
            raise GroundplanError(
                f"The engine {engine.name} was not ready after {engine.ready_timeout_s:.0f} s.",
                hint=f"Its whole log: {engine.logs(world)}",
                exit_code=ExitCode.TIMEOUT,
                log=processes.tail(engine.logs(world)),
            )
        if given_up.wait(_POLL_S):
            return
    on_event(Event(engine.name, "ready", time.monotonic() - began))


def _died(world: World, engine: Engine) -> GroundplanError:
    return GroundplanError(
        f"The engine {engine.name} has died.",
        hint=f"Its whole log: {engine.logs(world)}. To go on, run the same command again.",
        log=processes.tail(engine.logs(world)),
    )
