"""An interpreter that has imported what programs import, and turns into one of them when it is asked to.

A third of a preview is the program's imports. This process has them from the runs before: each says at its
end which modules of the environment it had, and they are imported for the next one. Modules outside the
environment (the program's own) are never kept: each run reads them anew.

Run by path, by the interpreter of the programs. It imports nothing of groundplan: programs would have it.
"""

from __future__ import annotations

import argparse
import atexit
import gc
import hashlib
import importlib
import io
import json
import os
import runpy
import selectors
import signal
import socket
import sys
import sysconfig
from contextlib import suppress
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

LENGTH_BYTES = 8
COLD = "cold"
"""Both as in `warm_request`, which is not imported either."""
_STREAMS = 3
_PATIENCE_S = 10


class Runs:
    """Starts copies of this process and tells who asked for one how it ended.

    Args:
        listener: where requests come from.
        modules: file that each run writes the names of its modules to.
        lean: the program's file that keeps imports small, which is needed before the others; None for none.
    """

    def __init__(self, listener: socket.socket, modules: Path, lean: Path | None) -> None:
        self._listener = listener
        self._modules = modules
        self._lean = lean
        self._digest = hashlib.sha256(lean.read_bytes()).hexdigest() if lean else None
        self._known: list[str] = []
        self._selector = selectors.DefaultSelector()
        self._selector.register(listener, selectors.EVENT_READ)
        self._children: dict[int, tuple[int, socket.socket]] = {}

    def serve(self) -> dict[str, Any]:
        """Answer requests. Returns in a new process only, with the request that it is for."""
        while True:
            for key, _ in self._selector.select():
                if key.fileobj is self._listener:
                    request = self._begin()
                    if request is not None:
                        return request
                elif key.data == "process":
                    self._end(key.fd)
                else:
                    self._abandon(key.data, key.fileobj)

    def _begin(self) -> dict[str, Any] | None:
        connection, _ = self._listener.accept()
        connection.settimeout(_PATIENCE_S)
        try:
            request, streams = _receive(connection)
        except (OSError, ValueError) as error:
            sys.stderr.write(f"no request: {error}\n")
            connection.close()
            return None
        if request["lean"] not in {None, self._digest}:
            _tell(connection, COLD)
            connection.close()
            return None
        pid = os.fork()
        if pid == 0:
            self._leave(connection)
            return {**request, "streams": streams, "modules": self._modules}
        for stream in streams:
            os.close(stream)
        handle = os.pidfd_open(pid)
        self._children[handle] = (pid, connection)
        self._selector.register(handle, selectors.EVENT_READ, "process")
        self._selector.register(connection, selectors.EVENT_READ, handle)
        _tell(connection, str(pid))  # if nobody is there any more, the next event on it says so
        return None

    def _leave(self, connection: socket.socket) -> None:
        """Close what belongs to the process that this one was copied from."""
        self._selector.close()
        self._listener.close()
        connection.close()
        for handle, (_, other) in self._children.items():
            os.close(handle)
            other.close()

    def _end(self, handle: int) -> None:
        pid, connection = self._children.pop(handle)
        _, status = os.waitpid(pid, 0)
        self._selector.unregister(handle)
        os.close(handle)
        with suppress(KeyError):
            self._selector.unregister(connection)
        _tell(connection, str(os.waitstatus_to_exitcode(status)))
        connection.close()
        self._learn()

    def _abandon(self, handle: int, connection: Any) -> None:
        """Who asked for it has gone: nobody is there for the program, either."""
        if handle not in self._children:  # both ended in one breath
            return
        self._selector.unregister(connection)
        with suppress(ProcessLookupError):
            os.kill(self._children[handle][0], signal.SIGTERM)

    def _learn(self) -> None:
        """Import what a run had and this process has not."""
        names = _read(self._modules)
        if names == self._known:
            return
        if self._lean:
            _install(self._lean)
            self._lean = None
        for name in names[len(self._known) :]:
            try:
                importlib.import_module(name)
            except Exception as error:  # noqa: BLE001 - the program will meet it, too, and can tell its author
                sys.stderr.write(f"not imported: {name}: {error!r}\n")
        self._known = names
        gc.collect()
        gc.freeze()  # so that copies share the memory


