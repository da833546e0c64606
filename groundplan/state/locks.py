"""Who holds a stack's lock, whether they live, and how a lock of the dead is taken away.

Pulumi's backends of files lock by an object for each operation, which names pid, user, host and time
(pkg/backend/diy/lock.go of Pulumi 3.259.0). `pulumi cancel` deletes them all, also those of operations that
are under way; here each owner is looked for first.
"""

from __future__ import annotations

import getpass
import json
import os
import shlex
import socket
import uuid
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from groundplan.errors import ExitCode, GroundplanError
from groundplan.state.document import read_time
from groundplan.state.location import StackLocation

_CLOCK_S = 2.0
"""How far the kernel's start time of a process may be off."""


@dataclass(frozen=True, kw_only=True)
class Lock:
    """One lock of a stack.

    Args:
        key: where it lies in the backend.
        user: who started the operation; empty if the lock cannot be read.
        host: the machine that it runs on.
        pid: its process there.
        since: when it began.
    """

    key: str
    user: str = ""
    host: str = ""
    pid: int = 0
    since: datetime | None = None

    @property
    def owner(self) -> str:
        """For people."""
        if not self.host:
            return f"nobody knows whom (the lock {self.key} cannot be read)"
        since = f" since {self.since:%Y-%m-%d %H:%M:%S %Z}" if self.since else ""
        return f"{self.user}@{self.host} (pid {self.pid}){since}"


def locks_of(location: StackLocation) -> list[Lock]:
    """All locks of a stack."""
    found = []
    for item in location.bucket.items(location.lock_folder):
        try:
            content = location.bucket.read(item)
        except FileNotFoundError:  # released just now
            continue
        found.append(_lock(item.key, content))
    return found


def is_alive(lock: Lock) -> bool | None:
    """Whether a lock's owner lives; None where that cannot be seen from here.

    A process that began after the lock has only got the number of the owner.
    """
    if lock.host != socket.gethostname() or lock.pid <= 0 or lock.since is None:
        return None
    began = _began(lock.pid)
    return began is not None and began <= lock.since + timedelta(seconds=_CLOCK_S)


def unlock(location: StackLocation, gone_hosts: Sequence[str] = ()) -> list[Lock]:
    """Take the locks of the dead away, and return them.

    Args:
        location: the stack.
        gone_hosts: machines that a person says do not run any more.

    Raises:
        GroundplanError: an owner lives, or nobody can tell; then every lock stays.
    """
    locks = locks_of(location)
    for lock in locks:
        alive = is_alive(lock)
        if alive:
            raise locked(location, [lock])
        if alive is None and lock.host not in gone_hosts:
            command = f"groundplan state unlock {location.stack} --gone-host {shlex.quote(lock.host)}"
            raise GroundplanError(
                f"The stack {location.stack!r} is locked by {lock.owner}. "
                f"Whether that lives cannot be seen from {socket.gethostname()}.",
                hint=f"If it is gone: {command}",
            )
    for lock in locks:
        location.bucket.delete(lock.key)
    return locks


@contextmanager
def held(location: StackLocation) -> Generator[None]:
    """Hold the stack's lock as Pulumi does, for as long as the block runs.

    Raises:
        GroundplanError: somebody else has it; names them.
    """
    if locks := locks_of(location):
        raise locked(location, locks)
    mine = f"{location.lock_folder}{uuid.uuid4()}.json"
    content = {
        "pid": os.getpid(),
        "username": getpass.getuser(),
        "hostname": socket.gethostname(),
        "timestamp": datetime.now(UTC).isoformat(),
    }
    location.bucket.write(mine, json.dumps(content).encode())
    try:
        if others := [lock for lock in locks_of(location) if lock.key != mine]:
            raise locked(location, others)
        yield
    finally:
        location.bucket.delete(mine)


def locked(location: StackLocation, locks: Sequence[Lock]) -> GroundplanError:
    """What is said to whoever comes second."""
    owners = ", ".join(lock.owner for lock in locks)
    return GroundplanError(
        f"The stack {location.stack!r} is locked by {owners}.",
        hint="Wait for it to end. If it died: groundplan state unlock " + location.stack,
        exit_code=ExitCode.GENERIC,
    )


def _lock(key: str, content: bytes) -> Lock:
    try:
        said = json.loads(content)
        return Lock(
            key=key,
            user=str(said["username"]),
            host=str(said["hostname"]),
            pid=int(said["pid"]),
            since=read_time(said["timestamp"].replace("Z", "+00:00")),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return Lock(key=key)


def _began(pid: int) -> datetime | None:
    """When a process of this machine began; None if there is none, or a dead one that nobody has buried."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        boot = next(line for line in Path("/proc/stat").read_text().splitlines() if line.startswith("btime"))
    except OSError:
        return None
    fields = stat[stat.rindex(")") + 2 :].split()  # the name before it may hold spaces and brackets
    if fields[0] in "ZX":
        return None
    seconds = int(boot.split()[1]) + int(fields[19]) / os.sysconf("SC_CLK_TCK")
    return datetime.fromtimestamp(seconds, UTC)
