"""Start, watch and stop the processes of a rehearsal. They outlive the command that started them.

Each process leads a session of its own, carries `GROUNDPLAN_REHEARSAL=<id>` in its environment, logs to
`world.logs/<name>.log`, and is remembered in `world.run/<name>.pid` by its pid and start time, so that a pid
that the kernel gave to somebody else is never mistaken for ours.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from groundplan.errors import GroundplanError
from groundplan.rehearsal import network
from groundplan.rehearsal.world import World

MARKER = "GROUNDPLAN_REHEARSAL"
"""Environment variable that every process of a rehearsal carries; its value is the rehearsal's id."""

_SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_KEPT_VARIABLES = ("HOME", "TMPDIR")
_LISTENER = re.compile(r"^LISTEN +\d+ +\d+ +\S+:(?P<port>\d+) +\S+(?P<users>.*)$", re.MULTILINE)
_HOLDER = re.compile(r'\("(?P<name>[^"]+)",pid=(?P<pid>\d+)')

_POLL_S = 0.02
_FORGOTTEN_GRACE_S = 10

_children: dict[int, subprocess.Popen[bytes]] = {}
"""What this very process started, so that the dead among them are reaped."""


def start(
    world: World,
    name: str,
    argv: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    inside: bool = True,
    ports: Sequence[int] = (),
) -> int:
    """Start a process in the background unless it is alive, and return its pid.

    Args:
        world: the rehearsal it belongs to.
        name: unique in the rehearsal; names its log and pid file.
        argv: program and arguments. The program's path must exist or be on the system's path.
        env: variables added to a minimal environment.
        inside: in the rehearsal's network namespace (True) or on the machine (False).
        ports: TCP ports that it is going to listen on.

    Raises:
        GroundplanError: the program does not exist, or a port is taken.
    """
    running = pid(world, name)
    if running is not None:
        return running
    if shutil.which(argv[0], path=_SYSTEM_PATH) is None:
        raise GroundplanError(f"{name}: the program {argv[0]} does not exist.", hint="See: groundplan doctor")
    _require_free(world, name, ports, inside=inside)
    log = world.engine_log(name)
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        child = subprocess.Popen(
            [*_entry(world), *argv] if inside else list(argv),
            env=_environment(world, env or {}),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=world.folder,
            start_new_session=True,
        )
    _children[child.pid] = child
    _remember(world, name, child.pid, argv)
    return child.pid


def stop(world: World, name: str, grace_s: float = 10) -> None:
    """Terminate a process and its group; kill what is left of them after `grace_s` seconds."""
    running = pid(world, name)
    if running is not None:
        _terminate_group(running, grace_s)
    _pid_file(world, name).unlink(missing_ok=True)


def alive(world: World, name: str) -> bool:
    """Whether the process that was started under this name still runs."""
    return pid(world, name) is not None


