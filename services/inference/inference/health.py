"""A small HTTP endpoint about the supervisor itself: `/live` for probes, `/version` for people and tests."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from groundplan_common.errors import ServiceError


def serve(port: int, state: Callable[[], dict[str, object]]) -> ThreadingHTTPServer:
    """Answer on `port` from a thread of its own until `shutdown` is called on what is returned.

    Raises:
        ServiceError: the port is taken.
    """

    class Handler(BaseHTTPRequestHandler):
        """Answers GET."""

        def do_GET(self) -> None:
            """Answer one request."""
            if self.path not in ("/live", "/version"):
                self.send_error(HTTPStatus.NOT_FOUND)
                return
            body = json.dumps(state()).encode()
            self.send_response(HTTPStatus.OK)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name the base class uses
            """Probes are not worth a log line."""

    try:
        server = ThreadingHTTPServer(("", port), Handler)
    except OSError as error:
        raise ServiceError(f"HEALTH_PORT={port}: {error.strerror}.") from error
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, name="health", daemon=True).start()
    return server
