"""Properties as they come over the wire, turned into plain values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from google.protobuf import json_format
from google.protobuf.struct_pb2 import Struct, Value

from policies.core.marks import marked
from policies.core.protocol import SECRET, SIGNATURE, UNKNOWN_TEXT, UNKNOWNS
from policies.core.values import UNKNOWN, Secret


def properties(struct: Struct) -> dict[str, Any]:
    """All properties of a resource."""
    return {key: _value(value) for key, value in struct.fields.items()}


def struct(values: Mapping[str, Any]) -> Struct:
    """Plain values as they go over the wire again."""
    return json_format.ParseDict(_marks(values), Struct())


def _value(value: Value) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        fields = {key: _value(item) for key, item in value.struct_value.fields.items()}
        return marked(fields) if SIGNATURE in fields else fields
    if kind == "list_value":
        return [_value(item) for item in value.list_value.values]
    if kind == "string_value":
        return UNKNOWN if value.string_value in UNKNOWNS else value.string_value
    if kind == "number_value":
        number = float(value.number_value)
        return int(number) if number.is_integer() else number
    return value.bool_value if kind == "bool_value" else None


def _marks(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _marks(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_marks(item) for item in value]
    if isinstance(value, Secret):
        return {SIGNATURE: SECRET, "value": _marks(value.value)}
    return UNKNOWN_TEXT if value is UNKNOWN else value
