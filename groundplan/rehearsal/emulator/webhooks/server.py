"""The HTTPS server that the API server calls."""

from __future__ import annotations

import json
import logging
import ssl
import threading
from collections.abc import Callable, Mapping
from typing import Any

from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from groundplan.rehearsal.world import World

log = logging.getLogger(__name__)

Review = dict[str, Any]
"""A `TokenReview` or `AdmissionReview`, as JSON."""

_MAX_BODY_BYTES = 4 * 1024 * 1024


class SilentRequestHandler(WSGIRequestHandler):
    """Logs nothing of a request: the handlers log what is worth it, never a token."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Leave it out."""


class WebhookServer:
    """Serves reviews: a POST of JSON is answered with JSON.

    Args:
        world: the rehearsal, for certificate and port.
        address: IP address to listen on.
        reviewers: path -> function from the review to the answer.
    """

    def __init__(
        self, world: World, *, address: str, reviewers: Mapping[str, Callable[[Review], Review]]
    ) -> None:
        self._reviewers = reviewers
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_cert_chain(world.pki / "webhook.crt", world.pki / "webhook.key")
        self._server = make_server(
            address,
            world.ports.emulator_webhook,
            Request.application(self._answer),
            threaded=True,
            request_handler=SilentRequestHandler,
            ssl_context=context,
        )
        self.port: int = self._server.server_port

    def _answer(self, request: Request) -> Response:
        reviewer = self._reviewers.get(request.path)
        if reviewer is None or request.method != "POST":
            return Response("not found\n", status=404)
        if (request.content_length or 0) > _MAX_BODY_BYTES:
            return Response("too large\n", status=413)
        try:
            review = json.loads(request.get_data())
        except ValueError:
            return Response("not JSON\n", status=400)
        if not isinstance(review, dict):
            return Response("not a review\n", status=400)
        return Response(json.dumps(reviewer(review)), mimetype="application/json")

    def start(self) -> None:
        """Serve in the background."""
        threading.Thread(target=self._server.serve_forever, name="webhooks", daemon=True).start()

    def stop(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
