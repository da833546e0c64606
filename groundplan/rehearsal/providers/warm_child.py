"""A program in a copy of the warm interpreter, as `subprocess.Popen` has one of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from groundplan.rehearsal.providers import warm_request


class WarmChild:
    """A process that somebody else started for us.

    Args:
        connection: to the warm interpreter; it tells the exit code and ends the process if we are gone.
        pid: of the process.
        stdout, stderr: what it writes, if that was asked for.

    Attributes:
        returncode: as that of `subprocess.Popen`.
    """

    def __init__(
        self, connection: IO[bytes], pid: int, stdout: IO[bytes] | None, stderr: IO[bytes] | None
    ) -> None:
        self.pid, self.stdout, self.stderr = pid, stdout, stderr
        self.returncode: int | None = None
        self._ended = threading.Event()
        threading.Thread(target=self._await_end, args=(connection,), daemon=True).start()

    def poll(self) -> int | None:
        """The exit code, or None while it runs."""
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """The exit code.

        Raises:
            subprocess.TimeoutExpired: it still runs.
        """
        if not self._ended.wait(timeout):
            raise subprocess.TimeoutExpired(["warm interpreter"], timeout or 0)
        return self.returncode if self.returncode is not None else -signal.SIGKILL

    def terminate(self) -> None:
        """Ask it to end."""
        self._send(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self._send(signal.SIGKILL)

    def _send(self, number: signal.Signals) -> None:
        if self.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def _await_end(self, connection: IO[bytes]) -> None:
        with connection:
            answer = connection.readline().strip()
        self.returncode = int(answer) if answer else -signal.SIGKILL
        self._ended.set()


def start(
    argv: Sequence[str],
    *,
    cwd: str,
    env: Mapping[str, str],
    piped: bool,
    lean: str | None,
) -> WarmChild | None:
    """Run `python -u ARGV...` in a copy of the warm interpreter; None if it cannot be done there.

    Args:
        argv: interpreter, `-u`, and a file with its arguments or `-m` and a module.
        cwd: working folder.
        env: its whole environment.
        piped: whether its output is read from here; else it is this process's.
        lean: digest of the program's file that keeps imports small; None if it makes no difference.
    """
    path = os.environ.get(warm_request.SOCKET)
    if not path or not _is_ours(argv[0]):
        return None
    nothing = os.open(os.devnull, os.O_RDONLY)
    readers, writers = zip(*(os.pipe(), os.pipe()), strict=True) if piped else ((), (1, 2))
    request = {"argv": argv[2:], "cwd": cwd, "env": dict(env), "lean": lean}
    try:
        opened = warm_request.ask(path, request, (nothing, *writers))
    finally:
        for stream in (nothing, *(writers if piped else ())):
            os.close(stream)
    if opened is None:
        for stream in readers:
            os.close(stream)
        return None
    connection, pid = opened
    stdout, stderr = (os.fdopen(stream, "rb") for stream in readers) if piped else (None, None)
    return WarmChild(connection, pid, stdout, stderr)


def _is_ours(interpreter: str) -> bool:
    """Whether an interpreter is that of the environment which this process, and the warm one, runs in."""
    return Path(interpreter).parent.parent.resolve() == Path(sys.prefix).resolve()
