"""An HTTPS proxy with one destination: the emulator, for host names that there is no DNS for.

S3 Control puts the account id in front of the endpoint's host (`123456789012.10.199.0.2`). No variable
tells the provider's resolver what that is, but it sends such a request to its proxy unresolved. TLS goes
through untouched: the emulator's certificate has that name.
"""

from __future__ import annotations

import logging
import socket
import socketserver
import threading
from typing import cast

from groundplan.rehearsal import pki
from groundplan.rehearsal.world import World

log = logging.getLogger(__name__)

_TIMEOUT_S = 30
_CHUNK_BYTES = 65_536


class Tunnel(socketserver.ThreadingTCPServer):
    """Serves `CONNECT` on a free port of 127.0.0.1; every other host is refused, so nothing gets out.

    Args:
        host: the one host that may be asked for.
        destination: address and port that a connection to it leads to.
    """

    daemon_threads = True
    request_queue_size = 128  # socketserver's 5 are less than the provider's parallel calls

    def __init__(self, host: str, destination: tuple[str, int]) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.authority = f"{host}:{destination[1]}"
        self.destination = destination

    @property
    def url(self) -> str:
        """What `HTTPS_PROXY` is set to."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def start(self) -> None:
        """Serve in the background, until the process ends."""
        threading.Thread(target=self.serve_forever, name="tunnel", daemon=True).start()

    def stop(self) -> None:
        """Stop serving."""
        self.shutdown()
        self.server_close()


def start_tunnel(world: World) -> Tunnel:
    """A tunnel to the emulator of a rehearsal, for its S3 Control; it serves until the process ends."""
    tunnel = Tunnel(pki.s3_control_host(world), (str(world.node_address), world.ports.emulator))
    tunnel.start()
    return tunnel


class _Connection(socketserver.StreamRequestHandler):
    rbufsize = 0  # what follows the request belongs to the tunnel
    timeout = _TIMEOUT_S

    def handle(self) -> None:
        tunnel = cast("Tunnel", self.server)
        method, _, rest = self.rfile.readline(_CHUNK_BYTES).decode("latin-1").partition(" ")
        authority = rest.partition(" ")[0]
        while self.rfile.readline(_CHUNK_BYTES).strip():
            pass
        if (method, authority) != ("CONNECT", tunnel.authority):
            log.warning("the provider asked for %s %s, which is not of this rehearsal", method, authority)
            self.wfile.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
            return
        with socket.create_connection(tunnel.destination, timeout=_TIMEOUT_S) as emulator:
            self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            for end in (self.connection, emulator):
                end.settimeout(None)
            back = threading.Thread(target=_copy, args=(emulator, self.connection), daemon=True)
            back.start()
            _copy(self.connection, emulator)
            back.join()


def _copy(source: socket.socket, target: socket.socket) -> None:
    """Pass on what comes until it ends, and the end as well."""
    try:
        while data := source.recv(_CHUNK_BYTES):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        for end in (source, target):
            _end(end)


def _end(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return
