"""The server of the AWS APIs: moto's application, in this process, with our EKS, MSK and STS in it."""

from __future__ import annotations

import io
import logging
import re
import ssl
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs

from moto import settings
from moto.ebs import urls as ebs_urls
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.wrappers import Response
from werkzeug.wsgi import ClosingIterator

from groundplan.rehearsal.emulator import (
    access_analyzer,
    access_points,
    amendments,
    answer_record,
    backup_jobs,
    calls,
    enforcement,
    grafana,
    grafana_refusals,
    long_polls,
    replicating,
    scrapers,
    sts,
)
from groundplan.rehearsal.emulator.answer_record import AnswerRecord
from groundplan.rehearsal.emulator.deployer_record import DeployerRecord
from groundplan.rehearsal.emulator.eks import response as eks_response
from groundplan.rehearsal.emulator.eks.account import Account
from groundplan.rehearsal.emulator.eks.store import EksStore
from groundplan.rehearsal.emulator.faults import FaultSwitch
from groundplan.rehearsal.emulator.kafka import response as kafka_response
from groundplan.rehearsal.emulator.kafka.store import KafkaStore
from groundplan.rehearsal.emulator.patching import watched
from groundplan.rehearsal.emulator.repetitions import Repetitions, attempt, invocation
from groundplan.rehearsal.emulator.replicating import ON_TIME
from groundplan.rehearsal.emulator.tls import TlsServer

log = logging.getLogger(__name__)

_ACTION = "groundplan.action"
_PAGE = b"<!doctype html>"
_PAGES = (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.INTERNAL_SERVER_ERROR)


class Dispatcher(DomainDispatcherApplication):
    """Finds the service of a request, also where only the query of a presigned URL names it.

    One request is answered at a time: moto's backends are dicts without locks. Beside another request, some
    iterations over them fail; the SDK sends such a call again, and what it half did makes that one fail, too.
    """

    def __init__(
        self,
        create_app: Callable[..., Any],
        account: Account,
        records: Mapping[str, DeployerRecord],
        answers: AnswerRecord,
        faults: FaultSwitch | None = None,
    ) -> None:
        super().__init__(create_app)
        self._faults = faults
        self._account = account
        self._records = records
        self._answers = answers
        self._repetitions = Repetitions()
        self._turn = threading.Lock()
        self._service_of: dict[str | None, Any] = {}
        # Applications of moto that have no such paths answer for the services that moto does not know.
        hosts = {"securityhub": access_analyzer.SIGNING_NAME, "ebs": grafana.SERVICE}
        ours = [(service, re.compile(rf"https?://{host}\.")) for service, host in hosts.items()]
        self.backend_url_patterns = [*ours, *self.backend_url_patterns]

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one request; its body is read before, so that a slow client holds up nobody else."""
        _receive_body(environ)
        access_points.enter(environ, self._account.account_id)
        if self._faults and self._faults.unreachable(environ):
            return Response(b"", 503)(environ, start_response)  # the one answer that each SDK understands
        application = self.get_application(environ)
        if self._faults and (refused := self._faults.before(environ)):
            call, refusal = refused
            answer = enforcement.error_answer(call, refusal.code, refusal.message, refusal.status)
            return answer(environ, start_response)
        long_polls.wait(environ, self._account.account_id, self._account.region)
        with self._turn:
            replicating.deliver(self._account.account_id, self._faults.lateness if self._faults else ON_TIME)
            if environ.get("PATH_INFO") == backup_jobs.RUN_PLANS:
                answer = backup_jobs.run_plans(self._account.account_id, environ)
                return answer(environ, start_response)
            answer = enforcement.refuse(environ, self._account, self._records)
            answer = answer or self._repetitions.answer(environ)
            if answer is None:
                with watched() as origins:
                    answer = _answered(application, environ)
                self._answers.note(environ, answer, origins)
                self._repetitions.remember(environ, answer)
            if self._faults:
                self._faults.after(environ, answer)
            return answer(environ, start_response)

    def get_application(self, environ: dict[str, Any]) -> Any:
        """The application of the service; notes the action that a form names, for the log."""
        if (environ.get("REQUEST_METHOD"), environ.get("PATH_INFO")) == ("POST", "/"):
            environ[_ACTION] = self.get_action_from_body(self._get_body(environ)) or ""  # puts the body back
        return super().get_application(environ)

    def get_backend_for_host(self, host: str | None) -> Any:
        """The service behind a host; moto looks through its folders for each request, while others wait."""
        if host not in self._service_of:
            self._service_of[host] = super().get_backend_for_host(host)
        return self._service_of[host]

    def infer_service_region_host(self, environ: dict[str, Any], path: str) -> str | None:
        """The AWS host name that stands for the service of this request."""
        credential = parse_qs(environ.get("QUERY_STRING", "")).get("X-Amz-Credential")
        if credential and "HTTP_AUTHORIZATION" not in environ:
            _, _, region, service, _ = (credential[0].split("/") + [""] * 5)[:5]
            if service == "sts":
                return f"sts.{region}.amazonaws.com"
        return super().infer_service_region_host(environ, path)


def _answered(application: Any, environ: dict[str, Any]) -> Response:
    """What moto says; where it has no words for a call, an error that SDKs understand and do not ask again.

    Of what moto lacks or trips over would otherwise come a page and 500: SDKs try such a call for an hour.
    """
    try:
        answer = Response.from_app(application, environ, buffered=True)
    except Exception:
        log.exception("moto failed")
        return _no_answer(environ) or Response("the emulator failed: see its log", HTTPStatus.NOT_IMPLEMENTED)
    is_page = answer.status_code in _PAGES and answer.get_data().startswith(_PAGE)
    return (_no_answer(environ) if is_page else None) or answer


def _no_answer(environ: dict[str, Any]) -> Response | None:
    """The error, in the shape of the service's own; None if the request is no call."""
    environ["wsgi.input"].seek(0)
    try:
        call = calls.read(environ)
    except calls.UnknownCallError:
        return None
    message = f"The emulator of the rehearsal cannot answer {call.scope}:{call.operation}; why: its log"
    return enforcement.error_answer(call, "NotImplemented", message, HTTPStatus.NOT_IMPLEMENTED)


