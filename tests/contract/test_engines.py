"""What every engine promises, checked on all of them."""

from __future__ import annotations

import importlib
import re
import time
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from groundplan.rehearsal import supervisor
from groundplan.rehearsal.engines import all_engines, base
from groundplan.rehearsal.engines.base import Engine, ProcessEngine
from groundplan.rehearsal.toolchain import TOOLS
from groundplan.rehearsal.world import Ports, World

ENGINES = all_engines()
NAMES = [engine.name for engine in ENGINES]
each_engine = pytest.mark.parametrize("engine", ENGINES, ids=NAMES)


class DarkWorld(World):
    """A world on this machine's loopback in which nothing listens."""

    @property
    def node_address(self) -> IPv4Address:
        """Loopback: connections are refused at once."""
        return IPv4Address("127.0.0.1")


@pytest.fixture
def dark_world(tmp_path: Path) -> World:
    """No engine runs here; port 1 is nobody's."""
    ports = Ports(**dict.fromkeys(Ports.__dataclass_fields__, 1))
    world = DarkWorld(
        id="dark", environment="dev", region="eu-central-1", slot=63, folder=tmp_path, ports=ports
    )
    for folder in (world.run, world.logs, world.data, world.pki):
        folder.mkdir()
    return world


def test_every_engine_file_is_used() -> None:
    """Each file of the package that defines an engine is one of `all_engines`, and names are unique."""
    helpers = {"__init__", "base", "addon", "probe"}
    files = {file.stem for file in Path(base.__file__).parent.glob("*.py")} - helpers
    assert {name.replace("-", "_") for name in NAMES} == files
    assert len(set(NAMES)) == len(NAMES)


@each_engine
def test_engine_introduces_itself(engine: Engine) -> None:
    """Name, version, what it stands for, and docstrings people can read."""
    assert re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", engine.name)
    assert re.match(r"\d+\.\d+", engine.version)
    assert engine.stands_for
    assert engine.ready_timeout_s > 0
    module = importlib.import_module(type(engine).__module__)
    assert module.__doc__
    assert type(engine).__doc__
    for name, member in vars(type(engine)).items():
        if callable(member) and not name.startswith("_"):
            assert member.__doc__, f"{type(engine).__name__}.{name} has no docstring"


def test_engines_can_be_ordered() -> None:
    """What engines need is there, without circles, and comes first."""
    ordered = [engine.name for engine in supervisor.order(ENGINES)]
    for engine in ENGINES:
        for needed in engine.after:
            assert ordered.index(needed) < ordered.index(engine.name)


@each_engine
def test_tools_of_engine_are_in_the_table(engine: Engine) -> None:
    """An engine asks for tools that the toolbox knows."""
    if isinstance(engine, ProcessEngine):
        assert set(engine.tools()) <= set(TOOLS)


@each_engine
def test_engine_that_does_not_run_is_not_ready(engine: Engine, dark_world: World) -> None:
    """`ready` answers False within seconds and raises nothing; `running` is False; `stop` does nothing."""
    began = time.monotonic()
    assert engine.ready(dark_world) is False
    assert engine.running(dark_world) is False
    engine.stop(dark_world)
    assert time.monotonic() - began < 10
