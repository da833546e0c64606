"""The client's patience, errors and logins, against an HTTP server that answers by script."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Generator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from groundplan.rehearsal.providers.kubernetes.client import (
    ApiError,
    CancelledError,
    Client,
    Patience,
    UnreachableError,
)
from groundplan.rehearsal.providers.kubernetes.discovery import Discovery
from groundplan.rehearsal.providers.kubernetes.kubeconfig import Login

Answers = list[tuple[int, dict]]


def _refusal(status: int, reason: str, message: str = "", **details: object) -> tuple[int, dict]:
    return status, {"kind": "Status", "reason": reason, "message": message, "details": details}


class _Handler(BaseHTTPRequestHandler):
    answers: Answers
    seen: list[tuple[str, str, str | None]]

    def do_GET(self) -> None:
        """Give the next answer; the last one is given for ever."""
        self.seen.append((self.command, self.path, self.headers.get("Authorization")))
        status, body = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        payload = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Warning", '299 - "say \\"new\\"", 299 - "other"')
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        """Be quiet."""


Serve = Callable[..., tuple[str, list[tuple[str, str, str | None]]]]


@pytest.fixture
def serve() -> Generator[Serve]:
    """Starts a server; returns its URL and what it is asked."""
    servers: list[ThreadingHTTPServer] = []

    def start(*answers: tuple[int, dict]) -> tuple[str, list[tuple[str, str, str | None]]]:
        handler = type("Handler", (_Handler,), {"answers": list(answers), "seen": []})
        servers.append(ThreadingHTTPServer(("127.0.0.1", 0), handler))
        threading.Thread(target=servers[-1].serve_forever, args=(0.01,), daemon=True).start()
        return f"http://127.0.0.1:{servers[-1].server_port}", handler.seen

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def _client(url: str, **login: object) -> Client:
    return Client(Login(server=url, namespace="default", **login), dict)  # ty: ignore[invalid-argument-type] - keyword arguments of the test's choice


@pytest.mark.parametrize(
    "passing",
    [
        _refusal(503, "ServiceUnavailable"),
        _refusal(500, "InternalError", "failed calling webhook"),
        _refusal(409, "Conflict", "the object has been modified"),
        _refusal(403, "Forbidden", "status unknown for quota: q"),
    ],
)
def test_errors_that_pass_are_waited_out(serve: Serve, passing: tuple[int, dict]) -> None:
    """The request is repeated until it succeeds."""
    url, seen = serve(passing, passing, (200, {"kind": "Pod"}))
    assert _client(url).request("GET", "/x", patience=Patience(seconds=20)) == {"kind": "Pod"}
    assert len(seen) == 3


@pytest.mark.parametrize(
    "lasting",
    [
        _refusal(403, "Forbidden", "no"),
        _refusal(422, "Invalid"),
        _refusal(409, "Conflict", "", causes=[{"reason": "FieldManagerConflict", "field": ".spec"}]),
        _refusal(409, "AlreadyExists"),
    ],
)
def test_errors_that_last_are_told_at_once(serve: Serve, lasting: tuple[int, dict]) -> None:
    """No patience is spent on what will not change."""
    url, seen = serve(lasting)
    with pytest.raises(ApiError):
        _client(url).request("GET", "/x", patience=Patience(seconds=20))
    assert len(seen) == 1


def test_patience_ends(serve: Serve) -> None:
    """An error that does not pass is told when the time is over, or when somebody cancels."""
    url, _ = serve(_refusal(503, "ServiceUnavailable"))
    with pytest.raises(ApiError):
        _client(url).request("GET", "/x", patience=Patience(seconds=0.5))
    cancelled = threading.Event()
    cancelled.set()
    with pytest.raises(CancelledError):
        _client(url).request("GET", "/x", patience=Patience(seconds=20, cancelled=cancelled))


def test_login_command_is_asked_once_more(serve: Serve, tmp_path: object) -> None:
    """A token that the server refuses is renewed once; a second refusal is told."""
    script = f'echo x >> {tmp_path}/n; echo "{{\\"status\\":{{\\"token\\":\\"t$(wc -l < {tmp_path}/n)\\"}}}}"'
    version = "client.authentication.k8s.io/v1"
    command = {"apiVersion": version, "command": "/bin/sh", "args": ["-c", script]}
    url, seen = serve(_refusal(401, "Unauthorized"), (200, {}))
    client = _client(url, command=command)
    client.request("GET", "/x")
    assert [header for _, _, header in seen] == ["Bearer t1", "Bearer t2"]
    url, seen = serve(_refusal(401, "Unauthorized"))
    with pytest.raises(ApiError, match="does not accept the login"):
        _client(url, command=command).request("GET", "/x")
    assert len(seen) == 2


def test_warnings_are_handed_on(serve: Serve) -> None:
    """What the server warns of reaches the user."""
    url, _ = serve((200, {}))
    warnings: list[str] = []
    _client(url).request("GET", "/x", warn=warnings.append)
    assert warnings == ['say "new"', "other"]


def test_nobody_there() -> None:
    """The address is named."""
    with pytest.raises(UnreachableError, match=r"http://127\.0\.0\.1:1 does not answer"):
        _client("http://127.0.0.1:1").request("GET", "/x")


def test_discovery_asks_again_for_what_was_not_there(serve: Serve) -> None:
    """A kind that is served is asked for once; one that is not, each time. Subresources are no kinds."""
    widget = {"name": "widgets", "kind": "Widget", "namespaced": True}
    scale = {"name": "widgets/scale", "kind": "Scale", "namespaced": True}
    url, seen = serve(_refusal(404, "NotFound"), (200, {"resources": [widget, scale]}))
    discovery = Discovery(_client(url))
    assert discovery.find("a.b/v1", "Widget") is None
    found = discovery.find("a.b/v1", "Widget")
    assert found is not None
    assert found.path("n", "w") == "/apis/a.b/v1/namespaces/n/widgets/w"
    discovery.find("a.b/v1", "Widget")
    assert len(seen) == 2
    assert discovery.find("a.b/v1", "Scale") is None


@pytest.mark.parametrize(
    ("status", "message", "expected"),
    [
        (403, 'pods "a" is forbidden: User "me" cannot patch resource "pods" in API group ""', True),
        (403, 'pods "a" is forbidden: exceeded quota: tenant, requested: cpu=2, used: cpu=8', False),
        (422, 'Pod "a" is invalid: cannot patch resource', False),
    ],
)
def test_no_right_to_patch_is_not_any_refusal(status: int, message: str, *, expected: bool) -> None:
    """A preview goes on without a dry run where the caller may only read, and nowhere else."""
    assert ApiError(status, "Forbidden", message, []).not_permitted is expected
