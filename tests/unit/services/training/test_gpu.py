"""Training on a GPU: nccl, mixed precision, checkpoint and resume. Needs CUDA."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
import torch.distributed as dist
from groundplan_common.storage import open_store
from training.checkpoints import Checkpoints
from training.learner import Learner, weights_sha256
from training.workers import Place, joined, make_repeatable

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """Yield the only place in a group of one GPU."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    variables = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "RANK": 0, "WORLD_SIZE": 1, "LOCAL_RANK": 0}
    for name, value in variables.items():
        monkeypatch.setenv(name, str(value))
    make_repeatable()
    with joined(30) as place:
        yield place
    os.environ.pop("CUBLAS_WORKSPACE_CONFIG", None)


def test_mixed_precision_learns_and_resumes_on_a_gpu(place: Place, tmp_path: Path) -> None:
    """The loss falls, weights stay in full precision, and a resumed learner ends with equal weights."""
    assert dist.get_backend() == "nccl"
    generator = torch.Generator().manual_seed(0)
    labels = torch.randint(0, 10, (64,), generator=generator).to(place.device)
    images = (torch.nn.functional.one_hot(labels, 64) * 16.0).to(place.device)
    unbroken = Learner(place, seed=1, learning_rate=0.01, steps_total=40)
    checkpoints = Checkpoints(open_store(f"file://{tmp_path}/run"), kept=1)
    losses = []
    for step in range(40):
        if step == 20:
            saved = {"step": 20, "epoch": 0, "world_size": 1, "data_version": "d", "code_version": "c"}
            checkpoints.save(unbroken.state(), **saved)
        losses.append(unbroken.step(images, labels, step))
    assert losses[-1] < losses[0] / 4
    assert {tensor.dtype for tensor in unbroken.net.parameters()} == {torch.float32}
    found = checkpoints.newest()
    assert found is not None
    resumed = Learner(place, seed=9, learning_rate=0.01, steps_total=40)
    resumed.restore(found[1])
    for step in range(20, 40):
        resumed.step(images, labels, step)
    assert weights_sha256(resumed.net) == weights_sha256(unbroken.net)