def _receive_body(environ: dict[str, Any]) -> None:
    """Put the whole body into memory, where moto would put it."""
    stream = environ["wsgi.input"]
    if environ.get("wsgi.input_terminated"):  # sent in chunks
        body = stream.read()
    else:
        body = stream.read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)


class QuietRequestHandler(MotoRequestHandler):
    """Logs service, method, path, action, status and, of an SDK's repeated call, which attempt it is.

    Nothing else: a query may hold a signature or a session token.

    Connections are kept, as AWS keeps them: werkzeug ends each after one request, for it does not know
    whether the application has read the body. Ours reads it first.
    """

    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True
    """Answers leave whole and at once; the end of one would wait for the client to confirm its beginning."""

    def handle_expect_100(self) -> bool:
        """Say at once that the body may come: the client waits for it."""
        goes_on = super().handle_expect_100()
        self.wfile.flush()
        return goes_on

    def run_wsgi(self) -> None:
        """Answer one request."""
        # By hand and not by `Response.from_app`: that one copies the environment, and the log reads it.
        self.environ = self.make_environ()
        try:
            answer = _called(self.server.app, self.environ)
        except Exception:
            log.exception("no answer")
            answer = "500 Internal Server Error", [], b""
        try:
            self._send(*answer)
        except OSError as error:  # of TLS, too
            self.connection_dropped(error, self.environ)
            self.close_connection = True

    def _send(self, status: str, headers: Sequence[tuple[str, str]], body: bytes) -> None:
        code, _, reason = status.partition(" ")
        self.send_response(int(code), reason)
        for name, value in headers:
            self.send_header(name, value)
        bare = int(code) in {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED}
        if not bare and "content-length" not in {name.lower() for name, _ in headers}:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD" and not bare:
            self.wfile.write(body)
        self.wfile.flush()

    def make_environ(self) -> dict[str, Any]:
        """The request for WSGI, with the version of TLS as web servers name it."""
        environ = super().make_environ()
        if isinstance(self.connection, ssl.SSLSocket):
            environ["SSL_PROTOCOL"] = self.connection.version()
        return environ

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:  # noqa: ARG002 - given by http.server
        """Write one line to the log."""
        scope = re.search(r"Credential=[^/]+/\d+/[^/]+/([^/]+)/", self.headers.get("Authorization", ""))
        target = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
        words = [
            scope[1] if scope else "-",
            self.command,
            self.path.partition("?")[0],
            target or self.environ.get(_ACTION, ""),
            str(code),
            self._repetition(),
        ]
        log.info("%s", " ".join(word for word in words if word))

    def _repetition(self) -> str:
        """Call and attempt where the SDK sends the call again: its first answer was an error, or was lost."""
        number = attempt(self.environ)
        return f"attempt={number} call={invocation(self.environ)}" if number > 1 else ""


def _called(application: Any, environ: dict[str, Any]) -> tuple[str, Sequence[tuple[str, str]], bytes]:
    """Status, headers and whole body of a WSGI application's answer."""
    head: list[Any] = []
    parts: list[bytes] = []

    def start_response(status: str, headers: Sequence[tuple[str, str]], _: Any = None) -> Any:
        head[:] = status, headers
        return parts.append

    with closing(ClosingIterator(application(environ, start_response))) as body:
        parts.extend(body)
    status, headers = head
    return status, headers, b"".join(parts)


class ApiServer:
    """The AWS APIs on one address.

    Args:
        address: IP address to listen on.
        port: TCP port; 0 picks a free one.
        store: what EKS remembers.
        tls: certificate to serve HTTPS with; None serves plain HTTP.
        records: where the needs of deployer and reader are noted, by name of the role.
        answers: where it is noted who answers the AWS provider.
        faults: what goes wrong on purpose; None for nothing.
    """

    def __init__(
        self,
        *,
        address: str,
        port: int,
        store: EksStore,
        tls: ssl.SSLContext | None,
        records: Mapping[str, DeployerRecord],
        answers: AnswerRecord,
        faults: FaultSwitch | None = None,
    ) -> None:
        settings.S3_IGNORE_SUBDOMAIN_BUCKETNAME = (
            True  # the host is an IP address: buckets are named in the path
        )
        self.kafka = KafkaStore(store.account_id, store.region)
        eks_response.install(store)
        scrapers.install(store)
        grafana.install(ebs_urls.url_paths)
        grafana_refusals.install()
        kafka_response.install(self.kafka)
        sts.install()
        amendments.install()
        answer_record.install()
        self._server = TlsServer(
            address,
            port,
            Dispatcher(
                create_backend_app, Account(store.account_id, store.region, store), records, answers, faults
            ),
            QuietRequestHandler,
            context=tls,
        )
        self._scheme = "https" if tls else "http"
        self.port: int = self._server.server_port

    @property
    def local_url(self) -> str:
        """Where this process reaches it."""
        return f"{self._scheme}://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Serve in the background."""
        threading.Thread(target=self._server.serve_forever, name="aws-api", daemon=True).start()

    def stop(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
