"""WSGI over TLS: the handshake is the business of each connection's own thread."""

from __future__ import annotations

import logging
import ssl
from pathlib import Path
from socket import socket
from typing import Any

from werkzeug.serving import ThreadedWSGIServer

log = logging.getLogger(__name__)

_HANDSHAKE_TIMEOUT_S = 10
_GOODBYE_TIMEOUT_S = 60


def server_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """TLS 1.2 and later, as AWS' endpoints have it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    return context


class TlsServer(ThreadedWSGIServer):
    """A threaded WSGI server that a client which never begins its handshake cannot block.

    Args:
        context: certificate and versions; None serves plain HTTP.
    """

    request_queue_size = 1024
    """Connections that may wait to be accepted; the provider opens one for each call."""

    def __init__(self, *arguments: Any, context: ssl.SSLContext | None, **options: Any) -> None:
        super().__init__(*arguments, **options)
        # Given to the base class, it would do the handshakes one by one, where connections are accepted.
        self.ssl_context = context

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Serve one connection, in its thread."""
        if self.ssl_context is None:
            super().finish_request(request, client_address)
            return
        try:
            secured = self._handshake(request, self.ssl_context)
        except OSError as error:  # of TLS, too
            log.info("no TLS with %s: %s", client_address[0], error)
            return
        try:
            super().finish_request(secured, client_address)
        finally:
            self._end(secured)
            self.shutdown_request(secured)

    @staticmethod
    def _handshake(connection: socket, context: ssl.SSLContext) -> ssl.SSLSocket:
        connection.settimeout(_HANDSHAKE_TIMEOUT_S)
        secured = context.wrap_socket(connection, server_side=True)
        secured.settimeout(None)
        return secured

    @staticmethod
    def _end(connection: ssl.SSLSocket) -> None:
        """End TLS on both sides: closed before the client has read all, TCP may reset what is under way."""
        connection.settimeout(_GOODBYE_TIMEOUT_S)
        try:
            connection.unwrap()
        except (OSError, ValueError):  # the client was faster, or does not say goodbye
            return
