"""Worlds for tests on real engines: each made fresh, and gone at the end with all that ran in it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack

import pytest

from groundplan.rehearsal import leftovers, supervisor, worlds
from groundplan.rehearsal.engines import all_engines
from groundplan.rehearsal.engines.base import Engine
from groundplan.rehearsal.toolchain import Toolbox
from groundplan.rehearsal.world import World, cache_folder

LONGEST_FIRST = (
    "test_scenario.py",
    "test_estate.py",
    "test_recovery.py",
    "test_diff.py",
    "test_training_recovery.py",
    "test_crash_safety.py",
    "test_data_services.py",
    "test_karpenter.py",
    "test_upgrade.py",
    "test_pulumi_aws.py",
)
"""Files that take minutes: begun first, so that no worker is left alone with one at the end."""
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")
"""Which worker of `pytest -n` this is; empty without any."""

CONTROL_PLANE = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler")


def engines(*names: str) -> tuple[Engine, ...]:
    """Engines by their names."""
    return tuple(engine for engine in all_engines() if engine.name in names)


def throw_away(world_id: str) -> None:
    """Remove a rehearsal, its folder included."""
    leftovers.remove(world_id)
    shutil.rmtree(worlds.root() / world_id, ignore_errors=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest files, then the other rehearsals, then what takes seconds."""
    order = {name: number for number, name in enumerate(LONGEST_FIRST)}

    def place(item: pytest.Item) -> int:
        slow = item.get_closest_marker("rehearsal") is not None
        return order.get(item.path.name, len(order)) if slow else len(order) + 1

    items.sort(key=place)


@pytest.fixture(scope="session")
def toolbox() -> Toolbox:
    """The user's own toolbox: what it lacks is built."""
    return Toolbox(cache_folder(), print)


@pytest.fixture(scope="session")
def make_world() -> Generator[Callable[[str], World]]:
    """Makes worlds by id. Ids begin with `test-`; what an interrupted run left of them is removed first."""
    with ExitStack() as cleanup:

        def make(world_id: str) -> World:
            throw_away(world_id)
            cleanup.callback(throw_away, world_id)
            world = worlds.create(world_id, "dev", "eu-central-1")
            cleanup.enter_context(worlds.lock(world))
            return world

        yield make


@pytest.fixture(scope="session")
def control_plane(make_world: Callable[[str], World], toolbox: Toolbox) -> Generator[World]:
    """A rehearsal in which etcd, API server, controllers and scheduler run."""
    world = make_world(f"test-control{WORKER}")
    parts: Sequence[Engine] = engines(*CONTROL_PLANE)
    supervisor.start(world, toolbox, parts, print)
    yield world
    supervisor.stop(world, parts)


@pytest.fixture(scope="session")
def account(make_world: Callable[[str], World], toolbox: Toolbox) -> Generator[World]:
    """A rehearsal with the emulated account and the providers, and no cluster."""
    world = make_world(f"test-account{WORKER}")
    parts = engines("emulator", "aws-provider", "kubernetes-provider")
    toolbox.obtain("pulumi")
    toolbox.obtain("kubectl")
    supervisor.start(world, toolbox, parts, print)
    yield world
    supervisor.stop(world, parts)
