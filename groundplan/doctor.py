"""What a rehearsal needs of this machine: found or not, and how to get what is missing."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from groundplan.errors import GroundplanError
from groundplan.rehearsal import leftovers, processes, worlds
from groundplan.rehearsal.toolchain import TOOLS, DebianTool, Found, Tool, Toolbox
from groundplan.rehearsal.toolchain.golang import MINIMUM_GO, find_go
from groundplan.rehearsal.world import PROJECT_ROOT, cache_folder

_GIB = 1024**3
_DISK_TO_BUILD_GIB = 30
_DISK_TO_RUN_GIB = 10
_MEMORY_GIB = 6
_CPUS = 2
_PROBE_TIMEOUT_S = 20

# Each runs in namespaces of its own, so that it leaves nothing on the machine.
_KERNEL_PROBES = {
    "veth": ("unshare", "--net", "ip", "link", "add", "probe0", "type", "veth", "peer", "name", "probe1"),
    "bridge": ("unshare", "--net", "ip", "link", "add", "probe0", "type", "bridge"),
    "nf_tables": ("unshare", "--net", "nft", "add", "table", "inet", "probe"),
    "ip_set": ("unshare", "--net", "ipset", "create", "probe", "hash:ip"),
}
_CONTROLLERS = ("cpu", "memory", "pids")


@dataclass(frozen=True, kw_only=True)
class Check:
    """One thing that a rehearsal needs.

    Args:
        name: what it is.
        found: what this machine has.
        needed: what a rehearsal needs.
        ok: whether a rehearsal can run with what was found (what is built by itself counts as there).
        remedy: what to do; empty if nothing.
    """

    name: str
    found: str
    needed: str
    ok: bool
    remedy: str = ""


def examine() -> list[Check]:
    """All checks. Changes nothing on the machine."""
    toolbox = Toolbox(cache_folder(), report=lambda _: None)
    found = {name: toolbox.find(name) for name in TOOLS}
    return [
        _rights(),
        *_resources(everything_built=all(found.values())),
        _go(everything_built=all(found.values())),
        *(_tool(TOOLS[name], tool) for name, tool in found.items()),
        *_kernel(),
        _addresses(),
        _ports(),
        *_rehearsals(),
    ]


def _rights() -> Check:
    root = os.geteuid() == 0
    found = "root" if root else f"user {os.geteuid()}"
    return Check(
        name="rights", found=found, needed="root", ok=root, remedy="" if root else "Run the command as root."
    )


def _resources(*, everything_built: bool) -> Iterator[Check]:
    disk_gib = _DISK_TO_RUN_GIB if everything_built else _DISK_TO_BUILD_GIB
    for name, folder in (("cache", cache_folder()), ("project", PROJECT_ROOT)):
        existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
        free = shutil.disk_usage(existing).free
        remedy = f"Free space on the disk of {folder}."
        yield _amount(f"free disk ({name})", free / _GIB, disk_gib, "GiB", remedy)
    memory = psutil.virtual_memory().available / _GIB
    yield _amount("free memory", memory, _MEMORY_GIB, "GiB", "End other programs, or take a larger machine.")
    cpus = len(os.sched_getaffinity(0))
    yield _amount("processors", cpus, _CPUS, "", "Take a larger machine.")


def _amount(name: str, found: float, needed: float, unit: str, remedy: str) -> Check:
    ok = found >= needed
    return Check(
        name=name,
        found=f"{found:.0f} {unit}".strip(),
        needed=f"{needed:.0f} {unit}".strip(),
        ok=ok,
        remedy="" if ok else remedy,
    )


def _go(*, everything_built: bool) -> Check:
    go = find_go(cache_folder())
    needed = ".".join(map(str, MINIMUM_GO))
    remedy = "" if go or everything_built else "Fetched when it is first needed."
    return Check(name="go", found=str(go or "none"), needed=f">= {needed}, to build", ok=True, remedy=remedy)


def _tool(tool: Tool, found: Found | None) -> Check:
    by_debian = isinstance(tool, DebianTool)
    needed = "any version" if isinstance(tool, DebianTool) else tool.version
    if found:
        description = " ".join(filter(None, (found.version, f"({found.source})")))
        return Check(name=tool.name, found=description, needed=needed, ok=True)
    remedy = f"apt-get install {tool.package}" if by_debian else "Built when it is first needed."
    return Check(name=tool.name, found="none", needed=needed, ok=not by_debian, remedy=remedy)


def _kernel() -> Iterator[Check]:
    for name, probe in _KERNEL_PROBES.items():
        yield _feature(name, _succeeds(*probe))
    with tempfile.TemporaryDirectory() as scratch:
        for folder in ("lower", "upper", "work", "merged"):
            (Path(scratch) / folder).mkdir()
        options = ",".join(f"{name}dir={scratch}/{name}" for name in ("lower", "upper", "work"))
        mount = ("mount", "-t", "overlay", "overlay", "-o", options, f"{scratch}/merged")
        yield _feature("overlayfs", _succeeds("unshare", "--mount", *mount))
    yield _cgroups()


def _feature(name: str, there: bool) -> Check:
    remedy = "" if there else f"Run as root on a kernel with {name} (modprobe {name} may load it)."
    found = "yes" if there else "no"
    return Check(name=f"kernel: {name}", found=found, needed="yes", ok=there, remedy=remedy)


def _cgroups() -> Check:
    root = Path("/sys/fs/cgroup")
    unified = root / "cgroup.controllers"
    if unified.exists():
        version, there = 2, set(unified.read_text().split())
    else:
        version, there = 1, {name for name in _CONTROLLERS if (root / name / "cgroup.procs").exists()}
    missing = [name for name in _CONTROLLERS if name not in there]
    return Check(
        name="kernel: cgroups",
        found=f"version {version}" + (f" without {', '.join(missing)}" if missing else ""),
        needed=", ".join(_CONTROLLERS),
        ok=not missing,
        remedy="Mount these controllers below /sys/fs/cgroup." if missing else "",
    )


def _addresses() -> Check:
    name, needed = "address range", "a free /30 of 10.199.0.0/18"
    try:
        slot = worlds.next_slot()
    except GroundplanError as error:
        return Check(name=name, found="none", needed=needed, ok=False, remedy=error.hint or error.message)
    return Check(name=name, found=f"10.199.{slot}.0/30", needed=needed, ok=True)


def _ports() -> Check:
    """Engines listen inside a rehearsal's own network; providers take any free port of the loopback."""
    name, needed = "ports", "any of 127.0.0.1; engines listen in a network of their own"
    try:
        with socket.create_server(("127.0.0.1", 0)) as server:
            found = f"{server.getsockname()[1]} is free"
    except OSError as error:
        remedy = "End programs that hold connections: ss --tcp --all --processes"
        return Check(name=name, found=str(error), needed=needed, ok=False, remedy=remedy)
    return Check(name=name, found=found, needed=needed, ok=True)


def _rehearsals() -> Iterator[Check]:
    known = {world.id: world for world in worlds.list()}
    for rehearsal_id, left in leftovers.find_all().items():
        world = known.get(rehearsal_id)
        # The emulated account lives in its process's memory: without it the rest is only in the way.
        running = world is not None and processes.alive(world, "emulator")
        yield Check(
            name=f"rehearsal {rehearsal_id}",
            found=("running: " if running else "left over: ") + _summary(left),
            needed="running or removed",
            ok=running,
            remedy="" if running else f"groundplan rehearse down {rehearsal_id}",
        )


def _summary(left: leftovers.Leftovers) -> str:
    return ", ".join(f"{len(items)} {kind}" for kind, items in vars(left).items() if items)


def _succeeds(*argv: str) -> bool:
    try:
        done = subprocess.run(argv, check=False, capture_output=True, timeout=_PROBE_TIMEOUT_S)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
