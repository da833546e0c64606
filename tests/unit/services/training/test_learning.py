"""The learner in one process: resuming is exact, and what is exported answers as the model does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
import torch.distributed as dist
from groundplan_common.dataset import CLASSES, PIXEL_MAX, PIXELS
from groundplan_common.storage import open_store
from training.checkpoints import Checkpoints
from training.export import INPUTS, OUTPUTS, to_onnx
from training.learner import Learner, weights_sha256
from training.metrics import MetricsLog, next_attempt
from training.model import DigitsNet
from training.workers import Place, make_repeatable

STEPS = 6


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """Yield the only place in a group of one."""
    make_repeatable()
    dist.init_process_group("gloo", init_method=f"file://{tmp_path}/group", rank=0, world_size=1)
    yield Place(rank=0, world_size=1, device=torch.device("cpu"))
    dist.destroy_process_group()
    torch.set_deterministic_debug_mode("default")


def batch(step: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return made-up rows that depend on the step alone."""
    generator = torch.Generator().manual_seed(step)
    images = torch.randint(0, PIXEL_MAX + 1, (8, PIXELS), generator=generator).float()
    return images, torch.randint(0, CLASSES, (8,), generator=generator)


def learner(place: Place) -> Learner:
    """Return a learner at its start."""
    return Learner(place, seed=1, learning_rate=0.01, steps_total=STEPS)


def test_a_resumed_learner_ends_with_equal_weights(place: Place, tmp_path: Path) -> None:
    """Through a checkpoint and back, dropout and optimizer included, the difference is 0."""
    unbroken = learner(place)
    for step in range(STEPS):
        unbroken.step(*batch(step), step)
    checkpoints = Checkpoints(open_store(f"file://{tmp_path}/run"), kept=1)
    first = learner(place)
    for step in range(STEPS // 2):
        first.step(*batch(step), step)
    checkpoints.save(first.state(), step=3, epoch=0, world_size=1, data_version="d", code_version="c")
    found = checkpoints.newest()
    assert found is not None
    second = learner(place)
    second.restore(found[1])
    for step in range(STEPS // 2, STEPS):
        second.step(*batch(step), step)
    assert weights_sha256(second.net) == weights_sha256(unbroken.net)
    assert weights_sha256(second.net) != weights_sha256(first.net)


def test_onnx_answers_as_the_model_does(tmp_path: Path) -> None:
    """Same probabilities and labels, with the names, types and shapes of the signature, for any batch."""
    torch.manual_seed(0)
    net = DigitsNet().eval()
    to_onnx(net, tmp_path / "model.onnx")
    session = onnxruntime.InferenceSession(str(tmp_path / "model.onnx"))
    assert [tensor.name for tensor in session.get_inputs()] == [spec.name for spec in INPUTS]
    assert [tensor.name for tensor in session.get_outputs()] == [spec.name for spec in OUTPUTS]
    for rows in (1, 5):
        images = batch(rows)[0][:rows]
        with torch.no_grad():
            expected = torch.softmax(net(images), dim=1).numpy()
        probabilities, labels = (np.asarray(array) for array in session.run(None, {"image": images.numpy()}))
        np.testing.assert_allclose(probabilities, expected, atol=1e-6)
        assert labels.dtype == np.int64
        assert labels.tolist() == expected.argmax(axis=1, keepdims=True).tolist()


def test_metrics_are_lines_that_name_their_attempt(tmp_path: Path) -> None:
    """Each start of a run writes under a number of its own; nothing is lost or overwritten."""
    run = open_store(f"file://{tmp_path}/run")
    for attempt in (0, 1):
        assert next_attempt(run) == attempt
        metrics = MetricsLog(run, attempt=attempt, world_size=2)
        metrics.event("start", step=0)
        metrics.step(step=1, epoch=0, loss=0.5, seconds=0.01)
        metrics.flush()
    lines = [json.loads(line) for info in run.scan("metrics/") for line in run.get(info.key).splitlines()]
    assert [(line["attempt"], line["event"]) for line in lines] == [
        (0, "start"),
        (0, "step"),
        (1, "start"),
        (1, "step"),
    ]
