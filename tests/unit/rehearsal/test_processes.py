"""Processes of a rehearsal: started, recognised, stopped. Real ones, on the machine's side."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Generator
from pathlib import Path

import pytest

from groundplan.errors import GroundplanError
from groundplan.rehearsal import processes
from groundplan.rehearsal.world import World

SLEEPER = ("sleep", "60")
STUBBORN = (
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); "
    "time.sleep(60)",
)


@pytest.fixture
def world(tmp_path: Path) -> Generator[World]:
    """A world in a scratch folder, whose processes end with the test."""
    world = World(id="unit", environment="dev", region="eu-central-1", slot=63, folder=tmp_path)
    yield world
    for file in world.run.glob("*.pid"):
        processes.stop(world, file.stem, grace_s=1)


def _await_log(world: World, name: str, text: str) -> None:
    arrived = threading.Event()
    for _ in range(1200):
        if text in processes.log_tail(world, name):
            return
        arrived.wait(0.05)
    pytest.fail(f"{text!r} did not appear in the log of {name}")


def _environment_of(pid: int) -> list[bytes]:
    """The variables of a process; while the kernel still lays it out, it shows none."""
    shown = threading.Event()
    for _ in range(1200):
        text = Path(f"/proc/{pid}/environ").read_bytes()
        if text:
            return text.split(b"\0")
        shown.wait(0.05)
    pytest.fail(f"process {pid} never showed its environment")


def test_started_process_carries_the_rehearsal_and_its_own_session(world: World) -> None:
    """The real process is recorded, with our marker, a minimal environment and a session of its own."""
    pid = processes.start(world, "sleeper", SLEEPER, env={"COLOUR": "red"}, inside=False)
    environment = _environment_of(pid)
    assert processes.pid(world, "sleeper") == pid
    assert b"GROUNDPLAN_REHEARSAL=unit" in environment
    assert b"COLOUR=red" in environment
    assert not any(variable.startswith(b"PYTEST") for variable in environment)
    assert os.getsid(pid) == pid


def test_second_start_keeps_the_first_process(world: World) -> None:
    """A name that is alive is not started twice."""
    first = processes.start(world, "sleeper", SLEEPER, inside=False)
    assert processes.start(world, "sleeper", SLEEPER, inside=False) == first


def test_stop_ends_the_whole_group(world: World) -> None:
    """Children that a process left behind in its group end with it."""
    processes.start(world, "parent", ("sh", "-c", "sleep 60 & echo $!; wait"), inside=False)
    _await_log(world, "parent", "\n")
    child = int(processes.log_tail(world, "parent"))
    processes.stop(world, "parent")
    assert not processes.alive(world, "parent")
    assert processes.start_time(child) is None


def test_stop_kills_what_ignores_the_request(world: World) -> None:
    """A process that ignores SIGTERM is killed after the grace period."""
    processes.start(world, "stubborn", STUBBORN, inside=False)
    _await_log(world, "stubborn", "deaf")
    processes.stop(world, "stubborn", grace_s=0.2)
    assert not processes.alive(world, "stubborn")


def test_stop_of_what_does_not_run_does_nothing(world: World) -> None:
    """Stopping an unknown name is no error."""
    processes.stop(world, "nobody")


def test_death_is_noticed(world: World) -> None:
    """A killed process is not alive, even while nobody has reaped it."""
    pid = processes.start(world, "sleeper", SLEEPER, inside=False)
    handle = os.pidfd_open(pid)
    os.kill(pid, signal.SIGKILL)
    os.waitid(os.P_PIDFD, handle, os.WEXITED | os.WNOWAIT)
    os.close(handle)
    assert not processes.alive(world, "sleeper")


def test_reused_pid_is_not_ours(world: World) -> None:
    """A pid file with another start time names no process of ours, and stop leaves that one alone."""
    with subprocess.Popen(SLEEPER) as stranger:
        world.run.mkdir(parents=True)
        record = {"pid": stranger.pid, "start_time": 1, "argv": []}
        (world.run / "reused.pid").write_text(json.dumps(record))
        assert processes.pid(world, "reused") is None
        processes.stop(world, "reused")
        assert stranger.poll() is None
        stranger.kill()


def test_taken_port_names_its_holder(world: World) -> None:
    """The error names the port, the holder's pid and the remedy; nothing is started."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(GroundplanError) as failure:
            processes.start(world, "late", SLEEPER, inside=False, ports=[port])
    assert str(port) in failure.value.message
    assert f"pid {os.getpid()}" in failure.value.message
    assert f"kill {os.getpid()}" in (failure.value.hint or "")
    assert not processes.alive(world, "late")


def test_every_taken_port_is_noticed(world: World) -> None:
    """Also next to sockets that no process holds, as those on their way from one process to another."""
    here, there = socket.socketpair()
    servers = [socket.create_server(("127.0.0.1", 0)) for _ in range(20)]
    ports = [server.getsockname()[1] for server in servers]
    socket.send_fds(here, [b"x"], [server.fileno() for server in servers])
    for server in servers:
        server.close()
    with here, there:
        for port in ports:
            with pytest.raises(GroundplanError, match=f"port {port}"):
                processes.start(world, "late", SLEEPER, inside=False, ports=[port])


def test_process_of_an_interrupted_start_makes_room(world: World) -> None:
    """A process of ours that no pid file names, on the port we need, is ended instead of complained about."""
    listen = "import socket; s = socket.create_server(('127.0.0.1', 0))"
    program = f"{listen}; print(s.getsockname()[1], flush=True); s.accept()"
    forgotten = processes.start(world, "server", (sys.executable, "-c", program), inside=False)
    _await_log(world, "server", "\n")
    port = int(processes.log_tail(world, "server"))
    (world.run / "server.pid").unlink()
    processes.start(world, "again", SLEEPER, inside=False, ports=[port])
    assert processes.start_time(forgotten) is None
    assert processes.alive(world, "again")


def test_missing_program_is_named(world: World) -> None:
    """A program that does not exist is a message, not a traceback."""
    with pytest.raises(GroundplanError, match="/no/such/program"):
        processes.start(world, "ghost", ("/no/such/program",), inside=False)


def test_log_tail_is_the_end_of_all_runs(world: World) -> None:
    """A restart appends to the log, and the tail is its last lines."""
    for text in ("first", "second"):
        processes.start(world, "speaker", ("sh", "-c", f"echo {text}; exec sleep 60"), inside=False)
        _await_log(world, "speaker", text)
        processes.stop(world, "speaker")
    assert processes.log_tail(world, "speaker") == "first\nsecond\n"
    assert processes.log_tail(world, "speaker", lines=1) == "second\n"
    assert processes.log_tail(world, "silent") == ""
