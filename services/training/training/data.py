"""The shards of a worker: which Parquet files it reads, and which of their rows make up each step."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass

import numpy as np
import pyarrow.parquet as pq
import torch
from groundplan_common.dataset import (
    PIXELS,
    SCHEMA_VERSION,
    DatasetManifest,
    PartFile,
    Split,
    read_part,
)
from groundplan_common.errors import DataError
from groundplan_common.storage import ObjectStore
from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class Shard:
    """The rows of one worker: `images` float32 [n, 64] and `labels` int64 [n]."""

    images: Tensor
    labels: Tensor

    def to(self, device: torch.device) -> Shard:
        """Return the same rows on `device`."""
        return Shard(images=self.images.to(device), labels=self.labels.to(device))


def assign(parts: tuple[PartFile, ...], world_size: int) -> list[list[PartFile]]:
    """Spread files over workers, the largest first, each to the worker with the fewest rows."""
    shares: list[list[PartFile]] = [[] for _ in range(world_size)]
    rows = [0] * world_size
    for part in sorted(parts, key=lambda part: (-part.rows, part.key)):
        worker = rows.index(min(rows))
        shares[worker].append(part)
        rows[worker] += part.rows
    return shares


def load_shard(
    store: ObjectStore, manifest: DatasetManifest, split: Split, rank: int, world_size: int
) -> Shard:
    """Read the files of worker `rank`, each checked against the manifest.

    Raises:
        DataError: the schema is another one, or there are fewer files than workers.
        CorruptArtefact: a file is truncated or changed.
    """
    if manifest.schema_version != SCHEMA_VERSION:
        raise DataError(
            f"Data version {manifest.version} has schema {manifest.schema_version}, not {SCHEMA_VERSION}.",
            hint="Run ingest again with the same release.",
        )
    parts = assign(manifest.of(split), world_size)[rank]
    if not parts:
        raise DataError(
            f"Data version {manifest.version} has no {split} file for worker {rank} of {world_size}."
        )
    images = [_images(read_part(store, part)) for part in parts]
    labels = [np.full(part.rows, part.label, dtype=np.int64) for part in parts]
    return Shard(
        images=torch.from_numpy(np.concatenate(images)), labels=torch.from_numpy(np.concatenate(labels))
    )


def _images(parquet: bytes) -> np.ndarray:
    column = pq.read_table(io.BytesIO(parquet), columns=["pixels"]).column("pixels").combine_chunks()
    return np.array(column.flatten(), dtype=np.float32).reshape(-1, PIXELS)


@dataclass(frozen=True, kw_only=True)
class StepSampler:
    """Which rows of the own shard make up a step: follows from seed, rank and step alone.

    Args:
        rows: rows of this worker's shard.
        batch: rows this worker takes per step.
        steps_per_epoch: the same for all workers.
    """

    rows: int
    batch: int
    steps_per_epoch: int
    seed: int
    rank: int

    def epoch(self, step: int) -> int:
        """Return the epoch of a step; both count from 0."""
        return step // self.steps_per_epoch

    def indices(self, step: int) -> Tensor:
        """Return the positions, in the shard, of the rows of `step`."""
        name = f"{self.seed}/{self.rank}/{self.epoch(step)}"
        seed = int.from_bytes(hashlib.sha256(name.encode()).digest()[:7], "big")
        generator = torch.Generator().manual_seed(seed)
        order = torch.randperm(self.rows, generator=generator)
        start = (step % self.steps_per_epoch) * self.batch
        return order[start : start + self.batch]


def plan_sampler(
    manifest: DatasetManifest, *, batch_size: int, seed: int, rank: int, world_size: int
) -> StepSampler:
    """Return the sampler of worker `rank`; all workers come to the same number of steps per epoch.

    Raises:
        DataError: the batch does not divide among the workers, or is larger than a shard.
    """
    if batch_size % world_size:
        raise DataError(f"BATCH_SIZE={batch_size} is not a multiple of the {world_size} workers.")
    batch = batch_size // world_size
    rows = [sum(part.rows for part in share) for share in assign(manifest.of("train"), world_size)]
    if min(rows) < batch:
        raise DataError(
            f"The smallest of {world_size} shards has {min(rows)} rows, a step needs {batch} of it.",
            hint="Lower BATCH_SIZE or the number of workers.",
        )
    return StepSampler(rows=rows[rank], batch=batch, steps_per_epoch=min(rows) // batch, seed=seed, rank=rank)