def pid(world: World, name: str) -> int | None:
    """Pid of the process that runs under this name, or None."""
    try:
        record = json.loads(_pid_file(world, name).read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    started = start_time(record["pid"])
    return record["pid"] if started is not None and started == record["start_time"] else None


def log_tail(world: World, name: str, lines: int = 20) -> str:
    """The last lines of a process's log, or the empty string when it has none."""
    return tail(world.engine_log(name), lines)


def tail(file: Path, lines: int = 20) -> str:
    """The last lines of a file, or the empty string when it cannot be read."""
    try:
        with file.open(encoding="utf-8", errors="replace") as log:
            return "".join(deque(log, maxlen=lines))
    except OSError:
        return ""


def run_inside(world: World, argv: Sequence[str], **options: Any) -> subprocess.CompletedProcess[Any]:
    """Run a command to its end in the rehearsal's network; `options` are those of `subprocess.run`."""
    options.setdefault("env", {**os.environ, MARKER: world.id})
    return subprocess.run([*_entry(world), *argv], **options)  # noqa: PLW1510 - `check` is the caller's


def start_time(process_id: int) -> int | None:
    """When a process started, in clock ticks since boot; None when it has ended (a zombie has)."""
    child = _children.get(process_id)
    if child is not None and child.poll() is not None:
        del _children[process_id]
        return None
    try:
        stat = Path(f"/proc/{process_id}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = stat[stat.rindex(")") + 2 :].split()  # the name before it may hold spaces and brackets
    state, ticks = fields[0], fields[19]
    return None if state in "ZX" else int(ticks)


def marker(process_id: int) -> str | None:
    """Id of the rehearsal that a process belongs to, by its environment; None if to none."""
    prefix = f"{MARKER}=".encode()
    with suppress(OSError):
        for variable in Path(f"/proc/{process_id}/environ").read_bytes().split(b"\0"):
            if variable.startswith(prefix):
                return variable.removeprefix(prefix).decode(errors="replace")
    return None


def _entry(world: World) -> list[str]:
    # nsenter and not `ip netns exec`: that one gives the process a mount namespace of its own, and then the
    # kubelet and containerd no longer see each other's mounts. nsenter replaces itself, so the pid stays.
    return ["nsenter", f"--net={network.namespace_file(world)}", "--"]


def _environment(world: World, extra: Mapping[str, str]) -> dict[str, str]:
    kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    path = f"{world.bin}:{_SYSTEM_PATH}"
    return {"PATH": path, "LANG": "C.UTF-8", **kept, **extra, MARKER: world.id}


def _pid_file(world: World, name: str) -> Path:
    return world.run / f"{name}.pid"


def _remember(world: World, name: str, process_id: int, argv: Sequence[str]) -> None:
    record = {"pid": process_id, "start_time": start_time(process_id), "argv": list(argv)}
    file = _pid_file(world, name)
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_suffix(".pid.new")
    draft.write_text(json.dumps(record))
    draft.replace(file)


def _require_free(world: World, name: str, ports: Sequence[int], *, inside: bool) -> None:
    if not ports:
        return
    query = ["ss", "--no-header", "--listening", "--tcp", "--numeric", "--processes"]
    listing = subprocess.run(
        [*_entry(world), *query] if inside else query, check=True, capture_output=True, text=True
    ).stdout
    for listener in _LISTENER.finditer(listing):
        if int(listener["port"]) in ports:
            holder = _HOLDER.search(listener["users"])
            if holder and _is_forgotten(world, int(holder["pid"])):
                _terminate_group(int(holder["pid"]), _FORGOTTEN_GRACE_S)
                continue
            who = f"{holder['name']} (pid {holder['pid']})" if holder else "a process of the kernel"
            remedy = f"End it (kill {holder['pid']})" if holder else "Free the port"
            where = f"the rehearsal's network {world.namespace}" if inside else "this machine"
            raise GroundplanError(
                f"{name}: port {listener['port']} on {where} is taken by {who}.",
                hint=f"{remedy}, then run the command again.",
            )


def _is_forgotten(world: World, process_id: int) -> bool:
    """Whether an interrupted `start` began this process and could not remember it any more."""
    known = {pid(world, file.stem) for file in world.run.glob("*.pid")}
    return marker(process_id) == world.id and process_id not in known


def _terminate_group(leader: int, grace_s: float) -> None:
    for request in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(leader, request)
        deadline = time.monotonic() + grace_s
        while _group_lives(leader):
            if time.monotonic() > deadline:
                break
            time.sleep(_POLL_S)
        else:
            return  # the kernel may give the group's number to somebody else now


def _group_lives(leader: int) -> bool:
    """Whether the group has a member that is no zombie (not every init reaps them)."""
    if start_time(leader) is not None:
        return True
    for entry in Path("/proc").iterdir():
        with suppress(OSError, ValueError):
            if os.getpgid(int(entry.name)) == leader and start_time(int(entry.name)) is not None:
                return True
    return False
