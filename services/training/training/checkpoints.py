"""Checkpoints in object storage: published whole or not at all, verified before use, the newest few kept.

Layout below `<checkpoints>/<run>/`: `step-<n>/state.pt`, then `step-<n>/manifest.json`, which makes it count.
"""

from __future__ import annotations

import io
import logging
import pickle
from datetime import UTC, datetime
from typing import Any

import torch
from groundplan_common.checksums import sha256_bytes, verify
from groundplan_common.errors import CorruptArtefact, ObjectMissing, ServiceError
from groundplan_common.storage import ObjectStore
from pydantic import BaseModel, ConfigDict, ValidationError

log = logging.getLogger("training")
_MANIFEST = "manifest.json"
_STATE = "state.pt"
State = dict[str, Any]


class CheckpointManifest(BaseModel):
    """How far a checkpoint is, and with how many workers, which data and which code it was made."""

    model_config = ConfigDict(frozen=True)

    step: int
    epoch: int
    world_size: int
    data_version: str
    code_version: str
    created: datetime
    size_bytes: int
    sha256: str


class Checkpoints:
    """The checkpoints of one run.

    Args:
        run: the store of the run.
        kept: how many of the newest stay.
    """

    def __init__(self, run: ObjectStore, kept: int) -> None:
        self._store = run
        self._kept = kept

    def save(
        self, state: State, *, step: int, epoch: int, world_size: int, data_version: str, code_version: str
    ) -> CheckpointManifest:
        """Publish `state` as the checkpoint of `step`, then remove those that are too old."""
        buffer = io.BytesIO()
        torch.save(state, buffer)
        data = buffer.getvalue()
        manifest = CheckpointManifest(
            step=step,
            epoch=epoch,
            world_size=world_size,
            data_version=data_version,
            code_version=code_version,
            created=datetime.now(UTC),
            size_bytes=len(data),
            sha256=sha256_bytes(data),
        )
        self._store.put(f"{_folder(step)}/{_STATE}", data)
        self._store.put(f"{_folder(step)}/{_MANIFEST}", manifest.model_dump_json(indent=2).encode())
        self._retire()
        return manifest

    def newest(self) -> tuple[CheckpointManifest, State] | None:
        """Return the newest checkpoint that verifies, or None; corrupt ones are named in a warning."""
        for step in reversed(self.steps()):
            try:
                return self._load(step)
            except (CorruptArtefact, ObjectMissing) as error:
                log.warning(
                    "skipped a checkpoint", extra={"checkpoint": _folder(step), "reason": error.message}
                )
        return None

    def steps(self) -> list[int]:
        """Return the steps that have a published checkpoint, ascending."""
        keys = (info.key.split("/") for info in self._store.scan("step-"))
        return sorted(int(parts[0].removeprefix("step-")) for parts in keys if parts[-1] == _MANIFEST)

    def _load(self, step: int) -> tuple[CheckpointManifest, State]:
        where = self._store.describe(_folder(step))
        try:
            manifest = CheckpointManifest.model_validate_json(self._store.get(f"{_folder(step)}/{_MANIFEST}"))
        except ValidationError as error:
            raise CorruptArtefact(f"{where}/{_MANIFEST} is corrupt: {error.errors()[0]['msg']}.") from error
        data = self._store.get(f"{_folder(step)}/{_STATE}")
        verify(f"{where}/{_STATE}", sha256_bytes(data), manifest.sha256)
        try:
            return manifest, torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
        except (RuntimeError, pickle.UnpicklingError, EOFError) as error:
            raise CorruptArtefact(f"{where}/{_STATE} cannot be read: {error}.") from error

    def _retire(self) -> None:
        for step in self.steps()[: -self._kept]:
            # The manifest goes first: a checkpoint half removed must not count.
            self._store.delete(f"{_folder(step)}/{_MANIFEST}")
            self._store.delete(f"{_folder(step)}/{_STATE}")


def check_fits(manifest: CheckpointManifest, *, world_size: int, data_version: str) -> None:
    """Refuse to resume with other workers or data than the run began with.

    Raises:
        ServiceError: names what differs.
    """
    for what, before, now in (
        ("workers", manifest.world_size, world_size),
        ("data version", manifest.data_version, data_version),
    ):
        if before != now:
            raise ServiceError(
                f"The checkpoint of step {manifest.step} was made with {what} {before}; this run has {now}.",
                hint="Start a new run (another RUN_ID), or run it as it began.",
            )


def _folder(step: int) -> str:
    return f"step-{step:08d}"
