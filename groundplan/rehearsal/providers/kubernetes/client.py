"""A small client of the Kubernetes API: JSON over HTTPS, one login, errors that say what the server said."""

from __future__ import annotations

import json
import random
import re
import ssl
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

import urllib3

from groundplan.errors import ExitCode, GroundplanError
from groundplan.rehearsal.providers.kubernetes.credentials import ExecToken
from groundplan.rehearsal.providers.kubernetes.kubeconfig import Login

APPLY = "application/apply-patch+yaml"
_MAX_SILENCE_S = 10
_TRANSIENT_STATUS = frozenset({429, 500, 502, 503, 504})
_QUOTA_RACE = "status unknown for quota"
_WARNING = re.compile(r'299 \S+ "((?:[^"\\]|\\.)*)"')
_UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND, _CONFLICT = 401, 403, 404, 409


class ApiError(GroundplanError):
    """The API server refused a request.

    Args:
        status: the HTTP status.
        reason: Kubernetes' word for it, such as `AlreadyExists` or `Invalid`.
        message: the server's sentence.
        causes: `{"field", "message", "reason"}` per field concerned.
    """

    def __init__(self, status: int, reason: str, message: str, causes: list[dict[str, str]]) -> None:
        super().__init__(message, exit_code=ExitCode.AUTH if status == _UNAUTHORIZED else ExitCode.DEPLOYMENT)
        self.status = status
        self.reason = reason
        self.causes = causes

    @property
    def not_found(self) -> bool:
        """Whether the object (or its kind) is not there."""
        return self.status == _NOT_FOUND

    @property
    def not_permitted(self) -> bool:
        """Whether the caller has no right to patch, so that no dry run tells anything."""
        return self.status == _FORBIDDEN and "cannot patch resource" in self.message

    @property
    def field_conflict(self) -> bool:
        """Whether a field belongs to another field manager."""
        return self.status == _CONFLICT and any(
            c.get("reason") == "FieldManagerConflict" for c in self.causes
        )

    @property
    def transient(self) -> bool:
        """Whether the same request may succeed in a moment."""
        if self.status == _CONFLICT:
            return self.reason == "Conflict" and not self.field_conflict
        if self.status == _FORBIDDEN:
            return _QUOTA_RACE in self.message
        return self.status in _TRANSIENT_STATUS


class UnreachableError(GroundplanError):
    """Nothing answers at the API server's address."""


