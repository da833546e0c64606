"""The few calls to containerd's CRI that end what the kubelet started.

Only requests with one string and answers with a list of ids are needed, so the wire format (field 1 of each
message) is written here by hand in place of generated protocol classes.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Self

import grpc

_SERVICE = "/runtime.v1.RuntimeService"
_LENGTH_DELIMITED_FIELD_1 = 0x0A


class Runtime:
    """Client of one CRI socket; a context manager.

    Args:
        socket: path of containerd's socket.
        timeout_s: limit of each call.
    """

    def __init__(self, socket: Path, *, timeout_s: float) -> None:
        self._channel = grpc.insecure_channel(f"unix://{socket}")
        self._timeout_s = timeout_s

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._channel.close()

    def answers(self) -> bool:
        """Whether the runtime answers right now."""
        try:
            self._call("Version", b"")
        except grpc.RpcError:
            return False
        return True

    def sandboxes(self) -> list[str]:
        """Ids of all pod sandboxes, stopped ones included.

        Raises:
            grpc.RpcError: the runtime does not answer.
        """
        answer = self._call("ListPodSandbox", b"")
        return [next(first_fields(item)).decode() for item in first_fields(answer)]

    def remove_sandbox(self, sandbox: str) -> None:
        """End a pod: kill its containers, take down its network, delete its files.

        Raises:
            grpc.RpcError: the runtime could not do it.
        """
        request = first_field(sandbox.encode())
        self._call("StopPodSandbox", request)
        self._call("RemovePodSandbox", request)

    def _call(self, method: str, request: bytes) -> bytes:
        call = self._channel.unary_unary(f"{_SERVICE}/{method}", _same, _same)
        return call(request, timeout=self._timeout_s)


def first_field(content: bytes) -> bytes:
    """A protobuf message whose only field, number 1, holds `content`."""
    return bytes([_LENGTH_DELIMITED_FIELD_1]) + _varint(len(content)) + content


def first_fields(message: bytes) -> Iterator[bytes]:
    """The contents of field 1 at the head of a protobuf message, in order."""
    position = 0
    while position < len(message) and message[position] == _LENGTH_DELIMITED_FIELD_1:
        length, position = _read_varint(message, position + 1)
        yield message[position : position + length]
        position += length


def _same(message: bytes) -> bytes:
    return message


def _varint(number: int) -> bytes:
    groups = []
    while number > 0x7F:  # noqa: PLR2004 - seven bits a byte is the encoding
        groups.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*groups, number])


def _read_varint(message: bytes, position: int) -> tuple[int, int]:
    number = shift = 0
    while message[position] & 0x80:
        number |= (message[position] & 0x7F) << shift
        position, shift = position + 1, shift + 7
    return number | message[position] << shift, position + 1
