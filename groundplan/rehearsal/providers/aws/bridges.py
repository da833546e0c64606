"""Bridges by the configuration that they serve.

The engine opens a connection for each provider of a program (the default one, and each explicit
`aws.Provider`) and configures it; a bridge has one configuration. So each distinct configuration gets a
bridge, and a connection is remembered with the one it configured. A bridge stays for the next run of the
engine.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from pulumi.runtime.proto import provider_pb2

from groundplan.rehearsal.providers.aws.answers import Answers
from groundplan.rehearsal.providers.aws.bridge import Bridge


@dataclass
class Served:
    """A bridge and what it was configured with.

    Args:
        bridge: the process.
        region: where it works.
        answer: what it answered to Configure; None before.
        answers: what it answered to questions about resources.
    """

    bridge: Bridge
    region: str
    answer: provider_pb2.ConfigureResponse | None = None
    answers: Answers = field(default_factory=Answers)
    lock: threading.Lock = field(default_factory=threading.Lock)


class Bridges:
    """The running bridges.

    Args:
        start: starts another one.
        region: where a provider works whose configuration does not say.
    """

    def __init__(self, start: Callable[[], Bridge], region: str) -> None:
        self._start = start
        self._region = region
        self._lock = threading.Lock()
        self._fresh: Served | None = Served(start(), region)
        self._configured: dict[bytes, Served] = {}
        self._by_peer: dict[str, Served] = {}

    def of(self, peer: str) -> Served:
        """The bridge of a connection; before it has configured one, any will do."""
        with self._lock:
            known = self._by_peer.get(peer)
            if known and known.bridge.alive():
                return known
            return next((served for served in self._configured.values() if served.bridge.alive()), None) or (
                self._unconfigured()
            )

    def configure(self, peer: str, request: provider_pb2.ConfigureRequest) -> provider_pb2.ConfigureResponse:
        """Give a connection the bridge of its configuration.

        Raises:
            grpc.RpcError: the provider refuses the configuration.
        """
        key = request.args.SerializeToString(deterministic=True)
        with self._lock:
            served = self._configured.get(key)
            if served is None or not served.bridge.alive():
                served = self._configured[key] = self._unconfigured()
                self._fresh = None
            self._by_peer[peer] = served
        with served.lock:
            if served.answer is None:
                answer = served.bridge.stub.Configure(request)
                served.region = _region(request) or self._region
                served.answer = answer
            return served.answer

    def all(self) -> tuple[Bridge, ...]:
        """Every bridge that has been started and not closed."""
        with self._lock:
            served = [*self._configured.values(), *([self._fresh] if self._fresh else [])]
        return tuple(found.bridge for found in served)

    def close(self) -> None:
        """End all of them."""
        for bridge in self.all():
            bridge.close()

    def _unconfigured(self) -> Served:
        if self._fresh is None or not self._fresh.bridge.alive():
            self._fresh = Served(self._start(), self._region)
        return self._fresh


def _region(request: provider_pb2.ConfigureRequest) -> str:
    value = request.args.fields.get("region")
    return value.string_value if value else ""
