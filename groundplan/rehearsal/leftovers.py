"""Find and remove what a rehearsal holds on the machine: after a crash, or to prove that nothing is left."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from groundplan.errors import GroundplanError
from groundplan.rehearsal import cgroups, host_rules, mounts, worlds
from groundplan.rehearsal.processes import marker, start_time

_NAMESPACES = Path("/run/netns")
_INTERFACES = Path("/sys/class/net")
_OUR_INTERFACE = re.compile(r"gp\d+host")
_END_TIMEOUT_S = 10
_LINE = 160
"""Characters of a command line that are told: enough to know which module or engine it is."""


@dataclass(frozen=True, kw_only=True)
class Leftovers:
    """What the machine holds of one rehearsal. False when that is nothing.

    Args:
        processes: `pid command`, cut, found by their environment, their network namespace or their cgroup.
        mounts: mount points below its folder, the newest first.
        interfaces: its network interfaces on the machine.
        namespaces: its network namespace.
        cgroups: its folders below the cgroup hierarchies, children before parents.
        containers: containers whose shim still runs.
        rules: firewall rules, sets and routes of the machine that name its link.
    """

    processes: tuple[str, ...] = ()
    mounts: tuple[str, ...] = ()
    interfaces: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()
    cgroups: tuple[str, ...] = ()
    containers: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return any(vars(self).values())


def find(rehearsal_id: str) -> Leftovers:
    """Look for what a rehearsal holds; its `world.json` may be gone."""
    pids = sorted(_pids(rehearsal_id))
    commands = [(pid, _command(pid)) for pid in pids]
    shims = [command for _, command in commands if "containerd-shim" in command.split(" ", 1)[0]]
    name = _name(rehearsal_id)
    return Leftovers(
        processes=tuple(f"{pid} {command}"[:_LINE] for pid, command in commands),
        mounts=tuple(map(str, mounts.below(_folder(rehearsal_id)))),
        interfaces=tuple(interface.name for interface in _interfaces(rehearsal_id)),
        namespaces=(name,) if (_NAMESPACES / name).exists() else (),
        cgroups=tuple(str(folder) for folder in cgroups.folders(name)),
        containers=tuple(_container(command) for command in shims),
        rules=tuple(_rules(rehearsal_id)),
    )


def find_all() -> dict[str, Leftovers]:
    """What every rehearsal of this project holds on the machine, running ones included, by its id.

    What is left of rehearsals whose folder is gone is found as well.
    """
    ids = {world.id for world in worlds.list()}
    names = [entry.name for entry in _entries(_NAMESPACES)] + cgroups.names()
    ids |= {name.removeprefix(_name("")) for name in names if name.startswith(_name(""))}
    ids |= {owner for pid in _all_pids() if (owner := marker(pid))}
    inside = [*mounts.below(worlds.root()), *(Path(_alias(link)) for link in _our_links())]
    ids |= {
        path.relative_to(worlds.root()).parts[0]
        for path in inside
        if path.is_relative_to(worlds.root()) and path != worlds.root()
    }
    found = {rehearsal_id: find(rehearsal_id) for rehearsal_id in sorted(ids)}
    return {rehearsal_id: left for rehearsal_id, left in found.items() if left}


def remove(rehearsal_id: str) -> None:
    """Kill the rehearsal's processes and take away mounts, cgroups, interfaces and the namespace."""
    _kill(_pids(rehearsal_id))
    mounts.remove_below(_folder(rehearsal_id))
    cgroups.remove(_name(rehearsal_id))
    for interface in _interfaces(rehearsal_id):
        subprocess.run(["ip", "link", "delete", interface.name], check=False, capture_output=True)
    name = _name(rehearsal_id)
    if (_NAMESPACES / name).exists():
        subprocess.run(["ip", "netns", "delete", name], check=False, capture_output=True)


def _pids(rehearsal_id: str) -> set[int]:
    found = {pid for pid in _all_pids() if marker(pid) == rehearsal_id}
    namespace = _NAMESPACES / _name(rehearsal_id)
    if namespace.exists():
        inode = namespace.stat().st_ino
        found |= {pid for pid in _all_pids() if _network_inode(pid) == inode}
    found |= cgroups.processes(_name(rehearsal_id))
    # The command that asks may carry the marker (started by a step of the rehearsal): it is no left-over.
    found -= _own_line()
    return {pid for pid in found if start_time(pid) is not None}


def _kill(pids: set[int]) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            handle = os.pidfd_open(pid)
            try:
                os.kill(pid, signal.SIGKILL)
                waiter = select.poll()
                waiter.register(handle, select.POLLIN)
                waiter.poll(_END_TIMEOUT_S * 1000)
            finally:
                os.close(handle)


def _all_pids() -> Iterator[int]:
    return (int(entry.name) for entry in _entries(Path("/proc")) if entry.name.isdigit())


def _network_inode(pid: int) -> int | None:
    with suppress(OSError):
        return Path(f"/proc/{pid}/ns/net").stat().st_ino
    return None


def _own_line() -> set[int]:
    """This process and its ancestors."""
    line, pid = set[int](), os.getpid()
    while pid > 0 and pid not in line:
        line.add(pid)
        with suppress(OSError, ValueError):
            stat = Path(f"/proc/{pid}/stat").read_text()
            pid = int(stat[stat.rindex(")") + 2 :].split()[1])
    return line


def _command(pid: int) -> str:
    with suppress(OSError):
        line = Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0").replace(b"\0", b" ")
        return line.decode(errors="replace")
    return ""


def _container(shim: str) -> str:
    found = re.search(r"-id (\S+)", shim)
    return found[1] if found else shim


def _interfaces(rehearsal_id: str) -> list[Path]:
    """Links that carry the rehearsal's folder as their alias (see `network.create`)."""
    folder = str(_folder(rehearsal_id))
    return [link for link in _our_links() if _alias(link) == folder]


def _our_links() -> list[Path]:
    return [link for link in _entries(_INTERFACES) if _OUR_INTERFACE.fullmatch(link.name)]


def _alias(link: Path) -> str:
    with suppress(OSError):  # removed meanwhile
        return (link / "ifalias").read_text().strip()
    return ""


def _rules(rehearsal_id: str) -> list[str]:
    """Rules about its link, unless a rehearsal of another checkout has the same link now."""
    try:
        world = worlds.load_file(_folder(rehearsal_id) / "world.json")
    except GroundplanError:
        return []
    owner = _alias(_INTERFACES / world.host_interface)
    if owner and owner != str(world.folder):
        return []
    return host_rules.naming(world.host_interface, world.link)


def _entries(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _folder(rehearsal_id: str) -> Path:
    return worlds.root() / rehearsal_id


def _name(rehearsal_id: str) -> str:
    return f"groundplan-{rehearsal_id}"
