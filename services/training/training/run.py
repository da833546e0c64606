"""One training run as a worker sees it: resume, learn, checkpoint, evaluate, publish."""

from __future__ import annotations

import io
import logging
import os
import tempfile
import time
from pathlib import Path

import torch
from groundplan_common.dataset import DatasetManifest, load_manifest
from groundplan_common.registry import ModelDescription, Registry
from groundplan_common.signatures import open_signer
from groundplan_common.storage import ObjectStore, open_store

from training.checkpoints import Checkpoints, check_fits
from training.data import StepSampler, load_shard, plan_sampler
from training.export import FRAMEWORK, INPUTS, OUTPUTS, to_onnx
from training.learner import Learner, weights_sha256
from training.metrics import MetricsLog, next_attempt
from training.result import RunResult, save_result
from training.settings import TrainingSettings
from training.workers import Place

log = logging.getLogger("training")


class Run:
    """A worker's part in a run."""

    def __init__(self, settings: TrainingSettings, place: Place) -> None:
        self._settings = settings
        self._place = place
        self._store = open_store(settings.checkpoints_uri).child(settings.run_id)
        self._curated = open_store(settings.lake_curated_uri).child(settings.dataset)
        self._checkpoints = Checkpoints(self._store, settings.checkpoints_kept)
        self._manifest = self._agreed_manifest()
        self._sampler = self._plan()
        self._steps_total = settings.epochs * self._sampler.steps_per_epoch
        self._learner = Learner(
            place,
            seed=settings.seed,
            learning_rate=settings.learning_rate,
            steps_total=self._steps_total,
        )
        self._metrics = self._metrics_log()

    def complete(self) -> None:
        """Do what is left of the run; after it the result is published."""
        started = time.monotonic()
        first_step = self._resume()
        try:
            self._learn(first_step)
        except Exception as error:
            if self._metrics:
                self._metrics.event("interrupted", reason=str(error).splitlines()[0])
            raise
        accuracy = self._evaluate()
        if self._place.leads:
            self._publish(accuracy, seconds=time.monotonic() - started)
        self._place.from_leader(None)  # nobody leaves before the leader has published

    def _agreed_manifest(self) -> DatasetManifest:
        """All workers use the data version that the leader found."""
        version = self._settings.data_version
        if self._place.leads:
            version = load_manifest(self._curated, version).version
        return load_manifest(self._curated, self._place.from_leader(version))

    def _plan(self) -> StepSampler:
        return plan_sampler(
            self._manifest,
            batch_size=self._settings.batch_size,
            seed=self._settings.seed,
            rank=self._place.rank,
            world_size=self._place.world_size,
        )

    def _metrics_log(self) -> MetricsLog | None:
        if not self._place.leads:
            return None
        attempt = next_attempt(self._store)
        return MetricsLog(self._store, attempt=attempt, world_size=self._place.world_size)

    def _resume(self) -> int:
        """Restore the newest sound checkpoint on all workers and return the first step to do."""
        found = self._place.from_leader(self._checkpoints.newest() if self._place.leads else None)
        first_step = 0
        if found is not None:
            manifest, state = found
            check_fits(manifest, world_size=self._place.world_size, data_version=self._manifest.version)
            self._learner.restore(state)
            first_step = manifest.step
        if self._metrics:
            facts = {"step": first_step, "steps_total": self._steps_total, "device": self._place.device.type}
            restart = int(os.environ.get("TORCHELASTIC_RESTART_COUNT", "0"))
            self._metrics.event("resume" if found else "start", restart_count=restart, **facts)
            log.info("resuming" if found else "starting", extra=facts)
        return first_step

    def _learn(self, first_step: int) -> None:
        place = self._place
        shard = load_shard(self._curated, self._manifest, "train", place.rank, place.world_size).to(
            place.device
        )
        for step in range(first_step, self._steps_total):
            started = time.monotonic()
            rows = self._sampler.indices(step).to(place.device)
            loss = self._learner.step(shard.images[rows], shard.labels[rows], step)
            done = step + 1
            if self._metrics:
                seconds = time.monotonic() - started
                self._metrics.step(step=done, epoch=self._sampler.epoch(step), loss=loss, seconds=seconds)
            if done % self._settings.checkpoint_interval_steps == 0 or done == self._steps_total:
                self._checkpoint(done, loss)

    def _checkpoint(self, step: int, loss: float) -> None:
        state = self._learner.state()
        if not self._place.leads:
            return
        self._checkpoints.save(
            state,
            step=step,
            epoch=self._sampler.epoch(step),
            world_size=self._place.world_size,
            data_version=self._manifest.version,
            code_version=self._settings.code_version,
        )
        if self._metrics:
            self._metrics.event("checkpoint", step=step)
        log.info("checkpoint", extra={"step": step, "steps_total": self._steps_total, "loss": round(loss, 4)})

    def _evaluate(self) -> float:
        place = self._place
        shard = load_shard(self._curated, self._manifest, "holdout", place.rank, place.world_size)
        correct = sum(place.gathered(self._learner.correct(shard.to(place.device))))
        return correct / self._manifest.rows("holdout")

    def _publish(self, accuracy: float, *, seconds: float) -> None:
        settings = self._settings
        metrics = {"holdout_accuracy": accuracy, "holdout_rows": float(self._manifest.rows("holdout"))}
        with tempfile.TemporaryDirectory() as folder:
            model = Path(folder) / "model.onnx"
            to_onnx(self._learner.net, model)
            signer = open_signer(settings.model_signing_key)
            registry = Registry(open_store(settings.models_uri), settings.model_name, signer)
            metadata = registry.publish(self._description(metrics), {"model.onnx": model})
        log.info("published", extra={"version": metadata.version, "checksums": metadata.checksums})
        _save_weights(self._store, self._learner)
        result = RunResult(
            run_id=settings.run_id,
            model_version=metadata.version,
            data_version=self._manifest.version,
            steps=self._steps_total,
            holdout_accuracy=accuracy,
            weights_sha256=weights_sha256(self._learner.net),
            seconds_last_attempt=round(seconds, 2),
            world_size=self._place.world_size,
        )
        if self._metrics:
            self._metrics.event("published", step=self._steps_total, **result.model_dump())
        save_result(self._store, result)

    def _description(self, metrics: dict[str, float]) -> ModelDescription:
        settings = self._settings
        return ModelDescription(
            name=settings.model_name,
            run_id=settings.run_id,
            data_version=self._manifest.version,
            code_version=settings.code_version,
            framework=FRAMEWORK,
            seed=settings.seed,
            metrics=metrics,
            hyperparameters={
                "epochs": settings.epochs,
                "batch_size": settings.batch_size,
                "learning_rate": settings.learning_rate,
                "workers": self._place.world_size,
            },
            inputs=INPUTS,
            outputs=OUTPUTS,
        )


def _save_weights(store: ObjectStore, learner: Learner) -> None:
    buffer = io.BytesIO()
    torch.save({name: tensor.cpu() for name, tensor in learner.net.state_dict().items()}, buffer)
    store.put("final/weights.pt", buffer.getvalue())
