"""The schema of terraform-provider-aws in Terraform's own words, asked from the provider's program.

Only the part of Terraform's plugin protocol (version 5) that the answer to `GetSchema` needs is described
here: names, nesting and sensitivity. The field numbers are the protocol's.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from groundplan.errors import GroundplanError

_HANDSHAKE = {
    "TF_PLUGIN_MAGIC_COOKIE": "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2",
    "PLUGIN_PROTOCOL_VERSIONS": "5",
}
"""Without this cookie, the same for all Terraform plugins, a provider tells people not to start it."""
_GET_SCHEMA = "/tfplugin5.Provider/GetSchema"
_ANSWER_TIMEOUT_S = 120
_GRACE_S = 5
_ADDRESS = 3
"""Where the handshake's line (`1|5|unix|SOCKET|grpc|`) has the socket."""

_FieldKind = descriptor_pb2.FieldDescriptorProto
_SCALARS = {
    "string": _FieldKind.TYPE_STRING,
    "bytes": _FieldKind.TYPE_BYTES,
    "bool": _FieldKind.TYPE_BOOL,
    "int": _FieldKind.TYPE_INT64,
}
_MESSAGES: Mapping[str, Mapping[str, tuple[int, str]]] = {
    "Attribute": {"name": (1, "string"), "type": (2, "bytes"), "sensitive": (7, "bool")},
    "NestedBlock": {
        "type_name": (1, "string"),
        "block": (2, "Block"),
        "nesting": (3, "int"),
        "max_items": (5, "int"),
    },
    "Block": {"attributes": (2, "Attribute*"), "block_types": (3, "NestedBlock*")},
    "Schema": {"block": (2, "Block")},
    "Entry": {"key": (1, "string"), "value": (2, "Schema")},
    "Response": {"resource_schemas": (2, "Entry*")},
}
"""Message to field to (number, type); a star is a repeated field."""


@dataclass(frozen=True, kw_only=True)
class Attribute:
    """An argument or result of a resource.

    Args:
        kind: its type as Terraform writes it in JSON: `"string"`, `["list", "string"]`,
            `["set", ["object", {"name": "string"}]]`.
        sensitive: whether Terraform itself would not show it.
    """

    kind: Any
    sensitive: bool = False


@dataclass(frozen=True, kw_only=True)
class Block:
    """A resource, or a block in one.

    Args:
        attributes: by name.
        blocks: nested blocks by name; Terraform has each of them as a list.
    """

    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    blocks: Mapping[str, Block] = field(default_factory=dict)


def read(provider: Path) -> dict[str, Block]:
    """Every resource type of a provider.

    Raises:
        GroundplanError: the program does not start as a provider.
    """
    response = _response_class()
    with _running(provider) as socket:
        options = [("grpc.max_receive_message_length", -1)]
        with grpc.insecure_channel(f"unix:{socket}", options=options) as channel:
            ask = channel.unary_unary(_GET_SCHEMA, response_deserializer=response.FromString)
            answer = ask(b"", timeout=_ANSWER_TIMEOUT_S)
    return {entry.key: _block(entry.value.block) for entry in answer.resource_schemas}


@contextmanager
def _running(provider: Path) -> Generator[str]:
    """The socket of a provider that runs inside the block."""
    environment = {**_HANDSHAKE, "PATH": os.environ.get("PATH", ""), "HOME": str(Path.home())}
    process = subprocess.Popen(
        [str(provider)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment, text=True
    )
    try:
        line = process.stdout.readline() if process.stdout else ""
        parts = line.strip().split("|")
        if len(parts) <= _ADDRESS:
            raise GroundplanError(f"{provider} does not start as a Terraform provider.")
        yield parts[_ADDRESS]
    finally:
        process.terminate()
        try:
            process.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _block(message: Any) -> Block:
    return Block(
        attributes={
            each.name: Attribute(kind=json.loads(each.type), sensitive=each.sensitive)
            for each in message.attributes
        },
        blocks={each.type_name: _block(each.block) for each in message.block_types},
    )


def _response_class() -> Any:
    file = descriptor_pb2.FileDescriptorProto(name="schema.proto", package="tfplugin5", syntax="proto3")
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for field_name, (number, kind) in fields.items():
            plain = kind.removesuffix("*")
            label = _FieldKind.LABEL_REPEATED if kind.endswith("*") else _FieldKind.LABEL_OPTIONAL
            added = message.field.add(name=field_name, number=number, label=label)
            added.type = _SCALARS.get(plain, _FieldKind.TYPE_MESSAGE)
            if plain not in _SCALARS:
                added.type_name = f".tfplugin5.{plain}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("tfplugin5.Response"))
