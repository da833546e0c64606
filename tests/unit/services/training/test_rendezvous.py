"""The rendezvous of a run, with either of the stores that builds of PyTorch have."""

from __future__ import annotations

import os
import socket

import pytest
from torch.distributed.elastic.rendezvous import RendezvousParameters
from torch.distributed.elastic.rendezvous.registry import get_rendezvous_handler
from training import rendezvous


@pytest.mark.parametrize("libuv", ["0", "1"])
def test_a_pod_alone_meets_itself(libuv: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With libuv and without it a rendezvous of one pod comes about."""
    monkeypatch.setenv("TORCH_DISABLE_SHARE_RDZV_TCP_STORE", "0")
    monkeypatch.setenv("USE_LIBUV", "1")
    rendezvous.prepare()
    if libuv == "1" and os.environ["USE_LIBUV"] == "0":
        pytest.skip("this build of PyTorch has no libuv")
    monkeypatch.setenv("USE_LIBUV", libuv)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    parameters = RendezvousParameters(
        backend=rendezvous.BACKEND,
        endpoint=f"127.0.0.1:{port}",
        run_id=f"run-{libuv}",
        min_nodes=1,
        max_nodes=1,
        local_addr="127.0.0.1",
        is_host=True,
    )
    handler = get_rendezvous_handler(parameters)
    info = handler.next_rendezvous()
    assert (info.rank, info.world_size) == (0, 1)
    assert handler.shutdown()
