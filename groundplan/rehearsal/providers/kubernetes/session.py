"""One connection of the Pulumi engine: one provider instance with its configuration and its running calls."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import grpc
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

from groundplan.errors import ExitCode, GroundplanError
from groundplan.rehearsal.providers.kubernetes import kubeconfig
from groundplan.rehearsal.providers.kubernetes.client import Client
from groundplan.rehearsal.providers.kubernetes.discovery import Discovery
from groundplan.rehearsal.providers.kubernetes.resources import Resources
from groundplan.rehearsal.providers.kubernetes.settings import Settings

Environment = Callable[[], Mapping[str, str]]
"""Gives the variables of the rehearsal's shell."""

_MAX_SESSIONS = 256


@dataclass(kw_only=True)
class Session:
    """What one connection said so far.

    Args:
        engine_address: where the engine takes log messages.
        settings: the provider's configuration; None before Configure.
        client: of the configured API server.
        discovery: its kinds.
    """

    engine_address: str = ""
    settings: Settings | None = None
    client: Client | None = None
    discovery: Discovery | None = None
    _running: set[threading.Event] = field(default_factory=set)
    _channel: grpc.Channel | None = None

    def configure(self, settings: Settings, environment: Environment) -> None:
        """Take over a configuration. Does not talk to the API server yet.

        Raises:
            GroundplanError: the kubeconfig is missing or wrong.
        """
        text = settings.kubeconfig or environment().get("KUBECONFIG")
        if not text:
            raise GroundplanError(
                "kubernetes: no kubeconfig: set `kubeconfig` of the provider, or $KUBECONFIG.",
                exit_code=ExitCode.CONFIG,
            )
        login = kubeconfig.load(text, context=settings.context, cluster=settings.cluster)
        client = Client(login, environment)
        self.settings, self.client, self.discovery = settings, client, Discovery(client)

    @contextmanager
    def resources(self, urn: str, context: grpc.ServicerContext) -> Generator[Resources]:
        """The operations for one call; they end when the engine cancels or goes away."""
        if self.settings is None or self.client is None or self.discovery is None:
            raise GroundplanError("kubernetes: the provider was not configured.", exit_code=ExitCode.CONFIG)
        cancelled = threading.Event()
        context.add_callback(cancelled.set)
        self._running.add(cancelled)
        try:
            yield Resources(
                client=self.client,
                discovery=self.discovery,
                settings=self.settings,
                urn=urn,
                cancelled=cancelled,
                report=lambda text: self._log(urn, text, engine_pb2.INFO, ephemeral=True),
                warn=lambda text: self._log(urn, text, engine_pb2.WARNING, ephemeral=False),
            )
        finally:
            self._running.discard(cancelled)

    def cancel(self) -> None:
        """End every running call."""
        for cancelled in list(self._running):
            cancelled.set()

    def close(self) -> None:
        """Forget the engine."""
        if self._channel is not None:
            self._channel.close()

    def _log(
        self, urn: str, text: str, severity: engine_pb2.LogSeverity.ValueType, *, ephemeral: bool
    ) -> None:
        if not self.engine_address:
            return
        if self._channel is None:
            self._channel = grpc.insecure_channel(self.engine_address)
        message = engine_pb2.LogRequest(severity=severity, message=text, urn=urn, ephemeral=ephemeral)
        # Not waited for: an engine that is going away must not hold up the work.
        engine_pb2_grpc.EngineStub(self._channel).Log.future(message, timeout=10)


class Sessions:
    """The sessions of one server, told apart by the address that the engine connects from.

    The engine attaches to one port for all instances of a provider, each over a connection of its own, and
    sends nothing else that would tell them apart.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_peer: OrderedDict[str, Session] = OrderedDict()

    def of(self, context: grpc.ServicerContext) -> Session:
        """The session of the connection that a call came over."""
        with self._lock:
            session = self._by_peer.setdefault(context.peer(), Session())
            self._by_peer.move_to_end(context.peer())
            while len(self._by_peer) > _MAX_SESSIONS:
                self._by_peer.popitem(last=False)[1].close()
            return session
