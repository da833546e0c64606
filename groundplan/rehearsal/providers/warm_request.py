"""Asks the warm interpreter to be a program. As a script it is one: `warm_request.py PROGRAM ARGUMENTS...`.

The language host starts this way, twice in each run of the CLI, so this file imports next to nothing.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Mapping, Sequence
from typing import IO

SOCKET = "GROUNDPLAN_WARM_INTERPRETER"
"""Environment variable: the socket of the warm interpreter, for who may use it."""
STARTED_BY = "GROUNDPLAN_STARTED_BY"
"""Environment variable of a program that another process stands for: the pid of who started that one."""
LENGTH_BYTES = 8
"""A request: its length, which carries the three standard streams, and a JSON object."""
COLD = "cold"
"""The answer to a program that must start by itself."""
_TIMEOUT_S = 30


def ask(path: str, request: Mapping[str, object], streams: Sequence[int]) -> tuple[IO[bytes], int] | None:
    """Ask for a copy.

    Args:
        path: the interpreter's socket.
        request: `argv` (a file with its arguments, or `-m` and a module with them), `cwd`, `env`, `lean`.
        streams: standard input, output and error of the copy.

    Returns:
        A connection on which the exit code comes when the copy ends, and which ends it when it is closed;
        and its pid. None if there is no interpreter, or the program must start by itself.
    """
    body = json.dumps(request).encode()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(_TIMEOUT_S)
        folder, name = os.path.split(path)
        try:
            handle = os.open(folder, os.O_RDONLY)
            try:
                connection.connect(f"/proc/self/fd/{handle}/{name}")  # the kernel takes no long paths
            finally:
                os.close(handle)
            socket.send_fds(connection, [len(body).to_bytes(LENGTH_BYTES, "big")], streams)
            connection.sendall(body)
            answers = connection.makefile("rb")
            first = answers.readline().decode().strip()
        except OSError:
            return None
        connection.settimeout(None)
        if not first or first == COLD:
            answers.close()
            return None
        return answers, int(first)


def main() -> None:
    """Be the program: in a copy if there is one, else in this process."""
    program = sys.argv[1:]
    variables = dict(os.environ)
    request = {
        "argv": program,
        "cwd": os.getcwd(),  # noqa: PTH109 - pathlib takes longer than all the rest
        "env": {**variables, STARTED_BY: str(os.getppid())},
        "lean": None,
    }
    path = variables.get(SOCKET)
    asked = ask(path, request, (0, 1, 2)) if path else None
    if asked is None:
        os.execv(sys.executable, [sys.executable, "-u", *program])  # noqa: S606 - the words are ours
    for stream in (0, 1):  # who reads and writes there waits for the copy, not for this process
        os.close(stream)
    answer = asked[0].readline().strip()
    os._exit(int(answer) & 0xFF if answer else 1)


if __name__ == "__main__":
    main()