def main() -> None:
    """Serve until terminated; in a copy, run the program."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--socket", type=Path, required=True)
    parser.add_argument("--modules", type=Path, required=True)
    parser.add_argument("--lean", type=Path)
    options = parser.parse_args()
    for left in (options.socket, options.modules):
        left.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        os.chdir(options.socket.parent)  # the kernel takes no long paths
        listener.bind(options.socket.name)
        listener.listen()
        request = Runs(listener, options.modules, options.lean).serve()
    _become(request)


def _tell(connection: socket.socket, line: str) -> None:
    with suppress(OSError):  # who asked may be gone
        connection.sendall(f"{line}\n".encode())


def _receive(connection: socket.socket) -> tuple[dict[str, Any], list[int]]:
    length, streams, _, _ = socket.recv_fds(connection, LENGTH_BYTES, _STREAMS)
    if len(streams) != _STREAMS:
        raise ValueError(f"{len(streams)} streams")
    left, parts = int.from_bytes(length, "big"), []
    while left:
        part = connection.recv(left)
        if not part:
            raise ValueError("cut off")
        parts.append(part)
        left -= len(part)
    return json.loads(b"".join(parts)), streams


def _become(request: dict[str, Any]) -> None:
    """Be what `python -u ARGV...` would be, and run it; its exit code and exceptions are this process's."""
    os.environ.clear()
    os.environ.update(request["env"])
    os.chdir(request["cwd"])
    _redirect(request["streams"])
    imports = _Imports()
    sys.meta_path.insert(0, imports)
    atexit.register(imports.tell, request["modules"])
    by_name, *arguments = request["argv"]
    is_module = by_name == "-m"
    target = arguments.pop(0) if is_module else by_name
    first = request["cwd"] if is_module else str(Path(target).parent)
    added = [entry for entry in request["env"].get("PYTHONPATH", "").split(os.pathsep) if entry]
    sys.path[:] = [first, *added, *sys.path[1:]]
    sys.argv = [target, *arguments]
    if is_module:
        runpy.run_module(target, run_name="__main__", alter_sys=True)
    else:
        runpy.run_path(target, run_name="__main__")


def _redirect(streams: list[int]) -> None:
    """Read and write the streams that came with the request, unbuffered."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - as long as the process
    for name, number, errors in (("stdout", 1, "strict"), ("stderr", 2, "backslashreplace")):
        raw = io.FileIO(number, "w", closefd=False)
        setattr(sys, name, io.TextIOWrapper(raw, encoding="utf-8", errors=errors, write_through=True))


class _Imports:
    """Notes what is looked for, in that order: a module may need another one to have begun before it.

    `sys.modules` has the order in which imports ended, in which some modules cannot be imported.
    """

    def __init__(self) -> None:
        self.names: dict[str, None] = {}

    def find_spec(self, name: str, *_: Any) -> None:
        """Find nothing: the next finder is asked."""
        self.names[name] = None

    def tell(self, file: Path) -> None:
        """Add those that came from the environment to those of other runs."""
        paths = sysconfig.get_paths()
        folders = tuple({os.path.realpath(paths[kind]) for kind in ("stdlib", "purelib", "platlib")})
        mine = [name for name in self.names if _is_below(sys.modules.get(name), name, folders)]
        draft = file.with_suffix(f".{os.getpid()}")
        draft.write_text(json.dumps(list(dict.fromkeys(_read(file) + mine))))
        draft.replace(file)


def _read(file: Path) -> list[str]:
    try:
        return json.loads(file.read_text())
    except (FileNotFoundError, ValueError):
        return []


def _is_below(module: Any, name: str, folders: tuple[str, ...]) -> bool:
    spec = getattr(module, "__spec__", None)
    if spec is None or not spec.origin or spec.name != name:
        return False
    return os.path.realpath(spec.origin).startswith(folders)


def _install(lean: Path) -> None:
    spec = spec_from_file_location("_lean", lean)
    if spec and spec.loader:
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
        module.install()


if __name__ == "__main__":
    main()