class CancelledError(GroundplanError):
    """The engine asked to stop, or went away."""

    def __init__(self) -> None:
        super().__init__("Cancelled.", exit_code=ExitCode.CANCELLED)


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long to go on in the face of errors that pass.

    Args:
        seconds: how long the same request is tried again; 0 for a single try. A server that does not answer
            at all is given up after 10 s.
        cancelled: ends the attempts.
    """

    seconds: float = 0
    cancelled: threading.Event = field(default_factory=threading.Event)


class Client:
    """Requests to one API server as one user. Thread-safe.

    Args:
        login: where and as whom.
        environment: variables for the login command, if the kubeconfig has one.
        timeout_s: of one request.
    """

    def __init__(
        self, login: Login, environment: Callable[[], Mapping[str, str]], *, timeout_s: float = 30
    ) -> None:
        self.login = login
        self._exec = ExecToken(login.command, environment) if login.command else None
        self._pool = urllib3.PoolManager(
            num_pools=1,
            maxsize=32,
            timeout=urllib3.Timeout(connect=min(timeout_s, 5), read=timeout_s),
            retries=False,
            **_tls(login),
        )

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        content_type: str = "application/json",
        patience: Patience | None = None,
        warn: Callable[[str], None] | None = None,
    ) -> dict[str, Any]:
        """Send one request and return the object that comes back.

        Args:
            method: HTTP method.
            path: absolute path on the server.
            query: query parameters.
            body: JSON document to send.
            content_type: of the body.
            patience: how long to repeat it while the error may pass.
            warn: gets each warning that the server adds to its answer.

        Raises:
            ApiError: the server refused.
            UnreachableError: no answer.
            CancelledError: cancelled between two attempts.
        """
        patience = patience or Patience()
        began = time.monotonic()
        pause_s = 0.2
        url = self.login.server + path + (f"?{urlencode(query)}" if query else "")
        payload = None if body is None else json.dumps(body)
        while True:
            try:
                return self._send(method, url, payload, content_type, warn)
            except (ApiError, UnreachableError) as error:
                if time.monotonic() + pause_s > began + _allowed_s(error, patience):
                    raise
            if patience.cancelled.wait(pause_s * random.uniform(0.8, 1.2)):  # noqa: S311 - spreads retries
                raise CancelledError
            pause_s = min(pause_s * 2, 3)

    def _send(
        self,
        method: str,
        url: str,
        payload: str | None,
        content_type: str,
        warn: Callable[[str], None] | None,
    ) -> dict[str, Any]:
        token = self._exec.token() if self._exec else self.login.token
        reply = self._exchange(method, url, payload, content_type, token)
        if reply.status == _UNAUTHORIZED and self._exec:
            token = self._exec.token(rejected=token)
            reply = self._exchange(method, url, payload, content_type, token)
        if reply.status >= 400:  # noqa: PLR2004 - HTTP's line between success and refusal
            raise _refusal(reply, self.login.server)
        if warn:
            for text in _WARNING.findall(reply.headers.get("Warning", "")):
                warn(text.replace('\\"', '"'))
        return reply.json() if reply.data else {}

    def _exchange(
        self, method: str, url: str, payload: str | None, content_type: str, token: str | None
    ) -> urllib3.BaseHTTPResponse:
        headers = {"Accept": "application/json", "User-Agent": "groundplan-rehearsal"}
        if payload is not None:
            headers["Content-Type"] = content_type
        if token:
            headers["Authorization"] = f"Bearer {token}"
        try:
            return self._pool.request(method, url, body=payload, headers=headers)
        except urllib3.exceptions.HTTPError as error:
            raise UnreachableError(
                f"kubernetes: the API server at {self.login.server} does not answer ({_root_cause(error)}).",
                hint="Is the cluster up, and its endpoint reachable from here? See: kubectl cluster-info",
                exit_code=ExitCode.DEPLOYMENT,
            ) from error


def escape(segment: str) -> str:
    """A name as part of a path."""
    return quote(segment, safe="")


def _refusal(reply: urllib3.BaseHTTPResponse, server: str) -> ApiError:
    try:
        status = reply.json()
    except ValueError:
        status = {}
    message = status.get("message") or reply.data.decode(errors="replace")[:300] or f"HTTP {reply.status}"
    if reply.status == _UNAUTHORIZED:
        message = f"{server} does not accept the login of the kubeconfig ({message})."
    causes = (status.get("details") or {}).get("causes") or []
    return ApiError(reply.status, status.get("reason") or "", message, causes)


def _allowed_s(error: ApiError | UnreachableError, patience: Patience) -> float:
    if isinstance(error, UnreachableError):
        return min(patience.seconds, _MAX_SILENCE_S)
    return patience.seconds if error.transient else 0


def _root_cause(error: BaseException) -> str:
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    return str(error) or type(error).__name__


def _tls(login: Login) -> dict[str, Any]:
    if not login.server.startswith("https:"):
        return {}
    context = (
        ssl.create_default_context(cadata=login.ca_pem) if login.ca_pem else ssl.create_default_context()
    )
    if not login.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if login.certificate_pem and login.key_pem:
        with tempfile.NamedTemporaryFile("w", suffix=".pem") as bundle:  # ssl reads keys from files only
            bundle.write(f"{login.certificate_pem}\n{login.key_pem}\n")
            bundle.flush()
            context.load_cert_chain(bundle.name)
    options: dict[str, Any] = {"ssl_context": context}
    if login.tls_server_name:
        options |= {"server_hostname": login.tls_server_name, "assert_hostname": login.tls_server_name}
    return options
