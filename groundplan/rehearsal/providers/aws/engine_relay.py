"""Between the bridge and the engine: what is logged about a resource goes on under the resource's own URN."""

from __future__ import annotations

import threading

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

from groundplan.rehearsal.providers.grpc_server import OPTIONS


class EngineRelay(engine_pb2_grpc.EngineServicer):
    """The engine, as the bridge sees it. Messages that come after the engine has gone are dropped."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._engine: engine_pb2_grpc.EngineStub | None = None
        self._channel: grpc.Channel | None = None
        self._urns: dict[str, str] = {}
        self._spoken_of: set[str] = set()

    def connect(self, address: str) -> None:
        """Pass on to this engine from now on."""
        channel = grpc.insecure_channel(address, options=list(OPTIONS))
        with self._lock:
            previous, self._channel = self._channel, channel
            self._engine = engine_pb2_grpc.EngineStub(channel)
            self._urns.clear()
            self._spoken_of.clear()
        if previous:
            previous.close()

    def remember(self, bridged_urn: str, urn: str) -> None:
        """Note what the engine calls a resource that the bridge is asked about."""
        self._urns[bridged_urn] = urn

    def spoken_of(self, urn: str) -> bool:
        """Whether users of this run of the engine were told anything about a resource."""
        return urn in self._spoken_of

    def Log(  # noqa: N802 - the protocol's name
        self, request: engine_pb2.LogRequest, context: grpc.ServicerContext
    ) -> empty_pb2.Empty:
        """Pass a message on."""
        del context
        request.urn = self._urns.get(request.urn, request.urn)
        if request.severity != engine_pb2.DEBUG:
            self._spoken_of.add(request.urn)
        with self._lock:
            engine = self._engine
        try:
            return engine.Log(request) if engine else empty_pb2.Empty()
        except (grpc.RpcError, ValueError):  # ValueError: its channel was closed meanwhile
            return empty_pb2.Empty()
