"""Ask an engine over HTTP whether it is ready."""

from __future__ import annotations

import http.client
import ssl
from dataclasses import dataclass
from pathlib import Path

_TIMEOUT_S = 3


@dataclass(frozen=True, kw_only=True)
class Tls:
    """How to speak TLS with an engine.

    Args:
        authority: certificate file of the authority that signed the engine's certificate.
        certificate: our own certificate file, if the engine asks for one.
        key: the key file that goes with it.
    """

    authority: Path
    certificate: Path | None = None
    key: Path | None = None


def answers(address: str, port: int, path: str, tls: Tls | None = None) -> bool:
    """Whether `GET path` is answered with status 200 right now. Never raises; waits 3 seconds at most."""
    try:
        connection = _connection(address, port, tls)
        try:
            connection.request("GET", path)
            return connection.getresponse().status == http.HTTPStatus.OK
        finally:
            connection.close()
    except (OSError, http.client.HTTPException):
        return False


def _connection(address: str, port: int, tls: Tls | None) -> http.client.HTTPConnection:
    if tls is None:
        return http.client.HTTPConnection(address, port, timeout=_TIMEOUT_S)
    context = ssl.create_default_context(cafile=str(tls.authority))
    if tls.certificate:
        context.load_cert_chain(tls.certificate, tls.key)
    return http.client.HTTPSConnection(address, port, timeout=_TIMEOUT_S, context=context)
