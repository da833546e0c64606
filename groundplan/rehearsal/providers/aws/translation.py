"""Translate the protocol's messages: tokens, names and nesting of one resource or function."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from google.protobuf import json_format, struct_pb2
from pulumi.runtime.proto import errors_pb2, provider_pb2, status_pb2

from groundplan.rehearsal.providers.aws import sdk_schema, shapes, values
from groundplan.rehearsal.providers.aws.bridge_schema import BridgeSchema
from groundplan.rehearsal.providers.aws.shapes import ABSENT_ON_PURPOSE, KEPT, Shape
from groundplan.rehearsal.providers.aws.tokens import Tokens

REGION = "region"


@dataclass(frozen=True)
class Entry:
    """What is to be translated for one resource type or function.

    Args:
        token: the bridge's token.
        shape: differences of its properties, if there are any.
    """

    token: str
    shape: Shape | None
    kept: frozenset[str] = frozenset()
    """Inputs that this provider lacks and that stay in the state all the same."""

    @property
    def lacks_region(self) -> bool:
        """Whether the adapter answers for pulumi-aws' `region` property."""
        return self.shape is not None and REGION in self.shape.missing


class UnknownTokenError(Exception):
    """pulumi-aws has a type or function that the provider at hand does not have."""


class Dictionary:
    """All entries, made as they are asked for.

    Args:
        schema: what the bridge has.
    """

    def __init__(self, schema: BridgeSchema) -> None:
        self._schema = schema
        self._tokens = Tokens(schema)
        self.resource = lru_cache(maxsize=None)(self._resource)
        """Entry of a resource type of pulumi-aws."""
        self.function = lru_cache(maxsize=None)(self._function)
        """Entry of a function of pulumi-aws."""
        self.configuration = lru_cache(maxsize=None)(self._configuration)
        """Shape of the provider's settings."""

    def has(self, token: str) -> bool:
        """Whether the provider at hand has a type or function."""
        return self._tokens.bridged(token) is not None

    def _resource(self, token: str) -> Entry:
        bridged, ours = self._tokens.bridged(token), sdk_schema.resource(token)
        if bridged is None or ours is None:
            raise UnknownTokenError(token)
        shape = shapes.derive(ours, self._schema.resource(bridged), token)
        lacking = shape.missing if shape else frozenset()
        return Entry(bridged, shape, KEPT.get(token, frozenset()) & lacking)

    def _function(self, token: str) -> Entry:
        bridged, ours = self._tokens.bridged(token), sdk_schema.function(token)
        if bridged is None or ours is None:
            raise UnknownTokenError(token)
        return Entry(bridged, shapes.derive(ours, self._schema.function(bridged), token))

    def _configuration(self) -> Shape | None:
        return shapes.derive(sdk_schema.configuration(), self._schema.configuration)


def type_of(urn: str) -> str:
    """The resource type at the end of a URN's chain of types."""
    return urn.split("::")[2].rpartition("$")[2]


def with_type(urn: str, token: str) -> str:
    """The URN of the same resource under another type."""
    stack, project, chain, name = urn.split("::", 3)
    parents = chain.rpartition("$")[0]
    return "::".join((stack, project, f"{parents}${token}" if parents else token, name))


def kept_inputs(message: Any, entry: Entry) -> dict[str, Any]:
    """The inputs of a request that the provider at hand lacks, to be put into the answer again."""
    if not entry.kept:
        return {}
    given = next((getattr(message, name) for name in ("news", "properties") if _has(message, name)), None)
    plain = json_format.MessageToDict(given) if given is not None else {}
    return {name: plain[name] for name in entry.kept if name in plain}


def put_back(message: Any, kept: dict[str, Any]) -> None:
    """Put kept inputs into what an answer says of inputs and properties, in place."""
    for name in ("properties", "inputs"):
        if kept and _has(message, name) and getattr(message, name).fields:
            getattr(message, name).update(kept)


def request_to_bridge(message: Any, entry: Entry) -> None:
    """Rename a request about a resource, in place."""
    for name in ("properties", "inputs", "olds", "news", "old_inputs", "old_outputs"):
        if _has(message, name):
            values.to_bridge(getattr(message, name), entry.shape)
    if hasattr(message, "ignoreChanges"):
        message.ignoreChanges[:] = [
            values.path_to_bridge(path, entry.shape) for path in message.ignoreChanges
        ]
    message.urn = with_type(message.urn, entry.token)
    if hasattr(message, "type"):
        message.type = entry.token


def answer_to_sdk(message: Any, entry: Entry, region: str) -> None:
    """Rename an answer about a resource, in place, and say which region it is in."""
    for name in ("properties", "inputs"):
        if _has(message, name):
            values.to_sdk(getattr(message, name), entry.shape)
    if entry.lacks_region and _has(message, "properties") and message.properties.fields:
        message.properties[REGION] = region


def diff_to_sdk(answer: provider_pb2.DiffResponse, entry: Entry) -> None:
    """Rename the paths of a diff, in place."""
    if entry.shape is None:
        return
    for name in ("replaces", "stables", "diffs"):
        field = getattr(answer, name)
        field[:] = dict.fromkeys(values.path_to_sdk(path, entry.shape) for path in field)
    detailed = {
        values.path_to_sdk(path, entry.shape): provider_pb2.PropertyDiff(
            kind=diff.kind, inputDiff=diff.inputDiff
        )
        for path, diff in answer.detailedDiff.items()
    }
    answer.detailedDiff.clear()
    for path, diff in detailed.items():
        answer.detailedDiff[path].CopyFrom(diff)


def failures_to_sdk(failures: Iterable[provider_pb2.CheckFailure], shape: Shape | None) -> None:
    """Rename the properties that check failures name, in place."""
    for failure in failures:
        failure.property = values.path_to_sdk(failure.property, shape)


def refused_inputs(inputs: struct_pb2.Struct, entry: Entry, region: str) -> list[provider_pb2.CheckFailure]:
    """A failure for each input that the provider at hand cannot take, instead of dropping it silently."""
    refused = []
    for path in values.absent(inputs, entry.shape):
        if path in entry.kept:
            continue
        if path not in ABSENT_ON_PURPOSE:
            reason = f"the terraform-provider-aws of this rehearsal has no property like {path!r}"
        elif inputs[path] != region:
            reason = f"this rehearsal's provider works in {region} only; {path} is {inputs[path]!r}"
        else:
            continue
        refused.append(provider_pb2.CheckFailure(property=path, reason=reason))
    return refused


def details_to_sdk(details: bytes, entry: Entry, region: str) -> bytes:
    """Rename what a status tells beside its message: the state of a half-made resource, or wrong inputs."""
    status = status_pb2.Status.FromString(details)
    for detail in status.details:
        failed = provider_pb2.ErrorResourceInitFailed()
        wrong = errors_pb2.InputPropertiesError()
        if detail.Unpack(failed):
            answer_to_sdk(failed, entry, region)
            detail.Pack(failed)
        elif detail.Unpack(wrong):
            for error in wrong.errors:
                error.property_path = values.path_to_sdk(error.property_path, entry.shape)
            detail.Pack(wrong)
    return status.SerializeToString()


def _has(message: Any, name: str) -> bool:
    return name in message.DESCRIPTOR.fields_by_name and message.HasField(name)
