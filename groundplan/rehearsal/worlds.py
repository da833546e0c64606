"""Create, find and lock rehearsals. Each is a folder below `rehearsals/` that holds its `world.json`."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from ipaddress import IPv4Network
from pathlib import Path

from groundplan.errors import ExitCode, GroundplanError
from groundplan.rehearsal.world import PROJECT_ROOT, Ports, Scope, World, cache_folder

SLOTS = range(64)
_ID = re.compile(r"[a-z][a-z0-9-]{0,18}[a-z0-9]|[a-z]")
_WIDEST_ROUTE = 16
"""Wider routes (a VPN's 10.0.0.0/8, say) may overlap a link: the longer prefix of the link wins."""


def root() -> Path:
    """The folder that holds one folder per rehearsal."""
    return PROJECT_ROOT / "rehearsals"


def create(world_id: str, environment: str, region: str, scope: Scope = "all") -> World:
    """Create a rehearsal, or return the one that exists under this id.

    Raises:
        GroundplanError: an id that is not allowed, an existing rehearsal of something else, or
            no free address range.
    """
    _require_valid(world_id)
    root().mkdir(parents=True, exist_ok=True)
    with _choosing():
        if _file(world_id).exists():
            world = _existing(world_id, environment, region, scope)
        else:
            slot, folder = next_slot(), root() / world_id
            world = World(
                id=world_id, environment=environment, region=region, slot=slot, folder=folder, scope=scope
            )
        for folder in (world.folder, world.logs, world.data, world.run, world.bin, world.evidence):
            folder.mkdir(parents=True, exist_ok=True)
        world.pki.mkdir(mode=0o700, exist_ok=True)
        _save(world)
        (_slots() / str(world.slot)).write_text(str(world.folder))
    return world


def load(world_id: str) -> World:
    """Read a rehearsal by its id.

    Raises:
        GroundplanError: there is none, or its `world.json` cannot be read.
    """
    _require_valid(world_id)
    if not _file(world_id).exists():
        known = ", ".join(world.id for world in list()) or "none"
        raise GroundplanError(
            f"There is no rehearsal {world_id!r}. Rehearsals here: {known}.",
            hint="Start one: groundplan rehearse run dev",
            exit_code=ExitCode.NO_STACK,
        )
    return load_file(_file(world_id))


def load_file(file: Path) -> World:
    """Read a `world.json` (a subprocess gets its path by `--world`).

    Raises:
        GroundplanError: the file is damaged.
    """
    try:
        fields = json.loads(file.read_text())
        ports = Ports(**fields.pop("ports"))
        return World(**fields, ports=ports, folder=file.resolve().parent)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise GroundplanError(
            f"{file} is not a readable rehearsal: {error}",
            hint=f"Throw the rehearsal away: groundplan rehearse down {file.parent.name}",
        ) from error


def list() -> tuple[World, ...]:  # noqa: A001 - reads as `worlds.list()`
    """All rehearsals of this project, by id."""
    return tuple(_all())


def _all() -> Iterator[World]:
    for file in sorted(root().glob("*/world.json")):
        try:
            yield load_file(file)
        except GroundplanError:
            if file.exists():  # else it was thrown away between two looks
                raise


@contextmanager
def lock(world: World) -> Generator[None]:
    """Hold the rehearsal alone for as long as the block runs.

    Raises:
        GroundplanError: another process holds it; the message names its pid and command.
    """
    world.run.mkdir(parents=True, exist_ok=True)
    with (world.run / "lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            raise GroundplanError(
                f"The rehearsal {world.id!r} is in use by {file.read().strip() or 'another process'}.",
                hint="Wait for it, or start another one: groundplan rehearse run dev --id NAME",
            ) from error
        file.truncate(0)
        file.write(f"pid {os.getpid()} ({shlex.join(sys.argv)})")
        file.flush()
        try:
            yield
        finally:
            file.truncate(0)


def _slots() -> Path:
    """A folder that all checkouts share: each slot's file names the rehearsal that has it, running or not."""
    return cache_folder() / "slots"


@contextmanager
def _choosing() -> Generator[None]:
    """Let one process of the machine choose a slot at a time."""
    _slots().mkdir(parents=True, exist_ok=True)
    with (_slots() / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _reserved() -> Iterator[int]:
    for file in _slots().glob("[0-9]*"):
        if (Path(file.read_text()) / "world.json").exists():
            yield int(file.name)


def free_slot(taken: Iterable[IPv4Network], used: Iterable[int]) -> int | None:
    """The first slot that no rehearsal uses and whose link overlaps none of the networks taken, or None."""
    networks, slots = tuple(taken), set(used)
    for slot in SLOTS:
        link = IPv4Network(f"10.199.{slot}.0/30")
        if slot not in slots and not any(link.overlaps(network) for network in networks):
            return slot
    return None


def next_slot() -> int:
    """The slot that the next rehearsal would get.

    Raises:
        GroundplanError: none is free.
    """
    slot = free_slot(_networks_of_machine(), {*(world.slot for world in list()), *_reserved()})
    if slot is None:
        raise GroundplanError(
            "No address range is free for another rehearsal: 10.199.0.0/30 to 10.199.63.0/30 are taken.",
            hint=f"Delete old rehearsals below {root()}, or see who uses 10.199.0.0/16: ip route",
        )
    return slot


def _networks_of_machine() -> Iterator[IPv4Network]:
    query = ("ip", "-json", "-4", "route", "show", "table", "all")
    routes = json.loads(subprocess.run(query, check=True, capture_output=True, text=True).stdout or "[]")
    for route in routes:
        if route["dst"] != "default":
            network = IPv4Network(route["dst"], strict=False)
            if network.prefixlen >= _WIDEST_ROUTE:
                yield network


def _existing(world_id: str, environment: str, region: str, scope: Scope) -> World:
    world = load_file(_file(world_id))
    if (world.environment, world.region, world.scope) != (environment, region, scope):
        raise GroundplanError(
            f"The rehearsal {world_id!r} is one of {world.environment} ({world.scope}) in {world.region}, "
            f"not of {environment} ({scope}) in {region}.",
            hint=f"Take another id, or end it first: groundplan rehearse down {world_id}",
            exit_code=ExitCode.CONFIG,
        )
    return world


def _require_valid(world_id: str) -> None:
    if not _ID.fullmatch(world_id):
        raise GroundplanError(
            f"{world_id!r} cannot be the id of a rehearsal: 1 to 20 lower-case letters, digits and dashes, "
            "beginning with a letter and not ending with a dash.",
            exit_code=ExitCode.CONFIG,
        )


def _file(world_id: str) -> Path:
    return root() / world_id / "world.json"


def _save(world: World) -> None:
    fields = asdict(world)
    del fields["folder"]  # where the file lies
    draft = world.folder / "world.json.new"
    draft.write_text(json.dumps(fields, indent=2) + "\n")
    draft.replace(world.folder / "world.json")
