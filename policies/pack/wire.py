"""Properties as they come over the wire, turned into plain values.

The engine marks what a plain value cannot say by texts and signatures of its own; they are constants of
its protocol (sdk/go/common/resource/plugin/rpc.go and sig.go).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from google.protobuf import json_format
from google.protobuf.struct_pb2 import Struct, Value

from policies.core.values import UNKNOWN, Secret

_UNKNOWNS = frozenset(
    {
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",  # a boolean
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",  # a number
        "04da6b54-80e4-46f7-96ec-b56ff0331ba9",  # a text
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",  # a list
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",  # an object
    }
)
_UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - the protocol's mark of a secret, not one
_HIDDEN = "[secret]"
"""What the CLI shows in the place of a secret."""
_OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"


def properties(struct: Struct) -> dict[str, Any]:
    """All properties of a resource."""
    return {key: _value(value) for key, value in struct.fields.items()}


def struct(values: Mapping[str, Any]) -> Struct:
    """Plain values as they go over the wire again."""
    return json_format.ParseDict(_marks(values), Struct())


def plain(value: Any) -> Any:
    """A value of a state file or of a preview in JSON: like one from the wire, but already parsed."""
    if isinstance(value, Mapping):
        if _SIGNATURE in value:
            return _marked({key: plain(item) for key, item in value.items()})
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if value == _HIDDEN:
        return Secret(UNKNOWN)
    return UNKNOWN if isinstance(value, str) and value in _UNKNOWNS else value


def _value(value: Value) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        fields = {key: _value(item) for key, item in value.struct_value.fields.items()}
        return _marked(fields) if _SIGNATURE in fields else fields
    if kind == "list_value":
        return [_value(item) for item in value.list_value.values]
    if kind == "string_value":
        return UNKNOWN if value.string_value in _UNKNOWNS else value.string_value
    if kind == "number_value":
        number = float(value.number_value)
        return int(number) if number.is_integer() else number
    return value.bool_value if kind == "bool_value" else None


def _marked(fields: dict[str, Any]) -> Any:
    """A value with a signature: a secret, an output, an asset."""
    signature = fields.get(_SIGNATURE)
    if signature == _SECRET:
        return Secret(_of_secret(fields))
    if signature == _OUTPUT:
        value = fields.get("value", UNKNOWN)
        return Secret(value) if fields.get("secret") else value
    return fields


def _of_secret(fields: dict[str, Any]) -> Any:
    """A state file holds a secret as JSON text if it was asked to show it, and encrypted else."""
    if "plaintext" in fields:
        return plain(json.loads(fields["plaintext"]))
    return fields.get("value", UNKNOWN)


def _marks(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _marks(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_marks(item) for item in value]
    if isinstance(value, Secret):
        return {_SIGNATURE: _SECRET, "value": _marks(value.value)}
    return _UNKNOWN_TEXT if value is UNKNOWN else value
