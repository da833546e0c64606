"""Shards and steps: every row has one owner, and any step can be found again."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
import sklearn.datasets
import torch
from groundplan_common.dataset import DatasetManifest, PartFile, load_manifest
from groundplan_common.errors import DataError
from groundplan_common.storage import open_store
from ingest.pipeline import ingest
from training.data import assign, load_shard, plan_sampler


def manifest_of(*rows: int) -> DatasetManifest:
    """Return a manifest whose train files have so many rows."""
    parts = [
        PartFile(key=f"{n}.parquet", split="train", label=n % 10, rows=count, size_bytes=1, sha256="")
        for n, count in enumerate(rows)
    ]
    return DatasetManifest(
        dataset="d",
        version="v",
        schema_version="1",
        created=datetime.now(UTC),
        columns={},
        sources=(),
        parts=tuple(parts),
        quarantine=None,
    )


def test_files_are_spread_evenly_and_owned_once() -> None:
    """No file is read twice, none is left out, and the shares differ by less than a file."""
    parts = manifest_of(64, 64, 64, 10, 20, 30, 64).of("train")
    shares = assign(parts, 3)
    assert sorted(part.key for share in shares for part in share) == sorted(part.key for part in parts)
    sizes = [sum(part.rows for part in share) for share in shares]
    assert max(sizes) - min(sizes) <= 64


def test_workers_read_all_digits_between_them(tmp_path: Path) -> None:
    """The shards of two workers, from real Parquet, make up the whole split with its labels."""
    raw, curated = open_store(f"file://{tmp_path}/raw"), open_store(f"file://{tmp_path}/curated")
    raw.put("d.csv.gz", (Path(sklearn.datasets.__file__).parent / "data" / "digits.csv.gz").read_bytes())
    ingest(raw, curated, "digits")
    manifest = load_manifest(curated)
    shards = [
        load_shard(curated, manifest, split, rank, 2) for split in ("train", "holdout") for rank in (0, 1)
    ]
    images, labels = torch.cat([s.images for s in shards]), torch.cat([s.labels for s in shards])
    truth = sklearn.datasets.load_digits()
    rows = torch.cat([images, labels.unsqueeze(1).float()], dim=1).tolist()
    expected = [
        [*image, float(label)] for image, label in zip(truth.data.tolist(), truth.target, strict=True)
    ]
    assert sorted(rows) == sorted(expected)


def test_an_epoch_visits_each_row_at_most_once_and_can_be_entered_anywhere() -> None:
    """Within an epoch no row comes twice; a fresh sampler gives the same rows for the same step."""
    plan = {"batch_size": 8, "seed": 3, "world_size": 2}
    sampler = plan_sampler(manifest_of(30, 33), rank=1, **plan)
    assert (sampler.batch, sampler.steps_per_epoch) == (4, 7)
    first = torch.cat([sampler.indices(step) for step in range(7)])
    assert len(set(first.tolist())) == 28
    again = plan_sampler(manifest_of(30, 33), rank=1, **plan)
    assert torch.equal(again.indices(5), sampler.indices(5))
    assert not torch.equal(sampler.indices(7), sampler.indices(0))
    assert not torch.equal(plan_sampler(manifest_of(30, 30), rank=0, **plan).indices(0), sampler.indices(0))


def test_a_batch_that_does_not_fit_is_refused() -> None:
    """It must divide among the workers, and a shard must fill its part of a step."""
    with pytest.raises(DataError, match="BATCH_SIZE=9 is not a multiple of the 2 workers"):
        plan_sampler(manifest_of(30, 30), batch_size=9, seed=0, rank=0, world_size=2)
    with pytest.raises(DataError, match="has 3 rows, a step needs 4"):
        plan_sampler(manifest_of(30, 3), batch_size=8, seed=0, rank=0, world_size=2)
