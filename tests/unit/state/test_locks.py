"""A lock goes when its owner is dead, and never before."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Generator
from datetime import UTC, datetime, timedelta

import pytest

from groundplan.errors import GroundplanError
from groundplan.state.locks import is_alive, locks_of, unlock

from .backend import PROJECT, STACK, Backend

_NOBODY = 999_999_999
"""More than the kernel's greatest pid."""


@pytest.fixture
def process() -> Generator[subprocess.Popen[bytes]]:
    """Something that lives."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        yield child
        child.kill()


def _lock(backend: Backend, pid: int, *, host: str = "", since: datetime | None = None) -> None:
    content = {
        "pid": pid,
        "username": "deployer",
        "hostname": host or socket.gethostname(),
        "timestamp": (since or datetime.now(UTC)).isoformat(),
    }
    key = f".pulumi/locks/organization/{PROJECT}/{STACK}/{pid}.json"
    backend.bucket.write(key, json.dumps(content).encode())


def test_the_lock_of_the_living_stays(backend: Backend, process: subprocess.Popen[bytes]) -> None:
    """And its owner is named."""
    _lock(backend, process.pid)
    with pytest.raises(GroundplanError, match=rf"deployer@.* \(pid {process.pid}\)"):
        unlock(backend.location)
    assert len(locks_of(backend.location)) == 1


def test_the_lock_of_the_dead_goes(backend: Backend, process: subprocess.Popen[bytes]) -> None:
    """Also while nobody has buried it: a zombie does nothing any more."""
    _lock(backend, process.pid)
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert [lock.pid for lock in unlock(backend.location)] == [process.pid]
    assert not locks_of(backend.location)


def test_who_got_the_number_of_the_dead_is_not_the_owner(
    backend: Backend, process: subprocess.Popen[bytes]
) -> None:
    """A process that began after the lock."""
    _lock(backend, process.pid, since=datetime.now(UTC) - timedelta(hours=1))
    assert is_alive(locks_of(backend.location)[0]) is False
    assert unlock(backend.location)


def test_an_owner_elsewhere_must_be_declared_gone(backend: Backend) -> None:
    """From here nobody can tell."""
    _lock(backend, 1, host="runner-7")
    with pytest.raises(GroundplanError, match="--gone-host runner-7"):
        unlock(backend.location)
    with pytest.raises(GroundplanError, match="runner-7"):
        unlock(backend.location, ["runner-8"])
    assert unlock(backend.location, ["runner-7"])


def test_one_living_owner_keeps_all_locks(backend: Backend, process: subprocess.Popen[bytes]) -> None:
    """Where two have locked, nothing is taken from under the one that lives."""
    _lock(backend, process.pid)
    _lock(backend, _NOBODY)
    with pytest.raises(GroundplanError, match=str(process.pid)):
        unlock(backend.location)
    assert len(locks_of(backend.location)) == 2


def test_an_unreadable_lock_is_not_taken_for_a_dead_one(backend: Backend) -> None:
    """It may be half written."""
    backend.bucket.write(f".pulumi/locks/organization/{PROJECT}/{STACK}/x.json", b"{")
    with pytest.raises(GroundplanError, match="cannot be read"):
        unlock(backend.location)
