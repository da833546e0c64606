"""Checkpoints: whole or not at all, verified before use, the newest few kept."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
import torch
from groundplan_common.errors import ServiceError
from groundplan_common.storage import ObjectStore, open_store
from training.checkpoints import CheckpointManifest, Checkpoints, check_fits


@pytest.fixture
def run(tmp_path: Path) -> ObjectStore:
    """Return the store of a run that has not begun."""
    return open_store(f"file://{tmp_path}/run")


def save(checkpoints: Checkpoints, step: int) -> CheckpointManifest:
    """Publish a checkpoint that holds its own step."""
    state = {"model": {"weight": torch.full((3,), float(step))}, "random": [torch.get_rng_state()]}
    return checkpoints.save(state, step=step, epoch=0, world_size=2, data_version="d1", code_version="c1")


def test_the_newest_is_found_and_the_oldest_are_removed(run: ObjectStore) -> None:
    """Of four checkpoints the newest two stay, and the newest is what a resume gets."""
    checkpoints = Checkpoints(run, kept=2)
    assert checkpoints.newest() is None
    for step in (10, 20, 30, 40):
        save(checkpoints, step)
    found = checkpoints.newest()
    assert found is not None
    manifest, state = found
    assert manifest.step == 40
    assert torch.equal(state["model"]["weight"], torch.full((3,), 40.0))
    assert checkpoints.steps() == [30, 40]
    assert len(list(run.scan())) == 4


@pytest.mark.parametrize("damage", ["truncated", "flipped", "state missing", "manifest truncated"])
def test_a_corrupt_checkpoint_is_skipped_and_named(
    run: ObjectStore, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The one before it is used, and a warning names the corrupt one with the reason."""
    checkpoints = Checkpoints(run, kept=3)
    save(checkpoints, 10)
    save(checkpoints, 20)
    state, manifest = "step-00000020/state.pt", "step-00000020/manifest.json"
    data = run.get(state)
    match damage:
        case "truncated":
            run.put(state, data[: len(data) // 2])
        case "flipped":
            run.put(state, data[:-1] + bytes([data[-1] ^ 1]))
        case "state missing":
            run.delete(state)
        case _:
            run.put(manifest, run.get(manifest)[:20])
    with caplog.at_level(logging.WARNING):
        found = checkpoints.newest()
    assert found is not None
    assert found[0].step == 10
    assert [vars(record)["checkpoint"] for record in caplog.records] == ["step-00000020"]


def test_without_any_sound_checkpoint_the_run_starts_anew(run: ObjectStore) -> None:
    """All corrupt is the same as none."""
    checkpoints = Checkpoints(run, kept=3)
    save(checkpoints, 10)
    run.put("step-00000010/state.pt", b"")
    assert checkpoints.newest() is None


def test_an_unpublished_checkpoint_does_not_count(run: ObjectStore) -> None:
    """State whose manifest was never written is what a killed worker leaves behind."""
    run.put("step-00000050/state.pt", b"half")
    assert Checkpoints(run, kept=3).newest() is None


def test_other_workers_or_data_cannot_resume(run: ObjectStore) -> None:
    """The message says what differs and how to go on."""
    manifest = save(Checkpoints(run, kept=1), 10)
    check_fits(manifest, world_size=2, data_version="d1")
    with pytest.raises(ServiceError, match=r"workers 2; this run has 3.*RUN_ID"):
        check_fits(manifest, world_size=3, data_version="d1")
    with pytest.raises(ServiceError, match="data version d1; this run has d2"):
        check_fits(manifest, world_size=2, data_version="d2")
