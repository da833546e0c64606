"""A gRPC server on a free loopback port, written to a file: what the Pulumi engine attaches to."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc

MAX_MESSAGE_BYTES = 400 * 1024 * 1024
"""The limit that the Pulumi engine itself sets."""

OPTIONS: tuple[tuple[str, int], ...] = (
    ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
)

VARIABLES = {"GRPC_EXPERIMENTS": "-event_engine_client,-event_engine_listener"}
"""gRPC's older event loop: for calls one after the other, Python takes a fifth less CPU with it."""


def serve_until_terminated(register: Callable[[grpc.Server], None], port_file: Path, *, threads: int) -> None:
    """Serve on 127.0.0.1 until SIGTERM or SIGINT.

    Args:
        register: adds the servicers to the server.
        port_file: gets the port's number once the server listens; removed at the end.
        threads: how many calls can be answered at a time. A call that waits for a resource holds one.
    """
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    server = grpc.server(ThreadPoolExecutor(max_workers=threads), options=list(OPTIONS))
    register(server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    draft = port_file.with_suffix(".port.new")
    draft.write_text(f"{port}\n")
    draft.replace(port_file)
    try:
        ended.wait()
    finally:
        port_file.unlink(missing_ok=True)
        server.stop(grace=1).wait()


def listening_port(port_file: Path) -> int | None:
    """The port that a server wrote, or None while there is none."""
    try:
        return int(port_file.read_text())
    except (FileNotFoundError, ValueError):
        return None
