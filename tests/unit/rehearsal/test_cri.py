"""The wire format of the calls to the container runtime, over a real gRPC socket."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent import futures
from pathlib import Path

import grpc
import pytest

from groundplan.rehearsal.cri import Runtime, first_field, first_fields


@pytest.mark.parametrize(
    ("length", "head"),
    [
        (0, b"\x0a\x00"),
        (127, b"\x0a\x7f"),
        (128, b"\x0a\x80\x01"),
        (300, b"\x0a\xac\x02"),
        (70_000, b"\x0a\xf0\xa2\x04"),
    ],
)
def test_field_1_is_written_and_read_as_protobuf_defines_it(length: int, head: bytes) -> None:
    """Seven bits of the length a byte, the lowest first."""
    content = b"x" * length
    assert first_field(content) == head + content
    assert list(first_fields(first_field(content) * 3)) == [content] * 3


def test_all_sandboxes_are_listed_and_removed(server: dict[str, list[bytes]], tmp_path: Path) -> None:
    """Each listed sandbox can be stopped and removed by its id."""
    with Runtime(tmp_path / "cri.sock", timeout_s=5) as runtime:
        sandboxes = runtime.sandboxes()
        for sandbox in sandboxes:
            runtime.remove_sandbox(sandbox)
    assert sandboxes == ["a" * 64, "b" * 64]
    for method in ("StopPodSandbox", "RemovePodSandbox"):
        assert server[method] == [first_field(sandbox.encode()) for sandbox in sandboxes]


def test_a_runtime_that_is_not_there_does_not_answer(tmp_path: Path) -> None:
    """No exception: the question is whether it answers."""
    with Runtime(tmp_path / "none.sock", timeout_s=1) as runtime:
        assert not runtime.answers()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[dict[str, list[bytes]]]:
    """A CRI server that knows two sandboxes and notes what it is asked."""
    asked: dict[str, list[bytes]] = {"StopPodSandbox": [], "RemovePodSandbox": []}
    metadata = b"\x12\x03\x0a\x01x"  # field 2 of a sandbox, which must not be taken for its id
    listing = b"".join(first_field(first_field(letter * 64) + metadata) for letter in (b"a", b"b"))

    def handler(method: str) -> grpc.RpcMethodHandler:
        def answer(request: bytes, _: grpc.ServicerContext) -> bytes:
            if method == "ListPodSandbox":
                return listing
            asked[method].append(request)
            return b""

        return grpc.unary_unary_rpc_method_handler(answer)

    methods = {method: handler(method) for method in ("ListPodSandbox", *asked)}
    running = grpc.server(futures.ThreadPoolExecutor(2))
    running.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler("runtime.v1.RuntimeService", methods),)
    )
    running.add_insecure_port(f"unix://{tmp_path / 'cri.sock'}")
    running.start()
    yield asked
    running.stop(0).wait()
