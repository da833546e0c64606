"""Pulumi's property values: from the protocol's structs to plain Python values and back.

Inside, an object is made of dicts, lists, strings, numbers, booleans and None, and of two more things:
`UNKNOWN` (known only after other resources exist) and `Secret` (a value that must stay secret in the state).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from google.protobuf import struct_pb2

from groundplan.errors import GroundplanError
from policies.core.protocol import OUTPUT, SECRET, SIGNATURE, UNKNOWN_TEXT, UNKNOWNS

Value = Any
"""A property value: JSON-like, plus `UNKNOWN` and `Secret`."""


class _Unknown(Enum):
    """Type of `UNKNOWN`: one value, which stays the same one when an object that holds it is copied."""

    UNKNOWN = "known later"


UNKNOWN: Final = _Unknown.UNKNOWN


@dataclass(frozen=True)
class Secret:
    """A value that the engine encrypts in its state and hides in its output."""

    value: Value

    def __repr__(self) -> str:
        return "Secret(...)"


def decode(struct: struct_pb2.Struct) -> dict[str, Value]:
    """Read the properties of a request."""
    return {key: _decode(value) for key, value in struct.fields.items()}


def encode(properties: Mapping[str, Value]) -> struct_pb2.Struct:
    """Write properties for a response."""
    return struct_pb2.Struct(fields={key: _encode(value) for key, value in properties.items()})


def reveal(value: Value) -> Value:
    """The value without secret marks; unknowns stay."""
    if isinstance(value, Secret):
        return reveal(value.value)
    if isinstance(value, dict):
        return {key: reveal(item) for key, item in value.items()}
    if isinstance(value, list):
        return [reveal(item) for item in value]
    return value


def has_unknown(value: Value) -> bool:
    """Whether an unknown is anywhere inside."""
    if isinstance(value, Secret):
        return has_unknown(value.value)
    if isinstance(value, dict):
        return any(has_unknown(item) for item in value.values())
    if isinstance(value, list):
        return any(has_unknown(item) for item in value)
    return value is UNKNOWN


def has_secret(value: Value) -> bool:
    """Whether a secret is anywhere inside."""
    if isinstance(value, dict):
        return any(has_secret(item) for item in value.values())
    if isinstance(value, list):
        return any(has_secret(item) for item in value)
    return isinstance(value, Secret)


def keep_secret(value: Value, pattern: Value) -> Value:
    """`value` with a secret mark wherever `pattern` has one; a list that holds one is secret as a whole."""
    if isinstance(value, dict) and isinstance(pattern, dict):
        return {key: keep_secret(item, pattern.get(key)) for key, item in value.items()}
    if has_secret(pattern) and not isinstance(value, Secret):
        return Secret(reveal(value))
    return value


def _decode(value: struct_pb2.Value) -> Value:
    match value.WhichOneof("kind"):
        case "string_value":
            return UNKNOWN if value.string_value in UNKNOWNS else value.string_value
        case "bool_value":
            return value.bool_value
        case "number_value":
            number = float(value.number_value)
            return int(number) if number.is_integer() else number
        case "list_value":
            return [_decode(item) for item in value.list_value.values]
        case "struct_value":
            return _decode_object(value.struct_value)
        case _:
            return None


def _decode_object(struct: struct_pb2.Struct) -> Value:
    properties = decode(struct)
    signature = properties.get(SIGNATURE)
    if signature is None:
        return properties
    if signature == SECRET:
        return Secret(properties.get("value"))
    if signature == OUTPUT:
        inner = properties.get("value", UNKNOWN)
        return Secret(inner) if properties.get("secret") else inner
    raise GroundplanError("Kubernetes objects cannot hold Pulumi assets, archives or resource references.")


def _encode(value: Value) -> struct_pb2.Value:  # noqa: PLR0911 - one return per type of value
    match value:
        case None:
            return struct_pb2.Value(null_value=struct_pb2.NULL_VALUE)
        case Secret():
            return _encode({SIGNATURE: SECRET, "value": value.value})
        case bool():
            return struct_pb2.Value(bool_value=value)
        case int() | float():
            return struct_pb2.Value(number_value=value)
        case str():
            return struct_pb2.Value(string_value=value)
        case dict():
            return struct_pb2.Value(struct_value=encode(value))
        case list():
            items = [_encode(item) for item in value]
            return struct_pb2.Value(list_value=struct_pb2.ListValue(values=items))
        case _ if value is UNKNOWN:
            return struct_pb2.Value(string_value=UNKNOWN_TEXT)
        case _:
            raise TypeError(f"no property value: {type(value).__name__}")
