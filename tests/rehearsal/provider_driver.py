"""Plays the Pulumi engine to a resource provider: the calls of `up`, `preview`, `refresh` and `destroy`."""

from __future__ import annotations

import hashlib
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from groundplan.rehearsal.providers.kubernetes.values import decode, encode


@dataclass
class State:
    """A resource as the engine would save it."""

    token: str
    id: str
    inputs: dict[str, Any]
    outputs: dict[str, Any]


@dataclass
class Step:
    """What one call of `up` did to a resource, as Pulumi names it, and the properties concerned."""

    op: str
    changed: list[str] = field(default_factory=list)
    replacing: list[str] = field(default_factory=list)
    delete_first: bool = False


class CheckFailedError(Exception):
    """The provider refused inputs; the message holds property and reason."""


class RefusedError(Exception):
    """The provider answered with an error; the message is what a user would see."""

    def __init__(self, error: grpc.Call) -> None:
        super().__init__(error.details())
        self.code = error.code()
        self.metadata = dict(error.trailing_metadata() or ())


@contextmanager
def _errors_for_people() -> Generator[None]:
    try:
        yield
    except grpc.RpcError as error:
        raise RefusedError(cast("grpc.Call", error)) from None  # gRPC's errors are calls, which no type says


class Engine:
    """One provider instance, over a connection of its own, and the state of its resources."""

    def __init__(self, address: str, configuration: dict[str, Any]) -> None:
        # A local subchannel pool: without it gRPC would share one connection between all channels.
        self._channel = grpc.insecure_channel(address, options=[("grpc.use_local_subchannel_pool", 1)])
        self.rpc = provider_pb2_grpc.ResourceProviderStub(self._channel)
        self.states: dict[str, State] = {}
        self.previewed: dict[str, Any] = {}
        self.rpc.Handshake(provider_pb2.ProviderHandshakeRequest(engine_address=""))
        self.rpc.Configure(provider_pb2.ConfigureRequest(args=encode(configuration), acceptSecrets=True))

    def close(self) -> None:
        """Close the connection."""
        self._channel.close()

    def up(self, token: str, name: str, inputs: dict[str, Any], **options: Any) -> Step:
        """Bring one resource to the inputs; `preview=True` changes nothing; `timeout` in seconds."""
        with _errors_for_people():
            return self._up(token, name, inputs, **options)

    def _up(self, token: str, name: str, inputs: dict[str, Any], **options: Any) -> Step:
        urn, old = _urn(token, name), self.states.get(name)
        checked = self._check(urn, token, name, inputs, old)
        if old is None:
            self._create(urn, token, name, checked, **options)
            return Step("create")
        step = self._diff(urn, token, name, old, checked)
        if step.op == "update":
            self._update(urn, token, name, old, checked, **options)
        elif step.op == "replace" and options.get("preview"):
            self._create(urn, token, name, self._check(urn, token, name, inputs, None), **options)
        elif step.op == "replace":
            self._replace(urn, token, name, inputs, step, **options)
        return step

    def refresh(self, name: str) -> Step:
        """Read one resource again: `same`, `update` with the paths that drifted, or `delete`."""
        urn, token, old = self._known(name)
        read = self.rpc.Read(
            provider_pb2.ReadRequest(
                urn=urn,
                type=token,
                name=name,
                id=old.id,
                inputs=encode(old.inputs),
                properties=encode(old.outputs),
            )
        )
        if not read.id:
            del self.states[name]
            return Step("delete")
        new = State(token, read.id, decode(read.inputs), decode(read.properties))
        self.states[name] = new
        return self._diff(urn, token, name, new, old.inputs)

    def destroy(self, name: str, timeout: float = 30) -> None:
        """Delete one resource."""
        urn, token, old = self._known(name)
        self._delete(urn, token, name, old, timeout)
        del self.states[name]

    def _known(self, name: str) -> tuple[str, str, State]:
        state = self.states[name]
        return _urn(state.token, name), state.token, state

    def _check(
        self, urn: str, token: str, name: str, inputs: dict[str, Any], old: State | None
    ) -> dict[str, Any]:
        seed = hashlib.sha256(f"{urn}{old is None}".encode()).digest()
        request = provider_pb2.CheckRequest(
            urn=urn,
            type=token,
            name=name,
            news=encode(inputs),
            randomSeed=seed,
            olds=encode(old.inputs if old else {}),
        )
        response = self.rpc.Check(request)
        if response.failures:
            raise CheckFailedError("; ".join(f"{f.property}: {f.reason}" for f in response.failures))
        return decode(response.inputs)

    def _diff(self, urn: str, token: str, name: str, old: State, news: dict[str, Any]) -> Step:
        response = self.rpc.Diff(
            provider_pb2.DiffRequest(
                urn=urn,
                type=token,
                name=name,
                id=old.id,
                old_inputs=encode(old.inputs),
                olds=encode(old.outputs),
                news=encode(news),
            )
        )
        if response.changes == provider_pb2.DiffResponse.DIFF_NONE:
            return Step("same")
        op = "replace" if response.replaces else "update"
        return Step(op, sorted(response.detailedDiff), list(response.replaces), response.deleteBeforeReplace)

    def _create(
        self,
        urn: str,
        token: str,
        name: str,
        inputs: dict[str, Any],
        *,
        preview: bool = False,
        timeout: float = 30,
    ) -> None:
        request = provider_pb2.CreateRequest(
            urn=urn, type=token, name=name, properties=encode(inputs), timeout=timeout, preview=preview
        )
        response = self.rpc.Create(request)
        outputs = decode(response.properties)
        if preview:
            self.previewed = outputs
        else:
            self.states[name] = State(token, response.id, inputs, outputs)

    def _update(
        self,
        urn: str,
        token: str,
        name: str,
        old: State,
        inputs: dict[str, Any],
        *,
        preview: bool = False,
        timeout: float = 30,
    ) -> None:
        request = provider_pb2.UpdateRequest(
            urn=urn,
            type=token,
            name=name,
            id=old.id,
            old_inputs=encode(old.inputs),
            olds=encode(old.outputs),
            news=encode(inputs),
            timeout=timeout,
            preview=preview,
        )
        outputs = decode(self.rpc.Update(request).properties)
        if preview:
            self.previewed = outputs
        else:
            self.states[name] = State(token, old.id, inputs, outputs)

    def _replace(
        self, urn: str, token: str, name: str, inputs: dict[str, Any], step: Step, *, timeout: float = 30
    ) -> None:
        old, fresh = self.states[name], self._check(urn, token, name, inputs, None)
        if step.delete_first:
            self._delete(urn, token, name, old, timeout)
        self._create(urn, token, name, fresh, timeout=timeout)
        if not step.delete_first:
            self._delete(urn, token, name, old, timeout)

    def _delete(self, urn: str, token: str, name: str, old: State, timeout: float) -> None:
        self.rpc.Delete(
            provider_pb2.DeleteRequest(
                urn=urn, type=token, name=name, id=old.id, properties=encode(old.outputs), timeout=timeout
            )
        )

    def cancel(self) -> None:
        """What the engine does on Ctrl-C."""
        self.rpc.Cancel(empty_pb2.Empty())


def _urn(token: str, name: str) -> str:
    return f"urn:pulumi:dev::test::{token}::{name}"
