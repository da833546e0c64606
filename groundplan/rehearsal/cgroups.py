"""The cgroups that hold a rehearsal's pods, on version 1 and version 2 of the kernel's interface."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
_V2_CONTROLLERS = ("cpu", "cpuset", "memory", "pids", "io", "hugetlb")
_END_TIMEOUT_S = 10
_POLL_INTERVAL_S = 0.05


def is_version_2(root: Path = ROOT) -> bool:
    """Whether this machine has the unified hierarchy."""
    return (root / "cgroup.controllers").exists()


def create(name: str, root: Path = ROOT) -> None:
    """Create the cgroup below the root of every hierarchy, ready for pods. Does nothing where it exists."""
    for hierarchy in _hierarchies(root):
        folder = hierarchy / name
        folder.mkdir(exist_ok=True)
        if is_version_2(root):
            available = (root / "cgroup.controllers").read_text().split()
            wanted = " ".join(f"+{controller}" for controller in _V2_CONTROLLERS if controller in available)
            (root / "cgroup.subtree_control").write_text(wanted)
        elif hierarchy.name == "cpuset":
            for file in ("cpuset.cpus", "cpuset.mems"):  # a new cpuset is empty and accepts no process
                (folder / file).write_text((hierarchy / file).read_text())


def processes(name: str, root: Path = ROOT) -> set[int]:
    """Pids of all processes in the cgroup and below it."""
    found: set[int] = set()
    for folder in folders(name, root):
        try:
            found.update(int(pid) for pid in (folder / "cgroup.procs").read_text().split())
        except OSError:
            continue  # removed meanwhile
    return found


def folders(name: str, root: Path = ROOT) -> list[Path]:
    """The folders of the cgroup in every hierarchy and all below them, children before parents."""
    found: list[Path] = []
    for hierarchy in _hierarchies(root):
        for parent, _, _ in os.walk(hierarchy / name, topdown=False):
            found.append(Path(parent))
    return found


def names(root: Path = ROOT) -> list[str]:
    """Names of all cgroups directly below the root of a hierarchy."""
    return sorted(
        {entry.name for hierarchy in _hierarchies(root) for entry in hierarchy.iterdir() if entry.is_dir()}
    )


def remove(name: str, root: Path = ROOT) -> None:
    """Kill what is left in the cgroup and delete it with all below it."""
    deadline = time.monotonic() + _END_TIMEOUT_S
    while (left := processes(name, root)) and time.monotonic() < deadline:
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        time.sleep(_POLL_INTERVAL_S)
    for folder in folders(name, root):
        folder.rmdir()


def _hierarchies(root: Path) -> list[Path]:
    """The one of version 2, else one for each controller and the bare version 2 that runc uses."""
    if is_version_2(root):
        return [root]
    return sorted({folder.resolve() for folder in root.iterdir() if folder.is_dir()})
